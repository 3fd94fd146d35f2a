"""Grants on AWS that are too wide, as migrations of their own: cut down by a patch where all that runs with the role is
Lambda functions whose code is read to the end, else handed over: what to find out, where, by whom and how.

A patch leaves what the code calls, what the platform asks for on its behalf, and nothing that was not allowed before.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from rolecall.model.finding import RANK, Finding
from rolecall.model.linking import Model
from rolecall.model.parts import Grant, Identity, Statement
from rolecall.planning.building import identifier
from rolecall.planning.case import Context, attribute_text
from rolecall.planning.edits.foreign import refuse_foreign
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.edits.managed_edit import WHOLE, replaced
from rolecall.planning.edits.statement_edit import rewrite
from rolecall.planning.migration import Edit, Handover, Migration, Phase, Subject
from rolecall.planning.narrowing.holding import Held, Holders, place_of
from rolecall.planning.narrowing.needs.containers import PLATFORMS as CONTAINERS
from rolecall.planning.narrowing.needs.containers import container_needs
from rolecall.planning.narrowing.needs.cut import VIA, Cut, cut
from rolecall.planning.narrowing.needs.functions import Needs, function_needs
from rolecall.planning.narrowing.needs.worded import Expr, Pattern, shown
from rolecall.planning.narrowing.runners import conditions, consumers
from rolecall.planning.narrowing.usage import comparison, silence, used_needs
from rolecall.policy.actions import expand
from rolecall.policy.bearers import Bearer
from rolecall.policy.decision import action_answer, may
from rolecall.policy.holdings import Holdings, of_grants, of_principal
from rolecall.policy.judgement import Verdict, judge
from rolecall.policy.patterns import covers
from rolecall.policy.telling import verdicts
from rolecall.source.text import Span

#: The rules whose findings on AWS are answered here.
RULES = frozenset(
    {"RC301", "RC302", "RC303", "RC304", "RC305", "RC306", "RC307", "RC308", "RC310", "RC311", "RC312", "RC320"}
)
_RISK = {"critical": 100, "high": 60, "medium": 30, "low": 10}
_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
#: A region of the first partition, written out.
_REGION = re.compile(r'"(?!us-gov-|us-iso|cn-|eusc-)[a-z]{2}-[a-z]+-\d"')
_OWNER = "the owner of the workload"
#: How many of a list a sentence names.
_SHOWN = 6


@dataclass(frozen=True)
class _Told:
    """One statement with all that was found about it."""

    findings: tuple[Finding, ...]
    bearer: Bearer
    verdicts: tuple[Verdict, ...]

    @property
    def first(self) -> Finding:
        return self.findings[0]

    @property
    def verdict(self) -> Verdict:
        return self.verdicts[0]


def narrow_aws(context: Context, findings: Iterable[Finding]) -> Iterator[Migration]:
    """One migration for each statement, or managed policy, that findings are about."""
    told = list(_told(context.model, [f for f in findings if f.rule in RULES and f.severity != "note"]))
    if not told:
        return
    holders = Holders(context)
    busy = _with_keys(context.model)
    for one in told:
        held: Held | None = None
        needs: Needs | None = None
        reason, cutting = "", None
        edits: dict[str, list[Edit]] = {}
        statement = _statement_of(one)
        grant: Grant | None = None
        try:
            if one.verdict.permit.managed:
                held, grant = holders.of_managed(
                    _role_of(context.model, one), one.first.span, one.verdict.permit.managed
                )
            else:
                held = holders.of(statement)
            if any(function.id in busy for function in held.functions):
                raise Refused("a static key is in its hands: it moves to the role first")
            refuse_foreign(held.site)
            place = grant.site.span if grant is not None else statement.span
            needs = _needs(context, held, place)
            if grant is not None:
                _known(context, one, held, grant, needs)
            cutting = _cut(statement, needs)
            if grant is not None:
                edits = replaced(context, grant, cutting.groups)
            else:
                edits = {"migrate": rewrite(context, held.site.format, statement, cutting.groups)}
        except Refused as refused:
            reason = refused.reason
        if held is not None and needs is not None and cutting is not None and edits:
            yield _patched(context, one, held, needs, cutting, edits)
        else:
            yield _advice(context, one, held, needs, reason)


def _told(model: Model, findings: Sequence[Finding]) -> Iterator[_Told]:
    """The findings by the statement that they are about."""
    by_place: dict[tuple[str, int], list[Finding]] = defaultdict(list)
    for finding in findings:
        by_place[finding.span.path, finding.span.start].append(finding)
    groups: dict[tuple[str, int, str], tuple[Bearer, list[tuple[Finding, Verdict]]]] = {}
    seen: set[str] = set()
    for bearer, verdict in verdicts(model):
        permit = verdict.permit
        for span in filter(None, (permit.span, permit.block, bearer.span)):
            for finding in by_place.get((span.path, span.start), ()):
                if verdict.says in finding.message and finding.fingerprint not in seen:
                    seen.add(finding.fingerprint)
                    place = permit.span or bearer.span
                    key = (place.path, place.start, permit.managed)
                    groups.setdefault(key, (bearer, []))[1].append((finding, verdict))
    for bearer, about in groups.values():
        about.sort(key=lambda pair: -RANK[pair[0].severity])
        yield _Told(tuple(finding for finding, _ in about), bearer, tuple(verdict for _, verdict in about))


def _with_keys(model: Model) -> frozenset[str]:
    """The ids of the workloads that are given a static key."""
    return frozenset(
        consumption.workload.id
        for credential in model.credentials.values()
        for consumption in model.flow(credential).consumptions
    )


# -- what is needed


def _role_of(model: Model, one: _Told) -> Identity | None:
    """The declared role that the findings are about; None where a template makes one."""
    for identity in model.identities.values():
        if identity.site.address == one.bearer.identity and identity.site.span == one.bearer.span:
            return identity
    return None


def _known(context: Context, one: _Told, held: Held, grant: Grant, needs: Needs) -> None:
    """Refused where AWS's policy may allow something needed of which nothing else is known to allow it."""
    managed = one.verdict.permit.managed
    if needs.gaps or managed in WHOLE:
        return
    others: Holdings | None = None
    if held.role is not None:
        kept = [one for one in context.model.grants(held.role) if one != grant]
        others = of_grants(context.model, kept)
    for need in needs.needs:
        for action in expand(need.action):
            if any(covers(pattern, action.name, fold=True) for pattern in _statement_of(one).actions):
                continue
            if others is None and need.action.startswith(("logs:", "xray:")):
                continue  # the transform attaches the policy for logs by itself
            if others is None or may(others, action.name, "*") != "yes":
                raise Refused(f"whether {managed} allows {action.name} is not known here, and nothing else does")


