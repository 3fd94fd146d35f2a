"""The promise of the phases, in a cloud that enforces IAM: what the workload does succeeds in every one of them, what
it has no need of is refused in every one of them, and the old key is dead at the end.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

boto3 = pytest.importorskip("boto3")
pytest.importorskip("openapi_spec_validator", reason="moto's CloudFormation needs moto[cloudformation]")

from botocore.config import Config  # noqa: E402
from botocore.exceptions import ClientError  # noqa: E402
from enforced import ACCOUNT, REGION, as_documented, deploy, enforce, template, trusts, update  # noqa: E402
from moto import mock_aws  # noqa: E402
from moto.iam import iam_backends  # noqa: E402

from rolecall.analysis.run import Options, analyse  # noqa: E402
from rolecall.planners import load  # noqa: E402
from rolecall.planning.plan import Plan, make_plan  # noqa: E402

STORES = """\
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Uploads:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: uploads
  Others:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: others
  Jobs:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: jobs
  User:
    Type: AWS::IAM::User
    Properties:
      UserName: uploader
  UserPolicy:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: uploader
      Users: [!Ref User]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: [s3:PutObject, s3:GetObject]
            Resource: !Sub "arn:aws:s3:::${Uploads}/in/*"
          - Effect: Allow
            Action: sqs:SendMessage
            Resource: !GetAtt Jobs.Arn
  AccessKey:
    Type: AWS::IAM::AccessKey
    Properties:
      UserName: !Ref User
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: uploader
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: sts:AssumeRole
            Principal:
              Service: %s
"""
FUNCTION = """\
  Function:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: uploader
      Runtime: python3.12
      Handler: index.handler
      Role: !GetAtt Role.Arn
      Code:
        ZipFile: pass
      Environment:
        Variables:
          BUCKET: !Ref Uploads
          AWS_ACCESS_KEY_ID: !Ref AccessKey
          AWS_SECRET_ACCESS_KEY: !GetAtt AccessKey.SecretAccessKey
"""
TASK = """\
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: uploader
      TaskRoleArn: !GetAtt Role.Arn
      ContainerDefinitions:
        - Name: uploader
          Image: public.ecr.aws/docker/library/python:3.12
          Memory: 128
          Environment:
            - Name: BUCKET
              Value: !Ref Uploads
            - Name: AWS_ACCESS_KEY_ID
              Value: !Ref AccessKey
            - Name: AWS_SECRET_ACCESS_KEY
              Value: !GetAtt AccessKey.SecretAccessKey
"""
STACKS = {"lambda": STORES % "lambda.amazonaws.com" + FUNCTION, "ecs-tasks": STORES % "ecs-tasks.amazonaws.com" + TASK}

Keys = dict[str, str]
MAIN = """\
provider "github" {
  owner = "acme"
}

resource "aws_iam_user" "app" {
  name = "deploy"
}

resource "aws_iam_access_key" "app" {
  user = aws_iam_user.app.name
}

resource "aws_iam_user_policy" "app" {
  name = "deploy"
  user = aws_iam_user.app.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["s3:PutObject", "s3:GetObject"], Resource = "arn:aws:s3:::uploads/in/*" },
      { Effect = "Allow", Action = "sqs:SendMessage", Resource = "arn:aws:sqs:eu-west-1:123456789012:jobs" },
    ]
  })
}

resource "github_actions_secret" "id" {
  repository      = "site"
  secret_name     = "AWS_ACCESS_KEY_ID"
  plaintext_value = aws_iam_access_key.app.id
}

resource "github_actions_secret" "secret" {
  repository      = "site"
  secret_name     = "AWS_SECRET_ACCESS_KEY"
  plaintext_value = aws_iam_access_key.app.secret
}
"""
WORKFLOW = """\
on:
  push:
    branches: [main]
jobs:
  site:
    runs-on: ubuntu-latest
    permissions:
      contents: read
      id-token: write
    steps:
      - uses: aws-actions/configure-aws-credentials@v4
        with:
          aws-access-key-id: ${{ secrets.AWS_ACCESS_KEY_ID }}
          aws-secret-access-key: ${{ secrets.AWS_SECRET_ACCESS_KEY }}
          aws-region: eu-west-1
