"""
What the console sent last, on disk: so that a node starts and serves with no console in reach.

    bundles/<environment>/blobs/<64 hex digits>     sealed, as they came
    bundles/<environment>/manifests/<generation>    an envelope, and whom the node believed when it came
    bundles/<environment>/standing                  whom it believes now, and which purges it has carried out

A file is written beside its place, synced, and renamed, so it is there whole or not at all, wherever a process or the
machine stops; a manifest comes after the blobs that it needs. Nothing read is taken on trust: manifests are held against
their signatures, blobs against their names. `keep_newest` leaves the last few manifests and what they need.

Written by one process at a time, read by any.
"""

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Final

import msgspec

from runtime.bundles.documents import blobs_of
from runtime.bundles.manifest import DomainEntry, Manifest, decode_manifest
from runtime.bundles.sealing import BlobRef, is_whole
from runtime.bundles.signing import MAX_ENVELOPE_BYTES, open_envelope, signed_by
from runtime.bundles.verify import missing, open_document
from runtime.bundles.wire import BundleError, decode, encode

KEPT: Final = 3
"""Manifests: the one that is served, and two to fall back to."""
_BLOBS: Final = "blobs"
_MANIFESTS: Final = "manifests"
_STANDING_NAME: Final = "standing"
_NEW: Final = ".new"
"""The end of the name of a file that is being written."""
_MAX_STANDING_BYTES: Final = 4 << 20


class Standing(msgspec.Struct, frozen=True):
    """What a node knows beside manifests."""

    believed: tuple[bytes, ...]
    """Public keys."""
    first_key: bytes
    """That of the token it follows by; another token begins anew."""
    highest: int = -1
    """The generation above all that were accepted: no other is, from then on."""
    purged: int = -1
    """The number of the latest purge that was carried out; -1 for one that never heard of any."""
    held: tuple[DomainEntry, ...] = ()
    """Of domains whose newest state this node cannot load: what it serves of them in its place."""


class _Kept(msgspec.Struct, array_like=True, frozen=True):
    envelope: bytes
    believed: tuple[bytes, ...]


_KEPT: Final = msgspec.msgpack.Decoder(_Kept)
_STANDING: Final = msgspec.msgpack.Decoder(Standing)
_MAX_KEPT_BYTES: Final = MAX_ENVELOPE_BYTES + 4096

Write = Callable[[Path, bytes], None]


def write_whole(path: Path, data: bytes) -> None:
    """Have `path` hold `data`, whole or as it was before. Raises OSError."""
    beside = path.with_name(path.name + _NEW)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(descriptor, view) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        beside.replace(path)
    except OSError:
        with contextlib.suppress(OSError):  # a full disk has better use for its room
            beside.unlink()
        raise


