"""
What is wrong with a script whose syntax and names are known.

A check is a function; the tables at the end say what each looks at. A new one is a function, a row, and an entry in
`catalogue.py`. Errors are only what fails whenever it runs; what may be meant is a warning.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import chain, pairwise
from typing import Final, TypeAlias

from edgescript import syntax, walk
from edgescript.builtins import MATCHER_PREFIX, Builtin, Effect, Kind, Registry, Stage
from edgescript.diagnostics import Findings
from edgescript.infer import accepted, described, listed, types_of
from edgescript.opcodes import MAX_LOOPS
from edgescript.parser import PLACEHOLDER
from edgescript.regex import RegexError, compile_pattern
from edgescript.resolve import MAX_ARGUMENTS, CustomFunction, Names
from edgescript.source import Span
from edgescript.spelling import nearest
from edgescript.typeset import FALSY, NUMBER, TABLE

MAX_PATTERNS: Final = 300
"""Different literal patterns of a script: each is compiled here and at load, and kept by every worker."""


@dataclass(slots=True)
class _Checker:
    """What checks know: the names, where the script runs, and the body being looked at."""

    names: Names
    position: Stage
    findings: Findings
    doubtful: frozenset[str]
    own: dict[str, int] = field(default_factory=dict)
    """Variables of the function being looked at, none at script level."""

    patterns: dict[tuple[str, str], str] = field(default_factory=dict)
    """Literal patterns seen, with their options: why each is refused, '' if it is not."""
    too_many_patterns: bool = False

    @property
    def registry(self) -> Registry:
        return self.names.registry

    def types(self, expression: syntax.Expression) -> int:
        return types_of(expression, self.names, self.own)

    def described(self, expression: syntax.Expression) -> str:
        return described(expression, self.types(expression))


_CallCheck: TypeAlias = Callable[[_Checker, syntax.Call, Builtin], None]
_Block: TypeAlias = tuple[syntax.Statement, ...]


def check(
    script: syntax.Script,
    names: Names,
    position: Stage,
    findings: Findings,
    doubtful: frozenset[str] = frozenset(),
) -> None:
    """Report everything the checks find."""
    checker = _Checker(names, position, findings, doubtful)
    bodies: list[tuple[_Block, dict[str, int]]] = [(script.body, {})]
    bodies += [(function.node.body, function.locals) for function in names.functions.values()]
    for body, checker.own in bodies:
        _check_block(checker, body, 0)
        for expression in walk.expressions(body):
            _check_expression(checker, expression)


def _check_block(checker: _Checker, body: _Block, loops: int) -> None:
    """Check a block's statements and the blocks inside; `loops` are around it. Depth is bounded by the parser."""
    for block_check in _BLOCK_CHECKS:
        block_check(checker, body)
    for statement in body:
        for statement_check in _STATEMENT_CHECKS.get(type(statement), ()):
            statement_check(checker, statement)
        if isinstance(statement, syntax.If):
            _check_block(checker, statement.body, loops)
            _check_block(checker, statement.orelse or (), loops)
        elif isinstance(statement, syntax.For):
            if loops == MAX_LOOPS:
                span = Span(statement.span.start, statement.iterable.span.end)
                checker.findings.add("loops-too-deep", span, depth=loops + 1, limit=MAX_LOOPS)
            _check_block(checker, statement.body, loops + 1)


def _check_expression(checker: _Checker, expression: syntax.Expression) -> None:
    if isinstance(expression, syntax.Dictionary):
        for literal_check in _LITERAL_CHECKS:
            literal_check(checker, expression)
    elif isinstance(expression, syntax.Negation):
        _check_negation(checker, expression)
    elif isinstance(expression, syntax.Call):
        callee = checker.names.callee(expression.function)
        if len(expression.arguments) > MAX_ARGUMENTS:
            span, count = expression.arguments[MAX_ARGUMENTS].span, len(expression.arguments)
            checker.findings.add(
                "too-many-arguments", span, count=count, what="arguments", limit=MAX_ARGUMENTS
            )
        if callee is None:
            _report_unknown(checker, expression)
        elif isinstance(callee, CustomFunction):
            _check_custom_call(checker, expression, callee)
        elif _check_count(checker, expression, callee):
            for call_check in _CALL_CHECKS:
                call_check(checker, expression, callee)


# Calls


def _report_unknown(checker: _Checker, call: syntax.Call) -> None:
    name = call.function.id
    if name not in checker.doubtful:
        known = (checker.names.functions, checker.registry.functions)
        checker.findings.add(
            "unknown-function", call.function.span, near=lambda: nearest(name, chain(*known)), name=name
        )


def _check_custom_call(checker: _Checker, call: syntax.Call, callee: CustomFunction) -> None:
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


def _check_count(checker: _Checker, call: syntax.Call, builtin: Builtin) -> bool:
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


def _check_argument_types(checker: _Checker, call: syntax.Call, builtin: Builtin) -> None:
    """Errors 402 to 406, where they are certain."""
    for index, argument in enumerate(call.arguments):
        param = builtin.param_at(index)
        types = checker.types(argument)
        if not types & accepted(param.kind):
            checker.findings.add(
                "argument-type",
                argument.span,
                function=builtin.name,
                got=described(argument, types),
                parameter=param.name,
                want=listed(accepted(param.kind)),
            )


