"""What Code means, case by case; every run is made in both tiers and must come out the same."""

import math

import pytest

from edgescript.builtins import AnyValue, Cost, Effect, Family, Registry, Variables
from edgescript.compiling import ir
from edgescript.context import Context
from edgescript.effects import Answer
from edgescript.faults import FaultCode
from edgescript.meter import Limits
from tests.tiers.kit import REGISTRY, Nodes, both, context_of, program_of

NAMES = ("v0", "v1", "v2")


@pytest.fixture
def n():
    return Nodes()


def run(*main, functions=(), limits=Limits(), registry=REGISTRY):  # noqa: B008 - frozen
    return both(program_of(ir.Program(tuple(main), NAMES, tuple(functions)), registry), limits)


def output(*main, **more):
    """The texts that `record` wrote."""
    outcome = run(*main, **more)
    assert isinstance(outcome.result, bool), outcome.result
    return [text.rstrip("\n") for text in outcome.effects.get("output", ())]


# The hit: an explicit boolean, else whether HIT was executed (U-24).


@pytest.mark.parametrize(
    ("returned", "hit"),
    [(True, True), (False, False), (None, True), (1, True), ("", True), (0, True)],
)
def test_hit_with_a_taken_if(n, returned, hit):
    assert run(n.if_(True, ()), n.return_(returned)).result is hit


@pytest.mark.parametrize(("returned", "hit"), [(True, True), (False, False), (None, False), (1, False)])
def test_hit_without(n, returned, hit):
    assert run(n.if_(False, ()), n.return_(returned)).result is hit


def test_hit_by_a_value_known_only_at_run_time(n):
    assert run(n.return_(n.call("get", n.array(True), 1))).result is True
    assert run(n.return_(n.call("get", n.array("x"), 1))).result is False


# Truth: only undef and false are false.


@pytest.mark.parametrize(
    ("value", "taken"),
    [(None, False), (False, False), (True, True), (0, True), ("", True), (math.nan, True)],
)
def test_truth(n, value, taken):
    known = n.if_(value, [n.do("record", "taken")], [n.do("record", "not")])
    unknown = n.if_(n.call("get", n.array(value, 1), 1), [n.do("record", "taken")], [n.do("record", "not")])
    assert output(known)[0] == ("string 'taken'" if taken else "string 'not'")
    # An undef in a literal leaves its key out, and an absent key reads as false.
    assert output(unknown)[0] == ("string 'taken'" if taken else "string 'not'")


@pytest.mark.parametrize(
    ("operands", "all_", "any_"),
    [
        ((), "true", "false"),
        ((1,), "true", "true"),
        ((None,), "false", "false"),
        ((1, None), "false", "true"),
        ((False, None, "x"), "false", "true"),
        ((1, "", 0), "true", "true"),
    ],
)
def test_and_or(n, operands, all_, any_):
    nodes = tuple(map(n.value, operands))
    assert output(n.do("record", ir.And(n.at(), nodes))) == [f"boolean {all_}"]
    assert output(n.do("record", ir.Or(n.at(), nodes))) == [f"boolean {any_}"]


def test_and_stops_at_the_first_false(n):
    asked = ir.And(n.at(), (n.call("record", 1), n.value(False), n.call("record", 2)))
    assert output(n.set(0, asked)) == ["number 1"]


# Order of evaluation: left to right, whatever has to be checked in between.


def test_arguments_are_evaluated_before_any_is_checked(n):
    call = n.call("get", n.call("record", 1), n.call("record", 2))
    outcome = run(n.do("size", call))
    assert outcome.effects["output"] == ["number 1\n", "number 2\n"]
    assert outcome.result[:2] == (
        FaultCode.NOT_A_DICTIONARY,
        "argument 1 of get: got boolean true, want dictionary",
    )


def test_what_waits_is_evaluated_before_a_later_check(n):
    call = n.call("join", n.call("record", 1), n.call("find", n.call("get", n.array(), 1)))
    outcome = run(n.do("size", call))
    assert outcome.effects["output"] == ["number 1\n"]
    assert outcome.result[1] == "argument 1 of find: got boolean false, want string"


