"""
Text to tokens, in one linear pass that cannot fail.

The terminals come from the grammar. What matches none of them is either a *mistake* token, which the grammar does
not know and `mistakes.py` names in its context, or, where no context is needed, reported here and left as a
`BROKEN` token. So bytes of any kind become tokens.
"""

import re
import unicodedata
from functools import cache
from typing import Final, NamedTuple

from lark import Token

from edgescript.diagnostics.findings import Findings
from edgescript.parsing import syntax
from edgescript.parsing.grammar import number_value, vocabulary
from edgescript.source import Source, Span, as_utf8

MAX_SOURCE_BYTES: Final = 128 << 10
"""Some 4,000 lines; scripts in the wild have a few hundred. Bounds the compile time of any text to about a second."""
MAX_LITERAL_BYTES: Final = 64 << 10
MAX_NAME_BYTES: Final = 1_000
"""Below the bound of compiled code, with room for the `$`."""

BROKEN: Final = "BROKEN"
"""A token already reported: its line is not parsed."""
CUT: Final = "CUT"
"""As BROKEN, and it swallowed the rest of its line: an unterminated string."""
OPERATOR: Final = "OPERATOR"
SEMICOLON: Final = "SEMICOLON"
COLON: Final = "COLON"
NEWLINE: Final = "_NEWLINE"

_BEFORE: Final = (
    # A number that runs on into letters or dots: reported as a whole.
    ("BAD_NUMBER", r"[0-9]++(?:\.[0-9]++)?+[A-Za-z_.][0-9A-Za-z_.]*+|\.[0-9][0-9A-Za-z_.]*+"),
    ("OPERATOR", r"/\*|===?|!==?|<=|>=|=>|->|~=|&&|\|\||\.\.\.?|\+\+|[-+*/%]=|[+*/%<>!~&|^?.]"),
)
_AFTER: Final = (
    ("UNTERMINATED", r"['\"][^\n]*+"),
    ("BACKTICK", r"`[^`\n]*+`?"),
    (SEMICOLON, r";"),
    (COLON, r":"),
    ("JUNK", r"[\x80-\xff]++|[\x00-\x08\x0e-\x1f\x7f]++|[\s\S]"),
)
MANY_STRANGE: Final = 20
"""So many bytes that no script has are no slips of typing."""
_CONTROL: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_DASHES: Final = re.compile(r"--(?=[\s\x80-\xff]|\Z)")
"""A comment of Lua's anywhere (U-1): two signs with nothing to negate behind them."""
_FIRST_DASHES: Final = re.compile(r"--(?![0-9])")
"""The same where a statement or a line begins."""
_TYPOGRAPHIC: Final = {
    "\N{LEFT DOUBLE QUOTATION MARK}": '"',
    "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
    "\N{LEFT SINGLE QUOTATION MARK}": "'",
    "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    "\N{IDEOGRAPHIC COMMA}": ",",
    "\N{IDEOGRAPHIC FULL STOP}": ".",
    "\N{EN DASH}": "-",
    "\N{EM DASH}": "-",
    "\N{MINUS SIGN}": "-",
}
"""Signs that Unicode's compatibility forms do not lead back to ASCII."""


class Lexed(NamedTuple):
    """Tokens without comments and white space; every run of line ends is one NEWLINE, the last token is one."""

    tokens: list[Token]
    comments: tuple[syntax.Comment, ...]


@cache
def _scanner() -> tuple[re.Pattern[str], dict[str, str]]:
    words, patterns = vocabulary()
    names = sorted((word for word in words if word.isalpha()), key=len, reverse=True)
    signs = "|".join(re.escape(word) for word in words if not word.isalpha())
    assert names, "the grammar has keywords"
    order = {"COMMENT": 0, "STRING": 1, "DOUBLE_QUOTED": 1}
    first = sorted((each for each in patterns if each[0] in order), key=lambda each: order[each[0]])
    rest = [each for each in patterns if each[0] not in order]
    parts = [*first, *_BEFORE, *rest, ("SIGN", signs), *_AFTER]
    return re.compile("|".join(f"(?P<{name}>{regex})" for name, regex in parts)), words


def strange_bytes(source: Source) -> int:
    """Control characters and bytes that are not UTF-8, outside strings and comments; 0 where they are few in all."""
    if _count_strange(source.text) < MANY_STRANGE:
        return 0
    scanner, _ = _scanner()
    return sum(_count_strange(each[0]) for each in scanner.finditer(source.text) if each.lastgroup == "JUNK")


def _count_strange(text: str) -> int:
    return len(_CONTROL.findall(text)) + (
        0 if text.isascii() else as_utf8(text).count("\N{REPLACEMENT CHARACTER}")
    )


