"""The role that a pipeline's token may assume, with the user's permissions, and the provider that it trusts.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html (one for a URL
in an account)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rolecall.frontends.values import Sequence, text
from rolecall.model.parts import Fact
from rolecall.planning.case import Case
from rolecall.planning.edits.hcl_edit import insert_after
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.edits.repetition import repetition
from rolecall.planning.migration import Edit, Handover
from rolecall.planning.move import Move
from rolecall.planning.pipelines.gitlab_project import literal
from rolecall.planning.pipelines.optional_store import hold_optional
from rolecall.planning.principals.callers import of_caller
from rolecall.planning.principals.parity import carry_over, obstacles
from rolecall.planning.principals.roles import Role, account_of, new_role
from rolecall.planning.proofs.provider_pin import WITHOUT_THUMBPRINTS, pin_of
from rolecall.planning.templates import render
from rolecall.planning.verdicts.judgement import carried_by_another
from rolecall.source.text import SourceText, Span

_TYPE = "aws_iam_openid_connect_provider"
#: A subject that nobody has: the trust waits until the owner sets it.
NOBODY = "not-set-yet"


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose tokens a role takes.

    `host` is the issuer without its scheme, `audience` the one that the tokens are made for where the provider does not
    say.  `subjects` are compared exactly unless `exact` is False; () where they are an input, which `ask` describes.
    All three are HCL string texts, in which references stay (`${...}`); `blocks` is the HCL that these need.  `name`
    tells the blocks of this system from others.
    """

    name: str
    host: str
    audience: str
    subjects: tuple[str, ...]
    ask: str
    exact: bool = True
    blocks: str = ""


def hindered(case: Case, move: Move) -> bool:
    """Whether no role can take over from the user by a patch; the move then says why."""
    if case.owner is None:
        move.hold("the user of the key is not declared in the scanned code, so what it may do cannot be seen")
        return True
    found = list(obstacles(case))
    for reason in found:
        move.hold(reason)
    if found:
        return True
    if there := carried_by_another(case):
        move.reuses = there
        move.hold(
            f"{there} has the user's permissions; whether its trust lets this job in is for its owner to say",
            Handover(f"let the job's subject in, exactly, in the trust of {there}", there, "the owner of the role"),
        )
        return True
    return hold_optional(case, move)


def trusted_role(case: Case, move: Move, trust: Trust) -> tuple[Role, str]:
    """Adds the role to phase expand; answers it and the audience that its tokens need.  Raises Refused."""
    provider, audience, data, made = _provider(case, move, trust)
    variable = ""
    if not trust.subjects:
        variable = case.context.free_name(case.folder, "variable", f"{trust.name}_oidc_subjects", trust.name)
    role, edits = new_role(
        case,
        None,
        "pipeline_oidc/role.tf.j2",
        f"_{trust.name}",
        host=trust.host,
        audience=audience,
        subjects=trust.subjects,
        exact=trust.exact,
        variable=variable,
        ask=trust.ask,
        nobody=[NOBODY],
        provider=provider,
        data=data,
        account=_account(case),
    )
    if trust.blocks:
        edits = [*insert_after(*_first_user(case, _account(case)), trust.blocks), *edits]
    edits += carry_over(case, role, trust.name if len(case.uses) > 1 else "")
    move.add("expand", [*made, *edits])
    move.permissions.extend(("iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:TagRole"))
    move.verify["expand"].append(f"aws iam get-role shows {shown(trust.host)}:sub with the exact subjects")
    if variable:
        move.hold(
            "which project or branch may assume the role is not in the code",
            Handover(
                f"set {variable} to the exact subjects: {trust.ask}",
                of_caller(case),
                "the owner of the pipeline",
                check="the job's login succeeds from the branch that deploys, and fails from any other",
            ),
        )
    return role, audience


def _provider(case: Case, move: Move, trust: Trust) -> tuple[str, str, str, list[Edit]]:
    """The provider's ARN as an expression, the audience, the name of the data source to write ("" for none), and the
    edits that make the provider.  All of it is of the account that the user is of.
    """
    known = [f for f in case.model.facts["oidc-provider"] if f.site is not None and _host(f) == trust.host]
    account = _account(case)
    elsewhere = _is_for_many(case) or bool(case.credential.site.calls)
    for fact in known:
        site = fact.site
        if site is None or site.module != case.folder:
            elsewhere = True
            continue
        block = case.context.block(site.span)
        if account_of(block) == account and not repetition(block).name:
            move.prerequisites.append(f"{site.address} takes tokens for the audience that the job asks for")
            return f"{site.type}.{site.name}.arn", literal(_audience(case, fact)) or trust.audience, "", []
    name = case.context.free_name(case.folder, _TYPE, trust.name, f"{trust.name}{account}")
    if elsewhere or not pin_of(case, "aws").reaches(*WITHOUT_THUMBPRINTS):
        move.needs["expand"].append(
            f"the account has an OIDC provider for https://{shown(trust.host)} with the audience "
            f"{shown(trust.audience)}: "
            "aws iam list-open-id-connect-providers"
        )
        return f"data.{_TYPE}.{name}.arn", trust.audience, name, []
    code = render("pipeline_oidc/provider.tf.j2", name=name, account=account, host=trust.host, audience=trust.audience)
    move.needs["expand"].append(
        f"the account has no OIDC provider for https://{shown(trust.host)} yet "
        "(aws iam list-open-id-connect-providers); "
        f"where it has one, import it first: terraform import {_TYPE}.{name} "
        f"arn:aws:iam::ACCOUNT:oidc-provider/{shown(trust.host)}"
    )
    move.permissions.append("iam:CreateOpenIDConnectProvider")
    return f"{_TYPE}.{name}.arn", trust.audience, "", list(insert_after(*_first_user(case, account), code))


def _is_for_many(case: Case) -> bool:
    """Whether the folder is a module for several callers, whose users have names of the callers' making: a provider in
    it would be there twice in an account, which AWS refuses.
    """
    unit = case.context.unit(case.credential.site.unit, "terraform")
    return unit is not None and unit.library and (case.owner is None or "$" in case.owner.label or not case.owner.label)


def shown(written: str) -> str:
    """An HCL string text for people, without its references."""
    return re.sub(r'\$\{(?:[^{}"]|"[^"]*")*\}', "…", written)


def _account(case: Case) -> str:
    return account_of(case.context.block(case.owner.site.span)) if case.owner is not None else ""


def _host(fact: Fact) -> str:
    return fact.value.removeprefix("https://").rstrip("/")


def _first_user(case: Case, account: str) -> tuple[SourceText, Span]:
    """The place for what all keys of a folder and an account share: after the first user."""
    for block in case.context.blocks(case.folder):
        if block.labels[:1] == ("aws_iam_user",) and account_of(block) == account:
            return block.text, block.span
    raise Refused("the user is not declared in this module")


def _audience(case: Case, fact: Fact) -> str:
    resource = case.context.resource(fact.site) if fact.site is not None else None
    listed = resource.get("client_id_list") if resource is not None else None
    return next(iter(_texts(listed)), "") if isinstance(listed, Sequence) else ""


def _texts(items: Sequence) -> Iterator[str]:
    return (found for item in items.items if (found := text(item)))
