"""`edgescript run`: what it shows for one request. JSON is asserted field by field; prose loosely."""

import json
import os
import re
import subprocess
import sys

import pytest

from tests.support.command import run_command
from tests.support.origin import RecordingOrigin

URL = "http://www.example.com/a/b.ts?t=1"


def shown(*arguments):
    """The object of `run --json`, which must have gone well."""
    result = run_command("run", *arguments, "--json")
    assert result.status == 0, result.stderr
    return json.loads(result.stdout)


def test_a_request_that_passes_is_forwarded_with_the_node_s_fields(script):
    out = shown(script("a.es", "add_req_header('X-Group', 'b')\n"), "--url", URL, "-H", "User-Agent: x")
    assert (out["action"], out["status"]) == ("forward", 200)
    assert (out["forward"]["method"], out["forward"]["uri"]) == ("GET", "/a/b.ts?t=1")
    fields = dict(out["forward"]["headers"])
    assert fields["Host"] == "www.example.com"
    assert fields["User-Agent"] == "x"
    assert fields["X-Group"] == "b"
    assert fields["X-Forwarded-For"] == "127.0.0.1"
    assert fields["Via"] == "1.1 edgescript"


def test_a_refusal_does_not_reach_the_origin(script):
    source = "add_rsp_header('X-AUTH-MSG', 'no key')\nif not($arg_key) {\n    exit(403, 'no')\n}\n"
    out = shown(script("auth.es", source), "--url", URL)
    assert (out["action"], out["status"], out["forward"]) == ("respond", 403, None)
    assert out["response"]["body"] == "no"
    fields = dict(out["response"]["headers"])
    assert (fields["X-AUTH-MSG"], fields["X-Cache"]) == ("no key", "SYNTH")
    assert out["cache"] == {
        "status": "SYNTH",
        "store": False,
        "ttl_s": None,
        "source": None,
        "reason": "the origin was not asked",
        "key": None,
        "tags": [],
        "grace": {"while_revalidate_s": None, "if_error_s": None},
        "bypass": False,
    }
    assert out["limit_rate"] is None
    assert out["limit_req"] == {"delay_s": 0.0, "shadow_refused": 0}


def test_a_redirect_is_one(script):
    out = shown(
        script("a.es", "rewrite('https://www.example.com/', 'enhance_redirect', 301)\n"), "--url", URL
    )
    assert (out["action"], out["status"]) == ("redirect", 301)
    assert dict(out["response"]["headers"])["Location"] == "https://www.example.com/"


def test_an_internal_rewrite_changes_what_the_origin_is_asked_for(script):
    out = shown(script("a.es", "rewrite('/index.html', 'break')\n"), "--url", URL)
    assert out["forward"]["uri"] == "/index.html?t=1"


def test_scripts_run_head_first_then_foot_in_the_order_given(script):
    foot = script("1.es", "# position: foot\nsay('foot')\n")
    head = script("2.es", "say('head')\n")
    last = script("3.es", "say('last')\n")
    out = shown(foot, head, last, "--url", URL)
    assert out["response"]["body"] == "head\nlast\nfoot\n"
    assert [(each["name"], each["position"]) for each in out["scripts"]] == [
        ("2.es", "head"),
        ("3.es", "head"),
        ("1.es", "foot"),
    ]


def test_each_script_has_its_state_and_cost(script):
    hit = script("hit.es", "if true {\n    x = 1\n}\n")
    miss = script("miss.es", "if false {\n    x = 1\n}\n")
    end = script("end.es", "exit(204)\n")
    idle = script("idle.es", "say('never')\n")
    out = shown(hit, miss, end, idle, "--url", URL)
    states = {each["name"]: each["state"] for each in out["scripts"]}
    assert states == {
        "hit.es": "ExecutedAndHit",
        "miss.es": "ExecutedButNotHit",
        "end.es": "ExecutedButNotHit",
        "idle.es": "NonExecution",
    }
    assert out["scripts"][0]["fuel"] > 0
    assert out["scripts"][0]["time_us"] > 0
    assert (out["scripts"][3]["fuel"], out["scripts"][3]["error"]) == (0, None)


def test_an_error_at_run_time_is_told_with_its_place_and_denies_in_head(script):
    out = shown(script("a.es", "x = $arg_none\ny = len(x)\n"), "--url", URL)
    assert out["status"] == 500
    error = out["scripts"][0]["error"]
    assert out["scripts"][0]["state"] == "Exception"
    assert (error["code"], error["line"]) == (402, 2)
    assert error["message"]


