"""Two nodes with the same scripts, one of which remembers decisions, and what both make of the same requests."""

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import stdlib
from edgescript.compiler import compile_source
from edgescript.context import Context
from edgescript.pipeline import InstalledScript, ScriptResult
from edgescript.program import Program, load
from edgescript.request import Connection, Request
from edgescript.services import GeoRecord, ScriptMetrics, Services
from edgescript.source import Source
from runtime.cache.memory import MemoryStore
from runtime.cache.store import StoredResponse
from runtime.http.framing import accept_request
from runtime.http.refusal import Refuse
from runtime.limits.local import LocalLimits
from runtime.proxy.front import AtOnce, Front, Held, Known
from runtime.proxy.header_block import HeaderBlock
from runtime.proxy.hit import AT_ONCE_BYTES
from runtime.proxy.own_answer import Immediate
from runtime.proxy.remembered import begun_as
from runtime.scripts.policy import SitePolicy
from runtime.scripts.rule import Rule
from runtime.scripts.site import Site, Sites
from runtime.trial.installed import installed
from runtime.upstreams.upstream import Upstream

ORIGIN = Upstream.single("origin", 80)
HOST = "a.example"


class Asked(NamedTuple):
    """A request."""

    target: str = "/"
    method: str = "GET"
    fields: tuple[tuple[str, str], ...] = ()
    address: str = "192.0.2.1"
    host: str = HOST


class Places:
    """A database in which some addresses are."""

    def lookup(self, address: str, /) -> GeoRecord | None:
        return GeoRecord("CN", "330000", "330100", "100017") if address.endswith(".1") else None


def program_of(text: str) -> Program:
    """The program of a script without errors."""
    compiled = compile_source(Source("t.es", text), stdlib.registry())
    assert compiled.code is not None, [str(each) for each in compiled.diagnostics]
    return load(compiled.code, stdlib.registry())


def script_of(program: Program, **settings: Any) -> InstalledScript:
    """One that stands in head unless `settings`, those of a Rule, say otherwise."""
    rule = Rule("t.es", "t", **settings)
    return installed(program, rule, "head")


