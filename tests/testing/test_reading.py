"""Test files to suites, and what is said of those that are wrong: each problem with its line."""

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgescript.testing.cases import DEFAULT_NOW, ErrorAt, OriginSays
from edgescript.testing.reading import FormatError, read
from edgescript.testing.toml_lines import KeyLines

CASE = """\
[[case]]
name = "it passes"
url = "http://example.com/"
[case.expect]
status = 200
"""


def problems(text, name="a.test.toml"):
    """`line: text` for each thing that is wrong."""
    with pytest.raises(FormatError) as raised:
        read(name, text)
    return [f"{problem.line}: {problem.text}" for problem in raised.value.problems]


def test_the_script_is_that_of_the_same_name_unless_others_are_named():
    assert read("folder/auth.test.toml", CASE).scripts == ("auth.es",)
    assert read("other.toml", CASE).scripts == ("other.es",)
    named = 'scripts = ["a.es", { file = "b.es", pos = "foot", pri = 1 }]\n' + CASE
    assert read("x.test.toml", named).scripts == ("a.es", {"file": "b.es", "pos": "foot", "pri": 1})


def test_dictionaries_of_a_case_stand_before_those_of_the_file():
    text = '[dictionaries.a]\nk = "1"\n[dictionaries.b]\nk = "2"\n' + CASE.replace(
        "url", 'dictionaries = { b = { "é" = "3" } }\nurl', 1
    )
    suite = read("a.test.toml", text)
    assert suite.dictionaries_of(suite.cases[0]) == {"a": {"k": "1"}, "b": {"Ã©": "3"}}


def test_what_a_case_does_not_say():
    (case,) = read("a.test.toml", CASE).cases
    assert (case.method, case.now_s, case.client_ip, case.repeat, case.seed) == (
        "GET",
        DEFAULT_NOW,
        "127.0.0.1",
        1,
        1,
    )
    assert (case.expect.status, case.expect.action, case.expect.headers) == (200, None, {})


def test_everything_a_case_can_say():
    text = """
[[case]]
name = "all of it"
try = "worth trying"
now = 1970-01-01T00:01:00Z
url = "https://example.com/a?b"
method = "POST"
headers = { X-A = "1", X-B = ["1", "2"] }
body = "hello"
client_ip = "192.0.2.7"
geo = { country = "CN", region = "440000", city = "440100", isp = "100017" }
places = { "223.5.5.5" = { country = "CN" } }
seed = 7
repeat = 3
every_s = 1
origin = { status = 404, headers = { X-O = "o" }, body = "no" }
before = [{ url = "http://example.com/first", after_s = 0.5, repeat = 2 }]
[case.expect]
action = "respond"
status = 403
headers = { X-C = "", X-D = ["1", "2"] }
body = "b"
body_contains = ["a", "b"]
forward_uri = "/"
forward_method = "GET"
forward_headers = { X-E = "e" }
limit_rate = 4096
limit_rate_after = 10
cache_ttl = 5
cache = "HIT"
hit = { "a.es" = true }
state = { "a.es" = "ExecutedAndHit" }
error = { code = 402, line = 3 }
fuel_max = 100
"""
    (case,) = read("a.test.toml", text).cases
    assert (case.now_s, case.worth_trying, case.seed) == (60, "worth trying", 7)
    assert case.headers == {"X-A": "1", "X-B": ["1", "2"]}
    assert case.origin == OriginSays(404, {"X-O": "o"}, "no")
    assert (case.before[0].after_s, case.before[0].repeat) == (0.5, 2)
    assert case.expect.error == ErrorAt(402, 3)
    assert case.geo.record() == ("CN", "440000", "440100", "100017")


@pytest.mark.parametrize(
    ("toml", "seconds"),
    [
        ("0", 0),
        ("1700000000.5", 1700000000.5),
        ("1970-01-01T00:00:01Z", 1),
        ("1970-01-01T08:00:00+08:00", 0),
        ("1970-01-01T00:00:01", 1),  # without a zone it is UTC, on every machine
    ],
)
def test_moments(toml, seconds):
    (case,) = read("a.test.toml", CASE.replace("[case.expect]", f"now = {toml}\n[case.expect]")).cases
    assert case.now_s == seconds


