"""Terraform that runs with a service account's key (recipe GCP-06): provider and backend log in by the default chain.

Where Terraform runs is not in its code: a pipeline's federated login, a machine's attached account, a person's own
login.  So the patch takes the key out, and whoever runs it may act as the key's account without one.  A provider whose
account the code makes itself says so by `impersonate_service_account`; both change at once, since a provider that had
the key and impersonated would ask the account to act as itself.
https://registry.terraform.io/providers/hashicorp/google/latest/docs/guides/provider_reference and
https://developer.hashicorp.com/terraform/language/backend/gcs
"""

from __future__ import annotations

import re

from rolecall.frontends.values import text
from rolecall.planning.case import Case, Use, attribute_text
from rolecall.planning.edits.hcl_edit import insert_after, remove, set_attribute
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.edits.repetition import repetition
from rolecall.planning.migration import Edit, Handover
from rolecall.planning.move import Move
from rolecall.planning.pipelines.feeders import fed_elsewhere
from rolecall.planning.principals.google_account import account_of
from rolecall.planning.templates import render
from rolecall.planning.verdicts.steps import LAST_USE
from rolecall.source.hcl import Block

RECIPES = ("GCP-06",)
CLOUD = "gcp"
PLATFORMS = ("terraform",)

_CREATOR = "roles/iam.serviceAccountTokenCreator"
_MEMBER = "google_service_account_iam_member"
_FILE = re.compile(r'"(?:\$\{path\.(?:module|root)\}/)?([^"$]+\.json)"')


def plan(case: Case, use: Use) -> Move:
    """The key leaves the block."""
    move = Move("gcp:impersonation", also=["gcp:workload-identity-federation"])
    site = use.workload.site
    backend = use.workload.label == "backend"
    try:
        if use.fields != ("credentials",):
            raise Refused(f"it comes by {', '.join(use.fields) or 'an unknown argument'}")
        if path := fed_elsewhere(case, use):
            raise Refused(f"{path} hands it to what runs Terraform here, and how that logs in is not in the code")
        move.add("migrate", _without_key(case, use))
        if case.credential.form == "minted":
            _impersonate(case, use, move)
    except Refused as refused:
        move.hold(f"the key cannot be taken out of {site.address}: {refused.reason}", _by_hand(use))
    if case.credential.form != "minted":
        _foreign(case, use, move, backend)
    move.needs["migrate"].append(
        "whoever runs Terraform here is logged in without a key (gcloud auth application-default login, the machine's "
        f"attached account, or a pipeline's federated login), and has {_CREATOR} on the key's account or its roles"
    )
    move.prerequisites.append("the API iamcredentials.googleapis.com is enabled in the account's project")
    if backend:
        move.needs["migrate"].append("terraform init -reconfigure (not -migrate-state: the bucket and prefix stay)")
        move.handover.append(
            Handover(
                "delete .terraform/terraform.tfstate and old plan files: they hold the key or the way to it",
                site.address,
                "everybody with a checkout",
            )
        )
    move.verify["migrate"].append("terraform plan shows no changes with the new login")
    return move


def _without_key(case: Case, use: Use) -> list[Edit]:
    """The argument goes, whatever its value is made of: `file(...)`, a variable, the JSON itself."""
    edits: list[Edit] = []
    for place in use.places:
        if not place.path.endswith(".tf"):
            raise Refused(f"{place.path} is not Terraform code as people write it")
        edits.extend(remove(case.context.text(place.path), [place]))
    return edits


def _foreign(case: Case, use: Use, move: Move, backend: bool) -> None:
    """A key that comes from outside: whose it is stands in the key file alone."""
    site = use.workload.site
    if not backend and len(_logins(case, use)) > 1:
        move.hold(
            "the provider blocks here have different keys, so perhaps different accounts, and whose this key is is not "
            "in the code",
            Handover(
                f"give {site.address} impersonate_service_account with the key's account, and drop credentials in the "
                "same change",
                site.address,
                "whoever runs Terraform",
                "jq -r .client_email KEY_FILE",
                "terraform plan shows no changes",
            ),
        )
    move.wait_for(
        "what runs Terraform, and as whom it may act, is not in the code",
        Handover(
            f"let whoever runs Terraform act as the key's account, and name that account {_where(case, use, backend)}; "
            "in a pipeline, a federated login as the account itself does without that",
            site.address,
            "the owner of the service account",
            f"gcloud iam service-accounts add-iam-policy-binding ACCOUNT --role={_CREATOR} --member=MEMBER",
            "gcloud auth print-access-token --impersonate-service-account=ACCOUNT prints a token",
        ),
    )
    exposed = _in_the_tree(case, use)
    if exposed:
        move.handover.insert(
            0,
            Handover(
                f"disable this key now, since everybody with the repository has it ({exposed}); delete it from the "
                "repository and create no new one",
                site.address,
                "the owner of the service account",
                "gcloud iam service-accounts keys disable KEY_ID --iam-account=ACCOUNT",
                "the key's last use does not move any more",
            ),
        )
        return
    fed = ", ".join(dict.fromkeys(hop.address for hop in case.credential.hops if hop.address))
    move.handover.append(
        Handover(
            (f"drop what fed it ({fed}) where nothing else reads it, and " if fed else "")
            + "delete the key and every copy of its file, once its last use does not move any more",
            site.address,
            "the owner of the service account",
            "gcloud iam service-accounts keys list --iam-account=ACCOUNT --managed-by=user",
            f"no key is listed; before that: {LAST_USE['gcp', 'service-account-key']}",
        )
    )


