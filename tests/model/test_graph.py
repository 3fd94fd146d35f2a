"""Ways through any graph of stores: every workload that can be reached is, nothing else, and rings do not matter."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.model.linking import MAX_PATH, Model, link
from rolecall.model.parts import Credential, Edge, Fragment, Reading, Site, Store, Workload
from rolecall.source.text import Span

SPAN = Span("main.tf", 0, 1, 1, 1, 1, 1)
KEY = "u//key"
NODES = [f"u//store{number}" for number in range(8)]
ENDS = [f"u//work{number}" for number in range(4)]


def site(identifier: str) -> Site:
    name = identifier.rpartition("//")[2]
    return Site(identifier, "u", name, "terraform", "aws_ssm_parameter", name, "", SPAN, SPAN)


def model(pairs: list[tuple[str, str, bool]]) -> Model:
    """A key, stores and workloads, joined by reference or (True) by the store's name."""
    fragment = Fragment("u", "terraform")
    fragment.credentials.append(Credential(site(KEY), "access-key", "input", "aws", place=SPAN))
    fragment.stores.extend(Store(site(node), "ssm", node) for node in NODES)
    fragment.workloads.extend(Workload(site(end), "function", "lambda", "aws", "aws:execution-role") for end in ENDS)
    for source, holder, by_name in pairs:
        if by_name and source != KEY:
            fragment.readings.append(Reading(holder, "ssm", source, "", "X", SPAN))
        else:
            fragment.edges.append(Edge(source, "secret", holder, "X", SPAN))
    return link([fragment])


def reached(pairs: list[tuple[str, str, bool]]) -> set[str]:
    onward: dict[str, set[str]] = defaultdict(set)
    for source, holder, _ in pairs:
        onward[source].add(holder)
    seen, queue = {KEY}, [KEY]
    while queue:
        for holder in onward[queue.pop()] - seen:
            seen.add(holder)
            if holder not in ENDS:
                queue.append(holder)
    return seen


PAIRS = st.lists(
    st.tuples(st.sampled_from([KEY, *NODES]), st.sampled_from([*NODES, *ENDS]), st.booleans()), max_size=40
)


@settings(max_examples=150, deadline=None)
@given(PAIRS)
def test_every_workload_that_can_be_reached_is(pairs: list[tuple[str, str, bool]]) -> None:
    built = model(pairs)
    flow = built.flow(built.credentials[KEY])
    seen = reached(pairs)
    assert {consumption.workload.id for consumption in flow.consumptions} == seen & set(ENDS)
    assert {store.store.id for store in flow.stores} == seen & set(NODES)
    assert {end.store.id for end in flow.open_ends} == {
        node for node in seen & set(NODES) if not any(source == node for source, _, _ in pairs)
    }
    assert all(len(way.steps) <= MAX_PATH for way in (*flow.consumptions, *flow.stores))


def test_a_way_is_no_longer_than_the_bound() -> None:
    fragment = Fragment("u", "terraform")
    fragment.credentials.append(Credential(site(KEY), "access-key", "input", "aws", place=SPAN))
    chain = [KEY, *(f"u//s{number}" for number in range(2 * MAX_PATH))]
    fragment.stores.extend(Store(site(node), "ssm", node) for node in chain[1:])
    fragment.edges.extend(Edge(source, "secret", holder, "X", SPAN) for source, holder in pairwise(chain))
    built = link([fragment])
    flow = built.flow(built.credentials[KEY])
    assert max(len(store.steps) for store in flow.stores) == MAX_PATH
    assert [end.store.id for end in flow.open_ends] == [chain[MAX_PATH]]
