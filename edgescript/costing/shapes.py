"""
What is known of a value before the run: the types it may have and bounds on its size.

A dictionary is known by its sites, the instructions that may have made it; what one site's dictionaries hold is told
once for the whole run (`Site`), however the program got there. So two names of one dictionary need no tracking.
"""

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from edgescript import typeset
from edgescript.bounds import NUMBER_BYTES
from edgescript.types import Value

_NONE: Final[frozenset[int]] = frozenset()


class Shape(NamedTuple):
    """A bound on the values that may stand at a place."""

    types: int
    """A `typeset` set."""
    bytes: int = 0
    """Of the longest string."""
    sites: frozenset[int] = _NONE
    functions: frozenset[int] = _NONE
    """Bodies a function value may be."""
    constant: Value = None
    """The value itself, where it is a string or number of the source."""

    @property
    def text_bytes(self) -> int:
        """Of the longest text that `concat` would make of it."""
        return max(self.bytes, NUMBER_BYTES if self.types & ~typeset.STRING else 0)


NOTHING: Final = Shape(typeset.NOTHING)
UNDEF: Final = Shape(typeset.UNDEF)
BOOLEAN: Final = Shape(typeset.BOOLEAN)


def of_constant(value: str | float) -> Shape:
    """The shape of just this value."""
    return Shape(typeset.of_value(value), len(value) if isinstance(value, str) else 0, constant=value)


def join(one: Shape, other: Shape) -> Shape:
    """What either may be."""
    if one == other or not other.types:
        return one
    if not one.types:
        return other
    return Shape(
        one.types | other.types,
        max(one.bytes, other.bytes),
        one.sites | other.sites,
        one.functions | other.functions,
    )


@dataclass(slots=True)
class Site:
    """The dictionaries that one instruction makes."""

    made: int = 0
    """Entries at first."""
    grown: int = 0
    """Entries that one of them may be given afterwards, in the whole run."""
    keys: Shape = NOTHING
    values: Shape = NOTHING


@dataclass(slots=True)
class Heap:
    """
    All sites of a program. Facts only grow; `changed` tells whether one did since it was last set to False.

    Analysis goes over the program until nothing changes: then what was assumed of dictionaries holds.
    """

    most_entries: int
    most_bytes: int
    sites: dict[int, Site] = field(default_factory=dict)
    growth: dict[int, int] = field(default_factory=dict)
    """Entries given to each site's dictionaries, as counted in this pass."""
    changed: bool = False
    widening: bool = False
    """Facts that still grow are set to what the limits of a run allow."""

    def make(self, site: int, entries: int, keys: Shape, values: Shape) -> Shape:
        """The shape of a dictionary made at `site`."""
        known = self.sites.get(site)
        if known is None:
            known = self.sites[site] = Site(entries)
            self.changed = True
        elif entries > known.made:
            known.made = self.most_entries if self.widening else entries
            self.changed = True
        self._put(known, keys, values)
        return Shape(typeset.TABLE, 0, frozenset((site,)))

    def give(self, dictionary: Shape, times: int, keys: Shape, values: Shape) -> None:
        """Note that an entry is given to `dictionary` at most `times` times."""
        for site in dictionary.sites:
            self.growth[site] = self.growth.get(site, 0) + times
            self._put(self.sites[site], keys, values)

    def _put(self, known: Site, keys: Shape, values: Shape) -> None:
        for name, more in (("keys", keys), ("values", values)):
            before: Shape = getattr(known, name)
            after = join(before, more)
            if after != before:
                if self.widening and after.bytes > before.bytes:
                    after = after._replace(bytes=self.most_bytes)
                setattr(known, name, after)
                self.changed = True

    def end_pass(self) -> None:
        """Take over what this pass counted."""
        for site, times in self.growth.items():
            known = self.sites[site]
            if times > known.grown:
                known.grown = self.most_entries if self.widening else times
                self.changed = True
        self.growth.clear()

    def entries(self, dictionary: Shape) -> int:
        """The most entries the dictionary may have."""
        most = max(
            (known.made + known.grown for known in map(self.sites.__getitem__, dictionary.sites)), default=0
        )
        return min(most, self.most_entries)

    def keys(self, dictionary: Shape) -> Shape:
        """What its keys may be."""
        found = NOTHING
        for site in dictionary.sites:
            found = join(found, self.sites[site].keys)
        return found

    def values(self, dictionary: Shape) -> Shape:
        """What may stand in it."""
        found = NOTHING
        for site in dictionary.sites:
            found = join(found, self.sites[site].values)
        return found
