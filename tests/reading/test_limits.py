"""Limits whose requests are not run: what is asked, counted and answered is the same as if they were."""

from hypothesis import event, given, note, settings
from hypothesis import strategies as st

from tests.reading.recalled import HOST, Asked, Node, both, program_of, script_of

BEGIN_S = 1_000_000_000.25
TEN_A_SECOND = "if not(limit_req(client_addr(), '10r/s')) {\n    exit(429)\n}\n"


def node_of(*texts):
    return Node([script_of(program_of(text)) for text in texts], decision_bytes=1 << 20)


def statuses(node, times, asked=None):
    """How the requests at these moments are answered."""
    return [node.answer(asked or Asked("/a"), number, BEGIN_S + at)[0][3] for number, at in enumerate(times)]


def test_ten_a_second_are_ten_a_second():
    node = node_of("if not(limit_req('k', '600r/m', 9)) {\n    exit(429)\n}\n")
    passed = statuses(node, [step / 128 for step in range(1280)]).count(200)
    assert passed == 9 + 100
    assert node.at_once == passed - 2


def test_a_burst_is_given_once():
    node = node_of("if not(limit_req('k', '1r/s', 20)) {\n    exit(429)\n}\n")
    assert statuses(node, [0.0] * 30) == [200] * 21 + [429] * 9
    assert statuses(node, [1.0, 1.0, 3.0, 3.0, 3.0]) == [200, 429, 200, 200, 429]


def test_a_window_admits_as_many_as_it_does():
    node = node_of("if not(limit_req('k', '20r/s', 0, 'sliding')) {\n    exit(429)\n}\n")
    assert statuses(node, [0.0] * 30) == [200] * 20 + [429] * 10
    assert node.at_once > 10


def test_clients_are_counted_apart():
    node = node_of(TEN_A_SECOND)
    one, other = Asked("/a"), Asked("/a", address="192.0.2.2")
    assert statuses(node, [0.0, 1.0, 2.0, 3.0, 3.0], one) == [200, 200, 200, 200, 429]
    assert statuses(node, [3.0, 3.0], other) == [200, 429]


def test_the_first_of_two_limits_is_counted_once_where_the_second_refuses():
    wide = "if not(limit_req('wide', '1r/m', 9)) {\n    exit(503)\n}\n"
    node = node_of(wide + "if not(limit_req('narrow', '1r/s', 0)) {\n    exit(429)\n}\n")
    assert statuses(node, [0.0, 1.0, 2.0, 3.0]) == [200] * 4
    assert statuses(node, [3.0] * 6) == [429] * 6
    assert statuses(node, [9.0]) == [503]


def test_a_limit_that_is_tried_out_refuses_nobody_and_counts_each():
    node = node_of("limit_req('k', '1r/s', 9, 'shadow')")
    assert statuses(node, [0.0] * 30) == [200] * 30
    assert node.limits.counts().shadow_refused == 20


def test_a_miss_behind_a_limit_is_counted_once():
    node = node_of("if not(limit_req('k', '1r/m', 9)) {\n    exit(429)\n}\n")
    asked = Asked("/not-stored")
    refused = [node.answer(asked, number, BEGIN_S)[0][3] == 429 for number in range(12)]
    assert refused == [False] * 10 + [True] * 2


def test_what_is_refused_at_first_is_remembered_when_it_passes():
    node = node_of(TEN_A_SECOND)
    assert statuses(node, [0.0] * 5) == [200] + [429] * 4
    before = node.at_once
    assert statuses(node, [1.0, 2.0, 3.0]) == [200] * 3
    assert node.at_once == before + 2


def test_a_fault_of_a_limit_is_the_scripts():
    node = node_of("if not(limit_req($arg_x, '10r/s', len($uri))) {\n    exit(429)\n}\nlen($arg_none)")
    assert statuses(node, [0.0, 1.0, 2.0], Asked("/a?x=1")) == [500] * 3