def _needs(context: Context, held: Held, span: Span | None) -> Needs:
    """What all functions of a role need together; `span` is where the policy is written."""
    folder = span.path.rpartition("/")[0] if span is not None else ""
    found: list[Needs] = []
    for function in held.functions:
        beside = (
            span is not None and function.span.path == span.path
            if function.format == "cloudformation"
            else function.module == folder
        )
        partition = _partition(context, function, folder)
        if function.type in CONTAINERS:
            role = held.role.id if held.role is not None else ""
            found.append(container_needs(context, held.unit, function, role, beside, partition))
        else:
            found.append(function_needs(context, held.unit, function, beside, partition))
    known = tuple(need for one in found for need in one.needs)
    return Needs(
        (*known, *used_needs(context, held.role, known)),
        tuple(dict.fromkeys(gap for one in found for gap in one.gaps)),
        tuple(dict.fromkeys(said for one in found for said in one.review)),
    )


def _partition(context: Context, function: object, folder: str) -> Pattern:
    """What ARNs start with: in the words of the folder where it has some, else any partition."""
    if getattr(function, "format", "") == "cloudformation":
        return ("arn:", Expr("AWS::Partition"))
    written = False
    for block in context.blocks(folder):
        region = block.attribute("region") if block.type == "provider" and block.labels[:1] == ("aws",) else None
        if region is not None and _REGION.fullmatch(attribute_text(block, region)):
            written = True
        plain = all(block.attribute(name) is None for name in ("count", "for_each", "provider"))
        if block.type == "data" and block.labels[:1] == ("aws_partition",) and len(block.labels) == 2 and plain:
            return ("arn:", Expr(f"data.aws_partition.{block.labels[1]}.partition"))
        written = written or b"arn:aws:" in block.slice
    return ("arn:aws",) if written else ("arn:*",)


def _cut(statement: Statement, needs: Needs) -> Cut:
    if needs.gaps:
        raise Refused(needs.gaps[0])
    found = cut(statement, needs.needs)
    if found is None:
        raise Refused("the statement is not written as actions on resources")
    if not found.changed:
        raise Refused("the code calls all of it, and on which resources cannot be told")
    return found


# -- what is said


def _migration(one: _Told, held: Held | None, **rest: object) -> Migration:
    finding = one.first
    span = finding.span
    return Migration(
        id=identifier("grant", finding.address, finding.fingerprint),
        subject=Subject("grant", "policy", "aws", finding.address, span.path, span.line, span.end_line),
        identity=finding.identity,
        targets=("narrow",),
        risk=_RISK.get(finding.severity, 10),
        unit=held.site.unit if held is not None else "",
        **rest,  # type: ignore[arg-type]
    )


