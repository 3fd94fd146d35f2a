"""The inputs of a keyless login step that name an identity, as variables of the repository."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from rolecall.frontends.resource import Resource
from rolecall.planning.case import Case, Use
from rolecall.planning.edits.workflow_edit import place
from rolecall.planning.migration import Handover
from rolecall.planning.move import Move
from rolecall.planning.pipelines.login_variables import variable_ending
from rolecall.planning.verdicts.advising import revocation


@dataclass(frozen=True, slots=True)
class Words:
    """How one cloud's login is told of: what the variables are to be set to, who logs in where no code sets them, and
    what has to be true of that before the step is changed.
    """

    values: str
    who: str
    ready: str


def named_by_variables(
    case: Case,
    use: Use,
    move: Move,
    step: Resource,
    missing: Mapping[str, str],
    known: frozenset[str],
    words: Words,
    let_in: Callable[[], Iterable[Handover]],
) -> dict[str, str]:
    """What the inputs that a step lacks (`missing`, by the usual variable of each) are given.

    Where a variable is not `known`, since no code sets it, people set it: for a key of the code the move is held, for
    one from elsewhere it waits, until `let_in` is done too.  Raises Refused where it is not told whose key the job has.
    """
    unset = [variable for variable in missing.values() if variable not in known]
    ending = ""
    if unset and case.credential.form == "minted":
        lacking = ", ".join(name for name, variable in missing.items() if variable in unset)
        move.hold(f"the login step does not name {lacking}", _set(step, unset, words))
    elif unset:
        ending = variable_ending(case, use)
        named = [f"{variable}{ending}" for variable in unset]
        listed = ", ".join(named)
        move.wait_for(
            f"the job logs in by the variables {listed}, which no code sets, {words.who} is not in the code",
            *let_in(),
            _set(step, named, words),
            revocation(case),
        )
        move.needs["migrate"].append(f"the repository's variables {listed} are set, and {words.ready}")
    return {name: f"${{{{ vars.{variable}{ending} }}}}" for name, variable in missing.items()}


def _set(step: Resource, names: list[str], words: Words) -> Handover:
    return Handover(
        f"set the repository variable{'s' if len(names) > 1 else ''} {', '.join(names)}{words.values}; --env NAME "
        "where the secret is an environment's",
        place(step),
        "the owner of the repository",
        "; ".join(f"gh variable set {name}" for name in names),
        "gh variable list names them",
    )
