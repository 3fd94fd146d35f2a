"""Every intrinsic function, in its short and long form."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rolecall.frontends.values import (
    Encoded,
    Mapping,
    Reference,
    Scalar,
    Sequence,
    Template,
    Unknown,
    Value,
    children,
    plain,
    references,
    render,
    text,
)

ValueOf = Callable[..., Value]

PARAMETERS = """
Parameters:
  Given: {Type: String, Default: prod}
  Needed: {Type: String}
  Empty: {Type: String, Default: ""}
  Hidden: {Type: String, NoEcho: true, Default: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY}
  Names: {Type: CommaDelimitedList, Default: "a, b,c"}
  Subnets: {Type: "List<AWS::EC2::Subnet::Id>"}
  Stored: {Type: "AWS::SSM::Parameter::Value<String>", Default: /prod/key}
  Number: {Type: Number, Default: 3}
Mappings:
  Sizes:
    eu-west-1: {small: s1, large: l1}
    us-east-1: {small: s2, large: l2}
  Lists: {a: {b: [x, y]}}
Conditions:
  IsProd: !Equals [!Ref Given, prod]
  IsNot: !Not [{Condition: IsProd}]
  HasNeeded: !Equals [!Ref Needed, x]
"""


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("!Ref Given", "prod"),
        ("{Ref: Given}", "prod"),
        ("{'Ref': 'Number'}", 3),
        ("!Ref Names", ["a", "b", "c"]),
        ("!Sub 'x-${Given}-${!Literal}'", "x-prod-${Literal}"),
        ("{'Fn::Sub': ['${A}/${Given}', {A: !Ref Number}]}", "3/prod"),
        ("!Sub ${Given}", "prod"),
        ("!Join ['-', [a, !Ref Given, 1]]", "a-prod-1"),
        ("{'Fn::Join': [',', {Ref: Names}]}", "a,b,c"),
        ("!Join ['', [AKIA, IOSFODNN7EXAMPLE]]", "AKIAIOSFODNN7EXAMPLE"),
        ("!Select [1, !Ref Names]", "b"),
        ("!Select ['0', [x, y]]", "x"),
        ("!Select [2, !Split ['/', 'a/b/c']]", "c"),
        ("!Split ['-', !Ref Given]", ["prod"]),
        ("!FindInMap [Sizes, eu-west-1, small]", "s1"),
        ("{'Fn::FindInMap': [Lists, a, b]}", ["x", "y"]),
        ("!FindInMap [Sizes, nowhere, small, {DefaultValue: none}]", "none"),
        ("!If [IsProd, yes-it-is, no]", "yes-it-is"),
        ("!If [IsNot, a, b]", "b"),
        ("{'Fn::If': [IsProd, {'Fn::If': [IsNot, 1, 2]}, 3]}", 2),
        ("[a, !If [IsProd, !Ref 'AWS::NoValue', b], c]", ["a", "c"]),
        ("{a: 1, b: !Ref 'AWS::NoValue'}", {"a": 1}),
        ("{'Fn::Length': !Ref Names}", 3),
        ("'2012-10-17'", "2012-10-17"),
        ("2012-10-17", "2012-10-17"),
        ("{Condition: {StringEquals: {a: b}}}", {"Condition": {"StringEquals": {"a": "b"}}}),
    ],
)
def test_what_can_be_known_is(value: ValueOf, expression: str, expected: object) -> None:
    assert plain(value(expression, PARAMETERS)) == expected


@pytest.mark.parametrize(
    ("expression", "target", "attribute"),
    [
        ("!Ref Needed", "t.yaml//Parameters/Needed", ""),
        ("!Ref Empty", "t.yaml//Parameters/Empty", ""),
        ("!Ref Hidden", "t.yaml//Parameters/Hidden", ""),
        ("!Sub '${Needed}'", "t.yaml//Parameters/Needed", ""),
        ("!Ref Subnets", "t.yaml//Parameters/Subnets", ""),
        ("!Ref Stored", "ssm:/prod/key", ""),
        ("!Ref AWS::AccountId", "AWS::AccountId", ""),
        ("!Sub '${AWS::Region}'", "AWS::Region", ""),
        ("!Ref Key", "t.yaml//Key", "Ref"),
        ("!GetAtt Key.SecretAccessKey", "t.yaml//Key", "SecretAccessKey"),
        ("!GetAtt [Key, SecretAccessKey]", "t.yaml//Key", "SecretAccessKey"),
        ("{'Fn::GetAtt': [Key, SecretAccessKey]}", "t.yaml//Key", "SecretAccessKey"),
        ("{'Fn::GetAtt': 'Stack.Outputs.Name'}", "Stack", "Outputs.Name"),
        ("!Sub '${Key.SecretAccessKey}'", "t.yaml//Key", "SecretAccessKey"),
        ("!Ref Elsewhere", "Elsewhere", ""),
        ("!ImportValue net-vpc", "export:net-vpc", ""),
        ("{'Fn::ImportValue': !Sub '${Given}-key'}", "export:prod-key", ""),
        ("!ImportValue\n  Fn::Sub: '${Needed}-key'", "export:${Parameters/Needed}-key", ""),
        ("'{{resolve:ssm:/prod/key:3}}'", "ssm:/prod/key", ""),
        ("'{{resolve:ssm:/prod/key}}'", "ssm:/prod/key", ""),
        ("'{{resolve:ssm-secure:name:1}}'", "ssm:name", ""),
        ("'{{resolve:secretsmanager:app/db}}'", "secretsmanager:app/db", ""),
        ("'{{resolve:secretsmanager:app/db:SecretString:password}}'", "secretsmanager:app/db", "password"),
        ("'{{resolve:secretsmanager:app/db:SecretString:password::v1}}'", "secretsmanager:app/db", "password"),
        (
            "'{{resolve:secretsmanager:arn:aws:secretsmanager:eu-west-1:123456789012:secret:app/db-a1B2c3:SecretString:p}}'",
            "secretsmanager:app/db",
            "p",
        ),
        ("!Sub '{{resolve:secretsmanager:${Given}/db:SecretString:password}}'", "secretsmanager:prod/db", "password"),
        ("!Sub '{{resolve:secretsmanager:${Key}:SecretString:password}}'", "t.yaml//Key", "SecretString.password"),
        ("!Join ['', ['{{resolve:ssm:', !Ref Key, '}}']]", "t.yaml//Key", "Value"),
        ("!Sub '{{resolve:ssm:/${Needed}/key}}'", "ssm:/${Parameters/Needed}/key", ""),
    ],
)
def test_what_only_exists_later_is_a_reference(value: ValueOf, expression: str, target: str, attribute: str) -> None:
    found = value(expression, PARAMETERS)
    assert isinstance(found, Reference)
    assert (found.target, found.attribute) == (target, attribute)
    assert found.span is not None


@pytest.mark.parametrize(
    ("expression", "rendered"),
    [
        ("!Sub 'arn:aws:iam::${AWS::AccountId}:role/${Given}'", "arn:aws:iam::${AWS::AccountId}:role/prod"),
        ("!Join [':', [a, !GetAtt Key.Id, !Ref Needed]]", "a:${Key.Id}:${Parameters/Needed}"),
        ("!Sub ['${x}y', {x: !Ref Key}]", "${Key.Ref}y"),
        ("'user={{resolve:ssm:/u}}; x'", "user=${ssm:/u}; x"),
        ("!Sub '{{resolve:ssm:/u}}-${Needed}'", "${ssm:/u}-${Parameters/Needed}"),
        ("!Join ['', [x, !Sub '${Needed}y', z]]", "x${Parameters/Needed}yz"),
    ],
)
def test_strings_of_both_are_templates(value: ValueOf, expression: str, rendered: str) -> None:
    found = value(expression, PARAMETERS)
    assert isinstance(found, Template)
    assert render(found) == rendered


@pytest.mark.parametrize(
    ("expression", "about"),
    [
        ("!If [HasNeeded, !Ref Key, literal]", ["${Key.Ref}", "literal"]),
        ("!If [Undeclared, 1, 2]", ["1", "2"]),
        ("!FindInMap [Sizes, !Ref 'AWS::Region', small]", ["s1", "s2"]),
        ("!Select [!Ref Needed, [a, b]]", ["a,b"]),
        ("!Select [0, !GetAZs '']", ["${?}"]),
        ("!Select [7, [a, b]]", ["a,b"]),
        ("!Split ['-', !Ref Needed]", ["${Parameters/Needed}"]),
        ("!Join [',', !Ref Subnets]", ["${Parameters/Subnets}"]),
        ("!GetAZs ''", []),
        ("!Cidr [!GetAtt Key.Block, 6, 8]", ["${Key.Block},6,8"]),
        ("{'Fn::Transform': {Name: Upper, Parameters: {V: !Ref Key}}}", ["Name=Upper,Parameters=V=${Key.Ref}"]),
        ("!Rain::S3 file.txt", ["file.txt"]),
        ("{'Fn::Nothing': [!Ref Key]}", ["${Key.Ref}"]),
        ("!FindInMap [Sizes, nowhere, small]", []),
    ],
)
def test_what_cannot_be_told_is_about_what_it_was_made_from(value: ValueOf, expression: str, about: list[str]) -> None:
    found = value(expression, PARAMETERS)
    assert isinstance(found, Unknown)
    assert [render(part) for part in found.about] == about


@pytest.mark.parametrize(
    "expression",
    ["!Join x", "!Join [a]", "!Sub [[a], {}]", "!GetAtt a", "!If [a]", "!Select []", "!Split [a]", "!FindInMap [a]"],
)
def test_calls_that_are_not_as_they_must_be_are_unknown(value: ValueOf, expression: str) -> None:
    assert isinstance(value(expression, PARAMETERS), Unknown)


def test_encodings_keep_what_is_inside(value: ValueOf) -> None:
    found = value("!Base64\n  Fn::Sub: 'export KEY=${Key.SecretAccessKey}'", PARAMETERS)
    assert isinstance(found, Encoded)
    assert found.encoding == "base64"
    assert [reference.attribute for reference in references(found)] == ["SecretAccessKey"]
    json_text = value("{'Fn::ToJsonString': {key: !Ref Key}}", PARAMETERS)
    assert isinstance(json_text, Encoded)
    assert json_text.encoding == "json"
    assert isinstance(json_text.inner, Mapping)


def test_hops_tell_the_way_from_the_default(value: ValueOf) -> None:
    direct = value("!Ref Given", PARAMETERS)
    assert [(hop.kind, hop.address) for hop in direct.via] == [("parameter", "Parameters/Given")]
    assert direct.span is not None
    assert direct.span.line == 3
    inside = value("!Sub 'a-${Given}-b'", PARAMETERS)
    assert [hop.address for hop in inside.via] == ["Parameters/Given"]
    mapped = value("!FindInMap [Sizes, eu-west-1, small]", PARAMETERS)
    assert [(hop.kind, hop.address) for hop in mapped.via] == [("local", "Mappings.Sizes.eu-west-1.small")]


def test_parts_of_a_text_have_their_own_spans(value: ValueOf, tmp_path: object) -> None:
    expression = "!Sub |\n  é export A=${Key}\n  B=${Key.SecretAccessKey}{{resolve:ssm:/x}}\n"
    found = value(expression, PARAMETERS)
    assert isinstance(found, Template)
    data = (tmp_path / "t.yaml").read_bytes()  # type: ignore[attr-defined,operator]
    written = [data[part.span.start : part.span.end].decode() for part in children(found) if part.span]
    assert written[1] == "${Key}"
    assert written[3:5] == ["${Key.SecretAccessKey}", "{{resolve:ssm:/x}}"]
    known = [text(part) for part in children(found) if isinstance(part, Scalar)]
    assert known == ["é export A=", "\nB=", "\n"]


def test_numbers_in_text_stay_as_written(value: ValueOf) -> None:
    assert plain(value("!Sub '${Given}-007'", PARAMETERS)) == "prod-007"
    found = value("[001234567890, 1.0]")
    assert isinstance(found, Sequence)
    assert [text(item) for item in found.items] == ["001234567890", "1"]


def test_text_cannot_grow_without_bound(value: ValueOf) -> None:
    nested = "!Sub 'xxxxxxxxxxxxxxxx'"
    for _ in range(40):
        nested = f"{{'Fn::Sub': ['${{a}}${{a}}', {{a: {nested}}}]}}"
    found = value(nested)
    assert isinstance(found, (Unknown, Template))


def test_jinja_is_unknown(value: ValueOf) -> None:
    assert isinstance(value("'{{ database_password }}'"), Unknown)
    assert render(value("x-{{ name }}-y")) == "x-${?}-y"
