"""
The access log: one JSON object a line for each answer.

On the per-request path an answer costs one tuple. Lines are made of a few dozen at a time, while the processor's cache still
has what they tell, and writing them is for others, in batches (`on_batch`). What waits is bounded: where the log is slower than the
node, lines are left out and counted, and requests never wait.

A request that is refused has its line too, with what is known of it (`request_line`).

A line has no header field of a request or answer but the host, so no credentials of headers come into it; `query = False`
leaves out queries too, where a token may stand. JSON escapes what could end a line or move a terminal's cursor.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

import msgspec

from edgescript.context import Context
from edgescript.pipeline import ScriptResult
from edgescript.request import Connection, Headers, Request
from runtime.observe.request_line import MAX_BEGUN, told_of
from runtime.observe.trace import continued, ids_of, new_trace_ids

MAX_WAITING: Final = 100_000
"""Lines not yet written; beyond it they are left out. Some 35 MB, where targets are short."""
MADE: Final = 50
"""Answers of which lines are made at one time, in some 30 µs."""
BATCH: Final = 1000
"""Lines that are worth a write: no more than a processor's cache holds, so that they are not fetched from memory again."""
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


class Line(msgspec.Struct, omit_defaults=True, gc=False):
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
    scripts: list[ScriptLine] | msgspec.Raw = []


class Shared(Protocol):
    """What requests of a header block share."""

    host: str
    headers: Headers


class Recalled(Protocol):
    """A remembered decision: what each script did, and room to note it as lines have it."""

    results: list[ScriptResult]
    told: Any


AtOnce = tuple[bytes, str, int, str, Recalled | None]
"""A whole answer in HTTP/1.1, its X-Cache, its status, the request's id, and what was remembered of its scripts, if any."""


_Waiting = tuple[Connection, Shared, str, str, int, str, int, float, Recalled | None]
"""Of an answer at once: as the arguments of `add_at_once`, with what is told of its answer in their midst."""
_NOTHING: Final[list[ScriptLine]] = []
_encoder: Final = msgspec.json.Encoder()
_SAME_MS: Final = 0.000_49
"""Times nearer to a whole millisecond than this are rounded to it."""


