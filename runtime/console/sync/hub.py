"""All of this package put together: what nodes are answered from, and the duties that keep it true."""

from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from runtime.console.model.access import CONSOLE
from runtime.console.model.names import ENVIRONMENTS
from runtime.console.model.verdict import Seen
from runtime.console.service.console import Console
from runtime.console.service.nodes import NodeSeen
from runtime.console.store import Store
from runtime.console.store import figures as stored_figures
from runtime.console.store import nodes as stored_nodes
from runtime.console.store.figures import STEP_S, FigureRow
from runtime.console.sync.blobs import Blobs
from runtime.console.sync.counting import Counting
from runtime.console.sync.endpoints import Endpoints
from runtime.console.sync.identities import Identities
from runtime.console.sync.manifests import Call, Manifests
from runtime.console.sync.register import Heard, Register
from runtime.console.sync.tail import Tail
from runtime.console.sync.ticker import Ticker, Turn
from runtime.console.sync.waiting import Waiters

POLL_S: Final = 0.5
WRITE_S: Final = 0.5
CONSIDER_S: Final = 1.0
COUNT_S: Final = 5.0
TOKENS_S: Final = 1.0
"""Between two looks at whether who reads a log still may: another console may have revoked the token."""
NOTE_USED_S: Final = 10.0
SWEEP_S: Final = 3600.0
FIGURES_KEPT_S: Final = 30 * 86400.0


class Sync:
    """What nodes see of the console. Made on the loop it runs on."""

    def __init__(
        self,
        console: Console,
        store: Store,
        call: Call,
        *,
        now: Callable[[], float],
        monotonic: Callable[[], float],
        failed: Callable[[str, Exception], None],
    ) -> None:
        """`failed` is told of a duty that fails, once for each reason."""
        self._console = console
        self._store = store
        self._call = call
        self._now = now
        self.waiters = Waiters()
        self.manifests = Manifests(console.bundles, call, self.waiters, ENVIRONMENTS)
        self.blobs = Blobs(console.bundles, call)
        self.identities = Identities(console.tokens, call, monotonic)
        self.counting = Counting()
        self.register = Register(self._forgotten)
        self.tail = Tail(monotonic)
        self.endpoints = Endpoints(
            self.manifests,
            self.waiters,
            self.blobs,
            self.identities,
            self.register,
            self.counting,
            self.tail,
            now,
        )
        self.states: dict[tuple[str, ...], float] = {}
        """How many nodes of an environment are in a state, as the store knew a moment ago."""
        self._poll = Turn("poll", POLL_S, self.manifests.poll)
        self._write = Turn("write", WRITE_S, self.write)
        self.ticker = Ticker(
            [
                self._poll,
                self._write,
                Turn("consider", CONSIDER_S, self._consider),
                Turn("count", COUNT_S, self._count),
                Turn("tokens", TOKENS_S, self._look_at_tokens),
                Turn("note-used", NOTE_USED_S, self._note_used),
                Turn("sweep", SWEEP_S, self._sweep),
            ],
            failed,
        )

    async def start(self) -> None:
        """Learn what the store knows, as far as it answers, and begin."""
        await self.ticker.take(Turn("recall", 0, self._recall))
        self._console.on_change = self.manifests.changed
        await self.ticker.take(self._poll)
        self.ticker.start()

    def drain(self) -> None:
        """Answer nodes that wait, end readers of logs."""
        self.tail.end()
        self.waiters.close()

    async def stop(self) -> None:
        """Write what is left, and end."""
        self.drain()
        await self.ticker.stop()
        await self.manifests.stop()
        await self.ticker.take(self._write)

    @property
    def ready(self) -> bool:
        """Every environment has a manifest."""
        return all(self.manifests.kept(environment) is not None for environment in ENVIRONMENTS)

    async def _recall(self) -> None:
        known = await self._call(self._known_starts)
        self.counting.recall(known)

    def _known_starts(self) -> dict[str, float]:
        with self._store.read() as reading:
            return {
                row.id: row.started
                for environment in ENVIRONMENTS
                for row in stored_nodes.all(reading, environment)
            }

    async def write(self) -> None:
        """Write what nodes said since the last time; keep it if the store does not take it."""
        nodes, figures = self.register.drain(), self.counting.drain()
        if not nodes and not figures:
            return
        try:
            await self._call(self._keep, nodes, figures)
        except BaseException:
            self.register.give_back(nodes)
            self.counting.give_back(figures)
            raise

    def _keep(self, nodes: list[Heard], figures: list[FigureRow]) -> None:
        if figures:
            self._store.transact(lambda writing: stored_figures.add(writing, figures))
        if nodes:
            self._console.nodes.keep([NodeSeen(**msgspec.structs.asdict(each)) for each in nodes])

    async def _consider(self) -> None:
        await self._call(self._console.publishing.consider, Counted(self._store).of)

    async def _count(self) -> None:
        for environment in ENVIRONMENTS:
            counts = await self._call(self._console.nodes.counts, CONSOLE, environment)
            self.states |= {(environment, state): count for state, count in counts.items()}

    def revoked(self, token: str) -> None:
        """The token with this id is good for nothing from now on."""
        self.identities.forget(token)
        self.tail.end({token})

    def removed(self, node: str, token: str) -> None:
        """A node is no more, and so is its token."""
        self.revoked(token)
        self.register.remove(node)

    async def _look_at_tokens(self) -> None:
        tokens = self.tail.tokens()
        if tokens:
            self.tail.end(await self._call(self._console.tokens.ended, tokens))

    async def _note_used(self) -> None:
        await self._call(self._console.tokens.note_used)

    async def _sweep(self) -> None:
        now = self._now()
        self.register.sweep(now)
        await self._call(self._console.bundles.sweep)
        before = now - FIGURES_KEPT_S
        await self._call(self._store.transact, lambda writing: stored_figures.prune(writing, before))

    def _forgotten(self, node: str) -> None:
        self.counting.forget(node)


class Counted:
    """What nodes counted of releases, as far as it is written; asked once for both sides of a rollout."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._asked: tuple[str, str, float] | None = None
        self._rows: list[FigureRow] = []

    def of(self, domain: str, environment: str, release: int, since: float) -> Seen:
        """All nodes and scripts together since then."""
        # The step in which the release went out counts as a whole: before, there was nothing of it.
        asked = (domain, environment, since // STEP_S * STEP_S)
        if asked != self._asked:
            with self._store.read() as reading:
                self._rows = stored_figures.sums(reading, domain, environment, since=asked[2])
            self._asked = asked
        return seen_in(row for row in self._rows if row.release == release)


def seen_in(rows: Iterable[FigureRow]) -> Seen:
    """Rows of one release, all scripts together. A run that never began is none."""
    seen = Seen()
    for row in rows:
        seen += Seen(
            requests=row.requests,
            errors_5xx=row.errors_5xx,
            executions=row.hit + row.not_hit + row.exception,
            exceptions=row.exception,
            fuel=row.fuel,
        )
    return seen
