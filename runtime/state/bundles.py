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
from pathlib import Path
from typing import Final

import msgspec

from runtime.bundles.manifest import Manifest, decode_manifest
from runtime.bundles.sealing import BlobRef, is_whole
from runtime.bundles.signing import MAX_ENVELOPE_BYTES, open_envelope, signed_by
from runtime.bundles.verify import missing
from runtime.bundles.wire import BundleError, decode, encode

KEPT: Final = 3
"""Manifests: the one that is served, and two to fall back to."""
_NEW: Final = ".new"
"""The end of the name of a file that is being written."""
_MAX_STANDING_BYTES: Final = 4096


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
    """Of one environment, in the node's state directory. A shelf (`verify.Shelf`)."""

    def __init__(self, state: Path, environment: str, write: Write = write_whole) -> None:
        """`state` is there by the time something is written; nothing is touched before."""
        self._top = state / "bundles" / environment
        self._blobs = self._top / "blobs"
        self._manifests = self._top / "manifests"
        self._write = write
        self._whole: set[bytes] = set()
        """Blobs that were read and found whole, by digest."""
        self._named: MutableMapping[bytes, tuple[BlobRef, ...]] = {}
        """What documents name, by their digests."""

    # --- blobs --------------------------------------------------------------------------------------------------

    def read(self, ref: BlobRef) -> bytes | None:
        """The bytes of a blob; None where they are not there. Damaged ones count as not there."""
        data = _content(self._blobs / ref.name, ref.size)
        if data is None or not is_whole(ref, data):
            self._whole.discard(ref.sha256)
            return None
        self._whole.add(ref.sha256)
        return data

    def has(self, ref: BlobRef) -> bool:
        """Whether a blob is there, whole: it is read once, and later only looked for."""
        if ref.sha256 not in self._whole:
            return self.read(ref) is not None
        try:
            return (self._blobs / ref.name).stat().st_size == ref.size
        except OSError:
            return False

    def missing(self, manifest: Manifest) -> list[BlobRef]:
        """As `verify.missing`. Raises BundleError."""
        return missing(manifest, self, self._named)

    def doubt(self) -> None:
        """Read all blobs again before they count as whole."""
        self._whole.clear()
        self._named.clear()

    def keep_blob(self, ref: BlobRef, data: bytes) -> None:
        """Raises OSError, and BundleError where `data` are not the bytes of the blob."""
        if not is_whole(ref, data):
            raise BundleError("damaged", f"blob {ref.name[:12]}: not the bytes it is named by")
        self._folders()
        self._write(self._blobs / ref.name, data)
        self._whole.add(ref.sha256)

    # --- manifests ----------------------------------------------------------------------------------------------

    def generations(self) -> list[int]:
        """Those that are kept, the newest first."""
        with contextlib.suppress(OSError):
            names = [path.name for path in self._manifests.iterdir()]
            return sorted((int(name) for name in names if name.isascii() and name.isdigit()), reverse=True)
        return []

    def manifest(self, generation: int) -> Manifest:
        """One that is kept. Raises BundleError."""
        what = f"manifest {generation}"
        data = _content(self._manifests / str(generation), _MAX_KEPT_BYTES)
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
        self._folders()
        _sync_folder(self._blobs)
        kept = encode(_Kept(envelope, tuple(believed)), _MAX_KEPT_BYTES, "manifest")
        self._write(self._manifests / str(generation), kept)
        _sync_folder(self._manifests)

    def drop_manifest(self, generation: int) -> None:
        """Keep it no more: it cannot be served."""
        with contextlib.suppress(OSError):
            (self._manifests / str(generation)).unlink()

    def keep_newest(self, most: int = KEPT) -> None:
        """Remove all manifests but the newest that are in order, blobs that none of them needs, and half-written files."""
        needed: set[str] = set()
        for generation in self.generations():
            names = self._needed_by(generation) if most > 0 else None
            if names is None:
                self.drop_manifest(generation)
            else:
                needed |= names
                most -= 1
        for path in (*_files(self._blobs), *_files(self._manifests), *_files(self._top)):
            unneeded = path.parent == self._blobs and path.name not in needed
            if unneeded or path.name.endswith(_NEW):
                with contextlib.suppress(OSError):
                    path.unlink()

    def _needed_by(self, generation: int) -> set[str] | None:
        """Names of the blobs a kept manifest needs; None where it cannot be served."""
        try:
            manifest = self.manifest(generation)
            if self.missing(manifest):
                return None
        except BundleError:
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
        data = _content(self._top / "standing", _MAX_STANDING_BYTES)
        if data is not None:
            with contextlib.suppress(BundleError):
                return decode(data, _STANDING, _MAX_STANDING_BYTES, "standing")
        return None

    def keep_standing(self, standing: Standing) -> None:
        """Raises OSError."""
        self._folders()
        self._write(self._top / "standing", encode(standing, _MAX_STANDING_BYTES, "standing"))
        _sync_folder(self._top)

    def _folders(self) -> None:
        if not (self._blobs.is_dir() and self._manifests.is_dir()):
            for folder in (self._top.parent, self._top, self._blobs, self._manifests):
                folder.mkdir(mode=0o700, exist_ok=True)


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
