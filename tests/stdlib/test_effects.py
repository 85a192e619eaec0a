"""What scripts leave in `Effects`, in both tiers, with arguments known at load time and only at run time."""

import pytest

from edgescript.context import Context
from edgescript.effects import Answer, HeaderOp, Redirect
from edgescript.request import Headers, Request
from edgescript.services import Services
from stdlib.example import example_context
from tests.stdlib.harness import TIERS, Tier, evaluate, plain_effects, run, with_opaque_arguments


def set_(name: str, value: str) -> HeaderOp:
    return HeaderOp("set", name, value)


def add(name: str, value: str) -> HeaderOp:
    return HeaderOp("add", name, value)


EFFECTS = {
    "add_req_header('X-A', '1')": {"request_headers": [set_("X-A", "1")]},
    "add_req_header('X-A', '1', true)": {"request_headers": [add("X-A", "1")]},
    "add_req_header('X-A', '1', false)": {"request_headers": [set_("X-A", "1")]},
    "del_req_header('Cookie')": {"request_headers": [HeaderOp("delete", "Cookie")]},
    "add_rsp_header('X-A', '${host}')": {
        "response_headers": [HeaderOp("set", "X-A", "${host}", template=True)]
    },
    "add_rsp_header('X-A', '@{server}', true)": {
        "response_headers": [HeaderOp("add", "X-A", "@{server}", template=True)]
    },
    "del_rsp_header('Server')": {"response_headers": [HeaderOp("delete", "Server")]},
    "add_rsp_header('X A', '1')": {},
    "add_rsp_cookie('a', '1')": {"response_headers": [add("Set-Cookie", "a=1")]},
    "add_rsp_cookie('a', '1', ['path' = '/', 'secure' = true])": {
        "response_headers": [add("Set-Cookie", "a=1; Path=/; Secure")]
    },
    "add_rsp_cookie('a', 'b c', ['extension' = 'Priority=High', 'samesite' = 'Lax', 'httponly' = true, "
    "'secure' = true, 'path' = '/p', 'domain' = 'example.com', 'max_age' = 60, "
    "'expires' = 'Thu, 01-Jan-70 00:00:00 GMT'])": {
        "response_headers": [
            add(
                "Set-Cookie",
                "a=b c; Expires=Thu, 01-Jan-70 00:00:00 GMT; Max-Age=60; Domain=example.com; Path=/p; Secure; "
                "HttpOnly; SameSite=Lax; Priority=High",
            )
        ]
    },
    "set_cache_ttl('path', 50)": {"ttl_s": 50},
    "set_cache_ttl('path', '1.9')": {"ttl_s": 1},
    "set_cache_ttl('path', 99999999999)": {"ttl_s": 2**31 - 1},
    "set_cache_ttl('code', '404=1, 302=0')": {"ttl_s_by_status": {404: 1, 302: 0}},
    "set_cache_ttl('code', '404=99999999999')": {"ttl_s_by_status": {404: 2**31 - 1}},
    "set_cache_ttl('code', '404')": {},
    "limit_rate(300, 'k')": {"rate_bytes_per_s": 300 * 1024},
    "limit_rate(1, 'K')": {"rate_bytes_per_s": 4096},
    "limit_rate(4097)": {"rate_bytes_per_s": 4097},
    "limit_rate(999999999999999, 'g')": {"rate_bytes_per_s": 2**53},
    "limit_rate(0)": {},
    "set_cache_key('/a')": {"cache_key": "/a"},
    "set_cache_key(7)": {"cache_key": "7"},
    "set_cache_key('')": {"bypass": True},
    "set_cache_key(concat('/a', tochar(9)))": {"bypass": True},
    "add_cache_tag('a')": {"cache_tags": ["a"]},
    "add_cache_tag('a,b')": {},
    "set_cache_grace(30, 86400)": {"stale_while_revalidate_s": 30, "stale_if_error_s": 86400},
    "set_cache_grace(1.9, div(1, 0))": {"stale_while_revalidate_s": 1, "stale_if_error_s": 2**31 - 1},
    "set_cache_grace(-1, 5)": {},
    "cache_bypass()": {"bypass": True},
    "set_origin('backup')": {"origin": "backup"},
    "set_origin('nowhere')": {},
    "limit_rate_after(2, 'm')": {"rate_after_bytes": 2 << 20},
    "limit_rate_after(100, 'k')": {"rate_after_bytes": 100 * 1024},
    "limit_rate_after(0)": {"rate_after_bytes": 0},
    "say(true)": {"output": ["true\n"], "output_bytes": 5},
    "print(0.5)": {"output": ["0.5"], "output_bytes": 3},
    "exit(403)": {"end": Answer(403, None)},
    "exit(403, 'no')": {"end": Answer(403, "no")},
    "exit(204.9, '')": {"end": Answer(204, "")},
}


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize(("call", "effects"), EFFECTS.items(), ids=EFFECTS.keys())
def test_call_leaves(call: str, effects: dict[str, object], tier: Tier) -> None:
    assert plain_effects(evaluate(call, tier=tier).effects) == effects
    assert plain_effects(evaluate(with_opaque_arguments(call), tier=tier).effects) == effects


