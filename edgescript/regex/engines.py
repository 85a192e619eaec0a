"""
The two engines behind one `Pattern`.

Measured on a path pattern with three groups: `re` 0.13 µs a search; RE2 through its Python classes 2.6 µs, through
the extension type below them 0.8 µs, which is why `_RE2` is taken from there. RE2 gets bytes and Latin-1, so that
positions need no conversion.
"""

import re
from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import accumulate
from typing import Final, Literal, TypeAlias

import re2
from re2 import _re2

from edgescript.regex.errors import RegexError, RegexLimitError
from edgescript.regex.linear import MAX_CRAWL_STATES, MAX_CRAWL_WORK, Proof, may_crawl, may_overrun
from edgescript.regex.pace import BLOCK_SHIFT, Pace, pace_on_re, pace_on_re2
from edgescript.regex.render import INNER_NEWLINE, Dialect, render
from edgescript.regex.template import Template
from edgescript.regex.tree import At, Node, count_states, min_width, places, stacks

RE2_MEMORY_BYTES: Final = 1 << 20
"""Program and state cache of one pattern; a worker's cache may be full of hostile ones."""
MAX_OVERRUN_WORK: Final = 1 << 26
"""Bytes left to search, added up over the searches of one replacement, where those may overrun: some 0.1 s."""

MAX_STACKED_BYTES: Final = 1 << 16
"""Longest subject on which `re` may keep a stack as long as the subject: some 13 MB."""

Captures: TypeAlias = tuple[str | None, ...]
Spans: TypeAlias = Sequence[tuple[int, int]]
Find: TypeAlias = Callable[[int], Spans | None]
Spend: TypeAlias = Callable[[int], object]
"""Told of work as it is done, in units of 50 ns; stops it by raising."""
Replacer: TypeAlias = Callable[[str, int, Spend], str]
UNITS_PER_MATCH: Final = {"re": 24, "re2": 50}
"""Of a replacement, found one by one: 1.2 and 2.5 µs."""
UNITS_PER_SUBSTITUTION: Final = 8
"""Of a replacement by `re` in one go: 0.4 µs."""
OVERRUN_SHIFT: Final = 2
"""Bytes a unit where every search may run to the end of the subject."""
GROUPS_FREE_WORK: Final = 1 << 17
"""Bytes of a match times instructions of the program up to which RE2 finds the groups in a few ns a byte. Past it
remembers for every open way where the groups are; that is 2 to 20 ns an instruction and byte."""
MAX_INSTRUCTIONS: Final = RE2_MEMORY_BYTES // 16
"""No program is larger, as an instruction takes 16 bytes."""
GROUPS_SHIFT: Final = 3
"""Of that work, in units: some 6 ns each; where most instructions are open at once it takes up to three times as long."""
GROUPS_WEIGHT: Final = 32
"""Units for 64 bytes of a match whose groups RE2 finds: up to 25 ns a byte."""
GROUPS_ENTRY: Final = 12
"""Units for each such match: 0.6 µs."""
FINAL_WEIGHT: Final = 128
"""Units for 64 bytes of a subject that is written anew for `Dialect.RE2_FINAL`: up to 70 ns a byte."""


class Match:
    """Where a pattern matched (0-based, `end` not included) and what its groups took."""

    __slots__ = ("_spans", "_subject", "end", "start")

    def __init__(self, subject: str, spans: Spans) -> None:
        self._subject = subject
        self._spans = spans
        self.start, self.end = spans[0]

    def group(self, index: int) -> str | None:
        """Group `index` from 1, or 0 for the whole match; None if it took no part. Raises IndexError."""
        if index < 0:
            raise IndexError(index)
        start, end = self._spans[index]
        return self._subject[start:end] if start >= 0 else None

    def span(self, index: int) -> tuple[int, int]:
        """Start and end of group `index`, (-1, -1) if it took no part. Raises IndexError."""
        return self._spans[index]

    @property
    def groups(self) -> Captures:
        """The groups, from 1."""
        return tuple(self.group(index) for index in range(1, len(self._spans)))

    def __repr__(self) -> str:
        return f"Match({self.start}, {self.end}, {self.group(0)!r}, {self.groups!r})"