def _patched(
    context: Context, one: _Told, held: Held, needs: Needs, cutting: Cut, edits: Mapping[str, Sequence[Edit]]
) -> Migration:
    kept = list(dict.fromkeys(action for group in cutting.groups for action in group.actions))
    reasons = [finding.message for finding in one.findings]
    reasons.append(
        f"all that runs with it is {_names([f.address for f in held.functions])}, whose code is read to the end: "
        + (f"of this statement it needs {_names(kept)}" if kept else "it needs nothing of this statement")
    )
    reasons.extend((*needs.review, *comparison(context, held.role, needs.needs, _statement_of(one))))
    handover = []
    if cutting.open:
        reasons.append(
            f"review: on which resources {_names(cutting.open)} is called cannot be told from the code, so that "
            "it stays allowed where it was"
        )
        handover.append(
            Handover(
                f"name the resources of {_names(cutting.open)}",
                one.first.address,
                _OWNER,
                _calls(needs, cutting.open),
                "no statement allows it on every resource",
            )
        )
    missing = _missing(context, held, needs)
    if missing:
        reasons.append(f"its code calls {_names(missing)}, which nothing allows; that is not added here")
    left = _left(one, _statement_of(one), cutting)
    if left:
        reasons.append(f"left to do: the role still {left}; plan again once this is applied")
        handover.append(
            Handover(
                f"decide whether the code may go on so: the role still {left}",
                one.first.address,
                _OWNER,
                _calls(needs, kept),
                "the finding is gone, or accepted with a reason",
            )
        )
    return _migration(
        one,
        held,
        consumers=consumers(held),
        disposition="partial" if left else "patch",
        reasons=tuple(reasons),
        phases=tuple(_phases(held, edits)),
        handover=tuple(handover),
        effort=2,
        permissions=("iam:GetRole", "iam:PutRolePolicy", "iam:CreatePolicyVersion", "iam:DeletePolicyVersion"),
    )


def _phases(held: Held, edits: Mapping[str, Sequence[Edit]]) -> Iterator[Phase]:
    if edits.get("expand"):
        yield Phase(
            "expand",
            tuple(dict.fromkeys(edits["expand"])),
            ("nothing: what the role may do stays as it is",),
            ("the role has both policies",),
            "revert the commit and apply: nothing has changed for what runs with it",
        )
    yield Phase(
        "migrate",
        tuple(dict.fromkeys(edits["migrate"])),
        tuple(conditions(held)),
        ("no AccessDenied of the role in CloudTrail, and the error rates of what runs with it have not moved",),
        "revert the commit and apply: the wider grant is back within a minute",
    )


def _statement_of(one: _Told) -> Statement:
    return one.verdict.permit.statement


def _left(one: _Told, statement: Statement, cutting: Cut) -> str:
    """What of the findings is still to be said of the holder of the cut statement; "" where nothing is."""
    ideas = {verdict.idea for verdict in one.verdicts}
    permits = []
    for permit in one.bearer.holdings.allows:
        managed = permit.managed
        if managed and managed == one.verdict.permit.managed and permit.statement is not statement:
            continue
        same = permit.statement is statement or (not managed and place_of(permit.statement) == place_of(statement))
        if not same:
            permits.append(permit)
            continue
        for group in cutting.groups:
            resources = statement.resources if group.resources is None else tuple(map(shown, group.resources))
            via = (("StringLike", VIA, group.via),) if group.via else ()
            cut_down = replace(
                statement, actions=group.actions, resources=resources, conditions=(*statement.conditions, *via)
            )
            permits.append(replace(permit, statement=cut_down))
    after = judge(replace(one.bearer.holdings, allows=tuple(permits)))
    return next((verdict.says for verdict in after if verdict.idea in ideas), "")


def _missing(context: Context, held: Held, needs: Needs) -> list[str]:
    """What code calls and no grant of the role allows: reported, never added."""
    if held.role is None:
        return []
    holdings = of_principal(context.model, held.role)
    wanted = dict.fromkeys(need.action for need in needs.needs if ":" in need.why and not need.perhaps)
    return [action for action in wanted if may(holdings, action, "*") == "no" and _never(holdings, action)]


def _never(holdings: Holdings, action: str) -> bool:
    """Whether no statement speaks of an action at all, on whatever resource."""
    return all(action_answer(permit.statement, action) == "no" for permit in holdings.allows)


def _calls(needs: Needs, actions: Iterable[str]) -> str:
    """Where the code calls them, as a command that shows the lines."""
    wanted = set(actions)
    places = dict.fromkeys(need.why for need in needs.needs if need.action in wanted and ":" in need.why)
    return "see " + ", ".join(list(places)[:_SHOWN]) if places else ""


