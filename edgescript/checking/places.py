"""
Expressions that can be asked twice: a place is what two texts read in the same way, under one key.

A place is a variable, a fact of the request, or a repeatable builtin of such: `$arg_t` and `req_uri_arg('t')` have one
key, `get(m, 1)` has a key as long as `m` stays what it is. What cannot be repeated has none: a literal of a
dictionary, a call of a custom function, of a clock, of anything with an effect.
"""

from collections.abc import Set as AbstractSet
from typing import Final

from edgescript.builtins import Builtin
from edgescript.checking.roles import ALIASES, PREFIX_ALIASES, is_repeatable
from edgescript.compiling.resolve import BuiltinVariable, Names
from edgescript.parsing import syntax

MAX_KEY: Final = 200
"""Characters of a key. Longer expressions are hardly ever written twice, and nested ones would add up."""
NO_VARIABLES: Final[frozenset[str]] = frozenset()


class Places:
    """The keys of one body's expressions; made anew for each body, since names mean other things there."""

    def __init__(self, names: Names, own: dict[str, int]) -> None:
        self._names = names
        self._own = own
        self._keys: dict[int, str] = {}
        self._variables: dict[str, frozenset[str]] = {}
        self._mentions: dict[str, set[str]] = {}

    def key(self, expression: syntax.Expression) -> str:
        """The key of a place or of a plain literal, '' for anything else. Each node is looked at once."""
        key = self._keys.get(id(expression))
        if key is None:
            key, variables = self._make(expression)
            if len(key) > MAX_KEY:
                key = ""
            self._keys[id(expression)] = key
            self._register(key, variables)
        return key

    def about(self, key: str, word: str) -> str:
        """The key of something said of a place, such as that it was matched."""
        said = f"{key} {word}"
        self._register(said, self.variables(key))
        return said

    def _register(self, key: str, variables: frozenset[str]) -> None:
        if key and variables and key not in self._variables:
            self._variables[key] = variables
            for name in variables:
                self._mentions.setdefault(name, set()).add(key)

    def variables(self, key: str) -> frozenset[str]:
        """The custom variables that a key speaks of."""
        return self._variables.get(key, NO_VARIABLES)

    def mentions(self, name: str) -> AbstractSet[str]:
        """The keys seen so far that speak of a custom variable."""
        return self._mentions.get(name, NO_VARIABLES)

    def _make(self, expression: syntax.Expression) -> tuple[str, frozenset[str]]:
        if isinstance(expression, syntax.String | syntax.Number | syntax.Boolean):
            return (repr(expression.value) if len(repr(expression.value)) < MAX_KEY else ""), NO_VARIABLES
        if isinstance(expression, syntax.Name):
            return self._of_name(expression)
        if isinstance(expression, syntax.Call):
            return self._of_call(expression)
        return "", NO_VARIABLES

    def _of_name(self, name: syntax.Name) -> tuple[str, frozenset[str]]:
        meaning = self._names.value(name, self._own)
        if isinstance(meaning, BuiltinVariable):
            return f"${name.id}", NO_VARIABLES
        return name.id, frozenset({name.id})

    def _of_call(self, call: syntax.Call) -> tuple[str, frozenset[str]]:
        callee = self._names.callee(call.function)
        if not isinstance(callee, Builtin) or not is_repeatable(callee):
            return "", NO_VARIABLES
        alias = variable_asked(callee.name, call.arguments)
        if alias:
            return alias, NO_VARIABLES
        keys = [self.key(argument) for argument in call.arguments]
        if not all(keys):
            return "", NO_VARIABLES
        variables = NO_VARIABLES.union(*map(self.variables, keys))
        return f"{callee.name}({','.join(keys)})", variables


def variable_asked(name: str, arguments: tuple[syntax.Expression, ...]) -> str:
    """The built-in variable that a question without a pattern reads as well, with its `$`, or ''."""
    if not arguments:
        return ALIASES.get(name, "")
    prefix = PREFIX_ALIASES.get(name, "")
    first = arguments[0]
    if not prefix or len(arguments) > 1 or not isinstance(first, syntax.String):
        return ""
    return f"{prefix}{first.value.replace('-', '_')}"
