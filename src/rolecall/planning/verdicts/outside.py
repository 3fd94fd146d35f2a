"""Keys that somebody outside this account holds: a role in the place of the user, which lets nobody in until its owner
says who may have it (recipes AWS-14, AWS-16, AWS-35).

Who the outsider is stands in no code: the ARN of a vendor's principal, the external id that it shows, the certificate
of a host.  These become variables that are empty at first, and the trust denies everybody while they are.  So the
patch can be applied as it is; the rest is steps for people, and the key stays until they have taken them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html,
https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html
"""

from __future__ import annotations

import re

from rolecall.planning.case import Case
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.migration import Handover
from rolecall.planning.move import Move
from rolecall.planning.principals.parity import carry_over, obstacles
from rolecall.planning.principals.roles import Role, new_role, role_name
from rolecall.planning.proofs.provider_pin import pin_of
from rolecall.planning.templates import ident
from rolecall.planning.verdicts.judgement import Verdict, carried_by_another
from rolecall.policy.trust import VENDORS

#: The first version of the aws provider with `aws_rolesanywhere_trust_anchor`, by its changelog.
_ROLES_ANYWHERE = (4, 23, 0)


def answer(case: Case, verdict: Verdict) -> Move:
    """What is done about a key that is held back: its role beside the user, or the steps of the verdict alone."""
    move = Move(verdict.targets[0])
    if verdict.disposition == "advice" and move.target == "aws:roles-anywhere":
        anywhere(case, move)
    elif verdict.disposition == "advice" and move.target == "aws:cross-account-role":
        _cross_account(case, move, verdict)
    else:
        move.handover.extend(verdict.handover)
    return move


def anywhere(case: Case, move: Move) -> None:
    """Adds a role for a host outside AWS, which it takes by a certificate, and the steps on the host."""
    where = _make_anywhere(case, move) or case.credential.site.address
    move.handover.extend(
        (
            Handover(
                "give the host a certificate of a private authority that renews it by itself (AWS Private CA, Vault, "
                "step-ca), with the private key in a TPM where there is one; put the authority's certificate and the "
                "certificate's CN into the role's variables",
                where,
                "the owner of the host",
                "openssl x509 -in /etc/pki/host.pem -noout -subject -issuer -enddate",
                "the certificate ends within days or weeks, and is renewed before that",
            ),
            Handover(
                "put the helper into the host's AWS configuration, then take the key out of its environment and files: "
                "a key that is still there goes first",
                case.declaration.label,
                "the owner of the host",
                "aws configure set credential_process 'aws_signing_helper credential-process --certificate "
                "/etc/pki/host.pem --private-key /etc/pki/host.key --trust-anchor-arn TRUST_ANCHOR_ARN --profile-arn "
                "PROFILE_ARN --role-arn ROLE_ARN'",
                "`aws sts get-caller-identity` on the host shows the role",
            ),
            _last_step(case),
        )
    )


def _make_anywhere(case: Case, move: Move) -> str:
    """Adds the blocks and returns the role's address; "" and a reason where there is none."""
    if not _possible(case, move):
        return ""
    if role := carried_by_another(case):
        move.reuses = role
        move.hold(f"{role} has the user's permissions; whether its trust lets the host in is for its owner to say")
        return role
    if not pin_of(case, "aws").reaches(*_ROLES_ANYWHERE):
        move.hold("the aws provider is pinned to a version without Roles Anywhere (4.23 has it)")
        return ""
    base = ident(case.owner.site.name if case.owner is not None else case.credential.site.name)
    made = _make(
        case,
        move,
        "outside_role/roles_anywhere.tf.j2",
        "_anywhere",
        authority=_variable(case, f"{base}_authority"),
        subject=_variable(case, f"{base}_certificate_cn"),
        name=role_name(case, "_anywhere"),
        anchor=_anchor(case),
    )
    if made is None:
        return ""
    move.permissions.extend(("iam:PassRole", "rolesanywhere:CreateProfile", "rolesanywhere:CreateTrustAnchor"))
    move.hold("which certificate may have the role is for the owner of the host to say: until then nobody may")
    return made.address


