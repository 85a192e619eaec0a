"""
The page's files: read into memory when they are first asked for, and again when they have changed on disk.

Browsers ask every time whether a file is still the same (`no-cache` with an ETag of the content), so a new page is seen at once.
"""

import gzip
import hashlib
from pathlib import Path
from typing import Final, NamedTuple

from starlette.types import Receive, Scope, Send

from runtime.console.calls import Calls
from runtime.console.model.refusal import not_found

PAGE_POLICY: Final = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
TYPES: Final = {
    ".css": b"text/css; charset=utf-8",
    ".html": b"text/html; charset=utf-8",
    ".ico": b"image/x-icon",
    ".js": b"text/javascript; charset=utf-8",
    ".json": b"application/json",
    ".map": b"application/json",
    ".mjs": b"text/javascript; charset=utf-8",
    ".png": b"image/png",
    ".svg": b"image/svg+xml",
    ".txt": b"text/plain; charset=utf-8",
    ".woff2": b"font/woff2",
}
"""What is served at all, by the end of the name."""
PACKED: Final = frozenset({".css", ".html", ".js", ".json", ".map", ".mjs", ".svg", ".txt"})
MIN_PACKED: Final = 1_024
MAX_FILE: Final = 16 << 20
MAX_KEPT: Final = 500
PREFIX: Final = "/static/"


class _File(NamedTuple):
    stamp: tuple[int, int]
    """Time of change and size, as the file system says."""
    etag: bytes
    kind: bytes
    data: bytes
    packed: bytes
    """By gzip; b'' where that is no shorter."""


class Files:
    """Files below a folder, under `/static/`; `/` is its `index.html`."""

    def __init__(self, folder: Path, call: Calls) -> None:
        self._folder = folder.resolve()
        self._call = call
        self._kept: dict[str, _File] = {}

    def name_of(self, path: str) -> str | None:
        """The file that `path` asks for, None where it asks for none."""
        if path == "/":
            return "index.html"
        return path[len(PREFIX) :] if path.startswith(PREFIX) else None

    async def answer(self, name: str, scope: Scope, _receive: Receive, send: Send) -> None:
        """Send the file. Raises Refused if there is none."""
        found = await self._call(self._read, name)
        if found is None:
            raise not_found("file")
        asked = dict(scope["headers"])
        packed = bool(found.packed) and b"gzip" in asked.get(b"accept-encoding", b"")
        body = found.packed if packed else found.data
        headers = [
            (b"etag", found.etag),
            (b"cache-control", b"no-cache"),
            (b"vary", b"Accept-Encoding"),
            (b"content-security-policy", PAGE_POLICY),
        ]
        same = found.etag in asked.get(b"if-none-match", b"")
        if same:
            body = b""
        else:
            headers += [(b"content-type", found.kind), (b"content-length", b"%d" % len(body))]
            if packed:
                headers.append((b"content-encoding", b"gzip"))
        await send({"type": "http.response.start", "status": 304 if same else 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    def _read(self, name: str) -> _File | None:
        """The file, None where there is none below the folder that may be served."""
        kind = TYPES.get(Path(name).suffix)
        if kind is None or "\0" in name or len(name) > 255:
            return None
        try:
            path = (self._folder / name).resolve(strict=True)
            if not path.is_relative_to(self._folder) or not path.is_file():
                return None
            found = path.stat()
            stamp = (found.st_mtime_ns, found.st_size)
            kept = self._kept.get(name)
            if kept is not None and kept.stamp == stamp:
                return kept
            if found.st_size > MAX_FILE:
                return None
            data = path.read_bytes()
        except OSError:
            return None
        packed = gzip.compress(data, 6, mtime=0) if path.suffix in PACKED and len(data) >= MIN_PACKED else b""
        etag = b'"%s"' % hashlib.sha256(data).hexdigest()[:32].encode()
        file = _File(stamp, etag, kind, data, packed if len(packed) < len(data) else b"")
        if len(self._kept) >= MAX_KEPT:
            self._kept.clear()
        self._kept[name] = file
        return file