def _where(case: Case, use: Use, backend: bool) -> str:
    """Where the account is named: the environment speaks for every provider block that names none."""
    if backend:
        return "in GOOGLE_BACKEND_IMPERSONATE_SERVICE_ACCOUNT (Terraform 1.4 or later)"
    if len(_logins(case, use)) > 1:
        return "in the block alone (the environment would speak for the other provider blocks too)"
    return "in GOOGLE_IMPERSONATE_SERVICE_ACCOUNT"


def _logins(case: Case, use: Use) -> set[str]:
    """What the provider blocks beside this one log in with, "" for nothing, but those that impersonate."""
    found = set()
    for block in case.context.blocks(use.workload.site.module):
        if not _is_google(block) or block.attribute("impersonate_service_account") is not None:
            continue
        key = block.attribute("credentials")
        written = "".join(attribute_text(block, key).split()) if key is not None else ""
        if "google_service_account_key." not in written:
            found.add(written)
    return found


def _is_google(block: Block) -> bool:
    return block.type == "provider" and block.labels[:1] in (("google",), ("google-beta",))


def _in_the_tree(case: Case, use: Use) -> str:
    """The file of the repository that holds the key; "" where none is seen to."""
    for place in use.places:
        written = case.context.text(place.path).text(place)
        if "private_key" in written and "BEGIN" in written:
            return place.path
        for name in _FILE.findall(written):
            for path in (name, f"{use.workload.site.module}/{name}".lstrip("/")):
                if path.removeprefix("./") in case.context.tree.paths():
                    return path.removeprefix("./")
    return ""


def _impersonate(case: Case, use: Use, move: Move) -> None:
    """A provider that acts as an account which the same module makes."""
    site = use.workload.site
    account = account_of(case)
    if case.folder != site.module:
        raise Refused("the service account of the key is not declared in the provider's module")
    address = ".".join(account.labels)
    move.reuses = address
    block = case.context.block(site.span)
    if block.attribute("impersonate_service_account") is not None:
        raise Refused("it impersonates an account already")
    move.add("migrate", set_attribute(block.text, block.span, "impersonate_service_account", f"{address}.email"))
    waiting, granted = _creators(case, address)
    if granted:
        move.prerequisites.append(f"whoever runs Terraform is among {granted}, which lets it act as {address}")
        return
    if not waiting:
        waiting = case.context.free_name(site.module, "variable", "terraform_runners", address)
        label = case.context.free_name(site.module, _MEMBER, f"{account.labels[1]}_runners", address)
        code = render("google_runner/runners.tf.j2", variable=waiting, label=label, account=address, role=_CREATOR)
        move.add("expand", insert_after(account.text, account.span, code))
        move.permissions.append("iam.serviceAccounts.setIamPolicy")
        move.verify["expand"].append(f"gcloud iam service-accounts get-iam-policy ACCOUNT lists {_CREATOR}")
    move.hold(
        "who runs Terraform is not in the code",
        Handover(
            f"list who runs Terraform here in var.{waiting} (user:…, group:…, serviceAccount:… or the principal of a "
            "federated login), apply with the key once more, then run rolecall plan again",
            address,
            "whoever runs Terraform",
            "gcloud auth list --filter=status:ACTIVE --format='value(account)'",
            "gcloud auth print-access-token --impersonate-service-account=ACCOUNT prints a token",
        ),
    )


def _creators(case: Case, address: str) -> tuple[str, str]:
    """The variable that says who may act as the account and names nobody yet, and the block that lets somebody do so;
    "" for none.
    """
    unit = case.context.unit(case.credential.site.unit, "terraform")
    named = {
        (resource.span.path, resource.span.start)
        for resource in (unit.resources if unit is not None else ())
        if resource.type == _MEMBER and ":" in (text(resource.get("member")) or "")
    }
    for block in case.context.blocks(case.folder):
        if not _lets_act(block, address):
            continue
        repeats = repetition(block)
        if not repeats.name or (block.text.path, block.start) in named:
            return "", ".".join(block.labels)
        return repeats.over.replace("toset(", "").strip(" )").removeprefix("var."), ""
    return "", ""


def _lets_act(block: Block, address: str) -> bool:
    if block.labels[:1] not in ((_MEMBER,), ("google_service_account_iam_binding",)):
        return False
    target = block.attribute("service_account_id")
    written = attribute_text(block, target) if target is not None else ""
    return block.plain("role") == _CREATOR and written.startswith(f"{address}.")


def _by_hand(use: Use) -> Handover:
    return Handover(
        "replace credentials by impersonate_service_account with the key's account",
        use.workload.site.address,
        "whoever runs Terraform",
        "terraform plan",
        "the plan is empty with the key gone",
    )
