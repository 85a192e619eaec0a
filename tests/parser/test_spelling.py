"""The nearest name: offered when it is near, and only then."""

import pytest

import stdlib
from edgescript.spelling import nearest

NAMES = tuple(stdlib.registry().functions)


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("lenght", "len"),
        ("length", "len"),
        ("conact", "concat"),
        ("Say", "say"),
        ("macth_re", "match_re"),
        ("add_rsp_haeder", "add_rsp_header"),
        ("add_resp_header", "add_rsp_header"),
        ("md5sum", "md5"),
        ("strlen", "len"),
        ("sprintf", "format"),
        ("replace", "gsub_re"),
        ("foobar", ""),
        ("fetch", ""),
        ("xy", ""),
        ("send_email", ""),
        ("a" * 10_000, ""),
    ],
)
def test_nearest_builtin(word, name):
    assert nearest(word, NAMES) == name


def test_the_word_itself_is_no_suggestion():
    assert nearest("host", ("host",)) == ""


def test_the_nearer_of_two_wins():
    assert nearest("greter", ("greeting", "greeter", "great")) == "greeter"


def test_many_candidates_are_bounded():
    assert nearest("abcdef", ("abcdeg" if index == 5000 else "zzz" for index in range(10_000))) == ""
