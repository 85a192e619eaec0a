"""Where the access log is written: a slow or broken place loses lines, never requests."""

import asyncio
import errno
import json
import os
import threading

from edgescript.request import Request
from runtime.io.access_file import AccessFile
from runtime.observe.access_log import BATCH, AccessLog


def written(path):
    return [json.loads(line)["id"] for line in path.read_text().splitlines()]


def add(log, *ids):
    for each in ids:
        log.add(Request(id=each), 200, "HIT", 1, 0.0, 0.0)


def run(scenario):
    async def bounded():
        async with asyncio.timeout(10):
            await scenario()

    asyncio.run(bounded())


def test_what_waits_is_written_at_the_end(tmp_path):
    async def scenario():
        log = AccessLog()
        file = AccessFile(str(tmp_path / "log"), log, print)
        add(log, *map(str, range(1200)))
        file.flush()
        add(log, "last")
        await file.close()

    run(scenario)
    assert written(tmp_path / "log") == [*map(str, range(1200)), "last"]


def test_a_full_disk_loses_lines_that_are_counted_and_heals(tmp_path, monkeypatch):
    notes = []
    real = os.write

    async def scenario():
        log = AccessLog()
        file = AccessFile(str(tmp_path / "log"), log, notes.append)
        room = [10, 0]

        def full(fd, data):
            size = room.pop(0)
            if not size:
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(fd, data[:size])

        monkeypatch.setattr("runtime.io.access_file.os.write", full)
        add(log, "a", "b")
        file.flush()
        while not notes:  # noqa: ASYNC110 - the thread offers no event
            await asyncio.sleep(0.001)
        monkeypatch.setattr("runtime.io.access_file.os.write", real)
        add(log, "c")
        await file.close()
        assert log.left_out == 2

    run(scenario)
    assert notes == ["no space left on device"]
    torn, whole = (tmp_path / "log").read_text().splitlines()
    assert (len(torn), json.loads(whole)["id"]) == (10, "c")


def test_a_batch_is_written_without_being_asked_for_and_so_is_what_came_meanwhile(tmp_path, monkeypatch):
    entered, go_on = threading.Event(), threading.Event()
    real = os.write

    def slow(fd, data):
        entered.set()
        go_on.wait(10)
        return real(fd, data)

    monkeypatch.setattr("runtime.io.access_file.os.write", slow)
    path = tmp_path / "log"

    async def scenario():
        log = AccessLog()
        file = AccessFile(str(path), log, print)
        add(log, *map(str, range(BATCH)))
        await asyncio.to_thread(entered.wait, 10)
        assert len(log) == 0
        add(log, *map(str, range(BATCH, 3 * BATCH)))
        go_on.set()
        while path.read_bytes().count(b"\n") < 3 * BATCH:  # noqa: ASYNC110 - the thread offers no event
            await asyncio.sleep(0.001)
        await file.close()

    run(scenario)
    assert written(path) == [*map(str, range(3 * BATCH))]


def test_a_full_disk_counts_every_line_it_lost(tmp_path, monkeypatch):
    def full(_fd, _data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("runtime.io.access_file.os.write", full)

    async def scenario():
        log = AccessLog()
        file = AccessFile(str(tmp_path / "log"), log, lambda _reason: None)
        add(log, *map(str, range(BATCH - 7)))
        await file.close()
        assert log.left_out == BATCH - 7

    run(scenario)


def test_a_place_that_blocks_stops_neither_the_loop_nor_the_end(tmp_path, monkeypatch):
    blocked = threading.Event()
    monkeypatch.setattr("runtime.io.access_file.CLOSING_S", 0.1)
    monkeypatch.setattr("runtime.io.access_file.os.write", lambda _fd, data: blocked.wait(10) and len(data))

    async def scenario():
        log = AccessLog(max_waiting=5)
        file = AccessFile(str(tmp_path / "log"), log, print)
        add(log, "a")
        file.flush()
        add(log, *"bcdefgh")
        await file.close()
        assert log.left_out == 7
        blocked.set()

    run(scenario)
