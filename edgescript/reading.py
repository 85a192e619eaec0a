"""
What a script's outcome depends on, found in its verified code before any run.

Every call of a builtin and every built-in variable reads what its declaration says (`edgescript.reads`), on any path, taken
or not. A name that is a constant in the code is read alone, any other stands for all there are. One use of something
undeclared, and nothing is known of the whole.

The time has a rule of its own, for scripts that ask whether something has expired would else depend on every instant. Where
the result of a clock builtin goes nowhere but into comparisons, through variables and functions of the script, the outcome
cannot change before the clock has reached the other side of one. Which values may be the time is worked out without regard
to the order of statements: variables and parameters are marked until no more are. The comparisons in question are bound to
bodies that note the other side (`Context.compare_time`); where both sides may be the time, or a marked value is used in
any other way, the outcome depends on it as on any fact.

Costs one pass over the code, and a script that asks for the time some more, at most `MAX_PASSES`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from edgescript.builtins import Builtin
from edgescript.compiling.opcodes import Op, stack_effect
from edgescript.compiling.verify import Body, Linked
from edgescript.context import ROUNDING_S, Context
from edgescript.reads import NAMED, NAMING, Part, Reads
from edgescript.request import Request, field_key

MAX_PASSES: Final = 8
"""A value goes through few variables and functions before it is compared; each pass follows it through all in order."""
MAX_PARTS: Final = 32
"""Named fields and cookies told apart; scripts that read more depend on all."""

_NO_VALUES: Final = frozenset({Part.TARGET, Part.SECOND, Part.LIMIT})
"""Parts that are compared in another way."""
Fact = tuple[Part, str]
"""A part, and its name where it has one; '' is every name."""


class Reading(NamedTuple):
    """What an outcome depends on, beside the text of the scripts and their site."""

    facts: frozenset[Fact] = frozenset()

    def joined(self, other: "Reading | None") -> "Reading | None":
        """Of two scripts that both run."""
        return None if other is None else Reading(self.facts | other.facts)

    @property
    def by_the_second(self) -> bool:
        """The outcome may be another one in the next second."""
        return (Part.SECOND, "") in self.facts

    @property
    def asks_limits(self) -> bool:
        """Limits are asked: the outcome holds while they let requests pass."""
        return (Part.LIMIT, "") in self.facts

    def reader(self) -> Callable[[Request], tuple[Any, ...]]:
        """What gives the values of a request that the outcome depends on, its target, the time and limits aside."""
        readers = [
            _reader(part, name)
            for part, name in sorted(self.facts, key=lambda fact: (fact[0].value, fact[1]))
            if part not in _NO_VALUES
        ]
        return lambda request: tuple([read(request) for read in readers])


def _reader(part: Part, name: str) -> Callable[[Request], Any]:
    if part not in NAMED:
        return lambda request: getattr(request, part.value)
    if part is Part.HEADER:
        return (
            (lambda request: request.headers.get(name)) if name else (lambda request: request.headers.pairs)
        )
    if not name:
        return lambda request: tuple(request.headers.get_all("cookie"))
    if "_" not in name:
        return lambda request: request.cookies.get(name)
    spelled = name.replace("-", "_")  # where no cookie has the very name, `_` stands for `-` (U-10)
    return lambda request: (request.cookies.get(name), request.identified_cookies.get(spelled))


class Understood(NamedTuple):
    """A program's reading, None when its outcome depends on what cannot be told, and the program to be run for it."""

    reading: Reading | None
    linked: Linked


def understand(linked: Linked) -> Understood:
    """Linear in the size of the code."""
    facts = _stated(linked)
    if facts is None:
        return Understood(None, linked)
    times = _Times(linked) if any(_tells_time(builtin) for builtin in linked.builtins) else None
    if times is not None:
        if not times.follow():
            return Understood(None, linked)
        facts |= times.used
    if (Part.MILLISECOND, "") in facts:
        return Understood(None, linked)
    reading = Reading(_few(facts))
    return Understood(reading, linked if times is None else times.bound())


def _few(facts: set[Fact]) -> frozenset[Fact]:
    """The facts; with many names of a part, all of that part."""
    for part in NAMED:
        named = {fact for fact in facts if fact[0] is part}
        if len(named) > MAX_PARTS or (part, "") in named:
            facts = facts - named | {(part, "")}
    return frozenset(facts)


