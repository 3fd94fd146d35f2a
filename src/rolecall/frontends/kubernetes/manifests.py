"""Manifests: the objects of YAML and JSON files, Helm templates included, that carry credentials or read them.

A repository may hold thousands of manifests of which a handful matter.  A search of the bytes finds those documents
whose `kind` is in the table; only they are parsed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from rolecall.frontends.kubernetes import kustomize
from rolecall.frontends.kubernetes.addresses import Addresses
from rolecall.frontends.resource import Problem, Resource, Unit
from rolecall.frontends.values import Mapping, Value, render
from rolecall.frontends.yaml_values import read_documents, to_value
from rolecall.source.patterns import late
from rolecall.source.records import dataclass
from rolecall.source.text import BOM, SourceText
from rolecall.source.tree import Tree, Unreadable
from rolecall.source.yaml import YamlMapping, YamlNode, YamlSequence

#: Objects of one file; more are reported and left out.
MAX_OBJECTS = 5_000
#: The kinds that can carry or read a credential, or that say which identity a pod has.
KINDS = (
    "Application",
    "ApplicationSet",
    "BackupStorageLocation",
    "Bucket",
    "Certificate",
    "ClusterExternalSecret",
    "ClusterIssuer",
    "ClusterProviderConfig",
    "ClusterRole",
    "ClusterRoleBinding",
    "ClusterSecretStore",
    "ClusterTriggerAuthentication",
    "ConfigMap",
    "CronJob",
    "DaemonSet",
    "Deployment",
    "ExternalSecret",
    "HelmRelease",
    "HelmRepository",
    "ImageRepository",
    "Issuer",
    "Job",
    "List",
    "OCIRepository",
    "PeerAuthentication",
    "Pod",
    "PodTemplate",
    "ProviderConfig",
    "PushSecret",
    "ReplicaSet",
    "ReplicationController",
    "Role",
    "RoleBinding",
    "Rollout",
    "SealedSecret",
    "Secret",
    "SecretList",
    "SecretProviderClass",
    "SecretStore",
    "ServiceAccount",
    "StatefulSet",
    "TriggerAuthentication",
    "VolumeSnapshotLocation",
)
#: Estates have thousands of these for people, so that they are read only where something in them may lead further: a
#: program, everybody or an administrator among the subjects, a wildcard or a right to what others have.
_FOR_PEOPLE = ("Role", "RoleBinding")
_LEADS_ON = late(
    rb"ServiceAccount|system:|cluster-admin|\*|secrets|escalate|bind\b|impersonate|bindings\b|roles\b"
    rb"|exec|attach|ephemeral|proxy|/token|aws-auth|\{\{"
)


class _Kinds:
    """Finds a line of YAML or a member of JSON that says an object is of one of some kinds.

    A pattern that begins with a word is found many times faster than one that begins with a line.
    """

    def __init__(self, names: Iterable[str]) -> None:
        either = "|".join(names).encode()
        self._said = late(
            rb"""kind(["']?)[ \t]*:[ \t]*(["']?)(?:%s)(?:(["']?)[ \t]*(?:\#.*)?(\r?$)|")""" % either, re.MULTILINE
        )

    def search(self, data: bytes) -> bool:
        for found in self._said.finditer(data):
            start, (mark, opening, closing, ends) = found.start(), found.groups()
            before = data[data.rfind(b"\n", 0, start) + 1 : start].removeprefix(BOM)
            if ends is not None and before in (b"", b'"', b"'"):  # a line of its own
                return True
            if mark == opening == b'"' and closing in (None, b'"') and before.endswith(b'"'):  # JSON
                return True
        return False


_KIND = _Kinds(name for name in KINDS if name not in _FOR_PEOPLE)
_PEOPLE = _Kinds(_FOR_PEOPLE)
_SEPARATOR = late(rb"^---(?=[ \t\r\n]|\Z)", re.MULTILINE)
_INK = late(rb"[^\r\n]")
_SUFFIXES = (".yaml", ".yml", ".json")


@dataclass(frozen=True, slots=True)
class ManifestPlan:
    """One unit to be: a file, and the files whose content its objects take in, that one first."""

    name: str
    files: tuple[str, ...]


def read(tree: Tree, paths: Iterable[str]) -> Iterator[Unit]:
    """One unit for each file with objects that matter."""
    for plan in units(tree, paths):
        yield read_unit(tree, plan)


