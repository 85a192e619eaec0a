"""The table in README.md: its patterns and verdicts are today's, and what is accepted is linear."""

import pytest

from tests.regex.evidence import MARK, README, Row, measure, shown, verdict
from tests.regex.redos import ATTACKS

FEWEST = 60


def written():
    """Attack, pattern and verdict of each row."""
    lines = README.read_text().partition(MARK)[2].splitlines()
    split = [
        [cell.strip() for cell in line.replace(r"\|", "\0").split("|")[1:4]]
        for line in lines
        if line.startswith("|")
    ]
    return [[cell.replace("\0", r"\|") for cell in cells] for cells in split[2:]]


def test_the_table_has_every_attack_with_todays_verdict():
    assert written() == [[cell.strip() for cell in shown(Row(attack, verdict(attack)))] for attack in ATTACKS]


def test_enough_attacks_are_known():
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS) >= FEWEST


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_is_refused_or_takes_linear_time(attack):
    # A neighbour on the machine may slow one measurement, not three.
    rows = (measure(attack, rounds=rounds) for rounds in (1, 3, 5))
    assert any(row.verdict.startswith("refused") or row.is_linear for row in rows)


def test_most_attacks_are_accepted():
    assert sum(not verdict(attack).startswith("refused") for attack in ATTACKS) > len(ATTACKS) * 0.8
