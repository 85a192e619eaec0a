"""The demo's programs: one that ends is begun again, one that does not stay is told."""

import pytest

from runtime.demo.processes import MAX_RESTARTS, WITHIN_S, NotReadyError, Processes
from tests.support.waiting import wait_until

TIMEOUT_S = 30


class Demo:
    """Processes in a folder, with a clock in the test's hand."""

    def __init__(self, folder):
        self.now = 0.0
        self.processes = Processes(folder, lambda: self.now)

    def told(self):
        """The sentences about what has ended, once something has."""
        return wait_until(self.processes.begin_again, TIMEOUT_S)


@pytest.fixture
def demo(tmp_path):
    made = Demo(tmp_path)
    with made.processes:
        yield made


def test_what_runs_is_left_alone(demo):
    demo.processes.begin(
        "node", "serve", "--listen", "127.0.0.1:0", "--origin", "http://127.0.0.1:1", "--admin", ""
    )
    assert demo.processes.begin_again() == []


def test_what_ends_is_begun_again_and_told(demo):
    demo.processes.begin("node", "explain", "no-such-code")
    assert demo.told() == ["the node ended with status 1, and was started again"]


def test_what_does_not_stay_ends_it_with_what_it_said_last(demo):
    demo.processes.begin("node", "explain", "no-such-code")
    for _ in range(MAX_RESTARTS):
        demo.told()
        demo.now += 1
    with pytest.raises(NotReadyError, match=r"the node ended with status 1 again and again: .*no-such-code"):
        demo.told()


def test_what_ends_now_and_then_is_begun_again_each_time(demo):
    demo.processes.begin("node", "explain", "no-such-code")
    for _ in range(MAX_RESTARTS + 2):
        demo.told()
        demo.now += WITHIN_S


def test_what_ends_before_it_answers_is_told(demo):
    demo.processes.begin("console", "explain", "no-such-code")
    with pytest.raises(NotReadyError, match=r"the console ended with status 1: .*no-such-code"):
        demo.processes.wait("console", 1, "/readyz")