def test_an_error_in_foot_lets_the_request_go_on_without_its_effects(script):
    source = "# position: foot\nadd_req_header('X-A', '1')\ny = len($arg_none)\n"
    out = shown(script("a.es", source), "--url", URL)
    assert (out["action"], out["status"]) == ("forward", 200)
    assert "X-A" not in dict(out["forward"]["headers"])


@pytest.mark.parametrize(
    ("source", "field", "ttl_s", "by"),
    [
        ("set_cache_ttl('path', 10)", "Cache-Control: max-age=99", 10, "script"),
        ("set_cache_ttl('code', '200=7')", "X: y", 7, "script"),
        ("x = 1", "Cache-Control: max-age=99", 99, "origin"),
        ("x = 1", "X: y", None, None),
        ("set_cache_ttl('path', 10)", "Set-Cookie: a=b", None, None),
    ],
)
def test_cache_shows_who_decided_for_how_long(script, source, field, ttl_s, by):
    name = script("a.es", f"# position: foot\n{source}\n")
    cache = shown(name, "--url", URL, "--origin-header", field)["cache"]
    assert cache["store"] is (ttl_s is not None)
    assert (cache["ttl_s"], cache["source"]) == (ttl_s, by)
    assert (cache["reason"] is None) is cache["store"]


def test_a_repeated_request_is_answered_from_the_cache(script):
    name = script("a.es", "# position: foot\nset_cache_ttl('path', 10)\n")
    out = shown(name, "--url", URL, "--origin-body", "hello", "--repeat", "2")
    assert (out["cache"]["status"], out["response"]["body"], out["forward"]) == ("HIT", "hello", None)
    assert dict(out["response"]["headers"])["Age"] == "0"


def test_throttle_settings_are_shown(script):
    out = shown(script("a.es", "limit_rate(300, 'k')\nlimit_rate_after(2, 'm')\n"), "--url", URL)
    assert out["limit_rate"] == {"rate": 300 * 1024, "after": 2 << 20}


def test_the_clock_is_what_now_says(script):
    name = script("a.es", "say(time())\n")
    assert shown(name, "--url", URL, "--now", "1700000000.5")["response"]["body"] == "1700000000\n"
    assert shown(name, "--url", URL, "--now", "2023-11-14T22:13:20Z")["response"]["body"] == "1700000000\n"
    assert (
        shown(name, "--url", URL, "--now", "2023-11-15T06:13:20+08:00")["response"]["body"] == "1700000000\n"
    )


def test_the_client_is_where_geo_says(script):
    name = script("a.es", "say(concat(client_addr(), ' ', client_country(), ' ', client_isp()))\n")
    out = shown(name, "--url", URL, "--client-ip", "192.0.2.7", "--geo", "country=CN,isp=100017")
    assert out["response"]["body"] == "192.0.2.7 CN 100017\n"


def test_text_goes_through_as_bytes(script):
    out = shown(script("a.es", "say(concat('中', len($http_x_name)))\n"), "--url", URL, "-H", "X-Name: 名")
    assert out["response"]["body"] == "中3\n"


def test_a_url_is_sent_as_browsers_send_it(script):
    name = script("a.es", "x = 1\n")
    out = shown(name, "--url", "http://www.example.com:8080/a b/中?q=%41#part")
    assert out["forward"]["uri"] == "/a%20b/%E4%B8%AD?q=%41"
    assert dict(out["forward"]["headers"])["Host"] == "www.example.com:8080"


def test_a_stated_origin_answers_as_stated(script):
    out = shown(
        script("a.es", "add_rsp_header('X-Type', '@{content-type}')\ndel_rsp_header('Server')\n"),
        *("--url", URL, "--origin-status", "404", "--origin-body", "none"),
        *("--origin-header", "Content-Type: text/x", "--origin-header", "Server: s"),
    )
    fields = dict(out["response"]["headers"])
    assert (out["status"], out["response"]["body"]) == (404, "none")
    assert fields["X-Type"] == fields["Content-Type"] == "text/x"
    assert "Server" not in fields


