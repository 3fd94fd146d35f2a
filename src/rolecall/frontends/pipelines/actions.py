"""What well-known actions hand on to the steps after them by setting environment variables."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rolecall.source.patterns import late
from rolecall.source.yaml import YamlMapping, YamlScalar

_EXPORTS: dict[str, tuple[str, ...]] = {
    "aws-actions/configure-aws-credentials": (
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
    ),
    "google-github-actions/auth": (
        "GOOGLE_APPLICATION_CREDENTIALS",
        "CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE",
        "GOOGLE_GHA_CREDS_PATH",
    ),
}
_VAULT = "hashicorp/vault-action"
_VAULT_NAME = late(r"[^;\n|]+?(?:\|\s*([A-Za-z_]\w*)|\s(\S+))\s*(?:;|$)", re.MULTILINE)
_ONE_PASSWORD = "1password/load-secrets-action"


def exports(uses: str, step: YamlMapping) -> Iterator[str]:
    """The names of the variables that a step with `uses: <uses>@…` exports."""
    name = uses.lower()
    inputs = step.get("with")
    yield from _EXPORTS.get(name, ())
    if name == _VAULT and isinstance(inputs, YamlMapping) and _text(inputs, "exportEnv") != "false":
        for found in _VAULT_NAME.finditer(_text(inputs, "secrets")):
            yield found[1] or re.sub(r"\W", "_", found[2]).upper()
    elif name == _ONE_PASSWORD and isinstance(inputs, YamlMapping) and _text(inputs, "export-env") == "true":
        variables = step.get("env")
        for pair in variables.pairs if isinstance(variables, YamlMapping) else ():
            if isinstance(pair.value, YamlScalar) and pair.value.value.startswith("op://"):
                yield pair.name or ""


def _text(inputs: YamlMapping, name: str) -> str:
    node = inputs.get(name)
    return node.value if isinstance(node, YamlScalar) else ""
