"""The CI systems: how their formats, their jobs and their secret stores are called."""

from __future__ import annotations

from collections.abc import Mapping

from rolecall.source.records import dataclass


@dataclass(frozen=True, slots=True)
class System:
    """One CI system.

    `store` is the kind of store that `secret` references of its files read; `token` says how a job gets a token of its
    own.
    """

    platform: str
    label: str
    store: str
    token: str = ""


#: By the format of their files.
SYSTEMS: Mapping[str, System] = {
    "github": System("github-actions", "GitHub Actions", "github-secret"),
    "gitlab": System("gitlab-ci", "GitLab CI", "gitlab-variable", "give the job a token of its own (id_tokens)"),
    "azure-pipelines": System(
        "azure-pipelines",
        "Azure Pipelines",
        "azuredevops-group",
        "use a service connection with workload identity federation",
    ),
    "bitbucket": System(
        "bitbucket-pipelines",
        "Bitbucket Pipelines",
        "bitbucket-variable",
        "give the step a token of its own (oidc: true)",
    ),
    "circleci": System("circleci", "CircleCI", "circleci-variable", "use the job's own token (CIRCLE_OIDC_TOKEN_V2)"),
    "jenkins": System(
        "jenkins",
        "Jenkins",
        "jenkins-credential",
        "give the agent the identity of its host, or the job a token by the OpenID Connect provider plugin",
    ),
}
#: Platforms of workloads that are jobs of a CI system; HCP Terraform's runs are such jobs, and have no file.
PLATFORMS = frozenset({*(system.platform for system in SYSTEMS.values()), "hcp-terraform"})
#: Stores from which pipelines read.  Whose they are does not depend on folders.
CI_STORES = frozenset(
    {*(system.store for system in SYSTEMS.values()), "tfe-variable", "service-connection", "buildkite-secret"}
)

#: How a job gets a token of its own, by platform.
_TOKENS = {
    **{system.platform: system.token for system in SYSTEMS.values()},
    "hcp-terraform": "give the workspace dynamic credentials (TFC_AWS_PROVIDER_AUTH and its like for other clouds)",
}
#: What a cloud takes the token of a job for.
_EXCHANGES = {
    "aws": "assume a role with it (assume-role-with-web-identity), no keys",
    "azure": "log in with a federated credential (az login --federated-token), no secret",
    "gcp": "exchange it by workload identity federation, no key",
    "oci": "exchange it for a session token, no key",
}


def keyless_way(platform: str, cloud: str) -> str:
    """What to do instead of a key in a pipeline of a platform; "" where this module has no words for it."""
    token = _TOKENS.get(platform, "")
    return f"{token} and {_EXCHANGES[cloud]}" if token and cloud in _EXCHANGES else ""
