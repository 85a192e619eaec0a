"""`edgescript test`: what is found, run, told, and with what exit status."""

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from xml.etree import ElementTree as ET

import pytest

from tests.support.command import run_command

SCRIPT = """\
if $arg_deny {
    exit(403, 'no')
}
add_req_header('X-A', '1')
"""
TESTS = """\
[[case]]
name = "refused"
url = "http://example.com/?deny=1"
[case.expect]
status = 403

[[case]]
name = "passes"
url = "http://example.com/"
[case.expect]
action = "forward"
"""
WRONG = TESTS.replace("403", "404")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """write(name=text...) in an otherwise empty current folder."""
    monkeypatch.chdir(tmp_path)

    def write(files):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            # As editors do: who watches the folder sees the old text or the new one, never half of it.
            whole = path.with_name(f".{path.name}.new")
            whole.write_text(text, encoding="utf-8")
            whole.replace(path)

    return write


def case(extra, expect, script="return true\n", top=""):
    """Files of one case."""
    return {
        "a.es": script,
        "a.test.toml": f'{top}\n[[case]]\nname = "it"\nurl = "http://example.com/"\n{extra}\n[case.expect]\n{expect}\n',
    }


def first_line(result):
    return result.stdout.splitlines()[0]


# --- what is found ----------------------------------------------------------------------------------------------


def test_the_current_folder_and_all_below_but_what_is_hidden(folder):
    folder(
        {
            "a.es": SCRIPT,
            "a.test.toml": TESTS,
            "b/c/a.es": SCRIPT,
            "b/c/a.test.toml": TESTS,
            ".hidden/x.test.toml": "not looked at",
            "requests.toml": "nor this",
        }
    )
    result = run_command("test")
    assert result.status == 0
    assert result.stdout.splitlines()[:2] == [
        "ok    a.test.toml  2 passed",
        "ok    b/c/a.test.toml  2 passed",
    ]


@pytest.mark.parametrize("path", ["x/a.test.toml", "x/a.es", "x", "x/../x", "./x/a.es"])
def test_ways_to_name_a_test_file(folder, path):
    folder({"x/a.es": SCRIPT, "x/a.test.toml": TESTS, "other.test.toml": "not looked at"})
    result = run_command("test", path)
    assert (result.status, first_line(result)) == (0, "ok    x/a.test.toml  2 passed")


def test_a_file_that_is_named_twice_is_run_once(folder):
    folder({"a.es": SCRIPT, "a.test.toml": TESTS})
    assert json.loads(run_command("test", "a.es", ".", "a.test.toml", "--json").stdout)["passed"] == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "no test found: no file in . ends in .test.toml"),
        (["empty"], "'empty': no such file or folder"),
        (["b.es"], "'b.es' has no test file beside it, want 'b.test.toml'"),
        (["a.txt", "-k", "zzz"], "a.txt"),
    ],
)
def test_no_test_is_wrong_usage(folder, arguments, said):
    folder({"b.es": SCRIPT, "a.txt": ""})
    result = run_command("test", *arguments)
    assert result.status == 2
    assert said in result.stdout + result.stderr


# --- what is told -----------------------------------------------------------------------------------------------


def test_a_case_that_fails_shows_what_it_got_and_wanted(folder):
    folder({"a.es": SCRIPT, "a.test.toml": WRONG})
    result = run_command("test")
    assert result.status == 1
    assert result.stdout.splitlines()[:-1] == [
        "FAIL  a.test.toml  1 passed, 1 failed",
        "  refused (line 1)",
        "    status",
        "      got   403",
        "      want  404",
        "",
    ]
    assert result.stdout.splitlines()[-1].startswith("1 passed, 1 failed in 0.")


def test_lines_fit_the_terminal(folder):
    long = "x" * 300
    folder(case("", f'body = "{long}"\nheaders = {{ X-A = "{long} {long}" }}', f"say('{long}y')\n"))
    names = (f"{'word ' * 40}", "w" * 300)
    for name in names:
        text = case("", "status = 404", "return true\n")["a.test.toml"].replace('"it"', f'"{name}"')
        folder({"b.es": "return true\n", f"b{len(name)}.test.toml": 'scripts = ["b.es"]\n' + text})
    result = run_command("test")
    assert json.loads(run_command("test", "--json").stdout)["failed"] == 3
    assert max(len(line) for line in result.stdout.splitlines()) <= 80


