"""
A script gone through with bounds in place of values: what its dearest run can spend.

Verified code is walked block by block, with a `State` for what is known. Both arms of an `if` are walked and joined;
of ways that meet, the dearer one's fuel is kept. A loop's body is walked once if it leaves what is known as it was; a
short one whose variables grow is walked round by round; in any other, what grows is taken to be as large as the
limits of a run allow. A custom function is walked at each of its calls. All of it is repeated until nothing new is
learnt of dictionaries.

What has no bound of its own is bounded by the limits of a run: recursion by `calls`, loops inside each other by
`total_loop_rounds`. Such bodies are paid for in one lump, the limit times the dearest of them, outside the way.

A script that takes too many steps is gone through once more with nothing known (`coarse`), which takes one step an
instruction.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from edgescript import typeset
from edgescript.bounds import InputBounds
from edgescript.compiling.opcodes import SEGMENT_BORDERS, Op
from edgescript.compiling.verify import Body, Linked
from edgescript.costing import shapes
from edgescript.costing.calls import Call
from edgescript.costing.inputs import shape_of
from edgescript.costing.shapes import Heap, Shape, Site, join
from edgescript.costing.spent import NONE_SPENT, Spent, dearer
from edgescript.costing.state import Ends, State, merge, widened
from edgescript.meter import Limits

MAX_STEPS: Final = 40_000
"""Instructions walked before the coarse way is taken, besides twenty for each that there is: a fifth of a second."""
_STEPS_AN_INSTRUCTION: Final = 20
_MAX_DEPTH: Final = 120
"""Calls inside each other that are followed, well within Python's own bound on recursion."""
_UNROLLED_ROUNDS: Final = 64
_UNROLLED_STEPS: Final = 4_000
_ATTEMPTS: Final = 15
_ATTEMPTS_BEFORE_WIDENING: Final = 2
"""Variables of a body that take each other's values settle within these; what then still grows, grows every round."""
_PASSES_BEFORE_WIDENING: Final = 3
_MAX_PASSES: Final = 30
_EVERY_SITE: Final = -1

Rounds = tuple[int, str]
"""How often a loop or callback runs at most, and the limit that says so, or ''."""


class TooManyStepsError(Exception):
    """The script is too involved to be walked with care."""


