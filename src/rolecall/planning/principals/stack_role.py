"""The text of a new role of CloudFormation and of its instance profile, as YAML or in the layout of a JSON template."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rolecall.planning.edits.json_code import json_array, json_object, step_of
from rolecall.source.text import SourceText


@dataclass(frozen=True)
class RoleCode:
    """Values at column 0: of the role, of the profile, of a role's ARN by its logical id, of a mapping of one key."""

    role: str
    profile: str
    arn_of: Callable[[str], str]
    below: Callable[[str, str], str]


def in_yaml(text: SourceText, name: str, service: str, copied: Mapping[str, str]) -> RoleCode:
    """A role that a service assumes, with properties that are copied from a user (code at column 0)."""
    role = _ROLE.format(service=service) + "".join(_below(key, value) for key, value in copied.items())
    return RoleCode(
        role, _PROFILE.format(role=name), lambda one: f"!GetAtt {one}.Arn", lambda key, value: f"\n{key}: {value}"
    )


def in_json(text: SourceText, name: str, service: str, copied: Mapping[str, str]) -> RoleCode:
    """The same for a JSON template."""
    step = step_of(text)

    def resource(kind: str, properties: Mapping[str, str]) -> str:
        return json_object({"Type": json.dumps(kind), "Properties": json_object(properties, step)}, step)

    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [trust]}
    written = json.dumps(document, indent=step or None)
    return RoleCode(
        resource("AWS::IAM::Role", {"AssumeRolePolicyDocument": written, **copied}),
        resource("AWS::IAM::InstanceProfile", {"Roles": json_array([json.dumps({"Ref": name})], step)}),
        lambda one: json.dumps({"Fn::GetAtt": [one, "Arn"]}),
        lambda key, value: json_object({key: value}, step),
    )


def _below(key: str, value: str) -> str:
    """A pair among the properties, whose value's further lines follow it."""
    first, *rest = value.split("\n")
    lines = "".join(f"\n    {line}" if line else "\n" for line in rest)
    return f"\n  {key}:{f' {first}' if first else ''}{lines}"


_ROLE = """
Type: AWS::IAM::Role
Properties:
  AssumeRolePolicyDocument:
    Version: "2012-10-17"
    Statement:
      - Effect: Allow
        Principal:
          Service: {service}
        Action: sts:AssumeRole"""
_PROFILE = """
Type: AWS::IAM::InstanceProfile
Properties:
  Roles:
    - !Ref {role}"""
