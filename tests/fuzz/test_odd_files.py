"""Files that are no scripts, given to every subcommand that reads one: an answer or a line of complaint, soon."""

import os
import threading
import time

import pytest

from edgescript.cli import COMMANDS
from tests.support.command import run_command

READERS = {
    "check": (),
    "disasm": (),
    "run": ("--url", "http://a.test/"),
    "fmt": ("--check",),
    "cost": (),
    "test": (),
}
PRESENT = [name for name in READERS if name in COMMANDS]
CONTENTS = {
    "empty": b"",
    "one newline": b"\n",
    "NUL bytes": b"a = 'x'\0\n\0\0\0",
    "only a byte order mark": b"\xef\xbb\xbf",
    "a byte order mark in the middle": b"a = 1\n\xef\xbb\xbfb = 2\n",
    "UTF-16": "a = 'x'\nsay(a)\n".encode("utf-16"),
    "UTF-32": "a = 'x'\n".encode("utf-32"),
    "old Mac line ends": b"a = 'x'\rsay(a)\r",
    "a line of a megabyte": b"say('" + b"x" * (1 << 20) + b"')\n",
    "a megabyte of newlines": b"\n" * (1 << 20),
    "a megabyte of quotes": b"'" * (1 << 20),
    "a megabyte of commas": b"a = [" + b"," * (1 << 20),
    "128 KiB of opening brackets": b"(" * (128 << 10),
    "blocks without end": b"if a {\n" * 10_000,
    "calls in calls": b"say(" + b"upper(" * 20_000 + b"'x'" + b")" * 20_000 + b")\n",
    "lists in lists": b"a = " + b"[" * 30_000 + b"]" * 30_000 + b"\n",
    "signs": b"a = " + b"-" * 60_000 + b"1\n",
    "else ifs": b"if a {\n}" + b" else if b {\n}" * 5_000 + b"\n",
    "many definitions": b"".join(b"def f%d() {\n}\n" % n for n in range(8_000)),
    "many variables": b"".join(b"v%d = %d\n" % (n, n) for n in range(8_000)),
    "a long list": b"a = [" + b"1, " * 40_000 + b"1]\nsay(a)\n",
    "a long name": b"a" * 100_000 + b" = 1\n",
    "a long number": b"a = " + b"9" * 100_000 + b"\n",
    "an executable": b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 64,
    "code of another version": b"ESC\xff" + bytes(range(256)),
    "code cut off": b"ESC\x01\x98",
}
MOST_S = 5
"""For the slowest of them and a machine that does other things as well: tenths of a second are usual."""


def answered(ran):
    """A status that the manual knows, and nothing of Python's."""
    assert ran.status in {0, 1, 2}, ran
    assert "Traceback" not in ran.stderr
    assert "internal error" not in ran.stderr
    return ran


@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize("name", PRESENT)
def test_odd_contents(name, content, tmp_path):
    path = tmp_path / "odd.es"
    path.write_bytes(CONTENTS[content])
    begin = time.process_time()
    answered(run_command(name, path, *READERS[name]))
    assert time.process_time() - begin < MOST_S


@pytest.mark.parametrize("name", PRESENT)
def test_what_is_no_file(name, tmp_path):
    for path in (tmp_path, tmp_path / "none.es", tmp_path / ("x" * 300), tmp_path / "none" / "a.es"):
        ran = answered(run_command(name, path, *READERS[name]))
        # A folder is where `fmt` and `test` look for files; it holds none.
        assert ran.status or path == tmp_path, (path, ran)
    answered(run_command(name, os.devnull, *READERS[name]))


@pytest.mark.parametrize("name", PRESENT)
def test_a_file_that_may_not_be_read(name, tmp_path):
    if os.geteuid() == 0:
        pytest.skip("everything may be read by this user")
    path = tmp_path / "closed.es"
    path.write_bytes(b"a = 1\n")
    path.chmod(0)
    assert answered(run_command(name, path, *READERS[name])).status


@pytest.mark.parametrize("name", PRESENT)
def test_a_pipe(name, tmp_path):
    path = tmp_path / "pipe.es"
    os.mkfifo(path)
    writer = threading.Thread(target=_write_without_waiting_for_ever, args=(path,))
    writer.start()
    try:
        answered(run_command(name, path, *READERS[name]))
    finally:
        writer.join(MOST_S)
    assert not writer.is_alive()


def _write_without_waiting_for_ever(path):
    """A script through the pipe, as `edgescript check <(cat a.es)` would; nobody need read it."""
    end = time.monotonic() + 1.0
    while time.monotonic() < end:
        try:
            pipe = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            time.sleep(0.01)
            continue
        os.write(pipe, b"say('through a pipe')\n")
        os.close(pipe)
        return


@pytest.mark.parametrize(
    "word", ["", "\0", "é\udcff", "--", "-", "x" * 10_000, "%s", "../..", "404", "-1", "۴"]
)
@pytest.mark.parametrize("name", [name for name in ("explain", "doc") if name in COMMANDS])
def test_odd_words(name, word):
    answered(run_command(name, "--", word))