def _stated(linked: Linked) -> set[Fact] | None:
    """What the declarations of all that the code uses say, but for the time where it is told; None for anything."""
    declared: list[tuple[Reads, str]] = [
        (variable.reads, suffix if variable.prefixed else "") for variable, suffix in linked.variables
    ]
    declared += [
        (() if _tells_time(builtin) else builtin.reads, "")
        for builtin in linked.builtins
        if not _is_named(builtin)
    ]
    declared += _named_calls(linked)
    facts: set[Fact] = set()
    for reads, name in declared:
        if reads is None:
            return None
        for each in reads:
            part, fixed = (each, name) if isinstance(each, Part) else each
            facts.add((part, _folded(part, fixed)))
    return facts


def _folded(part: Part, name: str) -> str:
    if part not in NAMED:
        return ""
    return field_key(name) if part is Part.HEADER else name


def _is_named(builtin: Builtin) -> bool:
    return builtin.reads is not None and not NAMED.isdisjoint(
        each for each in builtin.reads if isinstance(each, Part)
    )


def _tells_time(builtin: Builtin) -> bool:
    return builtin.reads is not None and Part.TIME in builtin.reads


def _named_calls(linked: Linked) -> Iterable[tuple[Reads, str]]:
    """For each call of a builtin that reads by name: what, and under which name, '' for one that is known only in a run."""
    if not any(map(_is_named, linked.builtins)):
        return
    for body in linked.bodies:
        for at, (op, index, count) in enumerate(body.instructions):
            builtin = linked.builtins[index] if op == Op.CALL else None
            if builtin is not None and _is_named(builtin):
                yield builtin.reads, _name_at(linked, body, at, builtin, count)


def _name_at(linked: Linked, body: Body, at: int, builtin: Builtin, count: int) -> str:
    """
    The constant that the call at `at` has for a name. Only one pushed right there is found: by the instruction that stands
    as many before the call as there are arguments, all of which are constants from there on.
    """
    wanted = next(index for index, param in enumerate(builtin.params) if param.name == NAMING)
    pushed = body.instructions[max(at - count + wanted, 0) : at] if count <= at else ()
    if len(pushed) != count - wanted or any(op != Op.CONST for op, _, _ in pushed):
        return ""
    name = linked.constants[pushed[0][1]]
    return name if isinstance(name, str) else ""


@dataclass(slots=True)
class _Value:
    """What may be on the stack: the time, as exact as `exact` says."""

    exact: frozenset[Part] = frozenset()


_PLAIN: Final = _Value()


