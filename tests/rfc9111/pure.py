"""A node made of the pure parts alone: front, exchange and store, with connections that are function calls."""

from edgescript.request import Headers, Request
from runtime.cache.cache import Cache
from runtime.cache.memory import MemoryStore
from runtime.http.framing import Length, NoBody, accept_request
from runtime.http.status import has_no_content
from runtime.proxy.exchange import Exchange
from runtime.proxy.front import Front
from runtime.proxy.header_block import HeaderBlock
from runtime.proxy.messages import (
    FinishResponse,
    OpenUpstream,
    RequestBody,
    RequestCompleted,
    SendClient,
    SendUpstream,
    UpstreamBody,
    UpstreamCompleted,
    UpstreamFailed,
    UpstreamHead,
    UpstreamInterim,
    UpstreamOpened,
)
from runtime.proxy.own_answer import Immediate
from runtime.proxy.plan import Settings
from runtime.scripts.site import Site, Sites
from runtime.upstreams.upstream import Upstream
from tests.rfc9111.notation import START, Answer, Asked

HOST = "site.test"


class PureNode:
    """See `notation.Play`."""

    def __init__(self, origin):
        self.now = START
        self._origin = origin
        self._cache = Cache(MemoryStore(1 << 20))
        sites = Sites(Site("test", Upstream.single("origin", 80)))
        self._front = Front(sites, self._cache.store, lambda: 0.0, lambda _request, _results: None)
        self._count = 0

    async def ask(self, method, target, fields, body):
        self._count += 1
        sent = [
            (b"Host", HOST.encode()),
            *((name.encode(), value.encode("latin-1")) for name, value in fields),
        ]
        if body:
            sent.append((b"Content-Length", b"%d" % len(body)))
        head = accept_request(method.encode(), target.encode(), b"1.1", sent)
        block = HeaderBlock(sent, head, "http", "1.1")
        headers = Headers(tuple((name.decode().lower(), value.decode("latin-1")) for name, value in sent))
        request = Request(method=method, target=target, host=HOST, headers=headers, id=f"id-{self._count}")
        decided = self._front.decide(request, block, self.now)
        if isinstance(decided, Immediate):
            if decided.refresh is not None:
                self._run(decided.refresh, "")
            return parse_answer(decided.head + decided.body)
        written, finished = self._run(decided, body)
        assert finished, "the client is left without an end"
        return parse_answer(written)

    def _run(self, plan, body):
        exchange = Exchange(plan, self._cache, Settings(1 << 20), self.now)
        written, finished, asked = b"", False, b""
        commands = exchange.start()
        if body:
            commands += exchange.handle(RequestBody(body.encode()), self.now)
            commands += exchange.handle(RequestCompleted(), self.now)
        while commands:
            command = commands.pop(0)
            events = []
            match command:
                case OpenUpstream():
                    events = [UpstreamOpened(reused=False)]
                case SendUpstream(data, last):
                    asked += data
                    if last:
                        events, asked = self._answer(asked), b""
                case SendClient(data):
                    written += data
                case FinishResponse():
                    finished = True
            for event in events:
                commands += exchange.handle(event, self.now)
        return written, finished

    def _answer(self, asked):
        origin = self._origin
        head, _, _ = asked.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        origin.asked.append(Asked(method, target, [tuple(line.split(": ", 1)) for line in lines]))
        if origin.state in {"gone", "silent"}:
            return [UpstreamFailed(silent=origin.state == "silent", may_have_acted=False)]
        said = origin.answer
        status, content = int(said.first), (said.body or "").encode()
        bodiless = has_no_content(status) or method == "HEAD"
        fields = [(name.encode(), value.encode("latin-1")) for name, value in said.fields]
        if not has_no_content(status) and "content-length" not in {name.lower() for name, _ in said.fields}:
            fields.append((b"Content-Length", b"%d" % len(content)))
        framing = NoBody() if bodiless or not content else Length(len(content))
        events = [
            UpstreamInterim(int(each.first), [(name.encode(), value.encode()) for name, value in each.fields])
            for each in origin.interim
        ]
        events.append(UpstreamHead(status, fields, framing))
        if isinstance(framing, Length):
            events.append(UpstreamBody(content))
        return [*events, UpstreamCompleted()]


def parse_answer(data):
    interim = []
    while True:
        head, _, rest = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        status = int(first.split(" ")[1])
        fields = [tuple(line.split(": ", 1)) for line in lines]
        if status >= 200:
            return Answer(status, fields, rest.decode("latin-1"), interim)
        interim.append((status, fields))
        data = rest
