"""The secret of a service connection in the environment of a script.

What it does
    Finds tasks of Azure Pipelines with `addSpnToEnvironment` whose script reads the service principal's secret from its
    environment (`servicePrincipalKey`), or reads nothing of what it is given.  A script that takes the federated token
    (`idToken`) needs the setting and is left alone.

Why it matters
    The connection keeps the secret away from whoever writes the pipeline.  This setting hands it out: every line of the
    script, and every program that it starts, can read and send it on.

Fix
    Let the connection log in by workload identity federation and let the script use the task's own login, or `idToken`;
    take the setting away where nothing reads it.
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.model.finding import Finding
from rolecall.model.linking import Model
from rolecall.model.rule import Example, Rule

RULE = Rule(
    "RC148",
    "connection-secret-in-script",
    "static-credential",
    "medium",
    "a script gets the secret of a service connection",
    controls=("NIST 800-53 IA-5(7)", "NIST 800-53 AC-6", "OWASP NHI2", "OWASP NHI7", "ATT&CK T1552"),
    level_now="L2",
    level_target="L5",
)


def check(model: Model) -> Iterator[Finding]:
    """One finding for each task."""
    seen: set[tuple[str, int]] = set()
    for fact in model.facts["handed-secret"]:
        if fact.site is None or fact.span is None or (fact.span.path, fact.span.start) in seen:
            continue
        seen.add((fact.span.path, fact.span.start))
        read = fact.name == "read"
        yield RULE.finding(
            f"{fact.site.address} reads the secret of its service connection (servicePrincipalKey)"
            if read
            else f"{fact.site.address} is handed the secret of its service connection, and nothing seen reads it",
            fact.span,
            fact.site.address,
            severity="medium" if read else "low",
            confidence="medium",  # a connection without a secret has none to hand out
            key=fact.site.address,
            help="use workload identity federation and idToken, or the task's own login"
            if read
            else "take addSpnToEnvironment away",
        )


BAD = (
    Example(
        "a script that reads it, and one that does not",
        {
            "azure-pipelines.yml": """\
steps:
  - task: AzureCLI@2
    inputs:
      azureSubscription: production
      addSpnToEnvironment: true # <- RC148
      scriptType: bash
      inlineScript: |
        export ARM_CLIENT_SECRET=$servicePrincipalKey
        terraform plan
  - task: AzureCLI@2
    inputs:
      azureSubscription: production
      addSpnToEnvironment: true # <- RC148
      scriptType: bash
      inlineScript: az group list
"""
        },
    ),
)

GOOD = (
    Example(
        "the federated token; no setting; a script that is elsewhere",
        {
            "azure-pipelines.yml": """\
steps:
  - task: AzureCLI@2
    inputs:
      azureSubscription: production
      addSpnToEnvironment: true
      scriptType: bash
      inlineScript: |
        export ARM_OIDC_TOKEN=$idToken
        terraform plan
  - task: AzureCLI@2
    inputs:
      azureSubscription: production
      scriptType: bash
      inlineScript: az group list
  - task: AzureCLI@2
    inputs:
      azureSubscription: production
      addSpnToEnvironment: true
      scriptType: bash
      scriptPath: deploy.sh
"""
        },
    ),
)
