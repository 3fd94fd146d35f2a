"""`Fn::ForEach`: one member per item of a collection, wherever a template has members."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Bindings
from typing import TYPE_CHECKING

from rolecall.frontends.cloudformation.template import loop_name, scalar_text
from rolecall.frontends.values import Sequence, text
from rolecall.source.records import dataclass
from rolecall.source.yaml import YamlMapping, YamlPair, YamlSequence

if TYPE_CHECKING:
    from rolecall.frontends.cloudformation.stack import Stack

#: Members that the loops of one stack may make.
MAX_MEMBERS = 5_000


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a mapping: its name with loop variables filled in, its pair, what the loops around it stand at.

    `repeated` is True where a loop over an unknown collection declares it: there may be any number of it.
    """

    name: str
    pair: YamlPair
    bindings: Bindings[str, str]
    repeated: bool = False


def members(stack: Stack, mapping: YamlMapping, bindings: Bindings[str, str]) -> Iterator[Member]:
    """The members of a mapping with its loops unrolled.

    A loop over a collection that is not known gives its members once, with the variable left in their names.
    """
    yield from _members(stack, mapping, bindings, False)


def _members(stack: Stack, mapping: YamlMapping, bindings: Bindings[str, str], repeated: bool) -> Iterator[Member]:
    for pair in mapping.effective():
        name = loop_name(pair)
        loop = pair.value
        if name is None:
            yield Member(stack.bound(pair.name or "", bindings), pair, bindings, repeated)
        elif isinstance(loop, YamlSequence) and len(loop.items) == 3 and isinstance(loop.items[2], YamlMapping):
            variable = scalar_text(loop.items[0])
            collection = stack.evaluate(loop.items[1], bindings)
            items = [text(item) for item in collection.items] if isinstance(collection, Sequence) else [None]
            for item in items:
                if not stack.allow_member():
                    return
                if item is None:
                    yield from _members(stack, loop.items[2], bindings, True)
                else:
                    yield from _members(stack, loop.items[2], {**bindings, variable: item}, repeated)
