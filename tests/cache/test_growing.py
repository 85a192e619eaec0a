"""A body that is read along while it is written: what its readers get, whatever becomes of the writing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.cache import growing
from runtime.cache.body import DamagedBodyError
from runtime.cache.growing import Growing
from runtime.cache.store import StoredResponse

TOLD = StoredResponse(200, (), b"", request_time=0.0, response_time=0.0, lifetime_s=60.0)


class Disk:
    """An `Along`: of what it is given, `held` bytes stay unwritten."""

    def __init__(self, data=b"", held=0):
        self.data = data
        self.held = held
        self.broken = False

    @property
    def written(self):
        return max(len(self.data) - self.held, 0)

    def unwritten(self):
        return self.data[self.written :]

    def read(self, offset, length):
        if self.broken:
            raise DamagedBodyError("gone")
        return self.data[: self.written][offset : offset + length]


class Reader:
    def __init__(self, body):
        self.body = body
        self.offset = 0
        self.got = b""
        self.told = 0
        body.join(self)

    def grown(self):
        self.told += 1

    def read(self, size=1 << 20):
        data = self.body.read(self.offset, size)
        self.offset += len(data)
        self.got += data
        self.body.advanced()
        return data

    def read_all(self):
        while self.offset < self.body.come:
            assert self.read()
        return self.got


def stored(disk, body, data):
    disk.data += data
    body.take(data, stored=True)


def test_what_came_before_is_read_and_what_comes_is_told():
    disk = Disk(b"hello ", held=2)
    body = Growing(TOLD, None, disk)
    one = Reader(body)
    assert (body.come, one.read_all(), one.told) == (6, b"hello ", 0)
    stored(disk, body, b"world")
    assert (one.told, one.read_all()) == (1, b"hello world")
    late = Reader(body)
    assert late.read_all() == b"hello world"
    body.finish([(b"X", b"y")])
    assert (body.is_whole, one.told, body.trailers) == (True, 2, [(b"X", b"y")])


def test_one_that_breaks_off_is_never_whole():
    body = Growing(TOLD, 10, Disk(b"hello"))
    one = Reader(body)
    body.break_off()
    assert (body.is_broken, body.is_whole, body.grows, one.told) == (True, False, False, 1)
    body.finish()
    assert not body.is_whole


def test_the_last_reader_to_leave_is_told_of_once():
    left = []
    body = Growing(TOLD, None, Disk(b"hello"))
    body.when_unread = lambda: left.append(1)
    one, two = Reader(body), Reader(body)
    body.leave(one)
    body.leave(one)
    assert (left, body.is_read) == ([], True)
    body.leave(two)
    body.leave(two)
    assert (left, body.is_read) == ([1], False)


def test_who_leaves_what_is_over_is_not_told_of():
    left = []
    body = Growing(TOLD, None, Disk(b"hello"))
    body.when_unread = lambda: left.append(1)
    one = Reader(body)
    body.finish()
    body.leave(one)
    assert left == []


def test_what_cannot_be_stored_any_more_passes_within_a_window(monkeypatch):
    monkeypatch.setattr(growing, "WINDOW_BYTES", 10)
    room = []
    disk = Disk(b"0123456789", held=3)
    body = Growing(TOLD, None, disk)
    body.when_room = lambda: room.append(1)
    quick, slow = Reader(body), Reader(body)
    quick.read_all()
    for _ in range(3):
        body.take(b"abcde", stored=False)
        quick.read_all()
    assert body.is_full, "the slow one has read nothing of what only memory has"
    slow.read(4)
    assert body.is_full
    slow.read_all()
    assert (body.is_full, room) == (False, [1])
    assert slow.got == quick.got == b"0123456789abcdeabcdeabcde"
    assert len(body._tail) == 0


def test_a_slow_reader_that_leaves_makes_room(monkeypatch):
    monkeypatch.setattr(growing, "WINDOW_BYTES", 10)
    room = []
    body = Growing(TOLD, None, Disk())
    body.when_room = lambda: room.append(1)
    quick, slow = Reader(body), Reader(body)
    body.take(b"a" * 20, stored=False)
    quick.read_all()
    assert body.is_full
    body.leave(slow)
    assert (body.is_full, room) == (False, [1])


def test_what_is_gone_from_the_disk_is_no_short_body():
    disk = Disk(b"hello")
    one = Reader(Growing(TOLD, None, disk))
    disk.data = b""
    with pytest.raises(DamagedBodyError):
        one.read()


pieces = st.lists(st.binary(min_size=1, max_size=8), max_size=12)


@given(pieces, st.integers(0, 12), st.integers(0, 6), st.data())
def test_every_reader_gets_every_byte_once(parts, fails_at, held, data):
    """Whatever the writer holds back, whenever it fails, in whatever steps they read."""
    disk = Disk(held=held)
    body = Growing(TOLD, None, disk)
    readers = [Reader(body) for _ in range(3)]
    for number, part in enumerate(parts):
        if number < fails_at:
            stored(disk, body, part)
        else:
            body.take(part, stored=False)
        for reader in readers:
            if data.draw(st.booleans()):
                reader.read(data.draw(st.integers(1, 10)))
    body.finish()
    assert [reader.read_all() for reader in readers] == [b"".join(parts)] * 3
