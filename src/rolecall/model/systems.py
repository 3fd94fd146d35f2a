"""The CI systems: how their formats, their jobs and their secret stores are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class System:
    """One CI system.

    `store` is the kind of store that `secret` references of its files read.  `shared` says that every job has the
    store's variables in its environment, named in the file or not.
    """

    platform: str
    label: str
    store: str
    shared: bool = False


#: By the format of their files.
SYSTEMS: Mapping[str, System] = {
    "github": System("github-actions", "GitHub Actions", "github-secret"),
    "gitlab": System("gitlab-ci", "GitLab CI", "gitlab-variable", True),
    "azure-pipelines": System("azure-pipelines", "Azure Pipelines", "azuredevops-group"),
    "bitbucket": System("bitbucket-pipelines", "Bitbucket Pipelines", "bitbucket-variable", True),
    "circleci": System("circleci", "CircleCI", "circleci-variable", True),
    "jenkins": System("jenkins", "Jenkins", "jenkins-credential"),
}
#: Platforms of workloads that are jobs of a CI system; HCP Terraform's runs are such jobs, and have no file.
PLATFORMS = frozenset({*(system.platform for system in SYSTEMS.values()), "hcp-terraform"})
#: Stores from which pipelines read.  Whose they are does not depend on folders.
CI_STORES = frozenset({*(system.store for system in SYSTEMS.values()), "tfe-variable", "service-connection"})