KEYS = ("client_addr()", "$uri", "$arg_x", "'k'", "$host", "tostring(time())", "concat('a', $http_x_a)")
OPTIONS = ("", "", "", "sliding", "shadow", "sliding shadow", "delay", "delay shadow")
CONDITIONS = ("true", "eq($arg_x, '1')", "gt(now(), 1000000003)", "lt(time(), 1000000002)")
ACTS = (
    "exit(429)",
    "exit(200, 'early')",
    "add_rsp_header('X-Over', '1')",
    "add_rsp_header('X-Host', '${host}')",
    "set_cache_key('/a')",
    "rewrite('/a', 'break')",
    "limit_rate(10, 'k')",
    "rewrite('/to', 'redirect', 302)",
    "return true",
)


@st.composite
def limited(draw):
    """A script with limits, on ways that are gone or not, and what it does of their outcome."""

    def limit():
        key, options = draw(st.sampled_from(KEYS)), draw(st.sampled_from(OPTIONS))
        rate = draw(st.sampled_from(("1r/s", "2r/s", "30r/m", "10r/s", "100r/s")))
        return f"limit_req({key}, '{rate}', {draw(st.sampled_from((0, 1, 9, 20)))}, '{options}')"

    def condition():
        kind = draw(st.integers(0, 3))
        if kind == 0:
            return f"and({draw(st.sampled_from(CONDITIONS))}, {limit()})"
        return limit() if kind == 1 else f"not({limit()})"

    count = draw(st.integers(1, 3))
    return "".join([f"if {condition()} {{\n    {draw(st.sampled_from(ACTS))}\n}}\n" for _ in range(count)])


ASKED = st.builds(
    Asked,
    st.sampled_from(["/", "/a", "/a", "/p/q.ts", "/?x=1", "/none"]),
    st.sampled_from(["GET"] * 9 + ["HEAD"]),
    st.sampled_from([()] * 7 + [(("X-A", "1"),), (("Range", "bytes=0-1"),), (("Connection", "close"),)]),
    st.sampled_from(["192.0.2.1", "192.0.2.1", "192.0.2.2"]),
    st.sampled_from([HOST, HOST, HOST, "b.example"]),
)
STEPS_S = (0.0, 0.0, 0.0, 0.0, 0.1, 0.1, 0.25, 0.5, 1.0, 1.0, 7.0, -0.5, -2.0, -100.0, 120.0)
"""How far the clock has gone on by the next request, or was set."""
ORDERS = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(STEPS_S)), min_size=16, max_size=60)
RELOADS = st.one_of(st.none(), st.none(), st.integers(3, 20))
SETTINGS = st.fixed_dictionaries(
    {}, optional={"break_on_hit": st.just(True), "position": st.just("foot"), "on_error": st.just("continue")}
)
SCRIPTS = st.lists(st.tuples(limited(), SETTINGS), max_size=2)


@settings(max_examples=400, deadline=None)
@given(SCRIPTS, st.lists(ASKED, min_size=1, max_size=3), ORDERS, RELOADS, st.booleans())
def test_a_node_that_remembers_counts_and_answers_as_one_that_runs(texts, pool, order, reload, records):
    made = []
    for text, given_settings in texts:
        note(text)
        made.append(script_of(program_of(text), **given_settings))
    remembering, running = both(made)
    now = BEGIN_S
    for number, (index, step_s) in enumerate(order):
        if number == reload:
            remembering.reload()
            running.reload()
        now += step_s
        asked = pool[index % len(pool)]
        note(f"{now:.4f} {asked}")
        if records:
            assert remembering.decide(asked, number, now) == running.decide(asked, number, now)
        else:
            assert remembering.answer(asked, number, now) == running.answer(asked, number, now)
        assert remembering.limits._buckets._tats == running.limits._buckets._tats
    event(f"at once {remembering.at_once // 4 * 4}")
