"""cfn-lint's decoder as the oracle: the same logical ids, types and property names."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rolecall.frontends.cloudformation.reading import read_unit, units
from rolecall.frontends.resource import Unit
from rolecall.frontends.values import Value, children
from rolecall.source.tree import Tree

FIXTURES = Path(__file__).parent / "fixtures"
CORPORA = Path(__file__).parents[3] / "corpora"
REPOSITORIES = ("aws-cloudformation__aws-cloudformation-templates", "bridgecrewio__cfngoat")


def decoded(path: Path) -> dict[str, Any] | None:
    """What cfn-lint reads of a file; None where it refuses it."""
    from cfnlint.decode import decode

    logging.getLogger("cfnlint").setLevel(logging.CRITICAL)
    template, matches = decode(str(path))
    return None if matches or not isinstance(template, dict) else template


def declared(template: dict[str, Any]) -> Iterator[tuple[str, str, frozenset[str]]]:
    """The resources by cfn-lint: id, type, property names; without loops and macros, which only rolecall unrolls."""
    for name, resource in template["Resources"].items():
        if not name.startswith("Fn::") and isinstance(resource, dict) and isinstance(resource.get("Type"), str):
            properties = resource.get("Properties") or {}
            keys = frozenset(str(key) for key in properties if not str(key).startswith("Fn::"))
            yield str(name), str(resource["Type"]), keys


def compare(unit: Unit, template: dict[str, Any]) -> None:
    found = {
        resource.address: (resource.type, resource)
        for resource in unit.resources
        if resource.mode == "resource" and not resource.calls
    }
    for name, type_name, keys in declared(template):
        assert found[name][0] == type_name, name
        body = found[name][1].body
        ours = {entry.name for entry in body.entries}
        missing = {key for key in keys if key not in ours and not _is_no_value(template["Resources"][name], key)}
        assert not missing, (name, missing)
    loops = any(str(name).startswith("Fn::") for name in template["Resources"])
    assert loops or len(found) == len(list(declared(template)))
    for mode, section in (("parameter", "Parameters"), ("output", "Outputs")):
        ours = {resource.name for resource in unit.resources if resource.mode == mode and not resource.calls}
        theirs = {str(name) for name in template.get(section) or {} if not str(name).startswith("Fn::")}
        assert theirs <= ours


def _is_no_value(resource: dict[str, Any], key: str) -> bool:
    """Whether a property may turn out not to be there."""
    return "AWS::NoValue" in str(resource["Properties"][key])


def walk(value: Value) -> Iterator[Value]:
    yield value
    for child in children(value):
        yield from walk(child)


def read_folder(root: Path) -> Iterator[tuple[Unit, Path]]:
    tree = Tree(root)
    for plan in units(tree, tree.paths()):
        yield read_unit(tree, plan), root / plan.name


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.*")), ids=lambda path: path.name)
def test_fixtures_read_as_cfn_lint_reads_them(path: Path) -> None:
    tree = Tree(FIXTURES)
    (unit,) = [read_unit(tree, plan) for plan in units(tree, [path.name])]
    template = decoded(path)
    assert template is not None
    assert not unit.problems
    compare(unit, template)


@pytest.mark.parametrize("name", REPOSITORIES)
def test_real_templates_read_as_cfn_lint_reads_them(name: str) -> None:
    if not (CORPORA / name).is_dir():
        pytest.skip("the corpora are not beside the checkout")
    compared = 0
    for place, (unit, path) in enumerate(read_folder(CORPORA / name)):
        for resource in unit.resources:
            for value in walk(resource.body):
                assert value.span is None or value.span.end <= path.stat().st_size or unit.files[1:]
        if place % 6 and "cfngoat" not in name:
            continue  # the oracle takes its time
        template = decoded(path)
        if template is not None and unit.resources:
            compare(unit, template)
            compared += 1
    assert compared
