"""Who holds what: workloads, stores, outputs, providers, pipelines of one unit, and the edges that lead into them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from rolecall.catalog.entries import Entry, Input
from rolecall.frontends.resource import Resource
from rolecall.frontends.values import Mapping, Reference, Scalar, Value, references, render, text
from rolecall.model.flow.fields import Field, attributes, fields, held, place_in, scripts, slot_of, structured, within
from rolecall.model.flow.lookups import read_lookup
from rolecall.model.flow.lost import lost_ways
from rolecall.model.flow.metadata import is_part
from rolecall.model.flow.registry import key_entry, makes_key
from rolecall.model.flow.store_names import key_of, state_name, store_kind, store_name
from rolecall.model.flow.stores import READERS, Stores
from rolecall.model.flow.vendors import read_vendor
from rolecall.model.flow.ways import key_behind, place_of, way
from rolecall.model.flow.written import KEYED, REFERENCE
from rolecall.model.nature import vendor_of_type
from rolecall.model.parts import Credential, Edge, Fact, Mention, Reading, Site, Store, Workload
from rolecall.model.pipelines.ci_variables import read_connection, read_runs, variables_of
from rolecall.model.pipelines.hcp_runs import read_variable, scope_of, workspace_of
from rolecall.model.secrets.cloud_keys import cloud_keys
from rolecall.model.secrets.environment import is_exposed, read_environment
from rolecall.model.secrets.found import Found, aws_keys
from rolecall.model.sites import absent, site_of
from rolecall.source.records import replace
from rolecall.source.text import Span

if TYPE_CHECKING:
    from rolecall.model.extraction import Extraction

#: What of a store is its name rather than what it keeps; an opaque holder that is given only these reads nothing.
NAME_ATTRIBUTES = frozenset(
    {
        "arn",
        "id",
        "name",
        "key",
        "path",
        "version",
        "tags",
        "type",
        "metadata",
        "secret_name",
        "repository",
        "Ref",
        "Arn",
    }
)
NOTHING = Mapping(())
#: Arguments of Terraform itself, which name what they do not take.
META = frozenset({"depends_on", "lifecycle", "provider", "providers", "count", "for_each", "source", "version"})
#: Types whose own blocks name an identity, so that naming it there is no dependence from outside.
OWN_PARTS = frozenset({"identity", "login", "credential", "grant", "policy", "membership", "resource-policy"})

#: Terraform's types that carry a template of CloudFormation, whose resources are read at their place.
STACKS = ("aws_cloudformation_stack", "aws_cloudformation_stack_set")

#: A key pair whose public half a cloud is given: who reads the private half can log in.
KEY_PAIR = Entry(
    "tls_private_key", "credential", "", secret=("private_key_pem", "private_key_pem_pkcs8", "private_key_openssh")
)


class Holders:
    """The second walk over a unit, after its identities and credentials are known."""

    def __init__(self, extraction: Extraction) -> None:
        self.extraction = extraction
        self.unit = extraction.unit
        self.fragment = extraction.fragment
        self.entries = extraction.entries
        self.resources = extraction.resources
        self.minted: dict[str, Entry] = {}
        self.given: dict[str, str] = {}
        self.halves: dict[str, str] = {}
        self.identities: set[str] = set()
        self.stores = Stores(extraction)
        self.reads = any(r.mode == "data" and r.type in READERS for r in extraction.unit.resources)

    def run(self) -> None:
        for resource in self.unit.resources:
            if resource.mode == "resource" and (entry := self.entries.get(resource.type)):
                if entry.part == "credential":
                    self.minted[resource.id] = entry
                    value = resource.get(entry.given) if entry.given else None
                    self.given.update((r.target, resource.id) for r in references(value or NOTHING))
                    self._pair(resource, entry)
                elif entry.part == "identity" and entry.kind == "aws:user":
                    self.identities.add(resource.id)
            elif resource.mode == "module" and (made := key_entry(resource.type)) and makes_key(resource) is not False:
                self.minted[resource.id] = made
        for resource in self.unit.resources:
            if not absent(resource, self.unit.library):
                self._resource(resource)
        if self.minted:
            self.fragment.facts.extend(lost_ways(self))

    def _pair(self, resource: Resource, entry: Entry) -> None:
        """A credential made of the public half of a key pair: what reads the private half reads the credential."""
        public = resource.get(entry.half) if entry.half else None
        for reference in references(public or NOTHING):
            pair = self.resources.get(reference.target)
            if pair is not None and pair.type == KEY_PAIR.type:
                self.minted[pair.id] = KEY_PAIR
                self.halves[pair.id] = resource.id

    def _resource(self, resource: Resource) -> None:
        match resource.mode:
            case "resource":
                self._declared(resource, self.entries.get(resource.type))
            case "provider" | "backend":
                from rolecall.model.flow.runners import read_runner

                read_runner(self, resource)
            case "data":
                read_lookup(self, resource)
            case "output":
                if not resource.calls:
                    self._output(resource)
            case "module":
                self._module(resource)
            case "job":
                from rolecall.model.pipelines.jobs import read_job

                read_job(self, resource)
            case "step":
                from rolecall.model.pipelines.jobs import read_step

                read_step(self, resource)
            case _:
                pass

    # -- declared resources

    def _declared(self, resource: Resource, entry: Entry | None) -> None:
        part = entry.part if entry else ""
        if entry is not None and part == "workload":
            self._workload(resource, entry)
        elif entry is not None and part == "store":
            self._store(resource, entry)
        elif entry is not None and part == "connection":
            read_connection(self, resource, entry)
        elif part in ("pod", "service-account", "external-secret"):
            from rolecall.model.clusters.pods import read_object

            read_object(self, resource, part)
        elif part not in OWN_PARTS and not resource.type.startswith("time_"):
            vendor = vendor_of_type(resource.type)
            if self.minted or self.identities or (vendor and self.reads):
                self.opaque(resource, vendor)
            if vendor:
                read_vendor(self, resource, vendor)

    def _workload(self, resource: Resource, entry: Entry) -> None:
        if resource.type in STACKS and resource.address in self._opened:
            return  # what its template declares takes what it is given
        found = list(fields(resource, entry.inputs))
        if not found and not (entry.identity or entry.identity_pair):
            return
        value, place = slot_of(resource, entry)
        identity, shown = self._slot(resource, entry, value)
        self.fragment.workloads.append(
            Workload(
                self.site(resource),
                entry.kind,
                entry.platform,
                entry.cloud,
                entry.target,
                "" if entry.implicit_identity else entry.identity or "".join(entry.identity_pair[2:3]),
                identity,
                shown,
                slot_place=place,
                exposed=entry.kind == "instance" and is_exposed(resource),
            )
        )
        known = len(self.fragment.edges)
        self.take(resource, found)
        self.fragment.secret_values.extend(
            read_environment(
                resource,
                found,
                self.site(resource),
                self.unit.library,
                len(self.fragment.edges) > known,
                [secret.path for secret in entry.secrets],
            )
        )

    def _slot(self, resource: Resource, entry: Entry, value: Value | None) -> tuple[str, str]:
        if value is None or (isinstance(value, Scalar) and value.value is None):
            return "", ""
        for reference in references(value):
            target = self.resources.get(reference.target)
            if target is None or target.mode != "resource":
                continue
            of = self.entries.get(target.type)
            if of is not None and of.part == "profile":
                role = target.get(of.identity)
                role_id, label = self.extraction.principal(role)
                return role_id, label or target.address
            if of is not None and of.part == "identity":
                return target.id, target.address
        if (kind := resource.get(f"{entry.identity}.type")) is not None:
            return (resource.id if "SystemAssigned" in render(kind) else ""), self.extraction.label(kind)
        return "", self.extraction.label(value)

    def _store(self, resource: Resource, entry: Entry) -> None:
        if not self.minted and not self.extraction.written(resource, KEYED):
            self._bare_store(resource, entry)
            return
        parent, of = "", resource.get(entry.parent) if entry.parent else None
        if of is not None:
            parent = next(
                (r.target for r in references(of) if r.target in self.resources), ""
            ) or self.extraction.label(of)
        name = resource.get(entry.name) if entry.name else None
        scope = resource.get(entry.scope) if entry.scope else None
        label = self.extraction.label(name) if name is not None else ""
        found = list(variables_of(self, resource, entry, label, self._kept(resource, entry)))
        if entry.type == "tfe_variable":
            read_runs(self, resource, label)
        self.fragment.stores.append(
            Store(
                self.site(resource),
                entry.kind,
                label,
                self.extraction.label(scope) if scope is not None else scope_of(self, resource),
                parent,
            )
        )
        self.take(resource, found)

    def _bare_store(self, resource: Resource, entry: Entry) -> None:
        """A store with nothing of interest in it: only kept where a later unit may have to know that it is there."""
        if entry.values:
            return
        name = resource.get(entry.name) if entry.name else None
        if name is not None:
            self.fragment.stores.append(Store(self.site(resource), entry.kind, self.extraction.label(name)))

    def _kept(self, resource: Resource, entry: Entry) -> Iterator[Field]:
        for path in entry.values:
            for value, attribute in attributes(resource, path):
                structure = structured(value)
                span = place_in(value, attribute) or resource.span
                if isinstance(structure, Mapping):
                    for member in structure.entries:
                        place = member.span or span
                        outer = None if attribute is None or attribute.contains(place) else attribute
                        yield Field(member.name or "", within(member.value, value), place, path, "map", "", outer)
                else:
                    yield from scripts(value, Input(path, "script"), span)

    def opaque(self, resource: Resource, vendor: str = "") -> None:
        """A type the catalog does not know, in a unit that has keys, or a vendor's in one that reads stores."""
        if resource.type == "AWS::CloudFormation::Stack" and resource.address in self._opened:
            return
        if is_part(resource, self.resources, self.entries):
            return
        edges = []
        for entry in resource.body.entries:
            for reference in held(entry.value) if entry.name not in META else ():
                if reference.target in self.minted and self.carries(reference):
                    edges.append((entry.name or "", reference, entry.span or resource.span))
                elif reference.target in self.identities:
                    self._mention(reference, resource)
                elif (target := self.resources.get(reference.target)) is None:
                    continue
                elif target.mode == "data":
                    if vendor and target.type in READERS:
                        edges.append((entry.name or "", reference, entry.span or resource.span))
                elif (
                    (of := self.entries.get(target.type)) is not None
                    and of.part == "store"
                    and reference.attribute.partition(".")[0] not in NAME_ATTRIBUTES
                ):
                    edges.append((entry.name or "", reference, entry.span or resource.span))
        if not edges:
            return
        self.fragment.workloads.append(
            Workload(
                self.site(resource),
                "saas" if vendor else "unknown",
                vendor or resource.type.partition("_")[0],
                "",
                "keep-with-controls" if vendor else "unknown",
                label=vendor,
            )
        )
        for name, reference, span in edges:
            self.edge(reference, resource.id, name, reference.span if reference.span and not reference.via else span)

    def _mention(self, reference: Reference, resource: Resource) -> None:
        self.fragment.mentions.append(
            Mention(reference.target, reference.attribute, self.site(resource), reference.span or resource.span)
        )

    # -- readers, outputs, runners, calls

    def _output(self, resource: Resource) -> None:
        value = resource.get("value") if resource.format == "terraform" else resource.get("Value")
        if value is None:
            return
        span = value.span or resource.span
        edges = [
            reference
            for reference in references(value)
            if (reference.target in self.minted and self.carries(reference))
            or self._keeps(reference)
            or reference.target in self.identities
        ]
        if not edges:
            return
        export = resource.get("Export.Name") if resource.format == "cloudformation" else None
        if any(reference.target not in self.identities for reference in edges):
            sensitive = text(resource.get("sensitive")) == "true"
            name = self.extraction.label(export) if export is not None else resource.name
            kind = (
                "cfn-export"
                if export is not None
                else ("tf-output" if resource.format == "terraform" else "cfn-output")
            )
            self.fragment.stores.append(Store(self.site(resource), kind, name, self.unit.name, "", sensitive))
        for reference in edges:
            if reference.target in self.identities:
                self._mention(reference, resource)
            else:
                self.edge(reference, resource.id, "value", span)
        if resource.format == "terraform" and not any(fact.kind == "state" for fact in self.fragment.facts):
            backend = next((r for r in self.unit.resources if r.mode == "backend" and not r.calls), None)
            state = state_name(
                backend.type if backend else "local", backend.body if backend else NOTHING, self.unit.name
            )
            self.fragment.facts.append(Fact("state", self.unit.name, state))

    def _keeps(self, reference: Reference) -> bool:
        target = self.resources.get(reference.target)
        entry = self.entries.get(target.type) if target is not None and target.mode == "resource" else None
        if entry is None or entry.part != "store":
            return False
        return any(reference.attribute.startswith(value.partition(".")[0]) for value in entry.values)

    def _module(self, resource: Resource) -> None:
        """A call of a module that is not on disk: what is handed to it is out of sight; some are known to make keys."""
        from rolecall.model.flow.registry import known_module

        known_module(self, resource)
        if (entry := self.entries.get(f"module:{resource.type}")) is not None and entry.inputs:
            passed = list(fields(resource, entry.inputs))
            keyed = self.extraction.written(resource, REFERENCE) and bool(self.minted)
            self.fragment.secret_values.extend(
                read_environment(resource, passed, self.site(resource), self.unit.library, keyed)
            )
        given = bool(self.minted) and self.extraction.written(resource, REFERENCE)
        if not (given or self.extraction.written(resource, KEYED)) or resource.address in self._opened:
            return
        found = [
            Field(entry.name or "", entry.value, entry.span or resource.span, entry.name or "", "value")
            for entry in resource.body.entries
            if entry.name not in META
        ]
        before = len(self.fragment.edges) + len(self.fragment.readings)
        self.take(resource, found)
        if len(self.fragment.edges) + len(self.fragment.readings) > before:
            self.fragment.workloads.append(
                Workload(self.site(resource), "unknown", "module", "", "unknown", label=resource.type)
            )

    @cached_property
    def _opened(self) -> set[str]:
        """The addresses of module calls and nested stacks whose own resources are in the unit."""
        found: set[str] = set()
        for resource in self.unit.resources:
            at = resource.address.find(".")
            while at != -1:
                outer = resource.address[:at]
                found.add(outer)
                if outer.endswith("]"):
                    found.add(outer.rpartition("[")[0])
                at = resource.address.find(".", at + 1)
        return found

    # -- what every holder does with its fields

    def take(self, resource: Resource, found: Iterable[Field], sure: bool = False, holder: str = "") -> None:
        """Records the edges into a holder, and the AWS keys that come in as literals, inputs or by reference."""
        holder = holder or resource.id
        kept = list(found)
        for item in kept:
            flowed = False
            for reference in held(item.value):
                if reference.target in self.given:
                    reference = replace(reference, target=self.given[reference.target], attribute="")
                if reference.target in self.minted:
                    if self.carries(reference):
                        self.edge(reference, holder, item.name, place_of(item, reference), "", item.attribute)
                elif self._flows(reference):
                    flowed = True
                    self.edge(reference, holder, item.name, place_of(item, reference), key_behind(item), item.attribute)
                else:
                    read_variable(self, reference, holder, item)
            if item.store and not flowed:
                written = self.stores.label(item.value)
                kind = item.store if item.store != "any" else store_kind(written)
                name, key = store_name(kind, written)
                self.fragment.readings.append(
                    Reading(holder, kind, name, "", item.name, item.span, key, item.value.via)
                )
        for found_key in (*aws_keys(resource, kept, sure, self.is_minted), *cloud_keys(kept, self.is_minted)):
            self.found(resource, found_key, holder)

    @cached_property
    def workspace(self) -> str:
        """The workspace of HCP Terraform that the unit runs in."""
        return workspace_of(self.unit)

    def is_minted(self, target: str) -> bool:
        return target in self.minted or target in self.given

    def found(self, resource: Resource, key: Found, holder: str) -> None:
        """A key that is written, passed in or fetched, as a credential of its own with edges into the holder."""
        site = self.site(resource)
        identifier = f"{key.place.path}:{key.place.start}#{key.slot}"
        if not any(c.id == identifier for c in self.fragment.credentials):
            self.fragment.credentials.append(
                Credential(
                    replace(site, id=identifier, span=key.place, header=key.place),
                    key.cls,
                    key.form,
                    key.cloud,
                    field=key.field,
                    hint=key.hint,
                    marks=key.marks,
                    place=key.place,
                    hops=key.hops,
                    library=self.unit.library,
                )
            )
        for part, item, hops in key.parts:
            self.fragment.edges.append(Edge(identifier, part, holder, item.name, item.span, hops))

    def carries(self, reference: Reference) -> bool:
        """Whether the attribute is a part of the credential (its user's name is not)."""
        entry = self.minted[reference.target]
        head = reference.attribute.partition(".")[0]
        return not head or head in entry.id or head in entry.secret or head in entry.smtp

    def _flows(self, reference: Reference) -> bool:
        target = self.resources.get(reference.target)
        if target is None:
            return reference.target.startswith(("ssm:", "secretsmanager:", "export:", "terraform-output"))
        if target.mode == "data":
            return target.type in READERS
        if target.mode == "module":
            return False
        entry = self.entries.get(target.type)
        return entry is not None and entry.part == "store"

    def edge(
        self, reference: Reference, holder: str, name: str, span: Span, key: str = "", attribute: Span | None = None
    ) -> None:
        """Records that a reference lies in a field of a holder: as an edge, or as a reading where it names a store.

        `key` is the member of the store that is taken, where what stands beside the reference says so; `attribute` is
        where the holder writes what is put together elsewhere.
        """
        source = reference.target
        hops = way(reference, holder, span, attribute, self.resources.get(source))
        if source.startswith(("ssm:", "secretsmanager:", "export:")):
            kind, _, item = source.partition(":")
            kind = {"export": "cfn-export"}.get(kind, kind)
            item, inner = store_name(kind, item)
            key = key or key_of(reference.attribute) or inner
            self.fragment.readings.append(Reading(holder, kind, item, "", name, span, key, hops))
            return
        if source == "terraform-output":
            self.fragment.readings.append(Reading(holder, "tf-output", reference.attribute, "", name, span, "", hops))
            return
        data = self.resources.get(source)
        if data is not None and data.mode == "data" and data.type in READERS:
            self.fragment.readings.extend(
                replace(
                    reading, holder=holder, field=name, span=span, key=key or reading.key, hops=(*reading.hops, *hops)
                )
                for reading in self.stores.read(data, reference.attribute)
            )
            return
        key = key or key_of(reference.attribute)
        self.fragment.edges.append(
            Edge(self.halves.get(source, source), reference.attribute, holder, name, span, hops, key)
        )

    def site(self, resource: Resource) -> Site:
        return site_of(resource)