# The request is /a/b.tar.gz?x=1&q=a%20b&user-id=u7
QUERY = "x=1&q=a%20b&user-id=u7"
REWRITES = {
    "rewrite('/n', 'break')": ("/n", None),
    "rewrite('n', 'break')": ("/n", None),
    "rewrite('', 'break')": ("/", None),
    "rewrite('/n?', 'break')": ("/n", ""),
    "rewrite('/n?a=1', 'break')": ("/n", f"a=1&{QUERY}"),
    "rewrite('/n', 'enhance_break')": ("/n", ""),
    "rewrite('/n?a=1', 'enhance_break')": ("/n", "a=1"),
    "rewrite('/n?a=1?b', 'enhance_break')": ("/n", "a=1?b"),
    "rewrite('/a b#c', 'break')": ("/a%20b%23c", None),
    "rewrite('/中', 'break')": ("/%E4%B8%AD", None),
    "rewrite('/%41', 'break')": ("/%41", None),
    "rewrite(concat('/a', tochar(13, 10), 'Host: b'), 'break')": ("/a%0D%0AHost:%20b", None),
    "rewrite('http://o/x', 'break')": ("/http://o/x", None),
}


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize(("call", "path", "query"), [(call, *wanted) for call, wanted in REWRITES.items()])
def test_internal_rewrite_changes_path_and_query(call: str, path: str, query: str | None, tier: Tier) -> None:
    for text in (call, with_opaque_arguments(call)):
        outcome = evaluate(text, tier=tier)
        assert outcome.value == ("boolean", True)
        assert outcome.effects.path == path
        assert outcome.effects.query_replaced is (query is not None)
        assert (outcome.effects.query or "") == (query or "")


REDIRECTS = {
    "rewrite('/n', 'redirect', 307)": (307, f"/n?{QUERY}"),
    "rewrite('/n', 'redirect')": (302, f"/n?{QUERY}"),
    "rewrite('/n?a=1', 'redirect')": (302, f"/n?a=1&{QUERY}"),
    "rewrite('/n?', 'redirect')": (302, "/n"),
    "rewrite('/n#top', 'redirect')": (302, f"/n?{QUERY}#top"),
    "rewrite('https://h/p', 'redirect', 301)": (301, f"https://h/p?{QUERY}"),
    "rewrite('https://h/p', 'enhance_redirect', 308)": (308, "https://h/p"),
    "rewrite('/n?a=1', 'enhance_redirect', 303)": (303, "/n?a=1"),
    "rewrite(concat('https://h', $request_uri), 'enhance_redirect')": (302, f"https://h/a/b.tar.gz?{QUERY}"),
    "rewrite('', 'enhance_redirect')": (302, "/"),
    "rewrite(concat('/a', tochar(13, 10), 'Set-Cookie: x'), 'enhance_redirect')": (
        302,
        "/a%0D%0ASet-Cookie:%20x",
    ),
    "rewrite('/中 x', 'enhance_redirect')": (302, "/%E4%B8%AD%20x"),
}


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize(
    ("call", "status", "location"), [(call, *wanted) for call, wanted in REDIRECTS.items()]
)
def test_redirect_ends_the_request(call: str, status: int, location: str, tier: Tier) -> None:
    for text in (call, with_opaque_arguments(call)):
        outcome = run(f"x = {text}\nprobe('unreached')\n", tier=tier)
        assert outcome.effects.end == Redirect(status, location)
        assert outcome.ended
        assert outcome.values == ()


# Several calls on the request /p?x=1: path, query, Location.
SEQUENCES = {
    "a later break keeps the query an earlier one left": (
        "rewrite('/a?n=1', 'enhance_break')\nrewrite('/b', 'break')",
        ("/b", "n=1", None),
    ),
    "a redirect keeps the query a rewrite left": (
        "rewrite('/a?n=1', 'enhance_break')\nrewrite('/b', 'redirect')",
        ("/a", "n=1", "/b?n=1"),
    ),
    "a rewrite does not change what the script reads": (
        "rewrite('/a', 'enhance_break')\nif eq($request_uri, '/p?x=1') {\nrewrite('/seen', 'break')\n}",
        ("/seen", None, None),
    ),
}


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize(("script", "wanted"), SEQUENCES.values(), ids=SEQUENCES.keys())
def test_rewrites_in_sequence(script: str, wanted: tuple[str | None, ...], tier: Tier) -> None:
    effects = run(script + "\n", Context(Request(target="/p?x=1")), tier).effects
    end = effects.end
    assert (effects.path, effects.query, end.location if isinstance(end, Redirect) else None) == wanted


@pytest.mark.parametrize("tier", TIERS)
def test_header_wishes_do_not_change_what_the_script_reads(tier: Tier) -> None:
    script = "add_req_header('X-Uid', 'new')\ndel_req_header('User-Agent')\n"
    reads = "probe(req_header('x-uid'))\nprobe($http_user_agent)\n"
    assert run(script + reads, tier=tier).values == (("string", "z"), ("string", "curl/8.5.0"))


