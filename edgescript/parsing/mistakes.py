"""
Syntax errors named by what is wrong, not by the parser's tokens.

The parser stopped at a token of a line. The rules below look at that token, at what stands before it in its
statement, and at what the parser could have gone on with; the first that knows the mistake reports it. A new
mistake is a new rule in `_RULES`, or a row in one of the tables, and a case in `tests/language/syntax-errors.md`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from lark import Token

from edgescript.diagnostics.findings import Findings
from edgescript.parsing import foreign
from edgescript.parsing.layout import described, span_of
from edgescript.parsing.lexical import COLON, NEWLINE, OPERATOR, SEMICOLON
from edgescript.source import Span

VALUES: Final = frozenset(
    {"NAME", "STRING", "DOUBLE_QUOTED", "NUMBER", "TRUE", "FALSE", "LSQB", "LPAR", "MINUS"}
)
_VALUE_ENDS: Final = frozenset({"NAME", "STRING", "DOUBLE_QUOTED", "NUMBER", "TRUE", "FALSE", "RPAR", "RSQB"})
_STRINGS: Final = frozenset({"STRING", "DOUBLE_QUOTED"})
_KEYWORDS: Final = frozenset({"IF", "ELSE", "DEF", "RETURN", "FOR", "IN", "TRUE", "FALSE"})


@dataclass(frozen=True, slots=True)
class _Failure:
    """Where the parser stopped: a token, those of its statement before it, and what could have stood there."""

    token: Token
    before: list[Token]
    following: Token | None
    expected: frozenset[str]
    after_block: bool
    """The token stands behind the `}` of a block on its line."""

    @property
    def previous(self) -> Token | None:
        return self.before[-1] if self.before else None

    @property
    def first(self) -> Token:
        return self.before[0] if self.before else self.token

    @property
    def wants_value(self) -> bool:
        return {"NAME", "STRING"} <= self.expected

    @property
    def in_call(self) -> bool:
        """Whether the innermost bracket open before the token is that of a call's arguments."""
        opened: list[bool] = []
        for index, token in enumerate(self.before):
            if token.type in {"LPAR", "LSQB"}:
                opened.append(token.type == "LPAR" and index > 0 and self.before[index - 1].type == "NAME")
            elif token.type in {"RPAR", "RSQB"}:
                del opened[-1:]
        return bool(opened) and opened[-1]

    @property
    def depth(self) -> int:
        """Brackets open before the token."""
        kinds = [token.type for token in self.before]
        return kinds.count("LPAR") + kinds.count("LSQB") - kinds.count("RPAR") - kinds.count("RSQB")

    @property
    def after_value(self) -> bool:
        return self.previous is not None and self.previous.type in _VALUE_ENDS


def report(tokens: list[Token], index: int, expected: set[str], findings: Findings) -> None:
    """Report the mistake at `tokens[index]`, where one of `expected` was wanted."""
    start = index
    while start > 0 and tokens[start - 1].type not in {"LBRACE", "RBRACE"}:
        start -= 1
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    after_block = start == index > 0 and tokens[index - 1].type == "RBRACE"
    failure = _Failure(tokens[index], tokens[start:index], following, frozenset(expected), after_block)
    for rule in _RULES:
        if rule(failure, findings):
            return
    findings.add(
        "unexpected-token",
        span_of(failure.token),
        got=described(failure.token),
        want=_wanted(failure),
    )


def _foreign_word(failure: _Failure, findings: Findings) -> bool:
    """A statement that begins as one of another language does."""
    first = failure.first
    if first.type != "NAME" or len(failure.before) > 1:
        return False
    word = str(first)
    if word in foreign.ELIF:
        findings.add("no-elif", span_of(first), word=word)
    elif word in foreign.FUNCTION and failure.before and failure.token.type == "NAME":
        findings.add("function-keyword", span_of(first), word=word)
    elif word in foreign.DECLARE and failure.before and failure.token.type == "NAME":
        span = Span(first.start_pos or 0, failure.token.end_pos or 0)
        findings.add("declaration-keyword", span, word=word, name=failure.token)
    elif word in foreign.FOREIGN_STATEMENTS:
        findings.add("unknown-statement", span_of(first), word=word, instead=foreign.FOREIGN_STATEMENTS[word])
    else:
        return False
    return True


