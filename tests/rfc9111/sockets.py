"""A worker over sockets, before an origin that answers as the case says."""

import contextlib

from tests.rfc9111.notation import START, Answer, Asked, Origin
from tests.rfc9111.pure import HOST
from tests.support.raworigin import CLOSE, RawOrigin
from tests.support.waiting import eventually
from tests.support.worker import serving

_BODILESS = {204, 304}
SILENCE_S = 0.05


class SocketNode:
    """See `notation.Play`."""

    def __init__(self, node, client):
        self._node = node
        self._client = client

    @property
    def now(self):
        return self._node.now

    @now.setter
    def now(self, now):
        self._node.now = now

    async def ask(self, method, target, fields, body):
        lines = [f"{method} {target} HTTP/1.1", f"Host: {HOST}"]
        lines += [f"{name}: {value}" for name, value in fields]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        await self._client.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body.encode())
        answer = await self._client.answer(head_only=method == "HEAD")
        assert answer.complete, "the answer is cut"
        if answer.values("x-cache") == ["STALE"]:
            await eventually(lambda: not self._node.worker.cache.flights)
        interim = [(status, None) for status in answer.interim]
        return Answer(answer.status, answer.fields, answer.body.decode("latin-1"), interim)


def answer_bytes(origin, method):
    """What an origin writes that does as `origin` says."""
    said = origin.answer
    interim = b"".join(head(each.first, each.fields) for each in origin.interim)
    status = int(said.first)
    content = (said.body or "").encode()
    fields = list(said.fields)
    if status not in _BODILESS and "content-length" not in {name.lower() for name, _ in fields}:
        fields.append(("Content-Length", str(len(content))))
    return interim + head(said.first, fields) + (b"" if method == b"HEAD" else content)


def head(status, fields):
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {value}" for name, value in fields)]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"


@contextlib.asynccontextmanager
async def one_node():
    """Gives `begin(origin)`: a `SocketNode` with nothing stored, before that origin."""
    origin: Origin = Origin()

    def answer(asked):
        fields = [(name.decode(), value.decode("latin-1")) for name, value in asked.fields]
        origin.asked.append(Asked(asked.method.decode(), asked.target.decode(), fields))
        if origin.state == "gone":
            return [CLOSE]
        if origin.state == "silent":
            return [10 * SILENCE_S, CLOSE]
        return [answer_bytes(origin, asked.method)]

    async with RawOrigin(answer) as raw, serving(raw, response_timeout_s=SILENCE_S) as node:

        async def begin(asked):
            nonlocal origin
            origin = asked
            node.now = START
            node.worker.cache.store.clear()
            return SocketNode(node, await node.connect())

        yield begin
