"""The name an author probably meant."""

from collections.abc import Iterable
from itertools import islice
from typing import Final

MAX_CANDIDATES: Final = 1000
MAX_WORD: Final = 40
"""Longer words are not typing mistakes, and the distance is quadratic in the length."""

FOREIGN: Final = {
    "contains": "find",
    "count": "arr_len",
    "decodeuri": "url_unescape",
    "echo": "say",
    "encodeuri": "url_escape",
    "gsub": "gsub_re",
    "indexof": "find",
    "join": "arr_concat",
    "length": "len",
    "match": "match_re",
    "printf": "format",
    "push": "arr_insert",
    "redirect": "rewrite",
    "replace": "gsub_re",
    "size": "len",
    "sort": "arr_sort",
    "sprintf": "format",
    "strlen": "len",
    "substring": "substr",
    "tolower": "lower",
    "toupper": "upper",
    "typeof": "type",
}
"""What other languages call a builtin."""


def nearest(word: str, candidates: Iterable[str]) -> str:
    """
    The candidate nearest to `word`, or '' when none is near.

    Near is: what other languages call it; equal but for case; at most a third of the letters mistyped (swapped
    neighbours count once); or one the beginning of the other, of three letters at least.
    """
    if len(word) > MAX_WORD:
        return ""
    lower = word.lower()
    pool = [candidate for candidate in islice(candidates, MAX_CANDIDATES) if candidate != word]
    if FOREIGN.get(lower) in pool:
        return FOREIGN[lower]
    best, best_distance = "", max(1, len(word) // 3) + 1
    for candidate in pool:
        other = candidate.lower()
        if abs(len(other) - len(lower)) >= best_distance:
            continue
        distance = _distance(lower, other)
        if distance < best_distance:
            best, best_distance = candidate, distance
    if best:
        return best
    beginnings = [
        name
        for name in pool
        if min(len(name), len(word)) >= 3 and (word.startswith(name) or name.startswith(word))
    ]
    return min(beginnings, key=lambda name: (abs(len(name) - len(word)), name), default="")


def _distance(a: str, b: str) -> int:
    """Edits from `a` to `b`: insert, delete, replace, swap neighbours (optimal string alignment)."""
    before_last: list[int] = []
    last = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before_last[j - 2] + 1)
            row.append(cost)
        before_last, last = last, row
    return last[-1]