def _directive(failure: _Failure, findings: Findings) -> bool:
    """A line that begins as one of nginx's configuration: the name of a directive, then no `(` or `=`."""
    first = failure.first
    second = failure.before[1] if len(failure.before) > 1 else failure.token
    if first.type != "NAME" or second.type in {"EQUAL", "LPAR"} or str(second) in {"==", "."}:
        return False
    instead = foreign.DIRECTIVES.get(str(first))
    if instead is None:
        return False
    findings.add("nginx-directive", span_of(first), word=first, instead=instead)
    return True


def _foreign_call(failure: _Failure, findings: Findings) -> bool:
    """`while(x) {`: reads as a call until the brace."""
    word = str(failure.first)
    if failure.token.type == "LBRACE" and word in foreign.FUNCTION:
        findings.add("function-keyword", span_of(failure.first), word=word)
        return True
    if failure.token.type != "LBRACE" or word not in foreign.FOREIGN_STATEMENTS:
        return False
    instead = foreign.FOREIGN_STATEMENTS[word]
    findings.add("unknown-statement", span_of(failure.first), word=word, instead=instead)
    return True


def _foreign_comment(failure: _Failure, findings: Findings) -> bool:
    if str(failure.token) != "/*":
        return False
    findings.add("comment-marker", span_of(failure.token), text="/*")
    return True


def _stray_sign(failure: _Failure, findings: Findings) -> bool:
    if failure.token.type == SEMICOLON:
        findings.add("semicolon", span_of(failure.token))
    elif failure.token.type == COLON:
        in_literal = failure.depth > 0
        instead = "want '=' between key and value" if in_literal else "want '{' to begin a block"
        findings.add("colon", span_of(failure.token), instead=instead)
    else:
        return False
    return True


def _hyphen(failure: _Failure, findings: Findings) -> bool:
    """`$http_user-agent`: a built-in variable with the hyphens of a header's name."""
    name, rest = failure.previous, failure.following
    if failure.token.type != "MINUS" or name is None or rest is None or name.type != "NAME":
        return False
    prefix, mark, stem = name.removeprefix("$").partition("_")
    touching = name.end_pos == failure.token.start_pos and failure.token.end_pos == rest.start_pos
    if prefix not in foreign.HYPHENATED or not mark or not touching or rest.type != "NAME":
        return False
    instead = foreign.HYPHENATED[prefix].format(hyphens=f"{stem}-{rest}", underlines=f"{stem}_{rest}")
    findings.add("hyphen-in-variable", span_of(failure.token), name=name, instead=instead)
    return True


def _operator_word(failure: _Failure, findings: Findings) -> bool:
    """`a and b`, `a eq b`, `not a`: a function written as an operator."""
    token, previous = failure.token, failure.previous
    if (
        failure.after_value
        and str(token) in foreign.SEARCHES
        and failure.following
        and failure.first.type != "FOR"
    ):
        findings.add("operator", span_of(token), operator=token, instead=foreign.SEARCHES[str(token)])
    elif (
        token.type == "NAME" and failure.after_value and token in foreign.OPERATOR_WORDS and failure.following
    ):
        findings.add("operator", span_of(token), operator=token, instead=f"{token}(a, b)")
    elif previous is not None and previous.type == "NAME" and previous == "not" and token.type in VALUES:
        findings.add("operator", span_of(previous), operator=previous, instead="not(a)")
    else:
        return False
    return True


