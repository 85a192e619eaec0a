"""
The sites of the examples, and requests worth trying on them.

Each folder of `examples/` is a site, `FOLDER.localhost`; one with several test files is a site for each, by the file's name.
The requests printed to try are cases of the test files, chosen by `try = "what it shows"`; each was taken through the
same scripts before (`simulate`), so what stands beside it is what it gives.
"""

import hashlib
import random
import shlex
import textwrap
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from edgescript.cli import WIDTH
from edgescript.cli.author.testing.run import Prepared, prepare
from edgescript.cli.values import UrlType
from edgescript.request import Connection
from edgescript.services import Dictionaries, Services
from edgescript.source import to_bytes_text
from edgescript.testing.cases import SUFFIX, Case, Expect
from edgescript.testing.expectations import mismatches
from runtime.demo.origin import echo
from runtime.http.refusal import Refuse
from runtime.limits.local import LocalLimits
from runtime.proxy.simulate import Incoming, Simulation, fresh_cache, simulate
from runtime.scripts.site import Site
from runtime.trial.cases import outcome_of
from runtime.upstreams.upstream import Upstream

EXAMPLES: Final = Path(__file__).resolve().parents[2] / "examples"
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


class Example(NamedTuple):
    """A test file's scripts as a site; `site.origin` is never asked."""

    site: Site
    prepared: Prepared

    @property
    def host(self) -> str:
        return f"{self.site.name}.localhost"

    def table(self) -> dict[str, Any]:
        """As `[[sites]]` of `edge.toml` has it."""
        suite = self.prepared.suite
        scripts = [
            {**(entry if isinstance(entry, dict) else {}), "rule_path": path}
            for entry, path in zip(suite.scripts, self.prepared.paths, strict=True)
        ]
        for script in scripts:
            script.pop("file", None)
        table: dict[str, Any] = {"name": self.site.name, "hosts": [self.host], "scripts": scripts}
        return {**table, "dictionaries": suite.dictionaries} if suite.dictionaries else table

    def lines(self, port: int) -> Iterator[str]:
        """Requests to try, and what each gives."""
        host = f"{self.host}:{port}"
        tries = _worth_trying(self.prepared, self.site, host)
        if tries:
            yield f"# {self.site.name}"
        for each, outcome in tries:
            yield each.command(host)
            yield from textwrap.wrap(
                f"{outcome.status}: {each.says}", WIDTH, initial_indent="    # ", subsequent_indent="    #   "
            )


def examples() -> list[Example]:
    """All of them. Raises ScriptsWithErrorsError."""
    files = sorted(EXAMPLES.glob(f"*/*{SUFFIX}"))
    nowhere = Upstream.single("127.0.0.1", 1)
    found = []
    for path, name in zip(files, _names(files), strict=True):
        prepared = prepare(str(path))
        site = Site(name, nowhere, prepared.scripts, _services(prepared.suite.dictionaries_of()))
        found.append(Example(site, prepared))
    return found


def _names(files: Sequence[Path]) -> list[str]:
    """What the site of each test file is called: its folder, or the file where there are several in a folder."""
    in_folder = Counter(path.parent for path in files)
    return [
        path.parent.name if in_folder[path.parent] == 1 else path.name.removesuffix(SUFFIX) for path in files
    ]


def _services(dictionaries: Dictionaries) -> Services:
    limits = LocalLimits().site()
    return Services(
        random=random.SystemRandom(),
        limiter=limits.limiter,
        connections=limits.connections,
        dictionaries=dictionaries,
    )


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
    site = Site(site.name, site.origin, site.scripts, _services(site.services.dictionaries))
    fields = [("Host", host), *((name, to_bytes_text(value)) for name, value in each.fields)]
    incoming = Incoming(each.method, to_bytes_text(each.target), fields, Connection(), "0" * 32)
    cache = fresh_cache()
    now = time.time()  # noqa: TID251 - as above
    for _ in range(each.repeat - 1):
        simulate(site, incoming, echo, cache, now, time.monotonic)
    return simulate(site, incoming, echo, cache, now, time.monotonic)
