"""What the console sent last, on disk: whole or not there, whatever happens; nothing read is taken on trust."""

import errno
import os
import signal

import pytest

from runtime.bundles.verify import accept
from runtime.bundles.whole import Opener
from runtime.bundles.wire import BundleError
from runtime.state.bundles import KeptBundles, Standing, write_whole
from tests.bundles.made import KEY, OTHER_KEY, Shelf, envelope, opened

BELIEVED = (KEY.public_key,)


class Disk:
    """Kept bundles, and what a console would send for them."""

    def __init__(self, path, write=write_whole, spare=None):
        self.path = path
        self.kept = KeptBundles(path, "production", spare, write)
        self.shelf = Shelf()

    def keep(self, generation, *codes, believed=BELIEVED):
        """As a node does that is given a manifest of one domain with these scripts."""
        domain = self.shelf.domain("shop", [(f"s{number}", code) for number, code in enumerate(codes)])
        data = envelope(generation, [domain])
        manifest = accept(data, BELIEVED, "production")
        while wanted := self.kept.missing(manifest):
            for ref in wanted:
                self.kept.keep_blob(ref, self.shelf.blobs[ref.name])
        self.kept.keep_manifest(generation, data, believed)
        return manifest

    def files(self, part):
        return sorted(path.name for path in (self.path / "bundles/production" / part).iterdir())

    def damage(self, part, name):
        path = self.path / "bundles/production" / part / name
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)

    def again(self):
        """As another process sees it."""
        return KeptBundles(self.path, "production")


@pytest.fixture
def disk(tmp_path):
    return Disk(tmp_path)


def trouble(call, *arguments):
    with pytest.raises(BundleError) as refused:
        call(*arguments)
    return refused.value.trouble


def test_what_was_kept_is_there_for_another_process(disk):
    manifest = disk.keep(100, b"code 1", b"code 2")
    seen = disk.again()
    assert seen.generations() == [100]
    assert seen.manifest(100) == manifest
    (domain,) = opened(manifest, seen)
    assert sorted(domain.texts.values()) == [b"code 1", b"code 2"]


def test_nothing_is_touched_before_something_is_kept(tmp_path):
    kept = KeptBundles(tmp_path / "nowhere", "production")
    assert (kept.generations(), kept.standing()) == ([], None)
    kept.keep_newest()
    assert not (tmp_path / "nowhere").exists()


def test_environments_are_apart(disk):
    disk.keep(100, b"code")
    assert KeptBundles(disk.path, "staging").generations() == []


def test_nobody_else_may_read_it(disk):
    disk.keep(100, b"code")
    modes = {path.stat().st_mode & 0o077 for path in (disk.path / "bundles").rglob("*")}
    assert modes == {0}


def test_blobs_that_are_there_are_not_missing(disk):
    disk.keep(100, b"shared", b"one")
    before = len(disk.shelf.blobs)
    disk.keep(101, b"shared", b"two")
    assert len(disk.shelf.blobs) - before == 2  # a document and a script
    assert len(disk.files("blobs")) == 5


def test_bytes_that_are_not_the_blobs_are_not_kept(disk):
    ref = disk.shelf.put(b"code")
    assert trouble(disk.kept.keep_blob, ref, b"else") == "damaged"
    assert not disk.kept.has(ref)


@pytest.mark.parametrize("spoil", ["damaged", "cut", "gone"])
def test_a_spoiled_blob_is_missing(disk, spoil):
    manifest = disk.keep(100, b"code")
    ref = manifest.domains[0].blob
    path = disk.path / "bundles/production/blobs" / ref.name
    {
        "damaged": lambda: disk.damage("blobs", ref.name),
        "cut": lambda: path.write_bytes(path.read_bytes()[:-1]),
        "gone": path.unlink,
    }[spoil]()
    assert disk.again().missing(manifest) == [ref]
    assert trouble(opened, manifest, disk.again()) == "missing"
    disk.kept.doubt()
    assert disk.kept.missing(manifest) == [ref]


def test_a_spoiled_manifest_is_refused(disk):
    disk.keep(100, b"code")
    disk.damage("manifests", "100")
    assert trouble(disk.again().manifest, 100) in {"damaged", "unsigned"}
    assert trouble(disk.again().manifest, 99) == "missing"