def _operator(failure: _Failure, findings: Findings) -> bool:
    token = failure.token
    if token.type != OPERATOR and not (token.type == "MINUS" and failure.after_value):
        return False
    if str(token) == "." and failure.after_value:
        library = foreign.LIBRARIES.get(str(failure.previous), "get(a, 'name')")
        instead = "concat(a, b)" if _joins(failure) else library
        findings.add("member-operator", span_of(token), instead=instead)
    elif str(token) == "~" and failure.following is not None and str(failure.following) == "*":
        findings.add("operator", span_of(token), operator="~*", instead="match_re(a, 'pattern', 'i')")
    else:
        instead = foreign.OPERATORS.get(str(token), "a function")
        findings.add("operator", span_of(token), operator=token, instead=instead)
    return True


def _joins(failure: _Failure) -> bool:
    """Whether a dot joins texts, as in Perl and PHP: beside a string, before a `$`, or with space on both sides."""
    left, right = failure.previous, failure.following
    if left is None or right is None:
        return False
    apart = left.end_pos != failure.token.start_pos and failure.token.end_pos != right.start_pos
    return bool({left.type, right.type} & _STRINGS) or right.startswith("$") or apart


def _index(failure: _Failure, findings: Findings) -> bool:
    if failure.token.type != "LSQB" or not failure.after_value:
        return False
    if failure.previous is not None and failure.previous.type not in {"NAME", "RPAR", "RSQB"}:
        return False
    instead = "set(d, k, v) or get(d, k)" if len(failure.before) == 1 else "get(d, k)"
    findings.add("index-operator", span_of(failure.token), instead=instead)
    return True


def _misplaced_assignment(failure: _Failure, findings: Findings) -> bool:
    if failure.token.type != "EQUAL" or failure.wants_value:
        return False
    span = span_of(failure.token)
    if failure.following is not None and str(failure.following) == "~" and failure.after_value:
        findings.add("operator", span, operator="=~", instead=foreign.OPERATORS["~"])
        return True
    kinds = [token.type for token in failure.before]
    if failure.first.type == "DEF":
        findings.add("parameter-default", span)
    elif failure.in_call:
        findings.add("named-argument", span)
    elif "IF" in kinds:
        findings.add("assignment-in-condition", span)
    elif "EQUAL" in kinds:
        findings.add("chained-assignment", span)
    elif failure.before and failure.first.type not in _KEYWORDS - {"TRUE", "FALSE"}:
        target = Span(failure.first.start_pos or 0, failure.before[-1].end_pos or 0)
        got = "a call" if kinds[-1] == "RPAR" else described(failure.first)
        findings.add("assign-target", target, got=got)
    else:
        return False
    return True


def _else(failure: _Failure, findings: Findings) -> bool:
    if failure.token.type != "ELSE" or failure.before:
        return False
    findings.add("else-without-if", span_of(failure.token))
    return True


def _keyword(failure: _Failure, findings: Findings) -> bool:
    token = failure.token
    kinds = {token.type for token in failure.before}
    assigned = failure.following is not None and failure.following.type == "EQUAL"
    wanted = "NAME" in failure.expected and failure.before
    if (
        token.type in _KEYWORDS
        and token.type != "ELSE"
        and wanted
        and (not failure.wants_value or "DEF" in kinds)
    ) or (not failure.before and token.type in {"IN", "TRUE", "FALSE"} and assigned):
        findings.add("keyword-as-name", span_of(token), word=token)
    elif token.type == "EQUAL" and [each.type for each in failure.before] in (["IF"], ["RETURN"]):
        findings.add("keyword-as-name", span_of(failure.first), word=failure.first)
    else:
        return False
    return True


def _header(failure: _Failure, findings: Findings) -> bool:
    if not failure.before or failure.first.type not in {"FOR", "DEF"}:
        return False
    if failure.first.type == "FOR" and failure.wants_value:
        return False
    code = "for-header" if failure.first.type == "FOR" else "def-header"
    findings.add(code, span_of(failure.token), got=described(failure.token))
    return True


