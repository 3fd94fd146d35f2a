"""Templates as written in a test, read through the frontend."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rolecall.frontends.cloudformation.reading import read
from rolecall.frontends.resource import Unit
from rolecall.frontends.values import Value, find
from rolecall.source.tree import Tree

Read = Callable[..., Unit]


@pytest.fixture
def template(tmp_path: Path) -> Read:
    """Writes files (the first positional one is `t.yaml`) and reads the unit that `t.yaml` is."""

    def read_one(main: str, /, **others: str) -> Unit:
        (tmp_path / "t.yaml").write_bytes(main.encode())
        for name, source in others.items():
            (tmp_path / name.replace("__", ".")).write_text(source, encoding="utf-8")
        tree = Tree(tmp_path)
        return next(unit for unit in read(tree, tree.paths()) if unit.name == "t.yaml")

    return read_one


@pytest.fixture
def value(template: Read) -> Callable[..., Value]:
    """The value of one expression, written as the property `P` of a resource, beside the sections given."""

    def value_of(expression: str, sections: str = "", **others: str) -> Value:
        unit = template(
            sections
            + "\nResources:\n  R:\n    Type: AWS::X::Y\n    Properties:\n      P: "
            + expression.replace("\n", "\n        ")
            + "\n  User: {Type: AWS::IAM::User}"
            + "\n  Key: {Type: AWS::IAM::AccessKey, Properties: {UserName: !Ref User}}\n",
            **others,
        )
        resource = next(resource for resource in unit.resources if resource.address == "R")
        found = next(find(resource.body, "P"), None)
        assert found is not None
        return found

    return value_of
