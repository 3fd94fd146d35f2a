"""What `aws_iam_policy_document` makes of its blocks."""

from __future__ import annotations

import json

from rolecall.frontends.terraform.conversion import to_text
from rolecall.frontends.terraform.policy_document import document
from rolecall.frontends.values import Encoded, Mapping, Sequence, Unknown, Value, find, render
from rolecall.source.text import SourceText
from terraform_expressions.place import body


def made(source: str) -> Encoded:
    found = document(body(source))
    assert isinstance(found, Encoded)
    return found


def policy(source: str) -> object:
    return json.loads(to_text(made(source)))


def statements(found: Value) -> tuple[Value, ...]:
    assert isinstance(found, Encoded) and isinstance(found.inner, Mapping)
    inner = found.inner.get("Statement")
    assert isinstance(inner, Sequence)
    return inner.items


def test_defaults_and_single_members() -> None:
    assert policy('statement {\n actions = ["s3:GetObject"]\n resources = ["*"]\n}') == {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
    }
    assert policy("") == {"Version": "2012-10-17"}


def test_everything_a_statement_can_say() -> None:
    assert policy(
        """
        version   = "2008-10-17"
        policy_id = "P"
        statement {
          sid         = "One"
          effect      = "Deny"
          not_actions = ["a:A", "b:B", "a:A"]
          not_resources = []
          resources   = ["arn:aws:s3:::b/home/&{aws:username}"]
          principals {
            type        = "AWS"
            identifiers = ["1", "2"]
          }
          principals {
            type        = "AWS"
            identifiers = ["3"]
          }
          principals {
            type        = "Service"
            identifiers = ["ec2.amazonaws.com"]
          }
          not_principals {
            type        = "*"
            identifiers = ["*"]
          }
          condition {
            test     = "StringEquals"
            variable = "aws:a"
            values   = ["x"]
          }
          condition {
            test     = "StringEquals"
            variable = "aws:b"
            values   = ["y", "&{aws:z}"]
          }
          condition {
            test     = "StringEquals"
            variable = "aws:a"
            values   = ["w"]
          }
        }
        statement {
          sid     = ""
          actions = ["c:C"]
          principals {
            type        = "AWS"
            identifiers = ["*"]
          }
        }
        """
    ) == {
        "Version": "2008-10-17",
        "Id": "P",
        "Statement": [
            {
                "Sid": "One",
                "Effect": "Deny",
                "NotAction": ["b:B", "a:A"],
                "Resource": "arn:aws:s3:::b/home/${aws:username}",
                "Principal": {"AWS": ["2", "1", "3"], "Service": "ec2.amazonaws.com"},
                "NotPrincipal": "*",
                "Condition": {"StringEquals": {"aws:a": ["x", "w"], "aws:b": ["y", "${aws:z}"]}},
            },
            {"Effect": "Allow", "Action": "c:C", "Principal": {"AWS": "*"}},
        ],
    }


def test_documents_are_merged_by_sid() -> None:
    assert policy(
        """
        source_policy_documents = [
          jsonencode({
            Version   = "2008-10-17"
            Statement = [{ Sid = "A", Effect = "Allow" }, { Effect = "Allow", Action = "n" }]
          }),
          "{\\"Statement\\": {\\"Sid\\": \\"B\\", \\"Effect\\": \\"Allow\\"}}",
        ]
        statement {
          sid     = "B"
          effect  = "Deny"
          actions = ["own"]
        }
        override_policy_documents = [jsonencode({ Statement = [{ Sid = "A", Effect = "Deny" }] }), null, ""]
        """
    ) == {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "A", "Effect": "Deny"},
            {"Effect": "Allow", "Action": "n"},
            {"Sid": "B", "Effect": "Deny", "Action": "own"},
        ],
    }


def test_the_old_single_documents() -> None:
    found = policy(
        """
        source_json   = jsonencode({ Statement = [{ Sid = "A" }] })
        override_json = jsonencode({ Statement = [{ Sid = "A", Effect = "Deny" }] })
        """
    )
    assert found == {"Version": "2012-10-17", "Statement": [{"Sid": "A", "Effect": "Deny"}]}


def test_spans_are_those_of_blocks_and_arguments() -> None:
    source = 'statement {\n  actions = ["s3:*", "ec2:*"]\n  resources = [aws_s3_bucket.b.arn]\n}\n'
    file = SourceText("main.tf", source.encode())
    (statement,) = statements(made(source))
    assert isinstance(statement, Mapping) and statement.span is not None
    assert file.text(statement.span) == source.strip()
    assert {one.name: file.text(one.span) for one in statement.entries if one.span and one.name != "Effect"} == {
        "Action": 'actions = ["s3:*", "ec2:*"]',
        "Resource": "resources = [aws_s3_bucket.b.arn]",
    }
    actions = statement.get("Action")
    assert isinstance(actions, Sequence)
    assert [file.text(one.span) for one in actions.items if one.span] == ['"s3:*"', '"ec2:*"']


def test_unknown_parts_stay_where_they_are() -> None:
    found = made(
        """
        source_policy_documents = [var.base]
        statement {
          actions   = var.actions
          resources = ["${aws_s3_bucket.b.arn}/&{x}", "*"]
          principals {
            type        = "Federated"
            identifiers = [aws_iam_openid_connect_provider.p.arn]
          }
          condition {
            test     = "StringEquals"
            variable = "${replace(aws_iam_openid_connect_provider.p.url, "https://", "")}:sub"
            values   = ["repo:org/${var.repo}:*"]
          }
        }
        """
    )
    first, second = statements(found)
    assert isinstance(first, Unknown)
    assert render(first.about[0]) == "${var.base}"
    assert [render(one) for one in find(second, "Action")] == ["${var.actions}"]
    assert [render(one) for one in find(second, "Resource")] == ["${aws_s3_bucket.b.arn}/${x},*"]
    assert [render(one) for one in find(second, "Principal.Federated")] == ["${aws_iam_openid_connect_provider.p.arn}"]
    assert [render(one) for one in find(second, "Condition.StringEquals.*")] == ["repo:org/${var.repo}:*"]


def test_dynamic_statements() -> None:
    found = made(
        """
        dynamic "statement" {
          for_each = { a = "x:X", b = "y:Y" }
          content {
            sid     = statement.key
            actions = [statement.value]
          }
        }
        dynamic "statement" {
          for_each = var.more
          content { actions = statement.value.actions }
        }
        """
    )
    first, second, third = statements(found)
    assert [render(one) for each in (first, second) for one in find(each, "Action")] == ["x:X", "y:Y"]
    assert isinstance(third, Mapping)
    assert third.get("$dynamic") is not None


def test_odd_bodies_do_no_harm() -> None:
    for source in (
        "statement = 1",
        "statement {\n actions = null\n}",
        "statement {\n principals {}\n condition {}\n}",
        'statement {\n principals = var.x\n condition = [1]\n actions = "a"\n}',
        "source_json = 5\nversion = var.v\npolicy_id = var.i\nstatement = [1, {}]",
    ):
        assert isinstance(made(source), Encoded)
