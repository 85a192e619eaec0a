"""
Regular expressions on strings (reference section 7.3). What a pattern may be, and what runs it, is `edgescript.regex`.

A pattern that is refused only at run time, because it was no literal, gives the answer OpenResty's `ngx.re` gives
with its error dropped: no match. Literal ones are refused by the compiler.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from edgescript import regex
from edgescript.bounds import CallBounds
from edgescript.builtins import Cost, Effect, Family, Int, Pattern, RegexOptions, Str
from edgescript.faults import FaultCode, ScriptFault
from edgescript.meter import SMALL_BYTES, Meter
from edgescript.types import Table, Value

_KEPT_BOUNDS: Final = 1024
"""Of patterns, for `edgescript cost` and `check`."""

_MATCH_UNITS: Final = 6
_CAPTURE_UNITS: Final = 12
_REPLACE_UNITS: Final = 20
"""Bases of the three. A search that takes no more units than that is covered by them."""

Test: TypeAlias = Callable[[Meter, str], bool]
"""Whether a subject matches; the run is charged for the search."""

patterns = Family("patterns", effect=Effect.PURE)


def compiled(pattern: str, options: str = "") -> regex.Pattern | None:
    """The pattern ready to run, or None when it is refused."""
    try:
        return regex.cached(pattern, options)
    except regex.RegexError:
        return None


def compiled_in_run(meter: Meter, pattern: str, options: str = "") -> regex.Pattern | None:
    """`compiled`, for a pattern that may be new: making one takes time that fuel does not measure. Raises 407."""
    ready = compiled(pattern, options)
    meter.look_at_clock()
    return ready


@lru_cache(_KEPT_BOUNDS)
def most_of_search(pattern: str | None, option: str, size: int) -> int:
    """The most that a search is charged for the pattern's pace; None stands for one that is not known yet."""
    known = None if pattern is None else compiled(pattern, option)
    return 0 if pattern is not None and known is None else regex.most_search_units(known, size)


def _worst_of_match(call: CallBounds) -> int:
    return most_of_search(*_known(call, "p", "o", 3), min(call.size("s"), call.limits.regex_bytes))


@patterns.builtin(cost=Cost(_MATCH_UNITS, per="s", shift=6, bound="regex_bytes", worst=_worst_of_match))
def match_re(meter: Meter, s: Str, p: Pattern, o: RegexOptions = "") -> bool:
    r"""
    Return whether the regex `p` is found anywhere in `s`. With option 'i' letters match in either case.

    match_re('/A/b', '^/a', 'i') => true
    match_re('/A/b', '^/a')      => false
    match_re('a.txt', '\.txt$') => true
    """
    return tester(compiled_in_run(meter, p, o), _MATCH_UNITS)(meter, s)


@patterns.specialised(match_re, "p", "o", takes_run=False)
def _match_covered(p: str, o: str = "") -> Callable[[str], bool] | None:
    return covered_tester(compiled(p, o), _MATCH_UNITS)


@patterns.specialised(match_re, "p", "o")
def _match_constant(p: str, o: str = "") -> Test:
    return tester(compiled(p, o), _MATCH_UNITS)


def covered_tester(pattern: regex.Pattern | None, covered: int) -> Callable[[str], bool] | None:
    """Whether a subject matches, for a pattern whose searches never take more than `covered` units; else None."""
    if pattern is None:
        return lambda _subject: False
    if pattern.free_size(covered) is not None:
        return None
    test = pattern.test

    def matches(subject: str) -> bool:
        try:
            return bool(test(subject))
        except regex.RegexLimitError as error:
            raise _past_limit(error) from None

    return matches


def tester(pattern: regex.Pattern | None, covered: int) -> Test:
    """Whether a subject matches; never, for a refused pattern. A search of more than `covered` units is charged."""
    costless = covered_tester(pattern, covered)
    if pattern is None or costless is not None:
        return lambda _run, subject: costless is not None and costless(subject)
    test, test_at_a_charge = pattern.test, pattern.matches
    free_size = pattern.free_size(covered) or 0

    def matches(run: Meter, subject: str) -> bool:
        try:
            if len(subject) <= free_size:
                return bool(test(subject))
            return test_at_a_charge(subject, run.charge, covered)
        except regex.RegexLimitError as error:
            raise _past_limit(error) from None

    return matches


def _past_limit(error: regex.RegexLimitError) -> ScriptFault:
    return ScriptFault(FaultCode.OTHER, f"regex: {error.reason}", limit=error.limit)


# A bound is asked for several times for each call, and a script may have more patterns than are kept compiled.
@lru_cache(_KEPT_BOUNDS)
def _most_of_capture(pattern: str | None, size: int) -> int:
    return regex.most_group_units(None if pattern is None else compiled(pattern), size)


@lru_cache(_KEPT_BOUNDS)
def _most_of_gsub(pattern: str | None, option: str, size: int) -> int:
    return regex.most_units(None if pattern is None else compiled(pattern, option), size)


@lru_cache(_KEPT_BOUNDS)
def _least_width(pattern: str | None, option: str) -> int:
    known = None if pattern is None else compiled(pattern, option)
    return 0 if known is None else known.min_width


def _known(call: CallBounds, name: str, options: str = "", number: int = 0) -> tuple[str | None, str]:
    """The pattern of a call and its options, argument `number`, where they are the same in every run; else None."""
    pattern = call.constant(name)
    option = call.constant(options) if options and call.count >= number else ""
    return (pattern, option) if isinstance(pattern, str) and isinstance(option, str) else (None, "")


