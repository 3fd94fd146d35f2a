"""Runs of HCP Terraform: which workspace a folder runs in, and which of its variables the workspace sets.

A folder names its workspace in `cloud` or in the backend `remote`
(https://developer.hashicorp.com/terraform/language/terraform#cloud,
https://developer.hashicorp.com/terraform/language/backend/remote); a `tfe_variable` of another folder names it by the
workspace that it belongs to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rolecall.frontends.resource import Resource, Unit
from rolecall.frontends.values import Reference, references
from rolecall.model.flow.fields import Field
from rolecall.model.flow.store_names import state_name
from rolecall.model.flow.ways import place_of, way
from rolecall.model.parts import Reading

if TYPE_CHECKING:
    from rolecall.model.flow.holders import Holders

KIND = "tfe-variable"
_BACKENDS = ("cloud", "remote")
_VARIABLE = "//var."


def workspace_of(unit: Unit) -> str:
    """The name of the workspace that a root module runs in; "" where it names none, or several by a tag."""
    for resource in unit.resources:
        if resource.mode == "backend" and resource.type in _BACKENDS and not resource.calls:
            return state_name(resource.type, resource.body, unit.name).rpartition("/")[2]
    return ""


def scope_of(holders: Holders, variable: Resource) -> str:
    """The name of the workspace that a variable is set for; "" where that is not known, or for a set of variables."""
    of = variable.get("workspace_id")
    for reference in references(of) if of is not None else ():
        target = holders.resources.get(reference.target)
        if target is not None and target.type == "tfe_workspace" and (name := target.get("name")) is not None:
            return holders.extraction.label(name)
    return ""


def read_variable(holders: Holders, reference: Reference, holder: str, item: Field) -> None:
    """What a workspace sets for an input of its root module reaches whatever is given that input."""
    name = reference.target.partition(_VARIABLE)[2]
    if name and holders.workspace:
        span = place_of(item, reference)
        hops = way(reference, holder, span, item.attribute, holders.resources.get(reference.target))
        holders.fragment.readings.append(Reading(holder, KIND, name, holders.workspace, item.name, span, "", hops))