def test_filter(folder):
    folder({"a.es": SCRIPT, "a.test.toml": WRONG, "b.es": SCRIPT, "b.test.toml": TESTS})
    assert run_command("test", "-k", "PASSES").status == 0
    assert json.loads(run_command("test", "-k", "b.test", "--json").stdout)["passed"] == 2
    nothing = run_command("test", "-k", "nowhere")
    assert (nothing.status, "no case has 'nowhere' in its file or name" in nothing.stderr) == (2, True)


def test_stop_at_the_first_that_fails(folder):
    folder({"a.es": SCRIPT, "a.test.toml": WRONG, "b.es": SCRIPT, "b.test.toml": TESTS})
    shown = json.loads(run_command("test", "-x", "--json").stdout)
    assert (shown["passed"], shown["failed"]) == (0, 1)


def test_json(folder):
    folder({"a.es": SCRIPT, "a.test.toml": WRONG})
    result = run_command("test", "--json", "--coverage")
    shown = json.loads(result.stdout)
    assert result.status == 1
    assert (shown["passed"], shown["failed"], shown["not_run"]) == (1, 1, 0)
    (file,) = shown["files"]
    assert file["cases"][0] | {"time_us": 0} == {
        "name": "refused",
        "line": 1,
        "passed": False,
        "refusal": None,
        "mismatches": [{"what": "status", "got": "403", "want": "404"}],
        "time_us": 0,
    }
    assert shown["coverage"] == {
        "percent": 100.0,
        "scripts": [
            {
                "script": "a.es",
                "lines": {"reached": 3, "of": 3},
                "branches": {"reached": 2, "of": 2},
                "missing_lines": [],
                "missing": [],
            }
        ],
    }


def test_junit(folder, tmp_path):
    folder({"a.es": SCRIPT, "a.test.toml": WRONG})
    assert run_command("test", "--junit", "out.xml").status == 1
    root = ET.parse(tmp_path / "out.xml").getroot()
    assert (root.get("tests"), root.get("failures")) == ("2", "1")
    unwritable = run_command("test", "--junit", "no/such/folder.xml")
    assert (unwritable.status, "cannot write 'no/such/folder.xml'" in unwritable.stderr) == (2, True)


# --- coverage ---------------------------------------------------------------------------------------------------


def test_coverage(folder):
    folder({"a.es": SCRIPT, "a.test.toml": TESTS})
    result = run_command("test", "--coverage", "-k", "refused")
    assert result.stdout.splitlines()[2:6] == [
        "coverage            lines         branches",
        "a.es            2/3   66%        1/2   50%",
        "  missing: 1->else never, 4",
        "together        3/5   60%",
    ]
    assert "a.es            3/3  100%        2/2  100%" in run_command("test", "--coverage").stdout


@pytest.mark.parametrize(("least", "status"), [("0", 0), ("60", 0), ("60.1", 1), ("100", 1)])
def test_coverage_min(folder, least, status):
    folder({"a.es": SCRIPT, "a.test.toml": TESTS})
    result = run_command("test", "-k", "refused", "--coverage-min", least)
    assert result.status == status
    assert bool(status) == ("coverage of 60.0 % is below" in result.stderr)


def test_coverage_of_a_script_adds_up_over_test_files(folder):
    one, two = TESTS.split("\n\n")
    folder({"a.es": SCRIPT, "a.test.toml": one, "b.test.toml": f'scripts = ["a.es"]\n{two}'})
    shown = json.loads(run_command("test", "--coverage", "--json").stdout)["coverage"]
    assert (shown["percent"], len(shown["scripts"])) == (100, 1)


def test_coverage_is_of_the_scripts_whose_cases_ran(folder):
    folder({"a.es": SCRIPT, "a.test.toml": TESTS, "b.es": SCRIPT, "b.test.toml": TESTS})
    shown = json.loads(run_command("test", "--coverage", "-k", "a.test", "--json").stdout)["coverage"]
    assert [script["script"] for script in shown["scripts"]] == ["a.es"]