class Pattern(ABC):
    """
    A compiled pattern. Subjects are text of code points 0-255.

    `test` and `captures` are callables made for this pattern: whoever has a constant pattern binds them once.
    """

    engine: Literal["re", "re2"]
    test: Callable[[str], object]
    """True, or an object that counts as true, when the pattern matches somewhere in the subject."""

    find_on_re: Callable[[str], re.Match[str] | None] | None = None
    """Where `re` serves any subject: its own search. The quickest way to all groups."""

    def __init__(self, tree: Node, groups: int, proof: Proof) -> None:
        self.groups = groups
        self.reason = proof.reason
        """Why not `re`; empty if it is."""
        self.min_width = min_width(tree)
        self._tree = tree

    @property
    def may_overrun(self) -> bool:
        """Whether a search may run far past the match it finds."""
        return self._overrun

    @cached_property
    def _overrun(self) -> bool:
        return may_overrun(self._tree)

    @property
    @abstractmethod
    def pace(self) -> Pace:
        """What a search costs, groups aside."""

    def free_size(self, covered: int) -> int | None:
        """The longest subject whose search never takes more than `covered` units, -1 for none; None for any."""
        return -1 if self.may_rewrite else self.pace.free_size(covered)

    def matches(self, subject: str, spend: Spend, covered: int) -> bool:
        """As `test`; `spend` is told of the units of the search, those beyond the declared, if more than `covered`."""
        end = self.match_end(subject)
        self._spend(self._read(subject, end), self._rewriting_units(subject), spend, covered)
        return end is not None

    @abstractmethod
    def match_end(self, subject: str) -> int | None:
        """Where the first match ends; None without one."""

    def _spend(self, read: int, more: int, spend: Spend, covered: int) -> None:
        units = self.pace.units(read) + more
        if units > covered:
            spend(units)

    def _read(self, subject: str, end: int | None) -> int:
        """Bytes that a search which found a match up to `end` may have read."""
        return len(subject) if end is None or not self.pace.ends_with_match else end

    def spend_on_all(self, subject: str, spend: Spend, covered: int) -> None:
        """The same for searches that find one match after the other, before they are made."""
        units = self.most_units(len(subject))
        if units > covered:
            spend(units)

    def most_units(self, size: int) -> int:
        """The most that `search` tells of a subject of `size` bytes for its pace, groups too."""
        weight = self.group_weight + (FINAL_WEIGHT if self.may_rewrite else 0)
        entry = GROUPS_ENTRY if self.group_weight else 0
        return entry + self.pace.units(size) + (size * weight >> BLOCK_SHIFT)

    @property
    def group_weight(self) -> int:
        """Units for 64 bytes of a match, for finding its groups."""
        return 0

    @property
    def may_rewrite(self) -> bool:
        """Whether subjects that end in a newline are made into other texts before a search."""
        return False

    def _rewriting_units(self, subject: str) -> int:
        """What a search pays for that."""
        return (
            len(subject) * FINAL_WEIGHT >> BLOCK_SHIFT if self.may_rewrite and subject.endswith("\n") else 0
        )

    @abstractmethod
    def finder(self, subject: str, spend: Spend = bool) -> Find:
        """A function from a start position to the spans of the first match from there. Raises RegexLimitError."""

    @abstractmethod
    def captures(self, subject: str) -> Captures | None:
        """The whole match and the groups, or None."""

    def search(self, subject: str, start: int = 0, spend: Spend = bool, covered: int = 0) -> Match | None:
        r"""
        The first match that begins at byte `start` or later; `^` and `\b` see the bytes before it.

        `spend` is told as by `matches`.
        """
        if not 0 <= start <= len(subject):
            return None
        spans = self.finder(subject, spend)(start)
        begin, end = (0, None) if spans is None else spans[0]
        more = self._rewriting_units(subject)
        if end is not None and self.group_weight:
            more += GROUPS_ENTRY + ((end - begin) * self.group_weight >> BLOCK_SHIFT)
        self._spend(self._read(subject, end) - start, more, spend, covered)
        return None if spans is None else Match(subject, spans)

    def sub(self, template: Template | str, subject: str, limit_bytes: int, spend: Spend = bool) -> str:
        """The subject with each match replaced. Raises RegexError (bad template) and RegexLimitError."""
        if isinstance(template, str):
            template = Template(template)
        return self.replacer(template)(subject, limit_bytes, spend)

    def replacer(self, template: Template) -> Replacer:
        """`sub` for one template: a function of subject, limit and `spend`."""
        return lambda subject, limit_bytes, spend: self._replace(template, subject, limit_bytes, spend)

    def _replace(self, template: Template, subject: str, limit_bytes: int, spend: Spend) -> str:
        """As ngx.re.gsub: after an empty match the next search begins one byte further on."""
        find = self.finder(subject, spend)
        out: list[str] = []
        copied = begin = size = work = 0
        units = UNITS_PER_MATCH[self.engine]
        while begin <= len(subject) and (spans := find(begin)) is not None:
            start, end = spans[0]
            size += start - copied + template.filled_bytes(spans)
            left = len(subject) - begin if self._overrun else 0
            work += left
            spend(units + (left >> OVERRUN_SHIFT))
            # What is left of the subject is either copied or replaced; only copying is sure.
            if size > limit_bytes:
                raise RegexLimitError(
                    f"the result of a replacement is over {limit_bytes} bytes", "value_bytes"
                )
            if work > MAX_OVERRUN_WORK:
                raise RegexLimitError("a replacement looks too far ahead too often", "regex_work")
            out.append(subject[copied:start])
            out.append(template.fill(subject, spans))
            copied = end
            begin = end + (start == end)
        if size + len(subject) - copied > limit_bytes:
            raise RegexLimitError(f"the result of a replacement is over {limit_bytes} bytes", "value_bytes")
        out.append(subject[copied:])
        return "".join(out)


