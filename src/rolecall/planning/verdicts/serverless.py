"""What a repository deploys by the Serverless Framework: on AWS, Lambda functions that run with a role.

The service's role is the framework's own (`provider.iam.role` with what it may do, `provider.iamRoleStatements` in
older versions), or one that exists (`provider.iam.role` or `provider.role` as a text); a function may have one of its
own (`role`, and by a plugin `iamRoleStatements`).
https://www.serverless.com/framework/docs/providers/aws/guide/iam
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rolecall.model.secrets.aws_names import key_part, says_aws
from rolecall.planning.case import Case
from rolecall.planning.migration import Handover
from rolecall.source.tree import Tree, Unreadable
from rolecall.source.yaml import YamlMapping, YamlNode, YamlPair, YamlScalar, load, values

_FILES = ("serverless.yml", "serverless.yaml")
_TARGET = "aws:execution-role"
_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
#: How many services, and how many names of one, are told of.
_SHOWN = 3


def deploys_functions(tree: Tree) -> bool:
    """Whether a service's file says that its provider is AWS, or one of several does."""
    return next(_services(tree), None) is not None


def service_steps(case: Case, targets: list[str]) -> Iterator[Handover]:
    """Where the functions of each service get what the key's user may do, and where its variables go."""
    if _TARGET not in targets:
        return
    owner = case.owner.label if case.owner is not None else ""
    user = owner if _NAME.fullmatch(owner) else "USER"
    for path, root, _ in list(_services(case.context.tree))[:_SHOWN]:
        line, where = _role(root)
        yield Handover(
            f"if the functions of this service are what uses the key: {where}{_own(root)}",
            f"{path}:{line}",
            "the owner of the service",
            f"aws iam list-user-policies --user-name {user}; aws iam list-attached-user-policies --user-name {user}",
            "after `npx serverless deploy` the functions still work; nothing else has changed for them",
        )
        named = sorted(name for name in set(_words(root)) if key_part(name) and says_aws(name))
        yield Handover(
            f"then release functions that build their clients without a key, none packed beside them{_taken(named)}",
            path,
            "the owner of the service",
            check="CloudTrail shows their calls as userIdentity.type AssumedRole, and the key's last use does not move",
        )


def _services(tree: Tree) -> Iterator[tuple[str, YamlMapping, YamlPair]]:
    """The files of services on AWS, with their root and the pair of the provider."""
    for path in tree.paths():
        if path.rpartition("/")[2] not in _FILES:
            continue
        try:
            roots = load(tree.read(path), tolerant=True)[0]
        except Unreadable:
            continue
        for root in roots:
            found = root.pair("provider") if isinstance(root, YamlMapping) else None
            if isinstance(root, YamlMapping) and found is not None and _said(found.value) == "aws":
                yield path, root, found
                break


def _said(node: YamlNode) -> str:
    """The provider's name: `provider: aws`, or `provider: {name: aws}`."""
    if isinstance(node, YamlMapping) and (name := node.pair("name")) is not None:
        node = name.value
    return node.value if isinstance(node, YamlScalar) else ""


def _role(root: YamlMapping) -> tuple[int, str]:
    """Where a service's role is written, by its line, and what to do there."""
    provider = root.pair("provider")
    iam = _below(provider, "iam")
    role = _below(iam, "role") or _below(provider, "role")
    old = _below(provider, "iamRoleStatements")
    if role is not None and isinstance(role.value, YamlScalar):
        return role.key.span.line, "grant the role that is named here what the key's user may do"
    at = old or role or iam or provider
    name, managed = "provider.iam.role.statements", "provider.iam.role.managedPolicies"
    if old is not None:
        name, managed = "provider.iamRoleStatements", "provider.iamManagedPolicies"
    line = at.key.span.line if at is not None else 1
    return line, f"add the statements of its user to {name}, and the ARNs of the policies that it has to {managed}"


def _below(pair: YamlPair | None, name: str) -> YamlPair | None:
    return pair.value.pair(name) if pair is not None and isinstance(pair.value, YamlMapping) else None


def _words(root: YamlMapping) -> Iterator[str]:
    """What a file says by one word: keys, and texts that may be the names of variables."""
    for node in values([root]):
        if isinstance(node, YamlScalar):
            yield node.value
        elif isinstance(node, YamlMapping):
            yield from (pair.name for pair in node.pairs if pair.name)


def _own(root: YamlMapping) -> str:
    """The functions that have a role of their own, in words."""
    functions = root.get("functions")
    names = [
        f"{pair.name} (line {pair.key.span.line})"
        for pair in (functions.pairs if isinstance(functions, YamlMapping) else ())
        if _below(pair, "role") is not None or _below(pair, "iamRoleStatements") is not None
    ]
    if not names:
        return ""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"; of a role of their own, where it is granted instead: {', '.join(names[:_SHOWN])}{more}"


def _taken(names: list[str]) -> str:
    """The variables that hold a key, in words."""
    if not names:
        return ""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"; take {', '.join(names[:_SHOWN])}{more} out of this file"
