"""The nearest name: offered when it is near, and only then."""

import pytest

import stdlib
from edgescript.diagnostics.spelling import FOREIGN_FUNCTIONS, FOREIGN_VARIABLES, nearest

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
        ("set_cookie", "add_rsp_cookie"),
        ("set_header", "add_rsp_header"),
        ("startsWith", "match_re"),
        ("md5_hex", "md5"),
        ("foobar", ""),
        ("fetch", ""),
        ("xy", ""),
        ("send_email", ""),
        ("a" * 10_000, ""),
    ],
)
def test_nearest_builtin(word, name):
    assert nearest(word, NAMES, FOREIGN_FUNCTIONS) == name


def test_foreign_names_are_of_builtins():
    assert set(FOREIGN_FUNCTIONS.values()) <= set(NAMES)
    assert not FOREIGN_FUNCTIONS.keys() & set(NAMES)
    registry = stdlib.registry()
    assert all(registry.variable(name) for name in FOREIGN_VARIABLES.values())
    assert not any(registry.variable(name) for name in FOREIGN_VARIABLES)


def test_the_word_itself_is_no_suggestion():
    assert nearest("host", ("host",)) == ""


def test_the_nearer_of_two_wins():
    assert nearest("greter", ("greeting", "greeter", "great")) == "greeter"


def test_many_candidates_are_bounded():
    assert nearest("abcdef", ("abcdeg" if index == 5000 else "zzz" for index in range(10_000))) == ""
