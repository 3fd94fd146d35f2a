"""Azure: the activity log (control plane alone), and the sign-ins of service principals in Entra ID.

Formats: https://learn.microsoft.com/azure/azure-monitor/platform/activity-log-schema (the event and the exported form),
https://learn.microsoft.com/graph/api/resources/signin (servicePrincipalCredentialKeyId is in its beta).
"""

from __future__ import annotations

from typing import Any

from rolecall.evidence.document import Document, Malformed, at, date, said
from rolecall.evidence.facts import KeyUse, Principal, Source, tail
from rolecall.evidence.tally import Tally, run

#: Roles of a caller in the claims of its token: the application that called, however it logged in.
_APPLICATION = "appid"


class ActivityLog:
    """`az monitor activity-log list`, or what a diagnostic setting exported.  Reads and data calls are not in it."""

    format = "azure-activity-log"

    def matches(self, document: Document) -> bool:
        first = document.first
        inner = first.get("value") or first.get("records")
        if isinstance(inner, list) and inner and isinstance(inner[0], dict):
            first = inner[0]
        return "operationName" in first and ("eventTimestamp" in first or isinstance(at(first, "identity"), dict))

    def read(self, document: Document, tally: Tally) -> Source:
        times = []
        subscriptions = set()
        records = 0
        for record in document.records("value", "records"):
            when = date(at(record, "eventTimestamp|time"))
            if when is None:
                raise Malformed("a record without eventTimestamp", said(record, "correlationId"))
            records += 1
            times.append(when)
            resource = said(record, "resourceId")
            if resource.lower().startswith("/subscriptions/"):
                subscriptions.add(resource.split("/")[2].lower())
            claims = at(record, "claims") or at(record, "identity", "claims")
            application = said(claims, _APPLICATION)
            operation = said(record, "operationName", "value") or said(record, "operationName")
            if not application or not operation:
                continue
            status = (said(record, "status", "value") or said(record, "resultType")).lower()
            resources = [resource] if resource else []
            who = Principal("azure", "service-principal", application.lower())
            denied = status in ("failed", "failure") and said(record, "subStatus", "value") in (
                "Forbidden",
                "Unauthorized",
            )
            tally.use(who, operation, self.format, when, resources, denied=denied)
        return Source(document.path, self.format, run(times), records, frozenset(subscriptions))


class SignIns:
    """Sign-ins of service principals, as Microsoft Graph answers or as a diagnostic setting exports them."""

    format = "entra-sign-ins"

    def matches(self, document: Document) -> bool:
        first = _first(document)
        return "servicePrincipalCredentialKeyId" in first or (
            {"createdDateTime", "appId", "servicePrincipalId"} <= first.keys()
        )

    def read(self, document: Document, tally: Tally) -> Source:
        times = []
        tenants = set()
        records = 0
        for record in document.records("value", "records"):
            tenants.update({said(record, "tenantId")} - {""})
            event = _properties(record)
            when = date(at(event, "createdDateTime") or at(record, "time"))
            if when is None:
                raise Malformed("a sign-in without createdDateTime", said(event, "id"))
            records += 1
            times.append(when)
            application = said(event, "appId").lower()
            if not application:
                continue
            who = Principal("azure", "service-principal", application)
            if name := said(event, "servicePrincipalName"):
                tally.aliases.add((name, who))
            what = said(event, "resourceDisplayName")
            if at(event, "status", "errorCode") not in (0, None, "0"):
                continue  # a sign-in that failed used nothing
            key = said(event, "servicePrincipalCredentialKeyId")
            cls = "certificate" if said(event, "servicePrincipalCredentialThumbprint") else "client-secret"
            if key and key != "00000000-0000-0000-0000-000000000000":
                tally.key(KeyUse(who, cls, tail(key), when, None, self.format, what))
            else:
                tally.key(KeyUse(who, "any", "", when, None, self.format, what))
        return Source(document.path, self.format, run(times), records, frozenset(tenants))


def _first(document: Document) -> dict[str, Any]:
    first = document.first
    inner = first.get("value") or first.get("records")
    if isinstance(inner, list) and inner and isinstance(inner[0], dict):
        first = inner[0]
    return _properties(first)


def _properties(record: dict[str, Any]) -> dict[str, Any]:
    """The event itself; what is exported has it in `properties`."""
    inner = record.get("properties")
    return inner if isinstance(inner, dict) and "appId" in inner else record
