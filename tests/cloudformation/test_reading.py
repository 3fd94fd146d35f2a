"""Templates as units of resources: sections, conditions, loops, SAM, nested stacks, and input that is no good."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.frontends.cloudformation.reading import MAX_STACKS_DEEP, read, units
from rolecall.frontends.cloudformation.template import is_template
from rolecall.frontends.resource import Resource, Unit
from rolecall.frontends.values import Reference, Scalar, Unknown, plain, references, render
from rolecall.source.text import SourceText
from rolecall.source.tree import Tree

Read = Callable[..., Unit]


def by_address(unit: Unit) -> dict[str, Resource]:
    return {resource.address: resource for resource in unit.resources}


BASIC = """\
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Stage: {Type: String, Default: dev, AllowedValues: [dev, prod]}
  Password: {Type: String, NoEcho: true}
Conditions:
  Prod: !Equals [!Ref Stage, prod]
  Dev: !Not [!Condition Prod]
  Asked: !Or [!Condition Prod, !Equals [!Ref Password, ""]]
  Loop: !Condition Loop
Resources:
  User:
    Type: AWS::IAM::User
    DeletionPolicy: Retain
    Metadata: {Owner: !Ref Stage}
    DependsOn: [Key]
    Properties:
      UserName: ci
  Key: {Type: AWS::IAM::AccessKey, Condition: Dev, Properties: {UserName: !Ref User}}
  ProdOnly: {Type: AWS::IAM::User, Condition: Prod}
  Maybe: {Type: AWS::IAM::User, Condition: Asked}
  Round: {Type: AWS::IAM::User, Condition: Loop}
Outputs:
  Secret:
    Value: !GetAtt Key.SecretAccessKey
    Export: {Name: !Sub "${Stage}-secret"}
"""


def test_each_section_gives_resources(template: Read) -> None:
    unit = template(BASIC)
    found = by_address(unit)
    assert (unit.name, unit.format, unit.files, list(unit.problems)) == ("t.yaml", "cloudformation", ("t.yaml",), [])
    user = found["User"]
    assert (user.id, user.mode, user.type, user.name, user.module) == (
        "t.yaml//User",
        "resource",
        "AWS::IAM::User",
        "User",
        "t.yaml",
    )
    assert (user.span.line, user.span.end_line, user.header.end_line) == (11, 17, 11)
    assert plain(user.body) == {
        "UserName": "ci",
        "$DeletionPolicy": "Retain",
        "$Metadata": {"Owner": "dev"},
        "$DependsOn": ["Key"],
    }
    parameter = found["Parameters/Password"]
    assert (parameter.mode, plain(parameter.body)) == ("parameter", {"Type": "String", "NoEcho": True})
    output = found["Outputs/Secret"]
    assert output.mode == "output"
    assert [reference.target for reference in references(output.body)] == ["t.yaml//Key"]
    assert render(output.get("Export.Name")) == "dev-secret"


def test_conditions_say_whether_and_why(template: Read) -> None:
    found = by_address(template(BASIC))
    assert found["User"].condition is None
    conditions = {name: found[name].condition for name in ("Key", "ProdOnly", "Maybe", "Round")}
    assert {name: condition.keys for name, condition in conditions.items()} == {
        "Key": ("",),
        "ProdOnly": (),
        "Maybe": ("",),
        "Round": ("",),
    }
    assert conditions["Key"].inputs == ("Parameters/Stage",)
    assert conditions["Maybe"].inputs == ("Parameters/Stage", "Parameters/Password")
    assert not any(condition.called for condition in conditions.values())


def test_json_reads_as_yaml_does(tmp_path: Path) -> None:
    body = {
        "Resources": {
            "Key": {"Type": "AWS::IAM::AccessKey", "Properties": {"UserName": {"Ref": "User"}}},
            "User": {"Type": "AWS::IAM::User"},
        }
    }
    for name, indent in (("min.json", None), ("tab.template", "\t"), ("cdk.out/App.template.json", 1)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + json.dumps(body, indent=indent).replace("\n", "\r\n").encode())
    tree = Tree(tmp_path)
    found = list(read(tree, tree.paths()))
    assert [unit.name for unit in found] == ["cdk.out/App.template.json", "min.json", "tab.template"]
    for unit in found:
        assert not unit.problems
        assert by_address(unit)["Key"].get("UserName").target == f"{unit.name}//User"


def test_globals_of_sam_are_merged(template: Read) -> None:
    unit = template("""\
Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    Runtime: python3.12
    Environment: {Variables: {A: shared, B: shared}}
    Layers: [one]
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      Environment: {Variables: {B: own, C: !Ref T}}
      Layers: [two]
      Policies: [{DynamoDBReadPolicy: {TableName: !Ref T}}]
  T: {Type: AWS::Serverless::SimpleTable, Properties: {TableName: t}}
