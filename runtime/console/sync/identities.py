"""
Nodes by their tokens, remembered so that a thousand that wake at once ask the store nothing.

A remembered token is asked about again after a while. When somebody revokes one, this process is told at once (`forget`);
what another replica revoked is found within `RECHECK_S`. While the store is away, who was known goes on for `TRUSTED_S`:
what a node gets then is what it was allowed before. A token that is not remembered is refused.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

from runtime.console.model.access import Actor, NodeActor
from runtime.console.model.refusal import Refused
from runtime.console.sync.manifests import Call

RECHECK_S: Final = 30.0
TRUSTED_S: Final = 3600.0
MAX_KNOWN: Final = 20_000
MAX_TOKEN: Final = 1_024


class Tokens(Protocol):
    """Who a token is of."""

    def authenticate(self, text: str) -> Actor | NodeActor: ...


class _Known(NamedTuple):
    who: NodeActor
    checked: float


class Identities:
    """The nodes' tokens seen lately, by their digests: no secret is kept."""

    def __init__(self, tokens: Tokens, call: Call, clock: Callable[[], float]) -> None:
        """`clock` is monotonic."""
        self._tokens = tokens
        self._call = call
        self._clock = clock
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._checking: dict[bytes, asyncio.Task[NodeActor]] = {}

    async def of(self, text: str) -> NodeActor:
        """Who `text` is the token of. Raises Refused."""
        if len(text) > MAX_TOKEN:
            raise Refused("unauthorized", "no token of a node")
        digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()
        known = self._known.get(digest)
        now = self._clock()
        if known is not None and now - known.checked < RECHECK_S + digest[0] / 32:
            return known.who
        try:
            return await self._check(digest, text)
        except Refused as error:
            if error.code == "store-unavailable" and known is not None and now - known.checked < TRUSTED_S:
                return known.who
            if error.code != "store-unavailable":
                self._known.pop(digest, None)
            raise

    async def _check(self, digest: bytes, text: str) -> NodeActor:
        checking = self._checking.get(digest)
        if checking is None:
            checking = self._checking[digest] = asyncio.get_running_loop().create_task(self._ask(text))
            checking.add_done_callback(lambda _task: self._checking.pop(digest))
        who = await asyncio.shield(checking)
        self._known[digest] = _Known(who, self._clock())
        self._known.move_to_end(digest)
        if len(self._known) > MAX_KNOWN:
            self._known.popitem(last=False)
        return who

    async def _ask(self, text: str) -> NodeActor:
        who = await self._call(self._tokens.authenticate, text)
        if not isinstance(who, NodeActor):
            raise Refused("forbidden", "want a node's token")
        return who

    def forget(self, token: str) -> None:
        """The token with the id `token` was revoked."""
        for digest in [digest for digest, known in self._known.items() if known.who.id == token]:
            del self._known[digest]
