"""How stores are named, and how those who read them name them: by name, by ARN, by one key of a secret.

ARN forms: https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_iam-permissions.html (six random
characters end a secret's ARN) and, for `arn:json-key:stage:id`,
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html.
"""

from __future__ import annotations

from posixpath import join, normpath

from rolecall.frontends.values import Mapping, text
from rolecall.source.patterns import late

_PARAMETER_ARN = late(r"^arn:.*:parameter/(?P<name>[^:]+)")
_SECRET_ARN = late(r"^arn:.*:secret:(?P<name>[^:]+)(?::(?P<key>[^:]*))?")
#: The random end of a secret's ARN; a word of small letters is more likely the name's own.
_RANDOM = late(r"-(?=[A-Za-z0-9]*[A-Z0-9])[A-Za-z0-9]{6}$")
_VERSION = late(r"(?<=.):\d+$")


def store_kind(written: str) -> str:
    """The kind of store that a reference of a container or a build means: secretsmanager or ssm."""
    return "secretsmanager" if ":secretsmanager:" in written or ":secret:" in written else "ssm"


def store_name(kind: str, written: str) -> tuple[str, str]:
    """The name that a reader means, and the key of the secret that it takes; "" for the whole of it.

    >>> store_name("ssm", "arn:aws:ssm:eu-west-2:111122223333:parameter/app/pass")
    ('/app/pass', '')
    >>> store_name("secretsmanager", "arn:aws:secretsmanager:eu-west-2:111122223333:secret:app/creds-AbC123:pass::")
    ('app/creds', 'pass')
    """
    if kind == "ssm":
        if found := _PARAMETER_ARN.match(written):
            name = found["name"]
            return (f"/{name}" if "/" in name else name), ""
        return _VERSION.sub("", written), ""
    if kind == "secretsmanager":
        if found := _SECRET_ARN.match(written):
            return _RANDOM.sub("", found["name"]), found["key"] or ""
        if not written.startswith(("arn:", "${")) and ":" in written:
            name, _, rest = written.partition(":")
            return name, rest.partition(":")[0]
    return written, ""


def key_of(attribute: str) -> str:
    """Which member of a store an attribute of it takes: `data.pass`, `SecretString.pass`; "" for the whole."""
    head, _, rest = attribute.partition(".")
    return rest if head in ("data", "binary_data", "SecretString", "outputs", "data_json") else ""


def state_name(backend: str, config: Mapping, folder: str) -> str:
    """What tells one Terraform state from others: `s3:bucket/key`; "" where the code does not say.

    A bucket that is not known is left empty: the key must be the same then.  A local path is seen from `folder`.
    """

    def given(*names: str) -> str:
        value = next((shown for name in names if (shown := text(config.get(name)))), "")
        return value or ""

    match backend:
        case "s3" | "gcs" | "azurerm" | "oss" | "cos":
            key = given("key", "prefix")
            return f"{backend}:{given('bucket', 'container_name')}/{key}" if key else ""
        case "remote" | "cloud":
            workspaces = config.get("workspaces")
            inner = getattr(workspaces, "items", (workspaces,))[0] if workspaces is not None else None
            name = text(inner.get("name")) if isinstance(inner, Mapping) else None
            return f"remote:{given('organization')}/{name}" if name else ""
        case "local":
            return f"local:/{normpath(join(folder, given('path') or 'terraform.tfstate'))}"
        case _:
            return ""


def same_state(one: str, other: str) -> bool:
    """Whether two names of states may be the same state."""
    kind, _, rest = one.partition(":")
    other_kind, _, other_rest = other.partition(":")
    bucket, _, key = rest.partition("/")
    other_bucket, _, other_key = other_rest.partition("/")
    return (
        kind == other_kind
        and bool(key)
        and key == other_key
        and ("" in (bucket, other_bucket) or bucket == other_bucket)
    )
