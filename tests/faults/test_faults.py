"""Each trouble of `python -m loadtest.faults`, briefly, done to a node of two workers."""

import pytest

from loadtest.fault_scene import SHORT
from loadtest.faults import TROUBLES, row_of


@pytest.mark.parametrize("name", TROUBLES)
def test_what_must_hold_does(name):
    row = row_of(name, SHORT, workers=2)
    if row.skipped:
        pytest.skip(row.skipped)
    assert row.broken == ()
    assert row.scene.requests > 0
