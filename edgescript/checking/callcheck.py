"""
What is wrong with a call: its name, its arguments, its place.

A check of a builtin's call is a function and a row of the table at the end. What it asks of a builtin is derived from
its declaration, never from its name. Errors are what is certain from literals alone; a call that can only fail because
of what its variables hold is a warning, for the vendor publishes it too.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import chain
from typing import Final, TypeAlias

from edgescript.builtins import Builtin, Effect, Kind, refused
from edgescript.checking.checker import Checker
from edgescript.checking.conditions import check_never, check_operands, check_self_comparison
from edgescript.checking.guards import check_guard, check_joined
from edgescript.checking.literals import check_patterns, check_positions, check_secret_call, patterns_of
from edgescript.checking.roles import (
    DIGESTS,
    GET,
    JOIN,
    KEY_ENTRIES,
    KEYED,
    LOGIC,
    ORDERED,
    POSITIONS,
    TOO_LATE,
)
from edgescript.checking.words import accepted, conversion, described, is_literal, listed
from edgescript.compiling.fold import evaluate
from edgescript.compiling.resolve import MAX_ARGUMENTS, CustomFunction
from edgescript.diagnostics.spelling import FOREIGN_ADVICE, FOREIGN_FUNCTIONS, nearest
from edgescript.faults import FaultCode, ScriptFault
from edgescript.parsing import syntax
from edgescript.regex import RegexError, compile_pattern
from edgescript.source import Span
from edgescript.types import Value

MAX_PATTERNS: Final = 300
"""Different literal patterns of a script: each is compiled here and at load, and kept by every worker."""


_CallCheck: TypeAlias = Callable[[Checker, syntax.Call, Builtin], None]


def check_call(checker: Checker, call: syntax.Call) -> None:
    """Look at one call."""
    callee = checker.names.callee(call.function)
    if len(call.arguments) > MAX_ARGUMENTS:
        span, count = call.arguments[MAX_ARGUMENTS].span, len(call.arguments)
        checker.findings.add("too-many-arguments", span, count=count, what="arguments", limit=MAX_ARGUMENTS)
    if callee is None:
        _report_unknown(checker, call)
    elif isinstance(callee, CustomFunction):
        _check_custom_call(checker, call, callee)
    elif _check_count(checker, call, callee):
        for call_check in _checks_of(checker, callee):
            call_check(checker, call, callee)


def _checks_of(checker: Checker, builtin: Builtin) -> Sequence[_CallCheck]:
    """The checks that a builtin is for, found once a script."""
    found = checker.call_checks.get(builtin.name)
    if found is None:
        found = tuple(call_check for is_for, call_check in _CALL_CHECKS if is_for(builtin))
        checker.call_checks[builtin.name] = found
    return found


def _report_unknown(checker: Checker, call: syntax.Call) -> None:
    name = call.function.id
    if name in checker.doubtful:
        return
    if name in checker.own or name in checker.names.globals:
        advice = "a function held in a variable can only be passed to foreach or arr_sort"
        checker.findings.add("unknown-function", call.function.span, name=name, advice=advice)
        return
    if name.lower() in FOREIGN_ADVICE:
        advice = FOREIGN_ADVICE[name.lower()]
        checker.findings.add("unknown-function", call.function.span, name=name, advice=advice)
        return
    known = (checker.names.functions, checker.registry.functions)
    checker.findings.add(
        "unknown-function",
        call.function.span,
        near=lambda: nearest(name, chain(*known), FOREIGN_FUNCTIONS),
        name=name,
        advice="",
    )


def _check_custom_call(checker: Checker, call: syntax.Call, callee: CustomFunction) -> None:
    got, want = len(call.arguments), len(callee.node.params)
    if got != want:
        parameters = ", ".join(param.id for param in callee.node.params)
        checker.findings.add(
            "argument-count",
            call.span,
            function=callee.name,
            got=_arguments(got),
            want=want,
            signature=f"{callee.name}({parameters})",
        )


def _check_count(checker: Checker, call: syntax.Call, builtin: Builtin) -> bool:
    """Whether the number of arguments is right."""
    got, low, high = len(call.arguments), builtin.min_args, builtin.max_args
    if got >= low and (high is None or got <= high):
        return True
    if high is None:
        want = f"at least {low}"
    elif low == high:
        want = str(low)
    else:
        want = f"{low} or {high}" if high == low + 1 else f"{low} to {high}"
    checker.findings.add(
        "argument-count",
        call.span,
        function=builtin.name,
        got=_arguments(got),
        want=want,
        signature=builtin.signature,
    )
    return False


def _arguments(count: int) -> str:
    return "1 argument" if count == 1 else f"{count or 'no'} arguments"


def _check_argument_types(checker: Checker, call: syntax.Call, builtin: Builtin) -> None:
    """Errors 402 to 406, where they are certain."""
    for index, argument in enumerate(call.arguments):
        param = builtin.param_at(index)
        check_type(checker, argument, builtin.name, param.name, param.kind)


def check_type(
    checker: Checker, argument: syntax.Expression, function: str, parameter: str, kind: Kind
) -> None:
    """Report an argument that cannot be of the kind: a literal is an error, anything else fails when it is run."""
    types, wanted = checker.types(argument), accepted(kind)
    if not types & wanted:
        checker.findings.add(
            "argument-type" if is_literal(argument) else "argument-type-at-run",
            argument.span,
            function=function,
            got=described(argument, types),
            parameter=parameter,
            want=listed(wanted),
            number=int(kind.fault),
            advice=conversion(argument, types, wanted),
        )
    else:
        check_guard(checker, argument, function, parameter, wanted, int(kind.fault))


def _check_values(checker: Checker, call: syntax.Call, builtin: Builtin) -> None:
    """Literals that the builtin refuses, whatever its other arguments are. Patterns have a check of their own."""
    constants: dict[int, Value] = {}
    for index, argument in enumerate(call.arguments):
        kind = builtin.param_at(index).kind
        if not checker.types(argument) & accepted(kind):
            return
        if isinstance(argument, syntax.String | syntax.Number | syntax.Boolean) and kind not in _OF_PATTERNS:
            value = argument.value
            constants[index] = int(value) if kind is Kind.INTEGER and isinstance(value, float) else value
    for indexes, reason in _refusals(builtin, constants, len(call.arguments)):
        span = Span(call.arguments[min(indexes)].span.start, call.arguments[max(indexes)].span.end)
        if reason:
            checker.findings.add("argument-value", span, reason=reason)
        else:
            checker.findings.add("always-false", span, function=builtin.name)
        return


_OF_PATTERNS: Final = frozenset({Kind.PATTERN, Kind.REGEX_OPTIONS, Kind.MATCHER})
_OF_ARGUMENTS: Final = frozenset(FaultCode) - {FaultCode.TIMEOUT, FaultCode.CALL_LIMIT}
"""Faults that can be those of the arguments."""


def _refusals(
    builtin: Builtin, constants: Mapping[int, Value], count: int
) -> Iterator[tuple[Collection[int], str]]:
    """The arguments that cannot be taken, and why: '' when the call returns false for them."""
    for indexes, make, _ in builtin.fitting(constants, count):
        body, reason = _outcome(make)
        if reason or body is refused:
            yield indexes, reason
    if builtin.effect is Effect.PURE and not builtin.may_end and 0 < count == len(constants):
        _, reason = _outcome(lambda: evaluate(builtin, [constants[index] for index in range(count)]))
        if reason:
            yield constants, reason


def _outcome(attempt: Callable[[], object]) -> tuple[object, str]:
    """What `attempt` gives, and the message of the fault it raises for its arguments, or ''."""
    try:
        return attempt(), ""
    except ScriptFault as fault:
        of_arguments = fault.code in _OF_ARGUMENTS and not fault.limit
        return None, fault.message if of_arguments else ""
    except Exception:  # noqa: BLE001 - as in `fold`: whatever it raises is for run time
        return None, ""


def _check_patterns(checker: Checker, call: syntax.Call, builtin: Builtin) -> None:
    """Literal patterns are compiled, with their options where those are literal too."""
    options = ""
    for index, argument in enumerate(call.arguments):
        if builtin.param_at(index).kind is Kind.REGEX_OPTIONS and isinstance(argument, syntax.String):
            options = argument.value
    for literal, pattern, kind in patterns_of(call, builtin):
        _check_pattern(checker, literal, pattern, options if kind is Kind.PATTERN else "")


def _check_pattern(checker: Checker, literal: syntax.String, pattern: str, options: str) -> None:
    """Compile a pattern, each one once."""
    seen = checker.patterns
    if (pattern, options) not in seen:
        if len(seen) >= MAX_PATTERNS:
            if not checker.too_many_patterns:
                checker.findings.add("too-many-patterns", literal.span, limit=MAX_PATTERNS)
            checker.too_many_patterns = True
            return
        seen[pattern, options] = ""
        try:
            compile_pattern(pattern, options)
        except RegexError as error:
            seen[pattern, options] = error.reason
    if reason := seen[pattern, options]:
        checker.findings.add("bad-pattern", literal.span, pattern=pattern, reason=reason)


def _check_position(checker: Checker, call: syntax.Call, builtin: Builtin) -> None:
    if checker.position not in builtin.stages:
        want = " or ".join(builtin.stages)
        checker.findings.add(
            "wrong-position", call.function.span, function=builtin.name, want=want, got=checker.position
        )


def _check_extension(checker: Checker, call: syntax.Call, builtin: Builtin) -> None:
    if builtin.extension:
        checker.findings.add("compat-extension", call.function.span, name=builtin.name)


def _check_comparison(checker: Checker, call: syntax.Call, builtin: Builtin) -> None:
    """Comparing types that have no value in common (U-5)."""
    if not builtin.comparison:
        return
    left, right = call.arguments
    if not checker.types(left) & checker.types(right):
        checker.findings.add(
            "never-equal",
            call.span,
            function=builtin.name,
            left=checker.described(left),
            right=checker.described(right),
            advice=_advice(checker, left, right) or _advice(checker, right, left),
        )


def _advice(checker: Checker, argument: syntax.Expression, other: syntax.Expression) -> str:
    return conversion(argument, checker.types(argument), checker.types(other))


def _check_order(checker: Checker, call: syntax.Call, builtin: Builtin) -> None:
    """What acts on the request to the origin, behind a call that waits for the response."""
    late, awaited = TOO_LATE.get(builtin.name), checker.point.facts.awaited
    if late is None or awaited is None:
        return
    argument = call.arguments[late.param]
    if not late.strings or (isinstance(argument, syntax.String) and argument.value in late.strings):
        checker.findings.add("too-late", call.function.span, related=awaited, function=builtin.name)


def _always(_builtin: Builtin) -> bool:
    return True


def _has_patterns(builtin: Builtin) -> bool:
    return any(param.kind in _OF_PATTERNS for param in builtin.params)


def _has_secrets(builtin: Builtin) -> bool:
    return builtin.name in KEYED or builtin.name in DIGESTS or builtin.name in KEY_ENTRIES


_CALL_CHECKS: Final[tuple[tuple[Callable[[Builtin], bool], _CallCheck], ...]] = (
    (lambda builtin: bool(builtin.params), _check_argument_types),
    (lambda builtin: builtin.name == JOIN, check_joined),
    (_always, _check_values),
    (_has_patterns, _check_patterns),
    (_has_patterns, check_patterns),
    (lambda builtin: builtin.name in POSITIONS or builtin.name == GET, check_positions),
    (_always, _check_position),
    (lambda builtin: builtin.name in TOO_LATE, _check_order),
    (lambda builtin: builtin.extension, _check_extension),
    (lambda builtin: builtin.comparison, _check_comparison),
    (lambda builtin: builtin.comparison or _has_patterns(builtin), check_never),
    (lambda builtin: builtin.comparison or builtin.name in ORDERED, check_self_comparison),
    (lambda builtin: builtin.name in LOGIC, check_operands),
    (_has_secrets, check_secret_call),
)
"""Which builtins a check is for, and the check, which looks at each call with the right number of arguments."""
