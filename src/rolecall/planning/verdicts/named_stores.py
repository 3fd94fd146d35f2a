"""Where files that rolecall does not follow name a store: scripts that read an output, playbooks, programs, files of
other tools.  Whoever runs them has the key that lies there.

A name counts where it is written as a word of its own in a file other than the Terraform code beside the store.  Names
that are common, and those that are not known, are not looked for.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping

from rolecall.model.linking import OpenEnd
from rolecall.model.parts import Store
from rolecall.planning.case import Context
from rolecall.source.tree import Unreadable

#: Kinds of store whose name a reader has to write.
_KINDS = frozenset(
    {
        "tf-output",
        "cfn-export",
        "cfn-output",
        "ssm",
        "secretsmanager",
        "google-secret",
        "keyvault",
        "vault",
        "oci-secret",
    }
    | {"file"}
)
#: What is not a reader: the code that declares, texts for people, lists of what was installed.
_NO_READER = (".tf", ".tf.json", ".tfvars", ".md", ".rst", ".adoc", ".lock", ".sum", ".svg", ".png", ".map")
_LEAST = 6
_MAX_PLACES = 5
_MAX_BYTES = 512 * 1024
Places = Mapping[str, list[str]]


def named_stores(context: Context) -> Places:
    """The names of stores of keys whose readers are not seen, with the places that write them (path:line); found in one
    pass over the tree.
    """
    model = context.model
    names = {
        end.store.name
        for credential in model.credentials.values()
        for end in model.flow(credential).open_ends
        if _is_telling(end.store)
    }
    found: dict[str, list[str]] = defaultdict(list)
    if not names:
        return found
    words = rb"|".join(re.escape(name.encode()) for name in sorted(names, key=len, reverse=True))
    pattern = re.compile(rb"(?<![\w./-])(?:" + words + rb")(?![\w/-])")
    for path in context.tree.paths():
        if path.endswith(_NO_READER):
            continue
        try:
            data = context.tree.read(path).data
        except Unreadable:
            continue
        if len(data) > _MAX_BYTES:
            continue
        for match in pattern.finditer(data):
            found[match[0].decode()].append(f"{path}:{data.count(bytes([10]), 0, match.start()) + 1}")
    return found


def _is_telling(store: Store) -> bool:
    """Whether a store's name, read somewhere, means this store: long enough, known, and no single common word."""
    name = store.name
    return (
        store.kind in _KINDS
        and "${" not in name
        and len(name) >= _LEAST
        and re.search(r"[/_.-]|[a-z][A-Z]", name) is not None
    )


def readers_by_name(context: Context, end: OpenEnd) -> str:
    """The places that name the store of an open end, apart from the one that declares it; "" for none."""
    own = end.store.site.span
    found = [
        place
        for place in context.named_stores.get(end.store.name, ())
        if not _is_within(place, own.path, own.line, own.end_line)
    ]
    more = f" and {len(found) - _MAX_PLACES} more" if len(found) > _MAX_PLACES else ""
    return ", ".join(found[:_MAX_PLACES]) + more


def _is_within(place: str, path: str, first: int, last: int) -> bool:
    file, _, line = place.rpartition(":")
    return file == path and first <= int(line) <= last