class RePattern(Pattern):
    """
    A pattern proven linear, on `re`.

    For an endless repeat of more than a set of bytes `re` keeps up to 200 bytes on its stack for each round, all of
    the subject long. So such a pattern hands long subjects to RE2.
    """

    engine = "re"

    def __init__(self, tree: Node, groups: int, proof: Proof) -> None:
        super().__init__(tree, groups, proof)
        try:
            self._regex = re.compile(render(tree, Dialect.RE), re.ASCII)
        except re.error as error:
            raise RegexError(f"pattern cannot be compiled: {error.msg}") from None
        self._anchored = proof.anchored
        # `search` would try an anchored pattern at every byte.
        self._search = self._regex.match if proof.anchored else self._regex.search
        self._stacks = stacks(tree)
        if self._stacks:
            render(tree, Dialect.RE2)
            self.test = self._test
        else:
            self.test = self._search
            self.find_on_re = self._search

    @cached_property
    def pace(self) -> Pace:
        return pace_on_re(self._tree, anchored=self._anchored)

    def matches(self, subject: str, spend: Spend, covered: int) -> bool:
        find = self.find_on_re
        if find is None:
            return super().matches(subject, spend, covered)
        found = find(subject)
        pace = self.pace
        units = pace.units(len(subject) if found is None or not pace.ends_with_match else found.end())
        if units > covered:
            spend(units)
        return found is not None

    def match_end(self, subject: str) -> int | None:
        if self._stacks and len(subject) > MAX_STACKED_BYTES:
            return self.for_long.match_end(subject)
        found = self._search(subject)
        return None if found is None else found.end()

    @cached_property
    def for_long(self) -> "Re2Pattern":
        return Re2Pattern(self._tree, self.groups, Proof(linear=True, reason=self.reason, anchored=False))

    def _test(self, subject: str) -> object:
        return self._search(subject) if len(subject) <= MAX_STACKED_BYTES else self.for_long.test(subject)

    def finder(self, subject: str, spend: Spend = bool) -> Find:
        if self._stacks and len(subject) > MAX_STACKED_BYTES:
            return self.for_long.finder(subject, spend)
        search = self._search

        def find(start: int) -> Spans | None:
            found = search(subject, start)
            return None if found is None else found.regs

        return find

    def captures(self, subject: str) -> Captures | None:
        if self._stacks and len(subject) > MAX_STACKED_BYTES:
            return self.for_long.captures(subject)
        found = self._search(subject)
        return None if found is None else (found[0], *found.groups())

    def replacer(self, template: Template) -> Replacer:
        general = super().replacer(template)
        if self._overrun or not self.min_width:
            return general
        substitute = self._regex.subn
        replacement = template.for_re(self.groups)
        stacked = self._stacks
        per_byte = 1 + template.references + template.literal_bytes / self.min_width

        def replace(subject: str, limit_bytes: int, spend: Spend) -> str:
            if len(subject) * per_byte > limit_bytes or (stacked and len(subject) > MAX_STACKED_BYTES):
                return general(subject, limit_bytes, spend)
            replaced, count = substitute(replacement, subject)
            spend(count * UNITS_PER_SUBSTITUTION)
            return replaced

        return replace


