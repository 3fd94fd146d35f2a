"""Terraform's own provider and backend blocks (recipes AWS-23 and AWS-24): no credentials in the code, the runner
brings its own.

Where Terraform runs decides what it logs in with: OIDC in a pipeline, the role of the host, a person's own login.  So
the patch takes the keys out and puts nothing in their place; every way of running finds its credentials by the default
chain.
"""

from __future__ import annotations

from rolecall.planning.case import Case, Use
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.edits.removal import take_from
from rolecall.planning.migration import Handover
from rolecall.planning.move import Move
from rolecall.planning.pipelines.feeders import fed_elsewhere
from rolecall.planning.pipelines.terraform_jobs import terraform_jobs
from rolecall.source.patterns import late

RECIPES = ("AWS-23", "AWS-24")
CLOUD = "aws"
PLATFORMS = ("terraform",)

#: A login to AWS in the text of a job.
_LOGIN = late(r"AWS_(?:ACCESS_KEY_ID|PROFILE|ROLE_ARN)|aws-actions/configure-aws-credentials")


def plan(case: Case, use: Use) -> Move:
    """The keys leave the block."""
    move = Move("aws:oidc" if _runs_in_pipeline(case) else "aws:assume-role")
    site = use.workload.site
    try:
        if path := fed_elsewhere(case, use):
            raise Refused(f"{path} hands it to what runs Terraform here, and how that logs in is not in the code")
        move.add("migrate", take_from(case, use))
    except Refused as refused:
        move.hold(f"the key cannot be taken out of {site.address}: {refused.reason}")
    backend = use.workload.label == "backend"
    what = "backend" if backend else "provider"
    if case.credential.form != "literal" and not backend and _aliased(case, use):
        move.hold(
            "an aliased provider mostly reaches another account, and which one this key reaches is not in the code",
            _assume_role(site.address),
        )
    move.needs["migrate"].append(
        f"whoever runs Terraform here has a role that reaches the same account as the key of this {what}"
    )
    move.prerequisites.append(
        "the account that the new login reaches is the same one: compare `aws sts get-caller-identity` before and after"
    )
    if "example" not in case.credential.marks and not _logs_in(case):  # by an example nobody logs in
        move.wait_for(
            "what runs Terraform, and how it logs in, is not in the code",
            _login_first(site.address, what),
        )
    if backend:
        move.needs["migrate"].append("terraform init -reconfigure (not -migrate-state: the bucket and key stay)")
        move.handover.append(
            Handover(
                "delete .terraform/terraform.tfstate and old plan files: they hold the key",
                site.address,
                "everybody with a checkout",
            )
        )
    move.verify["migrate"].append("terraform plan shows no changes with the new login")
    if case.credential.form == "literal" and "example" not in case.credential.marks:
        move.handover.insert(0, _revoke(case.credential.site.address))
    elif case.credential.form == "input":
        names = ", ".join(dict.fromkeys(hop.address for hop in case.credential.hops)) or "see the block"
        move.handover.append(
            Handover(
                f"drop the variables that fed it ({names}) where nothing else reads them",
                site.address,
                "the owner of the code",
            )
        )
    return move


def _assume_role(address: str) -> Handover:
    return Handover(
        f"give {address} an assume_role block with a role of the account that the key reaches, then drop the keys",
        address,
        "the owner of that account",
        "aws sts get-caller-identity   (with the key, then with the role)",
        "both name the same account",
    )


def _login_first(address: str, what: str) -> Handover:
    return Handover(
        f"before phase migrate give whoever runs Terraform a role of the account that the key of this {what} "
        "reaches: in a pipeline by its own token (a role that trusts its issuer, subject and audience), "
        "on a machine by its instance profile, at a desk by IAM Identity Center",
        address,
        "whoever runs Terraform",
        "aws sts get-caller-identity   (with the key, then with AWS_ACCESS_KEY_ID unset)",
        "both name the same account, and terraform plan shows no changes with the new login",
    )


def _revoke(address: str) -> Handover:
    return Handover(
        "revoke this key now: it is in the history of the repository",
        address,
        "the owner of the account",
        "aws iam update-access-key --status Inactive --user-name USER --access-key-id KEY_ID",
        "aws iam get-access-key-last-used shows no new use",
    )


def _aliased(case: Case, use: Use) -> bool:
    """Whether the provider block is a second one beside the default."""
    return case.context.block(use.workload.site.span).attribute("alias") is not None


def _logs_in(case: Case) -> bool:
    """Whether a pipeline of the tree runs Terraform logged in to AWS, or logs in by OIDC."""
    return _runs_in_pipeline(case) or any(_LOGIN.search(job.written) for job in terraform_jobs(case.context))


def _runs_in_pipeline(case: Case) -> bool:
    """Whether a workflow of the estate logs in by OIDC already, so that this is how Terraform runs here."""
    return bool(case.model.facts["oidc-login"])
