"""Killed in the middle, cut, changed behind its back: what is read afterwards is whole and right, or not there."""

import os
import random
import shutil
import signal
import time
from hashlib import sha256

import pytest

from runtime.cache.body import DamagedBodyError
from runtime.cache.purge import Purge
from runtime.state.objects.directory import VERSION
from runtime.state.objects.record import header_of
from tests.state.objects_notation import (
    WAIT_S,
    elsewhere,
    got,
    open_at,
    opened_at,
    processes,
    response,
    whole,
    written,
)

SIZES = (0, 100, 2_000, 30_000, 100_000, 400_000)
KEYS = [f"http://a/{number}" for number in range(60)]


def content(key, version):
    """What version `version` of `key` says: its own name, then as many bytes as it has, each telling which it is."""
    size = SIZES[int.from_bytes(sha256(f"{key} {version}".encode()).digest()[:4], "big") % len(SIZES)]
    name = f"{key} {version}\n".encode()
    return (name * (size // len(name) + 1))[: max(size, len(name))]


def is_right(key, body):
    """Whether `body` is all of some version of `key`."""
    name = body.partition(b"\n")[0].decode()
    return name.startswith(f"{key} ") and body == content(key, int(name.rpartition(" ")[2]))


def put_for_ever(state, seed, started):
    chance = random.Random(seed)
    with opened_at(state, disk=4_000_000) as opened:
        started.set()
        for version in range(1_000_000):
            key = chance.choice(KEYS)
            body = content(key, version)
            if len(body) > 300_000:
                body = written(opened.store, body)
            opened.store.put(key, response(body, tags=f"t{version % 5}"))
            if version % 50 == 49:
                opened.store.purge(Purge("tag", f"t{version % 5}", soft=version % 4 < 2), 1010.0)
            elif version % 5 == 0:
                opened.objects.flush()


def verify(state):
    """How many objects are there; all must be right, and the books must balance."""
    with opened_at(state, disk=4_000_000) as opened:
        assert opened.objects.dropped == ""
        bodies = {key: body for key in KEYS if (body := got(opened.store, key)) is not None}
        assert [key for key, body in bodies.items() if not is_right(key, body)] == []
        assert opened.objects.counts.damaged == 0
        assert opened.objects.flush()
        index = opened.objects._index
        with index.env.begin() as transaction:
            headers = [header_of(value) for _, value in transaction.cursor(index.tables.objects)]
        assert sum(header.cost for header in headers) == opened.objects.used_bytes <= 4_000_000
        files = {int(path.name, 16) for path in (state / "objects-1" / "bodies").glob("*/*")}
        named = {header.file for header in headers if header.file}
        assert files == named
        with index.env.begin() as transaction:
            assert transaction.stat(index.tables.files)["entries"] == len(named)
        return len(bodies)


def test_killed_while_writing(tmp_path):
    chance = random.Random(7)
    seen = 0
    for turn in range(4):
        writers = []
        for number in range(2):
            started = processes.Event()
            writers.append(
                processes.Process(target=put_for_ever, args=(tmp_path, 2 * turn + number, started))
            )
            writers[-1].start()
            assert started.wait(WAIT_S)
        for writer in writers:
            time.sleep(chance.uniform(0.02, 0.2))
            os.kill(writer.pid, signal.SIGKILL)
            writer.join(WAIT_S)
        seen += verify(tmp_path)
    assert seen > 40


def filled(state):
    """A closed directory with a small, a tagged and a long object."""
    with opened_at(state) as opened:
        for key in KEYS[:20]:
            opened.store.put(key, response(content(key, 1)[:2000], tags="t"))
        opened.store.put("http://a/long", response(written(opened.store, bytes(range(250)) * 4000)))


def index_file(state):
    return state / f"objects-{VERSION}" / "index" / "data.mdb"


@pytest.mark.parametrize("left", [0, 1, 4096, 8192, 40_000])
def test_an_index_cut_short_is_dropped(tmp_path, left):
    filled(tmp_path)
    os.truncate(index_file(tmp_path), left)
    with opened_at(tmp_path) as opened:
        assert [key for key in KEYS if got(opened.store, key)] == []
        assert opened.store.put("http://a/", response(b"new"))
        assert opened.objects.flush()
    assert elsewhere(body_at, tmp_path, "http://a/") == b"new"


def body_at(state, key):
    with opened_at(state) as opened:
        return got(opened.store, key)


@pytest.mark.parametrize("seed", range(12))
def test_bytes_of_the_index_changed(tmp_path, seed):
    filled(tmp_path)
    assert elsewhere(flip_and_read, tmp_path, seed) == []


def flip_and_read(state, seed):
    """Keys with a body that is not theirs, after some bytes of the index were changed."""
    chance = random.Random(seed)
    data = bytearray(index_file(state).read_bytes())
    for _ in range(chance.choice((1, 5, 200))):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    index_file(state).write_bytes(data)
    with opened_at(state) as opened:
        return [key for key in KEYS[:20] if got(opened.store, key) not in {None, content(key, 1)[:2000]}]


def the_file(state):
    (path,) = (state / f"objects-{VERSION}" / "bodies").glob("*/*")
    return path


@pytest.mark.parametrize("at", [0, 65_536, 999_999])
def test_a_changed_body_is_never_given(tmp_path, at):
    filled(tmp_path)
    data = bytearray(the_file(tmp_path).read_bytes())
    data[at] ^= 1
    the_file(tmp_path).write_bytes(data)
    with opened_at(tmp_path) as opened:
        body = opened.store.get("http://a/long", []).body
        with pytest.raises(DamagedBodyError):
            whole(body)
        assert opened.store.get("http://a/long", []) is None, "it would be cut again for whoever asks next"


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: os.truncate(path, 500_000),
        lambda path: os.truncate(path, 1_000_010),
        lambda path: path.write_bytes(path.read_bytes()[:-1] + b"\0"),
        lambda path: path.unlink(),
        lambda path: (path.unlink(), os.mkfifo(path)),
    ],
    ids=["half", "in the table", "the table changed", "gone", "a pipe"],
)
def test_a_file_that_is_not_what_was_stored_is_not_there(tmp_path, damage):
    filled(tmp_path)
    damage(the_file(tmp_path))
    with opened_at(tmp_path) as opened:
        assert opened.store.get("http://a/long", []) is None
        assert opened.objects.counts.damaged == 1
        assert len(opened.objects) == 20


