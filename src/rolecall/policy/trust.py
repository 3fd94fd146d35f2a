"""Who is let in: the statements of trust and resource policies, each judged by itself."""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Severity
from rolecall.model.linking import Model
from rolecall.model.parts import Document, ResourcePolicy, Site, Statement
from rolecall.policy.callers import SOURCES, is_anybody, keeps_strangers_out, pinned
from rolecall.policy.conditions import is_soft
from rolecall.policy.issuers import GITHUB
from rolecall.policy.patterns import covers, has_symbol
from rolecall.source.patterns import late
from rolecall.source.records import replace
from rolecall.source.text import Span

#: Accounts that vendors publish for customers to trust, and the product behind them.
#: https://github.com/fwdcloudsec/known_aws_accounts, which names each vendor's own page.
VENDORS = {
    "454464851268": "CloudHealth",
    "107630771604": "Segment",
    "595280932656": "Segment",
    "464622532012": "Datadog",
    "165736516723": "Cloudability",
    "754728514883": "New Relic",
    "509560245411": "Dynatrace",
    "188619942792": "Prisma Cloud",
    "926226587429": "Sumo Logic",
    "434813966438": "Lacework",
    "834469178297": "Fivetran",
    "336818582268": "Rapid7",
    "414351767826": "Databricks",
    "061190967865": "CloudZero",
    "012615275169": "Tenable",
    "198361731867": "Snyk",
    "913128560467": "env0",
    "324880187172": "Spacelift",
    "008923505280": "Grafana Cloud",
    "976280145156": "Orca Security",
    "956993596390": "Vanta",
    "269135526815": "Drata",
    "536727724300": "MongoDB Atlas",
    "292230061137": "CrowdStrike",
}
#: Services that assume a role on behalf of a resource that a customer of any account may name, and that send
#: aws:SourceAccount and aws:SourceArn.
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html and the security chapter of each service.
_DEPUTIES = """
    appflow bedrock bedrock-agentcore cloudtrail datasync delivery.logs grafana iot logs pipes
    scheduler ses transfer vpc-flow-logs
"""
DEPUTIES = frozenset(f"{name}.amazonaws.com" for name in _DEPUTIES.split())
#: Services that write into a resource whose policy lets them, for whichever customer asks.
_WRITERS = """
    cloudtrail config delivery.logs events s3 ses sns logging.s3 budgets costalerts cloudwatch
    apigateway backup cloudfront iot scheduler
"""
WRITERS = frozenset(f"{name}.amazonaws.com" for name in _WRITERS.split())
_ACCOUNT = late(r"(?:arn:[^:]*:iam::)?(\d{12})(?::(root|(?:role|user)/.*))?$")
_ACCOUNT_IN_ARN = late(r"arn:[^:]*:[^:]*:[^:]*:(\d{12}):")
_POD = late(r"system:serviceaccount:([^:]*)(?::(.*))?$")


def allowed(document: Document | None) -> Iterator[Statement]:
    """The statements that let somebody in."""
    for statement in document.statements if document is not None else ():
        if statement.effect == "Allow" and not statement.not_principals:
            yield statement


def names(statement: Statement, keys: tuple[str, ...]) -> bool:
    """Whether a condition that narrows has one of some keys (or keys that begin like them)."""
    return any(
        key.lower().startswith(keys) and not is_soft((op, key, values)) for op, key, values in statement.conditions
    )


def lets_anybody_in(statement: Statement) -> bool:
    """Whether every AWS principal of every account may use a statement."""
    return is_anybody(statement) and not pinned(statement.conditions)


def is_shut(statement: Statement, document: Document) -> bool:
    """Whether the document's Deny statements keep strangers from all that a statement allows."""
    wanted = statement.actions or ("*",)
    return any(
        all(any(covers(taken, action, fold=True) for taken in deny.actions) for action in wanted)
        for deny in document.statements
        if keeps_strangers_out(deny)
    )


def vendors(statement: Statement) -> Iterator[str]:
    """The vendors whose whole platform may assume a role without an external id."""
    if not names(statement, ("sts:externalid", "aws:sourceidentity")):
        for kind, who in statement.principals:
            match = _ACCOUNT.match(who) if kind == "AWS" else None
            if match is not None and match[1] in VENDORS:
                yield VENDORS[match[1]]


#: Conditions that another account's people do not meet by being let by it alone.
_TOLD = ("sts:externalid", "aws:sourceidentity", "aws:principaltag/", "aws:requesttag/")