def test_a_real_origin_is_asked(script):
    with RecordingOrigin(203, [("X-From", "origin")], b"real") as origin:
        out = shown(script("a.es", "add_req_header('X-A', '1')\n"), "--url", URL, "--origin", origin.url)
    assert (out["status"], out["response"]["body"]) == (203, "real")
    assert dict(out["response"]["headers"])["X-From"] == "origin"
    assert [(each.method, each.target, each.values("x-a")) for each in origin.asked] == [
        ("GET", "/a/b.ts?t=1", ["1"])
    ]
    assert origin.asked[0].values("host") == ["www.example.com"]


def test_an_origin_that_is_not_there_gives_502(script):
    with RecordingOrigin() as origin:
        pass
    out = shown(script("a.es", "x = 1\n"), "--url", URL, "--origin", origin.url)
    assert (out["action"], out["status"]) == ("forward", 502)
    assert out["cache"]["reason"] == "the origin did not answer"


def test_head_requests_have_no_body(script):
    out = shown(script("a.es", "x = 1\n"), "--url", URL, "-X", "HEAD", "--origin-body", "hello")
    assert (out["forward"]["method"], out["response"]["body"]) == ("HEAD", "")


def test_a_limit_counts_over_repeated_requests(script):
    name = script("a.es", "if not(limit_req('k', 1, 1)) {\n    exit(429)\n}\n")
    statuses = [shown(name, "--url", URL, "--now", "1000", "--repeat", str(n))["status"] for n in (1, 2, 3)]
    assert statuses == [200, 200, 429]


def test_trace_tells_each_call_with_arguments_and_result(script):
    name = script("a.es", "if eq($uri, '/a') {\n    say(upper('x'))\n}\n")
    lines = shown(name, "--url", URL, "--trace")["scripts"][0]["trace"]
    assert any("eq('/a/b.ts', '/a') => false" in line for line in lines)
    assert not any("upper" in line for line in lines)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ("tostring($arg_none)", "tostring(undef) => 'nil'"),
        ("tochar(255)", r"say('\xff') => undef"),
        ("'中'", "say('中') => undef"),
        ("tochar(27)", r"say('\x1b') => undef"),
    ],
)
def test_trace_shows_values_as_they_are(script, call, told):
    name = script("a.es", f"x = $arg_a\nsay({call})\n")
    assert told in "\n".join(shown(name, "--url", URL, "--trace")["scripts"][0]["trace"])


def test_trace_goes_line_by_line_with_values_effects_and_fuel(script):
    name = script(
        "a.es",
        "name = upper($arg_who)\n"
        "if name {\n"
        "    add_rsp_header('X-Who', name)\n"
        "    rewrite('/b', 'break')\n"
        "}\n"
        "limit_rate(8, 'k')\n",
    )
    lines = shown(name, "--url", "http://a/?who=ann", "--trace")["scripts"][0]["trace"]
    told = [re.sub(r"  (\d+ us|fuel \d+)$", "", line).strip() for line in lines]
    assert told == [
        "1  name = upper($arg_who)",
        "upper('ann') => 'ANN'",
        "name = 'ANN'",
        "2  if name {",
        "taken",
        "3  add_rsp_header('X-Who', name)",
        "add_rsp_header('X-Who', 'ANN') => true",
        "to the client, set X-Who: ANN",
        "4  rewrite('/b', 'break')",
        "rewrite('/b', 'break') => true",
        "the origin is asked for /b",
        "6  limit_rate(8, 'k')",
        "limit_rate(8, 'k') => true",
        "rate, bytes a second: 8192",
    ]
    headings = [line for line in lines if not line.startswith(" " * 10)]
    fuel = [int(re.search(r"fuel (\d+)$", line)[1]) for line in headings]
    assert fuel == sorted(fuel)
    assert fuel[-1] == shown(name, "--url", "http://a/?who=ann")["scripts"][0]["fuel"]


def test_trace_of_a_run_that_waited_for_the_response_is_told_once(script):
    name = script("a.es", "add_rsp_header('A', '1')\nadd_rsp_header('B', tostring(get_rsp_header('x')))\n")
    lines = shown(name, "--url", URL, "--trace", "--origin-header", "X: y")["scripts"][0]["trace"]
    assert [line for line in lines if "to the client" in line] == [
        "          to the client, set A: 1",
        "          to the client, set B: y",
    ]


def test_trace_tells_what_comes_too_late_for_the_origin(script):
    name = script("a.es", "get_rsp_header('x')\nrewrite('/b', 'break')\nadd_req_header('A', '1')\n")
    lines = [line.strip() for line in shown(name, "--url", URL, "--trace")["scripts"][0]["trace"]]
    assert "too late, the origin is asked for /b" in lines
    assert "too late, to the origin, set A: 1" in lines


