"""The operations as the translator writes them: instructions to Python statements. The idea is told in `translate.py`."""

import ast
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from edgescript import calls, typeset
from edgescript.compiling.opcodes import Op
from edgescript.compiling.verify import Body
from edgescript.faults import ScriptFault
from edgescript.meter import Limits, Meter
from edgescript.running import pycode
from edgescript.running.callsite import push_call
from edgescript.running.pycode import Place, load
from edgescript.running.symbolic import Entry, State, Symbolic, constant_entry, joined
from edgescript.running.unit import Unit


@dataclass(slots=True)
class Block:
    """An open block: where it goes, and what is known beside it."""

    op: Op
    place: Place
    test: ast.expr
    outside: list[ast.stmt]
    """The statements before it."""
    other_types: dict[str, int]
    """What is known where the block is not entered, or left out."""
    then: list[ast.stmt] | None = None
    """The first block of an IF, once ELSE has come."""
    returned: bool = False
    """The first block of an IF always returns."""
    names: tuple[str, str] = ("", "")
    """EACH: key and value."""
    read: frozenset[int] = frozenset()
    """Built-in variables read before it."""


class BodyTranslator(ABC):
    """Walks a body. A method for each operation takes its operands; see `_OPERATIONS`."""

    def __init__(self, unit: Unit, body: Body, types: dict[str, int]) -> None:
        self.unit = unit
        self.body = body
        self.symbolic = Symbolic(types)
        self.blocks: list[Block] = []
        self.at = 0
        self.returned = False
        self.read: set[int] = set()
        """Built-in variables already read on every way here: they never change, so their locals are used again."""

    def walk(self) -> list[ast.stmt]:
        body, symbolic = self.body, self.symbolic
        while self.at < len(body.instructions):
            symbolic.place = pycode.place_of(body.positions[self.at])
            if body.fuel[self.at]:
                symbolic.emit(*pycode.charge(symbolic.place, pycode.constant(body.fuel[self.at])))
            op, a, b = body.instructions[self.at]
            _OPERATIONS[op](self, a, b)
            self.at += 1
        return symbolic.statements

    @abstractmethod
    def leave_ended(self) -> ast.stmt:
        """The statement that stops everything after `exit` or a redirect."""

    @abstractmethod
    def give_back(self, entry: Entry) -> None:
        """Leave the body with `entry`, just popped; the stack is empty."""

    def return_(self, _a: int, _b: int) -> None:
        self.give_back(self.symbolic.pop())
        self.returned = True

    def hit(self, _a: int, _b: int) -> None:
        self.symbolic.emit(pycode.assign(self.symbolic.place, "hit", pycode.TRUE))

    # Values

    def const(self, index: int, _b: int) -> None:
        self.symbolic.push(constant_entry(self.unit.linked.constants[index]))

    def undef(self, _a: int, _b: int) -> None:
        self.symbolic.push(constant_entry(None))

    def true(self, _a: int, _b: int) -> None:
        self.symbolic.push(constant_entry(True))

    def false(self, _a: int, _b: int) -> None:
        self.symbolic.push(constant_entry(False))

    def local(self, slot: int, _b: int) -> None:
        self.symbolic.push_reading(f"l{slot}")

    def set_local(self, slot: int, _b: int) -> None:
        self.set_variable(f"l{slot}")

    def global_(self, slot: int, _b: int) -> None:
        name = f"g{slot}"
        if name in self.unit.shared:
            self.symbolic.push_waiting(load(name), typeset.ANY)
        else:
            self.symbolic.push_reading(name)

    def set_global(self, slot: int, _b: int) -> None:
        self.set_variable(f"g{slot}")

    def set_variable(self, name: str) -> None:
        symbolic = self.symbolic
        entry = symbolic.pop()
        symbolic.fix()
        symbolic.emit(pycode.assign(symbolic.place, name, entry.node))
        if name not in self.unit.shared:
            symbolic.types[name] = entry.types

    def variable(self, index: int, _b: int) -> None:
        symbolic = self.symbolic
        name = f"v{index}"
        if index not in self.read:
            self.read.add(index)
            self.read_variable(index, name)
        symbolic.push_reading(name)

    def read_variable(self, index: int, name: str) -> None:
        """Emit the reading of a built-in variable into a local."""
        symbolic = self.symbolic
        variable, suffix = self.unit.linked.variables[index]
        types = typeset.STRING
        if variable.attribute:
            node: ast.expr = pycode.attribute(symbolic.place, load("request"), variable.attribute)
        else:
            types |= typeset.UNDEF
            arguments: list[ast.expr] = [load("m")]
            read = variable.read
            if variable.reader is not None:
                read = variable.reader(suffix)
            elif variable.prefixed:
                arguments.append(pycode.constant(suffix))
            node = pycode.call(symbolic.place, load(self.unit.bind(variable.name, read)), arguments)
        symbolic.emit(pycode.assign(symbolic.place, name, node))
        symbolic.types[name] = types

    def function(self, index: int, _b: int) -> None:
        self.symbolic.push(Entry(load(f"F{index}"), typeset.FUNCTION, State.FIXED))

    def make_array(self, count: int, _b: int) -> None:
        symbolic = self.symbolic
        entries = symbolic.pop_many(count)
        if self.push_shared([(constant_entry(key), entry) for key, entry in enumerate(entries, 1)]):
            return
        values = ast.List([entry.node for entry in entries], ast.Load(), **symbolic.place)
        make = load(self.unit.bind("array", calls.make_array))
        symbolic.push_waiting(pycode.call(symbolic.place, make, [load("m"), values]), typeset.TABLE, *entries)

    def make_dictionary(self, count: int, _b: int) -> None:
        symbolic = self.symbolic
        place = symbolic.place
        entries = symbolic.pop_many(2 * count)
        keys, values = entries[::2], entries[1::2]
        if self.push_shared(list(zip(keys, values, strict=True))):
            return
        arguments: list[ast.expr] = [load("m")]
        if all(key.types == typeset.STRING for key in keys):
            make = self.unit.bind("named", calls.make_named)
            named = ast.Dict([key.node for key in keys], [value.node for value in values], **place)
            arguments += [pycode.constant(count), named]
        else:
            make = self.unit.bind("dictionary", calls.make_dictionary)
            pairs: list[ast.expr] = [
                ast.Tuple([key.node, value.node], ast.Load(), **place)
                for key, value in zip(keys, values, strict=True)
            ]
            arguments.append(ast.Tuple(pairs, ast.Load(), **place))
        symbolic.push_waiting(pycode.call(place, load(make), arguments), typeset.TABLE, *entries)

    def push_shared(self, pairs: list[tuple[Entry, Entry]]) -> bool:
        """Push a table of constants made once, if this literal may be one."""
        symbolic = self.symbolic
        if (self.unit.index_of[id(self.body)], self.at) not in self.unit.tables:
            return False
        try:
            table = calls.make_dictionary(
                Meter(_NO_LIMITS), [(key.constant, value.constant) for key, value in pairs]
            )
        except ScriptFault:
            return False
        symbolic.settle()
        count = pycode.method(symbolic.place, "m", "entries", pycode.constant(len(pairs)))
        symbolic.emit(pycode.evaluate(symbolic.place, count))
        symbolic.push(Entry(load(self.unit.bind("table", table)), typeset.TABLE, State.FIXED))
        return True

    def pop(self, _a: int, _b: int) -> None:
        self.symbolic.discard(self.symbolic.pop())

    def truth_value(self, _a: int, _b: int) -> None:
        symbolic = self.symbolic
        entry = symbolic.pop()
        if entry.types & ~typeset.BOOLEAN:
            symbolic.push_waiting(symbolic.truth(entry), typeset.BOOLEAN, entry)
        else:
            symbolic.push(entry)

    # Calls

    def call(self, index: int, count: int) -> None:
        symbolic = self.symbolic
        builtin = self.unit.linked.builtins[index]
        push_call(symbolic, builtin, count, self.unit.bind)
        if builtin.may_end:
            self.leave_if_ended()

    def leave_if_ended(self) -> None:
        """After the call on top of the stack. Much cheaper than an exception from where the request has ended."""
        symbolic = self.symbolic
        symbolic.settle()
        ended = pycode.attribute(symbolic.place, load("m"), "ended")
        symbolic.emit(pycode.when(symbolic.place, ended, [self.leave_ended()]))

    def invoke(self, index: int, count: int) -> None:
        symbolic = self.symbolic
        entries = symbolic.pop_many(count)
        arguments = [entry.node for entry in entries]
        if index not in self.unit.inner:
            arguments = [load("m"), *arguments, *map(load, self.unit.parameters(index))]
        node = pycode.call(symbolic.place, load(f"f{index}"), arguments)
        symbolic.push_waiting(node, typeset.ANY, *entries)
        if index in self.unit.ending:
            self.leave_if_ended()

    # Blocks

    def open(self, op: Op, test: ast.expr, other_types: dict[str, int]) -> Block:
        symbolic = self.symbolic
        block = Block(op, symbolic.place, test, symbolic.statements, other_types, read=frozenset(self.read))
        self.blocks.append(block)
        symbolic.statements = []
        return block

    def condition(self, op: Op) -> None:
        """Open the block of IF, AND or OR with the test that its operand is true."""
        symbolic = self.symbolic
        entry = symbolic.pop()
        symbolic.fix()
        test = symbolic.truth(entry)
        falsy = dict(symbolic.types)
        if entry.variable:
            falsy[entry.variable] = entry.types & typeset.FALSY
            symbolic.narrow(entry, ~typeset.FALSY)
        if op is Op.OR:
            falsy, symbolic.types = symbolic.types, falsy
        self.open(op, test, falsy)

    def if_(self, _a: int, _b: int) -> None:
        self.condition(Op.IF)

    def and_(self, _a: int, _b: int) -> None:
        self.condition(Op.AND)

    def or_(self, _a: int, _b: int) -> None:
        self.condition(Op.OR)

    def else_(self, _a: int, _b: int) -> None:
        block, symbolic = self.blocks[-1], self.symbolic
        block.then = symbolic.statements
        block.returned = self.returned
        symbolic.statements = []
        symbolic.types, block.other_types = block.other_types, symbolic.types
        self.returned = False
        self.read = set(block.read)

    def end(self, _a: int, _b: int) -> None:
        block = self.blocks.pop()
        self.read = set(block.read)
        _CLOSERS[block.op](self, block)

    def end_if(self, block: Block) -> None:
        symbolic = self.symbolic
        if block.then is None:
            then, orelse = symbolic.statements, []
        else:
            then, orelse = block.then, symbolic.statements
        symbolic.statements = block.outside
        symbolic.emit(pycode.when(block.place, block.test, then, orelse))
        if self.returned:
            symbolic.types = block.other_types
        elif not block.returned:
            symbolic.types = joined(symbolic.types, block.other_types)
        self.returned = self.returned and block.returned

    def end_shortcut(self, block: Block) -> None:
        """AND: `if test: t = <value> else: t = False`; OR: `if test: t = True else: t = <value>`."""
        symbolic = self.symbolic
        entry = symbolic.pop()
        name = symbolic.temporary()
        if not (isinstance(entry.node, ast.Name) and entry.node.id == name):
            symbolic.emit(pycode.assign(symbolic.place, name, entry.node))
        inside = symbolic.statements
        known = pycode.TRUE if block.op is Op.OR else pycode.FALSE
        outside: list[ast.stmt] = [pycode.assign(block.place, name, known)]
        then, orelse = (outside, inside) if block.op is Op.OR else (inside, outside)
        symbolic.statements = block.outside
        symbolic.emit(pycode.when(block.place, block.test, then, orelse))
        symbolic.types = joined(symbolic.types, block.other_types)
        symbolic.push_temporary(entry.types | typeset.BOOLEAN)

    def each(self, _a: int, _b: int) -> None:
        symbolic = self.symbolic
        place = symbolic.place
        entry = symbolic.pop()
        symbolic.fix()
        entry = symbolic.referable(entry)
        if entry.types & ~typeset.TABLE:
            check = pycode.call(place, load(self.unit.bind("iterable", calls.iterable)), [entry.node])
            test = pycode.membership(place, entry.node, entry.types, ~typeset.TABLE)
            symbolic.emit(pycode.when(place, test, [pycode.evaluate(place, check)]))
            symbolic.narrow(entry, typeset.TABLE)
        count = pycode.call(place, load(self.unit.bind("len", len)), [entry.node])
        symbolic.emit(pycode.evaluate(place, pycode.method(place, "m", "loop", count)))
        pairs = pycode.call(place, pycode.attribute(place, entry.node, "items"), [])
        for name in self.assigned(self.at, self.body.partners[self.at]):
            symbolic.types.pop(name, None)
        block = self.open(Op.EACH, pairs, dict(symbolic.types))
        block.names = self.loop_names()

    def loop_names(self) -> tuple[str, str]:
        """Key and value of a loop: the variables they are stored to at once, or else temporaries."""
        symbolic, start = self.symbolic, self.at + 1
        following = self.body.instructions[start : start + 2]
        stores = [_STORES[op] + str(slot) for op, slot, _ in following if op in _STORES]
        if len(stores) == 2 and stores[0] != stores[1]:
            fuel = pycode.constant(self.body.fuel[start])
            symbolic.emit(*pycode.charge(pycode.place_of(self.body.positions[start]), fuel))
            self.at += 2
            return stores[1], stores[0]
        symbolic.push_temporary(typeset.ANY)
        symbolic.push_temporary(typeset.ANY)
        return f"t{len(symbolic.stack) - 2}", f"t{len(symbolic.stack) - 1}"

    def assigned(self, start: int, end: int) -> set[str]:
        """The variables that instructions between two indexes store to."""
        return {
            _STORES[op] + str(slot)
            for op, slot, _ in self.body.instructions[start + 1 : end]
            if op in _STORES
        }

    def end_each(self, block: Block) -> None:
        symbolic = self.symbolic
        loop = pycode.for_pairs(block.place, *block.names, block.test, symbolic.statements)
        symbolic.statements = block.outside
        symbolic.emit(loop)
        symbolic.types = block.other_types
        self.returned = False