def test_defaults_hold_where_a_case_says_nothing_else():
    text = """
[origin]
body = "from the file"
[defaults]
url = "http://example.com/default"
headers = { X-A = "1", X-B = "1" }
now = 10
[[case]]
name = "as the defaults say"
expect = {}
[[case]]
name = "otherwise"
url = "http://example.com/own"
headers = { X-A = "2" }
expect = {}
"""
    suite = read("a.test.toml", text)
    first, second = suite.cases
    assert (first.url, first.headers, first.now) == (
        "http://example.com/default",
        {"X-A": "1", "X-B": "1"},
        10,
    )
    assert (second.url, second.headers, second.now) == ("http://example.com/own", {"X-A": "2"}, 10)
    assert suite.origin_of(first).body == "from the file"
    assert (suite.line_of(0), suite.line_of(1), suite.line_of(1, "headers")) == (8, 11, 14)


WITH = {
    # what is put into the case or before it -> what is said
    ("case", 'methd = "GET"'): "4: case: unknown key 'methd', did you mean 'method'?",
    ("case", "repeat = 0"): "1: case: got repeat 0, want 1 to 1000",
    ("case", "repeat = 1001"): "1: case: got repeat 1001, want 1 to 1000",
    ("case", "every_s = -1"): "1: case: got every_s -1, want seconds from 0 to the year 9999",
    ("case", "every_s = nan"): "1: case: got every_s nan, want seconds from 0 to the year 9999",
    ("case", "now = 1e30"): "1: case: got now 1e+30, want seconds from 0 to the year 9999",
    ("case", 'now = "noon"'): "4: case.now: got text, "
    "want Unix seconds or a time such as 2026-01-31T08:00:00Z",
    ("case", "headers = { X-A = 1 }"): "4: case.headers: got a whole number, want text or an array",
    ("case", 'geo = { contry = "CN" }'): "4: case.geo: unknown key 'contry', did you mean 'country'?",
    ("case", 'places = { "192.0.2.1" = { place = "CN" } }'): "4: case.places: unknown key 'place'",
    ("case", "before = [{ after_s = 1 }]"): "4: case.before 1: url is missing",
    ("case", "origin = { status = 99 }"): "4: case.origin: got status 99, want 200 to 599",
    ("case", "origin = { down = true, timeout = true }"): "4: case.origin: want either down or timeout",
    ("expect", "statuss = 200"): "6: case.expect: unknown key 'statuss', did you mean 'status'?",
    ("expect", 'action = "pass"'): "6: case.expect.action: got 'pass', want forward or respond or redirect",
    ("expect", 'state = "Hit"'): "6: case.expect.state: got 'Hit', "
    "want NonExecution or ExecutedAndHit or ExecutedButNotHit or Exception",
    ("expect", 'hit = "yes"'): "6: case.expect.hit: got text, want true or false or a table",
    ("expect", "error = { cod = 402 }"): "6: case.expect.error: unknown key 'cod', did you mean 'code'?",
    ("top", "dictionaries = { a = { b = 1 } }"): "1: dictionaries: got a whole number, want text",
    ("top", "dictionaries = 1"): "1: dictionaries: got a whole number, want a table",
    ("case", "dictionaries = { a = 1 }"): "4: case.dictionaries: got a whole number, want a table",
    ("top", 'script = ["a.es"]'): "1: unknown key 'script', did you mean 'scripts'?",
    ("top", "scripts = []"): "1: scripts: want an array of file names or tables",
    ("top", "scripts = [3]"): "1: scripts: got 3, want a file name or a table",
    ("top", "defaults = 3"): "1: defaults: want a table",
    ("top", "origin = 3"): "1: origin: got a whole number, want a table",
    ("top", 'defaults = { name = "x" }'): "1: defaults: name belongs to each case",
    ("top", 'defaults = { repeat = "x" }'): "1: defaults.repeat: got text, want a whole number",
    ("top", "defaults = { now_s = 3 }"): "1: defaults: unknown key 'now_s', did you mean 'now'?",
}