class _Times:
    """Follows the results of clock builtins through the code."""

    def __init__(self, linked: Linked) -> None:
        self._linked = linked
        self._marked: dict[tuple[int, int], frozenset[Part]] = {}
        """Variables that may hold the time: by body and slot, those of the script under -1, the result of a body under its slot -1."""
        self._grew = False
        self._as_values = {
            index for body in linked.bodies for op, index, _ in body.instructions if op == Op.FUNCTION
        }
        """Functions that builtins call, who then see their results."""
        self.used: set[Fact] = set()
        """How exact the time counts where more than comparisons see it."""
        self._compared: dict[tuple[int, int], int] = {}
        """Comparisons with the time, by body and instruction: which argument may be it."""

    def follow(self) -> bool:
        """Whether all was followed to its end."""
        for _ in range(MAX_PASSES):
            self._grew = False
            for number, body in enumerate(self._linked.bodies):
                self._walk(number, body)
            if not self._grew:
                return True
        return False

    def bound(self) -> Linked:
        """The program with comparisons that note what the time is compared with."""
        linked = self._linked
        builtins = list(linked.builtins)
        places: dict[tuple[int, int], int] = {}
        bodies = list(linked.bodies)
        for (number, at), argument in self._compared.items():
            op, index, count = bodies[number].instructions[at]
            place = places.get((index, argument))
            if place is None:
                place = places[index, argument] = len(builtins)
                builtins.append(_noting(linked.builtins[index], argument))
            instructions = list(bodies[number].instructions)
            instructions[at] = (op, place, count)
            bodies[number] = replace(bodies[number], instructions=tuple(instructions))
        return replace(linked, builtins=tuple(builtins), bodies=tuple(bodies))

    def _mark(self, where: tuple[int, int], value: _Value) -> None:
        if value.exact:
            before = self._marked.get(where, frozenset())
            if not value.exact <= before:
                self._marked[where] = before | value.exact
                self._grew = True

    def _read(self, where: tuple[int, int]) -> _Value:
        exact = self._marked.get(where)
        return _PLAIN if exact is None else _Value(exact)

    def _use(self, values: Iterable[_Value]) -> None:
        for value in values:
            self.used |= {(part, "") for part in value.exact}

    def _walk(self, number: int, body: Body) -> None:
        """One body, with the stack as the verifier has proven it to be."""
        stack: list[_Value] = []
        blocks: list[tuple[int, int]] = []
        for at, (op, a, b) in enumerate(body.instructions):
            if op == Op.END:
                opener, base = blocks.pop()
                del stack[base:]
                if opener in (Op.AND, Op.OR):
                    stack.append(_PLAIN)
                continue
            if op == Op.ELSE:
                del stack[blocks[-1][1] :]
                continue
            popped, pushed = stack_effect(Op(op), a, b)
            if popped > len(stack):  # after a RETURN, where nothing runs
                stack += [_PLAIN] * (popped - len(stack))
            taken = stack[len(stack) - popped :]
            del stack[len(stack) - popped :]
            if op in _OPENERS:
                blocks.append((op, len(stack)))
            result = self._step(number, at, (op, a, b), taken)
            stack += [result] * pushed

    def _step(self, number: int, at: int, instruction: tuple[int, int, int], taken: list[_Value]) -> _Value:
        """What the instruction at `at` makes of the values it takes."""
        op, a, _ = instruction
        if op == Op.LOCAL:
            return self._read((number, a))
        if op == Op.GLOBAL:
            return self._read((-1, a))
        if op == Op.SET_LOCAL:
            self._mark((number, a), taken[0])
        elif op == Op.SET_GLOBAL:
            self._mark((-1, a), taken[0])
        elif op == Op.RETURN:
            self._mark((number, -1), taken[0])
            if number in self._as_values:
                self._use(taken)
        elif op == Op.INVOKE:
            for slot, value in enumerate(taken):
                self._mark((a, slot), value)
            return self._read((a, -1))
        elif op == Op.CALL:
            return self._call(number, at, self._linked.builtins[a], taken)
        elif op in (Op.ARRAY, Op.DICT, Op.EACH):
            self._use(taken)
        return _PLAIN  # of a number, IF, AND, OR and BOOL see that it is one, and that is no news

    def _call(self, number: int, at: int, builtin: Builtin, taken: list[_Value]) -> _Value:
        if _tells_time(builtin):
            assert builtin.reads is not None
            return _Value(frozenset(each for each in builtin.reads if isinstance(each, Part)) - {Part.TIME})
        times = [index for index, value in enumerate(taken) if value.exact]
        if times and (not builtin.ordering or len(times) > 1):
            self._use(taken)
        elif times:
            self._compared[number, at] = times[0]
        return _PLAIN


_OPENERS: Final = frozenset({int(op) for op in (Op.IF, Op.AND, Op.OR, Op.EACH)})


def _noting(builtin: Builtin, argument: int) -> Builtin:
    """A comparison whose `argument` may be the time, and which notes with what it is compared."""
    body = builtin.body

    def compare(ctx: Context, time_s: Any, other: Any) -> Any:
        # What `compare_time` does, but for equal and odd ones: nearly always it is an expiry to come, some time ahead.
        if time_s.__class__ is float and other.__class__ is int and time_s < other:
            ctx.holds_until = min(ctx.holds_until, other - ROUNDING_S)
        else:
            ctx.compare_time(time_s, other)
        return body(time_s, other)

    def compare_behind(ctx: Context, first: Any, second: Any) -> Any:
        ctx.compare_time(second, first)
        return body(first, second)

    noting = compare_behind if argument else compare
    return replace(builtin, body=noting, takes_run=True, inline=(), specialisers=[])
