"""The sample estate's README says what is wrong in it; the checks must say the same, and leave the rest alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from rolecall.analysis.run import Analysis, Options, analyse

PROJECT = Path(__file__).resolve().parents[2]
TERRAFORM = "aws-terraform"

#: The rules that must speak, by file: those of a file that is not here are not judged.
WANTED: dict[str, set[str]] = {
    ".github/workflows/deploy.yml": {"RC103"},
    "ci/deploy.tf": {"RC101"},
    "ci/oidc.tf": {"RC402"},
    "namespaces/berths-prod/resources/upload.tf": {"RC101"},
    "namespaces/bookings-prod/resources/s3.tf": {"RC101"},
    "platform/build.tf": {"RC101", "RC203"},
    "platform/customs.tf": {"RC101"},
    "platform/gate.tf": {"RC101"},
    "platform/invoices.tf": {"RC101", "RC203"},
    "platform/mail.tf": {"RC101"},
    "platform/reports.tf": {"RC101", "RC105"},
    "platform/roles.tf": {"RC301", "RC401"},
    "platform/tracking.tf": {"RC101", "RC203"},
    "platform/versions.tf": {"RC102", "RC104"},
}
#: Where nothing is wrong: people, an emulator's dummy key, a pipeline without a key, modules that nobody misuses.
QUIET = (
    ".github/workflows/docs.yml",
    ".github/workflows/test.yml",
    "modules/irsa/main.tf",
    "modules/lambda/main.tf",
    "namespaces/bookings-prod/resources/irsa.tf",
    "platform/people.tf",
)


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return analyse([PROJECT / "sample_iac"], Options(cache=False))


@pytest.fixture(scope="module")
def rules(analysis: Analysis) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for finding in analysis.findings:
        found.setdefault(finding.span.path, set()).add(finding.rule)
    return found


@pytest.mark.parametrize("path", WANTED)
def test_what_is_wrong_is_found(path: str, rules: dict[str, set[str]]) -> None:
    assert rules.get(f"{TERRAFORM}/{path}", set()) >= WANTED[path]


@pytest.mark.parametrize("path", QUIET)
def test_what_is_right_is_left_alone(path: str, rules: dict[str, set[str]]) -> None:
    assert (PROJECT / "sample_iac" / TERRAFORM / path).is_file()
    assert f"{TERRAFORM}/{path}" not in rules


def test_everything_could_be_read(analysis: Analysis) -> None:
    assert [finding.message for finding in analysis.findings if finding.rule.startswith("RC9")] == []


@pytest.mark.parametrize(
    ("address", "consumer"),
    [
        ("aws_iam_access_key.tracking", "module.tracking.aws_ecs_task_definition.this"),
        ("aws_iam_access_key.publisher", "aws_ecs_task_definition.publisher"),
        ("aws_iam_access_key.gate", "module.gate.aws_instance.this"),
        ("aws_iam_access_key.builder", "aws_codebuild_project.images"),
        ("module.invoices_user.aws_iam_access_key.this", "module.invoices.aws_lambda_function.this"),
        ("aws_iam_access_key.deploy", "jobs.site"),
        ("aws_iam_access_key.documents", "Deployment.bookings-prod.bookings-api"),
        ("aws_iam_access_key.uploader", "CronJob.berths-prod.plans-nightly"),
    ],
)
def test_each_key_is_followed_to_its_consumer(address: str, consumer: str, analysis: Analysis) -> None:
    keys = [key for key in analysis.model.credentials.values() if key.site.address == address]
    assert len(keys) == 1
    assert [workload.site.address for workload in analysis.model.flow(keys[0]).workloads] == [consumer]


def test_cloudformation_keys_are_followed_too(analysis: Analysis) -> None:
    keys = {key.site.address: key for key in analysis.model.credentials.values() if key.site.format == "cloudformation"}
    consumers = {
        address: {workload.site.address for workload in analysis.model.flow(key).workloads}
        for address, key in keys.items()
        if key.form == "minted"
    }
    assert consumers == {"ReceiptKey": {"ReceiptFunction"}, "InstallerKey": {"Terminal"}}
