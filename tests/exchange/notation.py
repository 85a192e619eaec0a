"""
Playbooks: what the exchange machine does with each event, read from top to bottom.

    # a title begins a playbook
    at 100                             the clock, Unix seconds; 0 at the start
    stored /a | ETag: "1" = old        the cache has this, fetched now and fresh as its fields say
    A: GET /a | Accept: b              client A's request reaches the node; Host is added
    A<< open                           and these commands follow, all of them, in this order
    A>> opened reused                  an event
    A<< send GET /a                    ...
    cache /a = hello                   what the cache has, or `nothing`; of parts `<0-3, 9-9 of 20 bytes>`
    flights 0                          fetches under way that others may wait for

A request's line may end in braces with what scripts asked for: `{ttl=60}`. Waking is carried out as the driver does:
those woken hear of it at once, and what they do stands under the line that woke them, under their own letter.

A request that was answered from memory and has another fetched behind its back says `refresh`; `A: in the background`
begins that fetch, under a letter of its own. One with `{delay=1}` does nothing before `A: after the delay`. `stored ... = hello in a file` has a body that memory does not hold.

Commands: `open`, `open fresh`, `send TEXT`, `hang up`, `answer STATUS LABEL FACETS`, `interim STATUS`, `body TEXT`,
`file OFFSET LENGTH`, `finish`, `finish and close`, `cut`, `tunnel`, `wake B C: 200`. `send` ends in ` ...` while the
request is not complete.
Events: `opened`, `opened reused`, `failed`, `failed silently`, `failed after bytes`, `busy`,
`head STATUS FRAMING | fields`, `interim STATUS`, `switched`, `body TEXT`, `completed`, `completed | trailers`, `cut`,
`client body TEXT`, `client completed`, `client completed | trailers`, `client gone`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from edgescript.pipeline import InstalledScript
from edgescript.request import Headers, Request
from runtime.cache.cache import Cache
from runtime.cache.memory import MemoryStore
from runtime.cache.parts import PartialBody
from runtime.cache.store import StoredResponse
from runtime.http.framing import Chunked, Length, NoBody, UntilClose, accept_request
from runtime.http.status import default_page
from runtime.http.storage import Store, decide_storage
from runtime.proxy.exchange import Exchange
from runtime.proxy.front import Front, Held
from runtime.proxy.header_block import HeaderBlock
from runtime.proxy.messages import (
    BecomeTunnel,
    ClientClosed,
    CloseUpstream,
    CutClient,
    FinishResponse,
    OpenUpstream,
    RequestBody,
    RequestCompleted,
    SendClient,
    SendFile,
    SendUpstream,
    UpstreamBody,
    UpstreamCompleted,
    UpstreamCut,
    UpstreamFailed,
    UpstreamHead,
    UpstreamInterim,
    UpstreamOpened,
    UpstreamSwitched,
    Wake,
)
from runtime.proxy.own_answer import Immediate
from runtime.proxy.plan import Settings
from runtime.scripts.site import Site, Sites
from runtime.upstreams.upstream import Upstream

HOST = "a"
MAX_OBJECT_BYTES = 10
SHOWN_TO_ORIGIN = {"if-none-match", "if-modified-since", "range", "content-length", "transfer-encoding"}
SHOWN_TO_CLIENT = {"age", "etag", "warning"}

EVENTS = {
    "opened": UpstreamOpened(reused=False),
    "opened reused": UpstreamOpened(reused=True),
    "failed": UpstreamFailed(silent=False, may_have_acted=False),
    "failed silently": UpstreamFailed(silent=True, may_have_acted=False),
    "failed after bytes": UpstreamFailed(silent=False, may_have_acted=True),
    "busy": UpstreamFailed(silent=False, may_have_acted=False, busy=True),
    "completed": UpstreamCompleted(),
    "switched": UpstreamSwitched([(b"Upgrade", b"websocket"), (b"Connection", b"Upgrade")]),
    "cut": UpstreamCut(),
    "client completed": RequestCompleted(),
    "client gone": ClientClosed(),
}
FRAMINGS = {"empty": NoBody(), "chunked": Chunked(), "until-close": UntilClose()}


def parse_fields(text):
    pairs = (part.partition(":") for part in text.split("|") if part.strip())
    return [(name.strip().encode(), value.strip().encode()) for name, _, value in pairs]


def event_of(text):
    if text in EVENTS:
        return EVENTS[text]
    if text == "body" or text.startswith("body "):
        return UpstreamBody(text[5:].encode())
    if text.startswith("client body "):
        return RequestBody(text[12:].encode())
    if text.startswith("completed | "):
        return UpstreamCompleted(parse_fields(text[12:]))
    if text.startswith("client completed | "):
        return RequestCompleted(parse_fields(text[19:]))
    if text.startswith("interim "):
        return UpstreamInterim(int(text[8:]), [(b"Link", b"</a>")])
    match = re.fullmatch(r"head (\d+) (\S+)(?: \| (.*))?", text)
    assert match, f"no event: {text!r}"
    status, framing, fields = match.groups()
    if framing.startswith("length="):
        framed = Length(int(framing[7:]))
        fields = f"Content-Length: {framed.size} | {fields or ''}"
    else:
        framed = FRAMINGS[framing]
    return UpstreamHead(int(status), parse_fields(fields or ""), framed)


def head_parts(data):
    """First line, fields by lower-case name, and what follows the head."""
    head, _, rest = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    fields = {}
    for line in lines:
        name, _, value = line.partition(": ")
        assert name.lower() not in fields, f"two lines of {name}"
        fields[name.lower()] = value
    return first, fields, rest


def shown_answer(data):
    first, fields, rest = head_parts(data)
    status = first.split(" ")[1]
    if status.startswith("1"):
        return f"interim {status}" if status != "101" else f"answer 101 upgrade={fields['upgrade']}"
    assert {"date", "via", "x-cache", "x-request-id"} <= set(fields), f"a field is missing: {sorted(fields)}"
    facets = [status, fields["x-cache"]]
    if "transfer-encoding" in fields:
        facets.append(fields["transfer-encoding"])
    if "content-length" in fields:
        own = int(status) >= 500 and fields["content-length"] == str(len(default_page(int(status))))
        facets.append("page" if own else "length=" + fields["content-length"])
    if "connection" in fields:
        facets.append(fields["connection"])
    facets += [f"{name}={value}" for name, value in fields.items() if name in SHOWN_TO_CLIENT]
    if rest:
        assert len(rest) == int(fields["content-length"])
    elif "page" in facets:
        facets[facets.index("page")] = "page's head"
    return "answer " + " ".join(facets)


def shown_request(data):
    if not re.match(rb"[A-Z]+ \S+ HTTP/1\.1\r\n", data):
        return shown_bytes(data)
    first, fields, rest = head_parts(data)
    facets = [first.removesuffix(" HTTP/1.1")]
    facets += [f"{name}={value}" for name, value in fields.items() if name in SHOWN_TO_ORIGIN]
    if rest:
        facets.append("+ " + shown_bytes(rest))
    return " ".join(facets)


def shown_bytes(data):
    return data.decode("latin-1").replace("\r\n", "\\r\\n") or "(nothing)"


@dataclass
class Line:
    number: int
    text: str


@dataclass
class Playbook:
    title: str
    path: Path
    lines: list[Line] = field(default_factory=list)


def read_playbooks(path: Path) -> Iterator[Playbook]:
    playbook = None
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if text.startswith("# "):
            if playbook is not None:
                yield playbook
            playbook = Playbook(text[2:], path)
        elif text.strip() and playbook is not None:
            playbook.lines.append(Line(number, text.strip()))
    if playbook is not None:
        yield playbook


class Stage:
    """Plays one playbook."""

    def __init__(self):
        self.now = 0.0
        self.refreshes = []
        self.delayed = {}
        """Fetches that are to begin once an answer is written."""
        self.cache = Cache(MemoryStore(1 << 20, MAX_OBJECT_BYTES))
        self.exchanges = {}
        self.letters = {}
        self.said = []
        """Commands not yet read off by a `<<` line."""

    def play(self, playbook):
        for line in playbook.lines:
            place = f"{playbook.path.name}:{line.number}: {line.text}"
            if re.match(r"[A-Z]<< ", line.text):
                assert self.said, f"{place}\n  nothing more was said"
                said = self.said.pop(0)
                assert said == line.text, f"{place}\n  but it said: {said}"
                continue
            assert not self.said, f"{place}\n  before it: {self.said}"
            self._act(line.text)
        assert not self.said, f"{playbook.path.name}: {playbook.title}\n  at the end: {self.said}"

    def _act(self, text):
        if match := re.fullmatch(r"([A-Z]): (\S+) (\S+)(?: (HTTP/1\.0))?(?: \| (.*?))?(?: \{(.*)\})?", text):
            self._request(*match.groups())
        elif match := re.fullmatch(r"([A-Z]): in the background", text):
            self._begin(match[1], self.refreshes.pop(0))
        elif match := re.fullmatch(r"([A-Z]): after the delay", text):
            self._begin(match[1], self.delayed.pop(match[1]))
        elif match := re.fullmatch(r"([A-Z])>> (.*)", text):
            self._tell(match[1], event_of(match[2]))
        elif match := re.fullmatch(r"at (\d+)", text):
            self.now = float(match[1])
        elif match := re.fullmatch(r"stored (\S+) \| (.*) = (.*)", text):
            content, in_file, _ = match[3].partition(" in a file")
            body = content.encode()
            self._store(match[1], parse_fields(match[2]), StandInFile(body) if in_file else body)
        elif match := re.fullmatch(r"cache (\S+) = (.*)", text):
            stored = self.cache.store.get(f"http://{HOST}{match[1]}", [])
            assert shown_stored(stored) == match[2], text
        elif match := re.fullmatch(r"flights (\d+)", text):
            assert len(self.cache.flights) == int(match[1]), text
        else:
            raise AssertionError(f"not understood: {text}")

    def _store(self, target, fields, body):
        decision = decide_storage(b"GET", [], 200, fields, self.now)
        assert isinstance(decision, Store), decision
        stored = StoredResponse.from_origin(
            200, fields, body, decision, request_fields=[], request_time=self.now, response_time=self.now
        )
        assert self.cache.store.put(f"http://{HOST}{target}", stored)

    def _request(self, letter, method, target, version, field_text, wishes):
        fields = [(b"Host", HOST.encode()), *parse_fields(field_text or "")]
        protocol = version or "HTTP/1.1"
        number = protocol.removeprefix("HTTP/")
        head = accept_request(method.encode(), target.encode(), number.encode(), fields)
        block = HeaderBlock(fields, head, "http", number)
        headers = Headers(tuple((name.decode().lower(), value.decode()) for name, value in fields))
        request = Request(
            method=method, target=target, protocol=protocol, host=HOST, headers=headers, id=f"id-{letter}"
        )
        sites = Sites(site_with(wishes))
        front = Front(sites, self.cache.store, lambda: 0.0, lambda _request, _results: None)
        decided = front.decide(request, block, self.now)
        if isinstance(decided, Held):
            self.delayed[letter] = decided.decision
            return
        if isinstance(decided, Immediate):
            self._say(letter, shown_answer(decided.head))
            if decided.body:
                self._say(letter, f"body {shown_bytes(decided.body)}")
            if decided.file is not None:
                self._say(letter, f"file {decided.offset} {decided.length}")
            self._say(letter, "finish" if decided.keep_alive else "finish and close")
            if decided.refresh is not None:
                self._say(letter, "refresh")
                self.refreshes.append(decided.refresh)
            return
        self._begin(letter, decided)

    def _begin(self, letter, decided):
        exchange = Exchange(decided, self.cache, Settings(MAX_OBJECT_BYTES), self.now)
        self.exchanges[letter] = exchange
        self.letters[exchange] = letter
        self._show(letter, exchange.start())

    def _tell(self, letter, event):
        self._show(letter, self.exchanges[letter].handle(event, self.now))

    def _say(self, letter, text):
        self.said.append(f"{letter}<< {text}")

    def _show(self, letter, commands):
        for command in commands:
            match command:
                case OpenUpstream(fresh):
                    self._say(letter, "open fresh" if fresh else "open")
                case SendUpstream(data, last):
                    self._say(letter, f"send {shown_request(data)}" + ("" if last else " ..."))
                case CloseUpstream():
                    self._say(letter, "hang up")
                case SendClient(data, paced=True):
                    self._say(letter, f"body {shown_bytes(data)}")
                case SendClient(data):
                    self._say(letter, shown_answer(data))
                case SendFile(_, offset, length):
                    self._say(letter, f"file {offset} {length}")
                case BecomeTunnel():
                    self._say(letter, "tunnel")
                case FinishResponse(keep_alive):
                    self._say(letter, "finish" if keep_alive else "finish and close")
                case CutClient():
                    self._say(letter, "cut")
                case Wake(waiters, event):
                    woken = [self.letters[waiter] for waiter in waiters]
                    with_what = event.stored.status if event.stored else event.failed_status or "nothing"
                    self._say(letter, f"wake {' '.join(woken)}: {with_what}")
                    for each in woken:
                        self._tell(each, event)


def shown_stored(stored):
    if stored is None:
        return "nothing"
    return repr(stored.body) if isinstance(stored.body, PartialBody) else stored.body.decode()


class StandInFile:
    """A body that is no bytes."""

    def __init__(self, content):
        self._content = content
        self.size = len(content)

    def __len__(self):
        return self.size

    def read(self, offset, length):
        return self._content[offset : offset + length]


def site_with(wishes):
    """A site whose script asks for what is in braces."""
    if not wishes:
        return Site("test", Upstream.single("origin", 80))
    (name, _, value) = wishes.partition("=")
    attribute = {"ttl": "ttl_s", "grace": "stale_if_error_s", "bypass": "bypass", "delay": "delay_s"}[name]

    def run(context):
        setattr(context.effects, attribute, int(value))
        return True

    script = InstalledScript(name="wishes", position="head", run=run, on_error="deny")
    return Site("test", Upstream.single("origin", 80), (script,))
