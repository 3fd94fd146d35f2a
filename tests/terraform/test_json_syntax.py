"""`.tf.json`: the same declarations as HCL, and strings that are templates."""

from __future__ import annotations

import json

from rolecall.frontends.values import Reference, Scalar, plain, references

FILE = {
    "//": "a comment",
    "terraform": {"backend": {"s3": {"bucket": "b"}}, "required_providers": {"aws": {"version": "~> 5.0"}}},
    "provider": {"aws": [{"region": "eu-west-1"}, {"alias": "ses", "region": "us-east-1"}]},
    "variable": {"name": {"type": "string", "default": "${not a template}"}},
    "locals": {"user": "${var.name}-user"},
    "resource": {
        "aws_iam_user": {"u": {"name": "${local.user}", "provider": "aws.ses", "lifecycle": {"prevent_destroy": True}}},
        "aws_iam_access_key": {"k": {"user": "${aws_iam_user.u.name}", "count": 1}},
    },
    "data": {"aws_region": {"here": {}}},
    "module": {"m": {"source": "./m", "secret": "${aws_iam_access_key.k[0].secret}"}},
    "output": {"o": {"value": "k=${aws_iam_access_key.k[0].secret}"}},
}
MODULE = 'variable "secret" {\n}\nresource "x" "y" {\n  a = var.secret\n}\n'


def test_json_declares_what_hcl_does(resources) -> None:
    text = json.dumps(FILE, indent=1)
    found = resources({"main.tf.json": text, "m/main.tf": MODULE})
    assert set(found) == {
        "terraform.backend.s3", "provider.aws", "provider.aws.ses", "var.name", "aws_iam_user.u",
        "aws_iam_access_key.k", "data.aws_region.here", "module.m", "output.o", "module.m.var.secret", "module.m.x.y",
    }  # fmt: skip
    user = found["aws_iam_user.u"]
    assert (user.provider, user.prevent_destroy) == ("aws.ses", True)
    assert text[user.span.start : user.span.end].startswith('"u": {')
    name = user.get("name")
    assert name is not None and plain(name) == "${not a template}-user"
    assert [hop.kind for hop in name.via] == ["variable", "local"]
    condition = found["aws_iam_access_key.k"].condition
    assert condition is not None and condition.keys == (0,)


def test_references_leave_and_enter_json(resources) -> None:
    found = resources({"main.tf.json": json.dumps(FILE), "m/main.tf": MODULE})
    value = found["module.m.x.y"].get("a")
    assert isinstance(value, Reference)
    assert (value.target, value.attribute) == (".//aws_iam_access_key.k", "secret")
    assert [hop.kind for hop in value.via] == ["module-input"]
    (reference,) = references(found["output.o"].get("value") or Scalar(None))
    assert reference.target == ".//aws_iam_access_key.k"


def test_hcl_and_json_override_each_other(resources) -> None:
    found = resources(
        {
            "main.tf": 'resource "x" "y" {\n  a = 1\n  b = 1\n}\n',
            "override.tf.json": '{"resource": {"x": {"y": {"b": 2}}}}',
        }
    )
    assert plain(found["x.y"].body) == {"a": 1, "b": 2}


def test_a_bad_json_file_is_a_problem(units) -> None:
    (unit,) = units({"main.tf.json": '{"resource": ', "good.tf": 'resource "x" "y" {\n}\n'})
    assert [(problem.kind, problem.span.path) for problem in unit.problems] == [("syntax", "main.tf.json")]
    assert len(unit.resources) == 1


def test_deep_json_ends(units) -> None:
    deep = '{"locals": {"a": ' + "[" * 5000 + "]" * 5000 + "}}"
    (unit,) = units({"main.tf.json": deep})
    assert {problem.kind for problem in unit.problems} <= {"limit", "syntax"}
    assert unit.problems