def test_a_script_is_one_whatever_way_leads_to_it(folder):
    one, two = TESTS.split("\n\n")
    folder({"lib/a.es": SCRIPT, "lib/a.test.toml": one, "b/b.test.toml": f'scripts = ["../lib/a.es"]\n{two}'})
    shown = json.loads(run_command("test", "--coverage", "--json").stdout)["coverage"]
    assert (shown["percent"], [each["script"] for each in shown["scripts"]]) == (100, ["lib/a.es"])


def test_coverage_changes_no_outcome(folder):
    files = case(
        'headers = { _es_dbg = "sesame" }\n',
        'headers = { X-A = "1" }\nhit = true\nfuel_max = 1000',
        "if true {\nadd_rsp_header('X-A', '1')\n}\n",
        'scripts = [{ file = "a.es", option = "_es_dbg=sesame" }]',
    )
    folder(files)
    assert run_command("test").status == 0
    assert run_command("test", "--coverage").status == 0


# --- what is wrong ----------------------------------------------------------------------------------------------


def test_a_script_with_errors_fails_and_its_tests_are_not_run(folder):
    folder({"a.es": "say(\n", "a.test.toml": TESTS, "b.es": SCRIPT, "b.test.toml": TESTS})
    result = run_command("test")
    assert result.status == 1
    assert "a.es:1:" in result.stderr
    assert first_line(result) == "a.test.toml: not run, errors in a.es"
    assert result.stdout.splitlines()[-1].startswith("2 passed, 1 file not run in 0.")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (case("methd = 1", ""), "a.test.toml:5: case: unknown key 'methd', did you mean 'method'?"),
        (case("", "", top='scripts = ["b.es"]'), "a.test.toml:1: scripts: no file 'b.es'"),
        (
            case("", "", top='scripts = [{ file = "a.es", por = "head" }]'),
            "a.test.toml:1: scripts: 'por': unknown key, did you mean 'pos'?",
        ),
        (case('method = "G T"', ""), "a.test.toml:5: method: 'G T': want a method such as GET"),
        (case('client_ip = "me"', ""), "a.test.toml:5: client_ip: 'me': want an IP address"),
        (case('headers = { "X A" = "1" }', ""), "a.test.toml:5: headers: 'X A: 1': want 'Name: value'"),
        (case('headers = { "X:A" = "1" }', ""), "a.test.toml:5: headers: 'X:A': want the name of a header"),
        (case('headers = { X-A = "1\\n2" }', ""), "a.test.toml:5: headers: X-A: a value is one line"),
        (case('origin = { headers = { "X A" = "1" } }', ""), "a.test.toml:5: origin: 'X A: 1': want 'Name: value'"),
        (case('places = { here = { country = "CN" } }', ""), "a.test.toml:5: case.places: got 'here', want an IP address"),
        (case('before = [{ url = "http://" }]', ""), "a.test.toml:5: url: 'http://': bad host ''"),
        ({"a.test.toml": "\x00"}, "a.test.toml:1: not TOML: invalid statement"),
        ({"a.test.toml": "x"}, "a.test.toml:1: not TOML: expected '=' after a key in a key/value pair"),
    ],
)  # fmt: skip
def test_a_test_file_that_is_wrong_is_wrong_usage(folder, files, said):
    folder(files)
    result = run_command("test")
    assert (result.status, first_line(result)) == (2, said)


def test_a_test_file_that_is_no_text(folder, tmp_path):
    folder({"a.es": SCRIPT})
    (tmp_path / "a.test.toml").write_bytes(b"# a\n# \xff\n")
    result = run_command("test")
    assert (result.status, first_line(result)) == (2, "a.test.toml:2: not UTF-8")


def test_a_test_file_that_is_too_large(folder):
    folder({"a.test.toml": "#" * (1 << 20) + "\n"})
    assert first_line(run_command("test")) == "a.test.toml: larger than 1048576 bytes"


