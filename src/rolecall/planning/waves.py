"""Waves: which migrations go together, and in what order.

A key's migration comes after that of each of its consumers; a pipeline's own identity comes last in its repository; what depends on each
other in a circle is one work package.  Inside a wave the risk per point of effort decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rolecall.planning.building import Built
from rolecall.planning.migration import Migration


def in_waves(built: Sequence[Built]) -> tuple[list[Migration], list[list[str]]]:
    """All migrations with their wave, ordered by wave and then by risk over effort, and the ids of each wave."""
    import networkx

    graph = networkx.DiGraph()
    migrations: dict[str, Migration] = {}
    for item in built:
        for migration in item.migrations:
            migrations.setdefault(migration.id, migration)
            graph.add_node(migration.id)
        *moves, key = item.migrations or ([],)
        if isinstance(key, Migration) and key.id.startswith("key-"):
            graph.add_edges_from((move.id, key.id) for move in moves if isinstance(move, Migration))
    pipelines = [i for i, m in migrations.items() if any(c.platform in ("github-actions", "terraform") for c in m.consumers)]
    others = [i for i in migrations if i not in set(pipelines)]
    runs_terraform = [i for i in pipelines if any(c.platform == "terraform" for c in migrations[i].consumers)]
    graph.add_edges_from((other, last) for last in runs_terraform for other in others if len(others) <= 2000)
    condensed = networkx.condensation(graph)
    waves: list[list[str]] = []
    for number, layer in enumerate(networkx.topological_generations(condensed)):
        names = [name for part in layer for name in condensed.nodes[part]["members"]]
        names.sort(key=lambda name: (-migrations[name].risk / migrations[name].effort, name))
        for name in names:
            migrations[name] = replace(migrations[name], wave=number)
        waves.append(names)
    ordered = [migrations[name] for wave in waves for name in wave]
    return ordered, waves
