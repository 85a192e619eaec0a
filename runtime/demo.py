"""
`python -m runtime.demo`, which is `make run`: a demo origin and an edge node with the example scripts, on loopback.

Each folder of `examples/` is a site of the node, `FOLDER.localhost`; one with several test files is a site for each, by
the file's name. The requests printed to try are cases of the test files, chosen by `try = "what it shows"`; each was
taken through the same scripts before (`simulate`), so what stands beside it is what it gives. Ports are 8080 and 8000, or `EDGESCRIPT_DEMO_PORT` and `EDGESCRIPT_DEMO_ORIGIN_PORT`, or free ones
where these are taken. Ctrl-C or SIGTERM ends it.
"""

import hashlib
import os
import random
import shlex
import socket
import sys
import textwrap
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import click

from edgescript.cli import WIDTH
from edgescript.cli.loading import show_diagnostics
from edgescript.cli.testing.run import Prepared, ScriptsWithErrorsError, outcome_of, prepare
from edgescript.cli.values import UrlType
from edgescript.request import Connection
from edgescript.services import Services
from edgescript.testing.cases import SUFFIX, Case, Expect
from edgescript.testing.expectations import mismatches
from runtime.config import Config
from runtime.http.refusal import Refuse
from runtime.io.serve import serve
from runtime.limits.local import LocalLimits
from runtime.proxy.forward import Forward
from runtime.proxy.simulate import Incoming, OriginAnswer, Simulation, fresh_cache, simulate
from runtime.scripts.site import Site, Sites
from runtime.upstreams.upstream import Upstream

EXAMPLES: Final = Path(__file__).resolve().parents[1] / "examples"
PORT: Final = ("EDGESCRIPT_DEMO_PORT", 8080)
ORIGIN_PORT: Final = ("EDGESCRIPT_DEMO_ORIGIN_PORT", 8000)
MAX_REPEAT: Final = 20
MAX_TRIES: Final = 2
"""Requests shown for one example."""


class Try(NamedTuple):
    """A request worth trying; `repeat` times in a row, the last is of interest."""

    method: str
    target: str
    fields: Sequence[tuple[str, str]]
    repeat: int
    says: str
    chosen: bool
    """Shown rather than others."""

    def command(self, host: str) -> str:
        """A line for a shell."""
        words = ["curl", "-i" if self.repeat == 1 else "-si"]
        if self.method == "HEAD":
            words.append("-I")
        elif self.method != "GET":
            words += ["-X", self.method]
        words += [word for name, value in self.fields for word in ("-H", f"{name}: {value}")]
        line = shlex.join([*words, f"http://{host}{self.target}"])
        return line if self.repeat == 1 else f"for i in $(seq {self.repeat}); do {line}; done"


CACHED: Final = Try(
    "GET", "/static/app.js", (), 2, "asked twice; the cache answers the second (X-Cache: HIT)", True
)


def main() -> int:
    """Serve until told to stop; the exit status."""
    files = sorted(EXAMPLES.glob(f"*/*{SUFFIX}"))
    if not files:
        click.echo(f"demo: no examples in {EXAMPLES}", err=True)
        return 1
    with _Origin(wanted_port(*ORIGIN_PORT)) as origin:
        address = Upstream.single("127.0.0.1", origin.port)
        examples = [_example(path, name, address) for path, name in zip(files, _names(files), strict=True)]
        port = free_port(wanted_port(*PORT))
        named = [(f"{site.name}.localhost", site) for site, _ in examples]
        config = Config(listen=f"127.0.0.1:{port}", origin=f"http://127.0.0.1:{origin.port}", drain_s=2.0)

        def announce(_host: str, port: int) -> None:
            click.echo("\n".join(_announcement(port, origin.port, examples)))

        return serve(config, Sites(Site("demo", address), named), on_listening=announce)


def wanted_port(variable: str, default: int) -> int:
    """The port that the variable or the default names. Raises SystemExit."""
    text = os.environ.get(variable, str(default))
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        click.echo(f"demo: {variable}: got {text!r}, want a port", err=True)
        raise SystemExit(2)
    return int(text)


def free_port(wanted: int) -> int:
    """`wanted`, or a free port when it is taken. Raises SystemExit."""
    for port in (wanted, 0):
        try:
            with socket.create_server(("127.0.0.1", port)) as listening:
                taken: int = listening.getsockname()[1]
                return taken
        except OSError:
            continue
    click.echo("demo: no free port", err=True)
    raise SystemExit(1)


def _names(files: Sequence[Path]) -> list[str]:
    """What the site of each test file is called: its folder, or the file where there are several in a folder."""
    in_folder = Counter(path.parent for path in files)
    return [
        path.parent.name if in_folder[path.parent] == 1 else path.name.removesuffix(SUFFIX) for path in files
    ]


def _example(path: Path, name: str, origin: Upstream) -> tuple[Site, Prepared]:
    """The site of a test file's scripts. Raises SystemExit."""
    try:
        prepared = prepare(str(path))
    except ScriptsWithErrorsError as error:
        show_diagnostics(error.reports, err=True)
        raise SystemExit(1) from None
    return Site(name, origin, prepared.scripts, _services()), prepared


def _services() -> Services:
    limits = LocalLimits().site()
    return Services(random=random.SystemRandom(), limiter=limits.limiter, connections=limits.connections)


