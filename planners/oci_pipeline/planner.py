"""Pipelines with a key of OCI (recipe OCI-10): the job's own token is exchanged for a session of at most an hour.

Nothing of it is patched: how a rule of the trust quotes a subject is not documented.  Oracle's reference calls it "the
rule expression to be used for matching the inbound token" and no more, its guide's example is `groups co
"network-admin"`, its own Terraform project knows the operators eq and co and says nothing of quotes; set-ups in public
write `sub eq repo:…` bare, in single and in double quotes, and `sub eq *`, which takes everybody.  A rule that matches
more than it says would let strangers in.  The exchange needs an OAuth client of the identity domain besides, whose id
and secret no code has.  So the steps are told, with what the code shows, and with the job that proves the rule.
https://docs.oracle.com/en-us/iaas/Content/Identity/api-getstarted/json_web_token_exchange.htm,
https://docs.oracle.com/en-us/iaas/tools/oci-cli/latest/oci_cli_docs/cmdref/identity-domains/identity-propagation-trust/create.html,
https://www.ateam-oracle.com/automating-oci-workload-identity-federation-with-terraform-and-resource-manager
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rolecall.model.pipelines.systems import SYSTEMS as FORMATS
from rolecall.planners.oci_runner.backend import by_hand, native_block
from rolecall.planning.case import Case, Use
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.migration import Handover
from rolecall.planning.move import Move
from rolecall.planning.pipelines.github_repository import ISSUER, subjects
from rolecall.planning.verdicts.advising import revocation
from rolecall.source.hcl import Block

RECIPES = ("OCI-10",)
CLOUD = "oci"
PLATFORMS = ("github-actions", "gitlab-ci")

TARGET = "oci:token-exchange"


@dataclass(frozen=True, slots=True)
class System:
    """Whose tokens its jobs have, where their keys are, what a subject looks like, and how a job gets and uses one."""

    issuer: str
    keys: str
    subject: str
    job: str


#: https://docs.github.com/en/actions/reference/security/oidc, https://docs.gitlab.com/ci/secrets/id_token_authentication/
SYSTEMS: Mapping[str, System] = {
    "github-actions": System(
        ISSUER,
        f"{ISSUER}/.well-known/jwks",
        "repo:OWNER/NAME:environment:ENVIRONMENT",
        "permissions id-token: write; a step that exchanges the token (gtrevorrow/oci-token-exchange-action, a "
        "community's, pinned by its commit) before the first that calls OCI",
    ),
    "gitlab-ci": System(
        "https://gitlab.com",
        "https://gitlab.com/oauth/discovery/keys",
        "project_path:GROUP/PROJECT:ref_type:branch:ref:BRANCH",
        "id_tokens with the audience that the trust asks for; a line that exchanges the token before the first that "
        "calls OCI",
    ),
}


def plan(case: Case, use: Use) -> Move:
    """The steps to a session, in order; for state by the S3 protocol those to the native backend besides."""
    move = Move(TARGET)
    site = use.workload.site
    system = SYSTEMS[use.workload.platform]
    known = subjects(case) if use.workload.platform == "github-actions" else []
    who = site.address if site.format in FORMATS else f"what reads {site.address}"
    why = f"{who} can prove who it is by a token of its own; what the domain has to trust is not in the code"
    for step in _steps(use, system, known):
        move.hold(why, step)
    if case.credential.cls == "access-key":
        for step in _state(case):
            move.hold("the S3-compatible API takes secret keys of a user only; the native API takes principals", step)
    if case.credential.form != "minted":
        move.handover.append(revocation(case))
    return move


def _steps(use: Use, system: System, known: list[str]) -> Iterator[Handover]:
    where = use.workload.site.address
    domain = "the owner of the identity domain"
    yield Handover(
        "make a service user in the identity domain (serviceUser: true, so that it cannot sign in), in the groups of "
        "the key's user, or in one of its own with less",
        where,
        domain,
        "oci identity-domains users list --endpoint DOMAIN_URL --filter 'userName eq \"NAME\"' --attribute-sets all",
        "it is listed with serviceUser: true, and has no API key",
    )
    yield Handover(
        "make a confidential application for the exchange (client credentials); its secret calls nothing of OCI by "
        "itself, and still needs a rotation",
        where,
        domain,
        "the console: the domain, integrated applications, add application, confidential application",
        "its client id and secret are in the pipeline's store, and nowhere else",
    )
    subject = " and ".join(known) or system.subject
    yield Handover(
        f"trust the issuer {system.issuer} (type JWT, subjectType User, active and allowImpersonation true, "
        f"publicKeyEndpoint {system.keys}, the application's client id in oauthClients, clientClaimName aud with the "
        "audience that the job asks for, alone); in impersonationServiceUsers the rule "
        f"sub eq {subject} with the user's id in the domain, not its OCID, as the value; one rule for each subject, "
        "and never *. Where the bare subject is refused, write it in single quotes",
        where,
        domain,
        "oci identity-domains identity-propagation-trust create --endpoint DOMAIN_URL --from-json file://trust.json; "
        "oci identity-domains identity-propagation-trusts list --endpoint DOMAIN_URL --attributes "
        "impersonationServiceUsers",
        "a job of the branch or environment that deploys gets a session, and one of any other branch does not: without "
        "the second the rule is not proved",
    )
    yield Handover(
        f"give the job its token: {system.job}; then set OCI_CLI_AUTH=security_token (Terraform: auth = "
        '"SecurityToken" and config_file_profile in the provider), and take user, fingerprint and key out of the job',
        f"{use.places[0].path}:{use.places[0].line}",
        "the owner of the pipeline",
        "oci os ns get --auth security_token",
        "the command works in the job without OCI_CLI_KEY_CONTENT",
    )


def _state(case: Case) -> Iterator[Handover]:
    """The native backend in the place of every one that is pointed at OCI by the S3 protocol."""
    seen: set[tuple[str, int]] = set()
    for fact in case.model.facts["foreign-store"]:
        if fact.name != "oci" or fact.span is None or (fact.span.path, fact.span.start) in seen:
            continue
        seen.add((fact.span.path, fact.span.start))
        try:
            block = _backend(case.context.block(fact.span), fact.span.start)
            folder = fact.span.path.rpartition("/")[0]
            yield by_hand(
                native_block(case.context, folder, block, "SecurityToken"), f"{fact.span.path}:{fact.span.line}"
            )
        except Refused as refused:
            yield Handover(
                f"move the state to the backend oci of Terraform 1.12 or newer ({refused.reason})",
                f"{fact.span.path}:{fact.span.line}",
                "whoever runs Terraform",
                "terraform state pull > state.json; terraform init -migrate-state",
                "terraform plan shows no changes with AWS_ACCESS_KEY_ID unset",
            )


def _backend(block: Block, start: int) -> Block:
    found = [one for one in block.blocks if one.start <= start < one.end and one.type == "backend"]
    if not found:
        raise Refused("its block is not found again")
    return found[0]
