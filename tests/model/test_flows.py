"""Every kind of hop: who consumes a key, by which places, and where its way is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from .estate import credentials, model_of, parse, places

FLOWS = sorted(Path(__file__).parent.joinpath("flows").glob("*.txt"))


@pytest.mark.parametrize("path", FLOWS, ids=[path.stem for path in FLOWS])
def test_a_key_is_followed_to_its_consumers_by_every_place(path: Path, tmp_path: Path) -> None:
    case = parse(path.read_text("utf-8"))
    assert case.expected, "the text expects nothing"
    model = model_of(tmp_path, case.files)
    flows = [model.flow(credential) for credential in credentials(model)]
    ways = [end.steps for flow in flows for end in (*flow.consumptions, *flow.open_ends)]
    consumers = {consumption.workload.site.address for flow in flows for consumption in flow.consumptions}
    assert sorted(consumers) == case.wanted("consumer")
    assert sorted({end.store.site.address for flow in flows for end in flow.open_ends}) == case.wanted("open")
    marked = case.marked()
    assert {place for steps in ways for place in places(steps)} == {(path, line) for _, path, line in marked}
    numbers = {
        (path, line): [n for n, other, where in marked if (other, where) == (path, line)] for _, path, line in marked
    }
    for steps in ways:
        seen = 0
        for place in places(steps):
            later = [number for number in numbers[place] if number >= seen]
            assert later, f"{place} comes too late in {list(places(steps))}"
            seen = later[0]