""")
    function = by_address(unit)["F"]
    assert {entry.name: render(entry.value) for entry in function.get("Environment.Variables").entries} == {
        "A": "shared",
        "B": "own",
        "C": "${T.Ref}",
    }
    assert plain(function.get("Layers")) == ["one", "two"]
    assert plain(function.get("Runtime")) == "python3.12"
    assert by_address(unit)["T"].get("Runtime") is None


def test_loops_are_unrolled(template: Read) -> None:
    unit = template("""\
Transform: AWS::LanguageExtensions
Parameters:
  Names: {Type: CommaDelimitedList, Default: "ci,cd"}
  Open: {Type: CommaDelimitedList}
Resources:
  Fn::ForEach::Users:
    - Name
    - !Ref Names
    - User${Name}:
        Type: AWS::IAM::User
        Properties:
          UserName: !Sub "bot-${Name}"
          Path: /${Name}/
          Fn::ForEach::Tags: [T, [x, y], {"Tag${T}": !Ref T}]
      Key${Name}:
        Type: AWS::IAM::AccessKey
        Properties: {UserName: !Ref "User${Name}"}
  Fn::ForEach::Open: [X, !Ref Open, {"Role${X}": {Type: AWS::IAM::Role}}]
Outputs:
  Fn::ForEach::Keys: [Name, [ci, cd], {"Out${Name}": {Value: !GetAtt ["Key${Name}", SecretAccessKey]}}]
""")
    found = by_address(unit)
    assert [name for name in found if "/" not in name] == ["Userci", "Keyci", "Usercd", "Keycd", "Role${X}"]
    assert plain(found["Usercd"].body) == {"UserName": "bot-cd", "Path": "/cd/", "Tagx": "x", "Tagy": "y"}
    assert found["Keyci"].get("UserName").target == "t.yaml//Userci"
    assert found["Outputs/Outcd"].get("Value").target == "t.yaml//Keycd"
    assert found["Role${X}"].condition.keys is None
    assert found["Userci"].condition is None


def test_loops_are_bounded(template: Read) -> None:
    items = ",".join(f"n{number}" for number in range(200))
    loop = '{"R${a}${b}": {Type: AWS::IAM::User}}'
    for variable in "ba":
        loop = f"{{'Fn::ForEach::{variable}': [{variable}, [{items}], {loop}]}}"
    unit = template(f"Resources: {loop}\n")
    assert "limit" in {problem.kind for problem in unit.problems}
    assert len(unit.resources) <= 5_000


PARENT = """\
Resources:
  Child:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: ./child.yaml
      Parameters:
        Secret: !GetAtt Key.SecretAccessKey
        Enabled: "yes"
  Key: {Type: AWS::IAM::AccessKey, Properties: {UserName: ci}}
  Use:
    Type: AWS::Lambda::Function
    Properties:
      Environment: {Variables: {S: !GetAtt Child.Outputs.Passed, N: !GetAtt Child.Outputs.None}}
  Far:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: "https://example.com/far.yaml"}