def test_an_argument_charged_by_size_is_evaluated_once(n):
    assert output(n.do("record", n.call("upper", n.call("echo", "abc")))) == ["abc", "string 'ABC'"]


def test_a_variable_is_read_before_a_function_changes_it(n):
    f = n.function("f", 0, "", n.set(0, "new"), n.return_("f"))
    values = n.array(n.get(0), ir.CallFunction(n.at(), 0, ()), n.get(0))
    main = [n.set(0, "old"), n.set(1, values)]
    main += [n.do("record", n.call("get", n.get(1), index)) for index in (1, 2, 3)]
    assert output(*main, functions=[f]) == ["string 'old'", "string 'f'", "string 'new'"]


def test_a_loop_walks_the_entries_of_its_start(n):
    main = n.for_(0, 1, n.get(2), n.do("put", n.get(2), n.get(1), n.get(1)), n.do("record", n.get(0)))
    assert output(n.set(2, n.array("a", "b")), main, n.do("record", n.call("size", n.get(2)))) == [
        "number 1",
        "number 2",
        "number 4",
    ]


def test_a_loop_leaves_its_variables_as_they_were_last(n):
    assert output(n.for_(0, 0, n.array("a", "b")), n.do("record", n.get(0))) == ["number 2"]


def test_variables_begin_undef(n):
    f = n.function("f", 1, "p q", n.do("record", n.local(0)), n.do("record", n.local(1)))
    call = ir.Discard(n.at(), ir.CallFunction(n.at(), 0, (n.value(7),)))
    assert output(n.do("record", n.get(0)), call, functions=[f]) == ["undef", "number 7", "undef"]


def test_a_callback_is_given_what_it_takes(n):
    few = n.function("few", 1, "k", n.do("record", n.local(0)))
    many = n.function("many", 3, "k v x", n.do("record", n.local(2)))
    main = [n.do("each", n.array("a"), ir.LoadFunction(n.at(), index)) for index in (0, 1)]
    assert output(*main, functions=[few, many]) == ["number 1", "undef"]


def test_a_function_equals_itself(n):
    f = n.function("f", 0, "")
    same = n.call("eq", ir.LoadFunction(n.at(), 0), ir.LoadFunction(n.at(), 0))
    assert output(n.do("record", same), functions=[f]) == ["boolean true"]


def test_literals(n):
    table = n.dictionary({"a": 1, "b": None, 1: "one", 2: "two"})
    main = [n.set(0, table), n.do("record", n.call("size", n.get(0)))]
    main += [n.do("record", n.call("get", n.get(0), key)) for key in ("a", "b", 1, 2)]
    assert output(*main) == ["number 3", "number 1", "boolean false", "string 'one'", "string 'two'"]
    assert output(n.do("record", n.call("size", n.array(None, "x")))) == ["number 1"]
    assert output(n.do("record", n.call("size", n.dictionary({"a": None})))) == ["number 0"]


@pytest.mark.parametrize("key", [None, math.nan])
def test_a_literal_refuses_a_key_that_is_none(n, key):
    outcome = run(n.set(0, n.dictionary({key: 1})))
    assert outcome.result[:2] == (FaultCode.OTHER, "dictionary literal: a key cannot be undef or nan")


# Kinds.


@pytest.mark.parametrize(
    ("name", "arguments", "code", "message"),
    [
        ("upper", (5,), 402, "argument 1 of upper: got number 5, want string"),
        ("upper", (None,), 402, "argument 1 of upper: got undef, want string"),
        ("add", (1, "x" * 50), 403, f"argument 2 of add: got string '{'x' * 40}'..., want number"),
        ("add", (True, "a"), 403, "argument 1 of add: got boolean true, want number"),
        ("part", ("a", math.inf), 403, "argument 2 of part: got number inf, want integer"),
        ("part", ("a", math.nan), 403, "argument 2 of part: got number nan, want integer"),
        ("part", ("a", 1, "b"), 403, "argument 3 of part: got string 'b', want integer"),
        ("get", ("a", 1), 404, "argument 1 of get: got string 'a', want dictionary"),
        ("maybe", (0,), 405, "argument 1 of maybe: got number 0, want boolean"),
        ("join", (1, "a", False), 402, "argument 3 of join: got boolean false, want string or number"),
    ],
)
@pytest.mark.parametrize("known", [True, False])
def test_kinds(n, name, arguments, code, message, known):
    # As constants, and as values known only at run time.
    nodes = [n.value(argument) if known else n.call("get", n.array(1, argument), 2) for argument in arguments]
    if not known and None in arguments:
        message = message.replace("undef", "boolean false")
    call = n.call(name, *nodes)
    outcome = run(n.set(0, call))
    assert outcome.result == (FaultCode(code), message, "", call.at.line, call.at.column)


