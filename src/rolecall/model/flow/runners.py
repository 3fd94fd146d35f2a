"""Provider and backend blocks: the credentials that Terraform itself runs with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from rolecall.frontends.resource import Resource
from rolecall.frontends.values import references, text
from rolecall.model.flow.fields import Field
from rolecall.model.flow.written import REFERENCE
from rolecall.model.nature import vendor_of_type
from rolecall.model.parts import Workload
from rolecall.model.secrets.cloud_keys import key_file_name, whole_key
from rolecall.model.secrets.found import classify, unset
from rolecall.model.secrets.object_stores import foreign_owner
from rolecall.source.records import dataclass, replace

if TYPE_CHECKING:
    from rolecall.model.flow.holders import Holders


@dataclass(frozen=True, slots=True)
class Login:
    """How a provider or backend is told who it is.

    `arguments` gives the class of the credential that each argument holds; `pair` says that they are the halves of one
    AWS key.  `written` is what the block's text holds when there is one.  `files` says that an argument may name a file
    that holds the key, `one` that several arguments are the same key, `off` which argument, with another value than the
    one given, makes the others count for nothing.
    """

    cloud: str
    target: str
    arguments: Mapping[str, str]
    written: re.Pattern[bytes]
    pair: bool = False
    files: bool = False
    one: bool = False
    off: tuple[str, str] = ("", "")


_AWS = Login(
    "aws",
    "aws:assume-role",
    {"access_key": "access-key", "secret_key": "access-key", "token": "token"},
    re.compile(rb"access_key|secret_key|token"),
    True,
)
#: https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs#argument-reference and
#: https://developer.hashicorp.com/terraform/language/backend/azurerm
_AZURE = Login(
    "azure",
    "azure:federated-credential",
    {
        "client_secret": "client-secret",
        "client_certificate_password": "certificate",
        "access_key": "access-key",
        "sas_token": "sas",
    },
    re.compile(rb"client_secret|client_certificate_password|access_key|sas_token"),
)
#: https://registry.terraform.io/providers/hashicorp/google/latest/docs/guides/provider_reference and
#: https://developer.hashicorp.com/terraform/language/backend/gcs
_GOOGLE = Login(
    "gcp",
    "gcp:impersonation",
    {"credentials": "service-account-key"},
    re.compile(rb"credentials"),
    files=True,
)
#: https://docs.oracle.com/en-us/iaas/Content/dev/terraform/configuring.htm and
#: https://developer.hashicorp.com/terraform/language/backend/oci
_ORACLE = Login(
    "oci",
    "oci:token-exchange",
    {"private_key": "api-key", "private_key_path": "api-key"},
    re.compile(rb"private_key"),
    files=True,
    one=True,
    off=("auth", "apikey"),
)
#: By the type of the provider or backend.
LOGINS: Mapping[str, Login] = {
    "aws": _AWS,
    "awscc": _AWS,
    "s3": _AWS,
    "azurerm": _AZURE,
    "azuread": _AZURE,
    "azapi": _AZURE,
    "google": _GOOGLE,
    "google-beta": _GOOGLE,
    "gcs": _GOOGLE,
    "oci": _ORACLE,
}


def read_runner(holders: Holders, resource: Resource) -> None:
    """One provider or backend block as a workload, where it is given a credential."""
    login = LOGINS.get(resource.type)
    if login is None:
        if holders.minted and holders.extraction.written(resource, REFERENCE):
            _vendor(holders, resource)
        return
    if not holders.extraction.written(resource, login.written):
        return
    found = [
        Field(entry.name or "", entry.value, entry.span or resource.span, entry.name or "", "value")
        for entry in resource.body.entries
        if entry.name in login.arguments and not unset(entry.value)
    ]
    argument, default = login.off
    chosen = resource.get(argument) if argument else None
    if not found or (chosen is not None and (text(chosen) or "").lower() != default):
        return
    if resource.type == "s3" and foreign_owner(resource) == _ORACLE.cloud:
        _foreign_pair(holders, resource, found)
        return
    holders.fragment.workloads.append(
        Workload(holders.site(resource), "pipeline-job", "terraform", login.cloud, login.target, label=resource.mode)
    )
    holders.take(resource, found, sure=login.pair)
    if not login.pair:
        for item in found:
            cls = login.arguments[item.name]
            key = key_file_name(item, login.cloud, cls) if login.files else None
            key = key or whole_key(item, login.cloud, cls, holders.is_minted)
            if key is not None:
                holders.found(resource, key, resource.id)
                if login.one:
                    break


def _foreign_pair(holders: Holders, resource: Resource, found: list[Field]) -> None:
    """The key of an S3 backend whose endpoint is OCI's: a user's secret key, by AWS's names."""
    holders.fragment.workloads.append(
        Workload(
            holders.site(resource), "pipeline-job", "terraform", _ORACLE.cloud, _ORACLE.target, label=resource.mode
        )
    )
    halves = {"access_key": "id", "secret_key": "secret"}
    parts = [(halves[item.name], item) for item in found if item.name in halves]
    key = classify("access_key", parts) if parts else None
    if key is not None:
        marks = key.marks | {"s3-compatible"}
        holders.found(resource, replace(key, cloud=_ORACLE.cloud, marks=marks), resource.id)


def _vendor(holders: Holders, resource: Resource) -> None:
    found = [
        Field(entry.name or "", entry.value, entry.span or resource.span, entry.name or "", "value")
        for entry in resource.body.entries
        if any(r.target in holders.minted for r in references(entry.value))
    ]
    if found:
        vendor = vendor_of_type(resource.type + "_")
        holders.fragment.workloads.append(
            Workload(holders.site(resource), "saas", vendor or resource.type, "", "keep-with-controls", label=vendor)
        )
        holders.take(resource, found)
