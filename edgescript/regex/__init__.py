"""
One policy for patterns: PCRE as authors write it, and no pattern that can hang a worker.

`parse` reads PCRE into a tree of explicit byte sets; `linear` tries to prove that a backtracking matcher is linear
on it. If so the pattern runs on `re`, else on RE2; what RE2 cannot express is refused with the reason. `render`
writes the tree for each engine, so that options, classes and ends of lines mean the same in both.
"""

from functools import lru_cache
from typing import Final

from edgescript.regex.atoms import without_atoms
from edgescript.regex.engines import (
    Match,
    Pattern,
    Re2Pattern,
    RePattern,
    Replacer,
)
from edgescript.regex.errors import RegexError, RegexLimitError
from edgescript.regex.linear import prove
from edgescript.regex.parse import MAX_PATTERN_BYTES, Options, parse
from edgescript.regex.template import Template
from edgescript.regex.worst import most_group_units, most_search_units, most_units

__all__ = [
    "Match",
    "Pattern",
    "RegexError",
    "RegexLimitError",
    "Replacer",
    "Template",
    "cached",
    "compile_pattern",
    "most_group_units",
    "most_search_units",
    "most_units",
]

CACHED_PATTERNS: Final = 128
"""Patterns made at run time; constant ones are bound at load. A full cache of the largest takes some 130 MB, of
usual ones 1 to 2."""

_IGNORED_OPTIONS: Final = frozenset("jo")
"""ngx.re options that only speak of speed: JIT, compile once."""


def compile_pattern(pattern: str, options: str = "") -> Pattern:
    """The pattern on the engine that fits. Raises RegexError."""
    tree, groups = parse(pattern, _read_options(options))
    tree = without_atoms(tree)
    proof = prove(tree)
    return RePattern(tree, groups, proof) if proof.linear else Re2Pattern(tree, groups, proof)


def cached(pattern: str, options: str = "") -> Pattern:
    """As `compile_pattern`, keeping the latest answers, refusals too."""
    if len(pattern) > MAX_PATTERN_BYTES or len(options) > len("ismxjo"):
        return compile_pattern(pattern, options)
    answer = _answer(pattern, options)
    if isinstance(answer, RegexError):
        raise RegexError(answer.reason)
    return answer


@lru_cache(CACHED_PATTERNS)
def _answer(pattern: str, options: str) -> Pattern | RegexError:
    try:
        return compile_pattern(pattern, options)
    except RegexError as error:
        return RegexError(error.reason)


def _read_options(text: str) -> Options:
    unknown = set(text) - set("ismx") - _IGNORED_OPTIONS
    if unknown:
        raise RegexError(f"unknown regex option '{min(unknown)}', want some of i, s, m, x")
    return Options(i="i" in text, s="s" in text, m="m" in text, x="x" in text)
