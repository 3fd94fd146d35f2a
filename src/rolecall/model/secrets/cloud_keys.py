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

from rolecall.frontends.values import Scalar, references, render, scalars, text
from rolecall.model.flow.fields import Field
from rolecall.model.secrets.aws_names import normal
from rolecall.model.secrets.found import Found, classify, unset
from rolecall.model.secrets.secret_names import is_setting
from rolecall.model.secrets.service_keys import service_key
from rolecall.source.patterns import late
from rolecall.source.records import dataclass, replace


@dataclass(frozen=True, slots=True)
class KeyName:
    """What a name says: whose credential of which class.

    `name` matches the name in lower snake case, `unless` the names that belong to something else.  `shape` is what a
    literal must hold where the name alone does not tell a key from an address.  `beside` is what another field of the
    same holder must be (`name=value`) where the name says nothing by itself.
    """

    cloud: str
    cls: str
    name: re.Pattern[str]
    unless: re.Pattern[str] | None = None
    shape: re.Pattern[str] | None = None
    beside: re.Pattern[str] | None = None


#: A key file of Google Cloud, in JSON or that in base64, and a private key in PEM.  (The configuration of a federated
#: login has the same file name, but `external_account` for its type, and no key in it.)
KEY_FILE = late(r'"type"\s*:\s*"service_account"|^(?:ewog|eyJ0eXBlIjo|eyAidHlwZ)|-----BEGIN (?:\w+ )?PRIVATE KEY-----')
#: A file's name instead of its content.
_FILE_NAME = late(r"^[~./]|^[A-Za-z]:\\|\.(?:json|pem|key|txt)$")
#: What Google's documentation writes where the key stands.
_EXAMPLE_KEY = late(r"KEY-----(?:\\n|\s)*(?:PRIVATE_KEY|\.\.\.|<|XXX|EXAMPLE|REDACTED)", re.IGNORECASE)
#: Client secrets by which people are signed in to a web application: no machine's login.
_SIGN_IN = late(r"(?:^|_)(?:oauth2?|oidc|sso|saml|dex|auth|login|grafana|github|google|b2c)(?:_|$)")
#: The same for Google, whose own names hold the word.
_SIGN_IN_GOOGLE = late(r"(?:^|_)(?:oauth2?|oidc|sso|saml|login|client|signin)(?:_|$)")
_ACCOUNT_KEY = late(r"(?i)AccountKey=|SharedAccessKey=|SharedAccessSignature=|[?&]sig=")

#: https://cloud.google.com/docs/authentication/application-default-credentials,
#: https://registry.terraform.io/providers/hashicorp/google/latest/docs/guides/provider_reference (GOOGLE_*),
#: https://github.com/google-github-actions/auth (credentials_json), https://github.com/FirebaseExtended/action-hosting-deploy,
#: https://cloud.google.com/artifact-registry/docs/docker/authentication#json-key (_json_key)
GOOGLE = (
    KeyName(
        "gcp",
        "service-account-key",
        late(
            r"^(?:.*_)?(?:google|gcp|gcloud|gke|gcs|gcr|firebase|bigquery)_(?:\w+_)?(?:credentials?|creds)"
            r"(?:_json|_base64|_b64|_content)?$|^credentials_json$"
        ),
        _SIGN_IN_GOOGLE,
        KEY_FILE,
    ),
    KeyName(
        "gcp",
        "service-account-key",
        late(
            r"^(?:.*_)?(?:google|gcp|gcloud|gke|gcs|gcr|firebase)_(?:\w+_)?(?:sa|service_account|service|auth)_"
            r"(?:key|json|key_json|key_base64|key_b64|secret)$|^firebase_service_account(?:_\w+)?$"
            r"|^(?:.*_)?service_account_(?:key|json)$"
        ),
        None,
        KEY_FILE,
    ),
    KeyName(
        "gcp",
        "service-account-key",
        late(r"^password$"),
        beside=late(r"^username=_json_key(?:_base64)?$"),
    ),
)
#: https://docs.oracle.com/en-us/iaas/Content/API/SDKDocs/clienvironmentvariables.htm (OCI_CLI_*),
#: https://docs.oracle.com/en-us/iaas/Content/dev/terraform/configuring.htm (TF_VAR_*)
ORACLE = (
    KeyName(
        "oci",
        "api-key",
        late(
            r"^(?:.*_)?oci_(?:\w+_)?(?:key_content|private_key(?:_pem|_content)?|api_key(?:_content|_pem)?|signing_key)$"
        ),
        None,
        KEY_FILE,
    ),
    KeyName(
        "oci",
        "api-key",
        late(r"^(?:tf_var_)?(?:api_)?private_key(?:_pem|_content)?$"),
        None,
        KEY_FILE,
        late(r"^(?:.*_)?(?:user_ocid|tenancy_ocid|tenancy_id)=|=ocid1\.(?:user|tenancy)\."),
    ),
    KeyName("oci", "token", late(r"^(?:.*_)?(?:ocir|oci)_(?:\w+_)?(?:auth_token|token|password)$")),
    KeyName("oci", "token", late(r"^password$"), beside=late(r"^(?:registry|server|login_server)=.*\bocir\.io")),
)