def tokenise(source: Source, findings: Findings) -> Lexed:
    """The tokens of a source no larger than `MAX_SOURCE_BYTES`."""
    scanner, words = _scanner()
    tokens: list[Token] = []
    comments: list[syntax.Comment] = []
    at_line_start = True
    comment_end = 0
    for found in scanner.finditer(source.text):
        if found.start() < comment_end:
            continue
        kind = found.lastgroup
        assert kind is not None, "every alternative is named"
        if kind == "SPACE":
            continue
        if kind == NEWLINE:
            if not at_line_start:
                tokens.append(Token(NEWLINE, "\n", found.start(), end_pos=found.start()))
                at_line_start = True
            continue
        text = found.group()
        start, end = found.span()
        if kind == "COMMENT":
            comments.append(_comment(text, start, findings))
            continue
        if text == "-" and _begins_comment(source.text, start, tokens, at_line_start=at_line_start):
            comment_end = _line_end(source.text, start)
            comments.append(_comment(source.text[start:comment_end], start, findings))
            continue
        at_line_start = False
        if kind == "NAME":
            kind = words.get(text, kind)
            if end - start > MAX_NAME_BYTES:
                findings.add("name-too-long", Span(start, end), size=end - start, limit=MAX_NAME_BYTES)
            if text[0] == "$" and text[1:] in words:
                findings.add("keyword-as-name", Span(start, end), word=text[1:])
                kind = BROKEN
        elif kind == "SIGN":
            kind = words[text]
        elif kind in _INSPECTED:
            kind = _INSPECTED[kind](text, Span(start, end), findings)
        tokens.append(Token(kind, text, start, end_pos=end))
    if not at_line_start:
        end = tokens[-1].end_pos or 0
        tokens.append(Token(NEWLINE, "\n", end, end_pos=end))
    return Lexed(tokens, tuple(comments))


def _begins_comment(text: str, start: int, before: list[Token], *, at_line_start: bool) -> bool:
    """Whether the sign at `start` is the first of a comment's two."""
    first = at_line_start or before[-1].type in {"LBRACE", "RBRACE"}
    return (_FIRST_DASHES if first else _DASHES).match(text, start) is not None


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def _comment(text: str, start: int, findings: Findings) -> syntax.Comment:
    span = Span(start, start + len(text))
    marker = "#" if text[0] == "#" else text[:2]
    if marker in _FOREIGN_MARKERS:
        findings.add(_FOREIGN_MARKERS[marker], Span(start, start + 2))
    if '"' in text:
        findings.add("compat-double-quote", _at(text, '"', start))
    return syntax.Comment(span, marker, text[len(marker) :])


_FOREIGN_MARKERS: Final = {"//": "compat-slash-comment", "--": "compat-dash-comment"}


def _at(text: str, part: str, start: int) -> Span:
    offset = start + text.index(part)
    return Span(offset, offset + len(part))


def _inspect_string(text: str, span: Span, findings: Findings) -> str:
    if len(text) - 2 > MAX_LITERAL_BYTES:
        findings.add("literal-too-long", span, size=len(text) - 2, limit=MAX_LITERAL_BYTES)
        return BROKEN
    if '"' in text:
        findings.add("compat-double-quote", _at(text, '"', span.start))
    if "\\'" in text and re.search(r"(?<!\\)(?:\\\\)*\\'", text):
        findings.add("compat-quote-escape", _at(text, "\\'", span.start))
    return "STRING"


def _inspect_double_quoted(text: str, span: Span, findings: Findings) -> str:
    if len(text) - 2 > MAX_LITERAL_BYTES:
        findings.add("literal-too-long", span, size=len(text) - 2, limit=MAX_LITERAL_BYTES)
        return BROKEN
    findings.add("compat-double-quoted-string", span)
    return "DOUBLE_QUOTED"


def _inspect_number(text: str, span: Span, findings: Findings) -> str:
    if number_value(text) == float("inf"):
        findings.add("number-range", span, text=text)
        return BROKEN
    return "NUMBER"


def _report_number(text: str, span: Span, findings: Findings) -> str:
    findings.add("number-format", span, text=text)
    return BROKEN


def _report_unterminated(text: str, span: Span, findings: Findings) -> str:
    findings.add("unterminated-string", Span(span.start, span.start + 1), quote=text[0])
    return CUT


def _report_backtick(text: str, span: Span, findings: Findings) -> str:
    findings.add("backtick", Span(span.start, span.start + 1), instead=_without_backticks(text.strip("`")))
    return BROKEN


def _without_backticks(template: str) -> str:
    """What says the same as a template string: a string, or a concat of its parts."""
    parts = _FILLED_IN.split(template)
    if len(parts) == 1:
        return f"single quotes: '{template}'"
    texts = (part if number % 2 else f"'{part}'" for number, part in enumerate(parts) if part)
    return f"concat({', '.join(texts)})"


_FILLED_IN: Final = re.compile(r"\$\{([^{}]*)\}")


def _report_junk(text: str, span: Span, findings: Findings) -> str:
    char = as_utf8(text[:8])[0]
    width = len(char.encode()) if char != "\N{REPLACEMENT CHARACTER}" else 1
    ascii_form = _TYPOGRAPHIC.get(char) or unicodedata.normalize("NFKC", char)
    place = Span(span.start, span.start + width)
    if char.isascii() or not (len(ascii_form) == 1 and ascii_form.isascii()):
        findings.add("unexpected-character", place, text=text[:width])
    else:
        instead = "a straight single quote '" if ascii_form in "'\"" else f"'{ascii_form}'"
        findings.add("wide-character", place, text=text[:width], instead=instead)
    return BROKEN


_INSPECTED: Final = {
    "STRING": _inspect_string,
    "DOUBLE_QUOTED": _inspect_double_quoted,
    "NUMBER": _inspect_number,
    "BAD_NUMBER": _report_number,
    "UNTERMINATED": _report_unterminated,
    "BACKTICK": _report_backtick,
    "JUNK": _report_junk,
}
"""What looks at a token more closely, reports, and says the type it goes on with."""
