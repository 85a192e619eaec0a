"""Reasons: the English sentence of each, and the code of what a node says."""

import pytest

from runtime.console.model.reasons import Reason, reason_of, sentence

SHARES = {"now": 0.1234, "was": 0.0, "margin": 0.01}
SENTENCES = [
    ([Reason("by-hand")], "by hand"),
    ([Reason("exceptions", SHARES)], "script errors: 12.3 % against 0 % before, more than 1 % above"),
    (
        [Reason("fuel", {"now": 1234.5, "was": 800.2, "margin": 0.5}), Reason("rollback")],
        "fuel: 1234 a run against 800 before, more than 50 % above; rollback",
    ),
    (
        [Reason("ahead", {"generation": 7})],
        "has generation 7, which this store does not know: follows from the next change on",
    ),
]


@pytest.mark.parametrize(("reasons", "expected"), SENTENCES)
def test_a_sentence(reasons, expected):
    assert sentence(reasons) == expected


SAID = [
    ("older: manifest: generation 5, not above 7", Reason("older")),
    ("damaged: blob 0123: not the bytes it is named by", Reason("damaged")),
    ("too-large: manifest of 9 bytes, more than 8", Reason("too-large")),
    ("generation 12: domain shop: no such setting", Reason("not-served", {"generation": "12"})),
    ("'a.example' is a host of site blog already", Reason("host-taken", {"host": "a.example"})),
    ("another site of the node has this name", Reason("name-taken")),
    ("origin: want a URL", None),
    ("olderly", None),
    ("", None),
]


@pytest.mark.parametrize(("said", "expected"), SAID)
def test_the_code_of_what_a_node_says(said, expected):
    assert reason_of(said) == expected