class Analysis:
    """One script under way. `path`, `lumps`, `loops` and `rests` are the answer after `run`."""

    def __init__(self, linked: Linked, limits: Limits, inputs: InputBounds, *, coarse: bool) -> None:
        self.linked = linked
        self.limits = limits
        self.inputs = inputs
        self.coarse = coarse
        self.heap = Heap(limits.dictionary_entries, limits.value_bytes)
        self.functions = frozenset(range(1, len(linked.bodies)))
        self.charges: dict[int, list[tuple[tuple[int, str, int], ...]]] = {}
        self.recursive: set[int] = set()
        self.steps = 0
        size = sum(len(body.instructions) for body in linked.bodies)
        self.max_steps = size * _STEPS_AN_INSTRUCTION + MAX_STEPS
        self.path = NONE_SPENT
        self.least = 0
        self._begin_pass()
        if coarse:
            every = Site(limits.dictionary_entries, 0)
            self.heap.sites[_EVERY_SITE] = every
            every.keys = every.values = self.anything()

    def _begin_pass(self) -> None:
        self.times = 1
        self.active: list[int] = []
        self.walked: set[int] = set()
        self.put_off: list[int] = []
        self.ends = Ends()
        self.lumps: dict[str, Spent] = {}
        self.loops: dict[tuple[int, str], Rounds] = {}
        self.rests: set[str] = set()

    def run(self) -> None:
        """Go through the script. Raises TooManyStepsError, though never when coarse."""
        for number in range(_MAX_PASSES):
            self.heap.changed = False
            self.heap.widening = number >= _PASSES_BEFORE_WIDENING
            self._begin_pass()
            self._main()
            self.heap.end_pass()
            if not self.heap.changed:
                return
        raise TooManyStepsError

    def _main(self) -> None:
        state = State([shapes.UNDEF] * self.linked.globals, [], [])
        self.block(0, state, 0, len(self.linked.bodies[0].instructions))
        ends = self.ends
        self.path = ends.dearest(NONE_SPENT)
        self._walk_put_off()
        least = [] if ends.least is None else [ends.least]
        self.least = min(least + ([] if ends.returned is None else [ends.returned.least]), default=0)

    def anything(self) -> Shape:
        """What any value may be."""
        sites = frozenset((_EVERY_SITE,) if self.coarse else self.heap.sites)
        return Shape(typeset.ANY, self.limits.value_bytes, sites, self.functions)

    # Blocks

    def block(self, index: int, state: State, at: int, end: int) -> State | None:
        """The state after the instructions of a body from `at` to before `end`; None if no way leads there."""
        body = self.linked.bodies[index]
        charges = self._charges(index)
        while at < end:
            self.steps += 1
            if self.steps > self.max_steps and not self.coarse:
                raise TooManyStepsError
            for line, what, units in charges[at]:
                state.spent = state.spent.add(line, what, units)
            state.least += body.fuel[at]
            op, a, b = body.instructions[at]
            following: State | None
            if op == Op.IF:
                following, at = self._if(index, body, state, at)
            elif op in {Op.AND, Op.OR}:
                following, at = self._shortcut(index, body, state, at, op)
            elif op == Op.EACH:
                following, at = self._each(index, body, state, at)
            else:
                following = self._plain(index, body, state, at, op, a, b)
            if following is None:
                return None
            state = following
            at += 1
        return state

    def _charges(self, index: int) -> list[tuple[tuple[int, str, int], ...]]:
        """For each instruction that begins a segment, the segment's fuel by line and builtin."""
        known = self.charges.get(index)
        if known is not None:
            return known
        body = self.linked.bodies[index]
        charges: list[tuple[tuple[int, str, int], ...]] = [()] * len(body.instructions)
        segment: Counter[tuple[int, str]] = Counter()
        start = 0
        for at, (number, a, _) in enumerate(body.instructions):
            op, line = Op(number), body.positions[at] >> 12
            segment[line, ""] += op.info.cost
            if op is Op.CALL:
                builtin = self.linked.builtins[a]
                segment[line, builtin.name] += builtin.cost.base
            if op in SEGMENT_BORDERS or at == len(body.instructions) - 1:
                charges[start] = tuple((*key, units) for key, units in segment.items())
                segment.clear()
                start = at + 1
        self.charges[index] = charges
        return charges

    def _if(self, index: int, body: Body, state: State, at: int) -> tuple[State | None, int]:
        condition = state.stack.pop()
        middle = body.partners[at]
        has_else = body.instructions[middle][0] == Op.ELSE
        close = body.partners[middle] if has_else else middle
        taken: State | None = None
        other: State | None = None
        if condition.types & ~typeset.FALSY:
            taken = self.block(index, state.copy(), at + 1, middle + has_else)
        if condition.types & typeset.FALSY:
            other = self.block(index, state, middle + 1, close) if has_else else state
        return merge(taken, other), close

    def _shortcut(self, index: int, body: Body, state: State, at: int, op: int) -> tuple[State | None, int]:
        left = state.stack.pop()
        close = body.partners[at]
        goes_on = ~typeset.FALSY if op == Op.AND else typeset.FALSY
        decided: State | None = None
        if left.types & ~goes_on:
            decided = state.copy()
            decided.stack.append(shapes.BOOLEAN)
        rest = self.block(index, state, at + 1, close) if left.types & goes_on else None
        return merge(decided, rest), close

    def _each(self, index: int, body: Body, state: State, at: int) -> tuple[State | None, int]:
        walked = state.stack.pop()
        close = body.partners[at]
        rounds = self._bounded(self.heap.entries(walked), "loop_rounds", "dictionary_entries")
        key, value = self.heap.keys(walked), self.heap.values(walked)

        def once(inner: State) -> State | None:
            inner.stack += (key, value)
            return self.block(index, inner, at + 1, close)

        line = body.positions[at] >> 12
        return self._repeat(state, rounds, "total_loop_rounds", once, (line, "for")), close

    def _bounded(self, rounds: int, limit: str, rests_on: str) -> Rounds:
        most: int = getattr(self.limits, limit)
        if rounds >= most:
            return most, limit
        return rounds, rests_on if rounds >= getattr(self.limits, rests_on) else ""

    # Repetition

    def _repeat(
        self,
        state: State,
        rounds: Rounds,
        total_limit: str,
        once: Callable[[State], State | None],
        place: tuple[int, str],
    ) -> State:
        """The state after up to so many rounds of `once`."""
        count, limit = rounds
        if count <= 0:
            self.loops.setdefault(place, (0, ""))
            return state
        times, ends, spent = self.times, self.ends, state.spent
        growth = dict(self.heap.growth)
        most: int = getattr(self.limits, total_limit)
        self.times = min(times * count, most)
        is_lump = times * count > most
        started = self.steps
        before = state
        for attempt in range(_ATTEMPTS):
            self.heap.growth = dict(growth)
            self.ends = Ends()
            before.spent = NONE_SPENT
            after = once(before.copy())
            joined = merge(before, after)
            assert joined is not None
            if before.knows_as_much_as(joined):
                break
            steps = self.steps - started
            if not attempt and not is_lump and count <= _UNROLLED_ROUNDS and steps * count <= _UNROLLED_STEPS:
                before.spent = spent
                self.times, self.ends, self.heap.growth = times, ends, growth
                self.loops[place] = max(self.loops.get(place, (0, "")), (count, limit))
                return self._unrolled(before, count, once)
            if attempt >= _ATTEMPTS_BEFORE_WIDENING:
                joined = widened(before, joined, self.limits.value_bytes)
                self.rests.add("value_bytes")
            before = joined
        else:
            raise TooManyStepsError
        dearest = self.ends.dearest(NONE_SPENT if after is None else after.spent)
        if is_lump:
            limit = total_limit
            self.lumps[total_limit] = dearer(self.lumps.get(total_limit, NONE_SPENT), dearest)
        if limit:
            self.rests.add(limit)
        self.loops[place] = max(self.loops.get(place, (0, "")), (count, limit))
        total = spent if is_lump else spent.repeat(dearest, count)
        before.spent = total
        self._pass_on(ends, total, before.least)
        self.times = times
        return before

    def _pass_on(self, ends: Ends, spent: Spent, least: int) -> None:
        """Add the ways out of a loop's body to those of what is around it, at the loop's whole cost."""
        inner, self.ends = self.ends, ends
        if inner.returned is not None:
            inner.returned.spent = spent
            inner.returned.least = least
            ends.returned = merge(ends.returned, inner.returned)
        if inner.ended is not None:
            ends.note_end(spent, least)

    def _unrolled(self, state: State, count: int, once: Callable[[State], State | None]) -> State:
        reached: State = state
        following: State | None = state
        for _ in range(count):
            if following is None:
                break
            following = once(following.copy())
            merged = merge(reached, following)
            assert merged is not None
            reached = merged
        return reached

    # Instructions without a block

    def _plain(self, index: int, body: Body, state: State, at: int, op: int, a: int, b: int) -> State | None:
        stack = state.stack
        if op == Op.CALL:
            return self._call(index, body, state, at, a, b)
        if op == Op.INVOKE:
            return self._invoke(a, _taken(stack, b), state)
        if op == Op.RETURN:
            self.ends.returned = merge(self.ends.returned, state)
            return None
        if op in {Op.SET_GLOBAL, Op.SET_LOCAL}:
            value = stack.pop()
            if not self.coarse:
                (state.globals if op == Op.SET_GLOBAL else state.local)[a] = value
        elif op == Op.ARRAY:
            stack.append(self._made(index, at, (), _taken(stack, a)))
        elif op == Op.DICT:
            values = _taken(stack, 2 * a)
            stack.append(self._made(index, at, values[::2], values[1::2]))
        elif op == Op.POP:
            stack.pop()
        elif op == Op.BOOL:
            stack[-1] = shapes.BOOLEAN
        elif op not in {Op.HIT, Op.ELSE, Op.END}:
            stack.append(self._loaded(state, op, a))
        return state

    def _loaded(self, state: State, op: int, a: int) -> Shape:
        """What CONST, UNDEF, TRUE, FALSE, LOCAL, GLOBAL, VARIABLE or FUNCTION pushes."""
        if op == Op.CONST:
            return shapes.of_constant(self.linked.constants[a])
        if op == Op.VARIABLE:
            return shape_of(self.linked.variables[a][0], self.inputs)
        if op == Op.FUNCTION:
            return Shape(typeset.FUNCTION, functions=frozenset((a,)))
        if op in {Op.LOCAL, Op.GLOBAL}:
            if self.coarse:
                return self.anything()
            return (state.local if op == Op.LOCAL else state.globals)[a]
        return Shape({Op.UNDEF: typeset.UNDEF, Op.TRUE: typeset.TRUE, Op.FALSE: typeset.FALSE}[Op(op)])

    def _made(self, index: int, at: int, keys: Sequence[Shape], values: Sequence[Shape]) -> Shape:
        if self.coarse:
            return self.anything()
        key, value = Shape(typeset.INT) if not keys else shapes.NOTHING, shapes.NOTHING
        for each in keys:
            key = join(key, each)
        for each in values:
            value = join(value, each)
        return self.heap.make(index << 20 | at, len(values), key, value)

    def _call(self, index: int, body: Body, state: State, at: int, a: int, count: int) -> State | None:
        builtin = self.linked.builtins[a]
        arguments = _taken(state.stack, count)
        call = Call(builtin, arguments, self.heap, self.limits, self.inputs, index << 20 | at)
        line = body.positions[at] >> 12
        units = call.fuel()
        state.spent = state.spent.add(line, builtin.name, units)
        if units:
            self._note_rests(arguments)
        if not self.coarse:
            call.change(self.times)
        strings = {
            builtin.param_at(number).name: shape.constant
            for number, shape in enumerate(arguments)
            if isinstance(shape.constant, str)
        }
        if builtin.surely_ends(strings):
            self.ends.note_end(state.spent, state.least)
            return None
        functions, calls = call.callbacks()
        if calls:
            state = self._call_back(call, functions.functions, calls, state, (line, builtin.name))
        if builtin.may_end:
            self.ends.note_end(state.spent, state.least)
        returned = call.returned()
        if self.coarse and returned.types & (typeset.TABLE | typeset.FUNCTION):
            returned = self.anything()
        state.stack.append(returned)
        return state

    def _note_rests(self, arguments: Sequence[Shape]) -> None:
        for shape in arguments:
            if shape.bytes >= self.limits.value_bytes:
                self.rests.add("value_bytes")
            if shape.sites and self.heap.entries(shape) >= self.limits.dictionary_entries:
                self.rests.add("dictionary_entries")

    # Custom functions

    def _call_back(
        self, call: Call, functions: frozenset[int], count: int, state: State, place: tuple[int, str]
    ) -> State:
        def once(inner: State) -> State | None:
            reached: State | None = None
            for function in sorted(functions):
                given = call.passed(self.linked.bodies[function].params)
                after = self._invoke(function, given, inner.copy())
                if after is not None:
                    after.stack.pop()
                reached = merge(reached, after)
            return reached

        return self._repeat(state, self._bounded(count, "calls", "calls"), "calls", once, place)

    def _invoke(self, function: int, arguments: list[Shape], state: State) -> State | None:
        """The state after a call, its value on the stack; None if it never comes back."""
        if self.coarse or function in self.recursive:
            return self._invoke_any(function, state)
        if function in self.active:
            self.recursive.update(self.active[self.active.index(function) :])
            self.heap.changed = True  # another pass is needed, which knows of the recursion
            return self._after_any(state)
        if len(self.active) > self.limits.call_depth:
            self.ends.note_end(state.spent, state.least)
            return None
        if len(self.active) > _MAX_DEPTH:
            raise TooManyStepsError
        body = self.linked.bodies[function]
        missing = [shapes.UNDEF] * (body.locals - len(arguments))
        inner = State(state.globals, arguments + missing, [], state.spent, state.least)
        ends, self.ends = self.ends, Ends()
        self.active.append(function)
        self.block(function, inner, 0, len(body.instructions))
        self.active.pop()
        own, self.ends = self.ends, ends
        if own.ended is not None:
            ends.note_end(own.ended, own.least or 0)
        after = own.returned
        if after is None:
            return None
        return State(after.globals, state.local, [*state.stack, *after.stack], after.spent, after.least)

    def _invoke_any(self, function: int, state: State) -> State:
        """Any number of calls of the function, up to the limit of calls, which pay for its body in one lump."""
        self.rests.add("calls")
        if function not in self.walked:
            self.walked.add(function)
            self.put_off.append(function)
        return self._after_any(state)

    def _walk_put_off(self) -> None:
        """The bodies that `_invoke_any` left, one after the other: a chain of calls may be as long as the script."""
        anything = self.anything()
        while self.put_off:
            function = self.put_off.pop()
            body = self.linked.bodies[function]
            inner = State([anything] * self.linked.globals, [anything] * body.locals, [])
            self.ends, self.times = Ends(), self.limits.calls
            self.block(function, inner, 0, len(body.instructions))
            dearest = self.ends.dearest(NONE_SPENT)
            self.lumps["calls"] = dearer(self.lumps.get("calls", NONE_SPENT), dearest)

    def _after_any(self, state: State) -> State:
        anything = self.anything()
        state.globals = [anything] * len(state.globals)
        state.stack.append(anything)
        self.ends.note_end(state.spent, state.least)
        return state


def _taken(stack: list[Shape], count: int) -> list[Shape]:
    start = len(stack) - count
    taken = stack[start:]
    del stack[start:]
    return taken
