"""
A session: entries evaluated one after the other on one context, variables and functions kept between them.

The reference tier runs them. Limits count for each entry; a fault takes back the effects of its entry, as it takes
back those of a script on a node, and ends nothing. Variables keep what they were given before it.
"""

from dataclasses import dataclass, field, replace
from typing import Final

from edgescript.builtins import Registry
from edgescript.compiler import compile_source
from edgescript.compiling.code import Code
from edgescript.compiling.resolve import resolve
from edgescript.context import Context
from edgescript.diagnostics.findings import Diagnostic, Findings, has_errors, shown
from edgescript.faults import ScriptFault
from edgescript.interactive.assembly import RESULT, Assembly, Excerpt, declaration
from edgescript.interactive.kinds import kinds
from edgescript.parsing import syntax
from edgescript.parsing.lexical import NEWLINE, tokenise
from edgescript.parsing.parser import parse
from edgescript.program import load
from edgescript.request import Request
from edgescript.running.vm import interpret
from edgescript.source import Source, Span
from edgescript.types import Value

MOOT: Final = frozenset(
    {
        "constant-condition",
        "position-ignored",
        "unreachable-code",
        "unused-function",
        "unused-variable",
        "wrong-position",
    }
)
"""Findings about a whole script, or its place on a node, which an entry does not have."""
_STATEMENT_WORDS: Final = frozenset({"IF", "FOR", "DEF", "RETURN", "ELSE"})
_RETURN: Final = "return "
MAX_FAULT: Final = 300
"""Characters of a fault's message."""

Report = tuple[Source, Diagnostic]


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What became of an entry: what is to be said about it, and its value if it was an expression."""

    reports: tuple[Report, ...] = ()
    failed: bool = False
    has_value: bool = False
    value: Value = None
    output: str = ""
    """What it said."""
    ended: bool = False
    """It ended the request; how is in the context's effects."""
    undone: bool = False
    """A fault took effects back."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """`is_call`: a statement too, so undef is no value worth showing."""

    source: Source
    is_value: bool = False
    is_call: bool = False
    errors: tuple[Diagnostic, ...] = ()
    functions: dict[str, Excerpt] = field(default_factory=dict)


class Session:
    """The state between entries. `context` stays the same object, since functions kept in variables run on it."""

    def __init__(self, registry: Registry, context: Context) -> None:
        self.registry = registry
        self.context = context
        self.entries = 0
        self.fuel = 0
        """Used by the last entry that ran."""
        self._declaration_fuel = self._measure_declaration()
        self.reset()

    def reset(self) -> None:
        """Forget variables, functions and effects; request and response head stay."""
        self._names: list[str] = [RESULT]
        self._values: list[Value] = [None]
        self._functions: dict[str, Excerpt] = {}
        self.context.templates = frozenset()
        context, head = self.context, self.context.response_headers
        context.renew(context.request, context.now_s)
        context.response_headers = head

    @property
    def variables(self) -> dict[str, Value]:
        """The session's own variables and what they are."""
        return dict(zip(self._names, self._values, strict=True))

    @property
    def functions(self) -> list[str]:
        """Names of the session's own functions."""
        return list(self._functions)

    def evaluate(self, text: str, name: str = "") -> Evaluated:
        """Run `text`, one code point per byte; `name` is shown as its source."""
        self.entries += 1
        entry = _read(Source(name or f"<{self.entries}>", text))
        if entry.errors:
            return Evaluated(tuple((entry.source, each) for each in entry.errors), failed=True)
        assembly, code, reports = self._compile(entry)
        if code is None:
            return Evaluated(tuple(reports), failed=True)
        self._functions.update(entry.functions)
        self._names = list(code.global_names)
        self._values += [None] * (len(self._names) - len(self._values))
        return self._run(entry, assembly, code, reports)

    def type_of(self, text: str) -> tuple[str, tuple[Report, ...]]:
        """The types that `text`, an expression, can have, in words, without running it; or '' and why not."""
        entry = _read(Source("<type>", text))
        if entry.errors:
            return "", tuple((entry.source, each) for each in entry.errors)
        if not entry.is_value:
            return "", ()
        assembly, code, reports = self._compile(entry)
        if code is None:
            return "", tuple(reports)
        script = parse(assembly.source).script
        assert script is not None, "it compiles"
        statement = script.body[-1]
        assert isinstance(statement, syntax.Assign), "it is an expression"
        names = resolve(script, self.registry, Findings())
        return kinds(statement.value, names, self.variables), ()

    def _compile(self, entry: _Entry) -> tuple[Assembly, Code | None, list[Report]]:
        kept = [text for name, text in self._functions.items() if name not in entry.functions]
        assembly = Assembly(self._names, kept, entry.source, is_value=entry.is_value)
        compiled = compile_source(assembly.source, self.registry)
        told = [each for each in compiled.diagnostics if each.severity != "compat" and each.code not in MOOT]
        return assembly, compiled.code, assembly.reports(told)

    def _run(self, entry: _Entry, assembly: Assembly, code: Code, reports: list[Report]) -> Evaluated:
        context = self.context
        program = load(code, self.registry)
        context.templates |= program.templates
        said = len(context.effects.output)
        saved = context.start_script()
        before = {} if saved is None else saved.__dict__
        context.ended = False
        try:
            interpret(program.linked, context, None, self._values)
        except ScriptFault as fault:
            undone = context.effects.__dict__ != before
            context.abandon_script(saved)
            reports.append(_fault_report(fault, assembly))
            return Evaluated(tuple(reports), failed=True, undone=undone)
        except BaseException:
            context.abandon_script(saved)
            raise
        finally:
            self.fuel = context.fuel_used - self._declaration_fuel * assembly.declared
        value = self._values[0]
        shows = entry.is_value and not context.ended and not (entry.is_call and value is None)
        output = "".join(context.effects.output[said:])
        return Evaluated(tuple(reports), False, shows, value, output, context.ended)

    def _measure_declaration(self) -> int:
        """Fuel of making one variable known: what a script of two costs more than one of one."""
        one, two = (self._fuel_of(declaration(RESULT) * count) for count in (1, 2))
        return two - one

    def _fuel_of(self, text: str) -> int:
        code = compile_source(Source("", text), self.registry).code
        assert code is not None, "a declaration compiles"
        context = Context(Request())
        interpret(load(code, self.registry).linked, context)
        return context.fuel_used


