"""
PCRE pattern text to a tree (pcre2pattern(3), byte mode, newline LF).

Refused, each with its reason: what neither engine of ours can run in linear time (back references, recursion,
conditionals, verbs), and what is more likely a slip than a wish (an unknown escape, a range out of order). All
bounds on hostile text are here, so that everything after may recurse over the tree.
"""

from dataclasses import dataclass, replace
from typing import Final

from edgescript.regex.errors import RegexError
from edgescript.regex.lexical import DIGITS, SET_ESCAPES, VERTICAL, Lexer, both_cases
from edgescript.regex.tree import (
    ALL_BYTES,
    EMPTY,
    NEWLINE,
    At,
    Atomic,
    Chars,
    Choice,
    Group,
    Look,
    Mode,
    Node,
    Place,
    Repeat,
    Sequence,
    max_width,
    min_width,
    repeat_product,
)

MAX_PATTERN_BYTES: Final = 4096
"""The longest patterns in use list crawler names, a few hundred bytes; compile time grows with this."""
MAX_GROUPS: Final = 100
MAX_NESTING: Final = 50
"""Groups inside each other. Each costs a few Python frames in every pass, of some 1000 a thread has."""
MAX_REPEAT: Final = 1000
"""The bound of RE2, for one count and for the product of nested ones."""


_PLACE_ESCAPES: Final = {
    "A": At.TEXT_START,
    "Z": At.FINAL_END,
    "z": At.TEXT_END,
    "b": At.WORD,
    "B": At.NOT_WORD,
}


_REFUSED_GROUPS: Final = {
    "?|": "'(?|' is not supported",
    "?(": "conditional groups are not supported",
    "?R": "recursion is not supported",
    "?&": "subroutine calls are not supported",
    "?P>": "subroutine calls are not supported",
    "?P=": "back references are not supported: no linear-time engine can run them",
    "?C": "callouts are not supported",
    "*": "verbs such as '(*UTF8)' are not supported",
}

_LOOKS: Final = {"?=": (True, False), "?!": (True, True), "?<=": (False, False), "?<!": (False, True)}
_NAME: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789")


@dataclass(frozen=True, slots=True)
class Options:
    """i: ignore letter case; s: `.` takes newlines; m: `^` and `$` at every line; x: spaces and comments in patterns."""

    i: bool = False
    s: bool = False
    m: bool = False
    x: bool = False


def parse(pattern: str, options: Options) -> tuple[Node, int]:
    """The tree of a pattern and the number of its groups. Raises RegexError."""
    if len(pattern) > MAX_PATTERN_BYTES:
        raise RegexError(f"pattern has {len(pattern)} bytes, the limit is {MAX_PATTERN_BYTES}")
    if not pattern.isascii() and max(map(ord, pattern)) > 255:
        raise RegexError("pattern has a character that is no byte")
    parser = _Parser(_unquote(pattern), options)
    tree = parser.alternatives(0)
    if parser.at < len(parser.pattern):
        raise RegexError(f"unmatched ')' at position {parser.at + 1}")
    product = repeat_product(tree)
    if product > MAX_REPEAT:
        raise RegexError(f"nested repeats multiply to {product}, the limit is {MAX_REPEAT}")
    return tree, parser.groups


