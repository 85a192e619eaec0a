"""A small origin on a free port that answers what it is told and records what it was asked."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple


class Asked(NamedTuple):
    """A request as the origin saw it; `fields` in order."""

    method: str
    target: str
    fields: list[tuple[str, str]]
    body: bytes

    def values(self, name):
        """Every value under `name`, in order."""
        return [value for key, value in self.fields if key.lower() == name.lower()]


class RecordingOrigin:
    """
    with RecordingOrigin(200, [("Cache-Control", "max-age=10")], b"hello") as origin:
        ... requests to origin.url ...
        assert origin.asked[0].target == "/a"
        origin.says(404)
        ... requests that are answered so ...
    """

    def __init__(self, status=200, fields=(), body=b""):
        self.asked: list[Asked] = []
        self.says(status, fields, body)
        origin = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # one segment for head and body

            def answer(self):
                length = int(self.headers.get("content-length") or 0)
                body_in = self.rfile.read(length) if length else b""
                origin.asked.append(Asked(self.command, self.path, list(self.headers.items()), body_in))
                status, fields, body, down = origin._answer
                if down:
                    self.close_connection = True
                    return
                self.send_response_only(status)
                for name, value in fields:
                    self.send_header(name, value)
                if not any(name.lower() == "content-length" for name, _ in fields):
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def __getattr__(self, name):
                if name.startswith("do_"):
                    return self.answer
                raise AttributeError(name)

            def log_message(self, *arguments):
                """Silence."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def says(self, status=200, fields=(), body=b"", *, down=False):
        """What the next requests are answered; `down` breaks the connection instead."""
        self._answer = (status, list(fields), body, down)

    def __enter__(self):
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exc_info):
        self._server.shutdown()
        self._thread.join(10)
        self._server.server_close()
