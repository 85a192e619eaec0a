"""
A plain miss in two steps: the request to a kept connection, the whole answer back.

Nearly every miss is so (`runtime.proxy.straight`), and this is what it takes: no machine, no commands, no events. Whatever
else happens, another has to see to: the request becomes an `Ongoing` with a driver, as if they had been there from the
beginning. It is at most one of the two at a time, and what it was says nothing more to anyone.
"""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Protocol

from runtime.http.framing import NO_BODY
from runtime.http.refusal import Refuse
from runtime.io.client.accounts import SERVER_FAILED, account
from runtime.io.client.ongoing import Client, Ongoing
from runtime.io.client.sockets import MAX_JOINED_BYTES, write_pieces
from runtime.io.driver import Driver, wake_all
from runtime.io.upstream.connection import UpstreamConnection, UpstreamEvent
from runtime.io.upstream.pool import ServerPool
from runtime.proxy.header_block import HeaderBlock
from runtime.proxy.messages import Command, UpstreamAnswered, Wake
from runtime.proxy.plan import Plan
from runtime.proxy.storing import Storing
from runtime.proxy.straight import is_left_unstored, straight_head

if TYPE_CHECKING:
    from runtime.io.worker import Worker

_NONE: Final = b""


class PassingClient(Client, Protocol):
    """The connection a request came on."""

    def goes_on(self, ongoing: Ongoing) -> None:
        """What is in progress is `ongoing` from now on."""

    def passed(self, *, keep_alive: bool) -> None:
        """As `answered`, of a request that is accounted for."""


class Passage:
    """One request. Implements `UpstreamUser`, and what its client asks of an `Ongoing`."""

    __slots__ = (
        "_block",
        "_client",
        "_connection",
        "_content",
        "_driver",
        "_head",
        "_now",
        "_over",
        "_plan",
        "_pool",
        "_since",
        "_status",
        "_storing",
        "_transport",
        "_worker",
        "ends_mono_s",
    )

    begun: Final = False
    """An answer is written as a whole."""

    def __init__(
        self,
        client: PassingClient,
        transport: asyncio.Transport,
        worker: "Worker",
        block: HeaderBlock,
        plan: Plan,
        pool: ServerPool,
        connection: UpstreamConnection,
        storing: Storing | None,
        now: float,
    ) -> None:
        """`connection` is a kept one of `pool` that nobody has; without `storing` nobody waits for the answer."""
        self._client = client
        self._transport = transport
        self._worker = worker
        self._block = block
        self._plan = plan
        self._pool = pool
        self._connection = connection
        self._now = now
        self._driver: Driver | None = None
        """Who sees to the request instead."""
        self._over = False
        self._status = 0
        self._head = self._content = _NONE
        mono_s = worker.mono()
        client.deadline_mono_s = self.ends_mono_s = mono_s + worker.config.request_timeout_s
        self._storing = storing
        self._since = plan.since
        """The store's generation when the origin was asked."""
        if storing is None and plan.since is None:
            self._since = worker.cache.store.generation(plan.cache_key)
        connection.ask(self, plan.forward.head(NO_BODY), mono_s)
        worker.outbox.add_request(connection)

    # --- from the origin ----------------------------------------------------------------------------------------

    def on_upstream(self, event: UpstreamEvent) -> None:
        if event.__class__ is not UpstreamAnswered:
            self._hand_over().on_upstream(event)
            return
        head, content = event
        worker, plan = self._worker, self._plan
        now = worker.clock()
        woken: Sequence[Command] = ()
        if self._storing is None and is_left_unstored(plan, worker.settings, head, now):
            worker.cache.uncacheable.note(plan.cache_key, now)
        else:
            woken = self._stores().keep(head, content, plan.effects, now)
        self._head = straight_head(plan, head, now)
        self._content = content
        self._status = head.status
        worker.outbox.add_answer(self)
        for wake in woken:
            assert isinstance(wake, Wake)
            wake_all(wake)

    def _stores(self) -> Storing:
        """The storing side, which most answers that nobody waits for can do without."""
        storing = self._storing
        if storing is None:
            plan, worker = self._plan._replace(since=self._since), self._worker
            storing = Storing(plan, worker.cache, worker.settings, self._now)
        return storing

    def on_upstream_writable(self, writable: bool) -> None:
        """The request is short and all written, or soon."""

    def hold(self) -> None:
        self._hand_over().hold()

    def release(self) -> None:
        if self._driver is not None:
            self._driver.release()

    def _hand_over(self) -> Driver:
        """Leave it to who can see to anything."""
        if self._driver is None:
            ongoing = Ongoing(
                self._client, self._transport, self._worker, self._plan.request, self._block, self._now
            )
            self._driver = self._driven_for(ongoing)
            ongoing.go_on(self._driver, self.ends_mono_s)
            self._client.goes_on(ongoing)
        return self._driver

    def _driven_for(self, client: Ongoing | None) -> Driver:
        return Driver.of_sent(
            self._plan, client, self._worker, self._stores(), self._pool, self._connection, self._now
        )

    # --- to the client ------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Write the answer."""
        client = self._client
        if self._over or client.closing:
            return
        head, content = self._head, self._content
        size = len(head) + len(content)
        if size <= MAX_JOINED_BYTES:
            self._transport.write(head + content)
        else:
            write_pieces(self._transport, (head, content))
        self._over = True
        worker, status = self._worker, self._status
        if worker.access is not None or status >= SERVER_FAILED:
            self.account(None, whole=True)
        else:
            worker.counters.answered_late("MISS", status, size, worker.clock() - self._now)
        client.passed(keep_alive=self._plan.keep_alive)

    @property
    def waiting_bytes(self) -> int:
        """Bytes of the answer that wait to be written."""
        return len(self._head) + len(self._content)

    def client_writable(self, writable: bool) -> None:
        """Nothing of the answer is kept back."""

    def leave(self) -> None:
        """The client is gone, or has its answer: nothing more reaches it."""
        self._over = True
        if not self._status and self._driver is None:
            self._driver = self._driven_for(None)
            self._driver.client_closed()

    def account(self, refused: Refuse | None, *, whole: bool) -> None:
        """Count and log this request, as `Ongoing.account`."""
        worker = self._worker
        server, response_s = "", 0.0
        if worker.access is not None:
            server, response_s = self._pool.name, self._connection.response_s
        account(
            worker,
            self._plan.request,
            self._block,
            self._status,
            "MISS",
            self.waiting_bytes if whole else 0,
            self._now,
            server,
            response_s,
            refused,
            whole,
        )


def begin_passage(
    client: PassingClient,
    transport: asyncio.Transport,
    worker: "Worker",
    block: HeaderBlock,
    plan: Plan,
    now: float,
) -> Passage | ServerPool | None:
    """The request on its way; or only the server to be asked, which has no kept connection; or not even that."""
    key, cache = plan.cache_key, worker.cache
    alone = cache.uncacheable.covers(key, now)
    if not alone and key in cache.flights:
        return None  # it waits for another's fetch
    group = worker.upstreams.get(plan.origin) or worker.upstream(plan.origin)
    pool = group.always or group.choose(key)
    if pool is None:
        return None
    connection = pool.take_unasked()
    if connection is None:
        return pool
    storing = None
    if not alone:
        storing = Storing(plan, cache, worker.settings, now)
        storing.sharing.join(None)
    return Passage(client, transport, worker, block, plan, pool, connection, storing, now)
