"""No output shows a secret, or anything that a terminal would obey."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.report.markdown import code, escaped
from rolecall.report.masking import masked, masked_line, visible

KEY = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


@pytest.mark.parametrize(
    ("line", "path", "shown"),
    [
        (f'access_key = "{KEY}"', "a.tf", 'access_key = "****************MPLE"'),
        (f"AWS_ACCESS_KEY_ID={KEY}", "a.sh", "AWS_ACCESS_KEY_ID=****************MPLE"),
        (f'secret_key = "{SECRET}"', "a.tf", f'secret_key = "{"*" * 40}"'),
        (f"x: {SECRET}", "a.yml", f"x: {'*' * 40}"),
        ("password: hunter2", "a.yml", "password: *******"),
        ('  "SecretAccessKey": "short",', "a.json", '  "SecretAccessKey": "*****",'),
        ("AWS_SECRET_ACCESS_KEY=${Key.SecretAccessKey}", "a.yml", "AWS_SECRET_ACCESS_KEY=${Key.SecretAccessKey}"),
        ("  aws_secret_access_key = abc${Secret}def", "a.yml", "  aws_secret_access_key = ***${Secret}***"),
        ("password=${x", "a.yml", "password=***"),
        (
            "  BillingServiceServer2ServiceUserSecretAccessKey:",
            "a.yml",
            "  BillingServiceServer2ServiceUserSecretAccessKey:",
        ),
        ('db_password = "a-${var.x}-b"', "a.tf", 'db_password = "**${var.x}**"'),
        (
            "aws configure set aws_secret_access_key abc --profile x",
            "a.sh",
            "aws configure set aws_secret_access_key *** --profile x",
        ),
        ("secret = aws_iam_access_key.x.secret", "a.tf", "secret = aws_iam_access_key.x.secret"),
        ("AWS_SECRET_ACCESS_KEY: ${{ secrets.X }}", "a.yml", "AWS_SECRET_ACCESS_KEY: ${{ secrets.X }}"),
        ('"SecretKey": {', "a.json", '"SecretKey": {'),
        ('"SecretKey": {"Fn::GetAtt": ["Key", "X"]}', "a.json", '"SecretKey": {"Fn::GetAtt": ["Key", "X"]}'),
        ("secretKey: !GetAtt Key.SecretAccessKey", "a.yml", "secretKey: !GetAtt Key.SecretAccessKey"),
        (
            'auth_token = "${base64encode("${var.user}:${var.password}")}"',
            "a.tf",
            'auth_token = "${base64encode("${var.user}:${var.password}")}"',
        ),
        (
            'password = "${var.x != "" ? var.x : "correct-horse"}"',
            "a.tf",
            'password = "${var.x != "" ? var.x : "*************"}"',
        ),
        ('password = coalesce(f(var.x), "correct-horse")', "a.tf", 'password = coalesce(f(var.x), "*************")'),
        (
            'password = var.set ? "horse" : var.words["first"]',
            "a.tf",
            'password = var.set ? "*****" : var.words["first"]',
        ),
        ('password = "${base64encode("app:${var.x}")}"', "a.tf", 'password = "${base64encode("****${var.x}")}"'),
        (
            'password = file(var.live ? "live.txt" : "test.txt")',
            "a.tf",
            'password = file(var.live ? "live.txt" : "test.txt")',
        ),
        ('{ password = var.x, host = "db.example.com" }', "a.tf", '{ password = var.x, host = "db.example.com" }'),
        ('client_secret = "$CLIENT_SECRET"', "a.tf", 'client_secret = "$CLIENT_SECRET"'),
        (
            'description = "all: id, access_key_secret for each"',
            "a.tf",
            'description = "all: id, access_key_secret for each"',
        ),
        ("secretKey: !Sub 'a-${B}'", "a.yml", "secretKey: !Sub '**${B}'"),
        (
            "  MasterUserPassword: !Sub '{{resolve:secretsmanager:${A}}}'",
            "a.yml",
            "  MasterUserPassword: !Sub '{{resolve:secretsmanager:${A}}}'",
        ),
        ("  Password: !Sub correct-horse-battery", "a.yml", "  Password: !Sub**********************"),
        ("id-token: write", "a.yml", "id-token: write"),
        (
            "uses: actions/checkout@8f4b7f84864484a7bf31766abe9204da3cbe65b3",
            "a.yml",
            "uses: actions/checkout@8f4b7f84864484a7bf31766abe9204da3cbe65b3",
        ),
        ('resource "aws_iam_access_key" "this" {', "a.tf", 'resource "aws_iam_access_key" "this" {'),
        ("secret_name: app", "a.yml", "secret_name: app"),
    ],
)
def test_a_line_is_shown_without_its_secret_and_as_long_as_it_was(line: str, path: str, shown: str) -> None:
    assert masked_line(line, path) == shown
    assert len(shown) == len(line)


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", min_size=40, max_size=40))
def test_a_random_key_is_no_path(key: str) -> None:
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+|\d+", key)
    mixed = any(c.isupper() for c in key) and any(c.islower() for c in key)
    if mixed and len(words) > 10:
        assert masked(key) == "*" * 40


def test_a_long_path_is_shown() -> None:
    path = "CloudFormation/MacrosExamples/S3Objects/lambda/resource.py:88"
    assert masked(path) == path


@given(st.text(max_size=60), st.text(max_size=60), st.sampled_from(["a.tf", "a.yml", "a.sh", ""]))
def test_keys_are_hidden_whatever_stands_around_them(before: str, after: str, path: str) -> None:
    assert KEY not in masked(before + KEY + after)
    assert KEY not in masked_line(before + KEY + after, path)
    assert SECRET not in masked_line(f"{before} {SECRET} {after}", path)


@given(st.text())
def test_nothing_that_a_terminal_obeys_is_left(text: str) -> None:
    shown = visible(text)
    assert len(shown) == len(text)
    assert not [
        char for char in shown if (ord(char) < 32 and char != "\t") or 127 <= ord(char) < 160 or char in "\u202e\u2066"
    ]


def test_a_line_that_nobody_can_read_is_not_shown() -> None:
    assert masked_line("x" * 100_000) == "(a very long line)"


@given(st.text())
def test_quoted_text_has_no_markdown_or_html_of_its_own(text: str) -> None:
    plain = escaped(text.replace("`", ""))
    assert "<" not in plain.replace("\\<", "")
    assert "|" not in plain.replace("\\|", "")
    assert "\n" not in plain + code(text)


def test_a_part_of_a_name_that_is_not_known_is_shown_as_such() -> None:
    assert code("Deployment.web.${?}-api") == "`Deployment.web.…-api`"
    assert escaped("Deployment.web.${?}") == "Deployment.web.…"


def test_code_spans_hold_backticks_and_bars() -> None:
    assert code("a`b|c") == "``a`b∣c``"
    assert code("`x`") == "`` `x` ``"
    assert escaped("run `a|b` <now> [x](y)") == "run `a∣b` \\<now\\> \\[x\\]\\(y)"
    assert escaped("aws_iam_user.a (its key) and _this_, __that__") == (
        "aws_iam_user.a (its key) and \\_this\\_, \\_\\_that\\_\\_"
    )


@given(st.text('"${}%()[]:?,\\ ab#', max_size=60))
def test_an_expression_of_any_form_keeps_its_length(text: str) -> None:
    assert len(masked_line(f"password = {text}", "a.tf")) == len(f"password = {text}")
