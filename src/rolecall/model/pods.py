"""Pods, service accounts and external secrets, from manifests and from Terraform alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rolecall.frontends.kubernetes import containers, pod_spec
from rolecall.frontends.resource import Resource
from rolecall.frontends.values import Value, find
from rolecall.model.fields import Field
from rolecall.model.parts import Fact, Reading, Store, Workload

if TYPE_CHECKING:
    from rolecall.model.holders import Holders


def read_object(holders: Holders, resource: Resource, part: str) -> None:
    """One Kubernetes object's part in the model."""
    namespace = _namespace(holders, resource)
    match part:
        case "pod":
            _pod(holders, resource, namespace)
        case "service-account":
            name = holders.extraction.label(value) if (value := resource.get("metadata.name")) is not None else ""
            role = _annotation(resource)
            holders.fragment.facts.append(
                Fact(
                    "service-account",
                    f"{namespace}/{name}",
                    holders.extraction.label(role) if role is not None else "",
                    holders.site(resource),
                    resource.span,
                )
            )
        case "external-secret":
            _external(holders, resource, namespace)


def _namespace(holders: Holders, resource: Resource) -> str:
    value = resource.get("metadata.namespace")
    return holders.extraction.label(value) if value is not None else ""


def _annotation(resource: Resource) -> Value | None:
    annotations = resource.get("metadata.annotations")
    return next(find(annotations, "eks"), None) if annotations is None else _irsa(annotations)


def _irsa(annotations: Value) -> Value | None:
    from rolecall.frontends.values import Mapping

    if isinstance(annotations, Mapping):
        for entry in annotations.entries:
            if entry.name == "eks.amazonaws.com/role-arn":
                return entry.value
    return None


def _pod(holders: Holders, resource: Resource, namespace: str) -> None:
    spec = pod_spec(resource)
    account = None
    if spec is not None:
        account = spec.get("serviceAccountName") or spec.get("service_account_name")
    name = holders.extraction.label(account) if account is not None else ""
    taken: list[Field] = []
    readings: list[Reading] = []
    for container in containers(resource):
        for variable in container.env:
            if variable.secret_name is not None:
                readings.append(
                    Reading(
                        resource.id,
                        "k8s-secret",
                        holders.extraction.label(variable.secret_name),
                        namespace,
                        variable.name,
                        variable.span,
                        variable.secret_key or "",
                    )
                )
            elif variable.value is not None:
                taken.append(Field(variable.name, variable.value, variable.span, "env", "pairs"))
        for kind, value, span in container.env_from:
            readings.append(
                Reading(
                    resource.id,
                    "k8s-secret" if kind == "secret" else "k8s-config-map",
                    holders.extraction.label(value),
                    namespace,
                    "",
                    span,
                )
            )
        for value, span in container.secret_mounts:
            readings.append(Reading(resource.id, "k8s-secret", holders.extraction.label(value), namespace, "", span))
    if not taken and not readings:
        return
    holders.fragment.workloads.append(
        Workload(
            holders.site(resource),
            "pod",
            "eks",
            "aws",
            "aws:pod-role",
            "serviceAccountName",
            "",
            name,
            namespace,
        )
    )
    holders.fragment.readings.extend(readings)
    holders.take(resource, taken)


def _external(holders: Holders, resource: Resource, namespace: str) -> None:
    """An ExternalSecret reads a store and fills a Kubernetes secret: a store that reads a store."""
    target = resource.get("spec.target.name") or resource.get("metadata.name")
    holders.fragment.stores.append(
        Store(
            holders.site(resource),
            "k8s-secret",
            holders.extraction.label(target) if target is not None else "",
            namespace,
        )
    )
    for key in resource.find("spec.data.remoteRef.key"):
        for kind in ("ssm", "secretsmanager"):
            holders.fragment.readings.append(
                Reading(resource.id, kind, holders.extraction.label(key), "", "", key.span or resource.span)
            )
    for key in resource.find("spec.dataFrom.extract.key"):
        for kind in ("ssm", "secretsmanager"):
            holders.fragment.readings.append(
                Reading(resource.id, kind, holders.extraction.label(key), "", "", key.span or resource.span)
            )
