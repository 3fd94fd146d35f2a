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
    "allow_all_but",
    "allow_everywhere_but",
    "takes_any_role",
    "opens_to_others",
    "gets_credentials_of_others",
    "device_policy",
    "policy_on_user",
    "user_without_group",
    "anybody_may_assume",
    "unpinned_oidc_subject",
    "resource_open_to_anybody",
    "vendor_without_external_id",
    "confused_deputy",
    "open_pod_subject",
    "subject_never_matches",
    "everybody_but",
    "every_action_by_policy",
    "any_way_to_assume",
    "guest_credentials",
    "open_function_url",
    "no_principal",
    "assertion_for_anybody",
    "any_certificate",
    "permission_names_nobody",
    "unread_input",
    "secret_in_code",
    "local_auth",
    "no_identity",
    "instance_metadata",
    "default_identity",
    "pods_share_nodes_identity",
    "unbounded_api_key",
    "keys_allowed",
    "basic_role",
    "service_admin_role",
    "data_of_whole_project",
    "granted_to_anybody",
    "keeps_and_uses_keys",
    "impersonation_of_all",
    "role_for_a_person",
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
    "default_service_account",
    "token_mounted",
    "shared_service_account",
    "lasting_account_token",
    "secret_in_object",
    "secret_as_variable",
    "long_session",
    "secret_not_rotated",
    "weak_certificate",
    "far_expiry",
    "secret_in_state",
    "client_certificate",
    "login_secret",
    "open_secret_store",
    "weak_tls",
    "unverified_server",
)


def load() -> list[Check]:
    """Every check module, in the order of its rule id."""
    modules = [cast(Check, import_module(f"rolecall.checks.{name}")) for name in CHECKS]
    return sorted(modules, key=lambda module: module.RULE.id)
