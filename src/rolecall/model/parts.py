"""The parts of the model: what an estate declares about identities that are not people.

Everything here is frozen, holds no text of any secret, and pickles small: a fragment of these per unit is what the
cache keeps.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Literal

from rolecall.frontends.values import Hop
from rolecall.source.records import dataclass
from rolecall.source.text import Span

if TYPE_CHECKING:
    from rolecall.model.access.parts import RolePart
    from rolecall.model.clusters.parts import ClusterPart
    from rolecall.model.pipelines.ci_jobs import CiPart

Nature = Literal["machine", "human", "mixed", "unknown"]
Form = Literal["literal", "minted", "input", "reference"]


@dataclass(frozen=True, slots=True)
class Site:
    """Where something is declared.  `declaration` is the same for every module instance of one block."""

    id: str
    unit: str
    address: str
    format: str
    type: str
    name: str
    module: str
    span: Span
    header: Span
    calls: tuple[Span, ...] = ()

    @property
    def declaration(self) -> tuple[str, int]:
        return self.span.path, self.span.start


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason for a nature: what was seen, where, and what it speaks for."""

    says: Nature
    seen: str
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Gate:
    """An input of its own module decides whether the thing exists (`count = var.create ? 1 : 0`).

    `open` is True where the scanned code says it exists, False where it says it does not, None where nobody can tell.
    `called` is True where a call sets the input, so that the call is where a finding belongs.
    """

    open: bool | None
    inputs: tuple[str, ...]
    called: bool


@dataclass(frozen=True, slots=True)
class Identity:
    """A principal.  `kind` is aws:user, aws:role, aws:group, k8s:service-account …; `label` its name as far as it is
    known.  `boundary_policy` is the id or ARN of its permissions boundary, `tags` the names of its tags
    (model/state/tags.py), None where it can have none.
    """

    site: Site
    kind: str
    cloud: str
    label: str
    path_label: str = ""
    nature: Nature = "unknown"
    evidence: tuple[Evidence, ...] = ()
    gate: Gate | None = None
    library: bool = False
    boundary: bool = False
    prevent_destroy: bool = False
    instances: int | None = 1
    assume: Document | None = None
    boundary_policy: str = ""
    tags: tuple[str, ...] | None = None

    @property
    def id(self) -> str:
        return self.site.id


@dataclass(frozen=True, slots=True)
class Credential:
    """What proves an identity.

    `owner` is the id of its identity where it is seen, else "".  `owner_label` is the name it is given by, as far as
    known.  `field` is the attribute or variable that holds it (for literals and inputs).  `hint` is at most a class, a
    length and the last four characters of a key id; never a secret.
    `marks` are remarks that checks act on: example (a vendor's documented example), dummy (an emulator's),
    s3-compatible (another provider's key under AWS names), inactive, pgp (encrypted in state), rotated, id-only (a
    literal key id without its secret beside it).
    """

    site: Site
    cls: str
    form: Form
    cloud: str
    owner: str = ""
    owner_label: str = ""
    field: str = ""
    hint: str = ""
    marks: frozenset[str] = frozenset()
    place: Span | None = None
    hops: tuple[Hop, ...] = ()
    gate: Gate | None = None
    library: bool = False
    prevent_destroy: bool = False
    instances: int | None = 1

    @property
    def id(self) -> str:
        return self.site.id

    @property
    def span(self) -> Span:
        return self.place or self.site.span


@dataclass(frozen=True, slots=True)
class Workload:
    """What consumes.

    `kind` is function, container-task, instance, pod, pipeline-job, build, job, saas, person or unknown; `platform`
    says which (lambda, ecs, ec2, eks, github-actions, codebuild, terraform …).  `identity` is the id of the identity
    that it already has, `identity_text` as far as it is known; both empty where it has none.  `slot` is the attribute
    that takes one, "" where there is none or it need not be filled; `slot_place` is where it is written.  `exposed`
    says that the internet reaches it.
    """

    site: Site
    kind: str
    platform: str
    cloud: str
    target: str
    slot: str = ""
    identity: str = ""
    identity_text: str = ""
    namespace: str = ""
    label: str = ""
    slot_place: Span | None = None
    exposed: bool = False

    @property
    def id(self) -> str:
        return self.site.id


