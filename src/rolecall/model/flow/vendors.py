"""AWS keys that a vendor's own resource is given from outside: a log drain, an importer, a backup target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rolecall.catalog.entries import Input
from rolecall.frontends.resource import Resource
from rolecall.model.flow.fields import scripts
from rolecall.model.flow.written import KEYED
from rolecall.model.parts import Workload
from rolecall.model.secrets.aws_names import key_part
from rolecall.model.secrets.found import aws_keys

if TYPE_CHECKING:
    from rolecall.model.flow.holders import Holders

_ANY = Input("", "any")


def read_vendor(holders: Holders, resource: Resource, vendor: str) -> None:
    """The keys that reach a vendor by inputs, or by what is fetched.  Written ones are found by their form wherever
    they stand, and keys of the same unit are edges already.
    """
    if not holders.extraction.written(resource, KEYED):
        return
    found = [
        item
        for item in scripts(resource.body, _ANY, resource.span)
        if item.style == "any" and key_part(item.name) in ("id", "secret")
    ]
    keys = [key for key in aws_keys(resource, found, False, holders.is_minted) if key.form != "literal"]
    if keys and not any(workload.id == resource.id for workload in holders.fragment.workloads):
        holders.fragment.workloads.append(
            Workload(holders.site(resource), "saas", vendor, "", "keep-with-controls", label=vendor)
        )
    for key in keys:
        holders.found(resource, key, resource.id)