def test_target_past_its_bound_is_refused() -> None:
    assert evaluate("rewrite(opaque('/'), 'break')").fault is None
    fault = run("x = '/aaaaaaaaaaaaaaaa'\n" + "x = concat(x, x)\n" * 9 + "rewrite(x, 'break')\n").fault
    assert fault is not None
    assert "more than 8192" in fault.message


def test_header_value_past_its_bound_is_refused() -> None:
    double = "x = 'aaaaaaaaaaaaaaaa'\n" + "x = concat(x, x)\n" * 10
    outcome = run(f"{double}probe(add_rsp_header('X', x))\nprobe(add_rsp_header('X', concat(x, 'a')))\n")
    assert outcome.values == (("boolean", True), ("boolean", False))


def test_say_and_print_build_one_body() -> None:
    outcome = run("say(1)\nprint(2)\nprint(3)\nsay($arg_absent)\nsay([])\n")
    assert "".join(outcome.effects.output) == "1\n23nil\ntable\n"


def test_exit_without_body_leaves_what_was_said() -> None:
    effects = run("say('gone')\nexit(410)\n").effects
    assert effects.end == Answer(410, None)
    assert list(effects.output) == ["gone\n"]


# What get_rsp_header gives: the origin's fields, then this request's wishes, in order.
RESPONSE = Headers((("server", "origin"), ("x-many", "1"), ("x-many", "2")))
RESPONSE_READS = {
    "probe(get_rsp_header('Server'))": ("string", "origin"),
    "probe(arr_concat(get_rsp_header('x-many'), ','))": ("string", "1,2"),
    "add_rsp_header('X-Many', 'new')\nprobe(get_rsp_header('x-many'))": ("string", "new"),
    "add_rsp_header('x-many', '3', true)\nprobe(arr_len(get_rsp_header('X-MANY')))": ("number", 3),
    "del_rsp_header('server')\nprobe(get_rsp_header('server'))": ("boolean", False),
    "add_rsp_header('X-New', 'v')\nprobe(get_rsp_header('x-new'))": ("string", "v"),
}


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize(("script", "value"), RESPONSE_READS.items())
def test_response_header_is_read_as_it_stands(script: str, value: object, tier: Tier) -> None:
    context = example_context()
    context.response_headers = RESPONSE
    assert run(script + "\n", context, tier).value == value


class RecordingLimiter:
    def __init__(self) -> None:
        self.asked: list[tuple[str, float, float, float]] = []

    def wait(self, key: str, rate_per_s: float, burst: float, now_s: float, /) -> float:
        self.asked.append((key, rate_per_s, burst, now_s))
        return 0.0 if len(self.asked) < 2 else -1.0


LIMITS = {
    "limit_req('k', '10r/s')": ("k", 10, 0),
    "limit_req('k', '90r/m', 5)": ("k", 1.5, 5),
    "limit_req(7, 0.25, 1.5)": ("7", 0.25, 1.5),
    "limit_req($remote_addr, '100')": ("127.0.0.1", 100, 0),
}


@pytest.mark.parametrize(("call", "asked"), LIMITS.items())
def test_limiter_is_asked_with_rate_per_second(call: str, asked: tuple[str, float, float]) -> None:
    for text in (call, with_opaque_arguments(call)):
        limiter = RecordingLimiter()
        context = Context(Request(), now_s=5.0, services=Services(limiter=limiter))
        assert run(f"probe({text})\nprobe({text})\n", context).values == (
            ("boolean", True),
            ("boolean", False),
        )
        assert limiter.asked == [(*asked, 5.0)] * 2


def test_long_limiter_key_is_hashed() -> None:
    limiter = RecordingLimiter()
    context = Context(Request(), services=Services(limiter=limiter))
    run("x = 'aaaaaaaaaaaaaaaa'\n" + "x = concat(x, x)\n" * 4 + "limit_req(x, 1)\n", context)
    ((key, *_),) = limiter.asked
    assert key.startswith("sha256:")
    assert len(key) == 71


def test_groups_share_by_weight() -> None:
    script = "probe(ab_group('t', tostring(opaque({n})), ['a' = 1, 'b' = 3]))\n"
    groups = [
        run("".join(script.format(n=n) for n in range(start, start + 250))).values for start in (0, 250)
    ]
    share = sum(value == ("string", "b") for part in groups for value in part) / 500
    assert 0.68 < share < 0.82


def test_group_is_stable_across_versions() -> None:
    # From `printf 'exp\0user-N' | sha256sum`: another hash would move clients between groups.
    weights = "['a' = 1, 'b' = 1, 'c' = 2]"
    calls = "".join(f"probe(ab_group('exp', 'user-{n}', {weights}))\n" for n in range(6))
    assert [value for _, value in run(calls).values] == ["c", "c", "a", "a", "c", "c"]