@dataclass(frozen=True, slots=True)
class Store:
    """A place where a credential lies until somebody reads it: parameter, secret, output, CI secret, file.

    `kind` and `name` (with `scope`, where names are only unique in one) are how readers elsewhere name it.
    """

    site: Site
    kind: str
    name: str
    scope: str = ""
    parent: str = ""
    sensitive: bool = True

    @property
    def id(self) -> str:
        return self.site.id


@dataclass(frozen=True, slots=True)
class Edge:
    """A part of something reaches a holder: `source` (a resource id) . `attribute` lies in `field` of `holder`.

    `span` covers the entry to change (the map entry, the attribute, the line of a script), `hops` the way from the
    source to it, the source's end first.  `key` is the member that is taken where the source is a store of several.
    """

    source: str
    attribute: str
    holder: str
    field: str
    span: Span
    hops: tuple[Hop, ...] = ()
    key: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """A holder reads a store that it names (`kind`, `name`, `scope`): an ECS secret, a pod's secretKeyRef,
    `secrets.X`.  The scope of a Terraform output is the name of its state (store_names.state_name).
    """

    holder: str
    kind: str
    name: str
    scope: str
    field: str
    span: Span
    key: str = ""
    hops: tuple[Hop, ...] = ()


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a policy, as far as it is known.

    Actions and resources keep `${…}` where a part is only known after apply.  `conditions` are (operator, key, values).
    `doubt` says why it may not hold: "case" in one of several ways, of which the code does not tell which is taken,
    "text" in a text that the cloud refuses as it is; "" where it holds.
    """

    effect: str
    actions: tuple[str, ...]
    not_actions: tuple[str, ...]
    resources: tuple[str, ...]
    not_resources: tuple[str, ...]
    principals: tuple[tuple[str, str], ...]
    conditions: tuple[tuple[str, str, tuple[str, ...]], ...]
    span: Span | None
    not_principals: bool = False
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A policy document; `complete` is False where a part of it could not be read (and `gap` says why).

    `place` is the attribute that has it, for trusts.
    """

    statements: tuple[Statement, ...]
    complete: bool
    span: Span | None
    gap: str = ""
    place: Span | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """Permissions given to a principal.

    `how` is inline, attached, managed-list, exclusive or membership.  `principal` is a resource id or "", `label` the
    name as far as known, `principal_kind` user, role or group.  `policy` is the id or ARN of what is attached;
    `document` its content when seen.  Outside AWS `policy` is a role's name or what a statement allows, `level` how
    much it is granted on (project, tenancy …), `scope` of what, `condition` under which condition ("" for none).
    `ways` are the policies that it may be, where the code does not tell which; with `every` it is all of them, each by
    an instance of its own.
    """

    site: Site
    how: str
    principal: str
    principal_kind: str
    label: str
    policy: str = ""
    document: Document | None = None
    span: Span | None = None
    level: str = ""
    scope: str = ""
    condition: str = ""
    ways: tuple[str, ...] = ()
    every: bool = False


@dataclass(frozen=True, slots=True)
class PolicySite:
    """A policy that stands by itself (`aws_iam_policy`, a policy document) and can be attached.

    `kind` is what sort of principal it is for ("" for AWS's users and roles, iot for devices); `managed` is the name of
    AWS's policy that it only looks up.  `taken_by` are the types of the blocks that take a document: unknown ones are
    there by their mode (local, output, module).
    """

    site: Site
    document: Document | None
    kind: str = ""
    managed: str = ""
    taken_by: frozenset[str] = frozenset()
    library: bool = False
    gate: Gate | None = None


