"""
The checked program: names are slots and declarations, special forms are nodes, nothing is left to look up.

`lower.py` makes it from a checked tree, `fold.py` shortens it, `compile.py` turns it into `Code`.

Slots: every variable of the script level is global (functions see and change it, reference section 4.6); a function's
parameters come first among its locals.
"""

from dataclasses import dataclass, field
from typing import TypeAlias

from edgescript.builtins import Builtin, Variable
from edgescript.source import Position


@dataclass(frozen=True, slots=True)
class Node:
    at: Position


@dataclass(frozen=True, slots=True)
class Constant(Node):
    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class LoadGlobal(Node):
    slot: int


@dataclass(frozen=True, slots=True)
class LoadLocal(Node):
    slot: int


@dataclass(frozen=True, slots=True)
class LoadVariable(Node):
    variable: Variable
    suffix: str


@dataclass(frozen=True, slots=True)
class LoadFunction(Node):
    """A custom function as a value."""

    index: int


@dataclass(frozen=True, slots=True)
class CallBuiltin(Node):
    builtin: Builtin
    arguments: "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True)
class CallFunction(Node):
    index: int
    arguments: "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True)
class MakeArray(Node):
    """Keys 1..n."""

    values: "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True)
class MakeDictionary(Node):
    pairs: "tuple[tuple[Expression, Expression], ...]"


@dataclass(frozen=True, slots=True)
class And(Node):
    """Short-circuits at the first false operand; the result is a boolean."""

    operands: "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True)
class Or(Node):
    operands: "tuple[Expression, ...]"


Expression: TypeAlias = (
    Constant
    | LoadGlobal
    | LoadLocal
    | LoadVariable
    | LoadFunction
    | CallBuiltin
    | CallFunction
    | MakeArray
    | MakeDictionary
    | And
    | Or
)


@dataclass(frozen=True, slots=True)
class StoreGlobal(Node):
    slot: int
    value: Expression


@dataclass(frozen=True, slots=True)
class StoreLocal(Node):
    slot: int
    value: Expression


@dataclass(frozen=True, slots=True)
class If(Node):
    condition: Expression
    body: "tuple[Statement, ...]"
    orelse: "tuple[Statement, ...]"
    marks_hit: bool
    """Taking the body of this top-level `if` makes the script a hit (reference section 8.4)."""


@dataclass(frozen=True, slots=True)
class For(Node):
    """`key` and `value` are slots: locals inside a function, globals at script level."""

    key: int
    value: int
    in_function: bool
    iterable: Expression
    body: "tuple[Statement, ...]"


@dataclass(frozen=True, slots=True)
class Return(Node):
    value: Expression | None


@dataclass(frozen=True, slots=True)
class Discard(Node):
    value: Expression


Statement: TypeAlias = StoreGlobal | StoreLocal | If | For | Return | Discard


@dataclass(frozen=True, slots=True)
class Function:
    name: str
    at: Position
    params: int
    local_names: tuple[str, ...]
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Program:
    """`main` has no locals of its own: its variables are the globals."""

    main: tuple[Statement, ...]
    global_names: tuple[str, ...] = ()
    functions: tuple[Function, ...] = field(default=())
