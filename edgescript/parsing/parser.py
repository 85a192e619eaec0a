"""
Source to tree, with every syntax error of the text.

`lexical` makes tokens, `layout` lines of them, and the LALR tables of `grammar.lark` the tree. Before each line the
parser's stacks are remembered; a line it cannot read is reported by `mistakes`, its effect on the stacks undone, and
only its block structure fed instead: a `}` for each block it closes and `if ... {` for each it opens. So one bad line
costs one diagnostic, and later passes still see the rest of the script.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

from lark import Token
from lark.exceptions import UnexpectedToken
from lark.parsers.lalr_parser_state import ParserState

from edgescript.diagnostics.findings import Diagnostic, Findings
from edgescript.parsing import mistakes, syntax
from edgescript.parsing.grammar import load
from edgescript.parsing.layout import Line, arrange
from edgescript.parsing.lexical import MANY_STRANGE, MAX_SOURCE_BYTES, NEWLINE, strange_bytes, tokenise
from edgescript.source import Source, Span

_State: TypeAlias = ParserState[int]
"""The stacks of the LALR machine. Copied by line: a handful of list entries a level of nesting."""
PLACEHOLDER: Final = ""
"""The name that stands for the condition of a header that could not be read; always among the doubtful."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """
    `script` is None only when a limit on the text stopped the parse. With errors among the diagnostics it is what
    could be read, and `doubtful` are the names in lines that could not: later passes say nothing about those.
    """

    script: syntax.Script | None
    diagnostics: tuple[Diagnostic, ...]
    doubtful: frozenset[str] = frozenset()


def parse(source: Source) -> Parsed:
    """The tree of `source`. Never raises, whatever the bytes."""
    findings = Findings()
    script, doubtful = parse_into(source, findings)
    return Parsed(script, findings.finish(len(source.text)), doubtful)


def parse_into(source: Source, findings: Findings) -> tuple[syntax.Script | None, frozenset[str]]:
    """As `parse`, reporting to the findings of a whole compile."""
    size = len(source.text)
    if size > MAX_SOURCE_BYTES:
        findings.add("source-too-large", Span(0, 0), size=size, limit=MAX_SOURCE_BYTES)
        return None, frozenset()
    strange = strange_bytes(source)
    if strange >= MANY_STRANGE:
        findings.add("not-text", Span(0, 0), count=strange)
        return None, frozenset()
    tokens, comments = tokenise(source, findings)
    lines = arrange(tokens, findings)
    if lines is None:
        return None, frozenset()
    doubtful: set[str] = set()
    state: _State = load().parse_interactive().parser_state
    for line in lines:
        state = _feed_line(state, line, findings, doubtful)
    script: syntax.Script = state.feed_token(Token("$END", ""), is_end=True)
    return syntax.Script(Span(0, size), script.body, comments), frozenset(doubtful)


def _feed_line(state: _State, line: Line, findings: Findings, doubtful: set[str]) -> _State:
    """The state after `line`: the same one, or an earlier state when the line cannot be read."""
    if not line.broken:
        before = state.copy(deepcopy_values=False)
        place = 0
        try:
            for place, token in enumerate(line.tokens):  # noqa: B007 - used where the loop is left
                state.feed_token(token)
        except UnexpectedToken as error:
            if findings.is_full:
                findings.skip_error()
            elif not line.reported:
                mistakes.report(line.tokens, place, error.expected, findings)
            state = before
        else:
            return state
    doubtful.add(PLACEHOLDER)
    doubtful.update(token.removeprefix("$") for token in line.tokens if token.type == "NAME")
    _feed_shape(state, line)
    return state


def _feed_shape(state: _State, line: Line) -> None:
    """Feed what an unreadable line means for the blocks around it."""
    place = line.tokens[0].start_pos or 0
    newline = Token(NEWLINE, "\n", place, end_pos=place)
    for _ in range(line.closes):
        state.feed_token(Token("RBRACE", "}", place, end_pos=place))
        state.feed_token(newline)
    for number in range(line.opens):
        if number:
            state.feed_token(newline)
        state.feed_token(Token("IF", "if", place, end_pos=place))
        state.feed_token(Token("NAME", PLACEHOLDER, place, end_pos=place))
        state.feed_token(Token("LBRACE", "{", place, end_pos=place))
    if line.opens:
        state.feed_token(newline)
