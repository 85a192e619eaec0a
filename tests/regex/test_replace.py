"""Replacing every match, as ngx.re.gsub does."""

import pytest

from edgescript.regex import RegexError, RegexLimitError, Template, compile_pattern
from edgescript.regex.engines import MAX_OVERRUN_WORK


@pytest.mark.parametrize(
    ("subject", "pattern", "template", "expected"),
    [
        ("a-b", "([a-z])", "<$1>", "<a>-<b>"),
        ("a-b", "([a-z])", "<${1}1>", "<a1>-<b1>"),
        ("a-b", "([a-z])", "$0$0", "aa-bb"),
        ("a.b.c", r"\.", "", "abc"),
        ("5", "[0-9]", "$$$0", "$5"),
        ("5", "[0-9]", "US$$", "US$"),
        ("ab", "(a)|(b)", "[$1|$2]", "[a|][|b]"),
        ("ab", "a", "$7", "b"),
        ("ab", "a", "$12", "b"),
        (r"a\b", "b", r"\1\g<0>\n", r"a\\1\g<0>\n"),
        # After an empty match the search goes on one byte further, and an empty match may follow another match.
        ("abc", "", "-", "-a-b-c-"),
        ("abxd", "x*", "-", "-a-b--d-"),
        ("a", "|a", "X", "XaX"),
        ("a\n", "$", "X", "aX\nX"),
        ("baaac", "a+?", "x", "bxxxc"),
        ("aaa", "^a", "x", "xaa"),
        ("xxab", "x*y|b", "-", "xxa-"),
        ("1\xe92", r"\d", "\xff", "\xff\xe9\xff"),
        ("", "a", "b", ""),
    ],
)
def test_every_match_is_replaced(subject, pattern, template, expected):
    assert compile_pattern(pattern).sub(template, subject, 100) == expected
    assert compile_pattern(pattern).sub(Template(template), subject, 100) == expected


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("$", "ends with '$'"),
        ("a$$$", "ends with '$'"),
        ("$a", "wants a group number"),
        ("$ 1", "wants a group number"),
        ("${}", "wants a group number"),
        ("${a}", "wants a group number"),
        ("${1", "missing '}'"),
        ("${1a}", "missing '}'"),
    ],
)
def test_bad_replacements_are_refused(template, reason):
    with pytest.raises(RegexError, match=r".*") as caught:
        Template(template)
    assert reason in caught.value.reason


@pytest.mark.parametrize("pattern", ["a", "a*", "(a+?)+?"])
def test_a_result_may_have_the_limit_and_not_a_byte_more(pattern):
    compiled = compile_pattern(pattern)
    whole = compiled.sub("bcd", "aaaa", 1000)
    assert compiled.sub("bcd", "aaaa", len(whole)) == whole
    with pytest.raises(RegexLimitError) as caught:
        compiled.sub("bcd", "aaaa", len(whole) - 1)
    assert caught.value.limit == "value_bytes"


def test_a_replacement_of_many_references_is_not_built_before_it_is_refused():
    with pytest.raises(RegexLimitError):
        compile_pattern("(.*)").sub("$1" * 100_000, "x" * 60_000, 1 << 20)


def test_an_unreplaced_rest_counts():
    with pytest.raises(RegexLimitError):
        compile_pattern("a").sub("", "a" + "b" * 100, 99)


@pytest.mark.parametrize("pattern", ["a(.*b)?", "(?:a|b+c)(?:.*=.*=)?"])
def test_searches_that_overrun_are_bounded(pattern):
    assert compile_pattern(pattern).sub("x", "a" * 1000, 1 << 20) == "x" * 1000
    size = int((2 * MAX_OVERRUN_WORK) ** 0.5) + 1000
    with pytest.raises(RegexLimitError) as caught:
        compile_pattern(pattern).sub("x", "a" * size, 1 << 20)
    assert caught.value.limit == "regex_work"
