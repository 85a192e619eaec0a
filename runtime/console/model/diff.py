"""
What changed between two texts, and between two rules.

Lines are compared by Myers' algorithm, whose work grows with the number of differences; texts that differ in more than
`MAX_DIFFERENCES` lines are shown as all taken out and all put in, since a text may be made to cost most.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

CONTEXT: Final = 3
"""Lines shown around a change."""
MAX_DIFFERENCES: Final = 500
MAX_LINES: Final = 20_000
"""Of what is left once common beginnings and ends are set aside."""


class Change(NamedTuple):
    """Lines `[old_from, old_to)` became `[new_from, new_to)`, counted from 0."""

    old_from: int
    old_to: int
    new_from: int
    new_to: int


def unified(old: str, new: str, old_name: str, new_name: str) -> str:
    """A unified diff; '' where the texts are equal."""
    if old == new:
        return ""
    before, after = _lines(old), _lines(new)
    lines = [f"--- {old_name}", f"+++ {new_name}"]
    for hunk in _hunks(changes(before, after)):
        lines += _hunk_lines(before, after, hunk)
    return "\n".join(lines) + "\n"


def _lines(text: str) -> list[str]:
    """Without line ends; a last line that has none says so, as diffs do."""
    lines = text.split("\n")
    last = lines.pop()
    return [*lines, f"{last}\n\\ No newline at end of file"] if last else lines


def changes(before: Sequence[str], after: Sequence[str]) -> list[Change]:
    """What changed, in order; between two changes stands at least one common line."""
    start, most = 0, min(len(before), len(after))
    while start < most and before[start] == after[start]:
        start += 1
    end = 0
    while end < most - start and before[-1 - end] == after[-1 - end]:
        end += 1
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    if not old and not new:
        return []
    found = _shortest(old, new)
    return [Change(*(number + start for number in each)) for each in found]


def _shortest(old: Sequence[str], new: Sequence[str]) -> list[Change]:
    """By Myers, "An O(ND) Difference Algorithm and Its Variations" (1986); the whole as one change where it is dear."""
    whole = [Change(0, len(old), 0, len(new))]
    if not old or not new or len(old) + len(new) > MAX_LINES:
        return whole
    reached = {1: 0}
    trail: list[dict[int, int]] = []
    for edits in range(min(len(old) + len(new), MAX_DIFFERENCES) + 1):
        trail.append(dict(reached))
        for k in range(-edits, edits + 1, 2):
            down = k == -edits or (k != edits and reached[k - 1] < reached[k + 1])
            x = reached[k + 1] if down else reached[k - 1] + 1
            y = x - k
            while x < len(old) and y < len(new) and old[x] == new[y]:
                x, y = x + 1, y + 1
            reached[k] = x
            if x >= len(old) and y >= len(new):
                return _walk_back(trail, len(old), len(new))
    return whole


def _walk_back(trail: Sequence[Mapping[int, int]], x: int, y: int) -> list[Change]:
    """The changes along the way that was found, neighbours joined."""
    steps: list[Change] = []
    for edits in range(len(trail) - 1, 0, -1):
        reached, k = trail[edits], x - y
        down = k == -edits or (k != edits and reached.get(k - 1, -1) < reached.get(k + 1, -1))
        from_x = reached[k + 1] if down else reached[k - 1]
        from_y = from_x - (k + 1 if down else k - 1)
        steps.append(Change(from_x, from_x + (not down), from_y, from_y + down))
        x, y = from_x, from_y
    joined: list[Change] = []
    for step in reversed(steps):
        if joined and joined[-1].old_to == step.old_from and joined[-1].new_to == step.new_from:
            last = joined.pop()
            step = Change(last.old_from, step.old_to, last.new_from, step.new_to)  # noqa: PLW2901 - it grows
        joined.append(step)
    return joined


def _hunks(found: Sequence[Change]) -> list[list[Change]]:
    """Changes that share context together."""
    hunks: list[list[Change]] = []
    for change in found:
        if hunks and change.old_from - hunks[-1][-1].old_to <= 2 * CONTEXT:
            hunks[-1].append(change)
        else:
            hunks.append([change])
    return hunks


def _hunk_lines(before: Sequence[str], after: Sequence[str], hunk: Sequence[Change]) -> list[str]:
    lead = min(CONTEXT, hunk[0].old_from)
    tail = min(CONTEXT, len(before) - hunk[-1].old_to)
    old_from, old_to = hunk[0].old_from - lead, hunk[-1].old_to + tail
    new_from, new_to = hunk[0].new_from - lead, hunk[-1].new_to + tail
    lines = [f"@@ -{_range(old_from, old_to)} +{_range(new_from, new_to)} @@"]
    at = old_from
    for change in hunk:
        lines += [f" {line}" for line in before[at : change.old_from]]
        lines += [f"-{line}" for line in before[change.old_from : change.old_to]]
        lines += [f"+{line}" for line in after[change.new_from : change.new_to]]
        at = change.old_to
    return lines + [f" {line}" for line in before[at:old_to]]


def _range(start: int, end: int) -> str:
    """As unified diffs count: from 1, the length left out where it is 1, the line before where it is 0."""
    length = end - start
    return f"{start + 1}" if length == 1 else f"{start + (length > 0)},{length}"


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Key to [value before, value after], for each key that differs; null where there is none."""
    keys = dict.fromkeys((*old, *new))
    return {key: [old.get(key), new.get(key)] for key in keys if old.get(key) != new.get(key)}
