"""
A program ready to run: Code that was verified, in both tiers.

Translation waits for the first run, or for `prepare`: a node that holds ten thousand sites pays for those that are
visited (figures in DESIGN.md). Programs past `MAX_TRANSLATED` stay with the interpreter, which needs no preparation:
translating takes some 10 µs an instruction, and no script may hold up a worker that serves others.
"""

from collections.abc import Callable
from typing import Final

from edgescript import calls
from edgescript.builtins import Registry
from edgescript.compiling.code import Code, decode
from edgescript.compiling.verify import Linked, verify
from edgescript.context import Context
from edgescript.effects import has_placeholder
from edgescript.faults import CodeError, ScriptFault
from edgescript.reading import Reading, Understood, understand
from edgescript.running.translate import Translation
from edgescript.running.vm import Tracer, interpret

MAX_TRANSLATED: Final = 20_000
"""Instructions; some 5,000 lines."""


def load(code: Code | bytes, registry: Registry) -> "Program":
    """The program of `code`, or of its serial form. Raises CodeError."""
    if isinstance(code, bytes):
        code = decode(code)
    return Program(code, verify(code, registry))


class Program:
    """One script. Immutable but for the translation it keeps; runs share nothing."""

    __slots__ = ("_run", "_translation", "_understood", "awaits_response", "code", "linked", "templates")

    def __init__(self, code: Code, linked: Linked) -> None:
        self.code = code
        self.linked = linked
        self.templates = frozenset(
            value for value in linked.constants if isinstance(value, str) and has_placeholder(value)
        )
        """Constants that header values may fill in."""
        self.awaits_response = any(builtin.awaits_response for builtin in linked.builtins)
        """A run may stop to wait for the response's head (`Context.await_response`)."""
        self._understood: Understood | None = None
        self._translation: Translation | None = None
        self._run: Callable[[Context], bool] = self._first_run

    def prepare(self) -> None:
        """Translate now what the first run would. Raises CodeError if Python refuses the translation."""
        if self._is_long:
            self._run = self.interpret
            return
        try:
            self._translation = Translation(self._understand().linked)
        except (RecursionError, MemoryError, SyntaxError, ValueError, OverflowError) as error:
            # The bounds of `verify` keep us well away from Python's; this is for a caller deep in its own stack.
            raise CodeError(f"cannot be translated: {error}") from error
        self._run = self._translation.run

    def reading(self) -> Reading | None:
        """What the outcome of `run` depends on; None for what cannot be told, or is not worth telling."""
        return None if self._is_long or self.awaits_response else self._understand().reading

    @property
    def _is_long(self) -> bool:
        return sum(len(body.instructions) for body in self.linked.bodies) > MAX_TRANSLATED

    def _understand(self) -> Understood:
        """Once: it is what is translated, too."""
        if self._understood is None:
            self._understood = understand(self.linked)
        return self._understood

    def run(self, context: Context) -> bool:
        """Whether the script hit, by the translated tier. Effects are in `context`. Raises ScriptFault."""
        context.templates = self.templates
        try:
            return self._run(context)
        except ScriptFault as fault:
            if not fault.line:
                fault.line, fault.column = self._place_of(fault)
            raise
        except Exception as error:
            raise calls.unexpected(error, self._place_of(error)) from error

    def interpret(self, context: Context, tracer: Tracer | None = None) -> bool:
        """As `run`, by the reference tier; `tracer` watches."""
        context.templates = self.templates
        return interpret(self.linked, context, tracer)

    def _first_run(self, context: Context) -> bool:
        self.prepare()
        return self._run(context)

    def _place_of(self, error: BaseException) -> tuple[int, int]:
        return (0, 0) if self._translation is None else self._translation.place_of(error)
