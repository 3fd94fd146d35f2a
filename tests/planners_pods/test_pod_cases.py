"""What the examples do not show: repeated blocks, other layouts, and what holds a pod's key back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from rolecall.analysis.run import Options, analyse
from rolecall.planners import load
from rolecall.planners.pod_role.example_texts import (
    ACCOUNT,
    CLUSTER,
    DEPLOYMENT,
    MANIFEST,
    MANIFEST_ACCOUNT,
    PROVIDER,
    SECRET,
    USER,
)
from rolecall.planning.plan import Plan, make_plan

APP = SECRET + "\n" + DEPLOYMENT


def plan(folder: Path, files: Mapping[str, str], newline: str = "\n") -> Plan:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.replace("\n", newline).encode())
    return make_plan(analyse([folder], Options(cache=False)), load(), settings=False)


def held(made: Plan) -> str:
    """Why the first workload is held back; "" where its patch is whole."""
    move = next(m for m in made.migrations if m.about == "move")
    return "; ".join(move.reasons)


def after(made: Plan, phase: str, name: str) -> str:
    return (made.series.step(phase).files[name] or b"").decode()


def test_windows_newlines_stay(tmp_path: Path) -> None:
    made = plan(
        tmp_path,
        {
            "user.tf": USER,
            "cluster.tf": CLUSTER,
            "secret.tf": SECRET,
            "shop.yaml": MANIFEST.replace("      serviceAccountName: shop\n", ""),
        },
        "\r\n",
    )
    assert not held(made)
    for step in made.series.steps:
        for data in step.files.values():
            assert (data or b"").count(b"\n") == (data or b"").count(b"\r\n")


def test_an_agent_that_is_seen_is_not_asked_for(tmp_path: Path) -> None:
    addon = """
resource "aws_eks_addon" "agent" {
  cluster_name = data.aws_eks_cluster.main.name
  addon_name   = "eks-pod-identity-agent"
}
"""
    made = plan(tmp_path, {"user.tf": USER, "cluster.tf": CLUSTER + addon, "app.tf": APP})
    assert not held(made)
    assert not [m for m in made.migrations if any("add-on" in text for text in m.prerequisites)]


def test_the_agent_comes_before_an_issuer_that_is_there_too(tmp_path: Path) -> None:
    addon = """
resource "aws_eks_addon" "agent" {
  cluster_name = data.aws_eks_cluster.main.name
  addon_name   = "eks-pod-identity-agent"
}
"""
    made = plan(tmp_path, {"user.tf": USER, "cluster.tf": CLUSTER + "\n" + PROVIDER + addon, "app.tf": APP})
    assert "pods.eks.amazonaws.com" in after(made, "expand", "user.tf")


def test_fargate_cannot_run_the_agent(tmp_path: Path) -> None:
    fargate = """
resource "aws_eks_fargate_profile" "shop" {
  cluster_name           = data.aws_eks_cluster.main.name
  fargate_profile_name   = "shop"
  pod_execution_role_arn = "arn:aws:iam::111122223333:role/fargate"
}
"""
    made = plan(tmp_path, {"user.tf": USER, "cluster.tf": CLUSTER + fargate, "app.tf": ACCOUNT + "\n" + APP})
    assert "Fargate profiles only" in held(made)


def test_a_role_for_tokens_names_the_account_of_its_own_block(tmp_path: Path) -> None:
    """Trust that named the account's block would depend on it, and its annotation depends on the role."""
    named = DEPLOYMENT.replace(
        'service_account_name = "shop"',
        "service_account_name = kubernetes_service_account_v1.shop.metadata[0].name",
    )
    made = plan(
        tmp_path,
        {"user.tf": USER, "cluster.tf": CLUSTER + "\n" + PROVIDER, "app.tf": ACCOUNT + "\n" + SECRET + "\n" + named},
    )
    assert not held(made)
    assert "kubernetes_service_account_v1" not in after(made, "expand", "user.tf")
    assert "system:serviceaccount:shop:shop" in after(made, "expand", "user.tf")


def test_a_service_account_takes_one_role_only(tmp_path: Path) -> None:
    second = USER.replace("shop", "mail").replace("uploads", "letters")
    secret = SECRET.replace("shop.", "mail.").replace('"aws"', '"mail"')
    mailer = DEPLOYMENT.replace('_v1" "shop"', '_v1" "mailer"').replace("_v1.aws", "_v1.mail")
    made = plan(
        tmp_path,
        {
            "user.tf": USER,
            "mail.tf": second,
            "cluster.tf": CLUSTER,
            "app.tf": APP + "\n" + secret + "\n" + mailer,
        },
    )
    reasons = [m.reasons for m in made.migrations if m.about == "move"]
    assert all(any("runs under the service account shop too" in text for text in found) for found in reasons)


