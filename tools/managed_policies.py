"""Writes src/rolecall/policy/managed.toml: what well-known AWS managed policies grant, as far as it is wide.

    python tools/managed_policies.py          # writes the table
    python tools/managed_policies.py --check  # says whether it is up to date

The policies are those that moto brings along.  Only facts that a check could speak of are kept: whole services, changes
that could be confined, reads of data and secrets, roles that may be passed, all on every resource.
"""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rolecall.model.parts import Document, Statement
from rolecall.policy.actions import expand
from rolecall.policy.breadth import DATA, EXEMPT, LASTING, LOOKING, SECRETS, SESSIONS, TELEMETRY
from rolecall.policy.conditions import narrowing
from rolecall.policy.decision import is_everything
from rolecall.policy.paths import PATHS

TABLE = Path(__file__).resolve().parents[1] / "src" / "rolecall" / "policy" / "managed.toml"
HEAD = """\
# What well-known AWS managed policies grant on every resource, as far as it is wide.  Written by
# tools/managed_policies.py from the policies that moto brings along; do not edit by hand.
"""
#: Policies that people choose.  Those that AWS writes for one kind of workload, and that its documentation tells
#: everybody to attach, are left out: there is nothing narrower to choose.
_NAMES = """
AdministratorAccess PowerUserAccess IAMFullAccess ReadOnlyAccess AdministratorAccess-Amplify
AdministratorAccess-AWSElasticBeanstalk AmazonAPIGatewayAdministrator AmazonAthenaFullAccess AmazonBedrockFullAccess
AmazonCognitoPowerUser AmazonDocDBFullAccess AmazonDynamoDBFullAccess AmazonDynamoDBReadOnlyAccess
AmazonEC2ContainerRegistryFullAccess AmazonEC2ContainerRegistryPowerUser AmazonEC2FullAccess AmazonEC2RoleforSSM
AmazonECS_FullAccess AmazonElastiCacheFullAccess AmazonElasticFileSystemFullAccess AmazonElasticMapReduceFullAccess
AmazonEventBridgeFullAccess
AmazonKinesisFirehoseFullAccess AmazonKinesisFullAccess AmazonMQFullAccess AmazonMSKFullAccess
AmazonOpenSearchServiceFullAccess AmazonRDSDataFullAccess AmazonRDSFullAccess AmazonRedshiftDataFullAccess
AmazonRedshiftFullAccess AmazonRekognitionFullAccess AmazonRoute53FullAccess AmazonS3FullAccess AmazonS3ReadOnlyAccess
AmazonSESFullAccess AmazonSNSFullAccess AmazonSQSFullAccess AmazonSSMFullAccess AmazonSageMakerFullAccess
AmazonTimestreamFullAccess AmazonVPCFullAccess AutoScalingFullAccess AWSAppRunnerFullAccess AWSBackupFullAccess
AWSBatchFullAccess AWSCertificateManagerFullAccess AWSCloudFormationFullAccess AWSCodeBuildAdminAccess
AWSCodeBuildDeveloperAccess AWSCodeCommitFullAccess AWSCodeCommitPowerUser AWSCodeDeployFullAccess
AWSCodePipeline_FullAccess AWSDataSyncFullAccess AWSGlueConsoleFullAccess AWSIoTFullAccess
AWSKeyManagementServicePowerUser AWSLambdaExecute AWSLambda_FullAccess AWSOrganizationsFullAccess
AWSStepFunctionsFullAccess AWSTransferFullAccess CloudFrontFullAccess CloudWatchEventsFullAccess CloudWatchFullAccess
CloudWatchFullAccessV2 CloudWatchLogsFullAccess DataScientist DatabaseAdministrator ElasticLoadBalancingFullAccess
NeptuneFullAccess NetworkAdministrator SecretsManagerReadWrite SystemAdministrator
"""
NAMES = _NAMES.split()
SPOKEN_OF = frozenset(
    action.lower()
    for action in (
        *DATA,
        *LASTING,
        *SECRETS,
        *SESSIONS,
        *(action for path in PATHS for action in path.pivots),
        *(action for path in PATHS for group in path.also for action in group),
    )
)