def _advice(context: Context, one: _Told, held: Held | None, needs: Needs | None, reason: str) -> Migration:
    reasons = [finding.message for finding in one.findings]
    reasons.append(f"not patched: {reason}" if reason else "what it really calls is not in the code")
    steps = list(_steps(context, one))
    if reason.startswith("several roles have it"):
        steps.insert(
            0,
            Handover(
                "give each of the roles a policy of its own, with what its workload calls; then take this one away",
                one.first.address,
                _OWNER,
                "aws iam list-entities-for-policy --policy-arn POLICY_ARN",
                "no role has the shared policy, and each workload still works",
            ),
        )
    if held is not None and needs is not None and needs.gaps:
        reasons.extend(f"not read: {gap}" for gap in needs.gaps[1:_SHOWN])
        steps.insert(0, _proposal(one, needs, silence(context, held.role, _statement_of(one))))
    return _migration(
        one,
        held,
        consumers=consumers(held) if held is not None else (),
        disposition="advice",
        reasons=tuple(reasons),
        handover=tuple(steps),
        effort=5,
    )


def _proposal(one: _Told, needs: Needs, silent: str) -> Handover:
    """What is known to be needed, and what is known not to be used, for somebody who knows the rest."""
    found: dict[str, None] = dict.fromkeys(need.action for need in needs.needs if "*" not in need.action)
    return Handover(
        f"look through the code that is not read here; known to be needed are {_names(list(found), 40)}"
        + (f"; {silent}" if silent else ""),
        one.first.address,
        _OWNER,
        'git grep -nE "boto3|aws-sdk|aws_sdk|amazonaws"',
        "every call of AWS in the code has its action in the list",
    )


def _steps(context: Context, one: _Told) -> Iterator[Handover]:
    """What to find out and what to write, by the idea of the finding."""
    finding, permit = one.first, one.verdict.permit
    where = finding.address
    name = _principal(context.model, one)
    yield Handover(
        "find out which services and actions it used; the report goes back 400 days and counts attempts too",
        where,
        _OWNER,
        f"aws iam generate-service-last-accessed-details --granularity ACTION_LEVEL --arn {name} && "
        "aws iam get-service-last-accessed-details --job-id JOB_ID",
        "every service that is not in it has a reason to stay, or goes",
    )
    if one.verdict.idea == "pass-role":
        yield Handover(
            "name the roles that it passes in Resource, and require the services that get them "
            "(StringEquals on iam:PassedToService)",
            where,
            _OWNER,
            f"aws cloudtrail lookup-events --lookup-attributes AttributeKey=Username,AttributeValue={_last(name)}",
            "passing another role is refused, and the workload still starts what it starts",
        )
    elif permit.managed:
        yield Handover(
            f"put a policy of your own with these actions, on the resources that it uses, in the place of "
            f"{permit.managed}: attach it first, then detach AWS's",
            where,
            _OWNER,
            "aws accessanalyzer check-no-new-access --policy-type IDENTITY_POLICY "
            "--existing-policy-document file://aws.json --new-policy-document file://own.json",
            f"{permit.managed} is attached no more, and no AccessDenied of the role is in CloudTrail",
        )
    else:
        yield Handover(
            "write down what is left, on the resources that it uses: the list may be generated from CloudTrail",
            where,
            _OWNER,
            f"aws accessanalyzer start-policy-generation --policy-generation-details principalArn={name} "
            "--cloud-trail-details file://trail.json",
            "aws accessanalyzer check-no-new-access finds nothing new; calls on data (S3 objects, DynamoDB items) are "
            "not in CloudTrail by default, so look for them in the code",
        )
    if one.verdict.idea in ("everything", "everything-narrowed", "all-but", "escalation"):
        yield Handover(
            "until then, a permissions boundary that denies iam:*, organizations:*, account:* and sts:AssumeRole, if "
            "it calls none of them",
            where,
            _OWNER,
            f"aws iam put-role-permissions-boundary --role-name {_last(name)} --permissions-boundary BOUNDARY_ARN",
            "the workload still works; a call of iam:CreateUser with its role is refused",
        )


def _principal(model: Model, one: _Told) -> str:
    """The ARN of whom the findings are about, as far as it is known."""
    for identity in model.identities.values():
        if identity.site.address == one.first.identity and identity.cloud == "aws":
            kind = identity.kind.partition(":")[2]
            label = identity.label if _NAME.fullmatch(identity.label) else kind.upper()
            return f"arn:aws:iam::ACCOUNT:{kind}/{label}"
    return "arn:aws:iam::ACCOUNT:role/ROLE"


def _last(arn: str) -> str:
    return arn.rpartition("/")[2]


def _names(names: Sequence[str], most: int = _SHOWN) -> str:
    kept = list(dict.fromkeys(names))
    shown = ", ".join(kept[:most])
    return f"{shown} and {len(kept) - most} more" if len(kept) > most else shown
