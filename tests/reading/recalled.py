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
from runtime.proxy.front import Front, Held
from runtime.proxy.header_block import HeaderBlock
from runtime.proxy.own_answer import Immediate
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
        return [_of_decision(decision), list(self.told), [_of_tally(script) for script in self.scripts]]

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
    return {
        name: list(value) if isinstance(value, list | tuple) else value
        for name, value in effects.__dict__.items()
        if value not in ((), []) and name != "output"
    }


def both(scripts: Sequence[InstalledScript], policy: SitePolicy | None = None) -> tuple[Node, Node]:
    """One that remembers, and one that does not."""
    return Node(scripts, policy, decision_bytes=1 << 20), Node(scripts, policy, decision_bytes=0)
