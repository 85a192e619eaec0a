"""Script texts over the whole standard library: what an author might write on a very bad day."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from edgescript.builtins import Builtin, Kind
from stdlib import registry

_TEXTS = ("'a'", "'/p/q.ts'", "''", "'x=1&y=2'", "'\\xff'", "'1700000000'")
_BY_KIND = {
    Kind.STRING: _TEXTS,
    Kind.TEXT: (*_TEXTS, "7"),
    Kind.NUMBER: ("1", "2.5", "-1", "0"),
    Kind.INTEGER: ("1", "2", "-1", "1.5"),
    Kind.BOOLEAN: ("true", "false"),
    Kind.DICTIONARY: ("['a', 'b']", "['k' = 'v']", "[]", "d"),
    Kind.FUNCTION: ("visit",),
    Kind.PATTERN: ("'a'", "'^/([a-z]+)'", "'(x|y)*z'"),
    Kind.REGEX_OPTIONS: ("''", "'i'"),
    Kind.MATCHER: ("'a'", "'re:^a'"),
}
_ANYTHING = ("a", "b", "d", "$uri", "$arg_x", "$http_none", "'t'", "3", "true", "['z']")

_OPENING = """\
a = 'text'
b = $arg_y
d = ['k' = 1, 'm' = $uri]
def visit(x, y, z) {
    b = x
    return ne(x, 'm')
}
"""


class _Writer:
    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self.draw = draw
        self.builtins = sorted(registry().functions.values(), key=lambda builtin: builtin.name)

    def pick(self, choices: Any) -> Any:
        return self.draw(st.sampled_from(choices))

    def script(self) -> str:
        return _OPENING + self.block(2, "") + "return b\n"

    def block(self, depth: int, indent: str) -> str:
        return "".join(self.statement(depth, indent) for _ in range(self.pick((3, 4, 2, 1))))

    def statement(self, depth: int, indent: str) -> str:
        kind = self.pick(("set", "set", "call", "if", "for") if depth else ("set", "call"))
        if kind == "set":
            return f"{indent}{self.pick('abd')} = {self.expression(2)}\n"
        if kind == "call":
            return f"{indent}say({self.expression(2)})\n"
        body = self.block(depth - 1, indent + "    ")
        if kind == "for":
            return f"{indent}for a, b in {self.pick(_BY_KIND[Kind.DICTIONARY])} {{\n{body}{indent}}}\n"
        other = self.block(depth - 1, indent + "    ")
        return f"{indent}if {self.expression(2)} {{\n{body}{indent}}} else {{\n{other}{indent}}}\n"

    def expression(self, depth: int) -> str:
        if not depth or self.pick((False, False, True)):
            return str(self.pick(_ANYTHING))
        return self.call(self.pick(self.builtins), depth)

    def call(self, builtin: Builtin, depth: int) -> str:
        most = builtin.min_args + 2 if builtin.max_args is None else builtin.max_args
        count = self.draw(st.integers(builtin.min_args, most))
        arguments = (self.argument(builtin.param_at(index).kind, depth) for index in range(count))
        return f"{builtin.name}({', '.join(arguments)})"

    def argument(self, kind: Kind, depth: int) -> str:
        if kind is not Kind.FUNCTION and self.pick((False, False, False, True)):
            return self.expression(depth - 1)
        return str(self.pick(_BY_KIND.get(kind, _ANYTHING)))


@st.composite
def sources(draw: Callable[[st.SearchStrategy[Any]], Any]) -> str:
    return _Writer(draw).script()
