"""The settings that are laid out by idea, against the schemas of every provider and of CloudFormation."""

from __future__ import annotations

import pytest
from provider_schemas import PROVIDERS, bodies, needs_schemas

from rolecall.catalog.entries import Entry, catalog

from .test_catalog import in_cloudformation, in_provider

#: Blocks that any resource may have.
EVERYWHERE = ("connection", "provisioner")
TYPES = [entry for entry in catalog().values() if entry.settings and not entry.part]
TERRAFORM = [e for e in TYPES if ":" not in e.type and (e.type.partition("_")[0] in PROVIDERS or not PROVIDERS)]
TEMPLATES = [e for e in TYPES if e.type.startswith("AWS::") and not e.type.startswith("AWS::Serverless::")]


def paths(entry: Entry) -> set[str]:
    named = {path for setting in entry.settings for path in (setting.path, *(path for path, _ in setting.when))}
    return {one.partition("->")[0] for path in named for one in path.split("|")} - {""}


@needs_schemas
@pytest.mark.parametrize("entry", TERRAFORM, ids=lambda entry: entry.type)
def test_some_version_of_the_provider_has_the_attributes(entry: Entry) -> None:
    there = bodies(entry.type)
    assert there, "no provider has the type"
    missing = {path for path in paths(entry) if not any(in_provider(body, path) for body in there)}
    assert {path for path in missing if path.partition(".")[0] not in EVERYWHERE} == set()


@pytest.mark.parametrize("entry", TEMPLATES, ids=lambda entry: entry.type)
def test_a_template_has_the_properties(entry: Entry) -> None:
    manager = pytest.importorskip("cfnlint.schema").PROVIDER_SCHEMA_MANAGER
    schema = manager.get_resource_schema("us-east-1", entry.type).schema
    assert {path for path in paths(entry) if not in_cloudformation(schema, schema, path)} == set()
