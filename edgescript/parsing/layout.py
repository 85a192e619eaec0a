"""
Tokens to logical lines: brackets, braces and nesting are settled here, before any tree is built.

A *line* is what recovery is about: a statement or block header with everything its brackets hold, over as many lines
of text as it takes. Whatever is wrong with it, the next line starts afresh, and the line still says how many blocks
it closes and opens. So one missing bracket costs one line, and blocks keep their shape around lines not understood.

Nesting is counted here too, in one pass with no recursion: every later pass may recurse over the tree, because
`MAX_NESTING` bounds its depth.
"""

from dataclasses import dataclass, field
from typing import Final

from lark import Token

from edgescript.diagnostics.findings import Findings
from edgescript.parsing.lexical import BROKEN, CUT, NEWLINE
from edgescript.source import Span

MAX_NESTING: Final = 64
"""Blocks, calls, literals, groups, signs and links of an `else if` chain, together."""

CLOSER: Final = {"LPAR": "RPAR", "LSQB": "RSQB", "LBRACE": "RBRACE"}
TEXT: Final = {"LPAR": "(", "RPAR": ")", "LSQB": "[", "RSQB": "]", "LBRACE": "{", "RBRACE": "}"}
HEADS: Final = frozenset({"IF", "FOR", "DEF", "ELSE"})
FOREIGN_HEADS: Final = frozenset(
    {"elif", "elseif", "elsif", "while", "until", "unless", "switch", "function", "func", "fn", "sub"}
)
"""Words that open a block in other languages: `mistakes.py` names them, here their block counts."""

_ENDS_VALUE: Final = frozenset(
    {"NAME", "STRING", "DOUBLE_QUOTED", "NUMBER", "TRUE", "FALSE", "RPAR", "RSQB", BROKEN}
)
_GOES_ON: Final = frozenset({"RPAR", "RSQB", "COMMA", "EQUAL"})
_NEVER_INSIDE: Final = HEADS | {"RETURN", "LBRACE", "RBRACE"}
_NEVER_FIRST: Final = frozenset(
    {"STRING", "DOUBLE_QUOTED", "NUMBER", "TRUE", "FALSE", "LSQB", "LPAR", "MINUS"}
)
_WANTS_VALUE: Final = frozenset({"EQUAL", "COMMA", "LPAR", "LSQB", "RETURN", "IN"})
_BEFORE_GROUP: Final = _WANTS_VALUE | {"IF", "MINUS"}


@dataclass(slots=True)
class Line:
    """
    A logical line, its NEWLINE included.

    `closes` and `opens` count blocks from and for other lines. A `reported` line has had a diagnostic; a `broken`
    one is not to be parsed.
    """

    tokens: list[Token] = field(default_factory=list)
    closes: int = 0
    opens: int = 0
    reported: bool = False
    broken: bool = False


@dataclass(slots=True)
class _Brace:
    token: Token
    line: Line
    level: int
    """How deep the block's inside is."""
    assumed: bool
    """Not in the text: put where a header lacks its brace."""


class _TooDeepError(Exception):
    pass


def arrange(tokens: list[Token], findings: Findings) -> list[Line] | None:
    """The logical lines, or None when the text is nested deeper than `MAX_NESTING`."""
    try:
        return _Layout(tokens, findings).run()
    except _TooDeepError:
        return None


