"""One credential with everything a planner may want to know: its owner, its uses, the code around it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from rolecall.evidence.facts import NOTHING, Evidence
from rolecall.frontends.application import EnvRead, mentions, reads
from rolecall.frontends.resource import Resource, Unit
from rolecall.model.declaration import Declaration
from rolecall.model.linking import Consumption, Model, OpenEnd
from rolecall.model.parts import Credential, Grant, Identity, Site, Workload
from rolecall.planning.edits.line_edit import Refused
from rolecall.source.hcl import Attribute, Block
from rolecall.source.outline import outline
from rolecall.source.text import SourceText, Span
from rolecall.source.tree import Tree, Unreadable

if TYPE_CHECKING:
    from rolecall.planning.narrowing.images.builds import Build

#: Kinds of workloads that run an application, which reads its configuration.
APPLICATIONS = ("function", "container-task", "pod", "instance", "job")
#: How Terraform code speaks of a cluster: its type (of a resource or a data source), or a well-known module.
_CLUSTERS = {
    "aws": (b'"aws_eks_cluster"', b"terraform-aws-modules/eks/aws"),
    "azure": (b'"azurerm_kubernetes_cluster"', b"Azure/aks/azurerm"),
    "gcp": (b'"google_container_cluster"', b"terraform-google-modules/kubernetes-engine"),
    "oci": (b'"oci_containerengine_cluster"',),
}


@dataclass(frozen=True)
class Use:
    """One workload that consumes the credential, by every way that leads to it."""

    workload: Workload
    consumptions: tuple[Consumption, ...]

    @property
    def places(self) -> tuple[Span, ...]:
        """The entries of the workload's own configuration, each once, in the order of the file."""
        spans = {(c.steps[-1].span.path, c.steps[-1].span.start): c.steps[-1].span for c in self.consumptions}
        return tuple(spans[key] for key in sorted(spans))

    @property
    def where(self) -> str:
        """The repository or namespace that it is in, as far as it is known; else its address, and its place."""
        known = self.workload.namespace
        if known and "${" not in known:
            return known
        return f"{self.workload.site.address} ({self.places[0].path}:{self.places[0].line})"

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(c.steps[-1].field for c in self.consumptions if c.steps[-1].field))


