"""Who is let in: the statements of trust and resource policies, each judged by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rolecall.model.finding import Severity
from rolecall.model.linking import Model
from rolecall.model.parts import Document, Identity, Statement
from rolecall.policy.conditions import is_soft
from rolecall.policy.patterns import has_symbol

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
#: Condition keys that tell which account or resource a service acts for.
SOURCES = ("aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths", "s3:resourceaccount")
#: Condition keys that say who calls, or from where, so that `*` with one of them is not anybody.
CALLERS = (
    *SOURCES,
    "aws:principal",
    "aws:userid",
    "aws:sourcevpc",
    "aws:sourceip",
    "aws:vpcsourceip",
    "aws:sourceowner",
    "aws:viaawsservice",
    "aws:calledvia",
    "kms:calleraccount",
    "kms:viaservice",
    "kms:grantisforawsresource",
    "s3:dataaccesspointaccount",
    "s3:dataaccesspointarn",
    "s3:accesspointnetworkorigin",
    "elasticfilesystem:accessedviamounttarget",
    "lambda:eventsourcetoken",
    "lambda:sourceaccount",
    "sns:endpoint",
    "sts:externalid",
)
_ACCOUNT = re.compile(r"(?:arn:[^:]*:iam::)?(\d{12})(?::(root|(?:role|user)/.*))?$")
_ACCOUNT_IN_ARN = re.compile(r"arn:[^:]*:[^:]*:[^:]*:(\d{12}):")
_POD = re.compile(r"system:serviceaccount:([^:]*)(?::(.*))?$")


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
    anybody = any(kind in ("AWS", "*") and who == "*" for kind, who in statement.principals)
    return anybody and not names(statement, CALLERS)


def vendors(statement: Statement) -> Iterator[str]:
    """The vendors whose whole platform may assume a role without an external id."""
    if not names(statement, ("sts:externalid", "aws:sourceidentity")):
        for kind, who in statement.principals:
            match = _ACCOUNT.match(who) if kind == "AWS" else None
            if match is not None and match[1] in VENDORS:
                yield VENDORS[match[1]]


def strangers(statement: Statement, own: frozenset[str]) -> Iterator[str]:
    """Whole accounts, not known as the estate's own or a vendor's, that may assume a role under no condition."""
    if statement.conditions:
        return
    for kind, who in statement.principals:
        match = _ACCOUNT.match(who) if kind == "AWS" else None
        if match is not None and match[2] in (None, "root") and match[1] not in own and match[1] not in VENDORS:
            yield match[1]


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


def deputies(statement: Statement, services: frozenset[str]) -> tuple[str, ...]:
    """The services, of some, that a statement lets act for any customer of theirs."""
    if names(statement, SOURCES) or any(key.lower().startswith(SOURCES) for _, key, _ in statement.conditions):
        return ()
    return tuple(who for kind, who in statement.principals if kind == "Service" and who in services)


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
    """A subject with a wildcard that its operator compares as it is; "" where there is none."""
    for operator, key, values in statement.conditions:
        plain = operator.rpartition(":")[2].lower().removesuffix("ifexists")
        compared = key.lower().endswith(":sub") and plain in ("stringequals", "stringequalsignorecase")
        if compared and values and all("*" in value for value in values):
            return values[0]
    return ""


def trusts(model: Model) -> Iterator[tuple[Identity, Statement]]:
    """Every statement by which somebody may become a role; one that several module calls share comes once."""
    seen: set[tuple[str, int]] = set()
    for identity in model.identities.values():
        if identity.cloud != "aws":
            continue
        for statement in allowed(identity.assume):
            span = statement.span or identity.site.span
            if (span.path, span.start) not in seen:
                seen.add((span.path, span.start))
                yield identity, statement
