"""The checks that rolecall runs, one file each.

The list is explicit, so that reading it says what runs; a test says that no file is missing from it.
"""

from __future__ import annotations

from importlib import import_module
from typing import cast

from rolecall.model.rule import Check

CHECKS: tuple[str, ...] = (
    "minted_access_key",
    "literal_access_key",
    "workflow_static_key",
    "workload_given_key",
    "unread_access_key",
    "key_in_output",
    "user_for_workload",
    "workload_without_identity",
    "shadowed_role",
    "administrator_grant",
    "privilege_escalation",
    "pass_any_role",
    "whole_service",
    "changes_on_everything",
    "reads_on_everything",
    "makes_lasting_credentials",
    "anybody_may_assume",
    "unpinned_oidc_subject",
    "resource_open_to_anybody",
    "vendor_without_external_id",
    "confused_deputy",
    "open_pod_subject",
    "subject_never_matches",
    "unread_input",
    "secret_in_code",
    "local_auth",
    "instance_metadata",
    "no_identity",
    "default_identity",
    "pods_share_nodes_identity",
    "unbounded_api_key",
    "keys_allowed",
    "service_key",
    "no_expiry",
    "default_account_bound",
    "cluster_administrator",
    "cluster_role_wildcard",
    "cluster_role_escalates",
    "cluster_role_enters_pods",
    "cluster_role_takes_secrets",
    "cluster_role_makes_credentials",
    "cluster_role_admits",
    "cluster_role_handed_out",
    "cluster_open_to_everybody",
)


def load() -> list[Check]:
    """Every check module, in the order of its rule id."""
    modules = [cast(Check, import_module(f"rolecall.checks.{name}")) for name in CHECKS]
    return sorted(modules, key=lambda module: module.RULE.id)