def test_files_without_a_record_go_at_the_next_start(tmp_path):
    filled(tmp_path)
    folder = the_file(tmp_path).parent
    (folder / "00000000000000aa").write_bytes(b"half")
    (folder / "tmp").write_bytes(b"half")
    with opened_at(tmp_path) as opened:
        assert got(opened.store, "http://a/long") is not None
        the_file(tmp_path)


def test_another_version_is_dropped_once_nobody_uses_it(tmp_path):
    filled(tmp_path)
    shutil.copytree(tmp_path / f"objects-{VERSION}", tmp_path / "objects-999")
    (tmp_path / "objects-999" / "index" / "data.mdb").write_bytes(b"of another kind")
    with opened_at(tmp_path) as opened:
        assert got(opened.store, KEYS[0]) is not None
    assert not (tmp_path / "objects-999").exists()


def test_what_a_machine_left_that_went_down_is_not_believed(tmp_path):
    filled(tmp_path)
    own = tmp_path / f"objects-{VERSION}"
    (own / "boot").write_text("another boot")
    with opened_at(tmp_path) as opened:  # left clean before
        assert opened.objects.dropped == ""
        (own / "boot").write_text("another boot")
    (own / "clean").unlink()
    with opened_at(tmp_path) as opened:
        assert "went down" in opened.objects.dropped
        assert len(opened.objects) == 0
        assert list((own / "bodies").glob("*/*")) == []


def test_an_index_of_something_else(tmp_path):
    index_file(tmp_path).parent.mkdir(parents=True)
    index_file(tmp_path).write_bytes(b"not an index" * 1000)
    with opened_at(tmp_path) as opened:
        assert opened.objects.dropped
        assert opened.store.put("http://a/", response())


def test_a_purge_holds_over_a_kill(tmp_path):
    filled(tmp_path)
    assert elsewhere(purge_and_die, tmp_path) is None
    opened = open_at(tmp_path)
    assert [key for key in KEYS if got(opened.store, key)] == []
    opened.close()


def purge_and_die(state):
    child = os.fork()
    if child == 0:
        opened = open_at(state)
        opened.store.purge(Purge("tag", "t"), 1010.0)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