def _check_patterns(checker: _Checker, call: syntax.Call, builtin: Builtin) -> None:
    """Literal patterns are compiled, with their options where those are literal too."""
    options = ""
    for index, argument in enumerate(call.arguments):
        if builtin.param_at(index).kind is Kind.REGEX_OPTIONS and isinstance(argument, syntax.String):
            options = argument.value
    for index, argument in enumerate(call.arguments):
        kind = builtin.param_at(index).kind
        if not isinstance(argument, syntax.String) or kind not in {Kind.PATTERN, Kind.MATCHER}:
            continue
        pattern = argument.value
        if kind is Kind.MATCHER:
            if not pattern.startswith(MATCHER_PREFIX):
                continue
            pattern = pattern.removeprefix(MATCHER_PREFIX)
        _check_pattern(checker, argument, pattern, options if kind is Kind.PATTERN else "")


def _check_pattern(checker: _Checker, literal: syntax.String, pattern: str, options: str) -> None:
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


def _check_position(checker: _Checker, call: syntax.Call, builtin: Builtin) -> None:
    if checker.position not in builtin.stages:
        want = " or ".join(builtin.stages)
        checker.findings.add(
            "wrong-position", call.function.span, function=builtin.name, want=want, got=checker.position
        )


def _check_extension(checker: _Checker, call: syntax.Call, builtin: Builtin) -> None:
    if builtin.extension:
        checker.findings.add("compat-extension", call.function.span, name=builtin.name)


def _check_comparison(checker: _Checker, call: syntax.Call, builtin: Builtin) -> None:
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
        )


# Other expressions


def _check_negation(checker: _Checker, negation: syntax.Negation) -> None:
    types = checker.types(negation.operand)
    if not types & NUMBER:
        got = described(negation.operand, types)
        checker.findings.add(
            "argument-type", negation.operand.span, function="'-'", got=got, parameter="n", want="a number"
        )


def _check_mixed(checker: _Checker, literal: syntax.Dictionary) -> None:
    keyed = [item for item in literal.items if item.key is not None]
    if keyed and len(keyed) < len(literal.items):
        checker.findings.add("compat-mixed-literal", literal.span)


def _check_keys(checker: _Checker, literal: syntax.Dictionary) -> None:
    """A literal key twice; entries without a key have the numbers from 1."""
    seen: dict[tuple[type, object], Span] = {}
    position = 0
    for item in literal.items:
        key: tuple[type, object]
        if item.key is None:
            position += 1
            key, text = (int, position), f"number {position}"
        elif isinstance(item.key, syntax.String | syntax.Number | syntax.Boolean):
            key, text = (type(item.key.value), item.key.value), checker.described(item.key)
        else:
            continue
        first = seen.setdefault(key, item.span)
        if first is not item.span:
            checker.findings.add("duplicate-key", item.span, related=first, key=text)


# Statements


def _check_condition(checker: _Checker, statement: syntax.If) -> None:
    condition = statement.condition
    if isinstance(condition, syntax.Name) and condition.id == PLACEHOLDER:
        return
    types = checker.types(condition)
    if types & FALSY and types & ~FALSY:
        return
    outcome = "false" if types & FALSY else "true"
    checker.findings.add(
        "constant-condition", condition.span, outcome=outcome, got=described(condition, types)
    )


def _check_loop_value(checker: _Checker, statement: syntax.For) -> None:
    if not checker.types(statement.iterable) & TABLE:
        span = statement.iterable.span
        checker.findings.add("bad-loop-value", span, got=checker.described(statement.iterable))


def _check_result_used(checker: _Checker, statement: syntax.Evaluate) -> None:
    callee = checker.names.callee(statement.call.function)
    if isinstance(callee, Builtin) and callee.effect in {Effect.PURE, Effect.READS} and not callee.may_end:
        # `and(c, f())` as a statement is a way to call f under a condition.
        inner = any(isinstance(each, syntax.Call) for each in statement.call.arguments)
        if not (callee.name in {"and", "or"} and inner):
            checker.findings.add("unused-result", statement.span, function=callee.name)


def _check_reachable(checker: _Checker, body: _Block) -> None:
    """Code after a statement that always leaves. A `return` after `exit` only states the obvious, and may stay."""
    for statement, following in pairwise(body):
        if not _leaves(checker, statement):
            continue
        if isinstance(following, syntax.Def):
            continue
        if not (isinstance(statement, syntax.Evaluate) and isinstance(following, syntax.Return)):
            checker.findings.add("unreachable-code", following.span, related=statement.span)
        return


def _leaves(checker: _Checker, statement: syntax.Statement) -> bool:
    """Whether nothing after the statement can run in its block."""
    if isinstance(statement, syntax.Return):
        return True
    if isinstance(statement, syntax.If):
        arms = (statement.body, statement.orelse or ())
        return all(arm and _leaves(checker, arm[-1]) for arm in arms)
    if not isinstance(statement, syntax.Evaluate):
        return False
    call = statement.call
    callee = checker.names.callee(call.function)
    if not isinstance(callee, Builtin):
        return False
    given = zip(callee.params, call.arguments, strict=False)  # a wrong count is reported elsewhere
    return callee.surely_ends(
        {param.name: value.value for param, value in given if isinstance(value, syntax.String)}
    )


_CALL_CHECKS: Final[tuple[_CallCheck, ...]] = (
    _check_argument_types,
    _check_patterns,
    _check_position,
    _check_extension,
    _check_comparison,
)
"""Look at each call of a builtin that has the right number of arguments."""
_LITERAL_CHECKS: Final = (_check_mixed, _check_keys)
_STATEMENT_CHECKS: Final[dict[type, tuple[Callable[..., None], ...]]] = {
    syntax.If: (_check_condition,),
    syntax.For: (_check_loop_value,),
    syntax.Evaluate: (_check_result_used,),
}
_BLOCK_CHECKS: Final = (_check_reachable,)