def test_trace_is_bounded(script):
    name = script(
        "a.es", "d = split('" + "a" * 100 + "', '')\nfor k, v in d {\n" + "    x = upper(v)\n" * 40 + "}\n"
    )
    lines = shown(name, "--url", URL, "--trace")["scripts"][0]["trace"]
    assert len(lines) <= 1001


def test_errors_stop_everything_and_all_files_are_told(script):
    bad, worse = script("bad.es", "say(lenght('a'))\n"), script("worse.es", "exit()\n")
    result = run_command("run", bad, worse, "--url", URL)
    assert (result.status, result.stdout) == (1, "")
    assert "bad.es:1:5: error[unknown-function]" in result.stderr
    assert "did you mean 'len'?" in result.stderr
    assert "worse.es:1:1: error[" in result.stderr


WIDE = "add_req_header('X-Long', '" + "x" * 200 + "')\nsay('" + "several words " * 20 + "')\n"


def test_people_see_every_part(script):
    name = script("a.es", "add_req_header('X-A', 'b')\nlimit_rate(8, 'k')\nset_cache_ttl('path', 5)\n")
    result = run_command("run", name, "--url", URL, "--origin-body", "hello\n" * 3, "--trace")
    assert result.status == 0
    for part in (
        "forward:",
        "request to the origin",
        "response to the client",
        "hello",
        "8192 bytes/s",
        "5 s",
    ):
        assert part in result.stdout
    assert "\x1b" not in result.stdout


def test_what_is_piped_keeps_its_lines_whole(script):
    result = run_command("run", script("a.es", WIDE), "--url", URL)
    assert "  " + ("several words " * 20).rstrip() in map(str.rstrip, result.stdout.splitlines())


def test_a_terminal_gets_lines_that_break_at_spaces(script):
    name = script("a.es", WIDE)
    parent, child = os.openpty()
    try:
        subprocess.run(
            [sys.executable, "-m", "edgescript", "run", name, "--url", URL],
            stdout=child,
            stderr=subprocess.PIPE,
            timeout=30,
            check=True,
        )
        lines = os.read(parent, 65536).decode().splitlines()
    finally:
        os.close(parent)
        os.close(child)
    body = [line for line in lines if "several" in line]
    assert max(map(len, body)) <= 80
    assert set(" ".join(body).split()) == {"several", "words"}


def test_an_error_at_run_time_says_where_and_what_explains_it(script):
    result = run_command("run", script("a.es", "x = $arg_none\ny = len(x)\n"), "--url", URL)
    line, column = re.search(r"^  (\d+):(\d+): error 402: ", result.stdout, re.MULTILINE).groups()
    error = shown("a.es", "--url", URL)["scripts"][0]["error"]
    assert (int(line), int(column)) == (error["line"], error["column"])
    assert "\n  help: edgescript explain 402" in result.stdout


@pytest.mark.parametrize(
    ("source", "arguments", "first"),
    [
        ("exit(204)", [], "respond: a script answered, 204 No Content"),
        ("rewrite('/', 'redirect')", [], "redirect: a script answered, 302 Found"),
        ("say(len($arg_none))", [], "respond: a script raised an error, 500 Internal Server Error"),
        ("add_req_header('X', 'y')", [], "forward: the origin answered, 200 OK"),
        ("set_cache_ttl('path', 9)", ["--repeat", "2"], "forward: the node answered from its cache, 200 OK"),
        (
            "add_req_header('X', 'y')",
            ["--origin", "http://127.0.0.1:1"],
            "forward: the origin did not answer, 502 Bad Gateway",
        ),
    ],
)
def test_the_first_line_says_who_answered(script, source, arguments, first):
    result = run_command("run", script("a.es", f"{source}\n"), "--url", URL, *arguments)
    assert result.stdout.splitlines()[0] == first


def test_a_body_cannot_steer_the_terminal(script):
    name = script("a.es", "say(concat(tochar(27), '[31m'))\n")
    result = run_command("run", name, "--url", URL)
    assert "\x1b" not in result.stdout


