"""edgescript/SPEC.md: every open point has one row, and every row a test that is there."""

from collections import Counter

import pytest

from tests.architecture.imports import ROOT

SPEC = ROOT / "edgescript" / "SPEC.md"
POINTS = [f"U-{number}" for number in range(1, 44)]


def rows():
    """(point, decision, why, test) of every table."""
    lines = SPEC.read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line.startswith("|")]
    return [row for row in cells if row[0] != "point" and not row[0].startswith("---")]


def references():
    """(path, words) of every test a row names; without words the file is enough."""
    named = [reference.partition(": ") for row in rows() for reference in row[3].split("; ") if reference]
    return sorted({(path_of(name), words) for name, _, words in named})


def path_of(name):
    if name.startswith("edges/"):
        return f"tests/stdlib/{name}.txt"
    return name if "/" in name else f"tests/language/{name}.md"


def test_every_open_point_has_one_row():
    assert all(len(row) == 4 for row in rows())
    assert Counter(row[0] for row in rows() if row[0]) == Counter(POINTS)


def test_only_what_is_not_built_has_no_test():
    assert all(row[3] or row[1].startswith("not built yet") for row in rows())


@pytest.mark.parametrize(("path", "words"), references())
def test_the_named_test_is_there(path, words):
    assert words in (ROOT / path).read_text(encoding="utf-8")
