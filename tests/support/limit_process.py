"""
A process that asks limits what it is told to, line by line: what a worker of a node is to a limiter.

    python -m tests.support.limit_process PATH    a `SharedLimits` on PATH

Each line is a JSON list, the name of one of `COMMANDS` and its arguments; each is answered with one line. `Asker` is the
other end. `most_in_any_window` judges moments of admission, wherever they come from.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import ExitStack, contextmanager
from pathlib import Path

from runtime.state.limits.shared import SharedLimits, layout

ROOT = Path(__file__).resolve().parents[2]
SHAPE = layout(max_keys=1000, max_connection_keys=64, rows=16)


def most_in_any_window(moments: Iterable[float], window_s: float) -> int:
    """The largest number of `moments` that any half-open stretch of `window_s` holds."""
    moments = sorted(moments)
    first, most = 0, 0
    for last, moment in enumerate(moments):
        while moments[first] <= moment - window_s:
            first += 1
        most = max(most, last - first + 1)
    return most


def now_s() -> float:
    """Unix time, the same in all processes."""
    return time.time_ns() / 1e9


class Asker:
    """The parent's end of one process. `ask` waits for the answer, `start` and `answer` are its halves."""

    def __init__(self, path: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.limit_process", str(path)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.answer() == "ready"

    def start(self, *command):
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()

    def answer(self):
        line = self.process.stdout.readline()
        assert line, "the process ended"
        return json.loads(line)

    def ask(self, *command):
        self.start(*command)
        return self.answer()

    def kill(self):
        """SIGKILL, and wait until it is gone."""
        self.process.kill()
        self.process.wait(10)

    def close(self):
        self.process.kill()
        self.process.wait(10)
        self.process.stdin.close()
        self.process.stdout.close()


@contextmanager
def askers(path: Path, count: int):
    """`count` processes on one file."""
    with ExitStack() as stack:
        started = []
        for _ in range(count):
            started.append(Asker(path))
            stack.callback(started[-1].close)
        yield started


class _Answers:
    def __init__(self, limits: SharedLimits) -> None:
        self.limits = limits
        self.limiter, self.connections = limits.site("site")
        self.places = {}

    def wait(self, key, rate, burst, now):
        return self.limiter.wait(key, rate, burst, now)

    def admit_in_window(self, key, most, window_s, now):
        return self.limiter.admit_in_window(key, most, window_s, now)

    def hammer(self, key, rate, burst, seconds):
        """Ask as fast as can be; the moments of what was admitted."""
        admitted, end = [], now_s() + seconds
        while (now := now_s()) < end:
            if self.limiter.admit(key, rate, burst, now):
                admitted.append(now)
        return admitted

    def hammer_window(self, key, most, window_s, seconds):
        admitted, end = [], now_s() + seconds
        while (now := now_s()) < end:
            if self.limiter.admit_in_window(key, most, window_s, now):
                admitted.append(now)
        return admitted

    def spend(self, key, rate, burst, times, now):
        """How many of `times` requests at one moment are admitted."""
        return sum(self.limiter.admit(key, rate, burst, now) for _ in range(times))

    def acquire(self, key, most):
        place = self.connections.acquire(key, most)
        if place is None:
            return None
        self.places[len(self.places)] = place
        return len(self.places) - 1

    def release(self, number):
        self.places[number].release()

    def in_progress(self):
        return self.limits.in_progress()

    def sweep(self):
        return self.limits.sweep()


def _serve(path: Path) -> None:
    answers = _Answers(SharedLimits(path, SHAPE))
    sys.stdout.write('"ready"\n')
    sys.stdout.flush()
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        sys.stdout.write(json.dumps(getattr(answers, name)(*arguments)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
