"""Hostile patterns: refused with a reason, or compiled and run, always soon."""

import re
import time

import pytest

import edgescript.regex as regex_package
from edgescript.regex import (
    RegexError,
    RegexLimitError,
    cached,
    compile_pattern,
    most_group_units,
    most_search_units,
)
from edgescript.regex.engines import MAX_STACKED_BYTES
from edgescript.regex.linear import MAX_CRAWL_WORK

REFUSED = [
    ("a" * 4097, "pattern has 4097 bytes, the limit is 4096"),
    ("(" * 60 + "a" + ")" * 60, "groups are nested more than 50 deep"),
    ("(?:" * 1300, "groups are nested more than 50 deep"),
    ("()" * 101, "pattern has more than 100 groups"),
    ("a{1001}", "repeat count 1001 is over the limit of 1000"),
    ("a{1,99999999999999999999}", "repeat count 999999999 is over the limit of 1000"),
    ("(a{1000}){1000}", "nested repeats multiply to 1000000, the limit is 1000"),
    ("a{1000}" * 500, "pattern is too large to run it in linear time"),
    ("(a{1,30}){1,30}=b", "pattern is too large to run it in linear time"),
    ("a{3,1}", "repeat counts 3 and 1 are out of order"),
    ("*a", "'*' at position 1 has nothing to repeat"),
    ("a**", "the repeat before position 4 has nothing to repeat"),
    ("a{1000}{1000}", "the repeat before position 14 has nothing to repeat"),
    ("(?:+)", "'+' at position 4 has nothing to repeat"),
    ("{2}", "'{' at position 1 has nothing to repeat"),
    ("(a", "missing ')' for the '(' at position 1"),
    ("a)", "unmatched ')' at position 2"),
    ("[a", "missing ']' for the '[' at position 1"),
    ("[]", "missing ']' for the '[' at position 1"),
    ("[z-a]", "range in the class at position 1 is out of order"),
    (r"[a-\d]", "range in the class at position 1 ends in a set"),
    ("[[:alfa:]]", "unknown POSIX class '[:alfa:]'"),
    ("[[.a.]]", "collating elements such as '[.a.]' are not supported"),
    ("a\\", "pattern ends with a backslash"),
    ("[\\", "pattern ends with a backslash"),
    (r"\y", "unknown escape '\\y' at position 1"),
    (r"\x{100}", "'\\x{' at position 1 is no byte"),
    (r"\x{+1}", "'\\x{' at position 1 is no byte"),
    (r"\400", "back references are not supported: no linear-time engine can run them"),
    (r"(a)\1", "back references are not supported: no linear-time engine can run them"),
    (r"(?<n>a)\k<n>", "back references are not supported: no linear-time engine can run them"),
    ("(?<n>a)(?<n>b)", "two groups are named 'n'"),
    ("(?<1>a)", "group at position 1 has no proper name"),
    ("(?R)", "recursion is not supported"),
    ("(?1)(a)", "subroutine calls are not supported"),
    ("(?(1)a|b)", "conditional groups are not supported"),
    ("(?y)", "group at position 1 begins with an unknown '(?y'"),
    ("(?", "group at position 1 begins with an unknown '(?'"),
    ("(?#", "missing ')' after '(?#'"),
    ("(*UTF8)a", "verbs such as '(*UTF8)' are not supported"),
    (r"\pL", "'\\p' is not supported: patterns see bytes"),
    ("(?<=a+)b", "look-behind needs a fixed width"),
    (r"(?=.*a)(?=.*b)", "look-around cannot be run in linear time in this pattern"),
    ("(?>a|ab)+c", "atomic groups cannot be run in linear time in this pattern"),
    (r"a*b\B|$", r"'$' beside '\B', or beside ends of lines, cannot be run in linear time in this pattern"),
    (
        r"(?m)[a-z]+=$\Z",
        r"'$' beside '\B', or beside ends of lines, cannot be run in linear time in this pattern",
    ),
    ("中", "pattern has a character that is no byte"),
]


@pytest.mark.parametrize(("pattern", "reason"), REFUSED)
def test_refusals_say_why(pattern, reason):
    with pytest.raises(RegexError) as caught:
        compile_pattern(pattern)
    assert caught.value.reason == reason