def _read(source: Source) -> _Entry:
    """What was typed: an expression, or statements; with the errors that fit the more likely of the two."""
    parsed = parse(source)
    if not has_errors(parsed.diagnostics):
        body = () if parsed.script is None else parsed.script.body
        is_call = len(body) == 1 and isinstance(body[0], syntax.Evaluate)
        functions = {
            each.name.id: Excerpt(source, each.span) for each in body if isinstance(each, syntax.Def)
        }
        return _Entry(source, is_value=is_call, is_call=is_call, functions=functions)
    returned = parse(Source(source.name, _RETURN + source.text))
    body = () if returned.script is None else returned.script.body
    if not has_errors(returned.diagnostics) and len(body) == 1:
        return _Entry(source, is_value=True)
    errors = parsed.diagnostics
    if returned.script is not None and not _looks_like_statements(source):
        errors = tuple(_moved(each, -len(_RETURN)) for each in returned.diagnostics)
    return _Entry(source, errors=tuple(each for each in errors if each.severity == "error"))


def _looks_like_statements(source: Source) -> bool:
    """Whether the first words of a text, or its lines, are those of statements."""
    tokens = tokenise(source, Findings()).tokens
    first = [token.type for token in tokens[:2]]
    is_long = any(token.type == NEWLINE for token in tokens[:-1])
    return is_long or first[1:] == ["EQUAL"] or not _STATEMENT_WORDS.isdisjoint(first[:1])


def _moved(diagnostic: Diagnostic, by: int) -> Diagnostic:
    related = diagnostic.related
    return replace(
        diagnostic,
        span=_moved_span(diagnostic.span, by),
        related=None if related is None else replace(related, span=_moved_span(related.span, by)),
    )


def _moved_span(span: Span, by: int) -> Span:
    return Span(max(span.start + by, 0), max(span.end + by, 0))


def _fault_report(fault: ScriptFault, assembly: Assembly) -> Report:
    """A run-time error in the form of a diagnostic: its number for the code, the place in what was typed."""
    code = str(int(fault.code))
    source, span = (
        assembly.locate(fault.line, fault.column)
        if fault.line
        else (assembly.entry.excerpt.source, Span(0, 0))
    )
    message = shown(fault.message, MAX_FAULT)
    return source, Diagnostic(code, "error", message, span, f"edgescript explain {code}")