@dataclass(frozen=True, slots=True)
class ResourcePolicy:
    """A policy on a resource, which names principals (a bucket, a queue, a key), or a document for one.

    `shut` says why it lets in fewer than it names, where something beside it sees to that.  `place` is the attribute
    that has it.  `untaken` says of a document by itself that nothing of its module names it.
    """

    site: Site
    document: Document
    shut: str = ""
    place: Span | None = None
    untaken: bool = False


@dataclass(frozen=True, slots=True)
class Trust:
    """Tokens of another issuer are taken, apart from a policy document: a workload identity pool's provider, a
    federated credential.

    `subjects` are the subjects that are let in by name; `condition` an expression over the token's claims, "" where
    there is none and None where it is not known; `mapping` says what claims become (attribute, expression); `pool` are
    the names that those who came in by it go by.  `target` is the id or the name of the identity that they become.
    """

    site: Site
    cloud: str
    issuer: str
    subjects: tuple[str, ...] = ()
    condition: str | None = ""
    mapping: tuple[tuple[str, str], ...] = ()
    pool: tuple[str, ...] = ()
    target: str = ""
    library: bool = False
    gate: Gate | None = None


@dataclass(frozen=True, slots=True)
class Misset:
    """A setting that decides about identity and stands wrong (see model/state/settings.py).

    `idea` says which check speaks of it, `value` what it is (never a secret), `says` fits after the resource's address,
    `severity` is "" where the check's own holds.  `span` is the attribute, or the header where nothing is written;
    `hops` the way of the value to it.
    """

    site: Site
    idea: str
    path: str
    value: str
    says: str
    severity: str
    span: Span
    hops: tuple[Hop, ...] = ()


@dataclass(frozen=True, slots=True)
class SecretValue:
    """An attribute that takes a secret's value and is given one that people can read.

    `form` is literal (written there or in a default, at `span`), shown (a parameter that the console shows), or plain
    (a store that keeps it unencrypted).  `hint` is at most a length.
    """

    site: Site
    path: str
    cls: str
    form: str
    hint: str
    span: Span
    hops: tuple[Hop, ...] = ()


@dataclass(frozen=True, slots=True)
class Mention:
    """Something outside the identity's own blocks names it: `target` is a resource id, `attribute` what of it."""

    target: str
    attribute: str
    site: Site
    span: Span


@dataclass(slots=True)
class Fragment:
    """What one unit contributes.  Lists are in source order."""

    unit: str = ""
    format: str = ""
    library: bool = False
    identities: list[Identity] = field(default_factory=list)
    credentials: list[Credential] = field(default_factory=list)
    workloads: list[Workload] = field(default_factory=list)
    stores: list[Store] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    grants: list[Grant] = field(default_factory=list)
    policies: list[PolicySite] = field(default_factory=list)
    resource_policies: list[ResourcePolicy] = field(default_factory=list)
    mentions: list[Mention] = field(default_factory=list)
    trusts: list[Trust] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    cluster: list[ClusterPart] = field(default_factory=list)
    ci: list[CiPart] = field(default_factory=list)
    roles: list[RolePart] = field(default_factory=list)
    missets: list[Misset] = field(default_factory=list)
    secret_values: list[SecretValue] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Fact:
    """A remark of one unit that another part of the estate may need.

    `kind` is one of: provider-version (name = provider, value = constraint), oidc-provider (value = URL),
    oidc-audience (name = the provider's id, value = one audience that it takes), alone (name = the id of an identity
    that nothing of its module names, value = what is said of it), pod-identity (name = namespace/service account,
    value = role), instance-profile (value = role), role-module (a call that makes a role for pods; value = its
    policies), problem (name = the kind of Problem, value = its message), login-profile (name = user), service-account
    (name = namespace/name, value = role), deployment (value = task definition), oidc-login, baked-key, asked-tags
    (name = what the project's settings ask every identity to say, value = the tags that say it), state (the name of
    the state that the unit writes), lost-way (name = the id of a key that is named where nothing is seen to take it),
    dormant (a credential that the defaults of the inputs in name switch off; value = its class).
    """

    kind: str
    name: str
    value: str
    site: Site | None = None
    span: Span | None = None