class _Parser(Lexer):
    """Recursive descent; `at` is the next byte to read, `options` those in force there."""

    def __init__(self, pattern: str, options: Options) -> None:
        super().__init__(pattern)
        self.options = options
        self.groups = 0
        self.names: set[str] = set()

    def alternatives(self, depth: int) -> Node:
        """Arms up to `)` or the end; options set inside end with the group."""
        if depth > MAX_NESTING:
            raise RegexError(f"groups are nested more than {MAX_NESTING} deep")
        outer = self.options
        arms = [self.sequence(depth)]
        while self.take("|"):
            arms.append(self.sequence(depth))
        self.options = outer
        return _choice(arms)

    def sequence(self, depth: int) -> Node:
        items: list[Node] = []
        while True:
            if self.at >= len(self.pattern) or self.pattern[self.at] in "|)":
                return _sequence(items)
            if not self.skip():
                item = self.atom(depth)
                if item is not None:
                    items.append(self.quantified(item))

    def skip(self) -> bool:
        """Pass over what stands for nothing: comments, and spaces under x."""
        if self.options.x and self.pattern[self.at] in " \t\n\v\f\r":
            self.at += 1
            return True
        if self.options.x and self.pattern[self.at] == "#":
            end = self.pattern.find("\n", self.at)
            self.at = len(self.pattern) if end < 0 else end + 1
            return True
        if self.take("(?#"):
            end = self.pattern.find(")", self.at)
            if end < 0:
                raise RegexError("missing ')' after '(?#'")
            self.at = end + 1
            return True
        return False

    def atom(self, depth: int) -> Node | None:
        """One thing that a quantifier may follow; None for options such as `(?i)`."""
        char = self.next()
        match char:
            case "(":
                return self.group(depth)
            case "[":
                return Chars(self.char_class(ignore_case=self.options.i))
            case ".":
                return Chars(ALL_BYTES if self.options.s else ALL_BYTES ^ NEWLINE)
            case "^":
                return Place(At.LINE_START if self.options.m else At.TEXT_START)
            case "$":
                return Place(At.LINE_END if self.options.m else At.FINAL_END)
            case "\\":
                return self.escape()
            case "*" | "+" | "?":
                raise RegexError(f"'{char}' at position {self.at} has nothing to repeat")
            case "{" if self.counts(self.at) is not None:
                raise RegexError(f"'{{' at position {self.at} has nothing to repeat")
            case _:
                return self.literal(char)

    def literal(self, char: str) -> Chars:
        mask = 1 << ord(char)
        return Chars(both_cases(mask) if self.options.i else mask)

    # Quantifiers

    def quantified(self, item: Node) -> Node:
        counts = self.quantifier()
        if counts is None:
            return item
        low, high = counts
        for count in (low, high):
            if count is not None and count > MAX_REPEAT:
                raise RegexError(f"repeat count {count} is over the limit of {MAX_REPEAT}")
        if high is not None and low > high:
            raise RegexError(f"repeat counts {low} and {high} are out of order")
        mode: Mode = "lazy" if self.take("?") else "possessive" if self.take("+") else "greedy"
        if mode == "possessive" and low == high and isinstance(item, Chars):
            # There is nothing to give back.
            mode = "greedy"
        if self.quantifier() is not None:
            raise RegexError(f"the repeat before position {self.at + 1} has nothing to repeat")
        if isinstance(item, Place | Look):
            # Without width once is as good as often; look-around may still set groups.
            return item if low else Choice((item, EMPTY))
        return Repeat(item, low, high, mode)

    def quantifier(self) -> tuple[int, int | None] | None:
        """The counts of a quantifier that stands here, read past, or None."""
        while self.options.x and self.at < len(self.pattern) and self.pattern[self.at] in " \t\n\v\f\r#":
            self.skip()
        for sign, counts in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self.take(sign):
                return counts
        if self.at < len(self.pattern) and self.pattern[self.at] == "{":
            found = self.counts(self.at + 1)
            if found is not None:
                low, high, self.at = found
                return low, high
        return None

    def counts(self, at: int) -> tuple[int, int | None, int] | None:
        """`{n}`, `{n,}`, `{n,m}` whose `{` stands before `at`: low, high, where it ends; else None: a literal."""
        low, at = self.number(at)
        if low is None or at >= len(self.pattern):
            return None
        high: int | None = low
        if self.pattern[at] == ",":
            high, at = self.number(at + 1)
        return (low, high, at + 1) if self.pattern.startswith("}", at) else None

    def number(self, at: int) -> tuple[int | None, int]:
        end = at
        while end < len(self.pattern) and self.pattern[end] in DIGITS:
            end += 1
        # Nine digits are enough to be over every limit.
        return (int(self.pattern[at:end][:9]) if end > at else None), end

    # Groups

    def group(self, depth: int) -> Node | None:
        """The group whose `(` was just read."""
        opened = self.at
        for prefix, reason in _REFUSED_GROUPS.items():
            if self.pattern.startswith(prefix, self.at):
                raise RegexError(reason)
        for prefix, (ahead, negative) in _LOOKS.items():
            if self.take(prefix):
                body = self.alternatives(depth + 1)
                self.close(opened)
                return Look(body, True, negative) if ahead else _look_behind(body, negative)
        if self.take("?>"):
            body = self.alternatives(depth + 1)
            self.close(opened)
            return Atomic(body)
        if self.take("?P<") or self.take("?<"):
            return self.capturing(depth, opened, ">")
        if self.take("?'"):
            return self.capturing(depth, opened, "'")
        if self.take("?"):
            return self.with_options(depth, opened)
        return self.capturing(depth, opened, "")

    def capturing(self, depth: int, opened: int, name_end: str) -> Node:
        if name_end:
            self.name(name_end, opened)
        self.groups += 1
        if self.groups > MAX_GROUPS:
            raise RegexError(f"pattern has more than {MAX_GROUPS} groups")
        index = self.groups
        body = self.alternatives(depth + 1)
        self.close(opened)
        return Group(body, index)

    def name(self, end: str, opened: int) -> None:
        """Read a group's name. It only counts: scripts see groups by number."""
        at = self.pattern.find(end, self.at)
        name = self.pattern[self.at : at] if at >= 0 else ""
        if not name or name[0] in DIGITS or not _NAME.issuperset(name):
            raise RegexError(f"group at position {opened} has no proper name")
        if name in self.names:
            raise RegexError(f"two groups are named '{name}'")
        self.names.add(name)
        self.at = at + 1

    def with_options(self, depth: int, opened: int) -> Node | None:
        """`(?i)`, `(?i-s:...)`, `(?:...)` after `(?` was read."""
        changed = outer = self.options
        on = True
        while True:
            letter = self.next() if self.at < len(self.pattern) else ""
            if letter == "-" and on:
                on = False
            elif letter == "i":
                changed = replace(changed, i=on)
            elif letter == "s":
                changed = replace(changed, s=on)
            elif letter == "m":
                changed = replace(changed, m=on)
            elif letter == "x":
                changed = replace(changed, x=on)
            elif letter == ")":
                self.options = changed
                return None
            elif letter == ":":
                break
            elif letter and letter in DIGITS + "+-":
                raise RegexError("subroutine calls are not supported")
            else:
                raise RegexError(f"group at position {opened} begins with an unknown '(?{letter}'")
        self.options = changed
        body = self.alternatives(depth + 1)
        self.options = outer
        self.close(opened)
        return body

    def close(self, opened: int) -> None:
        if not self.take(")"):
            raise RegexError(f"missing ')' for the '(' at position {opened}")

    # Escapes

    def escape(self) -> Node:
        """What the escape means outside a class; the backslash was read."""
        if self.at >= len(self.pattern):
            raise RegexError("pattern ends with a backslash")
        letter = self.pattern[self.at]
        if letter in _PLACE_ESCAPES:
            self.at += 1
            return Place(_PLACE_ESCAPES[letter])
        if letter == "R":
            self.at += 1
            pair = Sequence((Chars(1 << 13), Chars(NEWLINE)))
            return Atomic(Choice((pair, Chars(VERTICAL))))
        if letter in "123456789" and not self.is_octal():
            raise RegexError("back references are not supported: no linear-time engine can run them")
        if letter in SET_ESCAPES:
            self.at += 1
            return Chars(SET_ESCAPES[letter])
        return self.literal(chr(self.byte_escape()))

    def is_octal(self) -> bool:
        r"""`\101`: three octal digits are a byte unless there are that many groups (pcre2pattern, backslash)."""
        digits = self.pattern[self.at : self.at + 3]
        return len(digits) == 3 and all(digit in "01234567" for digit in digits) and int(digits, 8) <= 255