class Node:
    """Decides on requests, and says all that comes of them."""

    def __init__(
        self, scripts: Sequence[InstalledScript], policy: SitePolicy | None = None, *, decision_bytes: int
    ) -> None:
        # Counts of its own: scripts of two nodes are the same but for them.
        self.scripts = tuple(replace(script, tally=type(script.tally)()) for script in scripts)
        self.policy = policy
        self.told: list[Any] = []
        self.limits = LocalLimits()
        self.at_once = 0
        """Requests that were answered without being made."""
        store = MemoryStore(1 << 20, 1 << 16)
        self.front = Front(
            self.sites(),
            store,
            lambda: 0.0,
            lambda _, faults: self.told.append([(each.fault.line, int(each.fault.code)) for each in faults]),
            self.record,
            decision_bytes,
        )
        fields = ((b"Content-Type", b"text/plain"),)
        for target in ("/", "/a", "/p/q.ts"):
            stored = StoredResponse(
                200, fields, b"stored", request_time=0.0, response_time=0.0, lifetime_s=1e12
            )
            store.put(f"http://{HOST}{target}", stored)
        self.blocks: dict[tuple[Any, ...], HeaderBlock] = {}

    def sites(self) -> Sites:
        services = Services(
            random=random.Random(7),
            geo=Places(),
            limiter=self.limits.site("s").limiter,
            metrics=ScriptMetrics(),
            origins=frozenset({"other"}),
            dictionaries={"prices": {"a": "1", "x": "2"}},
        )
        site = Site("s", ORIGIN, self.scripts, services, upstreams={"other": ORIGIN}, policy=self.policy)
        return Sites(site)

    def reload(self) -> None:
        """The same once more."""
        self.front.install(self.sites())

    def record(self, context: Context, results: Sequence[ScriptResult]) -> None:
        self.told.append((context.request.target, [_of_result(each) for each in results]))

    def decide(self, asked: Asked, number: int, now: float) -> list[Any]:
        """What is decided, and what the node told and counted of it."""
        self.told.clear()
        decision = self.front.decide(self._request(asked, number), self._block(asked), now)
        return [
            _of_decision(decision),
            list(self.told),
            [_of_tally(script) for script in self.scripts],
            self.limits.counts(),
            self.limits.keys(now),
        ]

    def answer(self, asked: Asked, number: int, now: float) -> list[Any]:
        """The answer by the way that a connection goes, in bytes if it is whole, and what was counted. Nothing is recorded."""
        self.told.clear()
        self.front.record_with(None)
        found = self._at_once(asked, number, now)
        if isinstance(found, tuple):
            data, label, status, *_ = found
            outcome: Any = data, b"", label, status, None
        else:
            outcome = self.front.decide(self._request(asked, number), self._block(asked), now, found)
            if isinstance(outcome, Immediate) and len(outcome.body) <= AT_ONCE_BYTES:
                head, body, _, rate, _, status, label, *_ = outcome
                outcome = head + body, b"", label, status, rate
            else:
                outcome = _of_decision(outcome)
        site = self.front.sites.find(asked.host)
        assert site is not None
        counts = replace(self.limits.counts())
        tallies = [_of_tally(script) for script in self.scripts]
        return [outcome, list(self.told), tallies, counts, self.limits.keys(now), site.counts.requests]

    def _at_once(self, asked: Asked, number: int, now: float) -> AtOnce | Known:
        block = self._block(asked)
        if asked.method != "GET" or not self.front.memory.max_bytes:
            return None
        if block.glances:
            found: AtOnce | Known = self.front.hit(block, asked.target, now, lambda: f"{number:032x}")
        elif block.table is not None and not block.table.worth.rest:
            found = self.front.at_once(block, begun_as(asked.target), now, lambda: f"{number:032x}")
        else:
            return None
        self.at_once += isinstance(found, tuple)
        return found

    def _block(self, asked: Asked) -> HeaderBlock:
        key = (asked.method != "GET", asked.fields, asked.address, asked.host)
        block = self.blocks.get(key)
        if block is None:
            fields = [(b"Host", asked.host.encode())]
            fields += [(name.encode(), value.encode("latin-1")) for name, value in asked.fields]
            head = accept_request(asked.method.encode(), b"/", b"1.1", fields)
            assert not isinstance(head, Refuse)
            block = self.blocks[key] = HeaderBlock(fields, head, "http", "1.1")
        return block

    def _request(self, asked: Asked, number: int) -> Request:
        block = self._block(asked)
        connection = Connection(asked.address)
        return Request(
            asked.method, asked.target, "HTTP/1.1", block.host, block.headers, connection, f"{number:032x}"
        )


def _of_result(result: ScriptResult) -> tuple[Any, ...]:
    return result.script.name, result.state, result.fuel, result.ended, result.fault is None


def _of_tally(script: InstalledScript) -> tuple[Any, ...]:
    return tuple(script.tally.by_state().items()), script.tally.fuel


def _of_decision(decision: Any) -> Any:
    if isinstance(decision, Immediate | Refuse):
        return tuple(decision)
    if isinstance(decision, Held):
        return _of_decision(decision.decision), decision.delay_s, len(decision.leases)
    stale = decision.stale is not None, decision.fallback is not None
    return decision.request.id, decision.forward, decision.cache_key, stale, _of_effects(decision.effects)


def _of_effects(effects: Any) -> dict[str, Any]:
    waiting = [(each.script.name, each.hit, each.at) for each in effects.waiting]
    return {"waiting": waiting} | {
        name: list(value) if isinstance(value, list | tuple) else value
        for name, value in effects.__dict__.items()
        if value not in ((), []) and name not in {"output", "waiting"}
    }


def both(scripts: Sequence[InstalledScript], policy: SitePolicy | None = None) -> tuple[Node, Node]:
    """One that remembers, and one that does not."""
    return Node(scripts, policy, decision_bytes=1 << 20), Node(scripts, policy, decision_bytes=0)
