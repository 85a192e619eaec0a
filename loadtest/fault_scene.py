"""
What every trouble needs: a node before an origin, a crowd, and a place where what must hold is held against what was seen.

A trouble is a function of a `Scene`; its docstring's first line is its title. It says what it does to the node (`scene.did`),
what the node said of it (`scene.told`) and what must hold (`scene.must`); what does not is in `broken`.
"""

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from loadtest.crowd import BETWEEN, LATE, WRONG, Ask, Crowd, Tally, until
from loadtest.edge import Edge, Origin, edge, origin, toml

RETRIES: Final = 1
SLACK_S: Final = 4.0
"""What an answer may take beyond its timeouts: deadlines are swept twice a second, and the machine is small and busy."""

STORED: Final = Ask("stored", [f"/keep/{size}/{n}" for n in range(4) for size in (200, 20_000, 200_000)])
BRIEF: Final = Ask("brief", [f"/brief/{size}/{n}" for n in range(2) for size in (2_000, 90_000)])
PASSED: Final = Ask("passed", ["/pass/3000/{}"])
NEW: Final = Ask("new", ["/keep/5000/{}", "/keep/100000/{}"], host="b.example")


class SkipError(Exception):
    """The machine cannot do it; the text says why."""


class Scale(NamedTuple):
    """
    How long and how much.

    `phase_s` is for how long a crowd asks before, during and after a trouble, each; `wait_s` is what nodes are told of how long
    to wait for an origin or a client.
    """

    phase_s: float
    wait_s: float
    clients: int
    repeats: int
    slow: int
    idle: int


LONG: Final = Scale(phase_s=1.5, wait_s=1.0, clients=8, repeats=8, slow=500, idle=10_000)
SHORT: Final = Scale(phase_s=0.4, wait_s=0.8, clients=3, repeats=1, slow=30, idle=200)


