"""Google Cloud: policy insights of the recommender, and when accounts and their keys last authenticated.

Formats: https://cloud.google.com/policy-intelligence/docs/policy-insights,
https://cloud.google.com/policy-intelligence/docs/activity-analyzer-service-account-authentication
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from rolecall.evidence.document import Document, Malformed, at, date, said
from rolecall.evidence.facts import KeyUse, Principal, Service, Source, Window, stretch, tail
from rolecall.evidence.tally import Tally

_INSIGHTS = "google.iam.policy.Insight"
_ACTIVITIES = {"serviceAccountLastAuthentication", "serviceAccountKeyLastAuthentication"}
#: //iam.googleapis.com/projects/PROJECT/serviceAccounts/EMAIL/keys/ID
_NAME = re.compile(r"/projects/([^/]+)/serviceAccounts/([^/]+)(?:/keys/([^/]+))?$")


class PolicyInsights:
    """`gcloud recommender insights list --insight-type google.iam.policy.Insight --format json`.

    One insight is about one role given to one member; its permissions were used in its period (90 days at most).
    Permissions that Google infers from others are needed as well.  It may not list every permission.
    """

    format = "gcp-policy-insights"

    def matches(self, document: Document) -> bool:
        first = _first(document, "insights")
        return _INSIGHTS in said(first, "name") and "content" in first

    def read(self, document: Document, tally: Tally) -> Source:
        windows = []
        records = 0
        for insight in document.records("insights"):
            records += 1
            member = said(insight, "content", "member")
            kind, _, name = member.partition(":")
            window = _period(insight)
            windows.append(window)
            if kind != "serviceAccount":
                continue
            who = Principal("gcp", "service-account", name)
            used = [*_permissions(insight, "exercisedPermissions"), *_permissions(insight, "inferredPermissions")]
            scopes = at(insight, "targetResources")
            resources = [scope for scope in scopes if isinstance(scope, str)] if isinstance(scopes, list) else []
            for permission in used:
                tally.use(who, permission, self.format, None, resources, count=0)
            if not used and (role := said(insight, "content", "role")):
                tally.services.append(Service(who, role, None, window, self.format))
        return Source(document.path, self.format, stretch(windows), records)


class PolicyActivity:
    """`gcloud policy-intelligence query-activity --format json` of service accounts or of their keys."""

    format = "gcp-policy-activity"

    def matches(self, document: Document) -> bool:
        return said(_first(document, "activities"), "activityType") in _ACTIVITIES

    def read(self, document: Document, tally: Tally) -> Source:
        windows = []
        projects = set()
        records = 0
        for record in document.records("activities"):
            name = said(record, "fullResourceName")
            found = _NAME.search(name)
            if found is None:
                raise Malformed(f"{name[:120]!r} is not the name of a service account or key", name)
            records += 1
            project, email, key = found.groups()
            projects.add(project)
            start = date(at(record, "observationPeriod", "startTime"))
            end = date(at(record, "observationPeriod", "endTime"))
            window = Window(start, end) if start is not None and end is not None else None
            if window is not None:
                windows.append(window)
            last = date(at(record, "activity", "lastAuthenticatedTime"))
            who = Principal("gcp", "service-account", email, project)
            cls = "service-account-key" if key else "any"
            tally.key(KeyUse(who, cls, tail(key or ""), last, window, self.format))
        return Source(document.path, self.format, stretch(windows), records, frozenset(projects))


def _first(document: Document, key: str) -> dict[str, Any]:
    inner = document.first.get(key)
    first = inner[0] if isinstance(inner, list) and inner else document.first
    return first if isinstance(first, dict) else {}


def _period(insight: dict[str, Any]) -> Window:
    """`observationPeriod` is a number of seconds ("7776000s") up to `lastRefreshTime`."""
    end = date(insight.get("lastRefreshTime"))
    written = said(insight, "observationPeriod")
    seconds = written.removesuffix("s").partition(".")[0]
    if end is None or not seconds.isdecimal() or len(seconds) > 10:
        raise Malformed("an insight without lastRefreshTime and observationPeriod", written or said(insight, "name"))
    return Window(end - timedelta(seconds=int(seconds)), end)


def _permissions(insight: dict[str, Any], key: str) -> list[str]:
    listed = at(insight, "content", key)
    return [name for item in (listed if isinstance(listed, list) else ()) if (name := said(item, "permission"))]
