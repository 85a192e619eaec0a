"""The demo's origin: it answers with what it was asked. As a function for rehearsals, and as a server in a thread."""

import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from runtime.proxy.forward import Forward
from runtime.proxy.simulate import OriginAnswer


def _page(method: str, target: str, fields: Sequence[tuple[str, str]]) -> bytes:
    lines = [f"the origin was asked: {method} {target}", *(f"  {name}: {value}" for name, value in fields)]
    return ("\n".join(lines) + "\n").encode("latin-1", "replace")


def echo(forward: Forward) -> OriginAnswer:
    """The demo origin as a function, for rehearsals."""
    fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in forward.fields]
    page = _page(forward.method.decode("latin-1"), forward.target.decode("latin-1"), fields)
    return OriginAnswer(200, [(b"Content-Type", b"text/plain")], page)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def _answer(self) -> None:
        length = self.headers.get("content-length") or "0"
        if length.isascii() and length.isdigit():
            self.rfile.read(min(int(length), 1 << 20))
        page = _page(self.command, self.path, self.headers.items())
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(page)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = _answer  # noqa: N815 - names that http.server calls

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the signature of http.server
        """Silence: the terminal belongs to the requests to try."""


class Origin:
    """The server, on `port` or on a free one."""

    def __init__(self, port: int) -> None:
        try:
            self._server = ThreadingHTTPServer(("127.0.0.1", port), _Handler)
        except OSError:  # taken
            self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._server.shutdown()
        self._thread.join(5)
        self._server.server_close()
