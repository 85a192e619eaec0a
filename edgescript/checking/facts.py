"""
What is known at one point of a body, and how two points come together.

    types      place -> the types it can have here; a place that is missing can have all of its own
    known      condition -> whether it holds, and where that was found out
    values     place -> the literal it equals, and where that was found out
    sources    variable -> the expression it was assigned last, as long as that would still give the same
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final, TypeVar

from edgescript.checking.places import Places
from edgescript.parsing import syntax
from edgescript.source import Span
from edgescript.types import Value

_Fact = TypeVar("_Fact")

MAX_FACTS: Final = 256
"""Of each sort. A body with more is bounded in time rather than understood to the last line."""


@dataclass(slots=True)
class Facts:
    types: dict[str, int] = field(default_factory=dict)
    known: dict[str, tuple[bool, Span]] = field(default_factory=dict)
    values: dict[str, tuple[Value, Span]] = field(default_factory=dict)
    sources: dict[str, syntax.Expression] = field(default_factory=dict)
    is_flagged: bool = False
    """A variable whose value tells of tests made before was tested: what they found is not known in detail."""
    awaited: Span | None = None
    """A call that, on some way here, waited for the response's head."""

    def copy(self) -> "Facts":
        return Facts(
            self.types.copy(),
            self.known.copy(),
            self.values.copy(),
            self.sources.copy(),
            self.is_flagged,
            self.awaited,
        )

    def narrow(self, key: str, types: int) -> None:
        """`key` can only have these types from here on."""
        if key in self.types:
            types &= self.types[key]
        elif len(self.types) >= MAX_FACTS:
            return
        self.types[key] = types

    def learn(self, key: str, outcome: bool, span: Span) -> None:
        """A condition holds from here on, or does not."""
        if len(self.known) < MAX_FACTS:
            self.known.setdefault(key, (outcome, span))

    def assign(self, name: str, value: syntax.Expression | None, types: int, places: Places) -> None:
        """`name` has another value from here on, of these types; `value` is None when it is not to be told."""
        self.forget(name, places)
        if len(self.types) < MAX_FACTS:
            self.types[name] = types
        key = "" if value is None else places.key(value)
        if value is not None and name not in places.variables(key) and len(self.sources) < MAX_FACTS:
            self.sources[name] = value

    def forget(self, name: str, places: Places) -> None:
        """Nothing is known of `name`, nor of what speaks of it."""
        self.sources.pop(name, None)
        self.types.pop(name, None)
        stale = places.mentions(name)
        _drop(self.types, stale)
        _drop(self.known, stale)
        _drop(self.values, stale)
        for other in [each for each, value in self.sources.items() if places.key(value) in stale]:
            del self.sources[other]

    def forget_entries(self, name: str, places: Places) -> None:
        """The dictionary in `name`, or one that shares it, has changed: conditions on any variable may have too."""
        self.sources.pop(name, None)
        _drop(self.known, [key for key in self.known if places.variables(key)])
        _drop(self.values, [key for key in self.values if places.variables(key)])


def _drop(table: dict[str, _Fact], stale: Collection[str]) -> None:
    for key in [each for each in table if each in stale] if len(stale) > len(table) else stale:
        table.pop(key, None)


def join(one: Facts | None, other: Facts | None) -> Facts | None:
    """What holds whichever way was taken; None stands for a way that nothing takes."""
    if one is None or other is None:
        return one if other is None else other
    return Facts(
        {key: types | other.types[key] for key, types in one.types.items() if key in other.types},
        {key: fact for key, fact in one.known.items() if _agrees(other.known.get(key), fact)},
        {key: fact for key, fact in one.values.items() if _agrees(other.values.get(key), fact)},
        {key: value for key, value in one.sources.items() if other.sources.get(key) is value},
        one.is_flagged and other.is_flagged,
        one.awaited or other.awaited,
    )


def _agrees(other: tuple[Value, Span] | None, fact: tuple[Value, Span]) -> bool:
    return other is not None and other[0] == fact[0] and type(other[0]) is type(fact[0])
