"""The syntax tree: frozen nodes, each with the span of source it came from. What the author wrote, no more."""

from dataclasses import dataclass
from typing import TypeAlias

from edgescript.source import Span


@dataclass(frozen=True, slots=True)
class Node:
    span: Span


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A variable or function name; `dollar` when written with the optional `$`."""

    id: str
    dollar: bool = False


@dataclass(frozen=True, slots=True)
class String(Node):
    """Value after escapes, one code point per byte."""

    value: str
    double_quoted: bool = False


@dataclass(frozen=True, slots=True)
class Number(Node):
    value: int | float


@dataclass(frozen=True, slots=True)
class Boolean(Node):
    value: bool


@dataclass(frozen=True, slots=True)
class Negation(Node):
    """Unary minus on anything but a number literal."""

    operand: "Expression"


@dataclass(frozen=True, slots=True)
class Item(Node):
    """An element of a dictionary literal; `key` is None for a positional one."""

    key: "Expression | None"
    value: "Expression"


@dataclass(frozen=True, slots=True)
class Dictionary(Node):
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Call(Node):
    function: Name
    arguments: "tuple[Expression, ...]"


Expression: TypeAlias = Name | String | Number | Boolean | Negation | Dictionary | Call


@dataclass(frozen=True, slots=True)
class Assign(Node):
    target: Name
    value: Expression


@dataclass(frozen=True, slots=True)
class If(Node):
    """`orelse` is None without an `else`; `else_if` marks the extension `else if`, whose one statement is an If."""

    condition: Expression
    body: "tuple[Statement, ...]"
    orelse: "tuple[Statement, ...] | None" = None
    else_if: bool = False


@dataclass(frozen=True, slots=True)
class For(Node):
    key: Name
    value: Name
    iterable: Expression
    body: "tuple[Statement, ...]"


@dataclass(frozen=True, slots=True)
class Def(Node):
    name: Name
    params: tuple[Name, ...]
    body: "tuple[Statement, ...]"


@dataclass(frozen=True, slots=True)
class Return(Node):
    value: Expression | None


@dataclass(frozen=True, slots=True)
class Evaluate(Node):
    """A bare call as a statement."""

    call: Call


Statement: TypeAlias = Assign | If | For | Def | Return | Evaluate


@dataclass(frozen=True, slots=True)
class Comment(Node):
    """`marker` is `#` or one of the accepted extensions, `//` and `--`; `text` excludes it."""

    marker: str
    text: str


@dataclass(frozen=True, slots=True)
class Script(Node):
    body: tuple[Statement, ...]
    comments: tuple[Comment, ...] = ()
