"""Is it a machine or a person?  The evidence, weighed.

A key that a workload consumes is the strongest sign of a machine; a login profile the strongest of a person.  A name
decides nothing where there is better evidence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from rolecall.catalog.entries import hints
from rolecall.model.parts import Credential, Evidence, Identity, Nature
from rolecall.source.patterns import late
from rolecall.source.records import replace

if TYPE_CHECKING:
    from rolecall.model.linking import Flow

#: Kinds of identity that may be people's.  (Groups are how every OCI user gets its permissions, an AWS person's only.)
USERS = frozenset({"aws:user", "oci:user"})
_SPLIT = late(r"\$\{[^}]*\}|[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])")


def words(*names: str) -> frozenset[str]:
    """The words of some names, lower case; pairs of neighbours are words too (`storage-transfer`)."""
    found: set[str] = set()
    for name in names:
        parts = [part.lower() for part in _SPLIT.split(name) if part]
        found.update(parts)
        found.update("-".join(pair) for pair in pairwise(parts))
    return frozenset(found)


def speaks(kind: str, *names: str) -> str:
    """The first word of a hint class (catalog/hints.toml) that the names hold; "" for none."""
    vocabulary: list[str] = hints()["words"][kind]
    found = words(*names)
    return next((word for word in vocabulary if word in found), "")


def vendor_of_name(*names: str) -> str:
    """The vendor (catalog/hints.toml) that the names hold a word of; "" for none."""
    found = words(*names)
    return next((str(vendor["label"]) for vendor in hints()["vendors"] if found & set(vendor["words"])), "")


@lru_cache(1024)
def vendor_of_type(type_name: str) -> str:
    """The vendor whose Terraform provider (or whose types of a provider) a type belongs to; "" where it is none of the
    vendors in hints.toml.
    """
    prefix = type_name.partition("_")[0]
    for vendor in hints()["vendors"]:
        if any(prefix == name or ("_" in name and type_name.startswith(name)) for name in vendor["providers"]):
            return str(vendor["label"])
    return ""


def natured(
    identity: Identity, keys: Sequence[Credential], login: bool, grouped: bool, flows: Iterable[Flow]
) -> Identity:
    """The identity with its nature and everything that speaks for it."""
    if identity.kind not in USERS:
        return replace(identity, nature="machine") if identity.nature == "unknown" else identity
    evidence = list(identity.evidence)
    if login:
        evidence.append(Evidence("human", "it has a login profile", identity.site.header))
    for flow in flows:
        evidence.extend(
            Evidence("machine", f"its key is consumed by {workload.site.address}", workload.site.header)
            for workload in flow.workloads
        )
        evidence.extend(
            Evidence("machine", f"its key is put into {end.store.site.address}", end.store.site.header)
            for end in flow.open_ends
        )
    names = (identity.label, identity.path_label, identity.site.name)
    if keys:
        evidence.append(Evidence("machine", "the code mints an access key for it", keys[0].span))
    if word := speaks("machine", *names) or speaks("ci", *names):
        evidence.append(Evidence("machine", f"its name says “{word}”", identity.site.header))
    if identity.kind != "aws:user" and (vendor := vendor_of_name(*names)):
        evidence.append(Evidence("machine", f"its name says “{vendor}”, a vendor", identity.site.header))
    if not keys and grouped and identity.kind == "aws:user":
        evidence.append(Evidence("human", "it is a group member without a key", identity.site.header))
    if word := speaks("developer", *names, identity.site.span.path) or speaks("human", identity.site.span.path):
        evidence.append(Evidence("human", f"its name or file says “{word}”", identity.site.header))
    return replace(identity, evidence=tuple(evidence), nature=_weigh(evidence, bool(keys), login))


def _weigh(evidence: list[Evidence], has_key: bool, login: bool) -> Nature:
    says = {item.says for item in evidence}
    if login or any(item.says == "human" and "login" in item.seen for item in evidence):
        return "mixed" if has_key else "human"
    if has_key:
        return "machine"
    if "human" in says:
        return "human" if "machine" not in says else "mixed"
    return "machine" if "machine" in says else "unknown"