def _missing_value(failure: _Failure, findings: Findings) -> bool:
    if not failure.wants_value or failure.previous is None or failure.token.type in VALUES:
        return False
    if failure.previous.type in {"LBRACE", "RBRACE"}:
        return False
    end = failure.previous.end_pos or 0
    if failure.token.type in {NEWLINE, "RBRACE", "LBRACE"}:
        place = f"after '{failure.previous}'"
    else:
        place = f"between '{failure.previous}' and '{failure.token}'"
    findings.add("missing-value", Span(end, max(end, failure.token.start_pos or 0)), place=place)
    return True


def _missing_comma(failure: _Failure, findings: Findings) -> bool:
    if failure.depth == 0 or not failure.after_value or failure.token.type not in VALUES:
        return False
    findings.add("missing-comma", span_of(failure.token), got=described(failure.token))
    return True


def _call_parentheses(failure: _Failure, findings: Findings) -> bool:
    kinds = [token.type for token in failure.before]
    if kinds not in (["NAME"], ["IF", "NAME"]) or failure.token.type not in VALUES:
        return False
    name = failure.before[-1]
    if name.startswith("$"):
        return False
    findings.add("call-parentheses", span_of(failure.token), got=described(failure.token), name=name)
    return True


def _two_statements(failure: _Failure, findings: Findings) -> bool:
    if NEWLINE not in failure.expected or not (failure.before or failure.after_block):
        return False
    if failure.first.type in {"IF", "FOR", "DEF", "ELSE"} and not failure.after_block:
        return False
    if failure.token.type not in VALUES | {"IF", "FOR", "DEF", "RETURN"}:
        return False
    findings.add("two-statements", span_of(failure.token), got=described(failure.token))
    return True


def _no_statement(failure: _Failure, findings: Findings) -> bool:
    if not failure.before and failure.token.type in VALUES:
        if failure.following is not None and failure.following.type == "EQUAL":
            findings.add("assign-target", span_of(failure.token), got=described(failure.token))
            return True
        findings.add("not-a-statement", span_of(failure.token), got=described(failure.token))
        return True
    kinds = [token.type for token in failure.before]
    if kinds == ["NAME"] and failure.token.type in {NEWLINE, "RBRACE"}:
        findings.add("not-a-statement", span_of(failure.first), got=described(failure.first))
        return True
    return False


_RULES: Final[tuple[Callable[[_Failure, Findings], bool], ...]] = (
    _foreign_word,
    _directive,
    _foreign_call,
    _foreign_comment,
    _stray_sign,
    _else,
    _keyword,
    _misplaced_assignment,
    _index,
    _hyphen,
    _operator_word,
    _operator,
    _missing_value,
    _missing_comma,
    _header,
    _two_statements,
    _no_statement,
    _call_parentheses,
)

_CALLED: Final = {
    NEWLINE: "the end of the line",
    "$END": "the end of the script",
    "NAME": "a name",
    "EQUAL": "'='",
    "COMMA": "','",
    "LPAR": "'('",
    "RPAR": "')'",
    "RSQB": "']'",
    "LBRACE": "'{'",
    "RBRACE": "'}'",
    "IN": "'in'",
    "ELSE": "'else'",
}


def _wanted(failure: _Failure) -> str:
    """What could have stood there, in words, at most four."""
    expected = failure.expected
    if {"IF", "DEF"} <= expected:
        return "a statement"
    if failure.first.type in {"IF", "ELSE", "FOR"} and "LBRACE" in expected:
        return "'{'"
    if NEWLINE in expected:
        expected -= {"$END", "RBRACE"}
    if failure.depth == 0 and failure.first.type not in {"FOR", "DEF"}:
        # The tables look one token ahead for all places of a value at once; here it is none of these.
        expected -= {"COMMA", "RPAR", "RSQB", "LBRACE"} | ({"EQUAL"} if len(failure.before) > 1 else set())
    words = ["a value"] if {"NAME", "STRING"} <= expected else []
    words += [text for kind, text in _CALLED.items() if kind in expected and (kind != "NAME" or not words)]
    return " or ".join(words[:4]) or "a statement"
