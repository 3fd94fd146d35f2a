"""A cloud in memory that enforces IAM: moto, with the decisions made by an evaluator that reads whole policies.

What moto 5.2 does otherwise than AWS, and what is done about it here:
- it compares resources of most services with `*` (a statement on one queue would be refused), and takes a condition
  that does not hold for a Deny: `enforce` puts another evaluator in its place, with the ARN from the request;
- that evaluator is rolecall's own (policy.decision), which is what is to be shown, so a second one that shares no code
  with it has to agree on every call;
- it lets a key that is Inactive call: `enforce` refuses it;
- it replaces an access key whose status changes, and a policy whose holders change, and leaves the names of a changed
  task definition in capitals: `as_documented`;
- it deletes before it changes, where CloudFormation deletes at the end: `update` goes in two steps.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import unquote

import boto3
import moto.iam.models as iam_models
import yaml
from moto.cloudformation.utils import yaml_tag_constructor
from moto.core.authorization import enable_iam_authentication
from moto.ecs.models import TaskDefinition
from moto.iam import access_control
from moto.iam.access_control import IAMRequestBase

from rolecall.model.linking import Model
from rolecall.model.parts import Document, Statement
from rolecall.policy.decision import may
from rolecall.policy.holdings import Permit, gather

ACCOUNT = "123456789012"
REGION = "eu-west-1"
Policy = dict[str, Any]


class Loader(yaml.SafeLoader):
    """Reads the short forms of CloudFormation."""


yaml.add_multi_constructor("", yaml_tag_constructor, Loader=Loader)


def template(text: str) -> dict[str, Any]:
    read = yaml.load(text, Loader)
    assert isinstance(read, dict)
    return read


def update(client: Any, stack: str, old: str, new: str) -> None:
    """Changes a stack as CloudFormation does: what goes is deleted after everything else has changed."""
    before, after = template(old), template(new)
    kept = {name: block for name, block in before["Resources"].items() if name not in after["Resources"]}
    steps = [{**after, "Resources": {**after["Resources"], **kept}}, after] if kept else [after]
    for step in steps:
        client.update_stack(StackName=stack, TemplateBody=json.dumps(step), Capabilities=["CAPABILITY_NAMED_IAM"])
        [told] = client.describe_stacks(StackName=stack)["Stacks"]
        assert told["StackStatus"] == "UPDATE_COMPLETE"


@contextlib.contextmanager
def as_documented() -> Iterator[None]:
    """Status and holders change in place: only a key's UserName and Serial, and a policy's name, are create-only."""

    def changed(cls: Any, *, new_resource_name: str, cloudformation_json: Any, **more: Any) -> Any:
        where = more["account_id"], more["region_name"]
        return cls.create_from_cloudformation_json(new_resource_name, cloudformation_json, *where)

    replacements = (
        (iam_models.AccessKey, "is_replacement_update", staticmethod(lambda properties: False)),
        (iam_models.InlinePolicy, "is_replacement_update", staticmethod(lambda properties: False)),
        (TaskDefinition, "update_from_cloudformation_json", classmethod(changed)),
    )
    with contextlib.ExitStack() as stack:
        for model, name, better in replacements:
            stack.callback(setattr, model, name, model.__dict__[name])
            setattr(model, name, better)
        yield


@contextlib.contextmanager
def enforce() -> Iterator[None]:
    """Every call needs a key that exists, is active and may."""

    def check(request: IAMRequestBase, resource: str) -> None:
        if request._action == "sts:GetCallerIdentity":
            return
        key = request._access_key
        if _is_inactive(key):
            request._raise_invalid_access_key("InvalidId")
        policies = [_document(policy) for policy in key.collect_policies()]
        arn = _resource(request, resource)
        allowed = is_allowed(policies, request._action, arn)
        # two evaluators that share no code
        answer = may(gather(Permit(one) for policy in policies for one in _statements(policy)), request._action, arn)
        assert answer == ("yes" if allowed else "no"), (request._action, arn, policies)
        if not allowed:
            request._raise_access_denied()

    old = IAMRequestBase.check_action_permitted
    IAMRequestBase.check_action_permitted = check
    try:
        with enable_iam_authentication():
            yield
    finally:
        IAMRequestBase.check_action_permitted = old


def is_allowed(policies: list[Policy], action: str, resource: str) -> bool:
    """The second evaluator: Action, Resource and Effect of statements without conditions."""
    effects = set()
    for policy in policies:
        for statement in _listed(policy["Statement"]):
            assert set(statement) <= {"Sid", "Effect", "Action", "Resource"}, statement
            if any(fnmatchcase(action.lower(), pattern.lower()) for pattern in _listed(statement["Action"])) and any(
                fnmatchcase(resource, pattern) for pattern in _listed(statement["Resource"])
            ):
                effects.add(statement["Effect"])
    return effects == {"Allow"}


def trusts(policy: Policy, action: str, principal: str, claims: dict[str, str]) -> bool:
    """Whether a trust policy lets a principal (a service, an issuer's provider) in, with the claims of its token."""
    for statement in _listed(policy["Statement"]):
        assert statement["Effect"] == "Allow"
        named = [who for listed in statement["Principal"].values() for who in _listed(listed)]
        conditions = statement.get("Condition", {})
        assert set(conditions) <= {"StringEquals", "StringLike"}, conditions
        if (
            action in _listed(statement["Action"])
            and principal in named
            and all(
                any(fnmatchcase(claims.get(key, ""), str(one)) for one in _listed(wanted))
                for keys in conditions.values()
                for key, wanted in keys.items()
            )
        ):
            return True
    return False


def deploy(model: Model) -> None:
    """The users, keys, roles and policies of a Terraform estate, as the model reads them; what is gone is deleted."""
    iam = boto3.client("iam", REGION, aws_access_key_id="any", aws_secret_access_key="any")
    wanted = {one.label: one for one in model.identities.values() if one.kind in ("aws:user", "aws:role")}
    known = {user["UserName"] for user in iam.list_users()["Users"]}
    for name in known - set(wanted):
        for policy in iam.list_user_policies(UserName=name)["PolicyNames"]:
            iam.delete_user_policy(UserName=name, PolicyName=policy)
        for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
            iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
        iam.delete_user(UserName=name)
    known |= {role["RoleName"] for role in iam.list_roles()["Roles"]}
    for name, one in wanted.items():
        kind = one.kind.removeprefix("aws:").capitalize()
        if name not in known and kind == "User":
            iam.create_user(UserName=name)
        elif name not in known:
            assert one.assume is not None
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=_written(one.assume))
        put = iam.put_user_policy if kind == "User" else iam.put_role_policy
        for number, grant in enumerate(model.grants(one)):
            assert grant.document is not None
            put(PolicyName=str(number), PolicyDocument=_written(grant.document), **{f"{kind}Name": name})
        keys = iam.list_access_keys(UserName=name)["AccessKeyMetadata"] if kind == "User" else []
        for credential in model.credentials_of(one):
            if not keys:
                iam.create_access_key(UserName=name)
            for key in keys:
                status = "Inactive" if "inactive" in credential.marks else "Active"
                iam.update_access_key(UserName=name, AccessKeyId=key["AccessKeyId"], Status=status)