"""
CHILD = """\
Parameters:
  Secret: {Type: String, NoEcho: true}
  Enabled: {Type: String, Default: "no"}
Conditions:
  On: !Equals [!Ref Enabled, "yes"]
Resources:
  Store:
    Type: AWS::SSM::Parameter
    Condition: On
    Properties: {Name: /x, Value: !Ref Secret}
Outputs:
  Passed: {Value: !Ref Secret}
"""


def test_nested_stacks_by_local_path(template: Read) -> None:
    unit = template(PARENT, child__yaml=CHILD)
    found = by_address(unit)
    assert unit.files == ("t.yaml", "child.yaml")
    store = found["Child.Store"]
    assert (store.id, store.module, [span.line for span in store.calls]) == ("t.yaml//Child.Store", "child.yaml", [2])
    value = store.get("Value")
    assert (value.target, value.attribute) == ("t.yaml//Key", "SecretAccessKey")
    assert [(hop.kind, hop.address) for hop in value.via] == [("parameter", "Child.Parameters/Secret")]
    assert (store.condition.keys, store.condition.called) == (("",), True)
    passed = found["Use"].get("Environment.Variables.S")
    assert [hop.address for hop in passed.via] == ["Child.Parameters/Secret", "Child.Outputs/Passed"]
    assert found["Use"].get("Environment.Variables.N").target == "t.yaml//Child"
    assert [(problem.kind, problem.span.line) for problem in unit.problems] == [("remote-module", 16)]


def test_a_nested_template_is_no_unit_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(PARENT)
    (tmp_path / "child.yaml").write_text(CHILD)
    (tmp_path / "other.yaml").write_text(CHILD)
    tree = Tree(tmp_path)
    assert [(plan.name, plan.files) for plan in units(tree, tree.paths())] == [
        ("a.yaml", ("a.yaml", "child.yaml")),
        ("other.yaml", ("other.yaml",)),
    ]


def test_the_assets_of_the_cdk_are_nested(template: Read) -> None:
    unit = template(
        """\
Resources:
  Child:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: !Sub "https://s3.${AWS::Region}.amazonaws.com/x/y.json"
      Parameters: {Secret: s}
    Metadata: {"aws:asset:path": child.yaml}
""",
        child__yaml=CHILD,
    )
    assert "Child.Store" in by_address(unit)


def test_templates_that_nest_each_other_end(template: Read) -> None:
    properties = "{TemplateURL: %s, Parameters: {P: !GetAtt N.Outputs.O}}"
    nest = "Resources:\n  N: {Type: AWS::CloudFormation::Stack, Properties: " + properties + "}\n"
    tail = "Parameters: {P: {Type: String}}\nOutputs: {O: {Value: !Ref P}}\n"
    unit = template((nest % "u.yaml") + tail, u__yaml=(nest % "t.yaml") + tail)
    assert [problem.kind for problem in unit.problems] == ["cycle"]
    found = by_address(unit)
    assert isinstance(found["N.Outputs/O"].get("Value"), Reference)


def test_chains_of_stacks_are_bounded(template: Read) -> None:
    nest = "Resources: {{N: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: n{}.yaml}}}}}}\n"
    others = {f"n{number}__yaml": nest.format(number + 1) for number in range(MAX_STACKS_DEEP + 3)}
    unit = template(nest.format(0), **others)
    assert "limit" in {problem.kind for problem in unit.problems}


def test_paths_out_of_the_root_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "child.yaml").write_text(CHILD)
    root = tmp_path / "root"
    root.mkdir()
    (root / "t.yaml").write_text(PARENT.replace("./child.yaml", "../child.yaml"))
    (root / "link.yaml").symlink_to(tmp_path / "child.yaml")
    (root / "u.yaml").write_text(PARENT.replace("./child.yaml", "link.yaml"))
    tree = Tree(root)
    for unit in read(tree, tree.paths()):
        assert not any(address.startswith("Child.") for address in by_address(unit))
        assert "remote-module" in {problem.kind for problem in unit.problems}


@pytest.mark.parametrize(
    ("path", "source", "expected"),
    [
        ("a.yaml", "Resources:\n  A:\n    Type: AWS::IAM::User\n", True),
        ("a.template", '{"Resources":{"A":{"Type":"AWS::IAM::User"}}}', True),
        ("a.yml", "Transform: AWS::Serverless-2016-10-31\nResources: {}\n", True),
        ("a.yaml", "AWSTemplateFormatVersion: 2010-09-09\nResources:\n", True),
        ("a.yaml", "apiVersion: v1\nkind: Secret\n", False),
        ("a.py", "Resources:\n  A:\n    Type: AWS::IAM::User\n", False),
        ("a.yaml", "kind: Resources\nType: AWS::IAM::User\n", False),
    ],
)
def test_templates_are_told_by_a_search(path: str, source: str, expected: bool) -> None:
    assert is_template(path, SourceText(path, source.encode())) is expected


def test_a_broken_template_is_a_problem(template: Read) -> None:
    unit = template("Resources:\n  A:\n    Type: AWS::IAM::User\n   B: [\n")
    assert not unit.resources
    assert [(problem.kind, problem.span.line) for problem in unit.problems] == [("syntax", 4)]


def test_a_templated_template_is_read_around_what_is_filled_in(template: Read) -> None:
    unit = template("""\
