"""`edgescript repl`: what is typed and what comes back, from a pipe and at a terminal."""

import io
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time

import pytest

from tests.support.command import run_command


@pytest.fixture
def enter(monkeypatch):
    """enter('x = 1', 'x') gives these lines to the command, and what it says."""

    def run(*lines, options=()):
        data = "".join(f"{line}\n" for line in lines).encode()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        return run_command("repl", *options)

    return run


SESSIONS = {
    "an expression shows its value": (["add(1, 2)", "'a'", "true"], "3\n'a'\ntrue\n"),
    "the last value is kept": (["add(1, 2)", "mul(_, 10)"], "3\n30\n"),
    "variables stay": (["x = 'a'", "y = concat(x, 'b')", "y"], "'ab'\n"),
    "functions stay, and see variables": (
        ["x = '?'", "def f(a) {", "    return concat(a, x)", "}", "x = '!'", "f('hi')"],
        "'hi!'\n",
    ),
    "functions change variables": (["n = 1", "def up() { n = add(n, 1) }", "up()", "n"], "2\n"),
    "a function can be defined anew": (["def f() { return 1 }", "def f() { return 2 }", "f()"], "2\n"),
    "a function in a variable outlives its definition": (
        [
            "n = 0",
            "def f(_k, v, _u) { n = add(n, v) }",
            "g = f",
            "n = 5",
            "def f() { return 0 }",
            "x = foreach([1, 2], g, [])",
            "n",
            "g",
        ],
        "8\nfunction f\n",
    ),
    "dictionaries are shared": (
        ["d = ['a' = 1]", "e = d", "set(e, 'b', 2)", "d"],
        "true\n['a' = 1, 'b' = 2]\n",
    ),
    "loop variables stay": (["for k, v in ['x', 'y'] { say(v) }", "k", "v"], "x\ny\n2\n'y'\n"),
    "an entry goes on while brackets are open": (
        ["if true {", "    say(concat(", "        'a',", "        'b'", "    ))", "}"],
        "ab\n",
    ),
    "brackets in strings and comments count for nothing": (["x = '({['  # (", "x"], "'({['\n"),
    "a comment and a blank line do nothing": (["# x", "", "   ", "1 # one"], "1\n"),
    "a call that gives nothing shows nothing": (
        ["say('a')", "print('b')", "undefined_here = $arg_x"],
        "a\nb\n",
    ),
    "undef is shown where it was asked for": (["$arg_x"], "undef\n"),
    "strings are written as in a script": (["concat('it\\'s', tochar(10), '\\\\')"], "'it\\'s\\n\\\\'\n"),
    "bytes that are no text are numbers": (["tochar(255)", "'é'"], "'\\xff'\n'é'\n"),
    "a dictionary that holds itself ends": (
        ["d = [1]", "set(d, 'me', d)", "d"],
        "true\n[1, 'me' = [1, 'me' = [1, 'me' = [1, 'me' = [...]]]]]\n",
    ),
    "the end of the request ends the entry alone": (
        ["exit(403, 'no') ", "1", "rewrite('/x', 'redirect')"],
        "the request ends: answer 403, body 'no'\n1\nthe request ends: redirect 302 to '/x'\n",
    ),
    "a script's own return ends the entry": (["say('a')", "return true", "say('b')"], "a\nb\n"),
    "quit leaves what follows": (["1", ":quit", "2"], "1\n"),
}


@pytest.mark.parametrize("name", SESSIONS)
def test_session(enter, name):
    lines, shown = SESSIONS[name]
    result = enter(*lines)
    assert (result.stdout, result.stderr, result.status) == (shown, "", 0)


