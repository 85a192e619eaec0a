"""
No byte that the origin did not have there: clients who ask for parts of what changes, of an origin that errs, against a model.

Every version has its own content and number, in the field Version. Whatever a client gets has to be what Content-Range
says of one version, and from the store nothing older than lifetimes allow. What the origin itself sends wrong may reach
the client who asked for it and nobody else.
"""

import contextlib
import re
from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from edgescript.request import Headers, Request
from runtime.cache.cache import Cache
from runtime.cache.memory import MemoryStore
from runtime.cache.parts import MAX_PIECES, PartialBody
from runtime.cache.purge import purge_of
from runtime.http.conditional import Validators
from runtime.http.framing import Length, NoBody, UntilClose, accept_request
from runtime.http.ranges import ByteRange, Partial, Unsatisfiable, decide_range
from runtime.proxy.exchange import Exchange
from runtime.proxy.front import Front
from runtime.proxy.header_block import HeaderBlock
from runtime.proxy.messages import (
    AnswerClient,
    ClientClosed,
    CutClient,
    FinishResponse,
    OpenUpstream,
    SendClient,
    SendUpstream,
    UpstreamBody,
    UpstreamCompleted,
    UpstreamCut,
    UpstreamFailed,
    UpstreamHead,
    UpstreamOpened,
    Wake,
)
from runtime.proxy.own_answer import Immediate
from runtime.proxy.plan import Settings
from runtime.scripts.site import Site, Sites
from runtime.upstreams.upstream import Upstream
from tests.rfc9111.pure import HOST, parse_answer

MAX_OBJECT_BYTES = 30
LIFETIME_S = 10
ERRS = [
    "shorter",
    "longer",
    "elsewhere",
    "no total",
    "no place",
    "twice",
    "cut",
    "ignores",
    "fails",
    "multipart",
]
TAGS = ["strong", "strong", "strong", "weak", "weak", "none", "date"]
FEW = st.integers(1, 8)
SPANS = st.builds(lambda first, length: f"bytes={first}-{first + length - 1}", st.integers(0, 24), FEW)
RANGES = st.one_of(
    SPANS,
    SPANS,
    SPANS,
    st.builds("bytes={}-".format, st.integers(8, 22)),
    st.builds("bytes=-{}".format, FEW),
    st.builds("bytes=0-{}".format, st.integers(0, 45)),
    st.builds("bytes={}-{}, -{}".format, st.integers(0, 9), st.integers(0, 20), FEW),
)


@dataclass(eq=False)
class Client:
    """One request, from its beginning to its end."""

    fields: list
    exchange: Exchange | None = None
    written: bytes = b""
    finished: bool = False
    cut: bool = False
    gone: bool = False
    asked_erring: bool = False
    """The origin's answer for this client was not what it should be."""
    pending: list = field(default_factory=list)
    """What the origin is going to do next for it."""