def test_want_function(n):
    call = n.call("each", n.array(), "f")
    assert run(n.set(0, call)).result[:2] == (
        FaultCode.NOT_A_FUNCTION,
        "argument 2 of each: got string 'f', want function",
    )


@pytest.mark.parametrize(("start", "part"), [(1.9, "bc"), (-1.9, "c"), (-0.5, "abc"), (1e300, "")])
@pytest.mark.parametrize("known", [True, False])
def test_an_integer_argument_is_cut(n, start, part, known):
    value = n.value(start) if known else n.call("get", n.array(start), 1)
    main = [n.set(0, value), n.do("record", n.call("part", "abc", n.get(0), 3)), n.do("record", n.get(0))]
    texts = output(*main)
    assert texts[0] == f"string '{part}'"
    assert "." in texts[1] or "e" in texts[1], "the variable keeps its value"


def test_for_wants_a_dictionary(n):
    loop = n.for_(0, 1, n.call("upper", "a"))
    outcome = run(loop)
    assert outcome.result == (
        FaultCode.NOT_A_DICTIONARY,
        "for: got string 'A', want dictionary",
        "",
        *loop.at,
    )


# Places: the innermost body of the script that the fault passed through.


def test_place_of_a_fault_in_a_callback(n):
    inner = n.call("upper", 1)
    f = n.function("f", 2, "k v", ir.Discard(n.at(), inner))
    outcome = run(n.do("each", n.array(1), ir.LoadFunction(n.at(), 0)), functions=[f])
    assert outcome.result[3:] == inner.at


def test_place_of_a_defect_of_ours(n):
    call = n.call("defect", n.call("add", 1, -1))
    program = program_of(ir.Program((n.set(0, n.array(call)),), NAMES))
    assert both(program).result == (FaultCode.OTHER, "internal error", "", *call.at)
    with pytest.raises(Exception, match="internal error") as caught:
        program.run(context_of())
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_deep_recursion_is_a_fault(n):
    f = n.function("f", 0, "", n.return_(ir.CallFunction(n.at(), 0, ())))
    main = ir.Program((ir.Discard(n.at(), ir.CallFunction(n.at(), 0, ())),), NAMES, (f,))
    program = program_of(main)
    limits = Limits(call_depth=10_000, fuel=10**9)
    for tier in (program.run, program.interpret):
        with pytest.raises(Exception, match=r"calls nest too deeply|functions call each other"):
            tier(context_of(limits))


# Ending: nothing more happens.


def test_an_end_stops_everything(n):
    outcome = run(n.if_(True, [n.do("leave", 403, "no"), n.do("record", 1)]), n.do("record", 2))
    assert outcome.effects == {"end": Answer(403, "no")}
    assert outcome.result is True
    assert outcome.ended


def test_an_end_inside_a_callback_inside_an_expression(n):
    f = n.function("f", 2, "k v", n.do("leave", 1), n.do("record", "f"))
    call = n.call("each", n.array(1, 2), ir.LoadFunction(n.at(), 0))
    outcome = run(n.do("record", n.call("size", call)), n.do("record", 2), functions=[f])
    assert outcome.effects == {"end": Answer(1, "")}


