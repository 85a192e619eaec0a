"""Hosts and paths: fast look-ups answer as the plainest reading of the patterns does."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.scripts.hosts import HostTable, is_host_pattern
from runtime.scripts.paths import PathTable, is_path_pattern

LABELS = st.sampled_from(["a", "b", "www", "x-1"])
NAMES = st.lists(LABELS, min_size=1, max_size=4).map(".".join)
HOST_PATTERNS = st.one_of(NAMES, NAMES.map("*.{}".format), st.just("*"))


def host_by_the_book(entries, host):
    """The most specific pattern: the name itself, else the longest wildcard, else `*`."""
    best, value = -1, None
    for pattern, each in entries:
        if pattern == host:
            rank = 1000
        elif pattern == "*":
            rank = 0
        elif pattern.startswith("*.") and host.endswith(pattern[1:]) and host != pattern[1:]:
            rank = len(pattern)
        else:
            continue
        if rank > best:
            best, value = rank, each
    return value


@given(st.lists(HOST_PATTERNS, unique=True, max_size=6), st.one_of(NAMES, st.just(""), st.just("[::1]")))
def test_the_most_specific_pattern_has_a_host(patterns, host):
    entries = [(pattern, f"site {number}") for number, pattern in enumerate(patterns)]
    assert HostTable(entries).find(host) == host_by_the_book(entries, host)


@pytest.mark.parametrize(
    ("patterns", "host", "found"),
    [
        (["www.example.com", "*.example.com"], "www.example.com", 0),
        (["*.example.com"], "example.com", None),
        (["*.example.com"], "a.b.example.com", 0),
        (["*.com", "*.example.com"], "a.example.com", 1),
        (["*.example.com"], "aexample.com", None),
        (["WWW.Example.com"], "www.example.com", 0),
        (["[::1]"], "[::1]", 0),
        (["*"], "anything", 0),
        (["*.example.com"], ".example.com", None),
        (["*.example.com"], "", None),
    ],
)
def test_hosts(patterns, host, found):
    assert HostTable([(pattern, index) for index, pattern in enumerate(patterns)]).find(host) == found


@pytest.mark.parametrize(
    "text", ["", "a b", "*a", "a.*", "*.*", "**", "a..b", ".a", "a.", "é", "a:80", "a\n", "x" * 254]
)
def test_hosts_that_are_none(text):
    assert not is_host_pattern(text)


def test_a_host_of_many_labels_is_looked_up_in_no_time():
    table = HostTable([("*.example.com", 1)])
    started = time.process_time()
    for _ in range(100):
        assert table.find("a." * 126 + "b") is None
    assert time.process_time() - started < 0.5


PIECES = st.lists(st.sampled_from(["/", "a", "b", ".js", "*", "."]), max_size=6).map("".join)
PATTERNS = PIECES.map(lambda text: text if text.startswith("*") else "/" + text.lstrip("/")).filter(
    is_path_pattern
)
PATHS = st.lists(st.sampled_from(["/", "a", "b", ".js", "."]), max_size=8).map(
    lambda parts: "/" + "".join(parts)
)


def matches(pattern, path):
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), path, re.DOTALL) is not None


@given(st.lists(PATTERNS, max_size=8), PATHS)
def test_every_pattern_that_matches_gives_its_bits(patterns, path):
    table = PathTable((pattern, 1 << index) for index, pattern in enumerate(patterns))
    assert table.find(path) == sum(
        1 << index for index, pattern in enumerate(patterns) if matches(pattern, path)
    )


@given(st.lists(PATTERNS, max_size=8), PATHS)
def test_a_constant_table_gives_every_path_the_same(patterns, path):
    table = PathTable((pattern, 1 << index) for index, pattern in enumerate(patterns))
    assert not table.is_constant or table.find(path) == table.find("")


@pytest.mark.parametrize(
    "text", ["", "a", "a*", "/a?b", "/a b", "/a#", "/é", "/a\n", "/" + "*" * 9, "/" + "a" * 1024]
)
def test_paths_that_are_none(text):
    assert not is_path_pattern(text)


def test_a_pattern_of_many_stars_on_a_long_path_takes_no_time():
    table = PathTable([("/*a*a*a*a*a*a*b", 1)])
    started = time.process_time()
    for _ in range(100):
        assert table.find("/" + "a" * 8000) == 0
    assert time.process_time() - started < 1.0
