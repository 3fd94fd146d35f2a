"""The catalog against the migration recipes it serves and the schemas of the provider and of CloudFormation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from provider_schemas import bodies, needs_schemas

from rolecall.catalog.entries import CATALOGS, Entry, catalog, hints

FOLDER = Path(__file__).parent
#: Every type that the recipes AWS-01 to AWS-38 name and in which a key can lie or an identity is used.
RECIPES = FOLDER.joinpath("recipe_types.txt").read_text("utf-8").split()
#: What the recipes name and the catalog leaves out: no AWS key can lie there and no identity is taken.
NO_PART = FOLDER.joinpath("types_without_a_part.txt").read_text("utf-8").split()
PARTS = {
    *("identity", "login", "credential", "grant", "policy", "membership", "oidc-provider", "profile", "pod-identity"),
    *("workload", "deployment", "store", "resource-policy", "pod", "service-account", "external-secret"),
    "permission-set",
}
STYLES = {"map", "pairs", "containers", "script", "value", "store-map", "store-pairs", "any"}
#: Attributes of older majors of the provider, which code in the wild still uses.
OLDER = {
    "aws_iam_access_key": {"ses_smtp_password"},
    "aws_secretsmanager_secret": {"rotation_lambda_arn", "rotation_rules.automatically_after_days"},
}
#: Types of services that have ended, which templates still use.
RETIRED = {"AWS::OpsWorks::App", "AWS::OpsWorks::Stack"}


def aws() -> Iterator[Entry]:
    yield from (entry for entry in catalog().values() if entry.cloud == "aws")


def paths(entry: Entry) -> Iterator[str]:
    """Every attribute path that an entry names."""
    single = (
        "name path tags boundary scope namespace service_account url status pgp of parent owner identity trust login "
        "inline managed groups principal users roles group_list document policy action"
    )
    for key in single.split():
        yield getattr(entry, key)
    yield from (*entry.id, *entry.secret, *entry.smtp, *entry.values, *entry.acls)
    yield from (row.partition(" = ")[2] for row in entry.asks)
    for setting in entry.settings:
        yield setting.path
        yield from (path.partition("->")[0] for path, _ in setting.when)
    yield from (secret.path for secret in entry.secrets)
    for item in entry.inputs:
        yield item.path
        if item.style == "pairs":
            yield from (f"{item.path}.{inner}" for inner in (item.key, item.value, item.type) if inner)


@pytest.mark.parametrize("type_name", RECIPES)
def test_a_type_of_the_recipes_has_a_part(type_name: str) -> None:
    assert catalog()[type_name].part in PARTS


@pytest.mark.parametrize("type_name", NO_PART)
def test_a_type_without_a_part_plays_none(type_name: str) -> None:
    entry = catalog().get(type_name)
    assert entry is None or not entry.part


def test_every_layout_is_one_that_fields_knows() -> None:
    assert {item.style for entry in aws() for item in entry.inputs} <= STYLES
    assert {entry.part for entry in aws()} <= PARTS | {""}
    assert all(entry.settings or entry.secrets or entry.inputs or entry.acls for entry in aws() if not entry.part)


def test_workloads_say_what_they_are() -> None:
    for entry in aws():
        if entry.part == "workload":
            assert entry.kind and entry.platform and entry.target, entry.type


def test_the_hints_have_the_words_that_the_model_asks_for() -> None:
    for kind in ("ci", "machine", "human", "developer", "broker", "break_glass", "supplier", "smtp"):
        assert hints()["words"][kind]
    assert "aws.toml" in CATALOGS


def test_a_path_that_is_not_there_is_told() -> None:
    manager = pytest.importorskip("cfnlint.schema").PROVIDER_SCHEMA_MANAGER
    schema = manager.get_resource_schema("us-east-1", "AWS::CodeBuild::Project").schema
    assert in_cloudformation(schema, schema, "Environment.EnvironmentVariables.Name")
    assert not in_cloudformation(schema, schema, "Environment.EnvironmentVariables.Label")
    assert not in_cloudformation(schema, schema, "Role")


def in_provider(body: dict[str, Any], path: str) -> bool:
    """Whether a dotted path leads to an attribute or block; below a map or a JSON text anything does."""
    head, _, rest = path.partition(".")
    if head == "*":
        return any(in_provider(block[3], rest) for block in body["b"].values()) or rest in body["a"]
    if head in body["b"]:
        return not rest or in_provider(body["b"][head][3], rest)
    return head in body["a"]


@needs_schemas
@pytest.mark.parametrize("entry", [e for e in aws() if e.type.startswith("aws_")], ids=lambda e: e.type)
def test_the_last_provider_with_the_type_has_the_attributes(entry: Entry) -> None:
    body = bodies(entry.type)[-1]
    for path in filter(None, paths(entry)):
        if path.partition(".")[0] in ("provisioner", "connection") or path in OLDER.get(entry.type, ()):
            continue
        assert any(in_provider(body, one) for one in path.split("|")), path


def in_cloudformation(schema: dict[str, Any], node: dict[str, Any], path: str) -> bool:
    while "$ref" in node:
        node = schema["definitions"][node["$ref"].rpartition("/")[2]]
    if not path or "patternProperties" in node:
        return True
    if "items" in node:
        return in_cloudformation(schema, node["items"], path)
    choices = [*node.get("oneOf", ()), *node.get("anyOf", ()), *node.get("allOf", ())]
    head, _, rest = path.partition(".")
    if head == "*":
        inside = node.get("properties", {}).values()
        return any(in_cloudformation(schema, inner, rest) for inner in inside) or any(
            in_cloudformation(schema, choice, path) for choice in choices
        )
    if head in node.get("properties", {}):
        return in_cloudformation(schema, node["properties"][head], rest)
    if any(in_cloudformation(schema, choice, path) for choice in choices):
        return True
    kinds = node.get("type", ())
    return "properties" not in node and ("object" in kinds or "string" in kinds)


@pytest.mark.parametrize(
    "entry",
    [
        e
        for e in aws()
        if e.type.startswith("AWS::") and not e.type.startswith("AWS::Serverless::") and e.type not in RETIRED
    ],
    ids=lambda e: e.type,
)
def test_cloudformation_has_the_properties(entry: Entry) -> None:
    manager = pytest.importorskip("cfnlint.schema").PROVIDER_SCHEMA_MANAGER
    schema = manager.get_resource_schema("us-east-1", entry.type).schema
    for path in (one for several in paths(entry) for one in several.split("|") if one):
        if path.startswith("$") or path == "Ref":
            continue
        assert in_cloudformation(schema, schema, path), path
