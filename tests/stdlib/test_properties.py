"""
Whatever arguments of the right kinds a builtin is given: it returns what it declares or raises a ScriptFault, and a
body with constants worked in does the same as the general one, effects and fuel included.
"""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import stdlib
from edgescript import calls, typeset
from edgescript.builtins import Builtin, Kind, Specialised
from edgescript.context import Context
from edgescript.faults import ScriptFault
from edgescript.meter import Limits
from edgescript.types import MAX_EXACT_INT, Function, Table, Value, to_number
from stdlib.example import example_context
from tests.stdlib.harness import comparable, plain_effects

LIMITS = Limits(fuel=20_000, value_bytes=2000, total_bytes=8000, dictionary_entries=200, output_bytes=2000)
BUILTINS = [pytest.param(member, id=member.name) for member in stdlib.registry().functions.values()]

# Texts that some builtin takes for more than text.
TELLING = (
    "",
    "/",
    "/a//b?c=d&e#f",
    "https://h/p?q",
    "break",
    "enhance_break",
    "redirect",
    "enhance_redirect",
    "path",
    "code",
    "404=1,302=0",
    "k",
    "G",
    "10r/s",
    "90r/m",
    "md5",
    "sha256",
    "left",
    "re:^/a",
    "re:(",
    "re:(a+)+$",
    "x",
    "user_id",
    "X-Uid",
    "X-A",
    "a\r\nb",
    "%d|%-5.2s|%x",
    "%999d",
    "%41%zz+",
    "YWI=",
    "4a6B",
    "0x1F",
    "-1.5e3",
    "1e999",
    "nan",
    '{"a":[1,null,{"b":"\\u00e9"}]}',
    "[[[[",
    "Thu, 01 Jan 1970 00:01:00 GMT",
    "a=1&a=2&b&=c",
    " \t a \n",
    "\xe4\xb8\xad\xff\x00",
    "(a)(b)?|[0-9]{2,}",
    "$0-$1$$",
    "i",
)
texts = st.sampled_from(TELLING) | st.text(st.characters(max_codepoint=255), max_size=60)
numbers = st.one_of(
    st.integers(-5, 700),
    st.integers(-MAX_EXACT_INT, MAX_EXACT_INT),
    st.floats(),
    st.sampled_from((0.5, -1.5, 2.0**53, 1e300, math.inf, -math.inf, math.nan)),
).map(to_number)
integers = st.integers(-5, 700) | st.integers(-(10**20), 10**20) | st.sampled_from((10**300, -(10**300)))
booleans = st.booleans()


@st.composite
def functions(draw: st.DrawFn) -> Function:
    answer = draw(st.none() | booleans | numbers)
    return Function("callback", draw(st.integers(0, 3)), lambda *_: answer)


scalars: st.SearchStrategy[Value] = st.one_of(texts, numbers, booleans)
keys = st.one_of(texts, st.integers(1, 5), numbers.filter(lambda number: not math.isnan(number)), booleans)


def _table(children: st.SearchStrategy[Value]) -> st.SearchStrategy[Table]:
    arrays = st.lists(children, max_size=6).map(Table)
    mixed = st.lists(st.tuples(keys, children), max_size=6).map(lambda pairs: Table.from_pairs(iter(pairs)))
    strings = st.dictionaries(st.sampled_from(("a", "path", "secure", "max_age", "b")), children, max_size=4)
    return arrays | mixed | strings.map(lambda named: Table.from_pairs(iter(named.items())))


tables = _table(st.recursive(scalars, _table, max_leaves=8))
BY_KIND: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.STRING: texts,
    Kind.NUMBER: numbers,
    Kind.INTEGER: integers,
    Kind.BOOLEAN: booleans,
    Kind.DICTIONARY: tables,
    Kind.FUNCTION: functions(),
    Kind.TEXT: texts | numbers,
    Kind.PATTERN: texts,
    Kind.REGEX_OPTIONS: texts,
    Kind.MATCHER: texts,
    Kind.ANY: st.none() | scalars | tables | functions(),
}


@st.composite
def arguments_of(draw: st.DrawFn, member: Builtin) -> list[Value]:
    most = member.max_args if member.max_args is not None else member.min_args + 3
    count = draw(st.integers(member.min_args, most))
    return [draw(BY_KIND[member.param_at(index).kind]) for index in range(count)]


def copied(value: Value) -> Value:
    """A table's own copy, so that two calls do not share what one may change."""
    if not isinstance(value, Table):
        return value
    named = {key: copied(item) for key, item in value.named.items()}
    return Table([copied(item) for item in value.array], named)


