"""
Microseconds that the store takes: memory, the shared tier on disk, purges, and the start with many objects.

    .venv/bin/python -m loadtest.store_bench [DIRECTORY]

The directory is for the tier (a temporary one, if not given) and says which disk is measured. A figure is the least of
several batches: what other work the machine had is left out, as far as it can be.
"""

import multiprocessing
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from runtime.cache.memory import MemoryStore
from runtime.cache.purge import Purge
from runtime.cache.store import StoredResponse
from runtime.cache.writing import Allowance, writer_for
from runtime.state.objects.tier import Objects
from runtime.state.objects.worker_store import OpenedStore, open_store

OBJECTS: Final = 100_000
BATCHES: Final = 20
NOW: Final = 1_000_000.0
DISK_BYTES: Final = 1 << 30
LONG: Final = 16 << 20


def response(size: int, tags: tuple[str, ...] = ()) -> StoredResponse:
    fields = (
        (b"Date", b"Thu, 01 Jan 1970 00:16:40 GMT"),
        (b"Content-Type", b"text/plain"),
        (b"Cache-Control", b"max-age=3600"),
        (b"ETag", b'"0123456789abcdef"'),
    )
    return StoredResponse(
        200, fields, b"x" * size, request_time=NOW, response_time=NOW, lifetime_s=3600.0, tags=tags
    )


def key(number: int) -> str:
    return f"http://www.example.com/images/{number:06d}.jpg"


def least(action: Callable[[int], object], count: int, batches: int = BATCHES) -> float:
    """Microseconds a call, of the fastest batch; the calls are numbered on."""
    best = float("inf")
    for first in range(0, batches * count, count):
        started = time.perf_counter()
        for number in range(first, first + count):
            action(number)
        best = min(best, time.perf_counter() - started)
    return best / count * 1e6


def tell(what: str, microseconds: float) -> None:
    print(f"{what:58} {microseconds:10.2f} us")


def opened_at(state: Path, memory_bytes: int = 1 << 30) -> OpenedStore:
    opened = open_store(
        memory_bytes, 16 << 20, state=state, disk_bytes=DISK_BYTES, max_disk_object_bytes=DISK_BYTES // 4
    )
    if opened.objects is None:
        raise SystemExit(opened.refusal)
    return opened


def the_objects(opened: OpenedStore) -> Objects:
    assert opened.objects is not None
    return opened.objects


def bench_memory(store: MemoryStore, name: str) -> None:
    """`get` and `put` of what memory has."""
    keys = [key(number) for number in range(2000)]
    stored = response(1024)
    for each in keys:
        store.put(each, stored)
    tell(f"{name}: get, hit", least(lambda number: store.get(keys[number % 2000], ()), 20_000))
    tell(f"{name}: the same without the call", least(lambda number: keys[number % 2000], 20_000))
    tell(f"{name}: get, nothing there", least(lambda _: store.get("http://nowhere/", ()), 5_000))
    tell(
        f"{name}: put, with the check for purges",
        least(lambda n: store.put(keys[n % 2000], stored, 0), 1_000),
    )


