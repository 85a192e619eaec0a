"""
Decisions of scripts, remembered for requests that would come to the same.

Where it is known what the scripts of a site depend on (`edgescript.reading`), one run decides for all requests that agree in
it: the same target, and the same values of what else is read. Values that requests of a header block share are read once a
block and lead to a `Table`; what is left for a request is one look-up of its target. Open vSwitch caches flows in this way:
under the fields that the decision looked at, and no others.

Limits are asked for each request, those that the run has asked, in its order (`edgescript.tape`): a decision is that of a
run which they let pass, and holds while they do. Where one does not, the scripts run, are told what was said, and count
nothing twice; that run is not remembered.

A decision is kept from the moment of its run up to when the clock alone could have changed it, and dropped with the site:
a reload begins with nothing. What a run counts beside its effects is counted again each time it is recalled.

The memory is bounded by bytes, in two generations: when the younger has its half, the elder is dropped as a whole and the
younger takes its place; who is asked for moves back. So room costs the same however full it is. A target is taken up at
second sight: `_seen` has one octet for each of many hashes, so clients that ask for ever new targets fill nothing. And where
looking leads to nothing, it is not done but now and then (`Worth`): the requests of such a site cost what they would without.
"""

from collections.abc import Sequence
from typing import Any, Final

from edgescript.context import Context
from edgescript.effects import Effects
from edgescript.pipeline import ScriptResult, ScriptState, Tally
from edgescript.tape import Limit
from runtime.proxy.hit import prepared_as
from runtime.proxy.own_answer import Ready, parts_of

MAX_DECISION_BYTES: Final = 16 << 10
"""A larger one is made each time: it takes longer to send than to make."""
_ROUNDING_S: Final = 0.001
"""A second is over a little early, for who rounds."""
DEFAULT_BYTES: Final = 8 << 20
_TRIAL: Final = 256
_FIRST_TRIAL: Final = 4096
"""At the start nothing is known of any target, and all are misses."""
_REST: Final = 4096
_SLOTS: Final = 1 << 16
_BASE_BYTES: Final = 1024
"""About what a decision takes beside its texts: effects, results, entries of dictionaries."""

_LIMIT_BYTES: Final = 256
"""A limit beside its key."""


class Decision:
    """What scripts have decided. `effects` never change again."""

    __slots__ = (
        "_is_mixed",
        "answer",
        "asks",
        "effects",
        "ends",
        "hits",
        "limits",
        "misses",
        "prepared_as",
        "results",
        "since",
        "size_bytes",
        "skipped",
        "target",
        "told",
        "until",
    )

    def __init__(
        self,
        target: str,
        effects: Effects,
        results: Sequence[ScriptResult],
        limits: Sequence[Limit],
        since: float,
        until: float,
        size_bytes: int,
    ) -> None:
        self.target = target
        self.effects = effects
        self.asks = bool(effects.__dict__)
        """There are effects at all."""
        self.ends = effects.end is not None
        parts = parts_of(effects) if self.ends else None
        self.answer = None if parts is None else Ready(parts)
        """What the scripts end the request with, where it is the same for all but date and id."""
        self.prepared_as = None if self.ends else prepared_as(effects)
        """Under which name a stored response has its head, where nothing else of the effects is about one from memory."""
        self.limits = tuple(limits)
        """What it takes for granted to let the request pass: to be asked before it is acted on."""
        self.results = [result._replace(time_us=0.0) for result in results]
        """What each script did; it takes no time to do it again."""
        self.told: Any = None
        """Noted here by `runtime.observe.access_log`: `results` as a line has them."""
        self.since = since
        self.until = until
        """Unix seconds from which on, and before which, it holds."""
        self.size_bytes = size_bytes
        self.hits = _tallied(results, ScriptState.HIT)
        self.misses = _tallied(results, ScriptState.NO_HIT)
        self.skipped = _tallied(results, ScriptState.NON_EXECUTION)
        self._is_mixed = bool(self.misses or self.skipped)

    def count(self) -> None:
        """Count the runs that it stands for."""
        for tally, fuel in self.hits:
            tally.hit += 1
            tally.fuel += fuel
        if self._is_mixed:
            for tally, fuel in self.misses:
                tally.no_hit += 1
                tally.fuel += fuel
            for tally, _ in self.skipped:
                tally.non_execution += 1


def begun_as(target: str) -> bytes:
    """How a head begins with a GET for `target` in its shortest form: connections need not take it apart to look it up."""
    return b"GET " + target.encode("latin-1")


def _tallied(results: Sequence[ScriptResult], state: ScriptState) -> tuple[tuple[Tally, int], ...]:
    return tuple((result.script.tally, result.fuel) for result in results if result.state is state)


def decision_of(
    context: Context,
    results: Sequence[ScriptResult],
    limits: Sequence[Limit] = (),
    *,
    by_the_second: bool,
) -> Decision | None:
    """
    What scripts whose reading is known have just decided on a request that `limits` let pass; None where it does not hold
    beyond it.
    """
    effects, now, target = context.effects, context.now_s, context.request.target
    until = min(context.holds_until, int(now) + 1 - _ROUNDING_S) if by_the_second else context.holds_until
    if until <= now or context.leases or effects.waiting or effects.delay_s:
        return None
    size = _BASE_BYTES + 2 * len(target) + sum(map(_text_bytes, effects.__dict__.values()))
    size += sum(_LIMIT_BYTES + len(limit.key) for limit in limits)
    return Decision(target, effects, results, limits, now, until, size)