def _worst_of_capture(call: CallBounds) -> int:
    pattern, option = _known(call, "p")
    size = min(call.size("s"), call.limits.regex_bytes)
    return most_of_search(pattern, option, size) + _most_of_capture(pattern, size)


def _worst_of_gsub(call: CallBounds) -> int:
    size = min(call.size("subject"), call.limits.regex_bytes)
    known = _known(call, "regex", "option", 4)
    return most_of_search(*known, size) + _most_of_gsub(*known, size) + (call.result >> 4)


def _made_by_gsub(call: CallBounds) -> int:
    """Every reference gives each byte of the subject once at most, what else is in `replace` stands once a match."""
    size, replace = call.size("subject"), call.constant("replace")
    matches = size // max(_least_width(*_known(call, "regex", "option", 4)), 1) + 1
    # Of a text that is not known, every second byte may begin a reference.
    references = replace.count("$") if isinstance(replace, str) else call.size("replace") // 2
    return size * (1 + references) + matches * call.size("replace")


@patterns.builtin(
    cost=Cost(
        _CAPTURE_UNITS,
        per="s",
        shift=6,
        bound="regex_bytes",
        worst=_worst_of_capture,
        makes=lambda call: call.table(call.size("p") + 1, call.size("s")),
    )
)
def capture_re(meter: Meter, s: Str, p: Pattern, init: Int = 1) -> Table:
    """
    Return the groups that the first match of regex `p` captured: group n under n, the whole match under 0.

    The search starts at position `init`, counted from 1. A group that took no part is false. No match gives an empty
    dictionary.

    get(capture_re('/u/42', '^/u/([0-9]+)'), 1) => '42'
    get(capture_re('a1b2', '[0-9]', 3), 0)      => '2'
    null(capture_re('abc', 'd'))                => true
    """
    return _captured(meter, compiled_in_run(meter, p), s, init)


@patterns.specialised(capture_re, "p")
def _capture_constant(p: str) -> Callable[..., Table]:
    pattern = compiled(p)
    if pattern is None:
        return lambda _meter, _s, _init=1: Table()
    find = pattern.find_on_re
    if find is None:
        return lambda meter, s, init=1: _captured(meter, pattern, s, init)

    def captured(meter: Meter, s: str, init: int = 1) -> Table:
        if init != 1 or len(s) > free_size:
            return _captured(meter, pattern, s, init)
        found = find(s)
        if found is None:
            return Table()
        meter.entries(entries)
        return Table(list(found.groups(False)), {0: found[0]})

    free = pattern.free_size(_CAPTURE_UNITS)
    free_size = SMALL_BYTES if free is None else min(free, SMALL_BYTES)
    entries = pattern.groups + 1
    return captured


def _captured(meter: Meter, pattern: regex.Pattern | None, s: str, init: int) -> Table:
    start = max(init - 1, 0)
    if pattern is None or start > len(s):
        return Table()
    try:
        match = pattern.search(s, start, meter.charge, _CAPTURE_UNITS)
    except regex.RegexLimitError as error:
        raise _past_limit(error) from None
    if match is None:
        return Table()
    return _groups(meter, s, (match.group(0), *match.groups))


def _groups(meter: Meter, subject: str, groups: tuple[str | None, ...]) -> Table:
    """The dictionary of `groups`, the whole match first."""
    meter.entries(len(groups))
    if len(subject) > SMALL_BYTES:
        meter.string(sum(len(group) for group in groups if group))
    whole, *taken = groups
    values: list[Value] = (
        [False if group is None else group for group in taken] if None in taken else [*taken]
    )
    return Table(values, {0: whole})


@patterns.builtin(
    cost=Cost(
        _REPLACE_UNITS,
        per="subject",
        shift=5,
        bound="regex_bytes",
        worst=_worst_of_gsub,
        makes=_made_by_gsub,
    )
)
def gsub_re(
    meter: Meter, subject: Str, regex_: Pattern, replace: Str, option: RegexOptions = ""
) -> str | Literal[False]:
    r"""
    Return `subject` with every match of the regex replaced, or false when regex or replacement is refused.

    In `replace`, `$0` is the whole match, `$1` or `${1}` group 1, `$$` a dollar sign. Options are those of match_re.

    gsub_re('a-b', '([a-z])', '<$1>') => '<a>-<b>'
    gsub_re('a.b.c', '\.', '')       => 'abc'
    gsub_re('5', '[0-9]', '$$$0')     => '$5'
    """
    pattern, template = compiled_in_run(meter, regex_, option), _template(replace)
    if pattern is None or template is None:
        return False
    return _replaced(meter, pattern, pattern.replacer(template), subject)


@patterns.specialised(gsub_re, "regex", "replace", "option")
def _gsub_constant(regex: str, replace: str, option: str = "") -> Callable[..., str] | None:
    pattern, template = compiled(regex, option), _template(replace)
    if pattern is None or template is None:
        return None

    replace_in = pattern.replacer(template)

    def replaced(meter: Meter, subject: str) -> str:
        return _replaced(meter, pattern, replace_in, subject)

    return replaced


def _template(text: str) -> regex.Template | None:
    try:
        return regex.Template(text)
    except regex.RegexError:
        return None


def _replaced(meter: Meter, pattern: regex.Pattern, replace_in: regex.Replacer, subject: str) -> str:
    limit = meter.limits.value_bytes
    pattern.spend_on_all(subject, meter.charge, _REPLACE_UNITS)
    try:
        result = replace_in(subject, limit, meter.charge)
    except regex.RegexLimitError as error:
        raise _past_limit(error) from None
    meter.charge(len(result) >> 4)
    meter.string(len(result))
    return result
