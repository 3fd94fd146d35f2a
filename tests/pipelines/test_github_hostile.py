"""Whatever lies in a repository, reading it ends with units and problems."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rolecall.frontends.pipelines import github
from rolecall.frontends.values import references
from rolecall.source.tree import Tree

if TYPE_CHECKING:
    from tests.pipelines.conftest import Estate

Files = Callable[[dict[str, "str | bytes"]], "Estate"]
WORKFLOW = ".github/workflows/w.yml"


def read_all(tree: Tree) -> int:
    """Reads everything that can be asked for; the number of values with a reference in them."""
    count = 0
    for unit in github.read(tree, tree.paths()):
        for resource in unit.resources:
            count += sum(1 for _ in references(resource.body))
            count += sum(1 for fact in github.step_facts(resource) if fact.value is not None)
    return count


@pytest.mark.parametrize(
    ("content", "problems"),
    [
        (b"", []),
        (b"\xff\xfe\x00j", ["syntax"]),
        (b"on: push\njobs:\n  a: {steps: [{run: '\xff\xfe'}]}\n", ["syntax"]),
        (b"jobs: [", ["syntax"]),
        (b"jobs: {a: {steps: {run: x}}, b: [], c: }\n", []),
        (b"- not\n- a mapping\n", []),
        (b"jobs: \xc3\xa9\n", []),
        (b"jobs:\n  a:\n    steps:\n" + b"      - " * 3000, ["limit"]),
        (b"jobs: " + b"{a: " * 10_000, ["limit", "syntax"]),
        (b"jobs: {a: &x {steps: [*x]}}\n", ["syntax"]),
        (b"jobs: {a: {steps: [{run: '${{ ((((((('}]}}\n", []),
        (b"on: push\njobs: {? [a] : {}, a: {env: {? {x: y} : z}}}\n", []),
    ],
)
def test_broken_files(estate: Files, content: bytes, problems: list[str]) -> None:
    found = estate({WORKFLOW: content})
    assert set(found.problems()) <= set(problems)
    assert bool(found.problems()) == bool(problems)
    read_all(found.tree)


def test_byte_order_marks_and_carriage_returns_keep_spans_right(estate: Files) -> None:
    content = "\ufeffon: push\r\njobs:\r\n  é:\r\n    steps:\r\n      - run: |\r\n          é ${{ secrets.A }}\r\n"
    found = estate({WORKFLOW: content.encode()})
    run = found["jobs.é.steps[0]"].get("run")
    assert run is not None
    (reference,) = references(run)
    assert reference.span is not None
    assert found.tree.read(WORKFLOW).text(reference.span) == "secrets.A"
    assert (reference.span.line, reference.span.column) == (6, 17)


def test_aliases_do_not_multiply(estate: Files) -> None:
    lines = ["x0: &x0 {run: '${{ secrets.A }}'}"]
    lines += [f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 10)}]" for n in range(1, 9)]
    found = estate({WORKFLOW: "\n".join([*lines, "on: push", "jobs: {a: {strategy: {matrix: *x8}, steps: *x8}}"])})
    assert "limit" in found.problems()
    read_all(found.tree)


TOKENS = [
    "on: push\n", "jobs:\n", "  a:\n", "    steps:\n", "      - run: |\n", "          ", "echo ", "A=b\n", "\n",
    "|| ", "      - uses: ./x\n", "        with:\n", "          k: ", "${{ ", " }}", "secrets.A", "env.A",
    "inputs.k", "matrix.x", "needs.a.outputs.o", "    env:\n", "      A: ", "    uses: ./.github/workflows/w.yml\n",
    "    secrets: inherit\n", ">> $GITHUB_ENV\n", "'", '"', "    outputs:\n", "      o: ",
    "    strategy: {matrix: {x: [1, 2]}}\n", "&a ", "*a", "\t", "é", "\x00", "- ", ": ",
]  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(st.lists(st.sampled_from(TOKENS), max_size=40), st.lists(st.sampled_from(TOKENS), max_size=25))
def test_any_workflow_and_action_is_read(tmp_path: Path, workflow: list[str], action: list[str]) -> None:
    overlay = {
        WORKFLOW: ("on: push\njobs:\n  a:\n" + "".join(workflow)).encode(),
        "x/action.yml": ("runs:\n  using: composite\n" + "".join(action)).encode(),
    }
    assert read_all(Tree(tmp_path).with_overlay(overlay)) >= 0


CORPORA = Path(__file__).resolve().parents[3] / "corpora"
REPOSITORIES = sorted(path for path in CORPORA.glob("*") if (path / ".github" / "workflows").is_dir())
_SECRET = re.compile(r"\$\{\{[^}]*?\bsecrets\.([\w-]+)")


@pytest.mark.skipif(not REPOSITORIES, reason="no corpora beside the checkout")
@pytest.mark.parametrize("repository", REPOSITORIES, ids=lambda path: path.name)
def test_every_secret_that_a_search_finds_is_found(repository: Path) -> None:
    tree = Tree(repository)
    paths = [path for path in tree.paths() if path.startswith(".github/")]
    found: set[tuple[str, str]] = set()
    for unit in github.read(tree, paths):
        assert [problem for problem in unit.problems if problem.kind == "syntax"] == []
        for resource in unit.resources:
            found |= {
                (ref.span.path, ref.attribute)
                for ref in references(resource.body)
                if ref.target == "secret" and ref.span
            }
    for plan in github.units(tree, paths):
        written = tree.read(plan.name).data.decode()
        code = "\n".join(line for line in written.splitlines() if not line.lstrip().startswith("#"))
        assert {(plan.name, name) for name in _SECRET.findall(code)} <= found
