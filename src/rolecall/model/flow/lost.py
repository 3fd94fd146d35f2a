"""Keys that the code names where nothing was found to take them: their way is lost, which is not the same as unread.

Told by the text of the module's folder, as model/state/orphans.py does: whatever takes a key has to write its address.
An output of a module that no caller reads takes nothing, and neither does what only compares or hashes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolecall.catalog.entries import Entry
from rolecall.frontends.resource import Resource
from rolecall.frontends.values import references
from rolecall.model.flow.fields import held
from rolecall.model.parts import Fact
from rolecall.model.sites import absent, site_of
from rolecall.source.text import Span
from rolecall.source.tree import Tree, Unreadable

if TYPE_CHECKING:
    from rolecall.model.flow.holders import Holders

#: Folders of more files are not looked through.
_MAX_FILES = 400


def lost_ways(holders: Holders) -> Iterator[Fact]:
    """The places that name a key of Terraform from which no edge leads on; `name` is the key's id."""
    tree = holders.extraction.tree
    if tree is None or holders.unit.format != "terraform":
        return
    led = {edge.source for edge in holders.fragment.edges}
    for identifier, entry in holders.minted.items():
        key = holders.resources[identifier]
        if identifier in led or identifier in holders.halves or key.mode != "resource":
            continue
        span = next((span for span in _named(holders, tree, key, entry) if _takes(holders, identifier, span)), None)
        if span is not None:
            yield Fact("lost-way", identifier, "", site_of(key), span)


def _named(holders: Holders, tree: Tree, key: Resource, entry: Entry) -> Iterator[Span]:
    """Where the folder's text writes a part of the key."""
    folder = key.span.path.rpartition("/")[0]
    files = [path for path in holders.unit.files if path.rpartition("/")[0] == folder and path.endswith(".tf")]
    parts = {name.encode() for name in (*entry.id, *entry.secret, *entry.smtp)}
    address = re.escape(f"{key.type}.{key.name}".encode())
    written = re.compile(rb"(?<![\w.-])" + address + rb"(?![\w-])(?:\[[^\]\n]{0,80}\])?(?:\.(\w+))?")
    for path in files if len(files) <= _MAX_FILES else ():
        try:
            text = tree.read(path)
        except Unreadable:
            continue
        for match in written.finditer(text.data):
            span = text.span(*match.span())
            if (match[1] is None or match[1] in parts) and not key.span.contains(span):
                line = text.data[text.data.rfind(b"\n", 0, match.start()) + 1 : match.start()].lstrip()
                if not line.startswith((b"#", b"//", b"*", b"depends_on")):
                    yield span


def _takes(holders: Holders, identifier: str, span: Span) -> bool:
    """Whether what stands around a place may take the key: not an output, nor a block that only judges by it."""
    around = [r for r in holders.unit.resources if r.span.contains(span)]
    if any(r.mode in ("output", "variable") or absent(r, holders.unit.library) for r in around):
        return False
    told = [r for r in around if any(x.target == identifier for x in references(r.body))]
    return not told or any(x.target == identifier for r in told for x in held(r.body))