COMMANDS = {
    "url": (
        [":url http://a.example/p?q=1", "$host", "$uri", "$arg_q", ":url"],
        "'a.example'\n'/p'\n'1'\nhttp://a.example/p?q=1\n",
    ),
    "method": ([":method POST", "$request_method", ":method"], "'POST'\nPOST\n"),
    "header": (
        [
            ":header X-A: one",
            ":header Cookie: c=2",
            "$http_x_a",
            "$cookie_c",
            ":header",
            ":header x-a:",
            "$http_x_a",
        ],
        "'one'\n'2'\nX-A: one\nCookie: c=2\nundef\n",
    ),
    "client-ip": ([":client-ip 192.0.2.7", "client_addr()", ":client-ip"], "'192.0.2.7'\n192.0.2.7\n"),
    "now": (
        [":now 2026-01-31T08:00:00Z", "now()", ":now", ":now clock", "gt(now(), 1769846400)", ":now"],
        "1769846400\n1769846400.000\ntrue\nclock\n",
    ),
    "geo": (
        [":geo country=CN,region=440000", "client_country()", ":geo", ":geo none", "client_country()"],
        "'CN'\ncountry=CN,region=440000\nfalse\n",
    ),
    "effects": (
        [
            ":effects",
            "x = add_req_header('A', 'b')",
            "x = add_rsp_header('C', 'd', true)",
            "x = del_rsp_header('E')",
            "rewrite('/n', 'break')",
            "x = set_cache_ttl('path', 5)",
            "x = set_cache_ttl('code', '404=1')",
            "x = limit_rate(8, 'k')",
            "x = limit_rate_after(1, 'k')",
            "say('hi')",
            ":effects",
        ],
        (
            "nothing yet\ntrue\nhi\nrequest header   set A = 'b'\npath             '/n'\nresponse header  add C = 'd'\n"
            "response header  delete E\ncache            5 s\ncache            1 s for status 404\n"
            "speed            8192 bytes/s\nspeed            limited after 1024 bytes\noutput           'hi\\n'\n"
        ),
    ),
    "vars": (["x = 'a'", "def f() { return 1 }", ":vars"], "x = 'a'\ndef f\n"),
    "type": (
        [
            "x = 1",
            "def f() { return 1 }",
            *(
                f":type {each}"
                for each in ("$arg_a", "$uri", "x", "f", "f()", "eq(1, 2)", "[]", "-1", "true", "nowhere_set")
            ),
        ],
        "string or undef\nstring\nnumber\nfunction\nany\nboolean\ndictionary\nnumber\ntrue\nundef\n",
    ),
    "reset": (
        ["x = 1", "def f() { return 1 }", "say('a')", ":reset", ":vars", ":effects", "$uri"],
        "a\nnothing yet\n'/'\n",
    ),
    "a beginning is enough": ([":me"], "GET\n"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_command(enter, name):
    lines, shown = COMMANDS[name]
    result = enter(*lines)
    assert (result.stdout, result.stderr, result.status) == (shown, "", 0)


def test_type_runs_nothing(enter):
    assert enter(":type say('never')", ":effects").stdout.endswith("nothing yet\n")


def test_options_state_the_request(enter):
    options = [
        "--url",
        "http://a.example/x?y=z",
        "-X",
        "PUT",
        "-H",
        "K: v",
        "--client-ip",
        "192.0.2.1",
        "--now",
        "7",
    ]
    result = enter(
        "concat($host, $uri, $arg_y, $request_method, $http_k, $remote_addr, now())", options=options
    )
    assert result.stdout == "'a.example/xzPUTv192.0.2.17'\n"


def test_doc_and_explain_show_their_pages(enter):
    assert enter(":doc substr").stdout == run_command("doc", "substr").stdout
    assert enter(":explain 402").stdout == run_command("explain", "402").stdout
    assert enter(":doc nothing_like_it").status == 1


def test_help_names_every_command(enter):
    from edgescript.cli.author.repl.console import COMMANDS as TABLE

    listed = re.findall(r"^  :(\S+)", enter(":help").stdout, re.MULTILINE)
    assert listed == [*TABLE]


def test_fuel_is_that_of_the_entry(enter):
    first = enter("x = md5($uri)", ":fuel").stdout
    later = enter("a = 1", "b = 2", "c = 3", "x = md5($uri)", ":fuel").stdout
    assert first == later
    assert re.fullmatch(r"[1-9]\d* of 500000 by the last entry\n", first)


def test_a_file_is_entered_as_if_typed(enter, script):
    name = script("a.es", b"\xef\xbb\xbfdef f() {\r\n    return 'from the file'\r\n}\r\nsay('loaded')\r\n")
    assert enter(f":load {name}", "f()").stdout == "loaded\n'from the file'\n"


def test_an_error_is_shown_with_its_caret_and_ends_nothing(enter):
    result = enter("x = 1", "lenght($uri)", "x")
    assert (result.stdout, result.status) == ("1\n", 1)
    assert result.stderr == (
        "<2>:1:1: error[unknown-function]: unknown function 'lenght'\n"
        "  |\n1 | lenght($uri)\n  | ^^^^^^\nhelp: did you mean 'len'?\n"
    )


def test_an_error_in_an_expression_is_one_of_expressions(enter):
    assert "<1>:1:3: error[operator]" in enter("1 + 2").stderr
    assert (
        "<1>:1:5: error[missing-value]" in enter("x = = 2").stderr
        or "error[missing-value]" in enter("x = = 2").stderr
    )


def test_a_fault_has_its_code_its_place_and_the_way_to_its_page(enter):
    result = enter("y = 'é'", "if true {", "    z = upper($arg_none)", "}", "y")
    assert (result.stdout, result.status) == ("'é'\n", 1)
    assert "<2>:2:" in result.stderr
    assert "error[402]: " in result.stderr
    assert "2 |     z = upper($arg_none)\n" in result.stderr
    assert result.stderr.endswith("help: edgescript explain 402\n")


def test_a_fault_in_a_function_is_placed_where_it_was_typed(enter):
    result = enter("x = 0", "def f(a) {", "    return upper(a)", "}", "f($arg_none)")
    assert "<2>:2:" in result.stderr
    assert "2 |     return upper(a)\n" in result.stderr


def test_a_fault_takes_back_the_effects_of_its_entry_alone(enter):
    result = enter(
        "x = add_rsp_header('A', '1')", "if add_rsp_header('B', '2') { say(upper($arg_none)) }", ":effects"
    )
    assert result.stdout == "response header  set A = '1'\n"
    assert result.stderr.endswith("what this entry asked for is undone\n")


def test_limits_hold_for_each_entry(enter):
    loop = ["d = split('a,b,c,d,e,f,g,h,i,j', ',')", "n = 0"]
    heavy = "for a, b in d { for c, e in d { for f, g in d { for h, i in d { for j, k in d { n = add(n, 1) } } } } }"
    result = enter(*loop, heavy, "'still here'")
    assert result.stdout == "'still here'\n"
    assert re.search(r"error\[4(07|10)\]", result.stderr)


def test_recursion_without_end_is_a_fault(enter):
    result = enter("def f() { return f() }", "f()", "1")
    assert result.stdout == "1\n"
    assert "error[408]" in result.stderr


def test_an_error_that_an_entry_causes_in_an_older_function_is_shown_there(enter):
    result = enter("def f(a) { return a }", "def g() { return f(1) }", "def f(a, b) { return a }", "g()")
    assert "<2>:1:18: error[argument-count]" in result.stderr
    assert result.stdout == "1\n"


def test_the_end_of_the_input_ends_an_unfinished_entry(enter):
    result = enter("if true {")
    assert result.status == 1
    assert "error[unclosed-block]" in result.stderr


@pytest.mark.parametrize(
    "line",
    [
        ":bogus",
        ":",
        ":url x",
        ":method a b",
        ":now never",
        ":header x",
        ":load nope",
        ":load",
        ":type",
        ":type x = 1",
        ":h",
        ":geo a",
    ],
)
def test_a_command_that_fails_is_one_line_and_ends_nothing(enter, line):
    result = enter(line, "1")
    assert (result.stdout, result.status) == ("1\n", 1)
    assert result.stderr.count("\n") == 1


def test_a_request_that_a_node_refuses_is_not_taken(enter):
    result = enter(":header Content-Length: x", "$uri")
    assert result.stdout == "'/'\n"
    assert "a node refuses this request with 400" in result.stderr


@pytest.mark.timeout(30)
def test_hostile_input_ends(enter):
    result = enter("x = [" + "1," * 100_000, "(" * 200_000, "say(" + "\n" * 50_000, "'" * 150_000, "\x00\xff")
    assert result.status == 1
    assert "Traceback" not in result.stderr


PROMPTS = ("es> ", "... ")


class Terminal:
    """A session at a pseudo-terminal."""

    def __init__(self):
        self.main, other = pty.openpty()
        environment = {**os.environ, "TERM": "dumb", "INPUTRC": "/dev/null"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "edgescript", "repl"],
            stdin=other,
            stdout=other,
            stderr=other,
            env=environment,
            start_new_session=True,
        )
        os.close(other)
        self.unread = ""
        self.shown = ""

    def wait_for(self, awaited):
        """Read up to `awaited`, or to the end for None."""
        end = time.monotonic() + 30
        while awaited is None or awaited not in self.unread:
            ready, _, _ = select.select([self.main], [], [], max(0, end - time.monotonic()))
            assert ready, f"waited for {awaited!r}, got {self.unread!r}"
            try:
                data = os.read(self.main, 4096)
            except OSError:  # how Linux says that nobody has the other side open any more
                data = b""
            if not data:
                assert awaited is None, f"ended before {awaited!r}: {self.unread!r}"
                return
            self.unread += data.decode("utf-8", "replace")
            self.shown += data.decode("utf-8", "replace")
        self.unread = self.unread.partition(awaited)[2]

    def type(self, typed):
        if typed is signal.SIGINT:
            time.sleep(
                0.3
            )  # a person's pause: between the prompt and its wait, the line editor notes no signal
            self.process.send_signal(typed)
        else:
            os.write(self.main, typed.encode())

    def end(self):
        self.process.kill()
        self.process.wait()
        os.close(self.main)


def at_terminal(*steps):
    """Plays (what to wait for, what to type); everything that was shown, and the status."""
    terminal = Terminal()
    try:
        for awaited, typed in steps:
            terminal.wait_for(awaited)
            # What is typed before a prompt may be lost when the terminal changes modes.
            if typed and awaited not in PROMPTS:
                terminal.wait_for(PROMPTS[0])
            terminal.type(typed)
        terminal.wait_for(None)
        return terminal.shown, terminal.process.wait(20)
    finally:
        terminal.end()


def test_at_a_terminal():
    shown, status = at_terminal(
        (":help for the commands", ""),
        ("es> ", "if true {\n"),
        ("... ", "say('several lines')\n"),
        ("... ", "}\n"),
        ("several lines", ""),
        ("es> ", "lenght(1)\n"),
        ("did you mean 'len'?", ""),
        ("es> ", "\x04"),
    )
    assert status == 0
    assert "Traceback" not in shown


def test_ctrl_c_gives_up_the_entry_alone():
    _, status = at_terminal(
        ("es> ", "if true {\n"),
        ("... ", signal.SIGINT),
        ("es> ", "add(20, 22)\n"),
        ("42", ":quit\n"),
    )
    assert status == 0


def test_tab_completes_names():
    pytest.importorskip("readline")
    _, status = at_terminal(
        ("es> ", "mine_alone = 'found'\n"),
        ("es> ", "mine_al\t\n"),
        ("'found'", "$request_met\t\n"),
        ("'GET'", "add_req_hea\t'A', 'b')\n"),
        ("true", ":eff\t\n"),
        ("set A = 'b'", "\x04"),
    )
    assert status == 0
