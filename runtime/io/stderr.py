"""
Writes lines where the node's log goes: whole, and without waiting.

All of a node's processes write to one stderr, so a line and its end are one call of the system: what two of them write does not
mix. Who reads there may be gone, may read no more (a pipe is then full), or have no room left (a file). None of that is a
reason to stop, so a line that cannot be taken now is lost, and whoever writes is told.
"""

import os
import select
import stat
from typing import Final

STDERR: Final = 2
_PIECE_BYTES: Final = select.PIPE_BUF
"""What a pipe that is ready takes at once, and whole (POSIX `write`)."""


def to_stderr(line: str) -> None:
    """Write a line of the node's log. Raises OSError where it cannot be taken, or not without waiting."""
    write_line(STDERR, line)


def write_line(descriptor: int, line: str) -> None:
    """Write `line` and its end to a descriptor that may make whoever writes wait. Raises OSError, as `to_stderr`."""
    data = line.encode("utf-8", "backslashreplace") + b"\n"
    # A file never makes one wait for a reader, and takes a longer line in one piece too.
    size = len(data) if stat.S_ISREG(os.fstat(descriptor).st_mode) else _PIECE_BYTES
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    while data:
        if not poll.poll(0):
            raise BlockingIOError("nobody reads")
        data = data[os.write(descriptor, data[:size]) :]
