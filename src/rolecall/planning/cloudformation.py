"""The same in CloudFormation: a role is granted what a user may do, and a key dies (recipes AWS-02, AWS-05, AWS-38).

A policy resource that lists its users takes the role into its own list, so the grant cannot differ.  Templates are edited in place;
what a stack exports or shows in its outputs has readers that nobody sees here, and then the key stays.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from rolecall.model.parts import Grant, Workload
from rolecall.planning import yaml_edit
from rolecall.planning.case import Case
from rolecall.planning.line_edit import Refused
from rolecall.planning.migration import Edit, Handover, Phase
from rolecall.source.text import SourceText
from rolecall.source.yaml import YamlMapping, YamlPair, YamlSequence, load


def template(text: SourceText) -> YamlMapping:
    """The root mapping of a template; Refused where it cannot be read."""
    nodes, faults = load(text)
    if faults or len(nodes) != 1 or not isinstance(nodes[0], YamlMapping):
        raise Refused("the template cannot be read without errors")
    return nodes[0]


def declared(root: YamlMapping, section: str, name: str) -> YamlPair:
    """One resource, output or parameter of a template."""
    part = root.get(section)
    pair = part.pair(name) if isinstance(part, YamlMapping) else None
    if pair is None:
        raise Refused(f"{name} is not declared in this template")
    return pair


def _properties(pair: YamlPair) -> YamlMapping:
    body = pair.value
    found = body.get("Properties") if isinstance(body, YamlMapping) else None
    if not isinstance(found, YamlMapping):
        raise Refused(f"{pair.name} has no properties to edit")
    return found


def _reference(root: YamlMapping, name: str) -> str:
    return json.dumps({"Ref": name}) if root.flow else f"!Ref {name}"


def _listed(root: YamlMapping, name: str) -> str:
    return f"[{_reference(root, name)}]" if root.flow else f"\n- {_reference(root, name)}"


def _in_template(case: Case, name: str, role: str) -> None:
    identity = case.model.identities.get(role)
    if identity is None or identity.site.span.path != case.credential.site.span.path:
        raise Refused(
            f"{name or 'the role'} is declared outside this template, so its permissions are added there by hand"
        )
    if identity.site.type != "AWS::IAM::Role":
        raise Refused(f"{identity.site.address} is no role")


def carry_over_to_role(case: Case, role: str) -> list[Edit]:
    """The edits that grant a declared role (by its id) what the user may do."""
    name = role.rpartition("//")[2]
    _in_template(case, name, role)
    return _granted(case, name)


def _granted(case: Case, name: str) -> list[Edit]:
    text = case.context.text(case.credential.site.span.path)
    root = template(text)
    edits: list[Edit] = []
    done: set[str] = set()
    for grant in case.grants:
        if grant.site.address in done:
            continue
        done.add(grant.site.address)
        edits.extend(_one(case, grant, text, root, name))
    return edits


def _one(case: Case, grant: Grant, text: SourceText, root: YamlMapping, role: str) -> Iterator[Edit]:
    if grant.site.span.path != text.path or grant.site.type not in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
        raise Refused(f"{grant.site.address} grants in a way that has to be copied to the role by hand")
    properties = _properties(declared(root, "Resources", grant.site.address))
    roles = properties.get("Roles")
    if roles is None:
        users = properties.pair("Users")
        if users is None:
            raise Refused(f"{grant.site.address} does not list the user")
        yield from yaml_edit.insert_pair(text, properties.span, "Roles", _listed(root, role), users.span)
    elif isinstance(roles, YamlSequence):
        yield from yaml_edit.insert_item(text, roles.span, _reference(root, role))
    else:
        raise Refused(f"the roles of {grant.site.address} are computed")


def give_profile(case: Case, workload: Workload) -> list[Edit]:
    """A role and an instance profile for an instance of the template, with the user's permissions."""
    text = case.context.text(case.credential.site.span.path)
    root = template(text)
    if workload.site.span.path != text.path or case.owner is None:
        raise Refused("the instance is in another template than the user")
    if root.flow:
        raise Refused("new resources are not written into JSON templates")
    user = declared(root, "Resources", case.owner.site.address)
    resources = root.get("Resources")
    names = {pair.name for pair in resources.pairs} if isinstance(resources, YamlMapping) else set()
    role, profile = f"{user.name}Role", f"{user.name}Profile"
    if {role, profile} & names or not isinstance(resources, YamlMapping):
        raise Refused("the names for the role and the profile are taken")
    edits = list(yaml_edit.insert_pair(text, resources.span, profile, _PROFILE.format(role=role), user.span))
    edits = [*yaml_edit.insert_pair(text, resources.span, role, _ROLE, user.span), *edits]
    instance = _properties(declared(root, "Resources", workload.site.address))
    slot = instance
    if workload.slot.startswith("LaunchTemplateData."):
        data = instance.get("LaunchTemplateData")
        if not isinstance(data, YamlMapping):
            raise Refused("the launch template's data cannot be edited")
        slot = data
        edits.extend(yaml_edit.insert_pair(text, slot.span, "IamInstanceProfile", f"\nArn: !GetAtt {profile}.Arn"))
    else:
        edits.extend(yaml_edit.insert_pair(text, slot.span, "IamInstanceProfile", f"!Ref {profile}"))
    edits.extend(_granted(case, role))
    return edits


