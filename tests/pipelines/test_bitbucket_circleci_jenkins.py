"""Bitbucket's steps and pipes, CircleCI's commands and orbs, the bindings of a Jenkinsfile."""

from __future__ import annotations

from pathlib import Path

from .systems import env, members, read, resources, said


def test_a_step_of_bitbucket_is_read_once_wherever_its_anchor_stands(tmp_path: Path) -> None:
    units = read(
        tmp_path,
        {
            "bitbucket-pipelines.yml": """\
                definitions:
                  steps:
                    - step: &deploy
                        name: deploy
                        script: [export A=$KEY B=$BITBUCKET_COMMIT]
                pipelines:
                  default: [step: *deploy]
                  branches:
                    main:
                      - parallel:
                          steps: [step: *deploy, step: {script: [echo]}]
                      - stage: {steps: [step: {script: [echo]}]}
                  custom:
                    nightly: [{variables: [name: X]}, {step: *deploy}]
                """
        },
    )
    assert [r.address for r in resources(units) if r.mode == "job"] == [
        "pipelines.default.steps[0]",
        "pipelines.branches.main.steps[1]",
        "pipelines.branches.main.steps[2]",
    ]
    assert said(units) == [("export", "A", "${secret.KEY}"), ("export", "B", "${env.BITBUCKET_COMMIT}")]


def test_a_pipe_takes_the_keys_of_the_repository_unless_the_step_has_a_token(tmp_path: Path) -> None:
    content = """\
        pipelines:
          default:
            - step: {script: [{pipe: atlassian/aws-s3-deploy:1, variables: {S3_BUCKET: $BUCKET}}]}
            - step: {oidc: true, script: [{pipe: atlassian/aws-s3-deploy:1, variables: {S3_BUCKET: b}}]}
        """
    units = read(tmp_path, {"bitbucket-pipelines.yml": content})
    assert members(units, "pipelines.default.steps[0].script[0]", "with") == {
        "S3_BUCKET": "${secret.BUCKET}",
        "AWS_ACCESS_KEY_ID": "${secret.AWS_ACCESS_KEY_ID}",
        "AWS_SECRET_ACCESS_KEY": "${secret.AWS_SECRET_ACCESS_KEY}",
    }
    assert members(units, "pipelines.default.steps[1].script[0]", "with") == {"S3_BUCKET": "b"}


def test_commands_of_circleci_are_filled_in_and_jobs_start_with_their_parameters(tmp_path: Path) -> None:
    units = read(
        tmp_path,
        {
            ".circleci/config.yml": """\
                version: 2.1
                parameters: {region: {type: string, default: west}}
                orbs:
                  own:
                    commands:
                      say: {parameters: {word: {type: string}}, steps: [{run: "export WORD=<< parameters.word >>"}]}
                commands:
                  login:
                    parameters: {key: {type: env_var_name}, again: {type: string, default: d}}
                    steps:
                      - run: export KEY=$<< parameters.key >> AGAIN=<< parameters.again >>
                      - own/say: {word: << parameters.again >>}
                executors:
                  base: {docker: [{image: x}], environment: {FROM: executor}}
                jobs:
                  deploy:
                    executor: base
                    parameters: {which: {type: string}, after: {type: steps, default: []}}
                    environment: {OWN: << parameters.which >>}
                    steps:
                      - checkout
                      - login: {key: << parameters.which >>}
                      - when: {condition: x, steps: [{run: "export R=<< pipeline.parameters.region >>"}]}
                      - steps: << parameters.after >>
                workflows:
                  one:
                    jobs:
                      - deploy: {name: first, which: FIRST_KEY, after: [{run: export LAST=1}]}
                      - deploy: {name: second, which: SECOND_KEY}
                """
        },
    )
    jobs = [r.address for r in resources(units) if r.mode == "job"]
    assert jobs == ["workflows.one.first", "workflows.one.second"]
    assert env(units, "workflows.one.first.steps[0]") == {"FROM": "executor", "OWN": "FIRST_KEY"}
    assert said(units)[:5] == [
        ("export", "KEY", "${secret.FIRST_KEY}"),
        ("export", "AGAIN", "d"),
        ("export", "WORD", "d"),
        ("export", "R", "west"),
        ("export", "LAST", "1"),
    ]
    assert said(units)[5] == ("export", "KEY", "${secret.SECOND_KEY}")


