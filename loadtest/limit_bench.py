"""
What a limit costs a request: in one process, in the shared file alone, and with another process at the same time.

    .venv/bin/python -m loadtest.limit_bench [FOLDER]

FOLDER, /dev/shm unless named, is where the shared file is made; it is removed afterwards. A number is microseconds a call,
the least of several rounds. `same key` is the worst a second process can do: both want one lock all the time.
"""

import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Final

from runtime.limits.local import LocalLimits, SiteLimits
from runtime.limits.shares import Shares
from runtime.state.limits.shared import SharedLimits, layout

KEYS: Final = [f"192.0.{high}.{low}" for high in range(40) for low in range(250)]
ONE_KEY: Final = ["everybody"] * len(KEYS)
ROUNDS: Final = 9
T0: Final = 1_700_000_000.0
SHAPE: Final = layout(200_000)


def least_us(call: Callable[[str], object], keys: list[str]) -> float:
    """Microseconds a call, the loop around it taken off."""
    return max(0.0, _least(call, keys) - _least(lambda _: None, keys)) * 1e6


def _least(call: Callable[[str], object], keys: list[str]) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        started = time.perf_counter()
        for key in keys:
            call(key)
        best = min(best, time.perf_counter() - started)
    return best / len(keys)


def rows(limits: SiteLimits, keys: list[str]) -> Iterator[tuple[str, float]]:
    limiter, connections = limits

    def in_and_out(key: str) -> None:
        place = connections.acquire(key, 60_000)
        if place is not None:
            place.release()

    yield "limit_req, admitted", least_us(lambda key: limiter.admit(key, 1e6, 10, T0), keys)
    yield "limit_req, refused", least_us(lambda key: limiter.admit(key, 1e-3, 0, T0), keys)
    yield "limit_req sliding", least_us(lambda key: limiter.admit_in_window(key, 1 << 30, 60.0, T0), keys)
    yield "limit_conn, in and out", least_us(in_and_out, keys)


def _other(path: str, keys: list[str], ready: Event, done: Event) -> None:
    limiter, connections = SharedLimits(Path(path), SHAPE).site()
    ready.set()
    while not done.is_set():
        for key in keys[:1000]:
            limiter.admit(key, 1e6, 10, T0)
            place = connections.acquire(key, 60_000)
            if place is not None:
                place.release()


@contextmanager
def another_process(path: Path, keys: list[str]) -> Iterator[None]:
    """One that asks all the time."""
    context = multiprocessing.get_context("spawn")
    ready, done = context.Event(), context.Event()
    process = context.Process(target=_other, args=(str(path), keys, ready, done))
    process.start()
    try:
        if not ready.wait(30):
            raise TimeoutError("the other process did not start")
        yield
    finally:
        done.set()
        process.join(30)


def show(title: str, figures: Iterator[tuple[str, float]]) -> None:
    print(title)
    for name, us in figures:
        print(f"  {name:<24}{us:6.2f}")


def new_keys_us(limits: SiteLimits, count: int = 20_000) -> float:
    started = time.perf_counter()
    for number in range(count):
        limits.limiter.admit(f"new {number}", 1.0, 0, T0)
    return (time.perf_counter() - started) / count * 1e6


def main() -> None:
    folder = sys.argv[1] if len(sys.argv) > 1 else "/dev/shm"
    local = LocalLimits().site()
    show("in one process", rows(local, KEYS))
    print(f"  {'a new key':<24}{new_keys_us(local):6.2f}")
    shares = Shares(len(KEYS), 1.0, 1, time.monotonic)
    print(f"  {'a share, admitted':<24}{least_us(lambda key: shares.wait('', key, 1e6, 10, T0), KEYS):6.2f}")
    with tempfile.TemporaryDirectory(dir=folder) as place:
        path = Path(place) / "limits"
        shared = SharedLimits(path, SHAPE)
        show("shared, alone", rows(shared.site(), KEYS))
        print(f"  {'a new key':<24}{new_keys_us(shared.site()):6.2f}")
        with another_process(path, KEYS):
            show("shared, another process with the same 10,000 keys", rows(shared.site(), KEYS))
        with another_process(path, ONE_KEY):
            show("shared, another process with the same key", rows(shared.site(), ONE_KEY))
        print(f"decided without the lock: {shared.counts().contended}")
        shared.close()


if __name__ == "__main__":
    main()
