"""Variables and connections of CI systems that Terraform sets: what the pipelines then log in with.

The name of such a variable says what its value is.  Sources of the types:
https://registry.terraform.io/providers/microsoft/azuredevops/latest/docs,
https://registry.terraform.io/providers/gitlabhq/gitlab/latest/docs/resources/project_variable,
https://registry.terraform.io/providers/hashicorp/tfe/latest/docs/resources/variable.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rolecall.catalog.entries import Entry, Input
from rolecall.frontends.resource import Resource
from rolecall.frontends.values import references, text
from rolecall.model.flow.fields import Field, fields
from rolecall.model.flow.written import KEYED
from rolecall.model.parts import Edge, Store, Workload
from rolecall.model.pipelines.systems import CI_STORES
from rolecall.model.secrets.aws_names import key_part
from rolecall.model.secrets.cloud_keys import whole_key
from rolecall.model.secrets.found import unset
from rolecall.source.records import replace

if TYPE_CHECKING:
    from rolecall.model.flow.holders import Holders

#: The variables of a group: blocks with a name and a value.
_GROUP = (
    Input("secret_variable", "pairs", key="name", value="value"),
    Input("variable", "pairs", key="name", value="value"),
    Input("variable", "pairs", key="name", value="secret_value"),
)
#: Ways of a service connection to log in that need no secret of its own, lower case.
_KEYLESS = frozenset({"workloadidentityfederation", "managedserviceidentity"})


def variables_of(
    holders: Holders, resource: Resource, entry: Entry, name: str, kept: Iterable[Field]
) -> Iterator[Field]:
    """What a store keeps, with the name of the variable where the store is one of a CI system.

    A field that a credential of the same unit is put into stays as it is: where it comes from says what it is.
    """
    if entry.kind == "azuredevops-group":
        yield from fields(resource, _GROUP)
        return
    plain = entry.kind not in CI_STORES or "$" in name or key_part(name) == "id"
    for item in kept:
        fed = any(holders.is_minted(reference.target) for reference in references(item.value))
        yield item if plain or item.name or fed else replace(item, name=name)


def read_runs(holders: Holders, resource: Resource, name: str) -> None:
    """HCP Terraform runs its plans with the environment variables of a workspace, so that the reader is known."""
    if (text(resource.get("category")) or "") != "env":
        return
    of = resource.get("workspace_id") or resource.get("variable_set_id")
    target = next((r.target for r in references(of) if r.target in holders.resources), "") if of is not None else ""
    runs = holders.resources.get(target, resource)
    if not any(workload.id == runs.id for workload in holders.fragment.workloads):
        holders.fragment.workloads.append(
            Workload(holders.site(runs), "pipeline-job", "hcp-terraform", "aws", "aws:oidc", label=runs.name)
        )
    holders.fragment.edges.append(Edge(resource.id, "", runs.id, name, resource.span))


def read_connection(holders: Holders, resource: Resource, entry: Entry) -> None:
    """A service connection: a login that pipelines use by its name."""
    if not holders.minted and not holders.extraction.written(resource, KEYED):
        return
    scheme = text(resource.get(entry.login)) if entry.login else None
    if (scheme or "").lower() in _KEYLESS:
        return
    found: list[Field] = []
    for path in (*entry.id, *entry.secret):
        found += fields(resource, (Input(path, "value"),))
    found = [item for item in found if not unset(item.value)]
    name = resource.get(entry.name)
    label = holders.extraction.label(name) if name is not None else ""
    holders.fragment.stores.append(Store(holders.site(resource), "service-connection", label))
    holders.take(resource, found, sure=entry.cls == "access-key")
    if entry.cls == "access-key":
        return
    for item in found:
        if (
            item.path in entry.secret
            and (key := whole_key(item, entry.platform, entry.cls, holders.is_minted)) is not None
        ):
            holders.found(resource, key, resource.id)
