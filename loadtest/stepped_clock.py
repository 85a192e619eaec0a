"""
The command line with a wall clock that can be stepped while it runs, as an operator or NTP steps that of a machine.

    python -m loadtest.stepped_clock FILE serve ...

FILE holds seconds to be added, one double in the machine's order. All processes of the node map it, so they step together. What
counts seconds since some moment (`time.monotonic`, timers of the loop) goes on, as it does on a machine.
"""

import mmap
import struct
import sys
import time
from pathlib import Path
from typing import Final

_SECONDS: Final = struct.Struct("d")


def set_step(file: Path, seconds: float) -> None:
    """Have the clocks of all who map `file` differ by so much from now on."""
    if not file.exists():
        file.write_bytes(_SECONDS.pack(seconds))
        return
    with file.open("r+b", buffering=0) as opened:
        opened.write(_SECONDS.pack(seconds))


def main() -> None:
    file, *arguments = sys.argv[1:]
    with Path(file).open("rb") as opened:
        step = mmap.mmap(opened.fileno(), _SECONDS.size, prot=mmap.PROT_READ)
    true_time = time.time  # noqa: TID251 - this is where the clock is made

    def stepped_time() -> float:
        seconds: float = _SECONDS.unpack_from(step)[0]
        return true_time() + seconds

    time.time = stepped_time  # noqa: TID251 - as above
    # What asks for the time may keep the function when it is imported.
    from edgescript.cli import main as command_line  # noqa: PLC0415 - after the clock has been changed

    sys.argv = ["edgescript", *arguments]
    command_line()


if __name__ == "__main__":
    main()