def test_a_manifest_under_another_number_is_refused(disk):
    disk.keep(100, b"code")
    (disk.path / "bundles/production/manifests/100").rename(disk.path / "bundles/production/manifests/200")
    assert trouble(disk.again().manifest, 200) == "contradiction"


def test_a_manifest_by_a_key_that_was_not_believed_is_refused(disk):
    disk.keep(100, b"code", believed=(OTHER_KEY.public_key,))
    assert trouble(disk.again().manifest, 100) == "unsigned"


def test_the_last_three_are_kept_with_what_they_need_and_nothing_else(disk):
    for generation in range(100, 106):
        disk.keep(generation, b"shared", b"of %d" % generation)
    folder = disk.path / "bundles/production"
    (folder / "blobs" / "half.new").write_bytes(b"half")
    (folder / "manifests" / "106.new").write_bytes(b"half")
    disk.kept.keep_newest()
    assert disk.kept.generations() == [105, 104, 103]
    assert len(disk.files("blobs")) == 3 + 3 + 1
    assert list(folder.rglob("*.new")) == []
    seen = disk.again()
    assert [len(opened(seen.manifest(each), seen)) for each in seen.generations()] == [1, 1, 1]


def test_one_that_is_damaged_is_none_of_the_three(disk):
    for generation in range(100, 105):
        disk.keep(generation, b"of %d" % generation)
    disk.damage("manifests", "103")
    kept = disk.again()
    kept.keep_newest()
    assert kept.generations() == [104, 102, 101]


def test_names_that_are_no_numbers_are_passed_over(disk):
    disk.keep(100, b"code")
    for name in ("x", "\uff11\uff10", "-5", "100.new"):
        (disk.path / "bundles/production/manifests" / name).write_bytes(b"")
    assert disk.kept.generations() == [100]


def test_standing_comes_back_and_a_damaged_one_is_none(disk):
    standing = Standing(BELIEVED, KEY.public_key, 100, 7)
    disk.kept.keep_standing(standing)
    assert disk.again().standing() == standing
    (disk.path / "bundles/production/standing").write_bytes(b"\x81")
    assert disk.again().standing() is None


# --- trouble ----------------------------------------------------------------------------------------------------


class FullDisk:
    """Writes so many files, and then has no room."""

    def __init__(self, room):
        self.room = room

    def __call__(self, path, data):
        if self.room <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.room -= 1
        write_whole(path, data)


@pytest.mark.parametrize("room", range(4))
def test_a_disk_that_fills_up_anywhere_leaves_what_was_there(tmp_path, room):
    Disk(tmp_path).keep(100, b"shared", b"one")
    disk = Disk(tmp_path, FullDisk(room))
    # A document, a script, and the manifest; then there is enough.
    if room < 3:
        with pytest.raises(OSError, match="No space"):
            disk.keep(101, b"shared", b"two")
    else:
        disk.keep(101, b"shared", b"two")
    seen = disk.again()
    newest = seen.generations()[0]
    assert newest == (101 if room == 3 else 100)
    assert opened(seen.manifest(newest), seen)
    Disk(tmp_path).keep(101, b"shared", b"two")
    assert disk.again().generations() == [101, 100]


def test_a_file_that_cannot_be_written_whole_leaves_none(tmp_path):
    pid = os.fork()
    if pid == 0:  # a limit on the size of files is of the process
        import resource

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
        try:
            write_whole(tmp_path / "file", bytes(200))
        except OSError as error:
            os._exit(error.errno)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == errno.EFBIG
    assert list(tmp_path.iterdir()) == []


