"""The targets of the code are those of the closed list."""

from __future__ import annotations

from rolecall.catalog.entries import catalog
from rolecall.model.targets import TARGETS, WORDS


def test_every_target_is_of_the_closed_list() -> None:
    named = {target for table in TARGETS.values() for target in table.values()}
    named |= {entry.target for entry in catalog().values() if entry.target}
    assert "aws:execution-role" in named
    assert named <= set(WORDS)
    assert len(set(WORDS)) == len(WORDS)