HOSTILE = {
    "deep groups": "(" * 50 + "a" + ")" * 50,
    "deep stars": "(?:" * 50 + "a" + ")*" * 50,
    "a long word": "a" * 4096,
    "a long word, any case": "(?i)" + "a" * 4000,
    "many words": "|".join(f"ab{number}" for number in range(700)),
    "many empty arms": "a|" * 2000,
    "many optional": "a?" * 1000 + "a" * 1000,
    "many stars": "a*" * 2000,
    "many any": ".*" * 2000,
    "many ends": "$" * 4000,
    "many places": r"\b" * 2000,
    "many look-arounds": "(?=a)" * 800,
    "nested look-arounds": "(?=(?=(?=(?=(?=a{60})))))" * 100,
    "many newlines": r"\R" * 2000,
    "many classes": "".join(f"[{chr(97 + number % 26)}-z]" for number in range(800)),
    "large classes": r"[^\x00]{999}" * 300,
    "counted in counted": "((a{10}){10}){10}",
    "states that double": "(a|b)*a(a|b){200}",
    "open classes": "[" * 4000,
    "open braces": "a{" * 2000,
    "quotes": r"\Q" + "(" * 4000,
    "comments": "(?x)" + "#\n" * 2000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_patterns_take_bounded_time(name):
    # Measured: 60 ms at most to compile, 0.1 s for the search; the bound leaves room for a loaded machine.
    begin = time.perf_counter()
    try:
        pattern = compile_pattern(HOSTILE[name])
    except RegexError:
        pass
    else:
        pattern.search("ab" * 8192)
        pattern.search("a" * 16384)
        pattern.test("ab" * 8192 + "\n")
    assert time.perf_counter() - begin < 2


@pytest.mark.parametrize("option", ["u", "d", "a", "U", "J", "q", "is?"])
def test_unknown_options_are_refused(option):
    with pytest.raises(RegexError, match="unknown regex option"):
        compile_pattern("a", option)


def test_options_that_speak_of_speed_are_accepted():
    assert compile_pattern("A", "ijo").test("a")


def test_the_cache_keeps_answers_and_refusals():
    assert cached("ab+c") is cached("ab+c")
    assert cached("ab+c") is not cached("ab+c", "i")
    for _ in range(2):
        with pytest.raises(RegexError, match="nothing to repeat"):
            cached("*")


def test_the_cache_is_bounded_in_entries_and_bytes():
    for number in range(regex_package.CACHED_PATTERNS + 10):
        cached(f"^{number}$")
    kept = regex_package._answer.cache_info().currsize
    with pytest.raises(RegexError, match="the limit is 4096"):
        cached("x" * 100_000)
    assert regex_package._answer.cache_info().currsize == kept == regex_package.CACHED_PATTERNS


def test_a_start_position_past_the_end_finds_nothing():
    assert compile_pattern("").search("ab", 2).span(0) == (2, 2)
    assert compile_pattern("").search("ab", 3) is None
    assert compile_pattern("^b").search("ab", 1) is None
    assert compile_pattern(r"\bb").search("ab", 1) is None
    assert compile_pattern("b+$").search("ab", 1).span(0) == (1, 2)


@pytest.mark.parametrize(
    ("pattern", "engine"), [("^(ab)*$", "re"), ("^(?:a|bc?)+$", "re"), ("^(?:ab)*?c", "re")]
)
def test_long_subjects_of_stacking_repeats_give_the_same_answers(pattern, engine):
    compiled = compile_pattern(pattern)
    assert compiled.engine == engine
    for size in (MAX_STACKED_BYTES, MAX_STACKED_BYTES + 2):
        subject = "ab" * (size // 2) + "c"
        for text in (subject, subject[:-1], subject + "!", subject[:-1] + "\n"):
            expected = re.search(pattern, text)
            found = compiled.search(text)
            assert bool(compiled.test(text)) is (expected is not None)
            assert (found and found.span(0)) == (expected and expected.span())
            assert (compiled.captures(text) is None) is (expected is None)
            assert compiled.sub("x", text, 1 << 20) == re.sub(pattern, "x", text)


CRAWLING = "a(.{60})(.{60})c"
"""Ever new sets of open ways on RE2, of 122 states."""


def test_large_patterns_take_shorter_subjects():
    compiled = compile_pattern(CRAWLING)
    most = compiled._crawled_bytes
    assert most == MAX_CRAWL_WORK // 122
    assert compiled.test("b" * most) is False
    for work in (compiled.test, compiled.search, compiled.captures):
        with pytest.raises(RegexLimitError) as caught:
            work("b" * (most + 1))
        assert caught.value.limit == "regex_bytes"


def test_word_lists_are_large_and_take_any_subject():
    compiled = compile_pattern("|".join(f"word{number}" for number in range(100)))
    assert compiled.engine == "re2"
    assert compiled.test("x" * (64 << 10)) is False


def test_groups_of_long_matches_are_paid_for_before_they_are_found():
    compiled, spent = compile_pattern("(.*?)" * 20 + "$"), []
    subject = "a" * (32 << 10)
    assert compiled.search("ab", 0, spent.append, covered=21).span(0) == (0, 2)
    assert spent == []
    assert compiled.search(subject, 0, spent.append).end == len(subject)
    groups, search = spent
    assert search <= most_search_units(compiled, len(subject))
    # Some 100 instructions at 6 ns for each byte.
    assert groups <= most_group_units(compiled, len(subject))
    assert groups * 50e-9 == pytest.approx(len(subject) * compiled.instructions * 6e-9, rel=0.1)
    with pytest.raises(TimeoutError):
        compiled.search(subject, 0, _no_more)


def _no_more(_units):
    raise TimeoutError


@pytest.mark.parametrize("subject", ["a\xe9\nb\xff\n", "\n\n", "ab\n", "\xff\n"])
def test_places_in_texts_that_end_in_a_newline_are_places_of_bytes(subject):
    compiled = compile_pattern(r"([^\n])+?$|\n|(x+x+)+y")
    assert compiled.engine == "re2"
    expected = [found.span() for found in re.finditer(r"([^\n])+?$|\n|(x+x+)+y", subject)]
    spans, begin = [], 0
    while (match := compiled.search(subject, begin)) is not None:
        spans.append(match.span(0))
        begin = match.end
    assert spans == expected