"""
ISSUER = "token.actions.githubusercontent.com"
PROVIDER = "${data.aws_iam_openid_connect_provider.github_actions.arn}"

#: What each workload does, and what nobody ever needs.
CALLS: dict[str, Callable[[Keys], Any]] = {
    "put": lambda keys: client("s3", keys).put_object(Bucket="uploads", Key="in/a", Body=b"a"),
    "get": lambda keys: client("s3", keys).get_object(Bucket="uploads", Key="in/a"),
    "send": lambda keys: client("sqs", keys).send_message(QueueUrl=QUEUE, MessageBody="a"),
}
OTHERS: dict[str, Callable[[Keys], Any]] = {
    "put elsewhere": lambda keys: client("s3", keys).put_object(Bucket="uploads", Key="out/a", Body=b"a"),
    "put into another bucket": lambda keys: client("s3", keys).put_object(Bucket="others", Key="in/a", Body=b"a"),
    "delete": lambda keys: client("s3", keys).delete_object(Bucket="uploads", Key="in/a"),
    "purge": lambda keys: client("sqs", keys).purge_queue(QueueUrl=QUEUE),
    "list users": lambda keys: client("iam", keys).list_users(),
}
#: SQS speaks JSON, and moto's refusal is XML.
DENIED = {"AccessDenied", "403"}
QUEUE = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/jobs"


def client(service: str, keys: Keys | None = None) -> Any:
    """A client that knows of nothing but these keys; any will do while nothing is enforced."""
    keys = keys or {"id": "any", "secret": "any"}
    return boto3.client(
        service,
        region_name=REGION,
        aws_access_key_id=keys["id"],
        aws_secret_access_key=keys["secret"],
        aws_session_token=keys.get("token"),
        config=Config(retries={"total_max_attempts": 1}),
    )


def refusal(call: Callable[[Keys], Any], keys: Keys) -> str:
    """The code of the error that a call ends with; "" where it succeeds."""
    try:
        call(keys)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


@dataclass(frozen=True)
class Phase:
    """An estate after one phase of its plan: its files by path, as text."""

    name: str
    files: dict[str, str]


def phases(folder: Path, files: dict[str, str]) -> tuple[Plan, list[Phase]]:
    """The plan of files, and the estate before it and after each phase that changes something."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    plan = make_plan(analyse([folder], Options(cache=False)), load())
    found = [Phase("before", files)]
    for step in plan.series.steps:
        if step.changes:
            changed = {path: data.decode() for path, data in step.files.items() if data is not None}
            found.append(Phase(step.name, {**files, **changed}))
    return plan, found


@pytest.fixture(autouse=True)
def cloud() -> Iterator[None]:
    with mock_aws(), as_documented():
        yield


def session(role: str, action: str, principal: str, claims: dict[str, str]) -> Keys:
    """What whoever may become a role gets; nobody else does."""
    name = role.rpartition("/")[2]
    trust = client("iam").get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    assert trusts(trust, action, principal, claims), (principal, claims, trust)
    given = client("sts").assume_role(RoleArn=role, RoleSessionName="workload")["Credentials"]
    return {"id": given["AccessKeyId"], "secret": given["SecretAccessKey"], "token": given["SessionToken"]}


def of_workload(platform: str) -> Keys:
    """The keys that the default chain finds inside the workload: those in its environment first, else its role's."""
    if platform == "lambda":
        found = client("lambda").get_function_configuration(FunctionName="uploader")
        variables = found.get("Environment", {}).get("Variables", {})
        role = found["Role"]
    else:
        newest = client("ecs").list_task_definitions(familyPrefix="uploader")["taskDefinitionArns"][-1]
        found = client("ecs").describe_task_definition(taskDefinition=newest)["taskDefinition"]
        [container] = found["containerDefinitions"]
        variables = {pair["name"]: pair["value"] for pair in container.get("environment", [])}
        # moto keeps no taskRoleArn of a stack
        role = f"arn:aws:iam::{ACCOUNT}:role/uploader"
    assert variables["BUCKET"] == "uploads"
    if "AWS_ACCESS_KEY_ID" in variables:
        return {"id": variables["AWS_ACCESS_KEY_ID"], "secret": variables["AWS_SECRET_ACCESS_KEY"]}
    return session(role, "sts:AssumeRole", f"{platform}.amazonaws.com", {})


