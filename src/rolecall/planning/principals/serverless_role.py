"""The role that SAM makes for a function: it is granted what a user may do by the function's own `Policies`.

An item of that list is the name or ARN of a policy, one of SAM's templates, or a document (what has a `Statement`); the
role's inline policies are numbered by it, so that new ones come last.  `Role` beside it would make SAM ignore it.
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html
https://github.com/aws/serverless-application-model/blob/develop/samtranslator/model/role_utils/role_constructor.py
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.frontends.values import render
from rolecall.model.access.policy_sites import OWN_ROLE
from rolecall.model.linking import Model
from rolecall.model.parts import Grant, Statement, Workload
from rolecall.planning.case import Case
from rolecall.planning.edits import yaml_edit
from rolecall.planning.edits.json_code import json_array, step_of
from rolecall.planning.edits.line_edit import Refused, indentation
from rolecall.planning.edits.stack_template import declared, properties_of, template
from rolecall.planning.migration import Edit
from rolecall.planning.principals.cloudformation import condition_of, dedented, granting, moved, reference, user_of
from rolecall.planning.proofs.containment_proof import permissions
from rolecall.planning.proofs.template_references import new_circles
from rolecall.source.edits import apply, ordered
from rolecall.source.text import SourceText, Span
from rolecall.source.yaml import YamlMapping, YamlNode, YamlPair, YamlScalar, YamlSequence, load

_FUNCTION = "AWS::Serverless::Function"
_POLICIES = "Policies"


def has_own_role(case: Case, workload: Workload) -> bool:
    """Whether a workload is a function whose role SAM makes."""
    if workload.site.type != _FUNCTION or workload.identity:
        return False
    resource = case.context.resource(workload.site)
    return resource is not None and resource.get("Role") is None


def own_grants(model: Model, workload: Workload) -> list[Grant]:
    """What the template gives to the role of a function."""
    return [
        grant for grant in model.every_grant() if grant.principal_kind == OWN_ROLE and grant.label == workload.site.id
    ]


def obstacles_of_own_role(case: Case, workload: Workload) -> Iterator[str]:
    """Why the role that SAM makes cannot take over what the user may do."""
    owner, resource = case.owner, case.context.resource(workload.site)
    if owner is None or resource is None:
        return
    user = case.context.resource(owner.site)
    bounds = [one.get("PermissionsBoundary") if one is not None else None for one in (user, resource)]
    shown = [render(value) if value is not None else "" for value in bounds]
    if shown[0] != shown[1]:
        yield f"the permissions boundaries of the user and of {workload.site.address} are not the same"
    users = permissions(case.model, case.model.grants(owner))
    roles = permissions(case.model, own_grants(case.model, workload))
    if any(isinstance(item, Statement) and item.effect == "Deny" for item in users ^ roles):
        yield f"a Deny that only one of the user and {workload.site.address} has would bind the other's permissions too"


def carry_over_to_function(case: Case, workload: Workload) -> list[Edit]:
    """The edits that add what the user may do to the policies of a function; Refused where that is not safe."""
    text, edits = _edits(case, workload)
    after = load(SourceText(text.path, apply(text.data, ordered(edits))))[0]
    for names, _ in new_circles([template(text)], [root for root in after if isinstance(root, YamlMapping)]):
        raise Refused(
            f"{' and '.join(names)} would depend on each other in a circle; an AWS::IAM::Policy that names the role "
            f"{workload.site.address}Role would not"
        )
    return edits


def _edits(case: Case, workload: Workload) -> tuple[SourceText, list[Edit]]:
    text = case.context.text(case.credential.site.span.path)
    if workload.site.span.path != text.path:
        raise Refused(f"{workload.site.address} is in another template than the user")
    if case.owner is not None and permissions(case.model, case.model.grants(case.owner)) <= permissions(
        case.model, own_grants(case.model, workload)
    ):
        return text, []
    root = template(text)
    function = declared(root, "Resources", workload.site.address)
    properties = properties_of(function)
    items = list(dict.fromkeys(_items(case, text, root, function)))
    written = properties.pair(_POLICIES)
    if written is None:
        code = json_array(items, step_of(text)) if properties.flow else _block(items)
        place = _before_environment(properties)
        return text, list(yaml_edit.insert_pair(text, properties.span, _POLICIES, code, place))
    there = written.value
    known = [moved(text, there, there.start, written.end)]
    if isinstance(there, YamlSequence) and not there.tag.startswith("!"):
        known = [moved(text, node, *spot) for node, spot in zip(there.items, there.spots, strict=True)]
        if known and (properties.flow or not there.flow):
            new = [item for item in items if item not in known]
            return text, [edit for item in new for edit in yaml_edit.insert_item(text, there.span, item)]
    else:
        _refuse_choice(there)
    several = list(dict.fromkeys([*known, *items]))
    code = _block(several)
    if properties.flow:
        code = json_array(several, step_of(text)).replace("\n", text.newline + indentation(text.data, written.start))
    return text, list(yaml_edit.replace_value(text, written.span, code))


def _before_environment(properties: YamlMapping) -> Span | None:
    """The property that stands before the environment; None where that is not there, or comes first."""
    names = [pair.name for pair in properties.pairs]
    at = names.index("Environment") if "Environment" in names else 0
    return properties.pairs[at - 1].span if at else None


def _block(items: list[str]) -> str:
    return "".join("\n- " + item.replace("\n", "\n  ") for item in items)


def _items(case: Case, text: SourceText, root: YamlMapping, function: YamlPair) -> Iterator[str]:
    """What the user may do, as items of the list, each as it would stand at column 0."""
    condition = condition_of(function)
    user = user_of(case, root, condition)
    arns = user.pair("ManagedPolicyArns") if user is not None else None
    if arns is not None:
        if not isinstance(arns.value, YamlSequence) or arns.value.tag.startswith("!"):
            raise Refused("ManagedPolicyArns of the user is computed")
        for node, (start, end) in zip(arns.value.items, arns.value.spots, strict=True):
            _refuse_choice(node)
            yield moved(text, node, start, end)
    own = user.pair(_POLICIES) if user is not None else None
    if own is not None:
        if not isinstance(own.value, YamlSequence) or own.value.tag.startswith("!"):
            raise Refused("Policies of the user is computed")
        for node in own.value.items:
            yield _document(text, node, "a policy of the user")
    for policy, kind, properties, _ in granting(case, root, text.path, condition):
        if kind == "AWS::IAM::ManagedPolicy":
            yield reference(root, policy.name or "")
        else:
            yield _document(text, properties, policy.name or "")


def _document(text: SourceText, node: YamlNode, name: str) -> str:
    """The document of a policy; only what has statements is one to SAM."""
    pair = node.pair("PolicyDocument") if isinstance(node, YamlMapping) else None
    if pair is None or not isinstance(pair.value, YamlMapping) or pair.value.pair("Statement") is None:
        raise Refused(f"the document of {name} is computed")
    return dedented(text, pair).lstrip("\n")


def _refuse_choice(node: YamlNode) -> None:
    """Raises Refused for a policy that is one of several: SAM reads those otherwise than IAM does."""
    choice = node.tag == "!If" or (isinstance(node, YamlMapping) and node.pair("Fn::If") is not None)
    if choice or (isinstance(node, YamlScalar) and not node.value):
        raise Refused("a policy is chosen by a condition")
