"""
The interpreter: the reference for what Code means. A table has one small function for each operation of `opcodes.py`.

It takes Linked only, so it checks nothing that verification has proven. It is the tier that can be watched: a `Tracer`
sees lines, branches and calls. A fault gets its place in the innermost body it passes through.
"""

from collections.abc import Callable, Iterator
from typing import Final, Protocol

from edgescript import calls
from edgescript.compiling.code import unpack_position
from edgescript.compiling.opcodes import Op
from edgescript.compiling.verify import Body, Linked
from edgescript.context import Context
from edgescript.faults import Ended, ScriptFault
from edgescript.types import Function, Value, is_truthy


class Tracer(Protocol):
    """Watches a run. Lines and columns count from 1."""

    def monotonic(self) -> float:
        """Seconds, for the elapsed time of calls."""
        ...

    def line(self, line: int, /) -> None:
        """Control came to `line`, from another line of the body or from outside the body."""
        ...

    def branch(self, line: int, column: int, taken: bool, /) -> None:
        """The `if` at the place was decided."""
        ...

    def assign(self, line: int, name: str, value: Value, /) -> None:
        """A variable was given a value."""
        ...

    def call(self, line: int, name: str, arguments: list[Value], result: Value, elapsed_s: float, /) -> None:
        """A builtin has returned. `arguments` are those its body took; one that faults is not reported."""
        ...


def interpret(
    linked: Linked, context: Context, tracer: Tracer | None = None, variables: list[Value] | None = None
) -> bool:
    """
    Whether the script hit: what it returned if that is a boolean, else whether HIT was executed (U-24).

    Effects are in `context`. `variables` are the script's own by slot: what they are before, those missing being undef,
    and in the same list afterwards, also after a fault. Raises ScriptFault.
    """
    run = _Run(linked, context, tracer, variables)
    try:
        result = _Frame(run, linked.bodies[0], []).execute()
    except Ended:
        return run.hit
    return result if type(result) is bool else run.hit


class _Run:
    """What the bodies of a run share."""

    def __init__(
        self, linked: Linked, context: Context, tracer: Tracer | None, variables: list[Value] | None
    ) -> None:
        self.linked = linked
        self.context = context
        self.tracer = tracer
        self.globals: list[Value] = [] if variables is None else variables
        self.globals += [None] * (linked.globals - len(self.globals))
        self.hit = False
        self.functions = [self._function(body) for body in linked.bodies]

    def _function(self, body: Body) -> Function:
        def call(*arguments: Value) -> Value:
            frame = _Frame(self, body, [*arguments, *[None] * (body.locals - body.params)])
            return frame.execute(counted=True)

        return Function(body.name, body.params, call)


class _Frame:
    """A body under way. `at` is the index of the instruction that is being executed."""

    def __init__(self, run: _Run, body: Body, local: list[Value]) -> None:
        self.run = run
        self.context = run.context
        self.body = body
        self.local = local
        self.stack: list[Value] = []
        self.loops: list[Iterator[tuple[Value, Value]]] = []
        self.at = 0
        self.line = 0

    def execute(self, *, counted: bool = False) -> Value:
        """The value of the body's RETURN; `counted` as a call of a custom function."""
        try:
            if counted:
                self.context.enter_call()
            while self.at >= 0:
                self._step()
            if counted:
                self.context.leave_call()
        except ScriptFault as fault:
            if not fault.line:
                fault.line, fault.column = self.place()
            raise
        except Ended:
            raise
        except Exception as error:
            raise calls.unexpected(error, self.place()) from error
        return self.stack.pop()

    def _step(self) -> None:
        at = self.at
        units = self.body.fuel[at]
        if units:
            self.context.charge(units)
        if self.run.tracer is not None:
            self._trace_line(self.run.tracer)
        op, a, b = self.body.instructions[at]
        following = _OPERATIONS[op](self, a, b)
        self.at = at + 1 if following is None else following

    def _trace_line(self, tracer: Tracer) -> None:
        line, _ = self.place()
        if line != self.line:
            self.line = line
            tracer.line(line)

    def place(self) -> tuple[int, int]:
        """Line and column of the instruction that is being executed."""
        return unpack_position(self.body.positions[self.at])

    def take(self, count: int) -> list[Value]:
        """The top `count` values, popped, in order of pushing."""
        start = len(self.stack) - count
        values = self.stack[start:]
        del self.stack[start:]
        return values

    def next_round(self, opener: int) -> int:
        """The first instruction of the loop's next round, or the one after the loop."""
        for key, value in self.loops[-1]:
            self.stack.append(key)
            self.stack.append(value)
            return opener + 1
        self.loops.pop()
        return self.body.partners[opener] + 1


_Operation = Callable[[_Frame, int, int], int | None]
"""Executes one instruction with operands a and b; the index of the next one when that is not the following."""

_OPERATIONS: Final[dict[int, _Operation]] = {}


def _operation(op: Op) -> Callable[[_Operation], _Operation]:
    def enter(function: _Operation) -> _Operation:
        _OPERATIONS[int(op)] = function
        return function

    return enter


@_operation(Op.CONST)
def _const(frame: _Frame, index: int, _b: int) -> None:
    frame.stack.append(frame.run.linked.constants[index])


