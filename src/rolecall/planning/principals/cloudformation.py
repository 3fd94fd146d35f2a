"""Roles of CloudFormation: one is granted what a user may do, or made (recipes AWS-02, AWS-05, AWS-38).

A policy resource that lists its users takes the role into its own list, so the grant cannot differ; what a user has as
properties of its own the role gets as they stand.  Templates are edited in place.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace

from rolecall.model.parts import Workload
from rolecall.planning.case import Case
from rolecall.planning.edits import yaml_edit
from rolecall.planning.edits.line_edit import Refused, is_blank, line_end, line_start
from rolecall.planning.edits.stack_template import declared, properties_of, template
from rolecall.planning.migration import Edit
from rolecall.planning.principals.stack_role import in_json, in_yaml
from rolecall.planning.proofs.containment_proof import permissions
from rolecall.source.text import SourceText
from rolecall.source.yaml import YamlMapping, YamlNode, YamlPair, YamlScalar, YamlSequence, values


def reference(root: YamlMapping, name: str) -> str:
    """What names a resource, as the template is written."""
    return json.dumps({"Ref": name}) if root.flow else f"!Ref {name}"


def _listed(root: YamlMapping, name: str) -> str:
    return f"[{reference(root, name)}]" if root.flow else f"\n- {reference(root, name)}"


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
    owner, identity = case.owner, case.model.identities[role]
    if owner is not None and permissions(case.model, case.model.grants(owner)) <= permissions(
        case.model, case.model.grants(identity)
    ):
        return []
    text = case.context.text(case.credential.site.span.path)
    root = template(text)
    taker = declared(root, "Resources", name)
    edits = list(_listing(case, text, root, name, condition_of(taker)))
    user, properties = user_of(case, root, condition_of(taker)), properties_of(taker)
    for section in OWN_GRANTS:
        pair = user.pair(section) if user is not None else None
        if pair is None:
            continue
        mine = properties.pair(section)
        if mine is None:
            code = dedented(text, pair)
            edits.extend(yaml_edit.insert_pair(text, properties.span, section, code, properties.pairs[-1].span))
            continue
        if not isinstance(mine.value, YamlSequence) or not isinstance(pair.value, YamlSequence):
            raise Refused(f"{section} of {name} is computed")
        edits.extend(_joined(text, mine.value, pair.value))
    return edits


#: What a user and a role both take as properties of their own.
OWN_GRANTS = ("ManagedPolicyArns", "Policies")


def _joined(text: SourceText, mine: YamlSequence, users: YamlSequence) -> Iterator[Edit]:
    """The user's items at the end of the role's own list."""
    taken = {_policy_name(item) for item in mine.items} - {""}
    written = {text.data[start:end] for start, end in mine.spots}
    for item, (start, end) in zip(users.items, users.spots, strict=True):
        if text.data[start:end] in written:
            continue
        if _policy_name(item) in taken:
            raise Refused(f"the role has a policy {_policy_name(item)} of its own")
        yield from yaml_edit.insert_item(text, mine.span, moved(text, item, start, end))


def _policy_name(item: YamlNode) -> str:
    name = item.get("PolicyName") if isinstance(item, YamlMapping) else None
    return name.value if isinstance(name, YamlScalar) else ""


def condition_of(resource: YamlPair) -> str:
    """The condition under which a resource is made; "" where it always is."""
    found = resource.value.get("Condition") if isinstance(resource.value, YamlMapping) else None
    return found.value if isinstance(found, YamlScalar) else ""


def user_of(case: Case, root: YamlMapping, condition: str) -> YamlMapping | None:
    """The properties of the key's user; None where it has none.

    Refused where it is declared elsewhere, or where who takes over is made under another `condition`: what is copied
    from it might then name what is not made, or grant what nobody was granted.
    """
    owner = case.owner
    if owner is None or owner.site.span.path != case.credential.site.span.path:
        raise Refused("the user is declared elsewhere")
    user = declared(root, "Resources", owner.site.address)
    if condition_of(user) not in ("", condition):
        raise Refused("the user is made under a condition of its own")
    found = user.value.get("Properties") if isinstance(user.value, YamlMapping) else None
    return found if isinstance(found, YamlMapping) else None


def moved(text: SourceText, node: YamlNode, start: int, end: int) -> str:
    """A stretch of a file that is a node, as it would stand at column 0; Refused where it is not all written there."""
    if any(one.anchor or not (start <= one.start and one.end <= end) for one in values([node])):
        raise Refused(f"line {node.span.line} has an anchor or an alias, which is not copied")
    first, *rest = text.data[start:end].decode("utf-8", "surrogateescape").replace("\r\n", "\n").split("\n")
    if isinstance(node, YamlScalar) or node.flow:  # its last line may be less deep than where it starts
        column = min((len(line) - len(line.lstrip()) for line in rest if line.strip()), default=0)
    else:
        column = start - line_start(text.data, start)
    return "\n".join([first, *(line[column:] if line[:column].isspace() else line.lstrip() for line in rest)])


def dedented(text: SourceText, pair: YamlPair) -> str:
    """The value of a pair as it would stand at column 0."""
    start = pair.value.start
    return ("\n" if start >= line_end(text.data, pair.start) else "") + moved(text, pair.value, start, pair.end)


def granting(
    case: Case, root: YamlMapping, path: str, condition: str
) -> Iterator[tuple[YamlPair, str, YamlMapping, YamlPair]]:
    """The policies of the template that name the user, each once: the resource, its type, its properties and the pair
    with the users.  Refused where something else grants, or one under a condition that a role (`condition`) has not.
    """
    done: set[str] = set()
    for grant in case.grants:
        address = grant.site.address
        if address in done or (case.owner is not None and address == case.owner.site.address):
            continue
        done.add(address)
        if grant.site.span.path != path or grant.site.type not in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
            raise Refused(f"{address} grants in a way that has to be copied to the role by hand")
        resource = declared(root, "Resources", address)
        properties = properties_of(resource)
        users = properties.pair("Users")
        if users is None:
            raise Refused(f"{address} does not list the user")
        if condition_of(resource) != condition:
            raise Refused(f"{address} and the role are not made under the same condition")
        yield resource, grant.site.type, properties, users


def _listing(case: Case, text: SourceText, root: YamlMapping, role: str, condition: str) -> Iterator[Edit]:
    """The edits that take a role into the lists of the policies that name the user."""
    for resource, _, properties, users in granting(case, root, text.path, condition):
        roles = properties.get("Roles")
        if roles is None:
            place = _beside(properties, users) if properties.flow else users
            yield from yaml_edit.insert_pair(text, properties.span, "Roles", _listed(root, role), place.span)
        elif isinstance(roles, YamlSequence):
            yield from yaml_edit.insert_item(text, roles.span, reference(root, role))
        else:
            raise Refused(f"the roles of {resource.name} are computed")


def _beside(properties: YamlMapping, users: YamlPair) -> YamlPair:
    """A pair after which something new is not between the users and the next pair, which go together with a comma."""
    at = properties.pairs.index(users)
    return properties.pairs[at - 1]


#: Where a workload takes its role, by platform: the service that assumes it, and the property.
_SLOTS = {
    "ec2": ("ec2.amazonaws.com", "IamInstanceProfile"),
    "ecs": ("ecs-tasks.amazonaws.com", "TaskRoleArn"),
    "batch": ("ecs-tasks.amazonaws.com", "ContainerProperties.JobRoleArn"),
    "apprunner": ("tasks.apprunner.amazonaws.com", "InstanceConfiguration.InstanceRoleArn"),
}


def give_role(case: Case, workload: Workload) -> list[Edit]:
    """A role (for an instance with its profile) for a workload of the template, with the user's permissions."""
    text = case.context.text(case.credential.site.span.path)
    root = template(text)
    if workload.site.span.path != text.path or case.owner is None:
        raise Refused("the workload is in another template than the user")
    if workload.platform not in _SLOTS:
        raise Refused(f"{workload.site.address} takes a role in a way that rolecall does not write")
    service, slot = _SLOTS[workload.platform]
    own = user_of(case, root, "")
    user = declared(root, "Resources", case.owner.site.address)
    resources = root.get("Resources")
    names = {pair.name for pair in resources.pairs} if isinstance(resources, YamlMapping) else set()
    role, profile = f"{user.name}Role", f"{user.name}Profile"
    if {role, profile} & names or not isinstance(resources, YamlMapping):
        raise Refused("the names for the role and the profile are taken")
    taken = {section: own.pair(section) for section in ("Path", "PermissionsBoundary", *OWN_GRANTS)} if own else {}
    copied = {section: dedented(text, pair) for section, pair in taken.items() if pair is not None}
    # in JSON what stands right after the user would go with it, and with the comma between them
    place = declared(root, "Resources", workload.site.address) if root.flow else _after(resources, case, user)
    write = in_json if root.flow else in_yaml
    code = write(text, role, service, copied)
    edits = _new_resource(text, resources, role, code.role, place)
    if slot == "IamInstanceProfile":
        edits += _new_resource(text, resources, profile, code.profile, place)
    value = reference(root, profile) if slot == "IamInstanceProfile" else code.arn_of(role)
    properties = properties_of(declared(root, "Resources", workload.site.address))
    if workload.slot.startswith("LaunchTemplateData."):
        edits += _in_launch_template(text, properties, slot, code.below("Arn", code.arn_of(profile)))
    else:
        edits += _slot(text, properties, workload, slot, value, code.below)
    # first: where a policy ends in its users, the role's entry and the new resources start at the same byte
    return [*_listing(case, text, root, role, ""), *edits]


