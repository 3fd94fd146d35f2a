"""Whatever lies in the files of a CI system, reading it ends with units and problems."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .systems import everything, problems, read

FILES = (".gitlab-ci.yml", "azure-pipelines.yml", "bitbucket-pipelines.yml", ".circleci/config.yml")
BROKEN = [
    b"\xff\xfe\x00j",
    b"jobs: [",
    b"steps:\n" + b"  - " * 3000,
    b"steps: " + b"{a: " * 10_000,
    b"steps: &x [*x]\njobs: {a: {steps: *x}}\n",
]
ODD = [
    b"",
    b"- a list\n",
    b"steps: {a: b}\njobs: [1, [2], {a: }]\nstages: x\npipelines: {default: 1, branches: {a: {b: c}}}\n",
    b"jobs: {a: 1, b: [], c: {steps: [1, [], {run: {command: [1]}}, {when: {steps: {}}}]}}\nworkflows: {w: 1}\n",
    b"a: {script: {b: c}, extends: {d: e}, variables: [1], inherit: [2], id_tokens: 3, secrets: {X: 4}}\n",
    b"pipelines: {default: [{step: {script: [{pipe: [1], variables: [2]}, 3, [4]], image: {aws: 5}}}]}\n",
    b"steps: [{script: '$(a)${{ parameters.b }}$[c]${{ ((( }}', env: [1]}, {task: [1], inputs: [2]}, {template: {}}]\n",
    b"extends: {template: [1]}\nsteps: [{'${{ if x }}': {a: b}}, {'${{ each y in z }}': [{script: echo}]}]\n",
    b"variables: {A: !reference [a, b], B: !reference [], C: !reference [[x]]}\nj: {script: !reference [j, script]}\n",
    b"orbs: {a: {orbs: {a: x}, commands: {b: {steps: [a/b]}}}}\njobs: {j: {steps: [a/b, << parameters.y >>]}}\n",
]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("content", BROKEN, ids=range(len(BROKEN)))
def test_broken_files_are_problems(tmp_path: Path, name: str, content: bytes) -> None:
    units = read(tmp_path, {name: content})
    everything(units)
    assert problems(units)


@pytest.mark.parametrize("name", [*FILES, "Jenkinsfile"])
def test_a_file_that_is_too_large_is_named(tmp_path: Path, name: str) -> None:
    assert problems(read(tmp_path, {name: b"# " + b"x" * (11 * 1024 * 1024)})) == ["unreadable"]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("content", ODD, ids=range(len(ODD)))
def test_odd_shapes_are_no_trouble(tmp_path: Path, name: str, content: bytes) -> None:
    everything(read(tmp_path, {name: content}))


WORDS = [
    *("steps", "jobs", "stages", "script", "extends", "template", "variables", "include", "run", "command", "name"),
    *("&a", "*a", "<<: *a", "!reference [a, b]", "$A", "${A}", "$(A)", "${{ parameters.a }}", "<< parameters.a >>"),
    *(": ", "\n", "\n  ", "\n    ", "- ", "{", "}", "[", "]", ", ", '"', "'", "|", "a", "b", "é", "\t", "#"),
    *("azure-pipelines.yml", ".gitlab-ci.yml", "local", "parameters", "pipe", "orbs", "workflows", "commands"),
]


@given(st.lists(st.sampled_from(WORDS), max_size=40).map("".join))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_read(tmp_path: Path, content: str) -> None:
    everything(read(tmp_path, dict.fromkeys(FILES, content)))


GROOVY = [
    *("pipeline", "stage", "environment", "withCredentials", "withEnv", "withAWS", "sh", "credentials", "string"),
    *("{", "}", "(", ")", "[", "]", "'", '"', "'''", '"""', "\\", "$", "${", "=", ":", ",", "\n", " ", "//", "/*", "é"),
    *("$class", "aws", "credentialsId", "variable", "script", "docker.withRegistry", "ecr:x:y"),
]


@given(st.lists(st.sampled_from(GROOVY), max_size=60).map("".join))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_jenkinsfile_is_read(tmp_path: Path, content: str) -> None:
    everything(read(tmp_path, {"Jenkinsfile": content}))


def test_large_files_take_no_time(tmp_path: Path) -> None:
    many = "".join(f"j{n}:\n  extends: .a\n  script: [echo $A]\n" for n in range(3_000))
    units = read(
        tmp_path,
        {
            ".gitlab-ci.yml": ".a: {variables: {A: $B}}\n" + many,
            "Jenkinsfile": "node { " + "withEnv(['A=b']) { " * 2_000 + "sh 'x'" + " }" * 2_000 + "}\n",
        },
    )
    assert problems(units) == ["limit"]
