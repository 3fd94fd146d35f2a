"""What data sources are given: a key that one of them signs, decrypts or runs a program with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rolecall.frontends.resource import Resource
from rolecall.model.flow.stores import READERS
from rolecall.model.parts import Mention

if TYPE_CHECKING:
    from rolecall.model.flow.holders import Holders

#: Data sources whose result is evaluated here, so that what takes it is seen, and one that gives a public half back.
_FOLLOWED = frozenset(
    {"aws_iam_policy_document", "template_file", "local_file", "cloudinit_config", "template_cloudinit_config"}
    | {"tls_public_key"}
)


def read_lookup(holders: Holders, resource: Resource) -> None:
    """A data source: one that looks a user up mentions it, one that is given a key consumes it."""
    if resource.type == "aws_iam_user" and (value := resource.get("user_name")) is not None:
        name = "user:" + holders.extraction.label(value)
        holders.fragment.mentions.append(Mention(name, "", holders.site(resource), resource.span))
    elif holders.minted and resource.type not in _FOLLOWED and resource.type not in READERS:
        holders.opaque(resource)
