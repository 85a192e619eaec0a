"""The command line in this process: arguments in, status and both streams out."""

import contextlib
import io
from typing import NamedTuple

from edgescript.cli import main


class Ran(NamedTuple):
    status: int
    stdout: str
    stderr: str


def run_command(*arguments):
    """Run `edgescript ARGUMENTS...`; both streams are pipes, as far as the command can tell."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2))
    status = None
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as ended:
            status = ended.code
    out.flush()
    err.flush()
    return Ran(status, out.buffer.getvalue().decode(), err.buffer.getvalue().decode())