@dataclass(slots=True)
class Scene:
    """Of one trouble."""

    scale: Scale
    folder: Path
    workers: int = 2
    deeds: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    longest_s: float = 0.0
    requests: int = 0
    wrong: int = 0

    def did(self, what: str) -> None:
        self.deeds.append(what)

    def told(self, what: str) -> None:
        """What the node said, without the name of the folder it works in."""
        self.said.append(what.replace(str(self.folder), ""))

    def must(self, holds: bool, text: str) -> None:
        """`text` is what is wrong where it does not hold."""
        if not holds:
            self.broken.append(text)

    def only(self, tally: Tally, *wanted: str, where: str) -> None:
        """Some were seen, and nothing but `wanted`."""
        self.nothing_but(tally, *wanted, where=where)
        self.must(bool(tally.times_s), f"{where}: no request came to an end")

    def nothing_but(self, tally: Tally, *wanted: str, where: str) -> None:
        """If any were seen, they are `wanted`."""
        other = {what: count for what, count in tally.by_what.items() if what not in wanted}
        self.must(not other, f"{where}: saw {other}, want only {', '.join(wanted)}")

    def always_served(
        self, crowd: Crowd, *asks: Ask, but_for: Mapping[str, Sequence[str]] = MappingProxyType({})
    ) -> None:
        """In every phase there was, each of `asks` had its body, and nothing else was seen `but_for` what a phase may have."""
        for ask in asks:
            for phase in crowd.phases:
                where = f"{phase}, {ask.name}"
                self.only(crowd.of(phase, ask.name), "200", *but_for.get(phase, ()), where=where)
            allowed = ("200", *(what for each in but_for.values() for what in each))
            self.nothing_but(crowd.of(BETWEEN, ask.name), *allowed, where=f"{BETWEEN}, {ask.name}")

    @property
    def failure_s(self) -> float:
        """How long an answer may take whose origin is silent."""
        return (RETRIES + 1) * self.scale.wait_s + SLACK_S

    # --- the players --------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def played(self, *asks: Ask, **settings: Any) -> Iterator[tuple[Edge, Origin, Crowd]]:
        """A node, its origin and a crowd at work, after the first phase; `settings` are those of edge.toml."""
        with origin() as upstream, self.node(upstream, **settings) as node, self.crowd(node, *asks) as crowd:
            self.phase(crowd, "before")
            yield node, upstream, crowd

    @contextlib.contextmanager
    def node(
        self, upstream: Origin, *, state: Path | None = None, command: Sequence[str] = (), **settings: Any
    ) -> Iterator[Edge]:
        """A node before `upstream`, with short timeouts."""
        keys = {
            "listen": "127.0.0.1:0",
            "admin": "127.0.0.1:0",
            "workers": self.workers,
            "state_dir": str(state or self.folder / "state"),
            "connect_timeout_s": self.scale.wait_s,
            "response_timeout_s": self.scale.wait_s,
            "upstream_idle_timeout_s": self.scale.wait_s,
            "drain_s": 1,
            "cache_bytes": 8 << 20,
            "disk_cache_bytes": 64 << 20,
            "limiter_keys": 1000,
            **settings,
        }
        server = {"name": "odd", "servers": [upstream.url], "retries": RETRIES, "fail_timeout_s": 1}
        site = {"hosts": ["*"], "origin": "odd", "scripts": settings.get("scripts", [])}
        keys.pop("scripts", None)
        configuration = toml(keys, {"upstreams": [server], "sites": [site]})
        with edge(self.folder, configuration, **({"command": command} if command else {})) as node:
            upstream.wait_until_listening()
            yield node

    @contextlib.contextmanager
    def crowd(self, node: Edge, *asks: Ask) -> Iterator[Crowd]:
        """At work while the block runs; then nothing of what it saw may be wrong or late."""
        crowd = Crowd(node.port, asks, clients=self.scale.clients)
        try:
            with crowd.asking():
                yield crowd
        finally:
            self._count(crowd)

    def phase(self, crowd: Crowd, name: str, while_doing: Callable[[], object] = lambda: None) -> None:
        """
        The crowd asks while `while_doing` is done and for `phase_s` more, and on until each kind was answered once.
        """
        crowd.begin(name)
        while_doing()
        crowd.ask_for(self.scale.phase_s)
        until(lambda: crowd.saw_all(name), 2 * self.failure_s)

    def settle(self, condition: Callable[[], bool], within_s: float, text: str) -> None:
        """`condition()` comes to hold within the time."""
        self.must(until(condition, within_s, 0.05), f"{text} within {within_s:g} s")

    def _count(self, crowd: Crowd) -> None:
        total = crowd.total()
        self.requests += sum(total.values())
        self.wrong += total[WRONG]
        self.longest_s = max([self.longest_s, *(tally.longest_s for tally in crowd.tallies.values())])
        self.must(not total[WRONG], f"{total[WRONG]} answers with a wrong body")
        self.must(not total[LATE], f"{total[LATE]} requests without an answer in {crowd.patience_s:g} s")
        order = [*crowd.phases, BETWEEN]
        for (phase, name), tally in sorted(
            crowd.tallies.items(), key=lambda each: (order.index(each[0][0]), each[0][1])
        ):
            parts = [
                f"{seen.what}{' ' + seen.x_cache if seen.x_cache else ''} x {count}"
                for seen, count in sorted(tally.seen.items())
            ]
            self.seen.append(f"{phase}, {name}: {', '.join(parts)}; longest {tally.longest_s * 1e3:.0f} ms")


Trouble = Callable[[Scene], None]


def played(trouble: Trouble, scale: Scale, workers: int) -> Scene:
    """The scene after it. Raises SkipError, EdgeError."""
    with tempfile.TemporaryDirectory(prefix="edgescript-trouble-") as name:
        scene = Scene(scale, Path(name), workers)
        trouble(scene)
        return scene