def units(tree: Tree, paths: Iterable[str]) -> list[ManifestPlan]:
    """The files with objects that matter, by a search of their bytes."""
    plans = []
    for path in paths:
        try:
            data = tree.read(path).data
        except Unreadable:
            continue
        if may_hold_objects(path, data):
            sources = kustomize.sources(tree, path) if kustomize.is_kustomization(path) else ()
            plans.append(ManifestPlan(path, (path, *sources)))
    return plans


def may_hold_objects(path: str, data: bytes) -> bool:
    """Whether a file may hold objects that matter, or generate them, by a search of its bytes."""
    if kustomize.is_kustomization(path):
        return kustomize.generates(data)
    return path.endswith(_SUFFIXES) and b"apiVersion" in data and _matters(data)


def read_unit(tree: Tree, plan: ManifestPlan) -> Unit:
    """The objects of one file.  Never raises: what cannot be read is a problem of the unit."""
    path = plan.name
    try:
        text = tree.read(path)
    except Unreadable as error:
        problem = Problem("unreadable", error.reason, SourceText(path, b"").span(0, 0))
        return Unit(path, "kubernetes", plan.files, (), (problem,))
    kustomization = kustomize.is_kustomization(path)
    roots, problems = read_documents(text if kustomization else _relevant(text), tolerant=b"{{" in text.data)
    resources: list[Resource] = []
    addresses = Addresses()
    for root in roots:
        if not isinstance(root, YamlMapping):
            continue
        if kustomization:
            resources.extend(kustomize.generated(tree, path, root, addresses))
            continue
        for node in _objects(root):
            if len(resources) >= MAX_OBJECTS:
                problems.append(Problem("limit", f"more than {MAX_OBJECTS} objects in one file", node.span))
                break
            found = _resource(path, node, addresses)
            if found is not None:
                resources.append(found)
    return Unit(path, "kubernetes", plan.files, tuple(resources), tuple(problems))


def _matters(data: bytes) -> bool:
    """Whether some document may hold an object that is read, by a search of its bytes."""
    return bool(_KIND.search(data) or (_PEOPLE.search(data) and _LEADS_ON.search(data)))


def _relevant(text: SourceText) -> SourceText:
    """The file with the documents blanked out, byte for byte, that hold no object that matters.

    Where a role for people does, so does what binds it: who has it is a part of how bad it is.
    """
    data = text.data
    starts = [0, *(found.start() for found in _SEPARATOR.finditer(data))]
    if len(starts) < 2:
        return text
    pieces = []
    written = [data[start:end] for start, end in pairwise([*starts, len(data)])]
    people = any(_PEOPLE.search(piece) and _LEADS_ON.search(piece) for piece in written)
    for piece in written:
        if _matters(piece) or (people and _PEOPLE.search(piece)):
            pieces.append(piece)
        else:
            kept = 3 if piece.startswith(b"---") else 0
            pieces.append(piece[:kept] + _INK.sub(b" ", piece[kept:]))
    return SourceText(text.path, b"".join(pieces))


def _objects(root: YamlMapping) -> Iterator[YamlMapping]:
    """The object of a document, or those of a list."""
    items = root.get("items")
    if isinstance(items, YamlSequence) and _scalar(root, "kind").endswith("List"):
        for item in items.items:
            if isinstance(item, YamlMapping):
                yield item
    else:
        yield root


def _scalar(node: YamlNode | None, *keys: str) -> str:
    """The text at a path, with `${?}` for what a template engine fills in; empty where there is none."""
    for key in keys:
        node = node.get(key) if isinstance(node, YamlMapping) else None
    return render(to_value(node)) if node is not None else ""


def _resource(path: str, node: YamlMapping, addresses: Addresses) -> Resource | None:
    kind = node.pair("kind")
    name = _scalar(node, "kind")
    if kind is None or name not in KINDS or node.get("apiVersion") is None:
        return None
    label = _scalar(node, "metadata", "name") or _scalar(node, "metadata", "generateName")
    address = addresses.take(name, _scalar(node, "metadata", "namespace"), label)

    def evaluate(key: str | int | None) -> Mapping:
        value: Value = to_value(node)
        return value if isinstance(value, Mapping) else Mapping(())

    return Resource(
        id=f"{path}//{address}",
        unit=path,
        address=address,
        format="kubernetes",
        mode="resource",
        type=f"k8s:{name}",
        name=label,
        span=node.span,
        header=kind.span,
        module=path,
        evaluate=evaluate,
    )
