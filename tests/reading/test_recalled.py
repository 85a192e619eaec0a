"""A node that remembers decisions answers, logs and counts as one that runs every script every time."""

from hypothesis import event, given, note, settings
from hypothesis import strategies as st

import stdlib
from edgescript.compiler import compile_source
from edgescript.source import Source
from runtime.scripts.policy import PathRule, SitePolicy
from tests.reading.recalled import HOST, Asked, both, program_of, script_of
from tests.tiers.kit import program_of as program_of_tree
from tests.tiers.source_strategy import sources
from tests.tiers.strategies import programs

TIMES = ("999999999", "1000000000", "1000000000.25", "1000000001", "1000000002", "tonumber($arg_t)")
CLOCKS = ("now()", "time()", "t", "clock()")
TEXTS = (
    "$uri",
    "$arg_x",
    "$args",
    "$http_x_a",
    "$cookie_c",
    "$cookie_c_d",
    "$host",
    "$request_method",
    "$remote_addr",
    "req_header('x-b')",
    "req_header(concat('x-', $arg_x))",
    "req_cookie('c', 're:^1')",
    "req_user_agent()",
    "client_country()",
    "dict_get('prices', 'a')",
    "localtime()",
    "utctime()",
    "tostring(t)",
    "tostring(time())",
    "tostring(clock())",
)
UNKNOWABLE = ("req_id()", "tostring(rand(1, 9))", "tostring(metric_incr('n'))")
ACTS = (
    "add_rsp_header('X-Out', concat('v', {text}))",
    "add_rsp_header('X-Copy', '${{host}}')",
    "add_req_header('X-In', concat('v', {text}))",
    "add_rsp_cookie('k', 'v')",
    "set_cache_key(concat('/', {text}))",
    "set_origin('other')",
    "limit_rate(10, 'k')",
    "rewrite('/a', 'break')",
    "rewrite(concat('/to/', {text}), 'redirect', 302)",
    "exit(403)",
    "exit(403, concat('no ', {text}))",
    "exit(204)",
    "say(concat('said ', {text}))",
    "return true",
    "t = {clock}",
    "x = add(t, 1)",
    "len({text})",
)


@st.composite
def scripts(draw: st.DrawFn) -> str:
    """Conditions on the request and the time, and things to do on either side of them."""
    texts = (*TEXTS, *UNKNOWABLE) if draw(st.integers(0, 9)) == 9 else TEXTS

    def condition() -> str:
        kind = draw(st.sampled_from(("order", "order", "text", "text", "both")))
        if kind == "order":
            sides = [draw(st.sampled_from(CLOCKS)), draw(st.sampled_from((*TIMES, "now()")))]
            if draw(st.booleans()):
                sides.reverse()
            return f"{draw(st.sampled_from(('gt', 'ge', 'lt', 'le', 'eq', 'ne')))}({', '.join(sides)})"
        if kind == "text":
            return f"eq({draw(st.sampled_from(texts))}, '{draw(st.sampled_from(('1', '/', '/a', 'GET', 'CN')))}')"
        return f"and({condition()}, {condition()})"

    def act() -> str:
        return draw(st.sampled_from(ACTS)).format(
            text=draw(st.sampled_from(texts)), clock=draw(st.sampled_from(("time()", "now()", "5")))
        )

    text = "t = 5\ndef clock() {\n    return " + draw(st.sampled_from(("now()", "time()", "t"))) + "\n}\n"
    for _ in range(draw(st.integers(1, 4))):
        if draw(st.booleans()):
            lines = [act() for _ in range(draw(st.integers(1, 2)))]
            text += f"if {condition()} {{\n" + "".join(f"    {line}\n" for line in lines[:1]) + "}\n"
        else:
            line = act()
            text += f"if true {{\n    {line}\n}}\n" if line.startswith(("return", "exit")) else f"{line}\n"
    return text


FIELDS = st.lists(
    st.sampled_from(
        [("X-A", "1"), ("X-A", "2"), ("X-B", "1"), ("X-1", "one"), ("Cookie", "c=1"), ("Cookie", "c-d=1; c=2"),
         ("User-Agent", "1"), ("X-Noise", "1"), ("X-Noise", "2")]
    ),
    max_size=3,
).map(tuple)  # fmt: skip
ASKED = st.builds(
    Asked,
    st.sampled_from(["/", "/a", "/p/q.ts", "/?x=1", "/?x=b", "/a?t=1000000001", "/a?t=x"]),
    st.sampled_from(["GET"] * 8 + ["HEAD", "POST"]),
    FIELDS,
    st.sampled_from(["192.0.2.1", "192.0.2.2"]),
    st.sampled_from([HOST, HOST, "b.example"]),
)  # fmt: skip
POOLS = st.lists(ASKED, min_size=1, max_size=3)
BEGIN_S = 999_999_999.25
STEPS_S = (0.0, 0.0, 0.0, 0.0, 0.0, 0.25, 0.25, 0.2495, 0.5005, 1.0, 1.0, -0.5, -2.0)
ORDERS = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(STEPS_S)), min_size=12, max_size=40)
"""Which request comes next, and how far the clock has gone on by then, or back."""
RELOADS = st.one_of(st.none(), st.none(), st.integers(3, 20))
"""Before which of them the node reloads."""
SETTINGS = st.fixed_dictionaries(
    {}, optional={"test_ip": st.just("192.0.2.1"), "break_on_hit": st.just(True), "position": st.just("foot"),
                  "on_error": st.just("continue")}
)  # fmt: skip
POLICIES = st.sampled_from(
    [
        None,
        SitePolicy([PathRule(("/a*",), {"ttl_s": 5})]),
        SitePolicy([PathRule()], redirect_https=True),
    ]
)


def agree(made, policy, pool, order, reload):
    remembering, running = both(made, policy)
    now = BEGIN_S
    for number, (index, step_s) in enumerate(order):
        if number == reload:
            remembering.reload()
            running.reload()
        now += step_s
        asked = pool[index % len(pool)]
        note(f"{now:.4f} {asked}")
        assert remembering.decide(asked, number, now) == running.decide(asked, number, now)
    event(f"recalled {remembering.front.memory.recalled // 5 * 5}")


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(scripts(), SETTINGS), min_size=1, max_size=2), POLICIES, POOLS, ORDERS, RELOADS)
def test_on_scripts_about_requests_and_time(texts, policy, pool, order, reload):
    made = []
    for text, given_settings in texts:
        note(text)
        made.append(script_of(program_of(text), **given_settings))
    agree(made, policy, pool, order, reload)


@settings(max_examples=60, deadline=None)
@given(programs(stdlib.registry()), POOLS, ORDERS, RELOADS)
def test_on_programs_over_the_standard_library(tree, pool, order, reload):
    agree(
        [script_of(program_of_tree(tree, stdlib.registry()), on_error="continue")], None, pool, order, reload
    )


@settings(max_examples=60, deadline=None)
@given(sources(), POOLS, ORDERS, RELOADS)
def test_on_scripts_of_every_kind(text, pool, order, reload):
    if compile_source(Source("t.es", text), stdlib.registry()).code is None:
        event("refused")
        return
    agree([script_of(program_of(text), on_error="continue")], None, pool, order, reload)
