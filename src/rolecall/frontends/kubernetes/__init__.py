"""Kubernetes: manifests, Helm charts' templates, Kustomize generators, and pods however they are declared."""

from rolecall.frontends.kubernetes.manifests import ManifestPlan, read, read_unit, units
from rolecall.frontends.kubernetes.pods import Container, EnvVar, containers, pod_spec

__all__ = ["Container", "EnvVar", "ManifestPlan", "containers", "pod_spec", "read", "read_unit", "units"]
