"""
Milliseconds that the console's store takes for what people and nodes ask of it.

    .venv/bin/python -m loadtest.console_store_bench [URL]

Without a URL it measures a SQLite file in a temporary directory, whose disk is the one measured. The database of a URL has
to be empty, and is filled. A figure is the median, with the longest beside it.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Final

from sqlalchemy import insert

from runtime.console.store import (
    Store,
    Writing,
    audit,
    blobs,
    documents,
    domains,
    drafts,
    environments,
    figures,
    generations,
    nodes,
    releases,
    scripts,
    tables,
    tokens,
    versions,
)

NOW: Final = 1_750_000_000.0
MANY: Final = 10_000
NODES: Final = 1_000
TEXT: Final = "if eq($uri, '/') { return true; }\n" * 60


def fill(t: Writing) -> None:
    """A domain with many versions of one script, and many domains that nodes have documents of."""
    domains.add(t, "shop", "ann")
    scripts.add(t, "shop", "auth")
    version = {
        "domain": "shop",
        "script": "auth",
        "source": TEXT,
        "rule": {"pos": "head"},
        "tests": "",
        "digest": "d",
        "code": TEXT.encode(),
        "author": "ann",
        "message": "",
        "created": NOW,
        "evidence": {},
    }
    t.execute(insert(tables.versions), [{**version, "number": number} for number in range(1, MANY + 1)])
    t.execute(tables.scripts.update().values(latest=MANY))
    domain = {"settings_revision": 0, "author": "ann", "created": NOW}
    t.execute(insert(tables.domains), [{**domain, "name": f"d{number:05}"} for number in range(MANY)])
    document = {"environment": "production", "digest": "d" * 64, "size": 100, "refs": ["r" * 64] * 3}
    rest = {**document, "generation": 1, "made": NOW}
    rows = [{**rest, "domain": f"d{number:05}", "sha256": f"{number:064}"} for number in range(MANY)]
    t.execute(insert(tables.documents), rows)
    grants = (tokens.Grant("shop", "edit"),)
    tokens.add(t, id="a", kind="user", hash=b"h", label="", author="", expires=None, grants=grants)


def save_draft(t: Writing) -> None:
    drafts.save(t, "shop", "auth", source=TEXT, rule={}, tests="", digest="d", diagnostics=[], author="ann")


def publish(t: Writing) -> None:
    """All that one publication writes."""
    made = versions.add(
        t,
        "shop",
        "auth",
        source=TEXT,
        rule={},
        tests="",
        digest="d",
        code=TEXT.encode(),
        author="ann",
        message="why",
        evidence={},
    )
    live = {"auth": made.number}
    release = releases.add(t, "shop", settings_revision=1, scripts=live, author="ann", message="why")
    environments.go_live(t, "shop", "production", release.number, scripts=live, rollout=None, author="ann")
    blobs.put(t, [(f"sealed {made.number}", f"plain {made.number}", TEXT.encode())])
    generation = generations.advance(t, "production")
    documents.put(
        t,
        "production",
        "shop",
        digest="d",
        sha256=f"sealed {made.number}",
        size=9,
        refs=[],
        generation=generation,
    )
    head = audit.head(t)
    row = audit.AuditRow(head.n + 1, t.now, "ann", "a", "shop", "publish", "", {}, head.hash, f"{head.n:064}")
    audit.append(t, row)


SIGHTINGS: Final = [
    nodes.Sighting(f"n{number}", "production", "p", "r", "0.1.0", 1, "", NOW, NOW, "t", {}, 1)
    for number in range(NODES)
]
FIGURES: Final = [
    figures.FigureRow("shop", "production", 10, f"s{number}", 1, 1, hit=1) for number in range(NODES)
]
NUMBERS: Final = {"auth": 5, **{f"s{number}": 1 for number in range(NODES - 1)}}
READS: Final[dict[str, Callable[..., object]]] = {
    "a token with its grants": lambda t: tokens.get(t, "a"),
    "50 of 10,000 versions, the newest": lambda t: versions.page(t, "shop", "auth", 50),
    "50 of 10,000 versions, the oldest": lambda t: versions.page(t, "shop", "auth", 50, "51"),
    "1,000 versions by script and number": lambda t: versions.heads(t, "shop", NUMBERS),
    "1,000 nodes": lambda t: nodes.all(t, "production"),
    "the documents of 10,000 domains": lambda t: documents.all(t, "production"),
}
WRITES: Final[dict[str, Callable[[Writing], object]]] = {
    "a draft of 2 KB": save_draft,
    "a publication": publish,
    "reports of 1,000 nodes": lambda t: nodes.report(t, SIGHTINGS),
    "figures of 1,000 scripts": lambda t: figures.add(t, FIGURES),
}


def told(name: str, action: Callable[[], object]) -> None:
    """Print how long `action` takes."""
    action()
    times = []
    while sum(times) < 1 and len(times) < 200:
        started = time.perf_counter()
        action()
        times.append(time.perf_counter() - started)
    print(f"{name:40} {statistics.median(times) * 1e3:8.2f} ms {max(times) * 1e3:8.2f} ms")


def measure(url: str) -> None:
    store = Store.open(url, clock=lambda: NOW)
    store.transact(fill)
    for name, write in WRITES.items():
        told(f"write {name}", lambda write=write: store.transact(write))
    for name, read in READS.items():

        def reading(read: Callable[..., object] = read) -> None:
            with store.read() as t:
                read(t)

        told(f"read {name}", reading)
    store.close()


def main() -> None:
    if len(sys.argv) > 1:
        measure(sys.argv[1])
        return
    with tempfile.TemporaryDirectory() as folder:
        measure(f"sqlite:///{folder}/console.db")


if __name__ == "__main__":
    main()