def _cross_account(case: Case, move: Move, verdict: Verdict) -> None:
    who = verdict.who or "another account"
    if not _possible(case, move):
        move.handover.extend((*verdict.handover, _last_step(case)))
        return
    base = ident(case.owner.site.name if case.owner is not None else case.credential.site.name)
    role, names = carried_by_another(case), "its trust"
    if role:
        move.reuses = role
        move.hold(f"{role} has the user's permissions; whether its trust lets {who} in is for its owner to say")
    else:
        variables = [_variable(case, f"{base}_principal")]
        if verdict.external_id:
            variables.append(_variable(case, f"{base}_external_id"))
        made = _make(
            case,
            move,
            "outside_role/cross_account.tf.j2",
            "_vendor" if verdict.external_id else "_account",
            who=who,
            principal=variables[0],
            external_id=variables[1] if verdict.external_id else "",
            account=_account(who),
            # a vendor's account as a whole only together with an external id
            kinds="root|(role|user)/[^*]+" if verdict.external_id else "(role|user)/[^*]+",
        )
        if made is None:
            move.handover.extend(verdict.handover)
            return
        move.hold(f"who of {who} may have the role is not in the code: until its owner says so nobody may")
        role, names = made.address, " and ".join(variables)
    move.handover.extend(
        (
            Handover(
                f"set {names}: the ARN of the principal by which {who} comes in"
                + (", and the external id that it made for this account" if verdict.external_id else ""),
                role,
                "the owner of the code",
                f"aws iam get-role --role-name <the name of {role}> --query Role.AssumeRolePolicyDocument",
                "the trust allows that one principal" + (", with the external id" if verdict.external_id else ""),
            ),
            Handover(
                f"enter the ARN of {role} at {who}, in place of the key"
                if verdict.external_id
                else f"let the workload of {who} assume {role} (its own policy has to allow it too), and drop the key "
                "from its configuration",
                role,
                f"the owner of the account at {who}" if verdict.external_id else f"the owner of {who}",
                "aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=AssumeRole",
                "CloudTrail shows AssumeRole by that principal, and no more calls by the user",
            ),
            _last_step(case),
        )
    )


def _account(who: str) -> str:
    """The account of another party, as far as it is known, as a pattern."""
    if re.fullmatch(r"account \d{12}", who):
        return who.removeprefix("account ")
    published = [account for account, vendor in VENDORS.items() if vendor == who]
    return published[0] if len(published) == 1 else "[0-9]{12}"


def _possible(case: Case, move: Move) -> bool:
    for reason in obstacles(case):
        move.hold(reason)
    if move.complete and case.credential.site.format != "terraform":
        move.hold("the user is not declared in Terraform, where rolecall writes such a role")
    if move.complete and case.credential.site.calls:
        move.hold(
            "the user is made by a module that others call, and a role there would change what the module asks of its "
            "callers"
        )
    return move.complete


def _make(case: Case, move: Move, template: str, suffix: str, **values: object) -> Role | None:
    """Adds a role with the user's policies; None and a reason where it cannot be written."""
    try:
        role, edits = new_role(case, None, template, suffix, **values)
        edits += carry_over(case, role, "")
    except Refused as refused:
        move.hold(refused.reason)
        return None
    move.add("expand", edits)
    move.permissions.extend(("iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy"))
    return role


def _variable(case: Case, wanted: str) -> str:
    return case.context.free_name(case.folder, "variable", wanted, case.credential.id)


def _anchor(case: Case) -> str:
    """The one trust anchor that the module declares, as an expression for its ARN; "" for none."""
    found = [b for b in case.context.blocks(case.folder) if b.labels[:1] == ("aws_rolesanywhere_trust_anchor",)]
    alone = len(found) == 1 and found[0].attribute("count") is None and found[0].attribute("for_each") is None
    return f"{'.'.join(found[0].labels)}.arn" if alone else ""


def _last_step(case: Case) -> Handover:
    terraform = case.credential.site.format == "terraform"
    switch = 'status = "Inactive"' if terraform else "Status: Inactive"
    return Handover(
        f"when the key was not used for 14 days, set {switch} on it, wait as long again, then delete it with its user",
        case.credential.site.address,
        "the owner of the code",
        "aws iam get-access-key-last-used --access-key-id KEY_ID",
        "the last use does not move, and nothing fails",
    )
