"""
What can go wrong while a script runs.

Codes 400-410 are the vendor's (reference section 9.4); a limit the vendor has no code for raises 499 and is known
by its name. A fault ends the script, never the proxy: see `on_error` in `pipeline.py`.
"""

from enum import IntEnum
from typing import Any, Final, NamedTuple


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


class FaultPage(NamedTuple):
    """What `edgescript explain` says of a code: a line, a paragraph on what to do, and a script that raises it."""

    summary: str
    advice: str
    example: str


PAGES: Final = {
    FaultCode.UNSUPPORTED_FUNCTION: FaultPage(
        "a function that is not supported was called",
        "The name is known but cannot be called here. `edgescript check` names calls of functions that do not exist, "
        "and `edgescript doc` lists those that do.",
        "no_such_function($uri)\n",
    ),
    FaultCode.ARGUMENT_COUNT: FaultPage(
        "a call got too few or too many arguments",
        "Most such calls are found by `edgescript check`. What is left depends on data: `format` needs one argument for "
        "each directive of its text.",
        "say(format($arg_layout, 1))\n",
    ),
    FaultCode.NOT_A_STRING: FaultPage(
        "an argument is no string",
        "A header, cookie or query argument that the client did not send is undef, which is no string. Ask for it "
        "first, as in `if $arg_key { ... }`, or make a string of any value with `tostring`.",
        "say(len($arg_none))\n",
    ),
    FaultCode.NOT_A_NUMBER: FaultPage(
        "an argument is no number",
        "What comes with a request is text. `tonumber` makes a number of it, or false of what is none: ask before the "
        "value is used. Where a whole number is wanted, nan and infinities are none.",
        "say(add($arg_n, 1))\n",
    ),
    FaultCode.NOT_A_DICTIONARY: FaultPage(
        "an argument is no dictionary",
        "Also raised by `for` over a value of another type. Functions that take data apart give undef or false for what "
        "they cannot read: ask before the result is used.",
        "say(get(json_dec($arg_json), 'a'))\n",
    ),
    FaultCode.NOT_A_BOOLEAN: FaultPage(
        "an argument is no boolean",
        "Pass true or false, or the result of a comparison.",
        "say(base64_enc($uri, $arg_n))\n",
    ),
    FaultCode.NOT_A_FUNCTION: FaultPage(
        "an argument is no function",
        "Pass the name of a function that the script defines, without parentheses and without quotes.",
        "f = $arg_n\nforeach(['a'], f, [])\n",
    ),
    FaultCode.TIMEOUT: FaultPage(
        "the script worked for too long",
        "It used up its fuel or its time (`fuel` and `wall_clock_s` of `script_limits`). `edgescript run` shows the fuel "
        "of a request and `--trace` the calls; loops and long strings are what costs most.",
        "text = format('%99s', 'a')\n"
        "long = concat(text, text, text, text, text, text, text, text)\n"
        "long = concat(long, long, long, long, long, long, long, long)\n"
        "for i, a in split(text, '') {\n"
        "    for j, b in split(text, '') {\n"
        "        sha2(long, 512)\n"
        "    }\n"
        "}\n",
    ),
    FaultCode.CALL_LIMIT: FaultPage(
        "too many calls of the script's own functions",
        "Counted are all calls of a run (`calls` of `script_limits`) and those inside each other (`call_depth`). Do the "
        "work of small functions in place, or call them less often.",
        "def again(n) {\n    return again(add(n, 1))\n}\nagain(1)\n",
    ),
    FaultCode.LOOP_LIMIT: FaultPage(
        "a loop went round too often",
        "One loop has at most `loop_rounds` of `script_limits`. Bound what it walks over: `split` makes as many entries "
        "as the client sends separators.",
        "line = format('%99s', '')\n"
        "row = concat(line, line, line, line, line, line, line, line, line)\n"
        "all = concat(row, row, row, row, row, row, row, row, row, row, row, row)\n"
        "for i, piece in split(all, ' ') {\n"
        "    len(piece)\n"
        "}\n",
    ),
    FaultCode.TOTAL_LOOP_LIMIT: FaultPage(
        "the loops of a run went round too often",
        "All loops of a run share `total_loop_rounds` of `script_limits`. A loop inside a loop multiplies: look a key up "
        "with `get` instead of searching for it.",
        "line = format('%99s', '')\n"
        "line = concat(line, line, line, line)\n"
        "pieces = split(line, ' ')\n"
        "for i, a in pieces {\n"
        "    for j, b in pieces {\n"
        "        len(b)\n"
        "    }\n"
        "}\n",
    ),
    FaultCode.OTHER: FaultPage(
        "another error; its message says which",
        "Either a value that a function cannot take, such as a position or a flag that does not exist, or a limit "
        "without a number of its own: bytes of one string, of a regex's subject, of all strings, of the output, "
        "entries of dictionaries, header operations (`script_limits`).",
        "say(hmac('key', $uri, $arg_digest))\n",
    ),
}
"""A page for each code."""


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
        self.trace: tuple[Any, ...] = ()
        """Header wishes that tell an author what ran before, where the request asked for that (`debugging`)."""

    def __str__(self) -> str:
        where = f"{self.line}:{self.column}: " if self.line else ""
        return f"{where}error {int(self.code)}: {self.message}"


class Ended(Exception):  # noqa: N818 - control flow, not an error
    """Unwinds custom functions after `exit` or a redirect has ended the request."""


class CodeError(Exception):
    """Stored Code that may not run: damaged, hostile, of another version, or naming a builtin this build lacks."""