def strangers(statement: Statement, own: frozenset[str]) -> Iterator[str]:
    """Whole accounts, not known as the estate's own or a vendor's, that may assume a role with nothing else asked."""
    if pinned(statement.conditions) or names(statement, _TOLD) or _asks_for_a_person(statement):
        return
    for kind, who in statement.principals:
        match = _ACCOUNT.match(who) if kind == "AWS" else None
        if match is not None and match[2] in (None, "root") and match[1] not in own and match[1] not in VENDORS:
            yield match[1]


def _asks_for_a_person(statement: Statement) -> bool:
    """Whether a second factor is asked for, which programs do not have."""
    return any(
        (key.lower() == "aws:multifactorauthpresent" and operator.lower() == "bool" and values == ("true",))
        or key.lower() == "aws:multifactorauthage"
        for operator, key, values in statement.conditions
    )


def own_accounts(model: Model) -> frozenset[str]:
    """The accounts that the estate speaks of as places of its own resources, rather than only as somebody to trust."""
    found: set[str] = set()
    documents: list[Document | None] = [policy.document for policy in model.policies.values()]
    for identity in model.identities.values():
        documents.extend(grant.document for grant in model.own_grants(identity))
        found.update(m for grant in model.own_grants(identity) for m in _ACCOUNT_IN_ARN.findall(grant.policy))
        for statement in allowed(identity.assume):
            for kind, who in statement.principals:
                if kind == "Federated" or ":role/" in who or ":user/" in who:
                    found.update(_ACCOUNT_IN_ARN.findall(who))
    for document in documents:
        for statement in document.statements if document is not None else ():
            found.update(m for resource in statement.resources for m in _ACCOUNT_IN_ARN.findall(resource))
    return frozenset(found)


#: Conditions that tie a service to one of its resources in another way than by the source.
_TIED = (*SOURCES, "kms:encryptioncontext", "kms:calleraccount", "kms:viaservice", "lambda:eventsourcetoken")
_REGION = late(r"\.[a-z]{2}(?:-[a-z]+)+-\d(?=\.amazonaws)")


def deputies(statement: Statement, services: frozenset[str] | None) -> tuple[str, ...]:
    """The services, of some (of all, for None), that a statement lets act for any customer of theirs."""
    if pinned(statement.conditions) or any(key.lower().startswith(_TIED) for _, key, _ in statement.conditions):
        return ()
    return tuple(
        who
        for kind, who in statement.principals
        if kind == "Service" and (services is None or _REGION.sub("", who) in services)
    )


def open_pods(statement: Statement) -> tuple[Severity, str] | None:
    """How many of a cluster's pods a trust lets in, where that is more than one service account's."""
    for operator, key, values in statement.conditions:
        if not key.lower().endswith(":sub") or "like" not in operator.lower():
            continue
        for value in values:
            match = _POD.match(value)
            if match is None:
                continue
            namespace, account = match[1], match[2]
            if set(namespace) == {"*"} and (account is None or set(account) == {"*"}):
                return "medium", f"the subject “{value}” lets every pod of the cluster in"
            if "*" in namespace and not has_symbol(namespace):
                return "medium", f"the subject “{value}” lets in whoever may make such a namespace in the cluster"
            if account is not None and set(account) == {"*"}:
                return "low", f"the subject “{value}” lets every pod of the namespace in"
    return None


def never_holds(statement: Statement) -> str:
    """A subject with a wildcard that its operator compares as it is, or one that no token has; "" for none."""
    for operator, key, values in statement.conditions:
        plain = operator.rpartition(":")[2].lower().removesuffix("ifexists")
        compared = key.lower().endswith(":sub") and plain in ("stringequals", "stringequalsignorecase")
        if compared and values and all("*" in value for value in values):
            return values[0]
        # each of GitHub's subjects is made of claims with their names: `repo:…`, `environment:…`
        if compared and key.lower().startswith(GITHUB) and values and not any(":" in v or "${" in v for v in values):
            return values[0]
    return ""


#: Permissions to call a function: every service that calls one says for which of its resources.
#: https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
PERMISSIONS = ("aws_lambda_permission", "AWS::Lambda::Permission")
#: A policy document that stands by itself, whatever takes it.
LOOSE = "aws_iam_policy_document"


def trust_documents(model: Model) -> Iterator[tuple[Site, Document]]:
    """The trust policy of every role, and after them the documents by themselves that would do as one."""
    told: set[tuple[str, int]] = set()
    for identity in model.identities.values():
        if identity.cloud == "aws" and identity.assume is not None:
            told.update(_places(identity.assume))
            yield identity.site, identity.assume
    for policy in model.resource_policies:
        if policy.site.type == LOOSE and (left := _left(policy.document, told, trusts=True)) is not None:
            yield policy.site, left