def strings(value: Any) -> tuple[str, ...]:
    """The strings of a policy's member: one, a list, a bool as IAM writes it."""
    if value is None:
        return ()
    if isinstance(value, bool):
        return (str(value).lower(),)
    return tuple(part for item in value for part in strings(item)) if isinstance(value, list) else (str(value),)


def document(policy: dict[str, Any]) -> Document:
    """A policy as moto has it, as a document of the model."""
    written = policy["Document"]["Statement"]
    return Document(
        tuple(
            Statement(
                statement["Effect"],
                strings(statement.get("Action")),
                strings(statement.get("NotAction")),
                strings(statement.get("Resource")),
                strings(statement.get("NotResource")),
                (),
                tuple(
                    (operator, key, strings(values))
                    for operator, keys in statement.get("Condition", {}).items()
                    for key, values in keys.items()
                ),
                None,
            )
            for statement in (written if isinstance(written, list) else [written])
        ),
        True,
        None,
    )


def policies() -> dict[str, dict[str, Any]]:
    """AWS's managed policies by name."""
    from moto.iam.aws_managed_policies import aws_managed_policies_data

    found: dict[str, dict[str, Any]] = json.loads(aws_managed_policies_data)
    return found


def facts(content: Document) -> dict[str, list[str]]:
    """What is wide in a document."""
    found: dict[str, list[str]] = {}
    for statement in content.statements:
        wide = any(is_everything(resource) for resource in statement.resources)
        if statement.effect != "Allow" or not wide:
            continue
        if statement.not_actions:
            found["all_but"] = list(statement.not_actions)
        passing = [key for key in statement.conditions if key[1].lower() == "iam:passedtoservice"]
        if any(action.lower() in ("iam:passrole", "iam:*", "*") for action in statement.actions) and not any(
            action in ("*", "iam:*") for action in statement.actions
        ):
            services = [value for _, _, values in passing for value in values] or ["*"]
            found.setdefault("passes", []).extend(services)
        if narrowing(statement.conditions) != "hard":
            kept = [action for action in statement.actions if action.lower() != "iam:passrole" and is_wide(action)]
            if kept:
                found.setdefault("on_everything", []).extend(kept)
    return {name: list(dict.fromkeys(values)) for name, values in found.items()}


def is_wide(pattern: str) -> bool:
    """Whether a check could speak of an action pattern."""
    service, _, name = pattern.lower().partition(":")
    if pattern == "*" or set(name) == {"*"}:
        return True
    return any(
        action.name.lower() in SPOKEN_OF
        or (
            action.changes
            and action.scopable
            and action.name.lower() not in EXEMPT
            and service not in TELEMETRY
            and not action.name.lower().partition(":")[2].startswith(LOOKING)
        )
        for action in expand(pattern)
    )


def chosen() -> Iterator[tuple[str, dict[str, list[str]]]]:
    """The policies of the table with their facts: of all others that are called FullAccess, the whole services."""
    known = policies()
    for name in sorted(known, key=str.lower):
        if name in NAMES:
            yield name, facts(document(known[name]))
        elif name.endswith("FullAccess") and known[name]["Path"] == "/":
            wide = facts(document(known[name])).get("on_everything", ())
            if whole := [pattern for pattern in wide if set(pattern.partition(":")[2]) == {"*"}]:
                yield name, {"on_everything": whole}


def table() -> Iterator[str]:
    yield HEAD
    for name, found in chosen():
        yield f"[{name}]"
        for fact, values in found.items():
            one = f"{fact} = [{', '.join(json.dumps(value) for value in values)}]"
            if len(one) <= 120:
                yield one
            else:
                yield f"{fact} = ["
                yield textwrap.fill(
                    ", ".join(json.dumps(value) for value in values) + ",",
                    118,
                    initial_indent="  ",
                    subsequent_indent="  ",
                    break_on_hyphens=False,
                    break_long_words=False,
                )
                yield "]"
        yield ""


def main() -> int:
    text = "\n".join(table())
    if "--check" in sys.argv[1:]:
        return int(TABLE.read_text("utf-8") != text)
    TABLE.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