Resources:
{% for user in users %}
  User:
    Type: AWS::IAM::User
    Properties:
      UserName: {{ user.name }}
      Path: /bots/
{% endfor %}
""")
    user = by_address(unit)["User"]
    assert not unit.problems
    assert isinstance(user.get("UserName"), Unknown)
    assert plain(user.get("Path")) == "/bots/"
    assert user.span.line == 3


def test_aliases_and_merge_keys(template: Read) -> None:
    unit = template("""\
Resources:
  A: &base
    Type: AWS::IAM::User
    Properties: &props {Path: /x/, UserName: a}
  B:
    <<: *base
    Properties: {<<: *props, UserName: b}
""")
    assert plain(by_address(unit)["B"].body) == {"UserName": "b", "Path": "/x/"}


@pytest.mark.parametrize(
    "source",
    [
        "Resources: {A: {Type: AWS::IAM::User, Properties: !Ref B}}",
        "Resources: {A: {Type: AWS::IAM::User, Properties: [1]}, B: 3, C: {Type: [x]}, D: {Properties: {}}}",
        "Resources: {A: {Type: AWS::IAM::User, Properties: {'Fn::Transform': {Name: M}}}}",
        "Parameters: [x]\nConditions: 3\nMappings: {a: b}\nOutputs: {a: b}\nResources: {A: {Type: AWS::IAM::User}}",
        "Parameters: {a: {Default: [1, {b: c}], Type: {x: y}}}\n"
        "Resources: {A: {Type: AWS::IAM::User, Properties: {x: !Ref a}}}",
        "Resources: {A: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: [x], Parameters: [1]}}}",
        "Resources: {'Fn::ForEach::x': [1], 'Fn::ForEach::y': {}, A: {Type: AWS::IAM::User}}",
        "Resources: {A: {Type: AWS::IAM::User, Condition: {x: y}, Properties: {x: !If [[a], b, c]}}}",
    ],
)  # fmt: skip
def test_shapes_that_do_not_fit_do_not_stop_the_reading(template: Read, source: str) -> None:
    unit = template(source)
    assert "A" in by_address(unit)
    for resource in unit.resources:
        assert resource.body is not None


def deep(expression: str, levels: int) -> str:
    for _ in range(levels):
        expression = f"{{'Fn::Join': ['', [{expression}]]}}"
    return expression


def test_functions_inside_functions(template: Read) -> None:
    unit = template(f"Resources: {{A: {{Type: AWS::IAM::User, Properties: {{UserName: {deep('x', 20)}}}}}}}")
    assert plain(by_address(unit)["A"].body) == {"UserName": "x"}


def test_depth_is_counted_through_the_parameters_of_stacks(template: Read) -> None:
    stack = (
        "Parameters: {{P: {{Type: String}}}}\n"
        "Resources: {{N: {{Type: AWS::CloudFormation::Stack, Properties: {{{}}}}}}}\n"
    )
    others = {
        f"n{number}__yaml": stack.format(f"TemplateURL: n{number + 1}.yaml, Parameters: {{P: {deep('!Ref P', 35)}}}")
        for number in range(8)
    }
    unit = template(stack.format("TemplateURL: n0.yaml, Parameters: {P: x}"), **others)
    found = by_address(unit)
    assert plain(found["N.N"].get("Parameters.P")) == "x"
    deepest = found["N.N.N.N.N.N.N.N"].get("Parameters.P")
    assert isinstance(deepest, Unknown)


names = st.sampled_from(["A", "B", "P", "C", "M", "AWS::Region", "AWS::NoValue", "A.Arn", "C.Outputs.O", "${A}", ""])
expressions = st.recursive(
    names | st.integers() | st.none() | st.sampled_from(["{{resolve:ssm:", "}}", "x{{resolve:secretsmanager:a:b:c}}"]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(
            ["Ref", "Fn::Sub", "Fn::Join", "Fn::If", "Fn::Select", "Fn::Split", "Fn::GetAtt", "Fn::FindInMap", "Type",
             "Fn::Length", "Fn::ImportValue", "Fn::Base64", "Fn::Equals", "Fn::Not", "Condition", "Fn::ForEach::L"]
        ),
        inner,
        max_size=2,
    ),
    max_leaves=25,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(expressions, expressions, expressions, expressions)
def test_no_expression_stops_the_reading(
    tmp_path_factory: pytest.TempPathFactory, a: object, b: object, c: object, d: object
) -> None:
    body = {
        "Parameters": {"P": {"Type": "String", "Default": d}},
        "Conditions": {"C": c, "D": b},
        "Mappings": {"M": {"A": {"B": d}}},
        "Resources": {
            "A": {"Type": "AWS::IAM::User", "Condition": "C", "Properties": {"x": a, "y": b}},
            "C": {
                "Type": "AWS::CloudFormation::Stack",
                "Properties": {"TemplateURL": "child.yaml", "Parameters": {"Secret": a}},
            },
            "Fn::ForEach::B": b,
        },
        "Outputs": {"O": {"Value": a}},
    }
    overlay = {"t.json": json.dumps(body).encode(), "child.yaml": CHILD.encode()}
    tree = Tree(tmp_path_factory.getbasetemp(), overlay)
    for unit in read(tree, ["t.json"]):
        for resource in unit.resources:
            assert render(resource.body) is not None
            assert resource.header.start >= resource.span.start


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=40), st.integers(0, 900))
def test_no_bytes_stop_the_reading(tmp_path_factory: pytest.TempPathFactory, noise: bytes, at: int) -> None:
    data = BASIC.encode()
    overlay = {"t.yaml": data[:at] + noise + data[at:]}
    tree = Tree(tmp_path_factory.getbasetemp(), overlay)
    for unit in read(tree, ["t.yaml"]):
        assert unit.resources or unit.problems or noise
        for resource in unit.resources:
            assert isinstance(render(resource.body), str)


def test_scalars_keep_the_place_of_the_literal(template: Read) -> None:
    unit = template("Resources:\n  A:\n    Type: AWS::X::Y\n    Properties:\n      K: 'AKIAIOSFODNN7EXAMPLE' # é\n")
    found = by_address(unit)["A"].get("K")
    assert isinstance(found, Scalar)
    assert (found.span.line, found.span.column, found.span.end_column) == (5, 10, 31)
    entry = by_address(unit)["A"].body.entries[0]
    assert (entry.span.column, entry.span.end_column) == (7, 31)