class Parts(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.now = 1_000_000_000.0
        self.tags = "strong"
        self.cache = Cache(MemoryStore(1 << 16, MAX_OBJECT_BYTES))
        sites = Sites(Site("test", Upstream.single("origin", 80)))
        self.front = Front(sites, self.cache.store, lambda: 0.0, lambda _request, _results: None)
        self.versions = []
        self.ended_at = []
        self.clients = []
        self.change(20, b"a")

    # --- the origin ---------------------------------------------------------------------------------------------

    @rule(size=st.sampled_from([1, 20, 20, 20, 29, 45]), letter=st.sampled_from([b"a", b"b", b"c"]))
    def change(self, size, letter):
        if self.versions:
            self.ended_at.append(self.now)
        number = len(self.versions)
        self.versions.append(bytes((letter[0] + number * 7 + each * 3) % 256 for each in range(size)))

    @rule(tags=st.sampled_from(TAGS), often=st.integers(0, 3))
    def tag_otherwise(self, tags, often):
        if often:
            return
        self.tags = tags
        self.change(len(self.versions[-1]), b"x")

    def origin_answers(self, method, asked, erring):
        """What the origin does for a request: events."""
        number = len(self.versions) - 1
        content = self.versions[number]
        fields = [
            (b"Version", b"%d" % number),
            (b"Cache-Control", b"max-age=%d" % LIFETIME_S),
            *{
                "strong": [(b"ETag", b'"%d"' % number)],
                "weak": [(b"ETag", b'W/"always"')],
                "date": [
                    (b"Last-Modified", b"Sat, 08 Sep 2001 01:46:40 GMT"),
                    (b"Date", b"Sun, 09 Sep 2001 01:46:40 GMT"),
                ],
                "none": [],
            }[self.tags],
        ]
        if erring == "fails":
            return [UpstreamFailed(silent=False, may_have_acted=True)]
        if self.tags == "strong" and dict(asked).get(b"If-None-Match") == b'"%d"' % number:
            return [UpstreamHead(304, fields, NoBody()), UpstreamCompleted()]
        own = Validators(b'"%d"' % number if self.tags == "strong" else None)
        wanted = decide_range(method, asked, own, None, len(content), self.now)
        if erring == "ignores" or not isinstance(wanted, Partial | Unsatisfiable):
            return self.sent(200, fields, content, erring)
        if isinstance(wanted, Unsatisfiable):
            return self.sent(416, [(b"Content-Range", b"bytes */%d" % len(content))], b"none", "")
        if len(wanted.ranges) > 1 or erring == "multipart":
            fields.append((b"Content-Type", b"multipart/byteranges; boundary=x"))
            fields.append((b"Content-Range", b"bytes 0-1/%d" % len(content)))
            return self.sent(206, fields, b"--", "")
        (part,) = wanted.ranges
        return self.part_sent(fields, content, part, erring)

    def part_sent(self, fields, content, part, erring):
        data = content[part.first : part.last + 1]
        place = b"bytes %d-%d/%d" % (part.first, part.last, len(content))
        match erring:
            case "shorter":
                data = data[1:]
            case "longer":
                data += b"?"
            case "less":  # which is right
                part = ByteRange(part.first, part.first + part.length // 2)
                data = content[part.first : part.last + 1]
                place = b"bytes %d-%d/%d" % (part.first, part.last, len(content))
            case "elsewhere":
                place = b"bytes %d-%d/%d" % (part.last + 1, part.last + part.length, len(content) + 99)
            case "no total":
                place = b"bytes %d-%d/*" % (part.first, part.last)
            case "no place":
                place = b"bytes %d-%d/%d" % (part.first, part.last, part.last)
            case "twice":
                fields.append((b"Content-Range", b"bytes 0-0/%d" % len(content)))
        return self.sent(206, [*fields, (b"Content-Range", place)], data, erring)

    def sent(self, status, fields, data, erring):
        framing = UntilClose() if erring in {"shorter", "longer"} else Length(len(data))
        if isinstance(framing, Length):
            fields = [*fields, (b"Content-Length", b"%d" % len(data))]
        pieces = [UpstreamBody(data[:7]), UpstreamBody(data[7:])]
        if erring == "cut":
            return [UpstreamHead(status, fields, framing), pieces[0], UpstreamCut()]
        return [UpstreamHead(status, fields, framing), *pieces, UpstreamCompleted()]

    # --- clients ------------------------------------------------------------------------------------------------

    @rule(
        asked=st.one_of(st.none(), RANGES, RANGES, RANGES, RANGES),
        condition=st.sampled_from(["", "", "", "If-Range", "If-None-Match", "If-Match", "Cache-Control"]),
        method=st.sampled_from(["GET", "GET", "GET", "GET", "GET", "HEAD"]),
        version=st.integers(0, 3),
    )
    def ask(self, asked, condition, method, version):
        fields = [(b"Host", HOST.encode())]
        if asked is not None:
            fields.append((b"Range", asked.encode()))
        if condition == "Cache-Control":
            fields.append((b"Cache-Control", b"no-cache"))
        elif condition:
            fields.append((condition.encode(), b'"%d"' % max(0, len(self.versions) - version)))
        head = accept_request(method.encode(), b"/", b"1.1", fields)
        block = HeaderBlock(fields, head, "http", "1.1")
        headers = Headers(tuple((name.decode().lower(), value.decode()) for name, value in fields))
        request = Request(method=method, target="/", host=HOST, headers=headers, id="id")
        decided = self.front.decide(request, block, self.now)
        client = Client(fields)
        if isinstance(decided, Immediate):
            assert decided.file is None
            client.written, client.finished = decided.head + decided.body, True
            self.check(client, method)
            return
        client.exchange = Exchange(decided, self.cache, Settings(MAX_OBJECT_BYTES), self.now, waiter=client)
        self.clients.append(client)
        self.carry_out(client, client.exchange.start())

    @precondition(lambda self: any(client.pending for client in self.clients))
    @rule(
        which=st.integers(0, 9), erring=st.sampled_from(["", "", *ERRS]), steps=st.sampled_from([1, 2, 3, 9])
    )
    def go_on(self, which, erring, steps):
        waiting = [client for client in self.clients if client.pending]
        client = waiting[which % len(waiting)]
        for _ in range(steps):
            if client.pending:
                self.deliver(client, erring)

    @rule(spans=st.lists(SPANS, min_size=1, max_size=6))
    def ask_for_parts(self, spans):
        """One after the other, of an origin that does not err."""
        for each in spans:
            self.ask(each, "", "GET", 0)
            self.finish_all()

    @rule(span=SPANS, other=SPANS, size=st.sampled_from([20, 29]))
    def ask_before_and_after_a_change(self, span, other, size):
        self.ask_for_parts([span])
        self.change(size, b"x")
        self.ask_for_parts([other, span, other])

    @rule(span=RANGES, erring=st.sampled_from(ERRS))
    def ask_an_erring_origin(self, span, erring):
        self.ask(span, "", "GET", 0)
        self.finish_all(erring)

    def finish_all(self, erring=""):
        while waiting := [client for client in self.clients if client.pending]:
            self.deliver(waiting[0], erring)

    def deliver(self, client, erring):
        event = client.pending.pop(0)
        if isinstance(event, bytes):
            client.asked_erring = bool(erring)
            head, _, _ = event.partition(b"\r\n\r\n")
            asked = [tuple(line.split(b": ", 1)) for line in head.split(b"\r\n")[1:]]
            method = head.partition(b" ")[0].decode()
            answers = self.origin_answers(method, asked, erring)
            if method == "HEAD":
                answers = [answers[0], answers[-1]]
            client.pending = answers
            return
        self.carry_out(client, client.exchange.handle(event, self.now))

    @precondition(lambda self: self.clients)
    @rule(which=st.integers(0, 9))
    def leave(self, which):
        client = self.clients[which % len(self.clients)]
        client.gone = True
        self.carry_out(client, client.exchange.handle(ClientClosed(), self.now))

    def carry_out(self, client, commands):
        for command in commands:
            match command:
                case OpenUpstream():
                    client.pending = []
                    self.carry_out(client, client.exchange.handle(UpstreamOpened(reused=False), self.now))
                case SendUpstream(data, _):
                    client.pending = [data]
                case SendClient(data, _):
                    client.written += data
                case AnswerClient(head, content, _, _, _):
                    client.written += head + content
                    client.finished = True
                case FinishResponse():
                    client.finished = True
                case CutClient():
                    client.cut = True
                case Wake(waiters, event):
                    for each in waiters:
                        self.carry_out(each, each.exchange.handle(event, self.now))
                case _:
                    assert type(command).__name__ == "CloseUpstream", command
                    client.pending = []
        if client.finished and not client.gone:
            client.gone = True
            self.check(client, client.exchange.plan.request.method)
        if client.exchange.done:
            client.pending = []
            with contextlib.suppress(ValueError):
                self.clients.remove(client)

    # --- all else -----------------------------------------------------------------------------------------------

    @rule(seconds=st.integers(1, 8))
    def wait(self, seconds):
        self.now += seconds

    @rule(soft=st.booleans(), kind=st.sampled_from(["url", "prefix", "all"]), often=st.integers(0, 3))
    def purge(self, soft, kind, often):
        if often:
            return
        self.cache.store.purge(purge_of(kind, f"http://{HOST}/", soft=soft), self.now)

    def check(self, client, method):
        answer = parse_answer(client.written)
        fields = {name.lower(): value for name, value in answer.fields}
        label = fields["x-cache"]
        if client.asked_erring and label in {"MISS", "BYPASS"}:
            return
        if answer.status not in {200, 206}:
            assert answer.status in {304, 416, 412} or client.asked_erring or label == "BYPASS"
            return
        if "multipart" in fields.get("content-type", "") and label not in {"HIT", "STALE"}:
            return
        number = int(fields["version"])
        content = self.versions[number]
        body = answer.body.encode("latin-1")
        if label == "HIT" and number < len(self.ended_at):
            assert self.now - self.ended_at[number] <= LIFETIME_S + 60
        if answer.status == 200:
            assert int(fields["content-length"]) == len(content)
            assert body == (b"" if method == "HEAD" else content)
        elif "content-range" in fields:
            first, last, size = map(
                int, re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", fields["content-range"]).groups()
            )
            assert size == len(content)
            assert body == content[first : last + 1]
            wanted = decide_range("GET", client.fields, Validators(), None, size, self.now)
            if b"If-Range" not in dict(client.fields):
                assert [tuple(each) for each in wanted.ranges] == [(first, last)]
        else:
            self.check_parts(body, content)

    def check_parts(self, body, content):
        for head, data in re.findall(
            rb"Content-Range: bytes ([^\r]*)\r\n\r\n(.*?)(?=\r\n--)", body, re.DOTALL
        ):
            first, last, size = map(int, re.fullmatch(rb"(\d+)-(\d+)/(\d+)", head).groups())
            assert (data, size) == (content[first : last + 1], len(content))

    @invariant()
    def what_is_stored_is_bounded_and_true(self):
        stored = self.cache.store.get(f"http://{HOST}/", [])
        if stored is None:
            return
        content = self.versions[int(dict(stored.fields)[b"Version"])]
        body = stored.body
        if not isinstance(body, PartialBody):
            assert body == content
            return
        assert body.size == len(content)
        assert body.held_bytes <= MAX_OBJECT_BYTES
        assert 0 < len(body.pieces) <= MAX_PIECES
        for piece in body.pieces:
            assert content[piece.first : piece.end] == piece.data

    def teardown(self):
        self.finish_all()
        assert not self.cache.flights


Parts.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestParts = Parts.TestCase