@dataclass
class Context:
    """What all cases of one plan share.  `evidence` is what the user's logs say of use; it is empty without them.
    `sub_format` is the form of the subjects of GitHub's tokens (config.SUB_FORMATS).
    """

    tree: Tree
    model: Model
    read_unit: Callable[[str, str], Unit | None]
    evidence: Evidence = NOTHING
    sub_format: str = "both"
    names: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _units: dict[tuple[str, str], Unit | None] = field(default_factory=dict)

    @cached_property
    def readers(self) -> dict[str, list[EnvRead]]:
        """Where source code reads the variables that hold keys, by their names; found in one pass over the tree."""
        names = {
            consumption.steps[-1].field
            for credential in self.model.credentials.values()
            for consumption in self.model.flow(credential).consumptions
            if consumption.workload.kind in APPLICATIONS
        }
        found: dict[str, list[EnvRead]] = defaultdict(list)
        for read in reads(self.tree, self.tree.paths(), names - {""}) if names - {""} else ():
            found[read.name].append(read)
        return found

    @cached_property
    def mentions(self) -> dict[str, list[str]]:
        """The source files that name the variables of `readers` at all; found in one pass over the tree."""
        found: dict[str, list[str]] = defaultdict(list)
        for name, path in mentions(self.tree, self.tree.paths(), self.readers.keys()) if self.readers else ():
            found[name].append(path)
        return found

    @cached_property
    def clusters(self) -> frozenset[str]:
        """The clouds of whose Kubernetes clusters the Terraform code of the tree speaks; found in one pass over it."""
        found: set[str] = set()
        for path in self.tree.paths():
            if not path.endswith(".tf") or len(found) == len(_CLUSTERS):
                continue
            try:
                data = self.tree.read(path).data
            except Unreadable:
                continue
            found.update(cloud for cloud, words in _CLUSTERS.items() if any(word in data for word in words))
        return frozenset(found)

    @cached_property
    def named_secrets(self) -> Mapping[str, list[str]]:
        """The Kubernetes secrets that files name under a key that says so, with the places (path:line)."""
        from rolecall.planning.verdicts.named_secrets import named_secrets

        return named_secrets(self)

    @cached_property
    def named_stores(self) -> Mapping[str, list[str]]:
        """The stores of keys without a reader in sight that files name, with the places (path:line)."""
        from rolecall.planning.verdicts.named_stores import named_stores

        return named_stores(self)

    @cached_property
    def builds(self) -> tuple[Build, ...]:
        """Every build of an image that pipelines, scripts and compose files tell; found in one pass over the tree."""
        from rolecall.planning.narrowing.images.builds import written_builds

        return tuple(written_builds(self))

    def text(self, path: str) -> SourceText:
        """The text of a file; Refused where it cannot be read."""
        try:
            return self.tree.read(path)
        except Unreadable as error:
            raise Refused(str(error)) from None

    def unit(self, name: str, format: str) -> Unit | None:
        key = (name, format)
        if key not in self._units:
            self._units[key] = self.read_unit(name, format)
        return self._units[key]

    def resource(self, site: Site) -> Resource | None:
        """The evaluated declaration behind a site."""
        unit = self.unit(site.unit, site.format)
        return next((r for r in unit.resources if r.id == site.id), None) if unit is not None else None

    def block(self, span: Span) -> Block:
        """The top-level Terraform block at a span; Refused where the file holds none there."""
        for block in outline(self.text(span.path)).blocks:
            if block.start <= span.start and span.end <= block.end:
                return block
        raise Refused(f"no block is found at {span}")

    def files(self, folder: str) -> list[str]:
        """The .tf files of a folder."""
        prefix = f"{folder}/" if folder else ""
        return [
            path
            for path in self.tree.paths()
            if path.startswith(prefix) and path.endswith(".tf") and "/" not in path[len(prefix) :]
        ]

    def blocks(self, folder: str) -> Iterator[Block]:
        """Every top-level block of a folder's .tf files."""
        for path in self.files(folder):
            try:
                yield from outline(self.tree.read(path)).blocks
            except Unreadable:
                continue

    def free_name(self, folder: str, type_name: str, wanted: str, origin: str = "", ending: str = "") -> str:
        """A resource name that the folder does not use for this type yet; the same for the same `origin` (a migration
        may ask twice).  Where `wanted` is taken it gets `ending`, and then a number.  `type_name` may be
        `variable` or `output`.
        """
        taken = {
            block.labels[-1]
            for block in self.blocks(folder)
            if (block.labels[:1] == (type_name,) and len(block.labels) > 1)
            or (block.type == type_name and type_name in ("variable", "output") and block.labels)
        }
        wanted = re.sub(r"[^\w-]", "_", wanted)
        name, number = wanted, 1
        while name in taken or self.names[f"{folder}\0{type_name}\0{name}"] - {origin}:
            number += 1
            name = f"{wanted}{ending}" if ending and number == 2 else f"{wanted}{ending}_{number}"
        self.names[f"{folder}\0{type_name}\0{name}"].add(origin)
        return name


@dataclass
class Case:
    """One declared credential and what is known around it."""

    context: Context
    declaration: Declaration

    @property
    def model(self) -> Model:
        return self.context.model

    @property
    def credential(self) -> Credential:
        return self.declaration.first

    @property
    def owner(self) -> Identity | None:
        return self.declaration.owner

    @property
    def folder(self) -> str:
        """The module folder (or template) that declares it."""
        return self.credential.site.module

    @cached_property
    def uses(self) -> tuple[Use, ...]:
        groups: dict[tuple[str, int], list[Consumption]] = defaultdict(list)
        for consumption in self.declaration.flow.consumptions:
            groups[consumption.workload.site.declaration].append(consumption)
        return tuple(Use(found[0].workload, tuple(found)) for found in groups.values())

    @property
    def is_switched_off(self) -> bool:
        """Whether the code holds it Inactive already."""
        return all("inactive" in credential.marks for credential in self.declaration.credentials)

    @property
    def ends(self) -> tuple[OpenEnd, ...]:
        return self.declaration.flow.open_ends

    @property
    def stores(self) -> tuple[OpenEnd, ...]:
        return self.declaration.flow.stores

    @cached_property
    def owners(self) -> tuple[Identity, ...]:
        """The owner as every call of its module makes it."""
        found = (self.model.owner(credential) for credential in self.declaration.credentials)
        return tuple({owner.id: owner for owner in found if owner is not None}.values())

    @cached_property
    def grants(self) -> list[Grant]:
        """The owner's own grants, those of every call of its module, each declaring block once."""
        found: dict[tuple[tuple[str, int], str], Grant] = {}
        for owner in self.owners:
            for grant in self.model.own_grants(owner):
                found.setdefault((grant.site.declaration, grant.policy), grant)
        return list(found.values())


def attribute_text(block: Block, attribute: Attribute) -> str:
    """The source text of an attribute's value."""
    return block.text.data[attribute.value_start : attribute.value_end].decode("utf-8", "replace")