def call(member: Builtin, body: Any, arguments: list[Value], charged: list[Value]) -> tuple[Any, Context]:
    """The result or fault of a body called as the call path calls it, and its run."""
    run = example_context(LIMITS)
    try:
        calls.charge(run, member, charged)
        return body(*((run,) if member.takes_run else ()), *arguments), run
    except ScriptFault as fault:
        return fault, run


def values_in(value: Value) -> Iterator[Value]:
    yield value
    if isinstance(value, Table):
        for key, item in value.items():
            yield key
            yield from values_in(item)


def assert_canonical(value: Value) -> None:
    for part in values_in(value):
        if isinstance(part, str):
            assert all(ord(char) <= 255 for char in part)
        elif type(part) is int:
            assert -MAX_EXACT_INT <= part <= MAX_EXACT_INT
        elif type(part) is float:
            assert not part.is_integer() or abs(part) > MAX_EXACT_INT
        else:
            assert part is None or isinstance(part, bool | Table | Function)


def assert_invariant(table: Table) -> None:
    assert len(table.array) + 1 not in table.named
    assert not any(type(key) is int and 1 <= key <= len(table.array) for key in table.named)


def outcome(result: Any, run: Context) -> tuple[object, ...]:
    shown = (result.code, result.message) if isinstance(result, ScriptFault) else comparable(result)
    # repr: a nan equals itself in it.
    return repr(shown), plain_effects(run.effects), run.ended, run.fuel_used


CHECKED = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("member", BUILTINS)
def test_any_arguments_give_a_declared_result_or_a_fault(member: Builtin) -> None:
    @CHECKED
    @given(arguments_of(member))
    def check(arguments: list[Value]) -> None:
        checked = calls.check_arguments(member, arguments)
        result, _ = call(member, member.body, checked, checked)
        if isinstance(result, ScriptFault):
            return
        assert not typeset.of_value(result) & ~typeset.of_annotation(member.returns)
        assert_canonical(result)
        for value in (result, *checked):
            if isinstance(value, Table):
                assert_invariant(value)

    check()


SPECIALISED = [
    pytest.param(member, id=member.name)
    for member in stdlib.registry().functions.values()
    if member.specialisers
]


def specialised(member: Builtin, constants: dict[int, Value], count: int) -> Specialised | ScriptFault | None:
    try:
        return member.specialise(constants, count)
    except ScriptFault as fault:
        return fault


@pytest.mark.parametrize("member", SPECIALISED)
def test_constant_arguments_change_nothing(member: Builtin) -> None:
    @CHECKED
    @given(arguments_of(member), st.data())
    def check(arguments: list[Value], data: st.DataObject) -> None:
        checked = calls.check_arguments(member, arguments)
        scalar = [index for index, value in enumerate(checked) if isinstance(value, str | int | float)]
        known = data.draw(st.sets(st.sampled_from(scalar))) if scalar else set()
        constants = {index: checked[index] for index in known}
        found = specialised(member, constants, len(checked))
        if isinstance(found, ScriptFault):
            refusal, _ = call(member, member.body, checked, checked)
            assert isinstance(refusal, ScriptFault)
            assert (refusal.code, refusal.message) == (found.code, found.message)
            return
        if found is None:
            return
        general = call(member, member.body, [copied(value) for value in checked], checked)
        rest = [copied(value) for index, value in enumerate(checked) if index not in found.worked_in]
        special = replace(member, body=found.body, takes_run=found.takes_run)
        assert outcome(*call(special, found.body, rest, checked)) == outcome(*general)

    check()


INLINED = [
    pytest.param(member, id=member.name) for member in stdlib.registry().functions.values() if member.inline
]


@pytest.mark.parametrize("member", INLINED)
def test_inline_expression_gives_what_the_body_gives(member: Builtin) -> None:
    names = [param.name for param in member.params]

    @CHECKED
    @given(arguments_of(member))
    def check(arguments: list[Value]) -> None:
        checked = calls.check_arguments(member, arguments)
        by_name = dict(zip(names, checked, strict=True))
        for inline in member.inline:
            wanted = {name: typeset.of_annotation(kind) for name, kind in inline.types.items()}
            if all(not typeset.of_value(by_name[name]) & ~types for name, types in wanted.items()):
                given_by = eval(inline.template, dict(member.body.__globals__), by_name)
                assert repr(comparable(given_by)) == repr(comparable(member.body(*checked)))

    check()
