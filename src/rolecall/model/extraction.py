"""One unit's contribution to the model: every identity, credential, workload, store, grant and flow edge it declares.

`extract` looks at a unit alone, so that a fragment depends on nothing but the unit's files and can be cached by their
content.  What ties units together (names, stores, secrets, outputs) happens in `model.linking`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from rolecall.catalog.entries import Entry, catalog
from rolecall.frontends.resource import Resource, Unit
from rolecall.frontends.values import Mapping, Reference, Sequence, Value, find, references, render, text, truth
from rolecall.model.access.admissions import left_open, read_admissions
from rolecall.model.access.attachments import attach, policy_ways, principals_of
from rolecall.model.access.azure_api import declared
from rolecall.model.access.azure_roles import read_permissions
from rolecall.model.access.choices import opened
from rolecall.model.access.cloud_control import by_template_types
from rolecall.model.access.documents import possibly, read_document, trust_of
from rolecall.model.access.federation import read_trust
from rolecall.model.access.members import WAYS, read_grants
from rolecall.model.access.policy_sites import own_policies, permission_set, policy_lookup, read_policies
from rolecall.model.flow.holders import STACKS, Holders
from rolecall.model.flow.registry import known_source
from rolecall.model.flow.stores import READERS
from rolecall.model.flow.written import KEYED, Searches, keyed
from rolecall.model.nature import vendor_of_type
from rolecall.model.parts import (
    Credential,
    Document,
    Evidence,
    Fact,
    Fragment,
    Grant,
    Identity,
    PolicySite,
)
from rolecall.model.secrets.object_stores import stores_of
from rolecall.model.sites import absent, gate_of, instances, site_of, switched_off
from rolecall.model.state.orphans import SAYS, is_alone
from rolecall.model.state.settings import read_wrong
from rolecall.model.state.tags import default_tags, tag_names
from rolecall.source.patterns import late
from rolecall.source.tree import Tree, Unreadable

#: A position in a list of blocks, which `find` enters by itself.
_INDEX = late(r"\.\d+(?=\.|$)")

#: How the types start by which EKS lets somebody of AWS into a cluster (model/clusters/access.py).
_LET_INTO_CLUSTERS = (
    *("aws_eks_access_policy_association", "AWS::EKS::AccessEntry", "terraform-aws-modules/eks/aws"),
    *("k8s:ConfigMap", "kubernetes_config_map", "kubernetes_manifest", "kubectl_manifest"),
)

#: What is seen of an application through which people sign in.
SIGN_IN = "people sign in through it"
OWN_IDENTITY = Entry("", "identity", "azure", "azure:managed-identity", name="name")


class Extraction:
    """The walk over one unit; `fragment` is what it fills."""

    def __init__(self, unit: Unit, tree: Tree | None = None) -> None:
        unit = by_template_types(declared(unit))
        stacks = [r for r in unit.resources if r.type in STACKS and r.mode == "resource"]
        if stacks and tree is not None:
            from rolecall.frontends.cloudformation.inner import with_inner_stacks

            unit = with_inner_stacks(unit, stacks, tree)
        self.unit = unit
        self.tree = tree
        self.fragment = Fragment(unit.name, unit.format, unit.library)
        self.resources = {resource.id: resource for resource in unit.resources}
        self.entries = catalog()
        self._files: dict[str, bool] = {}

    def run(self) -> Fragment:
        walks = self._matters()
        if walks:
            self._walk()
        read_policies(self, walks)
        self.fragment.resource_policies.extend(read_admissions(self))
        self._read_by_cloud()
        read_wrong(self.unit, self.fragment, self.written)
        self.fragment.facts.extend(stores_of(self.unit, self._may_point))
        for problem in self.unit.problems:
            self.fragment.facts.append(Fact("problem", problem.kind, problem.message, None, problem.span))
        for name, value in self.unit.provider_versions.items():
            self.fragment.facts.append(Fact("provider-version", name, value))
        return self.fragment

    def _read_by_cloud(self) -> None:
        """What only some clouds have.  Their modules are loaded where one of their types occurs: a small estate is read
        faster than all of them.
        """
        types = {resource.type for resource in self.unit.resources}
        if any("google" in name for name in types):
            from rolecall.model.access.role_bindings import read_roles

            read_roles(self)
        if any(name.startswith("oci_") for name in types):
            from rolecall.model.access.oci_policies import read_oci

            read_oci(self)
        if any(name.startswith(("kubernetes_", "kubectl_", "k8s:")) for name in types):
            from rolecall.model.clusters.objects import read_cluster

            read_cluster(self)
        if any(name.startswith(_LET_INTO_CLUSTERS) for name in types):
            from rolecall.model.clusters.access import read_access

            read_access(self)
        if any(name.startswith(("Custom::", "AWS::CloudFormation::CustomResource")) for name in types):
            from rolecall.model.secrets.minting_code import keys_by_code

            for credential, fact in keys_by_code(self):
                self.fragment.credentials.append(credential)
                self.fragment.facts.append(fact)
        if self.unit.format == "github":
            from rolecall.model.pipelines.ci_reading import read_jobs

            read_jobs(self)

    def _matters(self) -> bool:
        """Whether anything here can play a part: a type other than a store's, or a key's name or shape in a file."""
        if self.tree is None or self.unit.format != "terraform":
            return True
        reads, others = False, set()
        for resource in self.unit.resources:
            entry = self.entries.get(resource.type) if resource.mode == "resource" else None
            if entry is not None and entry.part not in ("", "store", "resource-policy", "policy"):
                return True
            if entry is None and resource.mode == "resource":
                others.add(resource.type)
            reads = reads or (resource.mode == "data" and resource.type in READERS)
            if resource.mode == "module" and (known_source(resource.type) or f"module:{resource.type}" in self.entries):
                return True
        if reads and any(vendor_of_type(name) for name in others):
            return True
        try:
            return any(self._keyed(path) for path in self.unit.files)
        except Unreadable:
            return True

    def _walk(self) -> None:
        holders = Holders(self)
        for resource in self.unit.resources:
            if resource.mode not in ("resource", "data"):
                continue
            entry = self.entries.get(resource.type) if resource.mode == "resource" else None
            if absent(resource, self.unit.library):
                if entry is not None and entry.part == "credential" and (inputs := switched_off(resource, self.unit)):
                    self._fact("dormant", inputs, entry.cls, resource)
            elif entry is not None:
                self._part(resource, entry)
        holders.run()

    def _part(self, resource: Resource, entry: Entry) -> None:
        match entry.part:
            case "identity":
                if not entry.same_as or not self.other_side(resource, entry):
                    self._identity(resource, entry)
            case "workload" if entry.cloud == "azure":
                if is_own_identity(resource, entry):
                    self._identity(resource, OWN_IDENTITY)
            case "credential":
                self._credential(resource, entry)
            case "login":
                owner, label = self.principal(resource.get(entry.owner))
                self._fact("login-profile", owner or label, label, resource)
            case "grant" if entry.how in WAYS:
                for one in resource.instances():
                    self.fragment.grants.extend(read_grants(self, one, entry, site_of(resource)))
            case "grant":
                attach(self, resource, entry)
            case "federation":
                for one in resource.instances():
                    trust = read_trust(self, one, entry, site_of(resource), gate_of(resource))
                    self.fragment.trusts.extend([trust] if trust is not None else [])
            case "policy":
                self.read_policy(resource, entry)
            case "permission-set":
                permission_set(self, resource)
            case "workload" if entry.inline:
                own_policies(self, resource)
            case "membership":
                self._membership(resource, entry)
            case "oidc-provider":
                self._fact("oidc-provider", resource.id, render_of(resource.get(entry.url)), resource)
                for audience in members(resource.get("client_id_list|ClientIdList")):
                    self._fact("oidc-audience", resource.id, render(audience), resource)
            case "profile":
                owner, label = self.principal(first(resource.get(entry.identity)))
                self._fact("instance-profile", resource.id, owner or label, resource)
            case "pod-identity":
                owner, label = self.principal(resource.get(entry.identity))
                self._fact(
                    "pod-identity",
                    f"{render_of(resource.get(entry.namespace))}/{render_of(resource.get(entry.service_account))}",
                    owner or label,
                    resource,
                )
            case "deployment":
                self._fact("deployment", resource.id, render_of(resource.get(entry.of)), resource)

    def _may_point(self, resource: Resource) -> bool:
        """Whether the text of a provider or backend names an endpoint."""
        if self.tree is None:
            return True
        span = resource.span
        try:
            data = self.tree.read(span.path).data
        except Unreadable:
            return True
        return data.find(b"endpoint", span.start, span.end) != -1

    def _keyed(self, path: str) -> bool:
        """Whether a file may hold a key.  Raises Unreadable."""
        known = self._files.get(path)
        if known is None:
            known = self._files[path] = self.tree is None or keyed(self.tree.read(path).data)
        return known

    def written(self, resource: Resource, pattern: Searches) -> bool:
        """Whether the text of a declaration holds a pattern; True where the text is not at hand.

        It saves the evaluation of the many blocks that cannot matter.
        """
        if self.tree is None or resource.calls:
            return True
        span = resource.span
        try:
            if pattern is KEYED and not self._keyed(span.path):
                return False
            data = self.tree.read(span.path).data
        except Unreadable:
            return True
        return pattern.search(data, span.start, span.end) is not None

    # -- identities and credentials

    @cached_property
    def default_tags(self) -> frozenset[str]:
        """The names of the tags that the unit's providers put on all that they make."""
        return default_tags(self)

    def _identity(self, resource: Resource, entry: Entry) -> None:
        if is_alone(self, resource, entry):
            self._fact("alone", resource.id, SAYS[resource.type], resource)
        evidence: list[Evidence] = []
        if entry.login and resource.get(entry.login) is not None:
            evidence.append(Evidence("human", "it has a login profile", resource.header))
        if entry.sign_in and resource.get(entry.sign_in) is not None:
            evidence.append(Evidence("human", SIGN_IN, resource.header))
        tags = resource.get(entry.tags) if entry.tags else None
        evidence.extend(tag_evidence(tags))
        assume = left_open(self, trust_of(resource, entry.trust)) if entry.trust else None
        name = resource.get(entry.name)
        label = self.label(name) if name is not None else resource.name
        self.fragment.identities.append(
            Identity(
                site_of(resource),
                entry.kind,
                entry.cloud,
                with_keys(label, resource),
                self.label(path) if entry.path and (path := resource.get(entry.path)) is not None else "",
                evidence=tuple(evidence),
                gate=gate_of(resource),
                library=self.unit.library,
                boundary=bool(entry.boundary and resource.get(entry.boundary) is not None),
                boundary_policy=self.policy_key(fence)
                if entry.boundary and (fence := resource.get(entry.boundary)) is not None
                else "",
                prevent_destroy=resource.prevent_destroy,
                instances=instances(resource),
                assume=assume,
                tags=tag_names(self, resource, entry),
            )
        )
        site = site_of(resource)
        kind = entry.kind.partition(":")[2]
        if entry.inline:
            for body, sure in opened(resource.get(entry.inline)):
                written = next(find(body, "PolicyDocument"), None) or next(find(body, "policy"), None)
                document = possibly(read, sure) if (read := read_document(written)) is not None else None
                self.fragment.grants.append(
                    Grant(site, "inline", resource.id, kind, "", document=document, span=body.span)
                )
        if entry.managed:
            for item in members(resource.get(entry.managed)):
                policy, ways = self.policy_key(item), policy_ways(self, item)
                self.fragment.grants.append(
                    Grant(site, "managed-list", resource.id, kind, "", policy, span=item.span, ways=ways)
                )
        if entry.groups:
            for item in members(resource.get(entry.groups)):
                group, label = self.principal(item)
                self.fragment.grants.append(
                    Grant(site, "membership", resource.id, kind, "", policy=group or label, span=item.span)
                )

    def _credential(self, resource: Resource, entry: Entry) -> None:
        owner, label = self.principal(resource.get(entry.owner) if entry.owner else None)
        marks = set()
        if entry.status and (text(resource.get(entry.status)) or "").lower() == "inactive":
            marks.add("inactive")
        if entry.pgp and (sealed := resource.get(entry.pgp)) is not None and text(sealed) != "":
            marks.add("pgp")
        rotates = resource.get(entry.rotates) if entry.rotates else None
        if rotates is not None and any(self._type(r.target) == "time_rotating" for r in references(rotates)):
            marks.add("rotated")
        if entry.bounds and resource.get(entry.bounds) is not None:
            marks.add("bounded")
        self.fragment.credentials.append(
            Credential(
                site_of(resource),
                entry.cls,
                "minted",
                entry.cloud,
                owner,
                label,
                marks=frozenset(marks),
                place=resource.span,
                gate=gate_of(resource),
                library=self.unit.library,
                prevent_destroy=resource.prevent_destroy,
                instances=instances(resource),
            )
        )

    # -- policies

    def read_policy(self, resource: Resource, entry: Entry) -> None:
        document = (
            read_permissions(self, resource, entry.document)
            if entry.cloud == "azure"
            else read_document(resource.get(entry.document))
        )
        self.fragment.policies.append(
            PolicySite(site_of(resource), document, entry.kind, library=self.unit.library, gate=gate_of(resource))
        )
        for kind, who in principals_of(resource, entry):
            principal, label = self.principal(who)
            self.fragment.grants.append(
                Grant(site_of(resource), "exclusive", principal, kind, label, resource.id, document, who.span)
            )

    def _membership(self, resource: Resource, entry: Entry) -> None:
        groups = [self.principal(item) for item in members(resource.get(entry.group_list))]
        for who in members(resource.get(entry.users)):
            principal, label = self.principal(who)
            for group, group_label in groups:
                self.fragment.grants.append(
                    Grant(
                        site_of(resource), "membership", principal, "user", label, group or group_label, None, who.span
                    )
                )

    # -- names

    def _type(self, target: str) -> str:
        return resource.type if (resource := self.resources.get(target)) is not None else ""

    def _is_identity(self, resource: Resource) -> bool:
        entry = self.entries.get(resource.type)
        return entry is not None and entry.part in ("identity", "credential")

    def principal(self, value: Value | None) -> tuple[str, str]:
        """Who a value names: the id of a declared resource or "", and the name as far as it is known."""
        if value is None:
            return "", ""
        target = next((r.target for r in references(value)), "")
        resource = self.resources.get(target)
        if resource is not None and resource.mode == "resource":
            if (entry := self.entries.get(resource.type)) and entry.part == "credential":
                return self.principal(resource.get(entry.owner))
            if entry is not None and entry.same_as and (other := self.other_side(resource, entry)):
                return other, self.label(value)
            return target, self.label(value)
        return "", self.label(value)

    def other_side(self, resource: Resource, entry: Entry) -> str:
        """The declared identity that this one only represents (a service principal its application); "" for none."""
        value = resource.get(entry.same_as)
        for reference in references(value) if value is not None else ():
            other = self.resources.get(reference.target)
            if other is not None and other is not resource and self._is_identity(other):
                return other.id
        return ""

    def policy_key(self, value: Value) -> str:
        """What tells one policy from another: the id of a declared one, else its ARN or expression."""
        target = next((r.target for r in references(value)), "")
        resource = self.resources.get(target)
        if resource is not None and (entry := self.entries.get(resource.type)) and entry.part == "policy":
            return target
        return policy_lookup(self, resource) or self.label(value)

    def label(self, value: Value, depth: int = 0) -> str:
        """A value as text, with references to declared names followed: `${aws_iam_user.ci.name}` gives the user's
        name.
        """
        if isinstance(value, Reference) and depth < 5:
            resource = self.resources.get(value.target)
            if resource is not None and value.attribute and resource.mode in ("resource", "data"):
                found = resource.get(_INDEX.sub("", value.attribute))
                if (
                    found is None
                    and value.attribute == "Ref"
                    and (entry := self.entries.get(resource.type))
                    and entry.name
                ):
                    found = resource.get(entry.name)
                if found is not None:
                    return self.label(found, depth + 1)
        if not isinstance(value, Reference) and depth < 5 and hasattr(value, "parts"):
            return "".join(self.label(part, depth + 1) for part in value.parts)
        return render(value)

    def _fact(self, kind: str, name: str, value: str, resource: Resource) -> None:
        self.fragment.facts.append(Fact(kind, name, value, site_of(resource), resource.span))


