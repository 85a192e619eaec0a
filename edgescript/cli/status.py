"""Exit statuses: 0 fine, 1 the answer is no, 2 wrong usage; beyond these, what shells mean by them."""

from typing import Final

NO: Final = 1
WRONG_USAGE: Final = 2
UNAVAILABLE: Final = 69
"""EX_UNAVAILABLE: a console that cannot be reached, or that fails, has not said no."""
INTERNAL_ERROR: Final = 70
"""EX_SOFTWARE of sysexits.h: no pipeline mistakes it for an answer."""
OUTPUT_LOST: Final = 74
"""EX_IOERR: standard output takes no more, a full disk for one."""
INTERRUPTED: Final = 130
"""128 + SIGINT."""
BROKEN_PIPE: Final = 141
"""128 + SIGPIPE."""