def test_orbs_take_keys_by_the_names_of_variables(tmp_path: Path) -> None:
    units = read(
        tmp_path,
        {
            ".circleci/config.yml": """\
                version: 2.1
                orbs: {aws: circleci/aws-cli@3.1, new: circleci/aws-cli@5.0, ecr: circleci/aws-ecr@8.2}
                jobs:
                  a:
                    machine: true
                    steps:
                      - aws/setup
                      - new/setup
                      - aws/setup: {role-arn: x, aws-access-key-id: K}
                workflows:
                  w:
                    jobs: [a, ecr/build-and-push-image: {aws-access-key-id: MINE, repo: site}]
                """
        },
    )
    assert members(units, "jobs.a.steps[0]", "with") == {
        "aws_access_key_id": "${secret.AWS_ACCESS_KEY_ID}",
        "aws_secret_access_key": "${secret.AWS_SECRET_ACCESS_KEY}",
    }
    assert members(units, "jobs.a.steps[1]", "with") == {}
    assert members(units, "jobs.a.steps[2]", "with") == {"role-arn": "x"}
    build = members(units, "workflows.w.ecr/build-and-push-image.steps[0]", "with")
    assert build == {"aws-access-key-id": "${secret.MINE}", "repo": "site"}


def test_a_jenkinsfile_is_read_stage_by_stage(tmp_path: Path) -> None:
    units = read(
        tmp_path,
        {
            "Jenkinsfile": r"""
                // withCredentials([string(credentialsId: 'no', variable: 'NO')]) {}
                pipeline {
                  environment { A = credentials('a'); B = "b-${A}" }
                  stages {
                    stage('One') {
                      steps {
                        withCredentials([
                          usernamePassword(credentialsId: 'up', usernameVariable: 'U', passwordVariable: 'P'),
                          [$class: 'AmazonWebServicesCredentialsBinding', credentialsId: 'aws']
                        ]) {
                          sh(script: "export X=${env.P} Y=\$U Z=$A_PSW", returnStdout: true)
                          sh '''
                            export K=$AWS_ACCESS_KEY_ID
                          '''
                        }
                        sh 'export OUT=$P'
                      }
                    }
                    stage("Two") { steps { withAWS(role: 'r') { sh 'export R=1' } } }
                  }
                }
                """
        },
    )
    assert [r.address for r in resources(units) if r.mode == "job"] == ["pipeline", "stages.One", "stages.Two"]
    assert env(units, "pipeline.steps[0]") == {"A": "${secret.a}", "B": "b-${secret.a}"}
    assert said(units) == [
        ("export", "X", "${secret.up}"),
        ("export", "Y", "${secret.up}"),
        ("export", "Z", "${secret.a}"),
        ("export", "K", "${secret.aws}"),
        ("export", "OUT", "${env.P}"),
        ("export", "R", "1"),
    ]


def test_spans_are_those_of_the_file_whatever_its_letters(tmp_path: Path) -> None:
    content = "node {\n  // é\n  sh 'echo \"é\"; export KEY=AKIAIOSFODNN7EXAMPLE'\n}\n"
    units = read(tmp_path, {"Jenkinsfile": content})
    step = next(r for r in resources(units) if r.mode == "step")
    assert step.span.line == 3
    data = content.encode()
    assert data[step.span.start : step.span.end].decode() == "sh 'echo \"é\"; export KEY=AKIAIOSFODNN7EXAMPLE'"
