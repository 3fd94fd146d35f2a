"""OCI Audit: `oci audit event list`, and events as the service hands them on.

Format: https://docs.oracle.com/en-us/iaas/Content/Audit/Reference/logeventreference.htm (version 2); the command line
writes its names with hyphens.
"""

from __future__ import annotations

from rolecall.evidence.document import Document, Malformed, at, date, said
from rolecall.evidence.facts import KeyUse, Principal, Source, tail
from rolecall.evidence.tally import Tally, agent, run

_KINDS = {"user": "user", "instance": "instance"}


class Audit:
    """Calls to the API, reads included; those on objects of a bucket only where its logging is on."""

    format = "oci-audit"

    def matches(self, document: Document) -> bool:
        first = document.first
        inner = first.get("data")
        if isinstance(inner, list) and inner and isinstance(inner[0], dict):
            first = inner[0]
        return said(first, "eventType|event-type").startswith("com.oraclecloud.") and isinstance(
            first.get("data"), dict
        )

    def read(self, document: Document, tally: Tally) -> Source:
        times = []
        tenants = set()
        records = 0
        for record in document.records("data"):
            when = date(at(record, "eventTime|event-time"))
            if when is None:
                raise Malformed("an event without eventTime", said(record, "eventID|event-id|eventId"))
            records += 1
            times.append(when)
            identity = at(record, "data", "identity")
            who = said(identity, "principalId|principal-id")
            tenants.update({said(identity, "tenantId|tenant-id")} - {""})
            if not who.startswith("ocid1."):
                continue
            kind = _KINDS.get(who.split(".")[1], "resource")
            principal = Principal("oci", kind, who, said(identity, "tenantId|tenant-id"))
            if name := said(identity, "principalName|principal-name"):
                tally.aliases.add((name.rpartition("/")[2], principal))
            action = said(record, "eventType|event-type").removeprefix("com.oraclecloud.")
            resource = said(record, "data", "resourceId|resource-id")
            status = said(record, "data", "response", "status")
            denied = status in ("401", "403", "404")  # what one may not see is not there
            tally.use(principal, action, self.format, when, [resource] if resource else [], denied=denied)
            # TENANCY/USER/FINGERPRINT of the API key that signed it; a session token is named otherwise
            parts = said(identity, "credentials").split("/")
            if kind == "user" and len(parts) == 3 and parts[2].count(":") == 15:
                agents = agent(said(identity, "userAgent|user-agent"))
                key = tail(parts[2].replace(":", ""))
                tally.key(KeyUse(principal, "api-key", key, when, None, self.format, action.partition(".")[0], agents))
        return Source(document.path, self.format, run(times), records, frozenset(tenants))
