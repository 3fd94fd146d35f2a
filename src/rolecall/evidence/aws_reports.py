"""What AWS itself says of users, roles and keys: Access Advisor, Access Analyzer, and when keys were last used.

Formats: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetServiceLastAccessedDetails.html,
https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_GetGeneratedPolicy.html,
https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccessKeyLastUsed.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
"""

from __future__ import annotations

import base64
import csv
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from rolecall.evidence.document import Document, Malformed, at, aws_principal, date, said
from rolecall.evidence.facts import KeyUse, Principal, Service, Source, Window, latest
from rolecall.evidence.tally import Tally
from rolecall.policy.actions import of_service

#: "At least the last 400 days": https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html
_TRACKED = timedelta(days=400)
_HEADER = "user,arn,user_creation_time,"


class AccessAdvisor:
    """`aws iam get-service-last-accessed-details`, by services or by actions.

    The answer does not say whom it is about but where something was used; `Arn` may be put beside `JobStatus` for that.
    """

    format = "access-advisor"

    def matches(self, document: Document) -> bool:
        return isinstance(document.first.get("ServicesLastAccessed"), list)

    def read(self, document: Document, tally: Tally) -> Source:
        answer = document.first
        end = date(answer.get("JobCompletionDate"))
        if end is None:
            raise Malformed("the job has no JobCompletionDate: it is not complete", "JobStatus")
        window = Window(end - _TRACKED, end)
        services = [service for service in answer["ServicesLastAccessed"] if isinstance(service, dict)]
        arns = {said(answer, "Arn")} - {""} or {arn for service in services for arn in _entities(service)}
        found = {principal for arn in arns if (principal := aws_principal(arn)) is not None}
        notes = []
        if answer.get("IsTruncated") is True:
            notes.append("it is truncated: what is not in it is not known to be unused")
        if len(found) != 1:
            notes.append("it does not say whom it is about; put the Arn beside JobStatus")
            return Source(document.path, self.format, window, len(services), notes=tuple(notes))
        who = found.pop()
        for service in services:
            self._service(service, who, window, tally)
        return Source(document.path, self.format, window, len(services), _account(who), who, tuple(notes))

    def _service(self, service: dict[str, Any], who: Principal, window: Window, tally: Tally) -> None:
        prefix = said(service, "ServiceNamespace").lower()
        last = date(service.get("LastAuthenticated"))
        tracked = service.get("TrackedActionsLastAccessed")
        for action in tracked if isinstance(tracked, list) else ():
            name = f"{prefix}:{said(action, 'ActionName')}"
            when = date(at(action, "LastAccessedTime"))
            if when is not None:
                tally.use(who, name, self.format, when, count=0)
        tally.services.append(Service(who, prefix, last, window, self.format))


def _entities(service: dict[str, Any]) -> Iterator[str]:
    yield said(service, "LastAuthenticatedEntity")
    tracked = service.get("TrackedActionsLastAccessed")
    for action in tracked if isinstance(tracked, list) else ():
        yield said(action, "LastAccessedEntity")


class GeneratedPolicy:
    """`aws accessanalyzer get-generated-policy`: the policy that Access Analyzer made out of CloudTrail for one
    principal.
    """

    format = "generated-policy"

    def matches(self, document: Document) -> bool:
        return isinstance(document.first.get("generatedPolicyResult"), dict)

    def read(self, document: Document, tally: Tally) -> Source:
        result = document.first["generatedPolicyResult"]
        arn = said(result, "properties", "principalArn")
        who = aws_principal(arn)
        if who is None:
            raise Malformed("it does not say whom it is about (properties.principalArn)", arn or "properties")
        trail = at(result, "properties", "cloudTrailProperties")
        start, end = date(at(trail, "startTime")), date(at(trail, "endTime"))
        window = Window(start, end) if start is not None and end is not None else None
        records = 0
        for statement in self._statements(result):
            actions = _texts(statement.get("Action"))
            resources = [arn for arn in _texts(statement.get("Resource")) if "${" not in arn and arn != "*"]
            for action in actions:
                records += 1
                known = of_service(action.partition(":")[0].lower()).get(action.lower())
                name = known.name if known is not None else action
                tally.use(who, name, self.format, None, resources, count=0, mapped=known is not None)
        notes = () if at(result, "properties", "isComplete") is not False else ("it is not complete",)
        return Source(document.path, self.format, window, records, _account(who), who, notes)

    def _statements(self, result: dict[str, Any]) -> Iterator[dict[str, Any]]:
        policies = result.get("generatedPolicies")
        for policy in policies if isinstance(policies, list) else ():
            written = said(policy, "policy")
            try:
                content = json.loads(written)
            except (ValueError, RecursionError):
                raise Malformed("a generated policy is not JSON", "generatedPolicies") from None
            statements = at(content, "Statement")
            for statement in statements if isinstance(statements, list) else [statements]:
                if isinstance(statement, dict) and statement.get("Effect") == "Allow":
                    yield statement