def _after(resources: YamlMapping, case: Case, user: YamlPair) -> YamlPair:
    """Where the new resources go: after a policy of the user, which stays, else after the user."""
    for grant in case.grants:
        pair = resources.pair(grant.site.address)
        if pair is not None:
            return pair
    return user


def _new_resource(text: SourceText, resources: YamlMapping, name: str, code: str, after: YamlPair) -> list[Edit]:
    """A resource after another, with a blank line before it where the template keeps its resources apart."""
    edits = yaml_edit.insert_pair(text, resources.span, name, code, after.span)
    apart = any(
        is_blank(text.data, line_start(text.data, line_start(text.data, pair.start) - 1))
        for pair in resources.pairs[1:]
    )
    return [
        replace(edit, new=text.newline + edit.new) if apart and not edit.new.startswith(("\n", "\r", ",")) else edit
        for edit in edits
    ]


def _in_launch_template(text: SourceText, properties: YamlMapping, slot: str, value: str) -> list[Edit]:
    data = properties.get("LaunchTemplateData")
    if not isinstance(data, YamlMapping):
        raise Refused("the launch template's data cannot be edited")
    return list(yaml_edit.insert_pair(text, data.span, slot, value))


def _slot(
    text: SourceText,
    properties: YamlMapping,
    workload: Workload,
    slot: str,
    value: str,
    below: Callable[[str, str], str],
) -> list[Edit]:
    outer, _, inner = slot.partition(".")
    if inner:
        data = properties.get(outer)
        if data is None:
            return list(yaml_edit.insert_pair(text, properties.span, outer, below(inner, value)))
        if not isinstance(data, YamlMapping):
            raise Refused(f"{outer} of {workload.site.address} cannot be edited")
        return list(yaml_edit.insert_pair(text, data.span, inner, value))
    after = next((pair.span for pair in properties.pairs if pair.name in ("InstanceType", "Family")), None)
    return list(yaml_edit.insert_pair(text, properties.span, slot, value, after))
