"""Values that may be missing, given where a value is needed, with no test on the way there."""

from edgescript.builtins import Builtin
from edgescript.checking.checker import Checker
from edgescript.checking.results import MISSABLE
from edgescript.checking.roles import JOIN, JOINED
from edgescript.checking.words import brief, listed
from edgescript.faults import FaultCode
from edgescript.parsing import syntax
from edgescript.typeset import FALSE, FALSY, UNDEF


def check_guard(
    checker: Checker, argument: syntax.Expression, function: str, parameter: str, wanted: int, fault: int
) -> None:
    """Report an argument that is not taken when it is missing, where nothing has shown that it is there."""
    types = checker.point.types(argument)
    missing = types & FALSY & ~wanted
    if not missing or not types & MISSABLE or checker.point.facts.is_flagged:
        return
    if _is_new(checker, argument):
        checker.findings.add(
            "missing-guard",
            argument.span,
            function=function,
            got=brief(argument),
            missing=listed(missing).replace("a boolean", "false"),
            parameter=parameter,
            want=listed(wanted),
            number=fault,
        )


def check_joined(checker: Checker, call: syntax.Call, builtin: Builtin) -> None:
    """`concat` is declared for any value, but undef is an error, and false becomes a word of the text."""
    if builtin.name != JOIN:
        return
    for index, argument in enumerate(call.arguments):
        types = checker.point.types(argument)
        if types & UNDEF:
            name = builtin.param_at(index).name
            check_guard(checker, argument, builtin.name, name, JOINED, int(FaultCode.NOT_A_STRING))
        elif _may_be_false(checker, types) and _is_new(checker, argument):
            checker.findings.add("false-in-text", argument.span, got=brief(argument), function=builtin.name)


def _may_be_false(checker: Checker, types: int) -> bool:
    return bool(types & FALSE and types & MISSABLE) and not checker.point.facts.is_flagged


def _is_new(checker: Checker, argument: syntax.Expression) -> bool:
    """Whether nothing was said yet of this place in this body."""
    key = checker.point.places.key(checker.point.source(argument))
    if key and key in checker.missing:
        return False
    checker.missing.add(key)
    return True
