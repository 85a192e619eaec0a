"""
Why something is as it is: a code with its parameters, for pages that speak other languages, and the sentence that they make in English.

What people write themselves has no code. What nodes say is a sentence of theirs (`runtime.bundles`, the node's program), which may be of
another release: its code is found by how it begins, and one that is not known has none.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias, get_args

import msgspec

from runtime.bundles.wire import Trouble

Parameters: TypeAlias = Mapping[str, str | float]

_SHARES: Final = "{now:share} against {was:share} before, more than {margin:share} above"
SENTENCES: Final = {
    "first-release": "the first release: nothing to go from by steps",
    "rollback": "rollback",
    "rolled-back": "rolled back",
    "by-hand": "by hand",
    "exceptions": f"script errors: {_SHARES}",
    "errors_5xx": f"5xx: {_SHARES}",
    "fuel": "fuel: {now:number} a run against {was:number} before, more than {margin:share} above",
    "ahead": "has generation {generation}, which this store does not know: follows from the next change on",
}
"""Ours, by code."""
_SAID_BY_NODES: Final = {
    "not-served": r"generation (?P<generation>[0-9]+): ",
    "host-taken": r"'(?P<host>[^']+)' is a host of site .+ already",
    "name-taken": r"another site of the node has this name",
    **{trouble: f"{trouble}: " for trouble in get_args(Trouble)},
}
NODE_CODES: Final = (*_SAID_BY_NODES, "ahead")


class Reason(msgspec.Struct, frozen=True):
    """`parameters` are numbers, shares (of 1) among them, or names."""

    code: str
    parameters: dict[str, str | float] = {}

    def __str__(self) -> str:
        """In English."""
        told = {name: _Told(value) for name, value in self.parameters.items()}
        return SENTENCES[self.code].format(**told)


def sentence(reasons: Iterable[Reason]) -> str:
    """All of them in one line of English."""
    return "; ".join(map(str, reasons))


def reason_of(said: str) -> Reason | None:
    """The reason that a node's sentence begins with; None where it is none that is known here."""
    for code, pattern in _SAID_BY_NODES.items():
        found = re.match(pattern, said)
        if found is not None:
            return Reason(code, dict(found.groupdict()))
    return None


class _Told:
    """A parameter within a sentence: `share` of 1 in percent, a `number` without decimals, or as it is."""

    def __init__(self, value: str | float) -> None:
        self._value = value

    def __format__(self, how: str) -> str:
        match how:
            case "share":
                return f"{100 * float(self._value):.3g} %"
            case "number":
                return f"{float(self._value):.0f}"
            case _:
                return str(self._value)
