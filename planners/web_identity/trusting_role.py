"""A role that takes the tokens of another issuer than AWS: of Google, of Entra ID, of a cluster.

One audience and one subject, both compared exactly: any other token of the issuer stays out.
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html
"""

from __future__ import annotations

import re

from rolecall.planning.case import Case, Use, attribute_text
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.edits.repetition import repetition
from rolecall.planning.migration import Handover
from rolecall.planning.move import Move
from rolecall.planning.principals.parity import carry_over, obstacles
from rolecall.planning.principals.roles import new_role
from rolecall.planning.proofs.provider_pin import WITHOUT_THUMBPRINTS, pin_of
from rolecall.planning.verdicts.judgement import carried_by_another
from rolecall.source.hcl import Block

_PROVIDER = "aws_iam_openid_connect_provider"


def trusting_role(case: Case, move: Move, workload: Block | None, template: str, suffix: str, **values: object) -> str:
    """Adds the role with the user's permissions to phase expand and answers its address; that of one that has them
    already, which is told.  Raises Refused.
    """
    if reasons := list(obstacles(case)):
        raise Refused("; ".join(reasons))
    if case.credential.site.calls:
        raise Refused("the user is made by a module that others call: give it the role there")
    if role := carried_by_another(case):
        move.reuses = role
        move.hold(
            f"{role} has the user's permissions already; whether its trust lets this workload in is for its owner to "
            "say",
            Handover(
                "let the workload in by the role's trust, with its exact subject and audience, and nobody beside it",
                role,
                "the owner of the role",
                "aws iam get-role --role-name NAME --query Role.AssumeRolePolicyDocument",
                "the trust compares sub and aud with StringEquals",
            ),
        )
        return role
    role_made, edits = new_role(case, workload, template, suffix, **values)
    edits += carry_over(case, role_made, suffix.strip("_") if len(case.uses) > 1 else "")
    move.add("expand", edits)
    move.permissions.extend(("iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy"))
    return role_made.address


def issuer_provider(case: Case, move: Move, issuer: str, wanted: str, known: str) -> tuple[str, dict[str, str]]:
    """The provider for an issuer: the address of the one that the folder has ("" for none), and what a template needs
    for a new one.  `known` is what only the URL of such an issuer holds.  Raises Refused.
    """
    found = [b for b in case.context.blocks(case.folder) if b.labels[:1] == (_PROVIDER,) and _is_of(b, known)]
    if len(found) > 1 or any(repetition(block).name for block in found):
        raise Refused("which of the providers for this issuer to take is not in the code")
    if found:
        address = ".".join(found[0].labels)
        move.handover.append(
            Handover(
                "add the audience of the new role to client_id_list, where it is not there",
                address,
                "the owner of the code",
                "aws iam get-open-id-connect-provider --open-id-connect-provider-arn ARN --query ClientIDList",
                "the audience is listed",
            )
        )
        return address, {"issuer": "", "account": ""}
    if not pin_of(case, "aws").reaches(*WITHOUT_THUMBPRINTS):
        raise Refused(
            "this version of the aws provider asks for thumbprints of the issuer's certificate (5.81 does not)"
        )
    label = case.context.free_name(case.folder, _PROVIDER, wanted, issuer)
    user = case.context.block(case.owner.site.span) if case.owner is not None else None
    account = user.attribute("provider") if user is not None else None
    move.prerequisites.append(
        "the account has no provider for this issuer yet (one for a URL); else import it: aws iam "
        "list-open-id-connect-providers"
    )
    move.permissions.append("iam:CreateOpenIDConnectProvider")
    return "", {"issuer": label, "account": attribute_text(user, account) if user is not None and account else ""}


def _is_of(block: Block, known: str) -> bool:
    url = block.attribute("url")
    return url is not None and re.search(re.escape(known), attribute_text(block, url)) is not None


def last_step(use: Use) -> Handover:
    """The end of the key, after the application has moved."""
    return Handover(
        "then take the key out of the configuration (an SDK prefers it to the token), run rolecall plan again for its "
        "end, or set it Inactive for 14 days, and longer than the longest schedule of any consumer, and delete it",
        ", ".join(f"{place.path}:{place.line}" for place in use.places[:3]),
        "the owner of the workload",
        "aws iam get-access-key-last-used --access-key-id KEY_ID",
        "the last use does not move, and the calls succeed as the role",
    )