def is_own_identity(resource: Resource, entry: Entry) -> bool:
    """Whether the platform gives a workload an identity that lives and dies with it (`type = "SystemAssigned"`)."""
    kind = resource.get(f"{entry.identity}.type") if entry.identity else None
    return kind is not None and "SystemAssigned" in render(kind)


def with_keys(label: str, resource: Resource) -> str:
    """A name that each instance completes, with the instances' keys in its place where they are known."""
    keys = resource.condition.keys if resource.condition is not None else None
    if "${" in label and keys and all(isinstance(key, str) for key in keys):
        return ", ".join(str(key) for key in keys[:12])
    return label


def extract(unit: Unit, tree: Tree | None = None) -> Fragment:
    """What one unit declares.  With the tree at hand, blocks whose text cannot matter are not evaluated."""
    return Extraction(unit, tree).run()


def members(value: Value | None) -> Iterator[Value]:
    """The items of a list, or the value itself; nested sequences flattened."""
    if isinstance(value, Sequence):
        for item in value.items:
            yield from members(item)
    elif value is not None:
        yield value


def first(value: Value | None) -> Value | None:
    return next(members(value), None)


def render_of(value: Value | None) -> str:
    return "" if value is None else render(value)


def tag_evidence(tags: Value | None) -> Iterator[Evidence]:
    """What tags say of a nature: `type = machine`, `human = true` and the like."""
    if not isinstance(tags, Mapping):
        return
    for entry in tags.entries:
        name, value = (entry.name or "").lower(), (text(entry.value) or "").lower()
        if name in ("human", "person") and truth(entry.value) is not None:
            yield Evidence("human" if truth(entry.value) else "machine", f"tag {name} = {value}", entry.span)
        elif name in ("machine", "machine-user", "service-account") and truth(entry.value):
            yield Evidence("machine", f"tag {name} = {value}", entry.span)
        elif name in ("type", "kind", "identity-type", "usertype", "user-type"):
            if value in ("machine", "service", "bot", "system", "ci", "service-account"):
                yield Evidence("machine", f"tag {name} = {value}", entry.span)
            elif value in ("human", "person", "user", "employee"):
                yield Evidence("human", f"tag {name} = {value}", entry.span)


__all__ = ["Document", "Extraction", "extract", "site_of"]
