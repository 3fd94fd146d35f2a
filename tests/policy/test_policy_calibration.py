"""AWS's own managed policies: those that only look are never bad, and the table of the wide ones says what they say."""

from __future__ import annotations

import re
from types import ModuleType

import pytest

from rolecall.policy.holdings import managed
from rolecall.policy.judgement import Verdict, judge

from .written import held

pytest.importorskip("moto")

LOOKS = re.compile(r"ReadOnly|^SecurityAudit$|ViewOnly|Basic.*ExecutionRole")
#: It is called read-only, and what it reads is every secret.
SECRETS_READ = "AWSSecretsManagerClientReadOnlyAccess"
#: What may be critical: nothing but the ideas that lead to every right.
CRITICAL = {"everything", "all-but", "escalation"}


@pytest.fixture(scope="module")
def told(calibration: ModuleType) -> dict[str, tuple[Verdict, ...]]:
    return dict(calibration.calibration())


def test_policies_that_only_look_are_at_most_medium(told: dict[str, tuple[Verdict, ...]]) -> None:
    looking = [name for name in told if LOOKS.search(name)]
    assert len(looking) > 100
    bad = {name for name in looking for verdict in told[name] if verdict.severity in ("critical", "high")}
    assert bad == {SECRETS_READ}


def test_every_bad_verdict_names_what_it_is_about(told: dict[str, tuple[Verdict, ...]]) -> None:
    bad = [(name, v) for name, verdicts in told.items() for v in verdicts if v.severity in ("critical", "high")]
    assert bad
    for name, verdict in bad:
        assert verdict.severity == "high" or verdict.idea in CRITICAL, name
        assert verdict.idea.startswith("everything") or re.search(r"[a-z0-9-]+:[A-Za-z*]+", verdict.says), name
        assert verdict.permit.statement.effect == "Allow", name


def test_the_table_is_what_the_policies_say(table_of_policies: ModuleType) -> None:
    assert "\n".join(table_of_policies.table()) == table_of_policies.TABLE.read_text("utf-8")


@pytest.mark.parametrize("name", sorted(managed()))
def test_the_table_leads_to_the_same_ideas(name: str, told: dict[str, tuple[Verdict, ...]]) -> None:
    whole = {verdict.idea for verdict in told[name]}
    short = {verdict.idea for verdict in judge(held(*managed()[name]))}
    assert short <= whole