def taker(model: Model, site: Site) -> tuple[int, str]:
    """How many steps less a trust weighs for whose it is, and what is said of that: a document by itself may be for a
    role that the code does not show, or for nothing.
    """
    if site.type != LOOSE:
        return 0, ""
    if any(policy.untaken and policy.site.id == site.id for policy in model.resource_policies):
        return 2, "; nothing in the code takes this document"
    return 0, "; the role that takes this document is not in the code"


def resource_policies(model: Model) -> Iterator[ResourcePolicy]:
    """The policies of resources, and after them what is in documents by themselves and in none of these."""
    told: set[tuple[str, int]] = set()
    for policy in model.resource_policies:
        if policy.site.type != LOOSE:
            told.update(_places(policy.document))
            yield policy
    for policy in model.resource_policies:
        if policy.site.type == LOOSE and (left := _left(policy.document, told, trusts=False)) is not None:
            yield replace(policy, document=left)


def _places(document: Document) -> Iterator[tuple[str, int]]:
    return ((s.span.path, s.span.start) for s in document.statements if s.span is not None)


def _left(document: Document, told: set[tuple[str, int]], trusts: bool) -> Document | None:
    """A document with its statements of one sort that are told of nowhere else; None where none is left."""
    kept = tuple(
        statement
        for statement in document.statements
        if is_assumption(statement) is trusts
        and (statement.span is None or (statement.span.path, statement.span.start) not in told)
    )
    return replace(document, statements=kept) if kept else None


def place_in(site: Site, document: Document, statement: Statement) -> Span:
    """The attribute or the document, where the statement is written in it, else the statement."""
    part = statement.span
    for whole in (document.place, document.span):
        if whole is not None and (part is None or whole.contains(part)):
            return whole
    return part or site.span


def is_assumption(statement: Statement) -> bool:
    """Whether a statement is one of a trust: it lets somebody become a role."""
    if not statement.actions and not statement.not_actions:
        return any(kind == "Federated" for kind, _ in statement.principals)
    return any(action.lower().startswith("sts:") for action in statement.actions)


def trusts(model: Model) -> Iterator[tuple[Site, Statement]]:
    """Every statement by which somebody may become a role; one that several module calls share comes once."""
    yield from ((site, statement) for site, _, statement in placed_trusts(model))


def placed_trusts(model: Model) -> Iterator[tuple[Site, Document, Statement]]:
    """What `trusts` has, with the document around each statement."""
    seen: set[tuple[str, int]] = set()
    for site, document in trust_documents(model):
        for statement in allowed(document):
            span = statement.span or site.span
            if (span.path, span.start) not in seen:
                seen.add((span.path, span.start))
                yield site, document, statement


_UNKNOWN_PART = late(r"\$\{[^}]*\}")
_NO_PRINCIPAL = late(r"arn:[^:]*:iam::?:?root$|..*\*|\*.")


def no_principal(statement: Statement) -> str:
    """A principal that AWS does not take: an account's root without its number, a wildcard in a name; "" for none.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    for kind, who in statement.principals:
        known = _UNKNOWN_PART.sub("x", who)
        if (kind == "AWS" and _NO_PRINCIPAL.match(known)) or (kind in ("Service", "Federated") and "*" in known):
            return who
    return ""


def ways(statement: Statement) -> str:
    """The wildcard, or the action that is none, by which a trust lets a role be assumed; "" where all are named."""
    if statement.not_actions:
        return f"everything but {statement.not_actions[0]}"
    for action in statement.actions:
        if "${" not in action and ("*" in action or not action.lower().startswith("sts:")):
            return action
    return ""


def without_audience(statement: Statement) -> bool:
    """Whether SAML assertions are taken whoever they were made for.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_saml.html
    """
    saml = any("assumerolewithsaml" in action.lower() for action in statement.actions)
    asked = any(key.lower() in ("saml:aud", "saml:iss", "saml:sub") for _, key, _ in statement.conditions)
    return saml and not asked


def any_certificate(statement: Statement) -> bool:
    """Whether every certificate of every trust anchor of the account comes in by Roles Anywhere.

    https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html
    """
    if not any(kind == "Service" and who == "rolesanywhere.amazonaws.com" for kind, who in statement.principals):
        return False
    return not names(statement, ("aws:sourcearn", "aws:principaltag/x509"))
