"""What a search is charged for a block of 64 bytes, by how the engine has to search; and that it holds for any subject."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgescript.regex import RegexError, compile_pattern, most_search_units
from edgescript.regex.pace import MAX_WEIGHT
from tests.regex.patterns import patterns, subjects

# Pattern, engine, and the units for 64 bytes beyond the one that builtins declare: from ... to.
WEIGHTS = [
    # tied to the start of the text, or looking for a byte: `re` hardly works
    (r"^/api/", "re", 0, 0),
    (r"^/live/[a-z]+/$", "re", 0, 6),
    (r"\.ts$", "re", 0, 0),
    (r"\.m3u8$", "re", 0, 0),
    ("#", "re", 0, 0),
    (r"^https?://", "re", 0, 2),
    (r"a.*b", "re2", 2, 2),
    (r"[0-9]+\.ts", "re2", 2, 2),
    (r"(?i)(?:google|bing)bot.*spider", "re2", 2, 2),
    # a set stands first, so each byte is looked up
    ("[0-9]", "re", 4, 12),
    (r"[?&]t=", "re", 4, 24),
    ("bot|spider|crawl", "re", 8, 24),
    # the end of a repeat may be tried at every byte
    ("^[0-9]+$", "re", 6, 20),
    # an attempt at every byte
    (r"(?<=/)x", "re", 8, 24),
    ("(?!abc)x", "re", 8, 30),
    ("(?i)bot|spider|crawl", "re", 24, 64),
    ("(?i)bot|spider|crawl|slurp|curl|wget|python", "re", 40, 100),
    ("(?=[a-c]{30}#)a", "re", 30, 90),
    ("a?a?a?x", "re", 30, 90),
    (r"^\d{1,3}(,?\d{3})*(\.\d+)?$", "re", 50, 160),
    # RE2 makes a state for every byte of a text that it has not met
    ("a.{12}c", "re2", 200, 500),
    ("a.{30}c", "re2", 300, 700),
    ("a(.{60})(.{60})c", "re2", 700, MAX_WEIGHT),
]


@pytest.mark.parametrize(("pattern", "engine", "least", "most"), WEIGHTS)
def test_the_weight_of_a_pattern(pattern, engine, least, most):
    compiled = compile_pattern(pattern)
    assert compiled.engine == engine
    assert least <= compiled.pace.weight <= most


# Pattern, subject, and how many bytes of it are charged for.
READ = [
    ("(?i)bot|spider|crawl", "x" * 640, 640),
    ("(?i)bot|spider|crawl", "x" * 320 + "bot" + "x" * 320, 323),
    ("(?i)bot|spider|crawl", "Spider" + "x" * 640, 6),
    ("(?i)(?:bot|spider)[0-9]+$", "bot1" + "x" * 640, 644),
    ("^(?:(?:a|an|and) ){4}$", "an " * 320, 16),
    ("^(?:(?:a|an|and) )+$", "an " * 320, 960),
]


@pytest.mark.parametrize(("pattern", "subject", "size"), READ)
def test_what_is_surely_not_read_is_not_charged(pattern, subject, size):
    compiled, spent = compile_pattern(pattern), []
    assert compiled.engine == "re"
    compiled.matches(subject, spent.append, 0)
    assert sum(spent) == size * compiled.pace.weight >> 6


def test_what_a_call_covers_is_not_charged():
    compiled, spent = compile_pattern("(?i)bot|spider|crawl"), []
    free = compiled.free_size(6)
    for size in (0, 1, free, free + 1):
        assert compiled.matches("x" * size, spent.append, 6) is False
    assert spent == [compiled.pace.units(free + 1)]
    assert spent[0] > 6 >= compiled.pace.units(free)


@settings(max_examples=300, deadline=None)
@given(patterns, subjects, st.integers(1, 60), st.integers(0, 20), st.integers(0, 5))
def test_no_search_tells_of_more_than_the_most(pattern, piece, times, covered, start):
    subject = piece * times
    try:
        compiled = compile_pattern(pattern)
    except RegexError:
        return
    assert compiled.pace.weight <= MAX_WEIGHT
    tested, searched, replaced = [], [], []
    assert compiled.matches(subject, tested.append, covered) == bool(compiled.test(subject))
    compiled.search(subject, start, searched.append, covered)
    compiled.spend_on_all(subject, replaced.append, covered)
    most = most_search_units(compiled, len(subject))
    assert max(sum(tested), sum(searched), sum(replaced)) <= most <= most_search_units(None, len(subject))
    free = compiled.free_size(covered)
    if free is None or len(subject) <= free:
        assert not tested