class KeyLastUsed:
    """`aws iam get-access-key-last-used`: one answer, or a list of them.  No date says when it was asked."""

    format = "access-key-last-used"

    def matches(self, document: Document) -> bool:
        return isinstance(document.first.get("AccessKeyLastUsed"), dict)

    def read(self, document: Document, tally: Tally) -> Source:
        records = 0
        for answer in document.records():
            user = said(answer, "UserName")
            if not user:
                raise Malformed("an answer without UserName", "AccessKeyLastUsed")
            records += 1
            last = date(at(answer, "AccessKeyLastUsed", "LastUsedDate"))
            service = said(answer, "AccessKeyLastUsed", "ServiceName").replace("N/A", "")
            who = Principal("aws", "user", user)
            tally.key(KeyUse(who, "access-key", "", last, None, self.format, service))
        return Source(document.path, self.format, None, records)


class CredentialReport:
    """`aws iam get-credential-report`, as it comes (JSON around base64) or decoded: comma-separated values.

    Decoded it has no date of its own: the latest date in it is the time up to which its silence is believed.
    """

    format = "credential-report"

    def matches(self, document: Document) -> bool:
        return document.text.startswith(_HEADER) or said(document.first, "ReportFormat") == "text/csv"

    def read(self, document: Document, tally: Tally) -> Source:
        text, end = document.text, None
        if document.values:
            text, end = self._content(document), date(document.first.get("GeneratedTime"))
        try:
            rows = list(csv.DictReader(text.splitlines(), strict=True))
        except csv.Error as error:
            raise Malformed(f"not comma-separated values: {error}") from None
        end = end or latest(date(row[column]) for row in rows for column in row if column and _dated(column))
        if end is None:
            raise Malformed("a report without any date")
        accounts: set[str] = set()
        for row in rows:
            who = aws_principal(row.get("arn") or "")
            if who is None:
                raise Malformed(f"{(row.get('arn') or '')[:80]!r} is not the ARN of a user", row.get("arn") or "")
            accounts.add(who.account)
            for number in ("1", "2"):
                self._key(row, number, who, end, tally)
        return Source(document.path, self.format, None, len(rows), frozenset(accounts))

    def _content(self, document: Document) -> str:
        try:
            return base64.b64decode(said(document.first, "Content"), validate=True).decode()
        except ValueError:
            raise Malformed("Content is not base64", "Content") from None

    def _key(self, row: dict[str, str], number: str, who: Principal, end: datetime, tally: Tally) -> None:
        made = date(row.get(f"access_key_{number}_last_rotated"))
        if made is None:
            return
        last = date(row.get(f"access_key_{number}_last_used_date"))
        what = (row.get(f"access_key_{number}_last_used_service") or "").replace("N/A", "")
        window = Window(min(made, end), end)
        # the two keys of one user are kept apart by their numbers, since the report does not name them
        tally.key(KeyUse(who, "access-key", f"#{number}", last, window, self.format, what))


def _dated(column: str) -> bool:
    return column.endswith(("_time", "_last_used", "_last_used_date", "_last_rotated", "_last_changed"))


def _texts(value: object) -> list[str]:
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str)]


def _account(who: Principal) -> frozenset[str]:
    return frozenset({who.account} - {""})
