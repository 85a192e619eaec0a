"""
The access log: one JSON object a line for each answer.

On the per-request path an answer costs one tuple. Lines are made of them in batches, elsewhere. What waits to be
written is bounded: where the log is slower than the node, lines are left out and counted, and requests never wait.

A request that is refused has its line too, with what is known of it (`request_line`).

A line has no header field of a request or answer but the host, so no credentials of headers come into it; `query = False`
leaves out queries too, where a token may stand. JSON escapes what could end a line or move a terminal's cursor.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from edgescript.context import Context
from edgescript.pipeline import ScriptResult
from edgescript.request import Connection, Request
from runtime.observe.request_line import MAX_BEGUN, told_of
from runtime.observe.trace import continued

MAX_WAITING: Final = 100_000
"""Answers not yet written; beyond it they are left out. Some 50 MB of tuples and what they keep alive."""
MAX_RESULTS: Final = 20_000
"""Requests under way whose scripts' results are kept; the oldest goes first."""
MAX_TEXT: Final = 8192
"""Characters of a target that a line repeats."""


class ScriptLine(msgspec.Struct, omit_defaults=True):
    """A script's part in a request; `line` is where it raised. See `DESIGN.md`."""

    name: str
    state: str
    fuel: int
    time_us: float
    version: str = ""
    ended: bool = False
    code: int = 0
    line: int = 0


class Line(msgspec.Struct, omit_defaults=True):
    """What is written of an answer; `DESIGN.md` says what each field is."""

    time: float
    id: str
    client: str
    method: str
    scheme: str
    host: str
    uri: str
    protocol: str
    status: int
    bytes: int
    duration: float
    cache: str
    refused: str = ""
    upstream: str = ""
    upstream_time: float = 0.0
    trace: str = ""
    scripts: list[ScriptLine] = []


class Answer(NamedTuple):
    """What a line is made of."""

    request: Request
    status: int
    label: str
    sent_bytes: int
    started_s: float
    ended_s: float
    upstream: str
    upstream_s: float
    results: Sequence[ScriptResult]


class Refusal(NamedTuple):
    """The same of a request that was refused: why, and how it began where it was not read to the end of its head."""

    answer: Answer
    reason: str
    begun: bytes


class AccessLog:
    """Answers that wait to be written."""

    def __init__(self, *, query: bool = True, traces: bool = False, max_waiting: int = MAX_WAITING) -> None:
        """`query` and `traces`: whether lines have the target's query, and the trace a request belongs to."""
        self._query = query
        self._traces = traces
        self._max_waiting = max_waiting
        self._waiting: list[Answer | Refusal] = []
        self._results: dict[str, Sequence[ScriptResult]] = {}
        self._encoder = msgspec.json.Encoder()
        self.left_out = 0
        """Answers there was no room for, or whose lines could not be written."""

    def record(self, context: Context, results: Sequence[ScriptResult]) -> None:
        """Keep what each script did until the request is answered."""
        if not results:
            return
        kept = self._results
        if len(kept) >= MAX_RESULTS:
            del kept[next(iter(kept))]
        kept[context.request.id] = results

    def add(
        self,
        request: Request,
        status: int,
        label: str,
        sent_bytes: int,
        started_s: float,
        ended_s: float,
        upstream: str = "",
        upstream_s: float = 0.0,
        refused: str = "",
    ) -> None:
        """
        An answer has ended; `refused` says why it was one. Status 499 is nginx's, of a client that went before its answer
        was complete.
        """
        results = self._results.pop(request.id, ()) if self._results else ()
        if len(self._waiting) >= self._max_waiting:
            self.left_out += 1
            return
        answer = Answer(request, status, label, sent_bytes, started_s, ended_s, upstream, upstream_s, results)
        self._waiting.append(Refusal(answer, refused, b"") if refused else answer)

    def add_begun(
        self, connection: Connection, begun: bytes, status: int, reason: str, sent_bytes: int, now: float
    ) -> None:
        """What had `begun` on `connection` was refused before it was a request."""
        if len(self._waiting) >= self._max_waiting:
            self.left_out += 1
            return
        answer = Answer(
            Request("", "", "", connection=connection), status, "SYNTH", sent_bytes, now, now, "", 0.0, ()
        )
        self._waiting.append(Refusal(answer, reason, begun[:MAX_BEGUN]))

    def __len__(self) -> int:
        return len(self._waiting)

    def take(self) -> list[Answer | Refusal]:
        """All answers that wait, the oldest first; they wait no more."""
        taken, self._waiting = self._waiting, []
        return taken

    def lines(self, answers: Sequence[Answer | Refusal]) -> bytes:
        """The lines of `answers`, each with its end."""
        return self._encoder.encode_lines(
            [
                self._line(each) if isinstance(each, Answer) else self._line_of_refused(each)
                for each in answers
            ]
        )

    def _line_of_refused(self, refusal: Refusal) -> Line:
        line = self._line(refusal.answer)
        line.refused = refusal.reason
        if refusal.begun:
            line.method, line.uri, line.protocol = told_of(refusal.begun, query=self._query)
        return line

    def _line(self, answer: Answer) -> Line:
        request = answer.request
        connection = request.connection
        line = Line(
            time=round(answer.started_s, 3),
            id=request.id,
            client=connection.client_addr,
            method=request.method,
            scheme=connection.scheme,
            host=request.host,
            uri=(request.target if self._query else request.path)[:MAX_TEXT],
            protocol=request.protocol,
            status=answer.status,
            bytes=answer.sent_bytes,
            duration=round(max(answer.ended_s - answer.started_s, 0.0), 6),
            cache=answer.label,
        )
        if self._traces and request.id:
            parents = request.headers.get_all("traceparent")
            fields = [(b"traceparent", parent.encode("latin-1")) for parent in parents]
            line.trace = continued(fields, request.id).trace_id
        if answer.upstream:
            line.upstream, line.upstream_time = answer.upstream, round(answer.upstream_s, 6)
        if answer.results:
            line.scripts = [_script_line(result) for result in answer.results]
        return line


def _script_line(result: ScriptResult) -> ScriptLine:
    script = result.script
    version = str(script.version) if script.version else script.digest
    line = ScriptLine(script.name, result.state.value, result.fuel, round(result.time_us, 1), version)
    line.ended = result.ended
    if result.fault is not None:
        line.code, line.line = int(result.fault.code), result.fault.line
    return line
