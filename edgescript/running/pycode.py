"""
Pieces of Python syntax, as `translate.py` puts them together.

Text never becomes syntax here: script strings are `Constant` nodes, and every name is made from a letter and a slot
number or from a name of our own. So no name or string in Code, however odd, can change what the Python means.

Nodes that may raise carry the place of the instruction they stand for; names and constants, which cannot, are shared.
"""

import ast
import builtins as python
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, Final, TypedDict

from edgescript import typeset
from edgescript.compiling.code import unpack_position

_LOAD: Final = ast.Load()
_STORE: Final = ast.Store()


class Place(TypedDict):
    """Where a node is, as `ast` spells it: column from 0."""

    lineno: int
    col_offset: int
    end_lineno: int
    end_col_offset: int


@lru_cache(maxsize=4096)
def place_of(packed: int) -> Place:
    """The place of a packed position of Code."""
    line, column = unpack_position(packed)
    return {"lineno": line, "col_offset": column - 1, "end_lineno": line, "end_col_offset": column}


def position_of(code: Any, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of the instruction at byte `offset` of a Python code object; 0 where unknown."""
    nowhere = (None, None, None, None)
    line, _, column, _ = next(islice(code.co_positions(), offset // 2, None), nowhere)
    return line or 0, 0 if column is None else column + 1


NOWHERE: Final[Place] = {"lineno": 1, "col_offset": 0, "end_lineno": 1, "end_col_offset": 0}


@lru_cache(maxsize=4096)
def load(name: str) -> ast.Name:
    return ast.Name(name, _LOAD, **NOWHERE)


@lru_cache(maxsize=4096)
def store(name: str) -> ast.Name:
    return ast.Name(name, _STORE, **NOWHERE)


def constant(value: Any) -> ast.Constant:
    return ast.Constant(value, **NOWHERE)


NONE: Final = constant(None)
TRUE: Final = constant(True)
FALSE: Final = constant(False)


def call(place: Place, function: ast.expr, arguments: Sequence[ast.expr]) -> ast.Call:
    return ast.Call(function, list(arguments), [], **place)


def method(place: Place, owner: str, name: str, *arguments: ast.expr) -> ast.Call:
    """`owner.name(arguments)`."""
    return ast.Call(attribute(place, load(owner), name), list(arguments), [], **place)


def attribute(place: Place, owner: ast.expr, name: str) -> ast.Attribute:
    return ast.Attribute(owner, name, _LOAD, **place)


def item(place: Place, owner: ast.expr, index: int) -> ast.Subscript:
    return ast.Subscript(owner, constant(index), _LOAD, **place)


def compare(place: Place, left: ast.expr, operator: ast.cmpop, right: ast.expr) -> ast.Compare:
    return ast.Compare(left, [operator], [right], **place)


def either(place: Place, operator: ast.boolop, operands: list[ast.expr]) -> ast.expr:
    """The operands joined, or the only one."""
    return operands[0] if len(operands) == 1 else ast.BoolOp(operator, operands, **place)


def add(place: Place, operands: list[ast.expr]) -> ast.expr:
    """The sum of at least one operand."""
    total = operands[0]
    for operand in operands[1:]:
        total = ast.BinOp(total, ast.Add(), operand, **place)
    return total


def shift_right(place: Place, operand: ast.expr, bits: int) -> ast.expr:
    return ast.BinOp(operand, ast.RShift(), constant(bits), **place) if bits else operand


def evaluate(place: Place, expression: ast.expr) -> ast.Expr:
    return ast.Expr(expression, **place)


def assign(place: Place, name: str, value: ast.expr) -> ast.Assign:
    return ast.Assign([store(name)], value, **place)


def when(place: Place, test: ast.expr, body: list[ast.stmt], orelse: list[ast.stmt] | None = None) -> ast.If:
    return ast.If(test, body or [ast.Pass(**place)], orelse or [], **place)


def for_pairs(place: Place, key: str, value: str, pairs: ast.expr, body: list[ast.stmt]) -> ast.For:
    target = ast.Tuple([store(key), store(value)], _STORE, **NOWHERE)
    return ast.For(target, pairs, body or [ast.Pass(**place)], [], **place)


def give_back(place: Place, value: ast.expr) -> ast.Return:
    return ast.Return(value, **place)


def charge(place: Place, units: ast.expr) -> list[ast.stmt]:
    """`left = m.left = m.left - units`, and `m.refuel()` when that is below zero: what `Meter.charge` does."""
    rest = ast.BinOp(attribute(place, load("m"), "left"), ast.Sub(), units, **place)
    target = ast.Attribute(load("m"), "left", _STORE, **place)
    return [
        ast.Assign([store("left"), target], rest, **place),
        when(
            place,
            compare(place, load("left"), ast.Lt(), constant(0)),
            [evaluate(place, method(place, "m", "refuel"))],
        ),
    ]


def function(name: str, parameters: Sequence[str], body: list[ast.stmt]) -> ast.FunctionDef:
    arguments = ast.arguments(
        posonlyargs=[],
        args=[ast.arg(parameter, **NOWHERE) for parameter in parameters],
        kwonlyargs=[],
        kw_defaults=[],
        defaults=[],
    )
    extra: dict[str, Any] = {"type_params": []} if "type_params" in ast.FunctionDef._fields else {}
    return ast.FunctionDef(name=name, args=arguments, body=body, decorator_list=[], **extra, **NOWHERE)


def membership(place: Place, value: ast.expr, possible: int, wanted: int) -> ast.expr:
    """
    The test that `value`, known to be of the types `possible`, is of the types `wanted`.

    `TRUE` or `FALSE` when that is known. May evaluate `value` more than once.
    """
    inside, outside = possible & wanted, possible & ~wanted
    if not outside:
        return TRUE
    if not inside:
        return FALSE
    cost, tests = _tests(place, value, inside, ast.Is())
    negated_cost, negated_tests = _tests(place, value, outside, ast.IsNot())
    if cost < negated_cost:
        return either(place, ast.Or(), tests)
    return either(place, ast.And(), negated_tests)


_SINGLETONS: Final = ((typeset.UNDEF, NONE), (typeset.FALSE, FALSE), (typeset.TRUE, TRUE))


def _tests(place: Place, value: ast.expr, members: int, operator: ast.cmpop) -> tuple[int, list[ast.expr]]:
    """Tests for each type of `members`, and their cost: identity where there is one value, else the class."""
    tests: list[ast.expr] = []
    cost = 0
    for bit, singleton in _SINGLETONS:
        if members & bit and (bit == typeset.UNDEF or members & typeset.BOOLEAN != typeset.BOOLEAN):
            tests.append(compare(place, value, operator, singleton))
            cost += 2
    for bits, kind in typeset.CLASSES:
        if members & bits == bits:
            tests.append(compare(place, attribute(place, value, "__class__"), operator, load(kind.__name__)))
            cost += 3
    return cost, tests


CLASS_NAMES: Final[dict[str, Any]] = {kind.__name__: kind for _, kind in typeset.CLASSES}
"""What the tests of `membership` refer to."""


class Template:
    """The expression of an `Inline` made ready: syntax to copy with arguments in the places of parameters."""

    def __init__(self, text: str, parameters: tuple[str, ...]) -> None:
        self._tree = ast.parse(text, mode="eval").body
        self._parameters = parameters
        parts = list(ast.walk(self._tree))
        branches = any(isinstance(part, ast.BoolOp | ast.IfExp) for part in parts)
        self.is_straight = not branches and _in_order(self._tree, parameters)
        """Evaluates each argument once, in order: arguments need no temporaries."""
        self.tests_identity = any(isinstance(part, ast.Is | ast.IsNot) for part in parts)
        """Not fit for constants: Python warns of identity tests on them."""

    def fill(
        self,
        place: Place,
        arguments: Sequence[ast.expr],
        scope: Mapping[str, Any],
        bind: Callable[[str, Any], str],
    ) -> ast.expr:
        """The expression with `arguments`; other names are looked up in `scope`, and named by `bind`."""
        values = dict(zip(self._parameters, arguments, strict=True))

        def copy(node: Any) -> Any:
            if isinstance(node, ast.Name):
                if node.id in values:
                    return values[node.id]
                found = scope[node.id] if node.id in scope else getattr(python, node.id)
                return load(bind(node.id, found))
            if isinstance(node, list):
                return [copy(member) for member in node]
            if not isinstance(node, ast.AST) or not node._fields:
                return node
            fields = {name: copy(getattr(node, name)) for name in node._fields}
            made = type(node)(**fields)
            for name, number in place.items():
                setattr(made, name, number)
            return made

        filled = copy(self._tree)
        assert isinstance(filled, ast.expr)
        return filled


def _in_order(tree: ast.expr, parameters: tuple[str, ...]) -> bool:
    # Python evaluates left to right, so textual order is the order of evaluation, but for `x if y else z`.
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id in parameters]
    names.sort(key=lambda node: (node.lineno, node.col_offset))
    return tuple(node.id for node in names) == parameters