@_operation(Op.UNDEF)
def _undef(frame: _Frame, _a: int, _b: int) -> None:
    frame.stack.append(None)


@_operation(Op.TRUE)
def _true(frame: _Frame, _a: int, _b: int) -> None:
    frame.stack.append(True)


@_operation(Op.FALSE)
def _false(frame: _Frame, _a: int, _b: int) -> None:
    frame.stack.append(False)


@_operation(Op.LOCAL)
def _local(frame: _Frame, slot: int, _b: int) -> None:
    frame.stack.append(frame.local[slot])


@_operation(Op.SET_LOCAL)
def _set_local(frame: _Frame, slot: int, _b: int) -> None:
    value = frame.local[slot] = frame.stack.pop()
    if frame.run.tracer is not None:
        frame.run.tracer.assign(frame.place()[0], frame.body.local_names[slot], value)


@_operation(Op.GLOBAL)
def _global(frame: _Frame, slot: int, _b: int) -> None:
    frame.stack.append(frame.run.globals[slot])


@_operation(Op.SET_GLOBAL)
def _set_global(frame: _Frame, slot: int, _b: int) -> None:
    value = frame.run.globals[slot] = frame.stack.pop()
    if frame.run.tracer is not None:
        frame.run.tracer.assign(frame.place()[0], frame.run.linked.global_names[slot], value)


@_operation(Op.VARIABLE)
def _variable(frame: _Frame, index: int, _b: int) -> None:
    variable, suffix = frame.run.linked.variables[index]
    read = variable.read
    frame.stack.append(read(frame.context, suffix) if variable.prefixed else read(frame.context))


@_operation(Op.FUNCTION)
def _function(frame: _Frame, index: int, _b: int) -> None:
    frame.stack.append(frame.run.functions[index])


@_operation(Op.ARRAY)
def _array(frame: _Frame, count: int, _b: int) -> None:
    frame.stack.append(calls.make_array(frame.context, frame.take(count)))


@_operation(Op.DICT)
def _dict(frame: _Frame, count: int, _b: int) -> None:
    values = iter(frame.take(2 * count))
    frame.stack.append(calls.make_dictionary(frame.context, list(zip(values, values, strict=True))))


@_operation(Op.CALL)
def _call(frame: _Frame, index: int, count: int) -> None:
    builtin = frame.run.linked.builtins[index]
    arguments = calls.check_arguments(builtin, frame.take(count))
    context = frame.context
    calls.charge(context, builtin, arguments)
    run = (context,) if builtin.takes_run else ()
    tracer = frame.run.tracer
    if tracer is None:
        result = builtin.body(*run, *arguments)
    else:
        started = tracer.monotonic()
        result = builtin.body(*run, *arguments)
        tracer.call(frame.place()[0], builtin.name, arguments, result, tracer.monotonic() - started)
    if builtin.may_end and context.ended:
        raise Ended
    frame.stack.append(result)


@_operation(Op.INVOKE)
def _invoke(frame: _Frame, index: int, count: int) -> None:
    arguments = frame.take(count)
    frame.stack.append(frame.run.functions[index].body(*arguments))


@_operation(Op.POP)
def _pop(frame: _Frame, _a: int, _b: int) -> None:
    frame.stack.pop()


@_operation(Op.IF)
def _if(frame: _Frame, _a: int, _b: int) -> int | None:
    taken = is_truthy(frame.stack.pop())
    if frame.run.tracer is not None:
        frame.run.tracer.branch(*frame.place(), taken)
    return None if taken else frame.body.partners[frame.at] + 1


@_operation(Op.ELSE)
def _else(frame: _Frame, _a: int, _b: int) -> int:
    return frame.body.partners[frame.at] + 1


@_operation(Op.END)
def _end(frame: _Frame, _a: int, _b: int) -> int | None:
    opener = frame.body.partners[frame.at]
    is_loop = frame.body.instructions[opener][0] == Op.EACH
    return frame.next_round(opener) if is_loop else None


@_operation(Op.AND)
def _and(frame: _Frame, _a: int, _b: int) -> int | None:
    if is_truthy(frame.stack.pop()):
        return None
    frame.stack.append(False)
    return frame.body.partners[frame.at] + 1


@_operation(Op.OR)
def _or(frame: _Frame, _a: int, _b: int) -> int | None:
    if not is_truthy(frame.stack.pop()):
        return None
    frame.stack.append(True)
    return frame.body.partners[frame.at] + 1


@_operation(Op.BOOL)
def _bool(frame: _Frame, _a: int, _b: int) -> None:
    frame.stack.append(is_truthy(frame.stack.pop()))


@_operation(Op.EACH)
def _each(frame: _Frame, _a: int, _b: int) -> int:
    entries = calls.iterable(frame.stack.pop())
    frame.context.loop(len(entries))
    frame.loops.append(iter(entries.items()))
    return frame.next_round(frame.at)


@_operation(Op.RETURN)
def _return(_frame: _Frame, _a: int, _b: int) -> int:
    return -1


@_operation(Op.HIT)
def _hit(frame: _Frame, _a: int, _b: int) -> None:
    frame.run.hit = True
