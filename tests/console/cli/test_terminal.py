"""What only a terminal shows: a token that is typed unseen, tables that fit, what Tab offers; and a start that stays fast."""

import os
import pty
import select
import subprocess
import sys
import termios
import time

import pytest

from tests.support.waiting import wait_until

PROGRAM = [sys.executable, "-m", "edgescript"]
TIMEOUT_S = 30


LOCAL_MODES = 3
"""Where `tcgetattr` has what is done with keys."""


class Terminal:
    """A command on a terminal of 80 columns; `wait_for` reads until a text is there."""

    def __init__(self, folder, *arguments):
        self._main, side = pty.openpty()
        self._process = subprocess.Popen(
            [*PROGRAM, *arguments],
            cwd=folder,
            stdin=side,
            stdout=side,
            stderr=side,
            env=os.environ | {"COLUMNS": "80"},
            start_new_session=True,
        )
        os.close(side)
        self.seen = ""

    def wait_for(self, text):
        deadline = time.monotonic() + TIMEOUT_S
        while text not in self.seen:
            assert time.monotonic() < deadline, self.seen
            if not self._read():
                break
        assert text in self.seen

    def _read(self):
        ready, _, _ = select.select([self._main], [], [], 1)
        try:
            data = os.read(self._main, 65536) if ready else b" "
        except OSError:  # Linux: the other side is closed
            return False
        self.seen += data.decode() if ready else ""
        return bool(data)

    def is_silent(self):
        """Whether what is typed is not shown."""
        return not termios.tcgetattr(self._main)[LOCAL_MODES] & termios.ECHO

    def type(self, text):
        os.write(self._main, text.encode())

    def end(self):
        """What was seen, and the exit status."""
        while self._read():
            pass
        os.close(self._main)
        return self.seen.replace("\r\n", "\n"), self._process.wait(TIMEOUT_S)


def test_a_token_that_is_typed_is_not_shown(person, console):
    terminal = Terminal(person.folder, "login", console.url)
    terminal.wait_for(f"token for {console.url}")
    wait_until(terminal.is_silent)
    terminal.type(f"{console.operator}\n")
    seen, status = terminal.end()
    assert (status, console.operator in seen) == (0, False)
    assert seen.endswith(f"signed in to {console.url} as operator: operator\n")


def test_tables_fit_a_terminal(ann):
    ann.write("auth.es", "x = 1\n")
    ann.run("push", "auth.es", "-m", "why " * 40)
    for arguments in (["versions", "auth"], ["audit"], ["domains"], ["tokens", "list", "--all-domains"]):
        seen, status = Terminal(ann.folder, *arguments).end()
        assert status == 0
        assert (
            max(len(line.replace("\x1b[1m", "").replace("\x1b[0m", "")) for line in seen.splitlines()) <= 80
        )


COMPLETIONS = {
    "versions a": ["auth"],
    "versions auth@": ["auth@1", "auth@2"],
    "publish --production auth@": ["auth@1", "auth@2"],
    "diff a": ["auth"],
    "pull g": ["gate"],
    "versions zzz": [],
}


def offered(person, line):
    words = f"edgescript {line}".split(" ")
    variables = {
        "_EDGESCRIPT_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(words),
        "COMP_CWORD": str(len(words) - 1),
    }
    result = subprocess.run(
        [*PROGRAM],
        cwd=person.folder,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")
    return sorted(each.partition(",")[2] for each in result.stdout.splitlines() if each)


def test_tab_offers_what_the_console_has(ann):
    for name, text in (("auth", "x = 1\n"), ("auth", "x = 2\n"), ("gate", "x = 1\n")):
        ann.write(f"{name}.es", text)
        assert ann.run("push", f"{name}.es", "-m", "why").status == 0
    assert {line: offered(ann, line) for line in COMPLETIONS} == COMPLETIONS
    assert offered(ann, f"versions -d {ann.domain}") == [ann.domain]


def test_tab_offers_nothing_where_no_console_is(person):
    assert offered(person, "versions a") == []
    person.environment(
        EDGESCRIPT_CONSOLE="http://127.0.0.1:9", EDGESCRIPT_TOKEN="est_1_x", EDGESCRIPT_DOMAIN="shop"
    )
    assert offered(person, "versions a") == []


@pytest.mark.parametrize("module", ["httpx", "ssl", "asyncio", "stdlib", "lark", "tomllib", "sqlalchemy"])
def test_help_imports_nothing_slow(module):
    probe = (
        "import sys\nfrom edgescript.cli import COMMANDS, cli\n"
        "for name in ('publish', 'push', 'login', 'logs', 'dict', 'tokens', 'diff'):\n    cli.get_command(None, name)\n"
        f"assert {module!r} not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", probe], timeout=TIMEOUT_S, check=False).returncode == 0
