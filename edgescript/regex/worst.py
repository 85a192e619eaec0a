"""
The most that a pattern's work is charged on a subject of a size, before any: for statements of what a script can cost.

In place of a pattern, None stands for one that is not known yet.
"""

from edgescript.regex.engines import (
    FINAL_WEIGHT,
    GROUPS_ENTRY,
    GROUPS_FREE_WORK,
    GROUPS_SHIFT,
    GROUPS_WEIGHT,
    MAX_INSTRUCTIONS,
    MAX_OVERRUN_WORK,
    MAX_STACKED_BYTES,
    OVERRUN_SHIFT,
    UNITS_PER_MATCH,
    Pattern,
    Re2Pattern,
    RePattern,
)
from edgescript.regex.pace import BLOCK_SHIFT, MAX_WEIGHT, RE2_ENTRY


def most_search_units(pattern: Pattern | None, size: int) -> int:
    """The most that a search of `size` bytes spends at the pattern's pace."""
    if pattern is not None:
        return pattern.most_units(size)
    return RE2_ENTRY + GROUPS_ENTRY + (size * (MAX_WEIGHT + FINAL_WEIGHT + GROUPS_WEIGHT) >> BLOCK_SHIFT)


def most_units(pattern: Pattern | None, size: int) -> int:
    """The most that replacing in a subject of `size` bytes spends."""
    is_plain = isinstance(pattern, RePattern) and size <= MAX_STACKED_BYTES
    matches = size // max(pattern.min_width if pattern is not None else 0, 1) + 1
    overrun = min(matches * size, MAX_OVERRUN_WORK + size) if pattern is None or pattern.may_overrun else 0
    each = UNITS_PER_MATCH["re" if is_plain else "re2"]
    return matches * each + (overrun >> OVERRUN_SHIFT) + most_group_units(pattern, size)


def most_group_units(pattern: Pattern | None, size: int) -> int:
    """The most that finding the groups of matches spends, which share `size` bytes."""
    if pattern is None:
        work = size * MAX_INSTRUCTIONS
    elif isinstance(pattern, Re2Pattern):
        work = size * pattern.instructions if pattern.groups else 0
    else:
        assert isinstance(pattern, RePattern)
        return 0 if size <= MAX_STACKED_BYTES else most_group_units(pattern.for_long, size)
    return work >> GROUPS_SHIFT if work > GROUPS_FREE_WORK else 0
