"""Azure Pipelines: templates and their parameters, macros, levels of variables."""

from __future__ import annotations

from pathlib import Path

from .systems import env, members, problems, read, resources, said

PIPELINE = "azure-pipelines.yml"


def addresses(files: dict[str, str | bytes], folder: Path) -> list[str]:
    return [resource.address for resource in resources(read(folder, files))]


def test_stages_jobs_deployments_and_steps_have_addresses(tmp_path: Path) -> None:
    content = """\
        stages:
        - stage: build
          jobs:
          - job: compile
            steps: [{script: echo}]
        - ${{ if eq(variables['x'], 'y') }}:
          - stage: ship
            jobs:
            - deployment: web
              strategy: {runOnce: {deploy: {steps: [{script: echo}]}, on: {failure: {steps: [{script: echo}]}}}}
        """
    assert addresses({PIPELINE: content}, tmp_path) == [
        "stages.build.jobs.compile",
        "stages.build.jobs.compile.steps[0]",
        "stages.ship.jobs.web",
        "stages.ship.jobs.web.steps[0]",
        "stages.ship.jobs.web.steps[1]",
    ]


def test_templates_of_every_kind_are_followed(tmp_path: Path) -> None:
    units = read(
        tmp_path,
        {
            PIPELINE: """\
                extends:
                  template: ci/base.yml
                  parameters:
                    secret: $(outer)
                    extra: [{bash: export EXTRA=1}]
                """,
            "ci/base.yml": """\
                parameters:
                - {name: secret, type: string}
                - {name: extra, type: stepList, default: []}
                variables:
                - template: names.yml
                jobs:
                - template: /ci/job.yml
                  parameters: {inner: "${{ parameters.secret }}", steps: "${{ parameters.extra }}"}
                """,
            "ci/names.yml": "variables: {region: west}\n",
            "ci/job.yml": """\
                parameters: {inner: '', steps: []}
                jobs:
                - job: x
                  steps:
                  - bash: export A=${{ parameters.inner }} B=$(region) C=$(Build.BuildId) D=$(pwd)
                  - ${{ parameters.steps }}
                """,
        },
    )
    assert [unit.name for unit in units] == [PIPELINE]
    assert said(units)[:2] == [("export", "A", "${secret.outer}"), ("export", "B", "west")]
    assert [value for _, name, value in said(units) if name in "CD"] == ["${?}", "${?}"]
    assert ("export", "EXTRA", "1") in said(units)
    assert problems(units) == []


def test_variables_of_the_file_are_in_the_environment_and_secret_ones_are_not(tmp_path: Path) -> None:
    units = read(
        tmp_path,
        {
            PIPELINE: """\
                variables:
                - group: deploy
                - {name: My.Key, value: $(outside)}
                steps:
                - bash: |
                    echo "##vso[task.setvariable variable=made]x"
                    export A=$MY_KEY B=$OTHER C=$(made)
                  env: {OWN: $(My.Key)}
                """
        },
    )
    assert env(units, "job.steps[0]") == {"My.Key": "${secret.outside}", "OWN": "${secret.outside}"}
    assert [value for kind, _, value in said(units) if kind == "export"] == [
        "${secret.outside}",
        "${env.OTHER}",
        "${job.env.made}",
    ]


def test_tasks_name_their_connections(tmp_path: Path) -> None:
    units = read(
        tmp_path,
        {
            PIPELINE: """\
                steps:
                - task: AzureCLI@2
                  inputs: {azureSubscription: "${{ variables.connection }}", inlineScript: az group list}
                - task: Docker@2
                  inputs: {containerRegistry: registry, command: login}
                variables: {connection: production}
                """
        },
    )
    assert members(units, "job.steps[0]", "connections") == {"azureSubscription": "production"}
    assert members(units, "job.steps[1]", "connections") == {"containerRegistry": "registry"}


def test_circles_and_templates_that_are_not_there(tmp_path: Path) -> None:
    units = read(
        tmp_path,
        {
            PIPELINE: "steps: [{template: a.yml}, {template: gone.yml}, {template: x.yml@other}]\n",
            "a.yml": "steps: [{template: azure-pipelines.yml}, {script: echo}]\n",
        },
    )
    assert sorted(problems(units)) == ["cycle", "unresolved"]


def test_a_pipeline_folder_holds_other_files_too(tmp_path: Path) -> None:
    assert read(tmp_path, {".pipelines/values.yml": "kind: Config\ndata: {steps: 1}\n"}) == []
