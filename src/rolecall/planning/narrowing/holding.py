"""Who holds a statement of an AWS policy, and what runs with the role that does: as far as all of it is seen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rolecall.catalog.entries import catalog
from rolecall.frontends.resource import Resource, Unit
from rolecall.frontends.values import references
from rolecall.model.access.policy_sites import DOCUMENT, OWN_ROLE
from rolecall.model.parts import Grant, Identity, Site, Statement
from rolecall.planning.case import Context
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.narrowing.needs.containers import PLATFORMS as CONTAINERS
from rolecall.policy.holdings import managed_name
from rolecall.source.text import Span

#: What may name a role or a policy without letting anybody else have it.
_HARMLESS_PARTS = frozenset({"grant", "policy", "identity", "membership", "resource-policy"})
_FUNCTIONS = frozenset({"aws_lambda_function", "AWS::Lambda::Function", "AWS::Serverless::Function"})
#: Who may have a role that only runs code: functions, tasks, services of App Runner.
_PLATFORMS = frozenset(
    {"lambda.amazonaws.com", "lambda.amazonaws.com.cn", "ecs-tasks.amazonaws.com", "tasks.apprunner.amazonaws.com"}
)

Place = tuple[str, int]


@dataclass(frozen=True)
class Held:
    """A statement of one declared role, or of the role that a template makes for one function, with all the functions
    that run with it.
    """

    site: Site
    role: Identity | None
    unit: Unit
    functions: tuple[Resource, ...]


def place_of(statement: Statement) -> Place:
    span = statement.span
    return (span.path, span.start) if span is not None else ("", 0)


class Holders:
    """The holders of every statement of an estate, found once."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._grants: dict[Place, list[Grant]] = defaultdict(list)
        self._users: dict[tuple[str, str], Mapping[str, list[Resource]]] = {}
        model = context.model
        for grant in model.every_grant():
            policy = model.policies.get(grant.policy)
            document = grant.document or (policy.document if policy is not None else None)
            for statement in document.statements if document is not None else ():
                if statement.span is not None:
                    self._grants[place_of(statement)].append(grant)

    def grants(self, statement: Statement) -> list[Grant]:
        return self._grants.get(place_of(statement), [])

    def of(self, statement: Statement) -> Held:
        """The one role that has a statement and the functions that run with it.

        Refused, with the reason, where it may be somebody else's too, or where something else than a function runs
        with the role.
        """
        grants = self.grants(statement)
        if not grants:
            raise Refused("who gets the policy is not in the code")
        principals = {(grant.principal_kind, grant.principal or grant.label) for grant in grants}
        kinds = {kind for kind, _ in principals}
        if kinds == {OWN_ROLE} and len(principals) == 1:
            return self._own(grants[0])
        if kinds != {"role"}:
            raise Refused("it is not a role's alone" if "role" in kinds else "it is not a role's")
        model = self.context.model
        roles = [model.identities.get(name) for _, name in principals]
        if any(role is None for role in roles):
            raise Refused("who gets the policy is not in the code")
        declared = [role for role in roles if role is not None]
        if len({role.site.declaration for role in declared}) > 1:
            raise Refused(f"several roles have it ({', '.join(sorted(role.site.address for role in declared)[:3])})")
        functions: list[Resource] = []
        unit: Unit | None = None
        looked: set[str] = set()
        for role in declared:
            self._only_functions(role)
            unit = self._unit(role.site)
            if unit.name not in looked:
                looked.add(unit.name)
                self._unshared(unit, grants, statement)
            functions.extend(self._functions(unit, role))
        if unit is None or not functions:
            raise Refused("what runs with the role is not in the code")
        return Held(declared[0].site, declared[0], unit, tuple(functions))

    def only(self, statement: Statement, user: Identity) -> None:
        """Refused, with the reason, where anybody else than a user may have a statement."""
        grants = self.grants(statement)
        if not grants or any(grant.principal != user.id or grant.principal_kind != "user" for grant in grants):
            raise Refused("others have the statement too, or who has it is not in the code")
        self._unshared(self._unit(user.site), grants, statement)

    def of_managed(self, role: Identity | None, place: Span, name: str) -> tuple[Held, Grant]:
        """The holder of one of AWS's policies, and the one grant that gives it; Refused as `of` does."""
        model = self.context.model
        found = (
            model.own_grants(role)
            if role is not None
            else [grant for grant in model.every_grant() if grant.principal_kind == OWN_ROLE and grant.span == place]
        )
        grants = [grant for grant in found if managed_name(grant.policy) == name]
        if len(grants) != 1 or (role is not None and role.kind != "aws:role"):
            raise Refused("it is not a role's alone, or the role has it more than once")
        if role is None:
            return self._own(grants[0]), grants[0]
        self._only_functions(role)
        unit = self._unit(role.site)
        functions = tuple(self._functions(unit, role))
        if not functions:
            raise Refused("what runs with the role is not in the code")
        return Held(role.site, role, unit, functions), grants[0]

    def _own(self, grant: Grant) -> Held:
        unit = self._unit(grant.site)
        function = next((one for one in unit.resources if one.id == grant.site.id), None)
        if function is None:
            raise Refused("the function is not found")
        return Held(grant.site, None, unit, (function,))

    def _unit(self, site: Site) -> Unit:
        unit = self.context.unit(site.unit, site.format)
        if unit is None:
            raise Refused("its code cannot be read again")
        return unit

    def _only_functions(self, role: Identity) -> None:
        """Refused where something else than the code of functions and containers may have the role."""
        if role.assume is None or not role.assume.complete:
            raise Refused("who may have the role is not known")
        for statement in role.assume.statements:
            if statement.effect == "Allow" and (
                not statement.principals
                or statement.not_principals
                or any(kind != "Service" or who not in _PLATFORMS for kind, who in statement.principals)
            ):
                who = next((who for kind, who in statement.principals if who not in _PLATFORMS), "somebody")
                raise Refused(f"{who} may have the role too, and what it does with it is not read")

    def _users_of(self, unit: Unit) -> Mapping[str, list[Resource]]:
        """What names each resource of a unit."""
        key = (unit.name, unit.format)
        if key not in self._users:
            found: dict[str, list[Resource]] = defaultdict(list)
            for resource in unit.resources:
                if resource.mode == "variable":
                    continue
                for target in {reference.target for reference in references(resource.body)}:
                    found[target].append(resource)
            self._users[key] = found
        return self._users[key]

    def _functions(self, unit: Unit, role: Identity) -> Iterator[Resource]:
        for resource in self._others(unit, role.id):
            if resource.type not in _FUNCTIONS and resource.type not in CONTAINERS:
                raise Refused(f"{resource.address} uses the role too")
            yield resource

    def _others(self, unit: Unit, target: str) -> Iterator[Resource]:
        """What names a role, a policy or a document, apart from what grants it something; Refused where it leaves the
        code that is read.
        """
        for resource in self._users_of(unit).get(target, ()):
            if resource.id == target:
                continue
            if resource.mode == "output":
                if not resource.calls:
                    raise Refused(f"the output {resource.name} hands it on")
                continue
            if resource.mode == "module":
                if not any(other.address.startswith(f"{resource.address}.") for other in unit.resources):
                    raise Refused(f"{resource.address} is given it, and its code is not here")
                continue
            if resource.mode != "resource":
                continue
            entry = catalog().get(resource.type)
            if entry is None or entry.part not in _HARMLESS_PARTS:
                yield resource

    def _unshared(self, unit: Unit, grants: list[Grant], statement: Statement) -> None:
        """Refused where a policy, or the document that it is made of, is handed to somebody who is not seen."""
        targets = {name for grant in grants for name in (grant.policy, grant.site.id)}
        if statement.span is not None:
            targets |= {
                one.id
                for one in unit.resources
                if one.mode == "data" and one.type == DOCUMENT and one.span.contains(statement.span)
            }
        for target in sorted(targets - {""}):
            if target in self.context.model.identities:
                continue
            for other in self._others(unit, target):
                raise Refused(f"{other.address} takes the policy too")