_NO_LIMITS: Final = Limits(dictionary_entries=1 << 62)
_STORES: Final[dict[int, str]] = {int(Op.SET_LOCAL): "l", int(Op.SET_GLOBAL): "g"}

_OPERATIONS: Final[dict[int, Callable[[BodyTranslator, int, int], None]]] = {
    Op.CONST: BodyTranslator.const,
    Op.UNDEF: BodyTranslator.undef,
    Op.TRUE: BodyTranslator.true,
    Op.FALSE: BodyTranslator.false,
    Op.LOCAL: BodyTranslator.local,
    Op.SET_LOCAL: BodyTranslator.set_local,
    Op.GLOBAL: BodyTranslator.global_,
    Op.SET_GLOBAL: BodyTranslator.set_global,
    Op.VARIABLE: BodyTranslator.variable,
    Op.FUNCTION: BodyTranslator.function,
    Op.ARRAY: BodyTranslator.make_array,
    Op.DICT: BodyTranslator.make_dictionary,
    Op.CALL: BodyTranslator.call,
    Op.INVOKE: BodyTranslator.invoke,
    Op.POP: BodyTranslator.pop,
    Op.IF: BodyTranslator.if_,
    Op.ELSE: BodyTranslator.else_,
    Op.END: BodyTranslator.end,
    Op.AND: BodyTranslator.and_,
    Op.OR: BodyTranslator.or_,
    Op.BOOL: BodyTranslator.truth_value,
    Op.EACH: BodyTranslator.each,
    Op.RETURN: BodyTranslator.return_,
    Op.HIT: BodyTranslator.hit,
}

_CLOSERS: Final[dict[Op, Callable[[BodyTranslator, Block], None]]] = {
    Op.IF: BodyTranslator.end_if,
    Op.AND: BodyTranslator.end_shortcut,
    Op.OR: BodyTranslator.end_shortcut,
    Op.EACH: BodyTranslator.end_each,
}
