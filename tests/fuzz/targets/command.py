"""Any bytes as the file of each subcommand: an answer or one line of complaint, never a traceback."""

import os
import tempfile
from pathlib import Path

from edgescript.cli import COMMANDS
from tests.support.command import run_command

CORPUS = "scripts"
RUNS = {
    "check": ("{file}", "--compat"),
    "disasm": ("{file}",),
    "run": ("{file}", "--url", "http://a.test/p?x=1", "--now", "0", "--trace"),
    "fmt": ("{file}", "--check"),
    "cost": ("{file}",),
    "test": ("{file}",),
    "explain": ("{text}",),
    "doc": ("{text}",),
}
FINE = {0, 1, 2}
FOLDER = Path(tempfile.mkdtemp(prefix="edgescript-fuzz-"))


def run(data: bytes) -> None:
    path = FOLDER / f"{os.getpid()}.es"
    path.write_bytes(data)
    word = data[:60].decode("latin-1").replace("\0", "")
    for name, arguments in RUNS.items():
        if name in COMMANDS:
            ran = run_command(name, *(argument.format(file=path, text=word) for argument in arguments))
            assert ran.status in FINE, (name, ran)
            assert "Traceback" not in ran.stderr + ran.stdout, (name, ran)
