"""Logins of a GitHub job to services that would take the job's own identity instead of a token that lasts.

Each row is what the service's own documentation offers:
https://github.com/hashicorp/vault-action#authentication-methods (jwt), https://github.com/jfrog/setup-jfrog-cli (OIDC),
https://github.com/Infisical/secrets-action (method: oidc),
https://github.com/docker/login-action#github-container-registry,
https://docs.databricks.com/dev-tools/auth/provider-github, https://github.com/snowflakedb/snowflake-cli-action
(use-oidc), https://www.pulumi.com/docs/pulumi-cloud/access-management/oidc/client/github/.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.frontends.values import Mapping, Reference, references, render
from rolecall.source.records import dataclass
from rolecall.source.text import Span


@dataclass(frozen=True, slots=True)
class ServiceLogin:
    """`inputs` are those of the action that take what lasts, `variables` those of its environment; `where` is an input
    with what it must hold for the row to apply.
    """

    service: str
    inputs: frozenset[str] = frozenset()
    variables: frozenset[str] = frozenset()
    where: tuple[str, str] = ("", "")


ACTIONS = {
    "hashicorp/vault-action": ServiceLogin(
        "Vault", frozenset({"token", "secretid", "githubtoken", "password", "jwtprivatekey"})
    ),
    "jfrog/setup-jfrog-cli": ServiceLogin("JFrog", variables=frozenset({"JF_ACCESS_TOKEN", "JF_PASSWORD"})),
    "infisical/secrets-action": ServiceLogin("Infisical", frozenset({"client-secret"})),
    "docker/login-action": ServiceLogin("GitHub's registry", frozenset({"password"}), where=("registry", "ghcr.io")),
}
#: By a variable of any step.
VARIABLES = {
    "VAULT_TOKEN": "Vault",
    "DATABRICKS_TOKEN": "Databricks",
    "DATABRICKS_CLIENT_SECRET": "Databricks",
    "SNOWFLAKE_PASSWORD": "Snowflake",
    "SNOWFLAKE_PRIVATE_KEY_RAW": "Snowflake",
    "PULUMI_ACCESS_TOKEN": "Pulumi Cloud",
}


def lasting(uses: str, inputs: Mapping, env: Mapping) -> Iterator[tuple[str, Span | None]]:
    """The services that a step logs in to with a secret of the repository, with where that comes in."""
    login = ACTIONS.get(uses)
    if login is not None and _applies(login, inputs):
        for entry in (*inputs.entries, *env.entries):
            name = entry.name or ""
            if (name.lower() in login.inputs or name in login.variables) and any(map(_lasts, references(entry.value))):
                yield login.service, entry.span
                return
    for entry in env.entries:
        if (service := VARIABLES.get(entry.name or "")) and any(map(_lasts, references(entry.value))):
            yield service, entry.span


def _applies(login: ServiceLogin, inputs: Mapping) -> bool:
    name, wanted = login.where
    value = inputs.get(name) if name else None
    return not name or (value is not None and render(value) == wanted)


def _lasts(reference: Reference) -> bool:
    """Whether it is a secret of the repository, and not the token that the job is given anyway."""
    return reference.target == "secret" and reference.attribute.upper() != "GITHUB_TOKEN"
