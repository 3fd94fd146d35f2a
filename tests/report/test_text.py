"""The frames: what stands where, at 80 and 120 columns."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.model.finding import Finding, Related
from rolecall.report.text import Style, Summary, cells, closing, render
from rolecall.source.text import SourceText

MAIN = SourceText(
    "main.tf",
    b"""\
resource "aws_iam_access_key" "api" {
  user = aws_iam_user.api.name
}

resource "aws_lambda_function" "api" {
  environment {
    variables = {
      KEY    = aws_iam_access_key.api.id
      SECRET = aws_iam_access_key.api.secret
    }
  }
}
""",
)
SUMMARY = Summary(files=3, seconds=0.21)
NAMES = {"RC101": "minted-access-key"}


def finding(start: str = 'resource "aws_iam_access_key"', **more: object) -> Finding:
    at = MAIN.data.index(start.encode())
    end = MAIN.data.index(b"}", at) + 1
    base = {"message": "access key of api is minted here", "span": MAIN.span(at, end), "identity": "aws_iam_user.api"}
    return Finding("RC101", "static-credential", "high", "high", address="a", **{**base, **more})  # type: ignore[arg-type]


def lines(findings: list[Finding], text: SourceText = MAIN, **style: object) -> list[str]:
    def read(path: str) -> SourceText | None:
        return text if path == text.path else None

    return list(render(findings, read, NAMES, Style(**style), SUMMARY))  # type: ignore[arg-type]


def place(of: str, text: SourceText = MAIN) -> object:
    at = text.data.index(of.encode())
    return text.span(at, at + len(of.encode()))


def test_a_frame_with_its_consumer_help_and_note() -> None:
    consumer = Related(place("aws_iam_access_key.api.secret"), "consumed here by aws_lambda_function.api")  # type: ignore[arg-type]
    shown = lines([finding(related=(consumer,), help="give it a role", note="it is old")], prefix="infra/")
    assert (
        "\n".join(shown)
        == """\
high[RC101 minted-access-key]: access key of api is minted here
 --> infra/main.tf:1:1
  |
1 | resource "aws_iam_access_key" "api" {
  | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
...
9 |       SECRET = aws_iam_access_key.api.secret
  |                ----------------------------- consumed here by aws_lambda_function.api
  = help: give it a role
  = note: it is old

1 finding (1 high) in 1 identity; 3 files in 0.2 s; for patches run `rolecall plan`"""
    )


def test_a_consumer_in_another_file_has_its_own_arrow() -> None:
    elsewhere = SourceText("b.tf", b"x").span(0, 1)
    shown = lines([finding(related=(Related(elsewhere, "consumed here"),))])
    assert [line for line in shown if "-->" in line] == [" --> main.tf:1:1", " --> b.tf:1:1"]
    assert "  | 1: consumed here" in shown


@pytest.mark.parametrize(
    ("identity", "paths", "told"),
    [
        ("jobs.build", ("ci/a.yml", "ci/b.yml"), 2),
        ("Role", ("stacks/a.yaml", "stacks/b.yaml"), 2),
        ("aws_iam_role.a", ("x/a.tf", "x/b.tf"), 1),
        ("Deployment.web.api", ("k8s/a.yaml", "k8s/b.yaml"), 1),
    ],
)
def test_an_address_means_one_thing_where_it_is_unique(identity: str, paths: tuple[str, str], told: int) -> None:
    spans = [SourceText(path, b"x").span(0, 1) for path in paths]
    text = closing([finding(identity=identity, span=span) for span in spans], SUMMARY)
    assert f" in {told} identit" in text


def test_findings_of_one_identity_stand_together() -> None:
    other = finding('resource "aws_lambda_function"', identity="", message="other")
    shown = lines([finding(), other, finding(message="again")])
    assert shown[0].startswith("── aws_iam_user.api: 2 findings ──")
    heads = [line for line in shown if line.startswith("high[")]
    assert [line.rpartition(": ")[2] for line in heads] == ["access key of api is minted here", "again", "other"]


@pytest.mark.parametrize("width", [80, 120])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    long = SourceText("main.tf", ('  key = "' + "ab cd " * 60 + '" # 日本語\n').encode())
    span = long.span(300, 320)
    item = Finding(
        "RC101",
        "static-credential",
        "high",
        "high",
        "word " * 60,
        span,
        "a",
        related=(Related(span, "told " * 40),),
        help="do " * 80,
    )
    shown = lines([item], long, width=width)
    assert max(map(cells, shown)) <= width
    assert any("…" in line for line in shown)


@pytest.mark.parametrize(
    ("source", "target"),
    [("\tname = secret", "secret"), ("名前 = 値段 # x", "値段"), ("e\u0301 = here", "here"), ("😀 = b", "b")],
)
def test_carets_stand_under_what_is_meant(source: str, target: str) -> None:
    text = SourceText("main.tf", f"{source}\n".encode())
    shown = lines([finding(span=place(target, text))], text)
    code, carets = next((shown[at], shown[at + 1]) for at, line in enumerate(shown) if line.startswith("1 | "))
    before = code[: code.index(target)]
    assert cells(before) == carets.index("^")
    assert carets.count("^") == cells(target)


def test_colours_change_nothing_but_colours() -> None:
    plain, painted = lines([finding(help="x")]), lines([finding(help="x")], colour=True)
    assert plain != painted
    assert [re.sub(r"\x1b\[[\d;]*m", "", line) for line in painted] == plain


def test_escape_sequences_of_the_scanned_code_are_not_obeyed() -> None:
    text = SourceText("main.tf", "\x1b]0;owned\x07x = 1 \u202e\n".encode())
    item = finding(span=text.span(0, 3), message="\x1b[2J gone", identity="\x1b[1m")
    assert "\x1b" not in "\n".join(lines([item, item], text))


def test_secrets_in_the_code_and_in_messages_are_hidden() -> None:
    text = SourceText("main.tf", b'secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" # AKIAIOSFODNN7EXAMPLE\n')
    shown = "\n".join(
        lines([finding(span=text.span(0, 10), message="AKIAIOSFODNN7EXAMPLE", help="AKIAIOSFODNN7EXAMPLE")], text)
    )
    assert "wJalr" not in shown
    assert "AKIA" not in shown


@pytest.mark.parametrize("data", [b"", b"x", b"\xff\xfe", b"\n\n"])
def test_a_place_that_is_not_there_any_more_is_no_error(data: bytes) -> None:
    assert lines([finding()], SourceText("main.tf", data))


@given(st.text(max_size=80), st.integers(0, 200), st.integers(0, 200), st.integers(40, 120))
def test_any_text_and_any_place_makes_a_frame(source: str, one: int, other: int, width: int) -> None:
    text = SourceText("main.tf", source.encode())
    span = text.span(*sorted((min(one, len(text.data)), min(other, len(text.data)))))
    shown = lines([finding(span=span)], text, width=width)
    assert all("\n" not in line for line in shown)


def test_the_closing_line_counts() -> None:
    assert closing([], Summary(1, 0.04)) == "no findings; 1 file in 0.0 s"
    assert closing([finding(identity=""), finding()], Summary(214, 0.31, suppressed=2)) == (
        "2 findings (2 high) in 1 identity; 214 files in 0.3 s; 2 suppressed; for patches run `rolecall plan`"
    )