def _text_bytes(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, list | tuple):
        return 64 + sum(map(_text_bytes, value))
    return 0


class Worth:
    """
    Whether it is worth looking for decisions about a site: after so many misses with few hits among them it rests for a while.

    A miss costs about a microsecond, taking a decision up some ten, and a hit saves what a script takes: 3 to 12.
    """

    __slots__ = ("_before", "_misses", "recalled", "rest")

    def __init__(self) -> None:
        self.recalled = 0
        """How often a decision was there."""
        self.rest = 0
        """Requests for which nothing is looked for; whoever lets one pass counts it down."""
        self._misses = -_FIRST_TRIAL
        self._before = 0

    def miss(self) -> None:
        """Nothing was there."""
        self._misses += 1
        if self._misses == _TRIAL:
            if self.recalled - self._before < _TRIAL // 4:
                self.rest = _REST
            self._misses, self._before = 0, self.recalled


class Table:
    """Decisions by how heads begin (`begun_as`), for requests that agree in `key`: the served site and what its scripts read."""

    __slots__ = ("elder", "is_known", "kept", "key", "salt", "size_bytes", "worth")

    def __init__(self, key: tuple[Any, ...], worth: Worth) -> None:
        self.key = key
        self.worth = worth
        """Of its site."""
        self.kept: dict[bytes, Decision] = {}
        self.elder: dict[bytes, Decision] = {}
        """Those not asked for since the last change of generations."""
        self.is_known = False
        """The memory has it: nothing is put into one it has not."""
        self.salt = hash(key)
        self.size_bytes = _BASE_BYTES + _text_bytes(key)


class Memory:
    """The decisions of a worker, at most `max_bytes` of them by a cautious reckoning; 0 for none."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._worths: list[Worth] = []
        """Of the sites that are served."""
        self._past = 0
        """What was recalled of others."""
        self._tables: dict[tuple[Any, ...], Table] = {}
        self._young_bytes = self._elder_bytes = 0
        self._seen = bytearray(_SLOTS)

    @property
    def recalled(self) -> int:
        """How often a decision was there."""
        return self._past + sum(worth.recalled for worth in self._worths)

    def worth(self) -> Worth:
        """That of a site that is served from now on."""
        worth = Worth()
        self._worths.append(worth)
        return worth

    @property
    def size_bytes(self) -> int:
        """About what is kept."""
        return self._young_bytes + self._elder_bytes

    def __len__(self) -> int:
        return sum(len(table.kept) + len(table.elder) for table in self._tables.values())

    def forget(self) -> None:
        """Begin with nothing."""
        for table in self._tables.values():
            table.is_known = False
            table.kept, table.elder = {}, {}
        self._tables = {}
        self._young_bytes = self._elder_bytes = 0
        self._past, self._worths = self.recalled, []

    def table(self, key: tuple[Any, ...], worth: Worth) -> Table:
        """That of `key`; an empty one, not kept yet, where there is none."""
        return self._tables.get(key) or Table(key, worth)

    def missed(self, table: Table, begun: bytes, now: float) -> Decision | bool:
        """
        What to do about requests that have `begun` so, without a young decision that holds: an elder one, or whether what is decided now is to be
        kept. `table` is one that `current` gave.
        """
        decision = table.elder.pop(begun, None)
        if decision is not None:
            self._elder_bytes -= decision.size_bytes
            if decision.since <= now < decision.until:
                self._put(table, begun, decision)
                return decision
            return True
        decision = table.kept.get(begun)
        if decision is not None:  # it holds no more, or the table has just been found
            return decision if decision.since <= now < decision.until else True
        table.worth.miss()
        mark = hash(begun) ^ table.salt
        slot, octet = mark & (_SLOTS - 1), mark >> 16 & 255
        if self._seen[slot] == octet:
            return True
        self._seen[slot] = octet
        return False

    def current(self, table: Table) -> Table:
        """The table in whose place another may have come since it was found."""
        return table if table.is_known else self.table(table.key, table.worth)

    def keep(self, table: Table, decision: Decision) -> None:
        """Take up a decision. `table` is one that `current` gave."""
        if decision.size_bytes + table.size_bytes <= MAX_DECISION_BYTES:
            self._put(table, begun_as(decision.target), decision)

    def _put(self, table: Table, begun: bytes, decision: Decision) -> None:
        if not table.is_known:
            table.is_known = True
            self._tables[table.key] = table
        before = table.kept.get(begun)
        # The values of a key are paid for by the first decision of each generation.
        freed = before.size_bytes if before is not None else 0 if table.kept else -table.size_bytes
        table.kept[begun] = decision
        self._young_bytes += decision.size_bytes - freed
        if 2 * self._young_bytes > self.max_bytes:
            self._age()

    def _age(self) -> None:
        """Drop the elder generation; the younger one takes its place."""
        kept = {}
        for key, table in self._tables.items():
            table.elder, table.kept = table.kept, {}
            if table.elder:
                kept[key] = table
            else:
                table.is_known = False
        self._tables = kept
        self._elder_bytes, self._young_bytes = self._young_bytes, 0
