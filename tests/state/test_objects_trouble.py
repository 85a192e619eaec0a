"""A full disk, a directory that cannot be written: the node goes on from memory and says so."""

import os
import resource
import stat
import subprocess
import time

import lmdb
import pytest

from runtime.cache.purge import Purge
from tests.state.objects_notation import elsewhere, got, open_at, opened_at, response, written

NOW = 1010.0


def use(opened, count):
    """Put and get as a node does; what memory has must be right, whatever the disk does."""
    for number in range(count):
        key, body = f"http://a/{number}", b"%05d" % number * 600
        assert opened.store.put(key, response(body))
        assert got(opened.store, key) == body
        if number % 50 == 0:
            long = written(opened.store, bytes(500_000))
            if long is not None:
                opened.store.put(f"http://long/{number}", response(long))
            opened.objects.flush()
    return opened.trouble


def full_disk(state):
    """`trouble` when there is room, while the disk is full, and when there is room again."""
    with opened_at(state) as opened:
        before = use(opened, 10)
        filler = state / "filler"
        with filler.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(65536))
            except OSError:
                pass
        while_full = use(opened, 400)
        assert opened.store.purge(Purge("url", "http://a/399"), NOW) >= 0
        assert got(opened.store, "http://a/399") is None
        filler.unlink()
        return before, while_full, use(opened, 100)


def test_a_full_disk(tmp_path):
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", tmp_path], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("may not mount a small file system here; the next test has a limit instead")
    try:
        before, while_full, after = elsewhere(full_disk, tmp_path)
    finally:
        subprocess.run(["umount", "--lazy", tmp_path], check=True)
    assert before == ""
    assert "No space left" in while_full or "the disk is full" in while_full
    assert after == ""


def limited_files(state):
    with opened_at(state, memory=1 << 24) as opened:
        use(opened, 10)
        size = (state / "objects-1" / "index" / "data.mdb").stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        while_full = use(opened, 300)
        assert got(opened.store, "http://a/299") is not None
        opened.store.purge(Purge("url", "http://a/299"), NOW)
        assert got(opened.store, "http://a/299") is None
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        use(opened, 50)
        return while_full, opened.trouble


def test_files_that_may_not_grow(tmp_path):
    while_full, after = elsewhere(limited_files, tmp_path)
    assert "cannot be written" in while_full or "File too large" in while_full
    assert after == ""


def test_a_full_disk_at_start(tmp_path):
    def no_room(*_):
        raise OSError(28, "No space left on device")

    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(os, "posix_fallocate", no_room)
        opened = open_at(tmp_path)
    assert opened.objects is None
    assert "No space left" in opened.trouble
    assert opened.store.put("http://a/", response(b"x"))
    assert got(opened.store, "http://a/") == b"x"
    with opened_at(tmp_path) as later:
        assert later.trouble == ""


def as_nobody(state):
    os.setuid(65534)
    opened = open_at(state)
    opened.store.put("http://a/", response(b"x"))
    return opened.objects is None, opened.trouble, got(opened.store, "http://a/")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_directory_of_somebody_else(tmp_path):
    tmp_path.chmod(0o755)
    refused, trouble, body = elsewhere(as_nobody, tmp_path)
    assert refused
    assert "Permission denied" in trouble
    assert body == b"x"


def test_a_file_where_the_directory_should_be(tmp_path):
    (tmp_path / "state").write_text("x")
    opened = open_at(tmp_path / "state")
    assert opened.objects is None
    assert "Not a directory" in opened.trouble


def test_an_index_that_cannot_be_read_any_more(tmp_path, monkeypatch):
    def broken(*_):
        raise lmdb.CorruptedError("located page was wrong type")

    with opened_at(tmp_path) as opened:
        opened.store.put("http://a/", response(b"x"))
        monkeypatch.setattr(opened.objects._index, "find", broken)
        assert got(opened.store, "http://b/") is None
        assert "cannot be read" in opened.trouble
        assert got(opened.store, "http://a/") == b"x"
        assert opened.store.put("http://c/", response(b"y"))
        assert written(opened.store, bytes(500_000)) is None
        opened.store.purge(Purge("url", "http://c/"), NOW)
        assert got(opened.store, "http://c/") is None


def test_an_index_that_proved_damaged_is_dropped_at_the_next_start(tmp_path, monkeypatch):
    def broken(*_):
        raise lmdb.CorruptedError("located page was wrong type")

    with opened_at(tmp_path) as opened:
        opened.store.put("http://a/", response(b"x"))
        monkeypatch.setattr(opened.objects, "_attempt", broken)
        opened.store.put("http://b/", response(b"x"))
        assert opened.objects.flush()
        assert "cannot be written" in opened.trouble
    with opened_at(tmp_path) as opened:
        assert "damaged" in opened.objects.dropped
        assert opened.store.put("http://a/", response(b"x"))
    with opened_at(tmp_path) as opened:
        assert opened.objects.dropped == ""


def test_what_this_memory_held_before_does_not_come_to_the_disk(tmp_path):
    """Pages that are not filled keep what the allocator left in them, a key or a dictionary's secret."""
    secret = b"a secret of this process, " * 160
    kept = [bytearray(secret) for _ in range(2000)]
    with opened_at(tmp_path) as opened:
        del kept
        use(opened, 60)
    files = [path for path in tmp_path.rglob("*.mdb") if path.is_file()]
    assert files
    for path in files:
        assert b"a secret of this process" not in path.read_bytes()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name


def test_a_queue_that_is_full_keeps_nobody_waiting(tmp_path):
    with opened_at(tmp_path, memory=1 << 26) as opened:
        with opened.objects._index.env.begin(write=True):  # a writer elsewhere that does not end
            started = time.monotonic()
            for number in range(6000):
                assert opened.store.put(f"http://a/{number}", response(b"x" * 100))
            assert time.monotonic() - started < 5
            assert opened.objects.counts.refused > 1000
        assert opened.objects.flush()
        assert len(opened.objects) == 6000 - opened.objects.counts.refused