# --- what to try ------------------------------------------------------------------------------------------------


def _announcement(port: int, origin_port: int, examples: Iterable[tuple[Site, Prepared]]) -> Iterator[str]:
    yield f"origin     http://127.0.0.1:{origin_port}  answers with what it was asked"
    yield f"edge node  http://127.0.0.1:{port}  without scripts"
    yield f"           http://NAME.localhost:{port}  with those of examples/NAME"
    yield ""
    yield "Try, in another terminal:"
    for site, prepared in examples:
        host = f"{site.name}.localhost:{port}"
        tries = _worth_trying(prepared, site, host)
        if tries:
            yield ""
            yield f"# {site.name}"
        for each, outcome in tries:
            yield each.command(host)
            yield from textwrap.wrap(
                f"{outcome.status}: {each.says}", WIDTH, initial_indent="    # ", subsequent_indent="    #   "
            )
    yield ""
    yield "Ctrl-C ends it."


def _worth_trying(prepared: Prepared, site: Site, host: str) -> list[tuple[Try, Simulation]]:
    """Up to two requests, those chosen first, then with different outcomes if there are such; and the outcomes."""
    possible: list[tuple[Try, Simulation]] = []
    for each, expect in _candidates(prepared, site.name):
        outcome = _rehearse(site, each, host)
        # A case that turns out otherwise needs another host, time or origin than there are here.
        if not isinstance(outcome, Refuse) and _as_expected(outcome, expect):
            possible.append((each, outcome))
    possible.sort(key=lambda pair: not pair[0].chosen)
    if sum(each.chosen for each, _ in possible) >= MAX_TRIES:
        return possible[:MAX_TRIES]
    kinds = {(outcome.action, outcome.status): (each, outcome) for each, outcome in reversed(possible)}
    first = possible[:1]
    others = [pair for pair in kinds.values() if pair not in first] or possible[1:]
    return first + others[-1:]


def _as_expected(outcome: Simulation, expect: Expect) -> bool:
    """Whether the demo shows what the case is about, as far as it does not depend on the case's own origin."""
    of_scripts = Expect(
        action=expect.action,
        status=expect.status,
        headers=expect.headers,
        forward_uri=expect.forward_uri,
        forward_headers=expect.forward_headers,
        error=expect.error,
        state=expect.state,
    )
    return not mismatches(of_scripts, outcome_of(outcome))


def _candidates(prepared: Prepared, name: str) -> Iterator[tuple[Try, Expect]]:
    """Requests and what is expected of them."""
    if name == "auth":
        yield _signed(time.time()), Expect(status=200)  # noqa: TID251 - a composition root; the signature is for now
    if name == "cache":
        yield CACHED, Expect(status=200, headers={"X-Cache": "HIT"})
    for case in prepared.suite.cases:
        if _needs_another_world(case):
            continue
        target = UrlType().convert(case.url, None, None).target
        fields = [(field, value) for field, value in case.headers.items() if isinstance(value, str)]
        says = case.worth_trying or case.name
        yield Try(case.method, target, fields, case.repeat, says, bool(case.worth_trying)), case.expect


def _needs_another_world(case: Case) -> bool:
    """Whether the case speaks of a time, place, connection or past that a visitor of the demo does not have."""
    return (
        bool(case.now is not None or case.geo or case.places or case.before or case.body or case.every_s)
        or not case.url.startswith("http:")
        or case.repeat > MAX_REPEAT
        or any(field.lower() == "host" for field in case.headers)
    )


def _signed(now: float) -> Try:
    """A URL that `examples/auth` lets pass for the next hour."""
    first, rest, key, secret = "live", "ch1/0001.ts", "2024", "first-secret"
    digest = hashlib.md5(f"{secret}{first}{rest}".encode(), usedforsecurity=False).hexdigest()
    target = f"/{first}/{digest}/{rest}?key={key}&t={int(now) + 3600}"
    return Try("GET", target, (), 1, "a URL with the right digest passes, for an hour from now", True)


def _rehearse(site: Site, each: Try, host: str) -> Simulation | Refuse:
    """What the node will answer; with a limiter and cache of its own, so that nothing counts yet."""
    site = Site(site.name, site.origin, site.scripts, _services())
    fields = [("Host", host), *((name, _as_bytes_text(value)) for name, value in each.fields)]
    incoming = Incoming(each.method, _as_bytes_text(each.target), fields, Connection(), "0" * 32)
    cache = fresh_cache()
    now = time.time()  # noqa: TID251 - as above
    for _ in range(each.repeat - 1):
        simulate(site, incoming, _echo, cache, now, time.monotonic)
    return simulate(site, incoming, _echo, cache, now, time.monotonic)


def _as_bytes_text(text: str) -> str:
    return text.encode().decode("latin-1")


# --- the origin -------------------------------------------------------------------------------------------------


def _page(method: str, target: str, fields: Sequence[tuple[str, str]]) -> bytes:
    lines = [f"the origin was asked: {method} {target}", *(f"  {name}: {value}" for name, value in fields)]
    return ("\n".join(lines) + "\n").encode("latin-1", "replace")


def _echo(forward: Forward) -> OriginAnswer:
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


class _Origin:
    """The demo origin in a thread of its own."""

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


if __name__ == "__main__":
    sys.exit(main())