class KeptBundles:
    """
    Of one environment, in the node's state directory. A shelf (`verify.Shelf`).

    What cannot be written there is put in `spare`, a directory in memory that ends with the node, if there is one: so a full or
    read-only disk keeps no change from being served. It comes to the disk when there is room (`keep_newest`).
    """

    def __init__(
        self, state: Path, environment: str, spare: Path | None = None, write: Write = write_whole
    ) -> None:
        """`state` is there by the time something is written; nothing is touched before."""
        self._disk = state / "bundles" / environment
        self._spare = None if spare is None else spare / "bundles" / environment
        self._write = write
        self.unkept = ""
        """Why what was written last is in memory alone; '' where it is on the disk."""
        self._listed: AbstractSet[str] | None = None
        """Names of blobs, while many are looked for."""
        self._whole: set[bytes] = set()
        """Blobs that were read and found whole, by digest."""
        self._named: MutableMapping[bytes, tuple[BlobRef, ...]] = {}
        """What documents name, by their digests."""

    # --- blobs --------------------------------------------------------------------------------------------------

    def read(self, ref: BlobRef) -> bytes | None:
        """The bytes of a blob; None where they are not there. Damaged ones count as not there."""
        data = self._content(f"{_BLOBS}/{ref.name}", ref.size)
        if data is None or not is_whole(ref, data):
            self._whole.discard(ref.sha256)
            return None
        self._whole.add(ref.sha256)
        return data

    def has(self, ref: BlobRef) -> bool:
        """Whether a blob is there, whole: it is read once, and later only looked for by its name."""
        if ref.sha256 not in self._whole:
            return self.read(ref) is not None
        return ref.name in self._names()

    def missing(self, manifest: Manifest) -> list[BlobRef]:
        """As `verify.missing`."""
        self._listed = self._names()
        try:
            return missing(manifest, self, self._named)
        finally:
            self._listed = None

    def _names(self) -> AbstractSet[str]:
        """Of all blobs there are. A look at each file of ten thousand is slow, so they are listed."""
        if self._listed is not None:
            return self._listed
        return {name for top in self._tops() for name in _names(top / _BLOBS)}

    def doubt(self) -> None:
        """Read all blobs again before they count as whole."""
        self._whole.clear()
        self._named.clear()

    def keep_blob(self, ref: BlobRef, data: bytes) -> None:
        """Raises OSError, and BundleError where `data` are not the bytes of the blob."""
        if not is_whole(ref, data):
            raise BundleError("damaged", f"blob {ref.name[:12]}: not the bytes it is named by")
        self._put(f"{_BLOBS}/{ref.name}", data)
        self._whole.add(ref.sha256)

    # --- manifests ----------------------------------------------------------------------------------------------

    def generations(self) -> list[int]:
        """Those that are kept, the newest first."""
        return sorted({each for top in self._tops() for each in _generations(top)}, reverse=True)

    def earlier(self, generation: int) -> tuple[DomainEntry, ...]:
        """Of domains, what was served of them before the manifest of that generation: the newest first, damaged ones left out."""
        standing = self.standing()
        found = [*(() if standing is None else standing.held)]
        for each in self.generations():
            if each < generation:
                with contextlib.suppress(BundleError):
                    found += self.manifest(each).domains
        return tuple(found)

    def manifest(self, generation: int) -> Manifest:
        """One that is kept. Raises BundleError."""
        what = f"manifest {generation}"
        data = self._content(f"{_MANIFESTS}/{generation}", _MAX_KEPT_BYTES)
        if data is None:
            raise BundleError("missing", f"{what}: cannot be read")
        kept = decode(data, _KEPT, _MAX_KEPT_BYTES, what)
        envelope = open_envelope(kept.envelope)
        signed_by(envelope, kept.believed)
        manifest = decode_manifest(envelope.payload)
        if manifest.generation != generation:
            raise BundleError("contradiction", f"{what}: is {manifest.generation}")
        return manifest

    def keep_manifest(self, generation: int, envelope: bytes, believed: Iterable[bytes]) -> None:
        """Keep an accepted manifest whose blobs are kept. Raises OSError."""
        kept = encode(_Kept(envelope, tuple(believed)), _MAX_KEPT_BYTES, "manifest")
        self._put(f"{_MANIFESTS}/{generation}", kept, after=_BLOBS)

    def drop_manifest(self, generation: int) -> None:
        """Keep it no more: it cannot be served."""
        for top in self._tops():
            _remove(top / _MANIFESTS / str(generation))

    def keep_newest(self, most: int = KEPT) -> None:
        """
        Remove all manifests but the newest that are in order, blobs that nothing needs, and half-written files; then
        have the disk hold what is in memory alone, if it will.
        """
        needed = self._held()
        for top in self._tops():
            left = most
            for generation in _generations(top):
                names = self._needed_by(generation) if left > 0 else None
                if names is None:
                    _remove(top / _MANIFESTS / str(generation))
                else:
                    needed |= names
                    left -= 1
        for top in self._tops():
            for folder in (top / _BLOBS, top / _MANIFESTS, top):
                for name in _names(folder):
                    unneeded = folder.name == _BLOBS and name not in needed
                    if unneeded or name.endswith(_NEW):
                        _remove(folder / name)
        self._settle()

    def _held(self) -> set[str]:
        """Names of the blobs of domains that are served as they were before the newest manifest."""
        standing = self.standing()
        names: set[str] = set()
        for entry in () if standing is None else standing.held:
            names.add(entry.blob.name)
            data = self.read(entry.blob)
            if data is not None:
                with contextlib.suppress(BundleError):
                    names |= {ref.name for ref in blobs_of(open_document(entry, data))}
        return names

    def _needed_by(self, generation: int) -> set[str] | None:
        """Names of the blobs a kept manifest needs; None where it cannot be served."""
        try:
            manifest = self.manifest(generation)
        except BundleError:
            return None
        if self.missing(manifest):
            return None
        refs = [entry.blob for entry in manifest.domains]
        refs += [ref for entry in manifest.domains for ref in self._named[entry.digest]]
        self._forget_unnamed(manifest)
        return {ref.name for ref in refs}

    def _forget_unnamed(self, manifest: Manifest) -> None:
        """Bound what is remembered of documents: at most twice as many as a manifest has."""
        if len(self._named) > 2 * len(manifest.domains) + 100:
            now = {entry.digest for entry in manifest.domains}
            self._named = {digest: refs for digest, refs in self._named.items() if digest in now}

    # --- standing -----------------------------------------------------------------------------------------------

    def standing(self) -> Standing | None:
        """What was known last; None where nothing is, or it is damaged."""
        data = self._content(_STANDING_NAME, _MAX_STANDING_BYTES)
        if data is not None:
            with contextlib.suppress(BundleError):
                return decode(data, _STANDING, _MAX_STANDING_BYTES, "standing")
        return None

    def keep_standing(self, standing: Standing) -> None:
        """Raises OSError."""
        self._put(_STANDING_NAME, encode(standing, _MAX_STANDING_BYTES, "standing"))

    # --- disk and memory ----------------------------------------------------------------------------------------

    def _tops(self) -> Iterator[Path]:
        """Where to look: what is in memory is newer, for it is there only while the disk does not hold it."""
        if self._spare is not None:
            yield self._spare
        yield self._disk

    def _content(self, name: str, most_bytes: int) -> bytes | None:
        found = (_content(top / name, most_bytes) for top in self._tops())
        return next((data for data in found if data is not None), None)

    def _put(self, name: str, data: bytes, after: str = "") -> None:
        """On the disk, else in memory; `after` the files of a folder that it needs. Raises OSError."""
        spare = self._spare
        unkept = self.unkept if after and spare is not None and any(_files(spare / after)) else ""
        if not unkept:
            try:
                self._put_in(self._disk, name, data, after)
            except OSError as error:
                if spare is None:
                    raise
                unkept = (error.strerror or str(error)).lower()
        if spare is None:
            return
        if unkept:
            self._put_in(spare, name, data, after)
            self.unkept = unkept
        else:
            (spare / name).unlink(missing_ok=True)

    def _put_in(self, top: Path, name: str, data: bytes, after: str = "") -> None:
        _make_folders(top)
        if after:
            _sync_folder(top / after)
        path = top / name
        self._write(path, data)
        if path.parent.name != _BLOBS:
            _sync_folder(path.parent)

    def _settle(self) -> None:
        """Have the disk hold what is in memory alone: blobs first, the standing last."""
        if self._spare is None:
            return
        try:
            for folder in (_BLOBS, _MANIFESTS, ""):
                for path in _files(self._spare / folder):
                    self._put_in(self._disk, str(path.relative_to(self._spare)), path.read_bytes())
                if folder == _BLOBS and self._disk.is_dir():
                    _sync_folder(self._disk / _BLOBS)
            for folder in (_BLOBS, _MANIFESTS, ""):
                for path in _files(self._spare / folder):
                    path.unlink()
        except OSError as error:
            self.unkept = (error.strerror or str(error)).lower()
        else:
            self.unkept = ""


def _make_folders(top: Path) -> None:
    """Raises OSError."""
    if not ((top / _BLOBS).is_dir() and (top / _MANIFESTS).is_dir()):
        for folder in (top.parent, top, top / _BLOBS, top / _MANIFESTS):
            folder.mkdir(mode=0o700, exist_ok=True)


def _generations(top: Path) -> list[int]:
    """Of the manifests under `top`, the newest first."""
    names = _names(top / _MANIFESTS)
    return sorted((int(name) for name in names if name.isascii() and name.isdigit()), reverse=True)


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 - names are wanted, and a path of each costs more than the listing
    except OSError:
        return []


def _content(path: Path, most_bytes: int) -> bytes | None:
    """What is in a file of at most so many bytes; None where that cannot be told, or is more."""
    try:
        with path.open("rb") as file:
            data = file.read(most_bytes + 1)
    except OSError:
        return None
    return data if len(data) <= most_bytes else None


def _files(folder: Path) -> Iterator[Path]:
    with contextlib.suppress(OSError):
        yield from [path for path in folder.iterdir() if path.is_file()]


def _sync_folder(folder: Path) -> None:
    """Have the names in it on the disk. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