def test_of_many_problems_the_first_are_told(folder):
    folder({"a.test.toml": "[[case]]\nx=1\n" * 30})
    lines = run_command("test").stdout.splitlines()
    assert lines[0] == "a.test.toml:2: case: unknown key 'x'"
    assert lines[20:22] == ["a.test.toml: 10 more", ""]


def test_a_request_no_node_takes(folder):
    folder(case('headers = { Host = "a b" }', ""))
    result = run_command("test")
    assert result.status == 1
    assert "a node refuses this request with 400" in result.stdout


# --- a case's world ---------------------------------------------------------------------------------------------

LIMITED = "if not(limit_req('k', 1, 0)) {\n    exit(429)\n}\n"
COUNTED = "if limit_req('k', 1, 0) {\n    set_cache_ttl('path', 10)\n}\n"

WORLDS = [
    # the script, what the case says, what is expected
    ("print(now())\n", "", 'body = "1700000000"'),
    ("print(now())\n", "now = 5", 'body = "5"'),
    ("print(now())\n", "repeat = 3\nevery_s = 2\nnow = 5", 'body = "9"'),
    ("print(now())\n", 'now = 5\nbefore = [{ url = "http://a/", after_s = 4, repeat = 2, every_s = 1 }]', 'body = "10"'),
    ("print(client_addr())\n", 'client_ip = "192.0.2.7"', 'body = "192.0.2.7"'),
    ("print(client_country())\n", 'geo = { country = "CN" }', 'body = "CN"'),
    ("print(tostring(client_country()))\n", "", 'body = "false"'),
    ("print(client_country())\n", 'places = { "127.0.0.1" = { country = "CN" } }', 'body = "CN"'),
    ("print(ip_country('223.5.5.5'))\n", 'places = { "223.5.5.5" = { country = "CN" } }', 'body = "CN"'),
    ("print(ip_country('2001:db8::1'))\n", 'places = { "2001:DB8:0::1" = { country = "CN" } }', 'body = "CN"'),
    ("print(tostring(ip_country('x')))\n", 'places = { "223.5.5.5" = { country = "CN" } }', 'body = "false"'),
    ("print(req_header('X-A'))\n", 'headers = { X-A = "é" }', 'body = "é"'),
    ("print(req_method())\n", 'method = "PUT"', 'body = "PUT"'),
    ("print(req_header('Content-Length'))\n", 'method = "POST"\nbody = "é"', 'body = "2"'),
    (LIMITED, "", 'status = 200\nhit = false\naction = "forward"'),
    (LIMITED, "repeat = 2", "status = 429\nhit = true"),
    (LIMITED, "repeat = 2\nevery_s = 1", "status = 200"),
    (LIMITED, 'before = [{ url = "http://a/" }]', "status = 429"),
    (LIMITED, 'before = [{ url = "http://a/", after_s = 1 }]', "status = 200"),
    ("set_cache_ttl('path', 10)\n", "", 'cache = "MISS"\ncache_ttl = 10\nforward_uri = "/"'),
    ("set_cache_ttl('path', 10)\n", "repeat = 2", 'cache = "HIT"\nforward_uri = ""\naction = "forward"'),
    ("set_cache_ttl('path', 10)\n", "repeat = 2\nevery_s = 10", 'cache = "MISS"'),
    ("set_cache_key('/é')\nadd_cache_tag('a')\nadd_cache_tag('b')\n", "", 'cache_key = "/é"\ncache_tags = ["a", "b"]'),
    ("cache_bypass()\nset_origin('b')\n", "", 'cache_bypass = true\nforward_origin = "b"'),
    ("print(dict_get('d', 'é'))\n", 'dictionaries = { d = { "é" = "€" } }', 'body = "€"'),
    ("print(tostring(dict_get('d', 'x')))\n", "dictionaries = { d = {} }", 'body = "nil"'),
    ("limit_req('k', 3, 5, 'delay')\n", "repeat = 2", "delay_s = 0.333"),
    ("if not(limit_conn('k', 1)) {\n    exit(503)\n}\n", "repeat = 3", "status = 200"),
    (COUNTED, 'before = [{ url = "http://example.com/", after_s = 9.5 }]', 'cache = "HIT"'),
    ("a = 1\n", 'origin = { status = 404, body = "none", headers = { X-O = ["1", "2"] } }',
     'status = 404\nbody = "none"\nheaders = { X-O = ["1", "2"] }'),
    ("a = 1\n", "origin = { down = true }", 'status = 502\naction = "forward"'),
    ("a = 1\n", "origin = { timeout = true }", "status = 504"),
    ("limit_rate(100, 'k')\nlimit_rate_after(1, 'k')\n", "", "limit_rate = 102400\nlimit_rate_after = 1024"),
    ("add(undef_name, 1)\n", "", 'error = 403\nstatus = 500\nstate = "Exception"'),
    ("a = 1\nadd(req_header('X-A'), 1)\n", "", "error = { code = 403, line = 2 }"),
    ("return true\n", "", 'hit = { "a.es" = true }\nfuel_max = 10'),
]  # fmt: skip


