"""Bodies being collected: within memory's bound, the allowance, and over to a file beyond."""

import pytest

from runtime.cache.cache import Allowance, Cache
from runtime.cache.memory import MemoryStore
from runtime.cache.writing import writer_for


class Recorder:
    """A writer for long bodies that takes `limit` bytes."""

    def __init__(self, limit):
        self.limit = limit
        self.size = 0
        self.chunks = []
        self.aborted = False

    def write(self, data):
        if self.size + len(data) > self.limit:
            return False
        self.size += len(data)
        self.chunks.append(data)
        return True

    def finish(self):
        return b"file:" + b"".join(self.chunks)

    def abort(self):
        self.aborted = True


class Files:
    """An overflow with one writer; none, if it has none left."""

    max_object_bytes = 100

    def __init__(self, writer):
        self.writer = writer
        self.asked = []

    def begin(self, length):
        self.asked.append(length)
        return self.writer


def test_a_body_in_memory():
    allowance = Allowance(10)
    writer = Cache(MemoryStore(1 << 20, 10), collecting=allowance).writer(None)
    assert writer.write(b"abc")
    assert writer.write(b"de")
    assert (writer.size, allowance.used) == (5, 5)
    assert writer.finish() == b"abcde"
    assert allowance.used == 0


@pytest.mark.parametrize(("length", "taken"), [(None, True), (0, True), (10, True), (11, False)])
def test_a_length_known_beforehand(length, taken):
    assert (Cache(MemoryStore(1 << 20, 10)).writer(length) is not None) is taken


def test_a_body_that_proves_too_long_is_given_up():
    allowance = Allowance(100)
    writer = writer_for(None, 10, allowance, None)
    assert writer.write(b"x" * 10)
    assert not writer.write(b"x")
    assert allowance.used == 0


def test_all_bodies_together_keep_to_the_allowance():
    allowance = Allowance(10)
    first, second = writer_for(None, 10, allowance, None), writer_for(None, 10, allowance, None)
    assert first.write(b"123456")
    assert not second.write(b"12345")
    assert allowance.used == 6
    first.abort()
    first.abort()
    assert allowance.used == 0


def test_a_body_that_proves_too_long_goes_over_to_a_file():
    allowance, files = Allowance(100), Files(Recorder(100))
    writer = writer_for(None, 10, allowance, files)
    for piece in (b"12345", b"67890", b"a", b"b"):
        assert writer.write(piece)
    assert files.asked == [None]
    assert allowance.used == 0
    assert writer.size == 12
    assert writer.finish() == b"file:1234567890ab"


@pytest.mark.parametrize("file", [None, Recorder(3), Recorder(12)])
def test_a_file_that_takes_no_more_ends_it(file):
    allowance = Allowance(100)
    writer = writer_for(None, 10, allowance, Files(file))
    assert writer.write(b"1234567890")
    while writer.write(b"ab"):
        assert writer.size <= 12
    assert allowance.used == 0
    assert file is None or file.aborted


@pytest.mark.parametrize(("length", "asked"), [(10, []), (11, [11]), (100, [100]), (101, [])])
def test_where_a_body_of_known_length_goes(length, asked):
    files = Files(Recorder(100))
    writer = writer_for(length, 10, Allowance(100), files)
    assert files.asked == asked
    assert (writer is None) is (length > 100)
