"""
The automaton a backtracking matcher walks: places in the pattern where a byte is wanted, and the ways between them.

Built so that each way through the pattern is one path: nothing is merged, and bounded repeats are written out. A
repeat too large to write out is taken as one without end, which has more paths, never fewer; what lies behind it is
then not `sure`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from edgescript.regex.tree import (
    ALL_BYTES,
    NEWLINE,
    At,
    Atomic,
    Chars,
    Choice,
    Group,
    Look,
    Node,
    Place,
    Repeat,
    Sequence,
    count_states,
    has,
    is_plain,
    min_width,
)

MAX_STATES: Final = 2000
MAX_COPIES: Final = 64
"""States one bounded repeat may be written out to; SHA-256 in hexadecimal just fits."""
MAX_WALK: Final = 10_000
"""Steps from one byte to the next ones wanted, where ways may multiply."""

ACCEPT: Final = -1
"""The pattern is matched here."""
ACCEPT_AT_END: Final = -2
"""The pattern is matched if the text ends here."""

_AFTER_END: Final = {At.FINAL_END: NEWLINE, At.TEXT_END: 0}
"""What bytes can still come after the place."""

Entry = tuple[int, bool]
"""A state that wants a byte (or an accept), and whether the way there exists for sure: no place was passed by faith."""


class Unproven(Exception):  # noqa: N818 - an answer, not an error: the pattern goes to the other engine
    """The proof does not go through; the reason."""


class Prices(NamedTuple):
    """What passing a state costs a matcher, by what the state is. The proof takes all for one step."""

    byte: int = 1
    """One byte, any, or any but one."""
    several: int = 1
    """Another set of bytes."""
    counted: int = 1
    """A set of bytes that is repeated."""
    place: int = 1
    choice: int = 1
    arm: int = 0
    look: int = 1
    """Besides what is looked at."""
    option: int = 1
    """A bounded repeat, for each of its rounds."""
    loop: int = 1
    """A round of a repeat without end."""
    marks: int = 0
    """Besides, for a round of either with a group in it."""
    ready: int = 1
    """Either, where it is of a set, and what follows is a byte or the end of the pattern."""
    tried: int = 1
    """The same where anything else follows."""


STEPS: Final = Prices()


@dataclass(slots=True)
class _State:
    """Wants a byte of `mask` and goes to `ways[0]`; or, with `mask` 0, goes each of `ways` in order of priority."""

    mask: int = 0
    ways: list[int] = field(default_factory=list)
    at: At | None = None
    accepts: bool = False
    doubt: bool = False
    steps: int = 1
    """What passing it costs the matcher."""


class Automaton:
    """
    States of a tree. `look_work` gives the steps a look-around takes.

    Raises Unproven when it is too large or repeats without end what may be empty.
    """

    def __init__(
        self,
        tree: Node,
        look_work: Callable[[Look], int],
        *,
        max_states: int = MAX_STATES,
        prices: Prices = STEPS,
    ) -> None:
        self._prices = prices
        self._states = [_State(accepts=True)]
        self._look_work = look_work
        self._max_states = max_states
        self._walks: dict[tuple[int, bool], tuple[tuple[Entry, ...], int]] = {}
        self.start = self._build(tree, 0)

    def mask(self, state: int) -> int:
        return self._states[state].mask

    def after(self, state: int) -> tuple[Entry, ...]:
        """Where a byte taken at `state` leads, in order of priority, each way once."""
        return self.entries(self._states[state].ways[0], at_start=False)

    def work_after(self, state: int) -> int:
        """The steps from a byte taken at `state` to the next ones wanted."""
        return self.work(self._states[state].ways[0])

    def entries(self, state: int, *, at_start: bool) -> tuple[Entry, ...]:
        """The states that want a byte, and accepts, reachable from `state` without one. Raises Unproven."""
        return self._walk(state, at_start)[0]

    def work(self, state: int) -> int:
        """The steps to all `entries`."""
        return self._walk(state, False)[1]

    def _walk(self, start: int, at_start: bool) -> tuple[tuple[Entry, ...], int]:
        known = self._walks.get((start, at_start))
        if known is not None:
            return known
        out: list[Entry] = []
        # A stack, not recursion: written-out repeats make chains as long as MAX_STATES.
        stack = [(start, True, ALL_BYTES)]
        steps = 0
        while stack:
            number, sure, possible = stack.pop()
            state = self._states[number]
            steps += state.steps
            if steps > MAX_WALK:
                raise Unproven("the ways from one byte to the next are too many")
            if state.accepts:
                out.append((ACCEPT if possible == ALL_BYTES else ACCEPT_AT_END, sure))
            elif state.mask:
                if state.mask & possible:
                    out.append((number, sure and possible == ALL_BYTES))
            elif state.at is At.TEXT_START:
                if at_start:
                    stack.append((state.ways[0], sure, possible))
            elif state.at in _AFTER_END:
                stack.append((state.ways[0], sure, possible & _AFTER_END[state.at]))
            else:
                sure = sure and not state.doubt and state.at is None
                stack += [(way, sure, possible) for way in reversed(state.ways)]
        walk = self._walks[start, at_start] = tuple(out), steps
        return walk

    def _add(self, state: _State) -> int:
        if len(self._states) >= self._max_states:
            raise Unproven("the pattern is too large for the proof")
        self._states.append(state)
        return len(self._states) - 1

    def _build(self, node: Node, then: int) -> int:
        """The state where `node` begins, with `then` after it."""
        prices = self._prices
        match node:
            case Chars(0):
                return self._add(_State())
            case Chars(mask):
                steps = prices.byte if is_plain(mask) else prices.several
                return self._add(_State(mask, [then], steps=steps))
            case Place(at):
                return self._add(_State(ways=[then], at=at, steps=prices.place))
            case Sequence(items):
                for item in reversed(items):
                    then = self._build(item, then)
                return then
            case Choice(arms):
                steps = prices.choice + prices.arm * len(arms)
                return self._add(_State(ways=[self._build(arm, then) for arm in arms], steps=steps))
            case Group() | Atomic():
                return self._build(node.body, then)
            case Look():
                return self._add(_State(ways=[then], doubt=True, steps=prices.look + self._look_work(node)))
            case Repeat():
                return self._repeat(node, then)

    def _repeat(self, node: Repeat, then: int) -> int:
        high = node.high
        copies = node.low if high is None else high
        if copies > 1 and copies * count_states(node.body) > MAX_COPIES:
            # More paths than there are: any count, with doubt behind it.
            then = self._add(_State(ways=[then], doubt=True))
            return self._loop(node, then)
        entry = then
        if high is None:
            entry = self._loop(node, then)
        else:
            steps = self._round(node, then, self._prices.option)
            for _ in range(high - node.low):
                once = self._once(node.body, entry)
                ways = [then, once] if node.mode == "lazy" else [once, then]
                entry = self._add(_State(ways=ways, steps=steps))
        for _ in range(node.low):
            entry = self._once(node.body, entry)
        return entry

    def _once(self, body: Node, then: int) -> int:
        if isinstance(body, Chars) and body.mask:
            steps = self._prices.byte if is_plain(body.mask) else self._prices.counted
            return self._add(_State(body.mask, [then], steps=steps))
        return self._build(body, then)

    def _round(self, node: Repeat, then: int, otherwise: int) -> int:
        """What a round costs."""
        if not isinstance(node.body, Chars):
            return otherwise + (self._prices.marks if has(node.body, Group) else 0)
        following = self._states[then]
        is_ready = following.accepts or is_plain(following.mask)
        return self._prices.ready if is_ready and node.mode != "lazy" else self._prices.tried

    def _loop(self, node: Repeat, then: int) -> int:
        if min_width(node.body) == 0:
            raise Unproven("something that may be empty is repeated without end")
        state = _State(steps=self._round(node, then, self._prices.loop))
        entry = self._add(state)
        once = self._once(node.body, entry)
        state.ways = [then, once] if node.mode == "lazy" else [once, then]
        return entry
