"""What checks know of a builtin comes from its declaration: functions of other names are checked alike."""

import pytest

from edgescript.builtins import (
    AnyValue,
    Cost,
    Effect,
    Family,
    OptMatcher,
    Pattern,
    RegexOptions,
    Registry,
    Str,
    Variables,
    refused,
)
from edgescript.compiler import compile_source
from edgescript.context import Context
from edgescript.faults import FaultCode, ScriptFault
from edgescript.source import Source

declared = Family("declared", effect=Effect.WRITES)
QUICKLY = {"how": frozenset({"now", "soon"}), "what": frozenset({"all"})}


@declared.builtin(cost=Cost(1), comparison=True)
def same(a: AnyValue, b: AnyValue) -> bool:
    return a == b


@declared.builtin(cost=Cost(1))
def both(a: AnyValue, b: AnyValue) -> bool:
    return a == b


@declared.builtin(cost=Cost(1))
def like(how: RegexOptions, p: Pattern) -> bool:
    return bool(how and p)


@declared.builtin(cost=Cost(1))
def asked(o: Str, p: OptMatcher = None) -> bool:
    return bool(o and p)


@declared.builtin(cost=Cost(1), may_end=True)
def perhaps(ctx: Context) -> None:
    ctx.write("")


@declared.builtin(cost=Cost(1), may_end=True, ends_when={})
def leave(ctx: Context) -> None:
    ctx.write("")


@declared.builtin(cost=Cost(1), may_end=True, ends_when=QUICKLY)
def go(ctx: Context, to: Str, how: Str, what: Str = "all") -> None:
    ctx.write(to + how + what)


@declared.builtin(cost=Cost(1))
def ranked(s: Str, colour: Str, shade: Str = "") -> bool:
    return bool(s and colour and shade)


@declared.specialised(ranked, "colour", "shade")
def _ranked_constant(colour: str, shade: str = ""):
    if colour == "plaid":
        raise ScriptFault(FaultCode.OTHER, "ranked: got colour 'plaid', want a plain one")
    if colour == "clear":
        return refused
    assert colour != "broken"
    return lambda s: bool(s and colour and shade)


REGISTRY = Registry([declared], Variables())


def codes(script: str) -> list[str]:
    return [each.code for each in compile_source(Source("a.es", script), REGISTRY).diagnostics]


@pytest.mark.parametrize(("call", "found"), [("same(1, '1')", ["never-equal"]), ("both(1, '1')", [])])
def test_types_of_a_comparison(call, found):
    assert codes(f"{call}\n") == found


@pytest.mark.parametrize(
    ("call", "found"),
    [
        ("like('', 'a')", []),
        ("like('', '(')", ["bad-pattern"]),
        ("like('i', 'a')", []),
        ("like('q', 'a')", ["bad-pattern"]),
        ("asked('q', 're:a')", []),
        ("asked('q', 're:(')", ["bad-pattern"]),
        ("asked('q', '(')", []),
    ],
)
def test_options_are_those_of_the_pattern(call, found):
    assert codes(f"{call}\n") == found


@pytest.mark.parametrize(
    ("call", "found"),
    [
        ("perhaps()", []),
        ("leave()", ["unreachable-code"]),
        ("go('/', 'now', 'all')", ["unreachable-code"]),
        ("go('/', 'soon', 'all')", ["unreachable-code"]),
        ("go('/', 'later', 'all')", []),
        ("go('now', 'later', 'all')", []),
        ("x = 'now'\ngo('/', x, 'all')", []),
        ("go('/', 'now', 'some')", []),
        # What a parameter left out comes to is the body's affair.
        ("go('/', 'now')", []),
    ],
)
def test_nothing_runs_after_what_surely_ends(call, found):
    assert codes(f"{call}\nboth(1, 2)\n") == found


@pytest.mark.parametrize(
    ("call", "found"),
    [
        ("ranked('a', 'plaid')", ["argument-value"]),
        ("ranked('a', 'plaid', 'dark')", ["argument-value"]),
        ("ranked('a', 'clear')", ["always-false"]),
        ("ranked('a', 'red')", []),
        ("x = 'plaid'\nranked('a', x)", []),
        # What is not known for certain is left to the run.
        ("x = 'a'\nranked('a', 'plaid', x)", []),
        # A mistake of the specialiser's own is not the author's.
        ("ranked('a', 'broken')", []),
        ("ranked('a', 1)", ["argument-type"]),
    ],
)
def test_a_specialiser_says_what_is_refused(call, found):
    assert codes(f"{call}\n") == found