WRONG = {
    "no url": ([], "missing option"),
    "no such file": (["--url", URL, "none.es"], "cannot read 'none.es': no such file or directory"),
    "a url without a host": (["--url", "/a"], "want http://host/path"),
    "another scheme": (["--url", "ftp://a/"], "want http://host/path"),
    "a line break in a url": (["--url", "http://a/\nb"], "url"),
    "a bad port": (["--url", "http://a:99999/"], "port out of range"),
    "a bad host": (["--url", "http://a b/"], "host"),
    "a header without a colon": (["--url", URL, "-H", "X"], "want 'Name: value'"),
    "a header of two lines": (["--url", URL, "-H", "X: a\r\nY: b"], "one line"),
    "a method that is none": (["--url", URL, "-X", "G T"], "want a method"),
    "a time that is none": (["--url", URL, "--now", "soon"], "want Unix seconds"),
    "a time beyond all calendars": (["--url", URL, "--now", "1e300"], "between 1970 and 9999"),
    "not a time at all": (["--url", URL, "--now", "nan"], "between 1970 and 9999"),
    "an unknown place": (["--url", URL, "--geo", "planet=mars"], "want country=CODE"),
    "an address that is none": (["--url", URL, "--client-ip", "300.1.1.1"], "want an IP address"),
    "two origins": (["--url", URL, "--origin", "http://a/", "--origin-body", "x"], "cannot be combined"),
    "an origin with a path": (["--url", URL, "--origin", "http://a/b"], "takes no path"),
    "an unknown option": (["--url", URL, "--bogus"], "no such option"),
    "a request no node accepts": (
        ["--url", URL, "-H", "Content-Length: x"],
        "a node refuses this request with 400",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_usage_is_one_line_and_status_2(script, case):
    arguments, words = WRONG[case]
    result = run_command("run", script("a.es", "exit(204)\n"), *arguments)
    assert (result.status, result.stdout) == (2, "")
    assert words in result.stderr
    assert result.stderr.count("\n") == 1


def rule(path, **settings):
    return "--rule", json.dumps({"rule_path": str(path), **settings})


def test_rule_orders_by_position_and_priority(script):
    files = {name: script(f"{name}.es", f"say('{name}')\n") for name in "abc"}
    out = shown(
        *rule(files["a"], pos="foot", pri="0", name="a"),
        *rule(files["b"], pos="head", pri="9", name="b"),
        *rule(files["c"], pos="head", pri="1", name="c"),
        "--url",
        URL,
    )
    assert out["response"]["body"] == "c\nb\na\n"
    assert [(each["name"], each["position"]) for each in out["scripts"]] == [
        ("c", "head"),
        ("b", "head"),
        ("a", "foot"),
    ]


def test_rule_break_testip_enable_and_on_error(script):
    hits = script("hits.es", "say('hits')\nreturn true\n")
    fails = script("fails.es", "add_rsp_header('X-Half', '1')\nlen($arg_none)\n")
    client = ("--client-ip", "192.0.2.1", "--url", URL)
    broken = shown(
        *rule(hits, brk="on"), *rule(hits, name="next"), *rule(hits, pos="foot", name="foot"), *client
    )
    assert [each["state"] for each in broken["scripts"]] == [
        "ExecutedAndHit",
        "NonExecution",
        "ExecutedAndHit",
    ]
    assert shown(*rule(hits, testip="192.0.2.2"), *client)["scripts"][0]["state"] == "NonExecution"
    assert shown(*rule(hits, testip="192.0.2.1"), *client)["scripts"][0]["state"] == "ExecutedAndHit"
    assert shown(*rule(hits, enable="off"), *client)["scripts"] == []
    for on_error, status in (("deny", 500), ("continue", 200)):
        out = shown(*rule(fails, on_error=on_error), *client)
        assert (out["status"], out["scripts"][0]["state"]) == (status, "Exception")
        assert "X-Half" not in dict(out["response"]["headers"])


def test_rule_with_the_debug_option(script):
    name = script("a.es", "add_rsp_header('A', lower('B'))\nupper($uri)\n")
    for asks in (("--url", "http://a/?_es_dbg=sesame"), ("--url", URL, "-H", "_es_dbg: sesame")):
        out = shown(*rule(name, option="_es_dbg=sesame", configid="180"), *asks)
        fields = dict(out["response"]["headers"])
        assert fields["X-DEBUG-ES-TRACE-RULE-180"].startswith("_1_add_rsp_header(A,b):true{_")
        assert fields["X-DEBUG-ES-COST-RULE-180"].startswith(f"fuel={out['scripts'][0]['fuel']}; time_us=")
    quiet = shown(*rule(name, option="_es_dbg=sesame"), "--url", "http://a/?_es_dbg=other")
    assert not any("DEBUG" in name for name, _ in quiet["response"]["headers"])


def test_what_the_debug_option_shows_no_script_sees_and_none_takes_away(script):
    first = script("a.es", "upper($uri)\n")
    second = script("b.es", "add_rsp_header('X-Seen', tostring(get_rsp_header('cache-control')))\n")
    third = script("c.es", "# position: foot\nadd_rsp_header('Cache-Control', 'public')\n")
    rules = [*rule(first, option="_es_dbg=s"), *rule(second), *rule(third)]
    out = shown(*rules, "--url", "http://a/?_es_dbg=s", "--origin-header", "Cache-Control: max-age=60")
    fields = dict(out["response"]["headers"])
    assert (fields["X-Seen"], fields["Cache-Control"]) == ("public", "no-store")
    assert "X-DEBUG-ES-TRACE-RULE-a.es" in fields


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "want a JSON object"),
        ("[]", "want a JSON object"),
        ("[" * 5000, "want a JSON object"),
        ('{"pos": "head"}', "no rule_path"),
        ('{"rule_path": "a.es", "pri": "x"}', "pri: got 'x', want 0 to 999"),
    ],
)
def test_a_bad_rule_is_wrong_usage(text, told):
    result = run_command("run", "--rule", text, "--url", URL)
    assert result.status == 2
    assert told in result.stderr
    assert len(result.stderr) < 400


