"""Whose keys the names AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY hold, where what they open is not AWS's.

Terraform's S3 backend, and every client of the S3 protocol, takes its keys by these names whoever's store it is:
https://docs.oracle.com/en-us/iaas/Content/Object/Tasks/s3compatibleapi.htm,
https://developer.hashicorp.com/terraform/language/backend/s3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from rolecall.frontends.resource import Resource, Unit
from rolecall.frontends.values import render, scalars, text
from rolecall.model.parts import Credential, Fact
from rolecall.model.pipelines.systems import SYSTEMS
from rolecall.model.secrets.aws_names import endpoint_kind
from rolecall.source.patterns import late
from rolecall.source.records import replace

#: Clouds by what their S3-compatible endpoints end in.
_OWNERS = (("oraclecloud.com", "oci"), ("storage.googleapis.com", "gcp"))
#: A command of the AWS command line that goes to AWS.
_COMMAND = late(r"(?m)(?:^|[\s;&|($`])aws\s+(?!configure\b)[a-z0-9-]+\s+(?!.*--endpoint)")


def foreign_owner(resource: Resource) -> str | None:
    """The cloud whose store an S3 backend or provider is pointed at: "other" where it is none that is known; None where
    it is AWS's or an emulator.
    """
    for entry in resource.body.entries:
        if (entry.name or "").startswith("endpoint"):
            for url in (*(render(s) for s in scalars(entry.value)), render(entry.value)):
                if endpoint_kind(url) == "foreign":
                    host = url.partition("://")[2].partition("/")[0]
                    return next((cloud for end, cloud in _OWNERS if host.endswith(end)), "other")
    return None


def stores_of(unit: Unit, may_point: Callable[[Resource], bool]) -> Iterable[Fact]:
    """What a unit says of the question: the foreign stores it is pointed at, and whether it uses AWS itself.

    `may_point` tells cheaply whether a provider or backend may name an endpoint at all.
    """
    used = False
    for resource in unit.resources:
        if resource.mode in ("provider", "backend") and resource.type in ("aws", "s3"):
            owner = foreign_owner(resource) if may_point(resource) else None
            if owner is not None:
                yield Fact("foreign-store", owner, "", None, resource.header)
            else:
                used = True
        elif resource.type.startswith(("aws_", "AWS::")):
            used = True
        elif resource.mode == "step":
            name, script = text(resource.get("uses_name")) or "", resource.get("run")
            used = used or name.startswith("aws-actions/") or bool(script and _COMMAND.search(render(script)))
    if used:
        yield Fact("uses-aws", unit.name, "")


def owned_by_stores(credentials: Sequence[Credential], facts: Mapping[str, Sequence[Fact]]) -> list[Credential]:
    """The credentials, with pipelines' AWS-named keys given to the cloud whose store the estate keeps its state in,
    where nothing in the estate uses AWS.
    """
    stores = facts.get("foreign-store", ())
    if not stores or facts.get("uses-aws"):
        return list(credentials)
    owners = {fact.name for fact in stores}
    owner = owners.pop() if len(owners) == 1 else "other"
    return [
        replace(c, cloud=owner, marks=c.marks | {"s3-compatible"})
        if c.cloud == "aws" and c.cls == "access-key" and c.site.format in SYSTEMS and c.form in ("input", "reference")
        else c
        for c in credentials
    ]