def _written(document: Document) -> str:
    """A policy document as JSON."""
    statements = []
    for one in document.statements:
        written: Policy = {"Effect": one.effect, "Action": list(one.actions)}
        if one.resources:
            written["Resource"] = list(one.resources)
        for kind, principal in one.principals:
            written.setdefault("Principal", {}).setdefault(kind, []).append(principal)
        for operator, key, values in one.conditions:
            written.setdefault("Condition", {}).setdefault(operator, {})[key] = list(values)
        statements.append(written)
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _is_inactive(key: Any) -> bool:
    if not isinstance(key, access_control.IAMUserAccessKey):
        return False
    held = key.backend.get_user(key._owner_user_name).access_keys
    return any(one.access_key_id == key._access_key_id and one.status == "Inactive" for one in held)


def _document(policy: Any) -> Policy:
    """The content of a policy in each of the forms in which moto keeps one."""
    content = policy.document if hasattr(policy, "document") else policy
    content = content.get("policy_document", content) if isinstance(content, dict) else content
    read = json.loads(unquote(content) if content.startswith("%") else content) if isinstance(content, str) else content
    assert isinstance(read, dict)
    return read


def _resource(request: IAMRequestBase, resource: str) -> str:
    """The ARN that a call is about."""
    if request._service == "sqs":
        url = json.loads(request._body)["QueueUrl"]
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{url.rpartition('/')[2]}"
    return resource


def _statements(policy: Policy) -> Iterator[Statement]:
    for one in _listed(policy["Statement"]):
        actions, resources = tuple(_listed(one["Action"])), tuple(_listed(one["Resource"]))
        yield Statement(one["Effect"], actions, (), resources, (), (), (), None)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