def test_an_end_many_calls_deep_inside_an_expression(n):
    inner = n.function("inner", 1, "x", n.do("leave", n.local(0)), n.return_("went on"))
    outer = n.function("outer", 1, "x", n.return_(ir.CallFunction(n.at(), 0, (n.local(0),))))
    call = ir.CallFunction(n.at(), 1, (n.value(0),))
    assert output(n.do("record", call), functions=[inner, outer]) == ["string 'went on'"]
    call = ir.CallFunction(n.at(), 1, (n.value(403),))
    outcome = run(n.do("record", n.array(call)), n.do("record", 2), functions=[inner, outer])
    assert outcome.effects == {"end": Answer(403, "")}


def test_a_call_that_may_end_and_does_not(n):
    assert output(n.set(0, n.call("leave", 0)), n.do("record", n.get(0))) == ["boolean true"]


# Fuel: the same in both tiers by `run`; here its amounts.


def test_fuel_of_segments(n):
    # CONST 1 + CALL 1 + base 2 + POP 1 + UNDEF 1 + RETURN 1.
    assert run(n.do("record", 1)).fuel == 7
    # TRUE IF: 2; HIT and the call: 6; UNDEF RETURN: 2.
    assert run(n.if_(True, [n.do("record", 1)])).fuel == 10
    assert run(n.if_(False, [n.do("record", 1)])).fuel == 4


def test_fuel_by_size(n):
    small, large = (run(n.do("upper", "a" * size)).fuel for size in (1, 101))
    assert large - small == 50, "per s, shift 1"
    parts = [run(n.do("join", "xxxxxxxx", *more)).fuel for more in ((), ("abc",), ("abc", "de"), ("abc", 5))]
    # An argument more is one CONST more; `per parts` adds their bytes up and shifts by 2.
    assert [after - parts[0] for after in parts[1:]] == [1, 2 + 1, 2]


def test_fuel_of_rounds(n):
    counts = [run(n.for_(0, 1, n.array(*range(size)), n.do("record", 1))).fuel for size in (1, 2, 3)]
    # A round: SET SET CONST CALL record POP; an element more in the literal: CONST.
    assert counts[1] - counts[0] == counts[2] - counts[1] == 7 + 1


def test_out_of_fuel_at_the_first_instruction_of_a_segment(n):
    inner = n.call("record", 1)
    branch = n.if_(True, [ir.Discard(n.at(), inner)], hit=False)
    outcome = run(branch, limits=Limits(fuel=3))
    assert outcome.result[0] is FaultCode.TIMEOUT
    assert outcome.result[2:] == ("fuel", *inner.arguments[0].at)
    assert outcome.effects == {}


def test_clock_is_looked_at_between_strides(n):
    main = ir.Program((n.for_(0, 1, n.array(*range(90)), n.do("work", 1000)),), NAMES)
    program = program_of(main)
    for tier in (program.run, program.interpret):
        readings = iter(range(100))
        context = Context(context_of().request, monotonic=lambda: next(readings))  # noqa: B023 - used at once
        with pytest.raises(Exception, match="longer than 50 ms"):
            tier(context)


@pytest.mark.parametrize("limit", ["calls", "call_depth"])
def test_call_limits(n, limit):
    f = n.function("f", 0, "", n.return_(ir.CallFunction(n.at(), 0, ())))
    main = ir.Discard(n.at(), ir.CallFunction(n.at(), 0, ()))
    outcome = run(main, functions=[f], limits=Limits(**{limit: 3}))
    assert outcome.result[0] is FaultCode.CALL_LIMIT
    assert outcome.result[2] == limit


def test_calls_one_after_another_are_not_deep(n):
    f = n.function("f", 0, "", n.if_(n.get(0), [n.return_(1)], hit=False), n.set(0, True))
    g = n.function("g", 0, "", n.return_("g"))
    calls = [ir.Discard(n.at(), ir.CallFunction(n.at(), index, ())) for index in (0, 0, 1, 1)]
    assert run(*calls, functions=[f, g], limits=Limits(call_depth=1)).result is False