_ROLE = """
Type: AWS::IAM::Role
Properties:
  AssumeRolePolicyDocument:
    Version: "2012-10-17"
    Statement:
      - Effect: Allow
        Principal:
          Service: ec2.amazonaws.com
        Action: sts:AssumeRole"""
_PROFILE = """
Type: AWS::IAM::InstanceProfile
Properties:
  Roles:
    - !Ref {role}"""


def end_of_key(
    case: Case, moved: bool, complete: bool, phases: list[Phase], reasons: list[str], handover: list[Handover]
) -> bool:
    """Soak and contract in a template: the key is set Inactive, then goes with its user.

    `moved` says that consumers were seen and have a patch; without one nothing is deleted.
    """
    if moved and not complete:
        return False
    last_used = "aws iam get-access-key-last-used shows no use since the migrate phase"
    try:
        text = case.context.text(case.credential.site.span.path)
        root = template(text)
        key = declared(root, "Resources", case.credential.site.address)
        properties = _properties(key)
        status = properties.pair("Status")
        inactive = '"Inactive"' if root.flow else "Inactive"
        edits = (
            yaml_edit.replace_value(text, status.span, inactive)
            if status is not None
            else yaml_edit.insert_pair(text, properties.span, "Status", inactive)
        )
    except Refused as refused:
        reasons.append(f"the key cannot be set Inactive here: {refused.reason}")
        return False
    phases.append(
        Phase(
            "soak",
            tuple(edits),
            ("every consumer has moved", last_used),
            ("no error rate has moved; re-activate at once if one does",),
            "set Status to Active again and update the stack: the key works at once",
        )
    )
    if not complete:
        reasons.append("the deletion is left to people: no consumer is seen, so nobody can prove that there is none")
        return False
    try:
        contract = list(_deletion(case, text, root, key))
    except Refused as refused:
        reasons.append(f"the key cannot be deleted here: {refused.reason}")
        return False
    handover.append(
        Handover(
            "deploy with CAPABILITY_IAM (CAPABILITY_NAMED_IAM where a role is named)",
            case.credential.site.span.path,
            "whoever deploys the stack",
        )
    )
    phases.append(
        Phase(
            "contract",
            tuple(contract),
            ("the soak is over: 14 days, and longer than the longest schedule of any consumer", last_used),
            ("the change set removes only the key, its user and their grants",),
            "none: a deleted key cannot come back",
        )
    )
    return True


def _deletion(case: Case, text: SourceText, root: YamlMapping, key: YamlPair) -> Iterator[Edit]:
    owner = case.owner
    if owner is None or owner.site.span.path != text.path:
        raise Refused("the user is declared elsewhere")
    user = declared(root, "Resources", owner.site.address)
    gone = [key.span, user.span]
    lists: list[Edit] = []
    for grant in case.grants:
        pair = declared(root, "Resources", grant.site.address)
        if pair.span == user.span:
            continue
        properties = _properties(pair)
        users, others = properties.pair("Users"), properties.get("Groups")
        roles_after = any(edit.start >= pair.start and edit.end <= pair.end for edit in _granted_here(case, pair))
        if users is None or not isinstance(users.value, YamlSequence) or len(users.value.items) != 1:
            raise Refused(f"{grant.site.address} lists other users too")
        if others is None and properties.get("Roles") is None and not roles_after:
            gone.append(pair.span)
        else:
            lists.extend(yaml_edit.remove(text, [users.span]))
    yield from yaml_edit.remove(text, gone)
    yield from lists


def _granted_here(case: Case, pair: YamlPair) -> list[Edit]:
    """The edits by which a consumer's role is taken into a policy's own list (so that the policy has to stay)."""
    found: list[Edit] = []
    for use in case.uses:
        try:
            found.extend(_granted(case, use.workload.identity.rpartition("//")[2] or "Role"))
        except Refused:
            continue
    return [edit for edit in found if pair.start <= edit.start <= pair.end]