class _Layout:
    def __init__(self, tokens: list[Token], findings: Findings) -> None:
        self.tokens = tokens
        self.findings = findings
        self.index = 0
        self.lines: list[Line] = []
        self.line = Line()
        self.brackets: list[Token] = []
        self.braces: list[_Brace] = []
        self.head: Token | None = None
        """The word on this line that still waits for its `{`."""
        self.assumed = 0
        self.signs = 0
        """Length of the run of `-` before this token."""
        self.closed_level = 0
        self.next_level = 0
        """Level of the next block when an `else` says it; 0 otherwise."""

    def run(self) -> list[Line]:
        structural = {
            NEWLINE: self._line_end,
            "LPAR": self._open_bracket,
            "LSQB": self._open_bracket,
            "RPAR": self._close_bracket,
            "RSQB": self._close_bracket,
            "LBRACE": self._open_brace,
            "RBRACE": self._close_brace,
            "IF": self._word,
            "FOR": self._word,
            "DEF": self._word,
            "ELSE": self._word,
            "NAME": self._name,
            "MINUS": self._sign,
            BROKEN: self._broken,
            CUT: self._broken,
        }
        for index, token in enumerate(self.tokens):
            self.index = index
            handler = structural.get(token.type)
            if token.type != "MINUS":
                self.signs = 0
            if handler is None:
                self.line.tokens.append(token)
            else:
                handler(token)
        self._close_all()
        return self.lines

    def _previous(self) -> str:
        """Type of the token before in this line, or ''."""
        return self.line.tokens[-1].type if self.line.tokens else ""

    def _next(self, ahead: int = 1) -> str:
        """Type of a token to come, or ''."""
        place = self.index + ahead
        return self.tokens[place].type if place < len(self.tokens) else ""

    def _report(self, code: str, span: Span, related: Span | None = None, **facts: str | int) -> None:
        self.findings.add(code, span, related, None, **facts)
        self.line.reported = True

    def _check_depth(self, token: Token) -> None:
        level = self.braces[-1].level if self.braces else 0
        depth = level + len(self.brackets) + self.signs
        if depth > MAX_NESTING:
            self._report("nesting-too-deep", span_of(token), depth=depth, limit=MAX_NESTING)
            raise _TooDeepError

    # Words

    def _starts_statement(self) -> bool:
        return not self.brackets and self._previous() in {"", "LBRACE", "RBRACE"}

    def _word(self, token: Token) -> None:
        if self._starts_statement() and self._next() != "EQUAL":
            self.head = token
            if token.type == "ELSE" and self._previous() == "RBRACE":
                self.next_level = self.closed_level
        elif token.type == "IF" and self._previous() == "ELSE":
            self.head = token
            if self.next_level:
                self.next_level += 1
            self.findings.add("compat-else-if", span_of(token))
        self.line.tokens.append(token)

    def _name(self, token: Token) -> None:
        if (
            token in FOREIGN_HEADS
            and self._starts_statement()
            and self._next() not in {"EQUAL", "LPAR", NEWLINE}
        ):
            self.head = token
        self.line.tokens.append(token)

    def _sign(self, token: Token) -> None:
        self.signs += 1
        self._check_depth(token)
        self.line.tokens.append(token)

    def _broken(self, token: Token) -> None:
        self.line.reported = self.line.broken = True
        self.line.tokens.append(token)

    # Brackets

    def _open_bracket(self, token: Token) -> None:
        if token.type == "LPAR" and self._previous() in _BEFORE_GROUP:
            self.findings.add("compat-parentheses", span_of(token))
        self.brackets.append(token)
        self._check_depth(token)
        self.line.tokens.append(token)

    def _close_bracket(self, token: Token) -> None:
        if not self.brackets:
            if not self.line.broken:
                self._report("unmatched-bracket", span_of(token), got=token)
            self.line.broken = True
        else:
            opener = self.brackets.pop()
            if CLOSER[opener.type] != token.type:
                want = TEXT[CLOSER[opener.type]]
                self._report("mismatched-bracket", span_of(token), span_of(opener), got=token, want=want)
                self.line.broken = True
            elif token.type == "RSQB" and self._previous() == "COMMA":
                self.findings.add("compat-trailing-comma", span_of(self.line.tokens[-1]))
        self.line.tokens.append(token)

    def _unclosed(self) -> None:
        """Give up the open brackets of this line."""
        if not self.line.broken:
            opener = self.brackets[-1]
            close = TEXT[CLOSER[opener.type]]
            self._report("unclosed-bracket", span_of(opener), open=opener, close=close)
        self.line.broken = True
        self.brackets.clear()

    # Blocks

    def _open_brace(self, token: Token) -> None:
        if self._previous() in _WANTS_VALUE:
            self._report("brace-dictionary", span_of(token))
            self.line.broken = True
            self.brackets.append(token)
            self._check_depth(token)
            self.line.tokens.append(token)
            return
        if self.brackets:
            self._unclosed()
        if self._next() not in {NEWLINE, "RBRACE"}:
            self.findings.add("compat-one-line-block", span_of(token))
        self._push(token, assumed=False)

    def _push(self, token: Token, *, assumed: bool) -> None:
        level = self.next_level or (self.braces[-1].level if self.braces else 0) + 1
        self.braces.append(_Brace(token, self.line, level, assumed))
        self._check_depth(token)
        self.line.opens += 1
        self.line.tokens.append(token)
        self.head = None
        self.next_level = 0

    def _close_brace(self, token: Token) -> None:
        while self.brackets and any(bracket.type == "LBRACE" for bracket in self.brackets):
            if self.brackets.pop().type == "LBRACE":
                self.line.tokens.append(Token.new_borrow_pos(BROKEN, token, token))
                return
        if self.brackets:
            self._unclosed()
        if not self.braces:
            self._report("stray-brace", span_of(token))
            if self.line.tokens or self._next() != NEWLINE:
                self.line.broken = True
            return
        brace = self.braces.pop()
        self.closed_level = brace.level
        if brace.line is self.line:
            self.line.opens -= 1
        else:
            self.line.closes += 1
        self.line.tokens.append(token)

    # Line ends

    def _line_end(self, token: Token) -> None:
        if self.brackets and self._continues():
            return
        if self.brackets:
            self._unclosed()
        following = self._next()
        if self.head is not None:
            if following == "LBRACE" and not self.line.broken:
                brace = self.tokens[self.index + 1]
                self._report("brace-on-next-line", span_of(brace), word=self.head)
                return
            self._assume_brace(token)
        elif self._previous() == "RBRACE" and following == "ELSE":
            self.findings.add("compat-else-line", span_of(self.tokens[self.index + 1]))
            return
        self._end_line(token)

    def _assume_brace(self, token: Token) -> None:
        assert self.head is not None, "only called for a head without its block"
        if not self.line.broken and self.head.type != "NAME":
            self._report("missing-brace", _behind(self.line.tokens[-1]), word=self.head)
        self.assumed += 1
        place = token.start_pos or 0
        self._push(Token("LBRACE", "{", place, end_pos=place), assumed=True)

    def _end_line(self, token: Token) -> None:
        if self.line.tokens:
            self.line.tokens.append(token)
            self.lines.append(self.line)
        self.line = Line()
        self.head = None
        self.next_level = 0

    def _continues(self) -> bool:
        """Whether the line goes on behind a line end inside brackets. Reports a comma that is missing there."""
        if self._previous() == CUT:
            return False
        if any(bracket.type == "LBRACE" for bracket in self.brackets):
            return self._next() != ""
        following, second = self._next(), self._next(2)
        if following in {"", *_NEVER_INSIDE}:
            return False
        in_call = self.brackets[-1].type == "LPAR"
        if self._previous() not in _ENDS_VALUE:
            return not (in_call and following == "NAME" and second == "EQUAL")
        if following in _GOES_ON:
            return True
        if following in _NEVER_FIRST or (following == "NAME" and second not in {"EQUAL", "LPAR"}):
            if not self.line.broken:
                missing = self.tokens[self.index + 1]
                self._report("missing-comma", _behind(self.line.tokens[-1]), got=described(missing))
            self.line.broken = True
            return True
        return False

    def _close_all(self) -> None:
        """Close at the end of the text what is still open."""
        own = [brace for brace in self.braces if not brace.assumed]
        end = (self.tokens[-1].end_pos or 0) if self.tokens else 0
        matched = self.assumed - (len(self.braces) - len(own))
        if len(own) > matched:  # else the braces missing here closed assumed blocks
            opened = span_of(own[-1].token)
            self.findings.add("unclosed-block", Span(end, end), opened)
        for _ in self.braces:
            closer = Token("RBRACE", "}", end, end_pos=end)
            self.lines.append(Line([closer, Token(NEWLINE, "\n", end, end_pos=end)], closes=1, reported=True))


def span_of(token: Token) -> Span:
    return Span(token.start_pos or 0, token.end_pos or 0)


def _behind(token: Token) -> Span:
    """The place just behind a token: where something is missing."""
    end = token.end_pos or 0
    return Span(end, end)


_CALLED: Final = {NEWLINE: "the end of the line", "$END": "the end of the script"}


def described(token: Token) -> str:
    """A token as messages name it."""
    return _CALLED.get(token.type) or (
        str(token) if token.type in {"STRING", "DOUBLE_QUOTED"} else f"'{token}'"
    )
