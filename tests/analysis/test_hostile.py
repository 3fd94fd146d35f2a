"""Input that nobody should write: said clearly, and the rest is analysed all the same."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rolecall.analysis.run import Analysis, Options, analyse

GOOD = """\
terraform {
  backend "local" {}
}

provider "aws" {
  access_key = "AKIAIOSFODNN7EXAMPLE"
  secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
}
"""


def check(folder: Path, files: dict[str, bytes]) -> Analysis:
    (folder / "good").mkdir(exist_ok=True)
    (folder / "good" / "main.tf").write_text(GOOD)
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    analysis = analyse([folder], Options(cache=False))
    assert ("RC102", "good/main.tf") in {(f.rule, f.span.path) for f in analysis.findings}, "the good file was lost"
    return analysis


def problems(analysis: Analysis) -> set[str]:
    return {f.span.path for f in analysis.findings if f.rule == "RC901"}


HOSTILE = {
    "broken.tf": b'resource "aws_iam_user" "u" {\n  name = \n',
    "binary.tf": bytes(range(256)) * 40,
    "deep.yaml": b"Resources:\n  A:\n    Type: AWS::IAM::User\n    Properties: " + b"[" * 10_000 + b"]" * 10_000,
    "deep.json": b'{"Resources": {"A": {"Type": "AWS::IAM::User", "Properties": '
    + b"[" * 10_000
    + b"]" * 10_000
    + b"}}}",
    "broken.yaml": b"AWSTemplateFormatVersion: x\nResources: {\n  A: [\n",
    ".github/workflows/broken.yml": b"on: push\njobs: {a: [\n",
    "big.tf": b"# " + b"x" * (11 * 1024 * 1024),
    "deep.tf.json": b'{"locals": {"a": ' + b"[" * 10_000 + b"]" * 10_000 + b"}}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    assert name in problems(check(tmp_path, {name: HOSTILE[name]}))


def test_all_of_them_together(tmp_path: Path) -> None:
    files = {
        f"{at}/{name}" if "workflows" not in name else name: data for at, (name, data) in enumerate(HOSTILE.items())
    }
    assert len(problems(check(tmp_path, files))) == len(HOSTILE)


@pytest.mark.parametrize(
    "files",
    [
        {"a.tf": b'locals {\n  a = local.b\n  b = local.a\n}\noutput "x" {\n  value = local.a\n}\n'},
        {"a/x.tf": b'module "b" {\n  source = "../b"\n}\n', "b/x.tf": b'module "a" {\n  source = "../a"\n}\n'},
        {"a.tf": b'module "self" {\n  source = "./"\n}\n'},
        {"a.yaml": b"a: &a [*a]\nResources: {X: {Type: AWS::IAM::User}}\n"},
        {"a.yml": b"kind: Secret\napiVersion: v1\nx: &x [a,b,c]\ny: &y [*x,*x,*x,*x]\nz: [*y,*y,*y,*y]\n"},
        {"deep.tf": b'resource "aws_iam_user" "u" {\n  name = ' + b"[" * 10_000 + b"]" * 10_000 + b"\n}\n"},
        {"blocks.tf": b'resource "aws_iam_user" "u" {\n' + b"a {\n" * 10_000 + b"}\n" * 10_001},
        {"empty.tf": b"", "empty.yaml": b"", "empty.json": b""},
        {"bom.tf": b"\xef\xbb\xbf# x\r\n", "latin.tf": b'# \xe9\nlocals {\n  x = "\xe9"\n}\n'},
        {"\udce9.tf".encode("utf-8", "surrogateescape").decode("latin-1") + ".tf": b"locals {}\n"},
    ],
)
def test_what_is_only_odd_does_no_harm(tmp_path: Path, files: dict[str, bytes]) -> None:
    check(tmp_path, files)


def test_a_name_that_is_not_utf8(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path)
    try:
        with open(folder + b"/\xe9.tf", "wb") as file:
            file.write(GOOD.encode())
    except OSError:
        pytest.skip("the file system takes no such names")
    first = analyse([tmp_path], Options())
    assert [f.rule for f in first.findings] == ["RC102"]
    assert analyse([tmp_path], Options()).findings == first.findings


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_and_a_folder_without_permission(tmp_path: Path) -> None:
    (tmp_path / "closed.tf").write_text(GOOD)
    (tmp_path / "closed").mkdir()
    (tmp_path / "closed.tf").chmod(0)
    (tmp_path / "closed").chmod(0)
    try:
        assert {"closed.tf", "closed"} <= problems(check(tmp_path, {}))
    finally:
        (tmp_path / "closed").chmod(0o700)


def test_a_folder_that_cannot_be_listed_is_said_as_long_as_it_cannot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check(tmp_path, {"closed/main.tf": GOOD.encode()})
    scandir = os.scandir

    def denied(path: str) -> object:
        if str(path).endswith("/closed"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", denied)
        for _ in range(2):
            findings = analyse([tmp_path], Options()).findings
            assert [(f.span.path, f.message) for f in findings if f.rule == "RC901"] == [
                ("closed", "Permission denied")
            ]
    for _ in range(2):
        assert {f.span.path for f in analyse([tmp_path], Options()).findings} == {"closed/main.tf", "good/main.tf"}


PIECES = [
    'resource "aws_iam_access_key" "k" {\n',
    "}\n",
    "AWS",
    "<<EOF\n",
    "${",
    "Resources:\n",
    "  Type: AWS::IAM::User\n",
    "jobs:\n",
    "  a: &a [*a]\n",
    '{"Resources": ',
    "[",
    "é",
    '"',
    "\\",
    "\0",
    "# rolecall: ignore[",
    "AKIAIOSFODNN7EXAMPLE",
]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(["a.tf", "a.tf.json", "s.yaml", "s.json", ".github/workflows/w.yml", "t.tfvars", "m/x.tf"]),
        st.one_of(
            st.binary(max_size=200),
            st.lists(
                st.sampled_from(PIECES),
                max_size=30,
            ).map(lambda parts: "".join(parts).encode()),
        ),
        max_size=4,
    )
)
def test_no_bytes_break_an_analysis(tmp_path: Path, files: dict[str, bytes]) -> None:
    for path in tmp_path.rglob("*"):
        if path.is_file():
            path.unlink()
    analysis = check(tmp_path, files)
    assert not [f for f in analysis.findings if "internal error" in f.message]