@pytest.mark.parametrize(("limit", "code"), [("loop_rounds", 409), ("total_loop_rounds", 410)])
def test_loop_limits_count_before_the_first_round(n, limit, code):
    loop = n.for_(0, 1, n.array(1, 2, 3), n.do("record", 1))
    assert len(run(loop, limits=Limits(**{limit: 3})).effects["output"]) == 3
    outcome = run(loop, limits=Limits(**{limit: 2}))
    assert outcome.result[0] == code
    assert outcome.result[2:] == (limit, *loop.at)
    assert outcome.effects == {}


# Specialised bodies and expressions in place of bodies.


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("abc", "b"), "boolean true"),
        (("abc", "x", ""), "boolean false"),
        (("abc", "b", "x"), "boolean true"),
    ],
)
def test_specialised(n, arguments, text):
    assert output(n.do("record", n.call("matches", *arguments))) == [text]


def test_a_constant_its_specialiser_refuses_faults_when_run(n):
    call = n.call("matches", "abc", "(")
    assert output(n.if_(False, [n.do("size", call)])) == []
    assert run(n.do("size", call)).result[:2] == (FaultCode.OTHER, "bad pattern")


@pytest.mark.parametrize(
    ("a", "b", "equal"),
    [
        ("a", "a", True),
        (1, 1.0, True),
        (1, True, False),
        ("1", 1, False),
        (None, False, False),
        (None, None, True),
    ],
)
@pytest.mark.parametrize("known", [(True, True), (True, False), (False, True), (False, False)])
def test_equality(n, a, b, equal, known):
    left, right = (
        n.value(value) if fixed or value is None else n.call("get", n.array(value), 1)
        for value, fixed in zip((a, b), known, strict=True)
    )
    assert output(n.do("record", n.call("eq", left, right))) == [f"boolean {'true' if equal else 'false'}"]


def test_python_warns_of_nothing():
    # Identity tests on literals make Python's compiler warn; constants are kept out of them.
    n = Nodes()
    assert (
        output(n.do("record", n.call("not", 5)), n.do("record", n.call("not", "a"))) == ["boolean false"] * 2
    )


# Tracing.


class Watcher:
    def __init__(self):
        self.seen = []
        self.clock = 0.0

    def monotonic(self):
        self.clock += 0.5
        return self.clock

    def line(self, line):
        self.seen.append(f"line {line}")

    def branch(self, line, column, taken):
        self.seen.append(f"branch {line}:{column} {taken}")

    def assign(self, _line, name, value):
        self.seen.append(f"{name} = {value}")

    def call(self, line, name, arguments, result, elapsed_s):
        self.seen.append(f"_{line}_{name}({','.join(map(str, arguments))}):{result}{{_{elapsed_s}}}")


def test_tracer_sees_lines_branches_and_calls():
    at = [ir.Position(line, 1) for line in range(10)]
    upper = REGISTRY.functions["upper"]
    call = ir.CallBuiltin(at[3], upper, (ir.Constant(at[3], "a"),))
    body = ir.Discard(at[3], call)
    main = ir.If(at[2], ir.Constant(at[2], True), (body,), (), marks_hit=True)
    watcher = Watcher()
    assert program_of(ir.Program((main,), ())).interpret(context_of(), watcher) is True
    assert watcher.seen == ["line 2", "branch 2:1 True", "line 3", "_3_upper(a):A{_0.5}", "line 2"]


def test_a_body_is_given_exactly_what_was_written():
    # Missing optional arguments are left to Python's default.
    family = Family("test", effect=Effect.PURE)
    seen = []

    @family.builtin(cost=Cost(1))
    def note(a: AnyValue, b: AnyValue = "default", *more: AnyValue) -> None:
        seen.append((a, b, more))

    registry = Registry([family], Variables())
    n = Nodes(registry)
    run(n.do("note", 1), n.do("note", 1, 2), n.do("note", 1, 2, 3, 4), registry=registry)
    assert seen == [(1, "default", ()), (1, 2, ()), (1, 2, (3, 4))] * 2


def test_tables_are_shared_by_reference(n):
    main = [n.set(0, n.array()), n.set(1, n.get(0)), n.do("put", n.get(1), "k", "v")]
    assert output(*main, n.do("record", n.call("get", n.get(0), "k"))) == ["string 'v'"]
