"""
What can go wrong while a script runs.

Codes 400-410 are the vendor's (reference section 9.4); a limit the vendor has no code for raises 499 and is known
by its name. A fault ends the script, never the proxy: see `on_error` in `pipeline.py`.
"""

from enum import IntEnum


class FaultCode(IntEnum):
    """Exception codes of reference section 9.4."""

    UNSUPPORTED_FUNCTION = 400
    ARGUMENT_COUNT = 401
    NOT_A_STRING = 402
    NOT_A_NUMBER = 403
    NOT_A_DICTIONARY = 404
    NOT_A_BOOLEAN = 405
    NOT_A_FUNCTION = 406
    TIMEOUT = 407
    CALL_LIMIT = 408
    LOOP_LIMIT = 409
    TOTAL_LOOP_LIMIT = 410
    OTHER = 499


class ScriptFault(Exception):  # noqa: N818 - "fault" is the word of this module; an error is a diagnostic
    """A script raised: the code, a text in the catalogue's manner, and where (1-based) once it is known."""

    def __init__(self, code: FaultCode, message: str, *, limit: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.limit = limit
        """The name of the `Limits` field that was exceeded, or ''."""
        self.line = 0
        self.column = 0

    def __str__(self) -> str:
        where = f"{self.line}:{self.column}: " if self.line else ""
        return f"{where}error {int(self.code)}: {self.message}"


class Ended(Exception):  # noqa: N818 - control flow, not an error
    """Unwinds custom functions after `exit` or a redirect has ended the request."""


class CodeError(Exception):
    """Stored Code that may not run: damaged, hostile, of another version, or naming a builtin this build lacks."""