def _unquote(pattern: str) -> str:
    r"""The pattern with `\Q...\E` written as escapes, so that the reader need not know of it."""
    if "\\Q" not in pattern and "\\E" not in pattern:
        return pattern
    out = []
    at = 0
    while at < len(pattern):
        if pattern.startswith("\\Q", at):
            end = pattern.find("\\E", at + 2)
            end = len(pattern) if end < 0 else end
            out += [f"\\x{{{ord(char):02x}}}" for char in pattern[at + 2 : end]]
            at = end + 2
        elif pattern.startswith("\\E", at):
            at += 2
        else:
            # An escape stays whole: the second backslash of `\\\\Q` is no start of a quote.
            width = 2 if pattern[at] == "\\" else 1
            out.append(pattern[at : at + width])
            at += width
    return "".join(out)


def _sequence(items: list[Node]) -> Node:
    return items[0] if len(items) == 1 else Sequence(tuple(items)) if items else EMPTY


def _choice(arms: list[Node]) -> Node:
    """The arms; neighbours that each take one byte become one set, which is the same choice without branches."""
    merged: list[Node] = []
    for arm in arms:
        if merged and isinstance(arm, Chars) and isinstance(merged[-1], Chars):
            merged[-1] = Chars(merged[-1].mask | arm.mask)
        else:
            merged.append(arm)
    return merged[0] if len(merged) == 1 else Choice(tuple(merged))


def _look_behind(body: Node, negative: bool) -> Node:
    """Look-behind; arms of different widths are looked at one by one, since `re` wants one width."""
    arms = body.arms if isinstance(body, Choice) else (body,)
    if any(min_width(arm) != max_width(arm) for arm in arms):
        raise RegexError("look-behind needs a fixed width")
    looks = tuple(Look(arm, ahead=False, negative=negative) for arm in arms)
    if len(looks) == 1:
        return looks[0]
    return Sequence(looks) if negative else Choice(looks)