EXTENSIONS = """\
set_cache_key(concat('/k/', 'é'))
add_cache_tag('one')
add_cache_tag('two')
set_cache_grace(30, 3600)
set_origin('backup')
limit_req('k', 1, 5, 'delay')
limit_req('k', 1, 0, 'shadow')
if limit_conn('k', 1) {
    cache_bypass()
}
"""


def test_what_extensions_ask_for_is_shown(script):
    path = script("a.es", EXTENSIONS)
    out = shown(path, "--url", URL, "--repeat", "3", "--now", "1700000000")
    assert {name: out["cache"][name] for name in ("key", "tags", "grace", "bypass")} == {
        "key": "/k/é",
        "tags": ["one", "two"],
        "grace": {"while_revalidate_s": 30, "if_error_s": 3600},
        "bypass": True,
    }
    assert out["forward"]["origin"] == "backup"
    assert out["limit_req"] == {"delay_s": 2.0, "shadow_refused": 1}
    lines = run_command("run", path, "--url", URL, "--repeat", "2", "--now", "1700000000").stdout.splitlines()
    assert [line for line in lines if line.startswith(("cache ", "origin", "limit_req"))][1:] == [
        "cache key   '/k/é'",
        "cache tags  one, two",
        "cache grace 30 s while a fresh one is fetched",
        "cache grace 3600 s if that fails",
        "cache       left out",
        "origin      'backup'",
        "limit_req   waits 1 s",
        "limit_req   would have refused, 1 in shadow mode",
    ]


def test_dictionaries_are_read_from_files(script):
    path = script(
        "a.es",
        "say(dict_get('prices', 'é'))\nsay(dict_get('prices', 'x', 'none'))\nprint(dict_get('b', 'k'))\n",
    )
    prices, other = script("prices.json", '{"é": "3.20 €"}'), script("b.json", '{"k": ""}')
    out = shown(path, "--url", URL, "--dict", f"prices={prices}", "--dict", f"b={other}")
    assert out["response"]["body"] == "3.20 €\nnone\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[]", "want a JSON object of strings, but expected object, got array"),
        ('{"a": 1}', "but expected str, got int"),
        ("{", "want a JSON object of strings, but"),
        (None, "cannot read"),
    ],
)
def test_a_file_that_is_no_dictionary_is_refused(script, tmp_path, text, told):
    path = str(tmp_path / "no.json") if text is None else script("no.json", text)
    result = run_command("run", script("a.es", "x = 1\n"), "--url", URL, "--dict", f"d={path}")
    assert result.status
    assert told in result.stderr


@pytest.mark.parametrize("text", ["prices", "=a.json", "prices="])
def test_a_dictionary_has_a_name_and_a_file(script, text):
    result = run_command("run", script("a.es", "x = 1\n"), "--url", URL, "--dict", text)
    assert (result.status, "want NAME=FILE" in result.stderr) == (2, True)
