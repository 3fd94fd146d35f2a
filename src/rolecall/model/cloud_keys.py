"""Keys of the clouds beside AWS among the fields of a holder: which names they go by, and what says that they are keys.

AWS keys come in pairs and are told in model.found.  Elsewhere one field holds the whole secret (a client secret, a key
file, a private key), so a table of names for each cloud is enough.  Nothing here returns, keeps or logs a secret.

Sources of the Azure names: https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs (ARM_*),
https://learn.microsoft.com/azure/developer/python/sdk/authentication/overview (AZURE_*, EnvironmentCredential),
https://learn.microsoft.com/azure/azure-functions/functions-app-settings (AzureWebJobsStorage).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from rolecall.frontends.values import Scalar, references, text
from rolecall.model.fields import Field
from rolecall.model.found import Found, classify, unset
from rolecall.model.secrets import normal


@dataclass(frozen=True, slots=True)
class KeyName:
    """What a name says: whose credential of which class.

    `name` matches the name in lower snake case, `unless` the names that belong to something else.  `shape` is what a
    literal must hold where the name alone does not tell a key from an address.
    """

    cloud: str
    cls: str
    name: re.Pattern[str]
    unless: re.Pattern[str] | None = None
    shape: re.Pattern[str] | None = None


#: Client secrets by which people are signed in to a web application: no machine's login.
_SIGN_IN = re.compile(r"(?:^|_)(?:oauth2?|oidc|sso|saml|dex|auth|login|grafana|github|google|b2c)(?:_|$)")
_ACCOUNT_KEY = re.compile(r"(?i)AccountKey=|SharedAccessKey=|SharedAccessSignature=|[?&]sig=")

KEY_NAMES: tuple[KeyName, ...] = (
    KeyName(
        "azure",
        "client-secret",
        re.compile(
            r"^(?:.*_)?(?:arm|azure|az|aad|azuread|entra|aks|sp|spn|service_principal)_(?:\w+_)?client_secret$"
            r"|^(?:.*_)?(?:azure_sp|spn|service_principal)_(?:password|secret|key|secret_value|client_key)$"
        ),
        _SIGN_IN,
    ),
    KeyName("azure", "client-secret", re.compile(r"^(?:.*_)?(?:azure_credentials|azure_creds)$")),
    KeyName(
        "azure",
        "access-key",
        re.compile(
            r"^arm_access_key$|^(?:.*_)?(?:azure_storage|storage_account)(?:_account)?(?:_primary|_access|_shared)*_key$"
        ),
    ),
    KeyName(
        "azure",
        "access-key",
        re.compile(
            r"^(?:.*_)?(?:azure_storage|storage_account|storage|cosmos_?db|cosmos)(?:_account|_primary)*"
            r"_(?:connection_string|conn_str|connectionstring)$|^azure_web_jobs_(?:storage|dashboard)$"
        ),
        None,
        _ACCOUNT_KEY,
    ),
    KeyName("azure", "access-key", re.compile(r"^(?:.*_)?cosmos_?(?:db)?(?:_account|_primary|_master)*_key$")),
    KeyName(
        "azure",
        "sas",
        re.compile(
            r"^(?:.*_)?(?:arm|azure|storage|blob)_(?:\w+_)?sas(?:_token|_url)?$"
            r"|^(?:.*_)?(?:service_?bus|event_?hubs?)_(?:\w+_)?connection_string$"
        ),
        None,
        _ACCOUNT_KEY,
    ),
)
#: A look at a name that finds nothing is the usual case: one pattern that all the others need.
_ANY = re.compile(r"secret|key|password|connection|conn_str|credential|creds|sas|jobs|token|config")
#: What refers to a store instead of being the secret (App Service settings).
_STORED = re.compile(r"^@Microsoft\.KeyVault\(", re.IGNORECASE)
#: The account that the storage emulator comes with.
_EMULATED = re.compile(r"UseDevelopmentStorage=true|devstoreaccount1|Eby8vdM02x|127\.0\.0\.1|localhost")


def key_name(name: str) -> KeyName | None:
    """What a variable's name says, None where it says nothing."""
    flat = normal(name)
    if not _ANY.search(flat):
        return None
    return next(
        (k for k in KEY_NAMES if k.name.match(flat) and not (k.unless is not None and k.unless.search(flat))), None
    )


def cloud_keys(fields: Iterable[Field], is_minted: Callable[[str], bool]) -> Iterator[Found]:
    """The keys among the fields of one holder, by their names; those that come from a credential of the same unit are
    edges already and are left out.
    """
    for item in fields:
        known = key_name(item.name) if item.name else None
        if known is not None:
            found = whole_key(item, known.cloud, known.cls, is_minted, known.shape)
            if found is not None:
                yield found


def whole_key(
    item: Field, cloud: str, cls: str, is_minted: Callable[[str], bool], shape: re.Pattern[str] | None = None
) -> Found | None:
    """The key that one field holds, when what stands there can be one: no emulator's, no reference to a store."""
    if unset(item.value) or any(is_minted(reference.target) for reference in references(item.value)):
        return None
    if isinstance(item.value, Scalar):
        written = text(item.value) or ""
        if _STORED.match(written) or _EMULATED.search(written) or (shape is not None and not shape.search(written)):
            return None
    found = classify(normal(item.name), [("secret", item)])
    return None if found is None else replace(found, cloud=cloud, cls=cls)