@pytest.mark.parametrize(("script", "extra", "expect"), WORLDS)
def test_the_world_of_a_case(folder, script, extra, expect):
    folder(case(extra, expect, script))
    result = run_command("test")
    assert result.status == 0, result.stdout + result.stderr


def test_chance_repeats_and_depends_on_the_seed(folder):
    folder(case("", 'body = ""', "print(rand(1, 1000000))\n"))

    def drawn(*more):
        text = case("\n".join(more), 'body = ""')["a.test.toml"]
        folder({"a.test.toml": text})
        shown = json.loads(run_command("test", "--json").stdout)
        return shown["files"][0]["cases"][0]["mismatches"][0]["got"]

    assert drawn() == drawn() == drawn("seed = 1")
    assert drawn("seed = 2") != drawn()


def test_cases_share_no_node(folder):
    files = case("", "status = 200", LIMITED)
    folder(files | {"a.test.toml": files["a.test.toml"] + files["a.test.toml"].replace('"it"', '"again"')})
    assert json.loads(run_command("test", "--json").stdout)["passed"] == 2


def test_scripts_with_the_settings_of_rules(folder):
    scripts = """scripts = [
  { file = "last.es", pri = 2, name = "last" },
  { file = "off.es", enable = "off" },
  { file = "first.es", pri = 1, brk = "on" },
  { file = "foot.es", pos = "foot", on_error = "deny" },
]"""
    files = case(
        "", 'state = { "first.es" = "ExecutedAndHit", last = "NonExecution" }\nstatus = 500', top=scripts
    )
    folder(
        files
        | {"first.es": "return true\n", "last.es": "exit(403)\n", "off.es": "exit(404)\n", "foot.es": "a = 1\nadd($arg_x, a)\n"}
    )  # fmt: skip
    result = run_command("test")
    assert result.status == 0, result.stdout + result.stderr


# --- watching ---------------------------------------------------------------------------------------------------


def read_until(process, end):
    text = b""
    deadline = time.monotonic() + 30
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while end not in text:
            assert selector.select(max(0.0, deadline - time.monotonic())), text
            more = os.read(process.stdout.fileno(), 65536)
            assert more, text
            text += more
    return text.decode()


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_watch_runs_again_when_something_changes(folder, tmp_path):
    folder({"a.es": SCRIPT, "a.test.toml": WRONG})
    with subprocess.Popen(
        [sys.executable, "-m", "edgescript", "test", "--watch"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=tmp_path,
    ) as process:
        try:
            waiting = b"waiting for a change"
            assert "1 passed, 1 failed" in read_until(process, waiting)
            folder({"a.test.toml": TESTS})
            assert "2 passed in" in read_until(process, waiting)
            folder({"a.es": f"{SCRIPT}say(\n"})
            assert "1 file not run" in read_until(process, waiting)
            folder({"a.es": SCRIPT, "b/a.es": SCRIPT, "b/a.test.toml": TESTS})
            assert " passed in" in read_until(process, waiting)
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0
            assert b"Traceback" not in process.stdout.read()
        finally:
            process.kill()


def test_watch_prints_no_json():
    assert run_command("test", "--watch", "--json").status == 2