def test_a_process_killed_in_mid_write_leaves_nothing_that_counts(tmp_path):
    disk = Disk(tmp_path)
    disk.keep(100, b"code 1")
    for stop in range(4):
        pid = os.fork()
        if pid == 0:

            def write(path, data, left=[stop]):  # noqa: B006 - counts the calls of this process
                if left[0] == 0:
                    path.with_name(f"{path.name}.new").write_bytes(data[: len(data) // 2])
                    os.kill(os.getpid(), signal.SIGKILL)
                left[0] -= 1
                write_whole(path, data)

            Disk(tmp_path, write).keep(101 + stop, b"new code %d" % stop)
            os._exit(0)
        os.waitpid(pid, 0)
        seen = disk.again()
        newest = seen.generations()[0]
        assert opened(seen.manifest(newest), seen)
        assert newest == (100 if stop < 3 else 104)
    kept = disk.again()
    kept.keep_newest()
    assert kept.generations() == [104, 100]
    assert list(tmp_path.rglob("*.new")) == []


# --- what the disk does not take --------------------------------------------------------------------------------


class NoRoomUnder:
    """Writes nowhere under a folder, until there is room again."""

    def __init__(self, folder):
        self.folder = folder
        self.room = False

    def __call__(self, path, data):
        if not self.room and path.is_relative_to(self.folder):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write_whole(path, data)


@pytest.fixture
def full(tmp_path):
    """A disk with one manifest that takes no more, and memory beside it."""
    (tmp_path / "memory").mkdir()
    (tmp_path / "disk").mkdir()
    Disk(tmp_path / "disk").keep(100, b"shared", b"one")
    write = NoRoomUnder(tmp_path / "disk")
    disk = Disk(tmp_path / "disk", write, tmp_path / "memory")
    disk.write = write
    return disk


def test_what_a_full_disk_does_not_take_is_kept_in_memory(full, tmp_path):
    newer = full.keep(101, b"shared", b"two")
    standing = Standing(BELIEVED, KEY.public_key, 101, 7)
    full.kept.keep_standing(standing)
    assert full.kept.unkept == "no space left on device"
    beside = KeptBundles(tmp_path / "disk", "production", tmp_path / "memory")
    assert (beside.generations(), beside.standing()) == ([101, 100], standing)
    (domain,) = opened(beside.manifest(101), beside)
    assert sorted(domain.texts.values()) == [b"shared", b"two"]
    assert beside.missing(newer) == []
    # Whoever comes after this node's end finds what the disk had.
    assert full.again().generations() == [100]
    assert opened(full.again().manifest(100), full.again())


def test_any_number_of_changes_in_memory_leave_the_last_one_on_the_disk(full):
    for generation in range(101, 106):
        full.keep(generation, b"of %d" % generation)
        full.kept.keep_newest()
    assert full.kept.generations() == [105, 104, 103, 100]
    assert opened(full.again().manifest(100), full.again())
    assert full.kept.unkept == "no space left on device"


def test_it_comes_to_the_disk_when_there_is_room(full, tmp_path):
    full.keep(101, b"shared", b"two")
    standing = Standing(BELIEVED, KEY.public_key, 101, 7)
    full.kept.keep_standing(standing)
    full.write.room = True
    full.kept.keep_newest()
    assert full.kept.unkept == ""
    assert [path for path in (tmp_path / "memory").rglob("*") if path.is_file()] == []
    seen = full.again()
    assert (seen.generations(), seen.standing()) == ([101, 100], standing)
    assert opened(seen.manifest(101), seen)


def test_a_manifest_does_not_come_to_the_disk_before_its_blobs(full):
    domain = full.shelf.domain("shop", [("s", b"new")])
    data = envelope(101, [domain])
    manifest = accept(data, BELIEVED, "production")
    while wanted := full.kept.missing(manifest):
        for ref in wanted:
            full.kept.keep_blob(ref, full.shelf.blobs[ref.name])
    full.write.room = True
    full.kept.keep_manifest(101, data, BELIEVED)
    assert full.again().generations() == [100]
    assert full.kept.unkept
    full.kept.keep_newest()
    assert full.again().generations() == [101, 100]


def test_what_domains_are_served_by_in_place_of_their_newest_is_kept_however_old(disk):
    first = disk.keep(100, b"good")
    disk.kept.keep_standing(Standing(BELIEVED, KEY.public_key, 100, 7, first.domains))
    for generation in range(101, 106):
        disk.keep(generation, b"of %d" % generation)
        disk.kept.keep_newest()
    seen = disk.again()
    assert seen.generations() == [105, 104, 103]
    (held, *_) = seen.earlier(105)
    assert [*Opener(seen).domain(held).texts.values()] == [b"good"]
    disk.kept.keep_standing(Standing(BELIEVED, KEY.public_key, 105, 7))
    disk.kept.keep_newest()
    assert disk.again().read(held.blob) is None
