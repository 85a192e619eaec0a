"""Scripts as no two people lay them out: the tokens of a script, with any white space and comments between them."""

from hypothesis import strategies as st

from edgescript.diagnostics.findings import Findings
from edgescript.parsing.lexical import NEWLINE, tokenise
from edgescript.source import Source
from tests.language.suite import cases
from tests.tiers.source_strategy import sources

LITERALS = """\
signs = [- -1, -(-$arg_b), 'a long text that fills much of a line', -sub(1, -2), 'another long text that needs a line']
limits = ['a' = 1, 'list' = [1, 2, ['deep', -3]], 'call' = concat('x', $uri, 'y')]
add_rsp_cookie('name', 'value', ['path' = '/', 'max_age' = sub(10, -1), 'samesite' = "Lax"])
if and(eq(-1, $arg_a), not(or(null($uri), match_re($uri, 'one of the longer patterns that people write')))) {
    say(concat('a text that fills much of a line', get(limits, 'a'), 'and another that needs the rest of the line'))
} else if eq($arg_a, 'b') {
    say('b')
} else {
}
def f(a, b) {
    return [a, b = a]
}
for k, v in f([], ['only one']) {
    if k { say(v) } else { print('') }
}
"""
SCRIPTS = [LITERALS, *(case.source.encode().decode("latin-1") for case in cases() if case.result is not None)]
_COMMENTS = (
    "# note",
    "// note",
    "#",
    "//",
    "/// ## x",
    '# it\'s "quoted" \t',
    "# \xe4\xb8\xad\xff",
    "#,)]}{(",
)
_SPACES = ("", " ", " ", "  ", "\t", " \r ", "\f")
_VALUES = {"NAME", "STRING", "DOUBLE_QUOTED", "NUMBER", "TRUE", "FALSE"}
_VALUE_BEFORE = {"EQUAL", "COMMA", "LPAR", "LSQB", "IF", "RETURN", "IN"}
_WORDS = {"NAME", "NUMBER", "IF", "ELSE", "FOR", "IN", "DEF", "RETURN", "TRUE", "FALSE"}
_BREAKS_AFTER = {"LPAR", "LSQB", "COMMA", "EQUAL", "MINUS"}
_BREAKS_BEFORE = {"RPAR", "RSQB", "COMMA", "EQUAL"}


class _Rag:
    """Writes the tokens of a script; `draw` decides what stands between them."""

    def __init__(self, draw, text):
        self.draw = draw
        self.tokens = tokenise(Source("", text), Findings()).tokens
        self.out = []
        self.depth = 0

    def pick(self, choices):
        return self.draw(st.sampled_from(choices))

    def break_(self):
        """A line end, often with a comment before it and more lines behind."""
        comment = self.pick(("", "", *_COMMENTS))
        more = "".join(
            f"{self.pick(_SPACES)}{self.pick(('', *_COMMENTS))}\n" for _ in range(self.pick((0, 0, 1, 3)))
        )
        self.out.append(f"{self.pick(_SPACES)}{comment}\n{more}{self.pick(_SPACES)}")

    def text(self):
        for index, token in enumerate(self.tokens):
            self.token(token, self.tokens[index - 1].type if index else "", self.following(index))
        return "".join(self.out)

    def following(self, index):
        return self.tokens[index + 1].type if index + 1 < len(self.tokens) else ""

    def token(self, token, before, after):
        if token.type == NEWLINE:
            self.break_()
            return
        if token.type in {"RPAR", "RSQB"}:
            self.depth -= 1
        if token.type == "ELSE" and before == "RBRACE" and self.pick((False, True)):
            self.break_()
        inside = self.depth > 0
        if (
            inside
            and (before in _BREAKS_AFTER or token.type in _BREAKS_BEFORE)
            and self.pick((False, False, True))
        ):
            self.break_()
        self.out.append(self.gap(before, token.type))
        grouped = (
            token.type in _VALUES
            and before in _VALUE_BEFORE
            and after != "LPAR"
            and self.pick((False,) * 5 + (True,))
        )
        self.out.append(self.grouped(token) if grouped else str(token))
        if token.type in {"LPAR", "LSQB"}:
            self.depth += 1

    def grouped(self, token):
        """The token in parentheses, either of which may end a line."""
        outside, self.out = self.out, ["("]
        if self.pick((False, True)):
            self.break_()
        self.out.append(str(token))
        if self.pick((False, True)):
            self.break_()
        inside, self.out = self.out, outside
        return "".join([*inside, ")"])

    def gap(self, before, kind):
        space = self.pick(_SPACES)
        return space or (" " if kind in _WORDS and before in _WORDS else "")


@st.composite
def ragged_scripts(draw):
    """A script of the suites or a made one, laid out anew; mostly without an error of syntax."""
    text = draw(st.one_of(st.sampled_from(SCRIPTS), sources()))
    return _Rag(draw, text).text()