def bench_disk(state: Path) -> None:
    opened = opened_at(state, memory_bytes=1)  # memory keeps nothing
    objects = the_objects(opened)
    for size in (1024, 16 << 10, 64 << 10):
        stored = response(size)
        for number in range(500):
            opened.store.put(f"{key(number)}?{size}", stored)
        objects.flush()
        tell(
            f"disk: get of {size // 1024} KiB",
            least(lambda n, s=size: opened.store.get(f"{key(n % 500)}?{s}", ()), 500),
        )
    tell("disk: get, nothing there", least(lambda n: opened.store.get(key(n), ()), 500))
    writer = writer_for(LONG, 1, Allowance(0), opened.store.overflow)
    assert writer is not None
    piece = b"x" * 65536
    tell(
        "disk: one write of 64 KiB of a long body",
        least(lambda _: writer.write(piece), 8, LONG // len(piece) // 8),
    )
    body = writer.finish()
    assert body is not None
    opened.store.put("http://long/", StoredResponse(200, (), body, request_time=NOW, response_time=NOW))
    del body
    tell("disk: get of a long body, opened anew", least(lambda _: opened.store.get("http://long/", ()), 100))
    found = opened.store.get("http://long/", ())
    assert found is not None
    assert not isinstance(found.body, bytes)
    read = found.body.read
    tell("disk: first read of 256 KiB, checked", least(lambda n: read(n << 18, 1 << 18), 8, 8))
    tell("disk: another read of 256 KiB", least(lambda n: read((n & 63) << 18, 1 << 18), 64))
    opened.close()


def bench_start(state: Path) -> None:
    """Puts of many objects, the start with them, purges among them."""
    opened = opened_at(state)
    objects = the_objects(opened)
    started = time.perf_counter()
    for number in range(OBJECTS):
        opened.store.put(key(number), response(1024, (f"t{number % 1000}",)))
        if number % 2000 == 0:
            objects.flush(60)
    objects.flush(60)
    tell(
        "tiers: put of 1 KiB with a tag, until it is on disk", (time.perf_counter() - started) / OBJECTS * 1e6
    )
    tell(
        "tiers: put of 1 KiB, until the caller goes on",
        least(lambda n: opened.store.put(key(n), response(1024)), 50, 5),
    )
    objects.flush(60)
    print(
        f"{'':58} {len(objects):10d} objects, {objects.used_bytes >> 20} MiB counted, {taken(state) >> 20} MiB on disk"
    )
    opened.close()
    started = time.perf_counter()
    opened = opened_at(state)
    tell(f"start with {OBJECTS} objects, looked through first", (time.perf_counter() - started) * 1e6)
    store, objects = opened.store, the_objects(opened)
    other = multiprocessing.get_context("spawn").Process(target=start_beside, args=(state,))
    other.start()
    other.join(60)
    for number in range(OBJECTS):
        store.get(key(number), ())
    tell("purge of a URL", least(lambda n: store.purge(Purge("url", key(n)), NOW), 50))
    tell(
        "purge of a tag that 100 objects have",
        least(lambda n: store.purge(Purge("tag", f"t{n}"), NOW), 1, 20),
    )
    started = time.perf_counter()
    store.purge(Purge("prefix", "http://www.example.com/images/0"), NOW)
    tell("purge of a prefix that all have, until it is in force", (time.perf_counter() - started) * 1e6)
    gaps = []
    for number in range(5000):
        started = time.perf_counter()
        store.get(key(number), ())
        gaps.append((time.perf_counter() - started) * 1e6)
    tell("a get while that is carried out: median", statistics.median(gaps))
    tell("a get while that is carried out: longest of 5000", max(gaps))
    started = time.perf_counter()
    objects.flush(60)
    tell("until it is carried out on the disk", (time.perf_counter() - started) * 1e6)
    opened.close()


def start_beside(state: Path) -> None:
    started = time.perf_counter()
    opened = opened_at(state)
    tell("start of one more process", (time.perf_counter() - started) * 1e6)
    opened.close()


def bench_beside_the_writer(state: Path) -> None:
    """How long a loop that gets and reads from a pipe, as a worker does, is held up while the thread writes."""
    opened = opened_at(state)
    hot = key(0)
    opened.store.put(hot, response(1024))
    gaps = []
    into, out = os.pipe()
    for number in range(20_000):
        if number % 5 == 0:
            opened.store.put(key(number + 1), response(4096))
        started = time.perf_counter()
        opened.store.get(hot, ())
        os.write(out, b"x")
        os.read(into, 1)
        gaps.append((time.perf_counter() - started) * 1e6)
    gaps.sort()
    tell("get and a pipe while the thread writes: p50", gaps[len(gaps) // 2])
    tell("get and a pipe while the thread writes: p99.9", gaps[-len(gaps) // 1000])
    tell("get and a pipe while the thread writes: longest", gaps[-1])
    opened.close()


def taken(state: Path) -> int:
    """Bytes of the disk under `state`."""
    return sum(path.stat().st_blocks * 512 for path in state.rglob("*"))


def main() -> None:
    base = Path(tempfile.mkdtemp(dir=sys.argv[1] if len(sys.argv) > 1 else None))
    try:
        bench_memory(MemoryStore(1 << 30), "memory alone")
        tiers = opened_at(base / "tiers")
        bench_memory(tiers.store, "tiers")
        tiers.close()
        bench_disk(base / "disk")
        bench_beside_the_writer(base / "beside")
        bench_start(base / "start")
    finally:
        shutil.rmtree(base)


if __name__ == "__main__":
    main()