KEY_NAMES: tuple[KeyName, ...] = (
    KeyName(  # https://github.com/docker/login-action#azure-container-registry-acr
        "azure",
        "password",
        late(r"^password$"),
        beside=late(r"^(?:registry|server|login_server)=.*\.azurecr\.(?:io|cn|us)\b"),
    ),
    KeyName(
        "azure",
        "client-secret",
        late(
            r"^(?:.*_)?(?:arm|azure|az|aad|azuread|entra|aks|sp|spn|service_principal)_(?:\w+_)?client_secret$"
            r"|^(?:.*_)?(?:azure_sp|spn|service_principal)_(?:password|secret|key|secret_value|client_key)$"
        ),
        _SIGN_IN,
    ),
    KeyName("azure", "client-secret", late(r"^(?:.*_)?(?:azure_credentials|azure_creds)$")),
    KeyName(
        "azure",
        "access-key",
        late(
            r"^arm_access_key$|^(?:.*_)?(?:azure_storage|storage_account)(?:_account)?(?:_primary|_access|_shared)*_key$"
        ),
    ),
    KeyName(
        "azure",
        "access-key",
        late(
            r"^(?:.*_)?(?:azure_storage|storage_account|storage|cosmos_?db|cosmos)(?:_account|_primary)*"
            r"_(?:connection_string|conn_str|connectionstring)$|^azure_web_jobs_(?:storage|dashboard)$"
        ),
        None,
        _ACCOUNT_KEY,
    ),
    KeyName("azure", "access-key", late(r"^(?:.*_)?cosmos_?(?:db)?(?:_account|_primary|_master)*_key$")),
    KeyName(
        "azure",
        "sas",
        late(
            r"^(?:.*_)?(?:arm|azure|storage|blob)_(?:\w+_)?sas(?:_token|_url)?$"
            r"|^(?:.*_)?(?:service_?bus|event_?hubs?)_(?:\w+_)?connection_string$"
        ),
        None,
        _ACCOUNT_KEY,
    ),
    *GOOGLE,
    *ORACLE,
)
#: A look at a name that finds nothing is the usual case: one pattern that all the others need.
_ANY = late(r"secret|key|password|connection|conn_str|credential|creds|sas|jobs|token|config")
#: What refers to a store instead of being the secret (App Service settings).
_STORED = late(r"^@Microsoft\.KeyVault\(", re.IGNORECASE)
#: The account that the storage emulator comes with.
_EMULATED = late(r"UseDevelopmentStorage=true|devstoreaccount1|Eby8vdM02x|127\.0\.0\.1|localhost")


def key_name(name: str, beside: Iterable[str] = ()) -> KeyName | None:
    """What a variable's name says, among the other fields of its holder (`name=value`); None where it says nothing."""
    flat = normal(name)
    if not _ANY.search(flat):
        return None
    for known in KEY_NAMES:
        if not known.name.match(flat) or (known.unless is not None and known.unless.search(flat)):
            continue
        if known.beside is None or any(known.beside.search(other) for other in beside):
            return known
    return None


def cloud_keys(fields: Iterable[Field], is_minted: Callable[[str], bool]) -> Iterator[Found]:
    """The keys among the fields of one holder, by their names; those that come from a credential of the same unit are
    edges already and are left out.
    """
    kept = list(fields)
    beside = [f"{normal(item.name)}={render(item.value)[:200]}" for item in kept if item.name]
    for item in kept:
        known = key_name(item.name, beside) if item.name else None
        found = whole_key(item, known.cloud, known.cls, is_minted, known.shape) if known is not None else None
        if found is None and (service := service_key(item.value)) is not None:
            found = whole_key(item, "azure", service.cls, is_minted)
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
        if found_file := _key_file(item, written):
            return replace(found_file, cloud=cloud, cls=cls)
        if is_setting(written) or _STORED.match(written) or _EMULATED.search(written):
            return None
        if shape is not None and not shape.search(written):
            return None
    elif shape is KEY_FILE and any(
        isinstance(part.value, str) and _FILE_NAME.search(part.value) for part in scalars(item.value)
    ):
        return None
    found = classify(normal(item.name), [("secret", item)])
    return None if found is None else replace(found, cloud=cloud, cls=cls)


def key_file_name(item: Field, cloud: str, cls: str) -> Found | None:
    """The key in a file that an argument names."""
    written = text(item.value) or ""
    if not _FILE_NAME.search(written):
        return None
    return Found(
        normal(item.name),
        "input",
        item.name,
        item.span,
        (("secret", item, item.value.via),),
        "",
        frozenset(),
        item.value.via,
        cls,
        cloud,
    )


def _key_file(item: Field, written: str) -> Found | None:
    """A key that is written out as the content of its file."""
    if not KEY_FILE.search(written):
        return None
    marks = frozenset({"example"}) if _EXAMPLE_KEY.search(written) else frozenset()
    place = item.value.span if item.value.via and item.value.span is not None else item.span
    hops = item.value.via
    return Found(
        normal(item.name), "literal", item.name, place, (("secret", item, hops),), "a key file's content", marks, hops
    )