def judge(phase: str, keys: Keys, old: Keys) -> None:
    """What the workload's keys and the old one may do after a phase."""
    with enforce():
        assert {name: refusal(call, keys) for name, call in CALLS.items()} == dict.fromkeys(CALLS, ""), phase
        refused = {name: refusal(call, keys) for name, call in OTHERS.items()}
        worked = refusal(CALLS["put"], old)
    assert set(refused.values()) <= DENIED, (phase, refused)
    assert ("token" in keys) == (phase in ("migrate", "soak", "contract"))
    assert worked == ("InvalidAccessKeyId" if phase in ("soak", "contract") else ""), phase


@pytest.mark.parametrize("platform", STACKS)
def test_a_stack_in_every_phase(tmp_path: Path, platform: str) -> None:
    plan, estates = phases(tmp_path, {"template.yaml": STACKS[platform]})
    assert [migration.disposition for migration in plan.migrations] == ["patch", "patch"]
    assert [phase.name for phase in estates] == ["before", "expand", "migrate", "soak", "contract"]
    stacks = client("cloudformation")
    text = estates[0].files["template.yaml"]
    stacks.create_stack(StackName="s", TemplateBody=json.dumps(template(text)), Capabilities=["CAPABILITY_NAMED_IAM"])
    old = of_workload(platform)
    assert "token" not in old
    for phase in estates:
        if phase.files["template.yaml"] != text:
            update(stacks, "s", text, phase.files["template.yaml"])
            text = phase.files["template.yaml"]
        keys = of_workload(platform)
        judge(phase.name, keys, old)
    assert client("iam").list_users()["Users"] == []


def claims(subject: str) -> dict[str, str]:
    return {f"{ISSUER}:aud": "sts.amazonaws.com", f"{ISSUER}:sub": subject}


def of_job(workflow: str, old: Keys) -> Keys:
    """The keys that the workflow's login gets: those of the repository's secrets, or its role's."""
    [step] = yaml.safe_load(workflow)["jobs"]["site"]["steps"]
    if "aws-access-key-id" in step["with"]:
        return old
    assert step["with"] == {"role-to-assume": "${{ vars.AWS_ROLE_ARN }}", "aws-region": REGION}
    [role] = client("iam").list_roles()["Roles"]
    login = "sts:AssumeRoleWithWebIdentity"
    for subject in (
        "repo:acme/site:pull_request",
        "repo:evil/site:ref:refs/heads/main",
        "repo:acme/site2:ref:refs/heads/main",
    ):
        assert not trusts(role["AssumeRolePolicyDocument"], login, PROVIDER, claims(subject))
    return session(role["Arn"], login, PROVIDER, claims("repo:acme/site:ref:refs/heads/main"))


def test_a_pipeline_in_every_phase(tmp_path: Path) -> None:
    files = {"main.tf": MAIN, ".github/workflows/deploy.yml": WORKFLOW}
    plan, estates = phases(tmp_path / "site", files)  # a checkout has the name of its repository
    assert [migration.disposition for migration in plan.migrations] == ["patch", "patch"]
    assert [phase.name for phase in estates] == ["before", "expand", "migrate", "soak", "contract"]
    for bucket in ("uploads", "others"):
        client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    client("sqs").create_queue(QueueName="jobs")
    old: Keys = {}
    for phase in estates:
        folder = tmp_path / phase.name
        folder.mkdir()
        (folder / "main.tf").write_text(phase.files["main.tf"], "utf-8")
        deploy(analyse([folder], Options(cache=False)).model)
        if not old:
            [key] = iam_backends[ACCOUNT]["aws"].get_user("deploy").access_keys
            old = {"id": key.access_key_id, "secret": key.secret_access_key}
        keys = of_job(phase.files[".github/workflows/deploy.yml"], old)
        judge(phase.name, keys, old)
    assert client("iam").list_users()["Users"] == []
