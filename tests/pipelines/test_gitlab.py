"""GitLab CI: what jobs are merged from, and what variables stand for."""

from __future__ import annotations

from pathlib import Path

from rolecall.frontends.values import Scalar, render

from .systems import env, problems, read, resources, said


def test_a_job_is_merged_from_what_it_extends_and_includes(tmp_path: Path) -> None:
    units = read(
        tmp_path,
        {
            ".gitlab-ci.yml": """\
                include:
                  - local: /ci/*.yml
                  - project: other/templates
                    file: x.yml
                variables: {A: top, B: top}
                deploy:
                  extends: [.base, .more]
                  variables: {C: own}
                  script:
                    - echo $A
                    - - !reference [.shared, script]
                      - echo last
                """,
            "ci/base.yml": """\
                .base:
                  variables: {B: base, C: base, D: base}
                  before_script: [echo before]
                .more:
                  extends: .base
                  variables: {D: more}
                .shared:
                  script: [echo shared]
                """,
        },
    )
    assert [unit.name for unit in units] == [".gitlab-ci.yml"]
    assert units[0].files == (".gitlab-ci.yml", "ci/base.yml")
    assert env(units, "jobs.deploy.script") == {"A": "top", "B": "base", "C": "own", "D": "more"}
    step = next(r for r in resources(units) if r.address == "jobs.deploy.script")
    assert render(step.get("run") or Scalar("")) == "echo before\necho $A\necho shared\necho last"
    assert problems(units) == []


def test_variables_are_expanded_and_those_of_the_project_are_secrets(tmp_path: Path) -> None:
    units = read(
        tmp_path,
        {
            ".gitlab-ci.yml": """\
                variables:
                  REGION: eu-$ZONE
                  ZONE:
                    value: west
                    description: where
                  KEY: ${PROJECT_KEY}
                  SAME: $SAME
                  PRICE: $$5
                job:
                  script: [export X=$KEY Y=$CI_COMMIT_SHA Z=$REGION]
                """
        },
    )
    assert env(units, "jobs.job.script") == {
        "REGION": "eu-west",
        "ZONE": "west",
        "KEY": "${secret.PROJECT_KEY}",
        "SAME": "${secret.SAME}",
        "PRICE": "$$5",
    }
    assert said(units) == [
        ("export", "X", "${secret.PROJECT_KEY}"),
        ("export", "Y", "${env.CI_COMMIT_SHA}"),
        ("export", "Z", "eu-west"),
    ]


def test_inheritance_can_be_switched_off(tmp_path: Path) -> None:
    units = read(
        tmp_path,
        {
            ".gitlab-ci.yml": """\
                default: {before_script: [export FROM=default]}
                variables: {A: top, B: top}
                none:
                  inherit: {default: false, variables: false}
                  script: [echo]
                some:
                  inherit: {variables: [A]}
                  script: [echo]
                """
        },
    )
    assert env(units, "jobs.none.script") == {}
    assert env(units, "jobs.some.script") == {"A": "top"}
    assert said(units) == [("export", "FROM", "default")]


def test_a_vault_is_no_variable_of_the_project(tmp_path: Path) -> None:
    units = read(
        tmp_path,
        {
            ".gitlab-ci.yml": """\
                job:
                  secrets:
                    FIXED: {vault: site/keys/secret@kv}
                    MADE: {vault: {engine: {name: aws, path: aws}, path: creds/site, field: secret_key}}
                  script: [export A=$FIXED B=$MADE]
                """
        },
    )
    assert [value for _, _, value in said(units)] == ["${vault:site/keys/secret}", "${vault.env.MADE}"]


def test_circles_end(tmp_path: Path) -> None:
    units = read(
        tmp_path,
        {
            ".gitlab-ci.yml": """\
                include: other.yml
                variables: {ONE: $TWO, TWO: $ONE}
                .x: {extends: .y}
                .y: {extends: .x}
                job:
                  extends: .x
                  script: [!reference [job, script], echo $ONE]
                """,
            "other.yml": "include: .gitlab-ci.yml\n",
        },
    )
    assert "cycle" in problems(units)
    assert env(units, "jobs.job.script") == {"ONE": "${secret.ONE}", "TWO": "${secret.TWO}"}


def test_templates_alone_are_read_where_no_job_is(tmp_path: Path) -> None:
    units = read(tmp_path, {".gitlab/login.yml": ".login: {script: [aws configure set aws_access_key_id $KEY]}\n"})
    assert said(units) == [("aws-configure", "aws_access_key_id", "${secret.KEY}")]
