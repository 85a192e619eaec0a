"""Every target on its committed inputs and on changes of them: bounded, and the same on every machine."""

import itertools
import time

import pytest

from tests.fuzz import catalogue
from tests.fuzz.mutate import mutations

CHANGES = 60
"""For each target; `make fuzz` is where thousands are tried."""
SLOWEST_S = 5


@pytest.mark.parametrize("name", catalogue.names())
def test_no_input_breaks_a_promise(name):
    target = catalogue.load(name)
    for data in (b"", *target.seeds, *itertools.islice(mutations(target.seeds, seed=1), CHANGES)):
        begin = time.perf_counter()
        try:
            target.run(data)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
            pytest.fail(f"{name} on {data!r}: {type(error).__name__}: {error}")
        assert time.perf_counter() - begin < SLOWEST_S, data


def test_every_target_has_somewhere_to_begin_and_says_what_it_holds():
    for name in catalogue.names():
        target = catalogue.load(name)
        assert target.seeds, name
        assert target.run.__module__.endswith(name)
        assert (catalogue.HERE / "targets" / f"{name}.py").read_text().startswith('"""')


def test_changes_are_the_same_for_the_same_seed():
    first, second = (list(itertools.islice(mutations([b"if a {\n}\n"], seed=3), 50)) for _ in range(2))
    assert first == second
    assert len(set(first)) > 40