def test_a_pod_with_two_keys_gets_one_role_and_then_leaves_both(tmp_path: Path) -> None:
    """While one key is left, the SDK takes it instead of the role."""
    second = USER.replace("shop", "mail").replace("uploads", "letters")
    secret = SECRET.replace("shop.", "mail.").replace('"aws"', '"mail"')
    variable = """\
          env {
            name = "MAIL_SECRET_ACCESS_KEY"
            value_from {
              secret_key_ref {
                name = kubernetes_secret_v1.mail.metadata[0].name
                key  = "secret"
              }
            }
          }

          env {
            name = "MAIL_ACCESS_KEY_ID"
            value_from {
              secret_key_ref {
                name = kubernetes_secret_v1.mail.metadata[0].name
                key  = "id"
              }
            }
          }

          env {
            name = "AWS_ACCESS_KEY_ID"
"""
    both = DEPLOYMENT.replace('          env {\n            name = "AWS_ACCESS_KEY_ID"\n', variable)
    made = plan(
        tmp_path,
        {"user.tf": USER, "mail.tf": second, "cluster.tf": CLUSTER, "app.tf": SECRET + "\n" + secret + "\n" + both},
    )
    text = "".join((data or b"").decode() for data in made.series.step("expand").files.values())
    assert text.count('resource "aws_eks_pod_identity_association"') == 1
    assert any("by the migration of another key" in reason for m in made.migrations for reason in m.reasons)
    assert not made.series.step("migrate").changes
    for name, data in made.series.step("expand").files.items():
        (tmp_path / name).write_bytes(data or b"")
    again = plan(tmp_path, {})
    assert {m.disposition for m in again.migrations} == {"patch"}
    assert not again.series.conflicts
    assert "ACCESS_KEY" not in after(again, "migrate", "app.tf")


def test_of_several_clusters_none_is_chosen(tmp_path: Path) -> None:
    other = '\ndata "aws_eks_cluster" "other" {\n  name = "other"\n}\n'
    assert "several clusters" in held(plan(tmp_path, {"user.tf": USER, "cluster.tf": CLUSTER + other, "app.tf": APP}))


def test_a_manifest_does_not_say_which_of_two_clusters_runs_it(tmp_path: Path) -> None:
    files = {
        "shop/user.tf": USER,
        "shop/cluster.tf": CLUSTER,
        "shop/secret.tf": SECRET,
        "shop.yaml": MANIFEST_ACCOUNT + MANIFEST,
        "other/main.tf": 'resource "aws_eks_cluster" "other" {\n  name = "other"\n}\n',
    }
    assert "other/main.tf has a cluster too" in held(plan(tmp_path, files))


def test_a_manifest_without_a_namespace_is_held(tmp_path: Path) -> None:
    files = {
        "user.tf": USER,
        "cluster.tf": CLUSTER,
        "secret.tf": SECRET,
        "shop.yaml": MANIFEST.replace("  namespace: shop\n", ""),
    }
    assert "does not name its namespace" in held(plan(tmp_path, files))


def test_a_cluster_of_another_provider_may_be_in_another_account(tmp_path: Path) -> None:
    files = {
        "user.tf": USER.replace('  name = "shop"\n', '  provider = aws.people\n\n  name = "shop"\n', 1),
        "cluster.tf": CLUSTER,
        "app.tf": APP,
    }
    assert "different providers" in held(plan(tmp_path, files))


@pytest.mark.parametrize("argument", ['for_each = toset(["a", "b"])', "count = 2"])
def test_a_user_that_is_made_several_times_needs_pods_that_are_too(tmp_path: Path, argument: str) -> None:
    own = "[each.key]" if argument.startswith("for") else "[count.index]"
    user = USER.replace('"shop" {\n', f'"shop" {{\n  {argument}\n').replace("_user.shop.", f"_user.shop{own}.")
    secret = SECRET.replace("_key.shop.", '_key.shop["a"].' if "each" in own else "_key.shop[0].")
    made = plan(tmp_path, {"user.tf": user, "cluster.tf": CLUSTER, "app.tf": secret + "\n" + DEPLOYMENT})
    assert held(made)
    assert not any(step.changes for step in made.series.steps)


def test_a_default_account_with_image_secrets_is_not_left(tmp_path: Path) -> None:
    default = """
resource "kubernetes_default_service_account_v1" "default" {
  metadata {
    namespace = "shop"
  }

  image_pull_secret {
    name = "registry"
  }
}
"""
    bare = DEPLOYMENT.replace('        service_account_name = "shop"\n\n', "")
    files = {"user.tf": USER, "cluster.tf": CLUSTER, "app.tf": SECRET + "\n" + bare + default}
    assert "is given rights or secrets" in held(plan(tmp_path, files))


def test_an_arn_that_was_handed_out_is_asked_about(tmp_path: Path) -> None:
    secret = SECRET.replace("    id     =", "    arn    = aws_iam_user.shop.arn\n    id     =")
    made = plan(tmp_path, {"user.tf": USER, "cluster.tf": CLUSTER, "app.tf": secret + "\n" + DEPLOYMENT})
    assert any("to let the role in beside the user" in h.what for m in made.migrations for h in m.handover)
    assert "user" in after(made, "contract", "user.tf")


@pytest.mark.parametrize(
    "pod",
    [
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: []\nspec: {template: {spec: {containers: [{env: 1}]}}}\n",
        MANIFEST.replace("serviceAccountName: shop", "serviceAccountName: [shop]"),
        MANIFEST.replace("serviceAccountName: shop", "serviceAccountName: {{ .Values.account }}"),
        MANIFEST.replace("namespace: shop", "namespace: {a: b}"),
        MANIFEST.replace("spec:\n  selector", "spec: &spec\n  selector"),
        MANIFEST.replace("      serviceAccountName: shop\n", "      hostNetwork: maybe\n"),
    ],
)
def test_odd_manifests_do_no_harm(tmp_path: Path, pod: str) -> None:
    made = plan(tmp_path, {"user.tf": USER, "cluster.tf": CLUSTER, "secret.tf": SECRET, "shop.yaml": pod})
    assert made.migrations
    assert not made.series.conflicts