@pytest.mark.parametrize(("place", "line"), WITH)
def test_what_is_wrong_is_said_with_its_line(place, line):
    text = {
        "case": CASE.replace("[case.expect]", f"{line}\n[case.expect]"),
        "expect": f"{CASE}{line}\n",
        "top": f"{line}\n{CASE}",
    }[place]
    assert problems(text) == [WITH[place, line]]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ["0: no case: want at least one table headed [[case]]"]),
        ("case = 3\n", ["1: case: want tables headed [[case]]"]),
        ('[case]\nname = "x"\n', ["1: case: want tables headed [[case]]"]),
        ('[[case]]\nname = "x"\n', ["1: case: url is missing"]),
        ('[[case]]\nname = "x"\nurl = "http://a/"\n', ["1: case: expect is missing"]),
        (CASE.replace("http://", "ftp://"), ["1: case: got url 'ftp://example.com/', want http://host/path or https://host/path"]),
        (f"{CASE}\n{CASE}", ["8: two cases are called 'it passes'"]),
        ("a = 1\nx = [1,\n", ["2: not TOML: invalid value"]),
        ("a = 1\nb = = 2\n", ["2: not TOML: invalid value"]),
        ("x = " + "[" * 5000 + "]" * 5000, ["0: nested too deeply"]),
    ],
)  # fmt: skip
def test_files_that_are_none(text, said):
    assert problems(text) == said


def test_each_case_tells_its_own_problem():
    text = CASE.replace("status", "statuss") + CASE.replace("passes", "fails").replace("url", "ulr")
    assert problems(text) == [
        "5: case.expect: unknown key 'statuss', did you mean 'status'?",
        "8: case: unknown key 'ulr', did you mean 'url'?",
    ]


def test_a_problem_in_lines_of_text_is_found_past_it():
    text = CASE.replace("[case.expect]", 'body = """\n[[case]]\nmethd = 1\n"""\nmethd = "GET"\n[case.expect]')
    assert problems(text) == ["8: case: unknown key 'methd', did you mean 'method'?"]


def test_a_problem_in_an_array_over_lines_is_found_in_it():
    text = CASE.replace(
        "[case.expect]",
        'before = [\n  { url = "http://a/" },\n  { url = "http://a/", aftr_s = 1 },\n]\n[case.expect]',
    )
    assert problems(text) == ["6: case.before 2: unknown key 'aftr_s', did you mean 'after_s'?"]


def test_a_moment_is_no_date():
    text = CASE.replace("[case.expect]", "now = 2024-01-01\n[case.expect]")
    assert problems(text) == ["4: case.now: got a date, want a number or a time"]


ODD = """\
[defaults]
[origin]
x = '''
'''
[case]
[[a.b]]
[a.b.c]
"q" = 1
before = [{ url = 'http://a/' }]
headers = { 'a`b' = 1 }
now = 'unknown field'
'a`b' = 2
[[case.before]]
[case.origin]
case = [1]
places = { '`' = { a = 1 } }
state = 'at `$.x`'
"""


@given(st.lists(st.sampled_from([*CASE.splitlines(), *ODD.splitlines()]), max_size=12))
def test_any_lines_are_a_suite_or_have_problems(lines):
    text = "\n".join(lines)
    with contextlib.suppress(FormatError):
        read("a.test.toml", text)
    keys = KeyLines(text)
    for path in [("case", 0, "expect"), ("x",), (), ("case", 3, "before", 1, "url")]:
        assert 1 <= keys.line(path) <= len(lines) + 1


def test_many_problems_take_no_long_time():
    text = "[[case]]\nx=1\n" * 5_000
    started = time.perf_counter()
    with pytest.raises(FormatError) as raised:
        read("a.test.toml", text)
    assert len(raised.value.problems) == 5_000
    assert time.perf_counter() - started < 10  # it takes a tenth of a second