class Re2Pattern(Pattern):
    """
    A pattern for RE2. Raises RegexError when RE2 cannot express it.

    A large pattern may make RE2 go through all its states at every byte: then subjects are held to `_crawled_bytes`.
    """

    engine = "re2"

    def __init__(self, tree: Node, groups: int, proof: Proof) -> None:
        super().__init__(tree, groups, proof)
        states = count_states(tree)
        if states > MAX_CRAWL_STATES and not proof.linear and may_crawl(tree):
            raise RegexError("pattern is too large to run it in linear time")
        self._crawled_bytes = MAX_CRAWL_WORK // max(states, 1)
        """The longest subject, should the pattern crawl."""
        asked = places(tree)
        self._asks_final_end = At.FINAL_END in asked
        if self._asks_final_end and asked & _NOT_BESIDE_FINAL_END:
            raise RegexError(
                "'$' beside '\\B', or beside ends of lines, cannot be run in linear time in this pattern"
            )
        self._text = render(tree, Dialect.RE2).encode("latin-1")
        self._match, self.instructions = _compile(self._text)
        self.test = self._test

    @cached_property
    def pace(self) -> Pace:
        return pace_on_re2(self._tree)

    @property
    def may_rewrite(self) -> bool:
        return self._asks_final_end

    @property
    def group_weight(self) -> int:
        return GROUPS_WEIGHT if self.groups else 0

    @cached_property
    def _match_only(self) -> "_MatchFunction":
        """The pattern without groups: RE2 then has less to find out."""
        return _compile(self._text, never_capture=True)[0] if self.groups else self._match

    @cached_property
    def _final(self) -> "_MatchFunction":
        return _compile(render(self._tree, Dialect.RE2_FINAL).encode(), latin1=False)[0]

    @cached_property
    def _crawls(self) -> bool:
        return may_crawl(self._tree)

    def _hold(self, size: int) -> None:
        if self._crawls:
            raise RegexLimitError(
                f"subject of {size} bytes, more than {self._crawled_bytes} for this pattern", "regex_bytes"
            )

    def _test(self, subject: str) -> bool:
        return self.match_end(subject) is not None

    def match_end(self, subject: str) -> int | None:
        if len(subject) > self._crawled_bytes:
            self._hold(len(subject))
        if self._asks_final_end and subject.endswith("\n"):
            spans = self._final_finder(subject)(0)
            return None if spans is None else spans[0][1]
        encoded = subject.encode("latin-1")
        end: int = self._match_only(_UNANCHORED, encoded, 0, len(encoded))[0][1]
        return end if end >= 0 else None

    def finder(self, subject: str, spend: Spend = bool) -> Find:
        if len(subject) > self._crawled_bytes:
            self._hold(len(subject))
        if self._asks_final_end and subject.endswith("\n"):
            return self._final_finder(subject)
        encoded = subject.encode("latin-1")
        match = self._match
        size = len(encoded)

        def find(start: int) -> Spans | None:
            spans = match(_UNANCHORED, encoded, start, size)
            return spans if spans[0][0] >= 0 else None

        if self.groups and size * self.instructions > GROUPS_FREE_WORK:
            return self._after_paying(find, encoded, spend)
        return find

    def _after_paying(self, find: Find, encoded: bytes, spend: Spend) -> Find:
        """`find`, told of the work the groups of a long match take before it is done: where it is comes cheaply."""
        bounds, instructions, size = self._match_only, self.instructions, len(encoded)

        def find_paid(start: int) -> Spans | None:
            begin, end = bounds(_UNANCHORED, encoded, start, size)[0]
            if begin < 0:
                return None
            work = (end - begin) * instructions
            if work > GROUPS_FREE_WORK:
                spend(work >> GROUPS_SHIFT)
            return find(start)

        return find_paid

    def _final_finder(self, subject: str) -> Find:
        text = subject[:-1].replace("\n", INNER_NEWLINE) + "\n"
        encoded = text.encode()
        # Where each character begins, and the end. Made once: RE2's own class counts anew for every match.
        begins: Sequence[int] = range(len(text) + 1)
        if len(encoded) > len(text):
            begins = [0, *accumulate(1 if char < "\x80" else 2 for char in text)]
        match = self._final
        size = len(encoded)

        def find(start: int) -> Spans | None:
            spans = match(_UNANCHORED, encoded, begins[start], size)
            if spans[0][0] < 0:
                return None
            if size == len(text):
                return spans
            return [
                (-1, -1) if end < 0 else (bisect_left(begins, at), bisect_left(begins, end))
                for at, end in spans
            ]

        return find

    def captures(self, subject: str) -> Captures | None:
        spans = self.finder(subject)(0)
        if spans is None:
            return None
        return tuple([subject[start:end] if start >= 0 else None for start, end in spans])


_NOT_BESIDE_FINAL_END: Final = {At.LINE_START, At.LINE_END, At.NOT_WORD}
r"""What means something else in `Dialect.RE2_FINAL`: inner newlines are gone, and RE2 finds `\B` inside a character of
UTF-8."""

_MatchFunction: TypeAlias = Callable[[object, bytes, int, int], Spans]
_UNANCHORED: Final = _re2.RE2.Anchor.UNANCHORED


def _compile(
    text: bytes, *, never_capture: bool = False, latin1: bool = True
) -> "tuple[_MatchFunction, int]":
    """The match function of a program, and the instructions it has."""
    options = re2.Options()
    options.max_mem = RE2_MEMORY_BYTES
    options.log_errors = False
    options.never_capture = never_capture
    if latin1:
        options.encoding = re2.Options.Encoding.LATIN1
    program = _re2.RE2(text, options)
    if not program.ok():
        raise RegexError("pattern is too large when its repeats are written out")
    match: _MatchFunction = program.Match
    size: int = program.ProgramSize()
    return match, size
