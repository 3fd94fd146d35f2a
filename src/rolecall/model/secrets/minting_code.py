"""Access keys that the code of a template's own function makes: a custom resource asks it for one.

A custom resource hands its properties to the function that its `ServiceToken` names, and waits for it
(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-custom-resources.html).  Where the function
puts the key is in its code, which is not followed: such a key is used until somebody has looked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolecall.frontends.resource import Resource
from rolecall.frontends.values import references, scalars
from rolecall.model.parts import Credential, Fact
from rolecall.model.sites import absent, gate_of, instances, site_of
from rolecall.source.patterns import late
from rolecall.source.text import Span

if TYPE_CHECKING:
    from rolecall.model.extraction import Extraction

_CUSTOM = ("Custom::", "AWS::CloudFormation::CustomResource")
#: Where a function's code is written in a template, by its type.
_CODE = {"AWS::Lambda::Function": "Code.ZipFile", "AWS::Serverless::Function": "InlineCode"}
#: The call in Python, JavaScript and the AWS CLI.
_MINTS = late(r"(?i)\bcreate[_-]?access[_-]?key(?![_-]?(?:id|policy))")


def keys_by_code(extraction: Extraction) -> Iterator[tuple[Credential, Fact]]:
    """The key that each custom resource has made, and the code that makes it, from where nothing follows it."""
    for resource in extraction.unit.resources:
        if not resource.type.startswith(_CUSTOM) or resource.mode != "resource" or absent(resource):
            continue
        code = _minting(extraction, resource)
        if code is None:
            continue
        owner, label = _user(extraction, resource)
        site = site_of(resource)
        yield (
            Credential(
                site,
                "access-key",
                "minted",
                "aws",
                owner,
                label,
                place=resource.span,
                gate=gate_of(resource),
                instances=instances(resource),
            ),
            Fact("lost-way", resource.id, "", site, code),
        )


def _minting(extraction: Extraction, resource: Resource) -> Span | None:
    """The code behind a custom resource, where it makes access keys."""
    token = resource.get("ServiceToken")
    for reference in references(token) if token is not None else ():
        function = extraction.resources.get(reference.target)
        code = function.get(_CODE[function.type]) if function is not None and function.type in _CODE else None
        if code is not None and any(_MINTS.search(str(part.value)) for part in scalars(code)):
            return code.span or (function.header if function is not None else None)
    return None


def _user(extraction: Extraction, resource: Resource) -> tuple[str, str]:
    """The declared user that a property names, and its name; empty where none does."""
    for entry in resource.body.entries:
        for reference in references(entry.value) if entry.name != "ServiceToken" else ():
            target = extraction.resources.get(reference.target)
            if target is not None and (of := extraction.entries.get(target.type)) and of.kind == "aws:user":
                return extraction.principal(reference)
    return "", ""