class AccessLog:
    """Lines that wait to be written."""

    def __init__(self, *, query: bool = True, traces: bool = False, max_waiting: int = MAX_WAITING) -> None:
        """`query` and `traces`: whether lines have the target's query, and the trace a request belongs to."""
        self._query = query
        self._traces = traces
        self._max_waiting = max_waiting
        self._answers: list[Line | _Waiting] = []
        """Of which lines are still to be made."""
        self._made: list[bytes] = []
        """Lines, each with its end, some together."""
        self._count = 0
        """How many those are."""
        self._unlooked = min(MADE, max_waiting)
        """With fewer answers there is nothing to see to."""
        self._results: dict[str, Sequence[ScriptResult]] = {}
        self._time = self._since = self._until = 0.0
        self.on_batch: Callable[[], None] = _nobody
        """Called while a batch waits."""
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
        connection = request.connection
        line = Line(
            self._time if self._since < started_s < self._until else self._rounded(started_s),
            request.id,
            connection.client_addr,
            request.method,
            connection.scheme,
            request.host,
            (request.target if self._query else request.path)[:MAX_TEXT],
            request.protocol,
            status,
            sent_bytes,
            round(ended_s - started_s, 6) if ended_s > started_s else 0.0,
            label,
        )
        if refused:
            line.refused = refused
        if upstream:
            line.upstream, line.upstream_time = upstream, round(upstream_s, 6)
        if self._traces and request.id:
            line.trace = _trace(request.headers, request.id)
        if results:
            line.scripts = [_script_line(result) for result in results]
        self._add(line)

    def add_at_once(
        self, connection: Connection, block: Shared, target: str, answer: AtOnce, now: float
    ) -> None:
        """As `add` of a GET for `target` that had its `answer` without a `Request`, in no time."""
        data, label, status, request_id, decision = answer
        answers = self._answers
        answers.append((connection, block, target, request_id, status, label, len(data), now, decision))
        if len(answers) >= self._unlooked:
            self._see_to()

    def add_begun(
        self, connection: Connection, begun: bytes, status: int, reason: str, sent_bytes: int, now: float
    ) -> None:
        """What had `begun` on `connection` was refused before it was a request."""
        method, target, protocol = told_of(begun[:MAX_BEGUN], query=self._query)
        line = Line(
            round(now, 3),
            "",
            connection.client_addr,
            method,
            connection.scheme,
            "",
            target,
            protocol,
            status,
            sent_bytes,
            0.0,
            "SYNTH",
            reason,
        )
        self._add(line)

    def __len__(self) -> int:
        return self._count + len(self._answers)

    def take(self) -> list[bytes]:
        """All lines that wait, the oldest first, each with its end, some together; they wait no more."""
        self._make()
        taken, self._made, self._count = self._made, [], 0
        self._unlooked = min(MADE, self._max_waiting)
        return taken

    def _add(self, line: Line) -> None:
        self._answers.append(line)
        if len(self._answers) >= self._unlooked:
            self._see_to()

    def _see_to(self) -> None:
        """Make lines where there is room for them, and say so when a batch waits."""
        if self._count >= self._max_waiting:
            self.left_out += len(self._answers)
            self._answers.clear()
            return
        self._make()
        self._unlooked = min(MADE, self._max_waiting - self._count)
        if self._count >= BATCH:
            self.on_batch()

    def _make(self) -> None:
        """Make lines of the answers there are."""
        answers = self._answers
        if answers:
            self._made.append(_encoder.encode_lines(self._lines(answers)))
            self._count += len(answers)
            answers.clear()

    def _lines(self, answers: Sequence[Line | _Waiting]) -> list[Line]:
        query = self._query
        ids = [] if not self._traces else [each[3] for each in answers if not isinstance(each, Line)]
        traces = iter(new_trace_ids(ids))
        lines = []
        for answer in answers:
            if isinstance(answer, Line):
                lines.append(answer)
                continue
            connection, block, target, request_id, status, label, sent_bytes, now, decision = answer
            trace = next(traces, "")
            if trace and block.headers.get("traceparent") is not None:
                trace = _trace(block.headers, request_id)
            scripts = _NOTHING if decision is None else decision.told
            line = Line(
                self._time if self._since < now < self._until else self._rounded(now),
                request_id,
                connection.client_addr,
                "GET",
                connection.scheme,
                block.host,
                (target if query else target.partition("?")[0])[:MAX_TEXT],
                "HTTP/1.1",
                status,
                sent_bytes,
                0.0,
                label,
                "",
                "",
                0.0,
                trace,
                _noted(decision) if scripts is None else scripts,
            )
            lines.append(line)
        return lines

    def _rounded(self, time_s: float) -> float:
        """The millisecond of `time_s`: made once for the answers of one."""
        made = self._time = round(time_s, 3)
        self._since, self._until = made - _SAME_MS, made + _SAME_MS
        return made


def _nobody() -> None:
    """Nobody waits for a batch."""


def _trace(headers: Headers, request_id: str) -> str:
    if headers.get("traceparent") is None:
        return ids_of(request_id)[0]
    fields = [(b"traceparent", parent.encode("latin-1")) for parent in headers.get_all("traceparent")]
    return continued(fields, request_id).trace_id


def _noted(decision: Any) -> Any:
    """What the scripts of a remembered decision did, as each line will have it."""
    lines = [_script_line(result) for result in decision.results]
    decision.told = msgspec.Raw(_encoder.encode(lines)) if lines else lines
    return decision.told


def _script_line(result: ScriptResult) -> ScriptLine:
    script = result.script
    version = str(script.version) if script.version else script.digest
    line = ScriptLine(script.name, result.state.value, result.fuel, round(result.time_us, 1), version)
    line.ended = result.ended
    if result.fault is not None:
        line.code, line.line = int(result.fault.code), result.fault.line
    return line
