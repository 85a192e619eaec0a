"""A console over a store of its own, with a clock that stands until it is moved."""

import pytest

from tests.console.service.world import World


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    yield made
    made.close()
