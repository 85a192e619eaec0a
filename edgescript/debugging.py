"""
The debug option: response headers that tell an author what a script did (reference section 9.2).

A script with `option` `_es_dbg=SIGNATURE` runs as usual, until a request carries `_es_dbg` with that value, as an
argument or as a header (U-25). Then it runs in the reference tier, watched, and the response says which calls it made,
what they gave, and what the run cost. Everything in these headers is printable ASCII of bounded length: values come
from clients.
"""

import hmac
import re
from collections.abc import Callable
from typing import Final

from edgescript.context import Context
from edgescript.effects import HeaderOp
from edgescript.faults import ScriptFault
from edgescript.program import Program
from edgescript.reading import Reading
from edgescript.reads import Part
from edgescript.request import Request
from edgescript.types import Table, Value, value_text

ARGUMENT: Final = "_es_dbg"
"""The argument and the header that carry the signature."""
ASKED_FOR: Final = Reading(frozenset({(Part.TARGET, ""), (Part.HEADER, ARGUMENT)}))
"""What `is_debugging` reads. Of a run that was watched nothing is kept: it leaves `Effects.debug`."""
OPTION: Final = re.compile(r"_es_dbg=([!-~]{1,128})")
"""An `option` that turns tracing on."""
MAX_TRACE_BYTES: Final = 4096
"""Of one header; most clients and proxies take 8 KiB of all."""
MAX_SHOWN: Final = 64
"""Characters of one value."""
_HIDDEN: Final = re.compile(r"[^ -~]")
_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9._-]")


def is_debugging(request: Request, signature: str) -> bool:
    """Whether the request carries the signature. Takes as long whatever part of it is right."""
    given = (request.arguments.get(ARGUMENT), request.headers.get(ARGUMENT))
    return any(
        value is not None and hmac.compare_digest(value.encode("latin-1"), signature.encode("latin-1"))
        for value in given
    )


def debuggable(
    program: Program, rule_id: str, signature: str, monotonic: Callable[[], float]
) -> Callable[[Context], bool]:
    """What runs `program`, and traces it for requests that carry `signature`. `monotonic` gives seconds."""
    label = _NOT_IN_NAMES.sub("-", rule_id)

    def run(context: Context) -> bool:
        if not is_debugging(context.request, signature):
            return program.run(context)
        chain = Chain(monotonic)
        started = monotonic()
        try:
            hit = program.interpret(context, chain)
        except ScriptFault as fault:
            chain.fault(fault)
            fault.trace = tuple(_headers(label, chain, context, started))
            raise
        if not context.is_waiting:
            context.effects.debug += tuple(_headers(label, chain, context, started))
        return hit

    def _headers(label: str, chain: Chain, context: Context, started: float) -> list[HeaderOp]:
        fuel, microseconds = context.fuel_used, (monotonic() - started) * 1e6
        share = 100 * fuel / context.limits.fuel
        cost = f"fuel={fuel}; time_us={microseconds:.0f}; budget={share:.2f}%"
        # Marked as filled in per response, so that no prepared head is kept for them.
        return [
            HeaderOp("set", f"X-DEBUG-ES-TRACE-RULE-{label}", chain.text, template=True),
            HeaderOp("set", f"X-DEBUG-ES-COST-RULE-{label}", cost, template=True),
            # What it shows is for who asked: no cache on the way may keep it.
            HeaderOp("set", "Cache-Control", "no-store", template=True),
        ]

    return run


class Chain:
    """A `vm.Tracer` that makes the vendor's chain: `_line_function(arguments):result{_microseconds}` for each call."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self.monotonic = monotonic
        self._items: list[str] = []
        self._size = 0
        self._left_out = 0
        self._fault = ""

    def line(self, line: int, /) -> None:
        """Lines are told by the calls on them."""

    def branch(self, line: int, column: int, taken: bool, /) -> None:
        """So are branches: by what is called next."""

    def assign(self, line: int, name: str, value: Value, /) -> None:
        """The values of calls are told."""

    def call(self, line: int, name: str, arguments: list[Value], result: Value, elapsed_s: float, /) -> None:
        given = ",".join(_shown(argument) for argument in arguments)
        self._add(f"_{line}_{name}({given}):{_shown(result)}{{_{elapsed_s * 1e6:.0f}}}")

    def fault(self, fault: ScriptFault) -> None:
        """Where and how the run failed: the last thing, and always told."""
        self._fault = f"_{fault.line}_error({int(fault.code)}):{_printable(fault.message)}"

    def _add(self, item: str) -> None:
        if self._left_out or self._size + len(item) > MAX_TRACE_BYTES:
            self._left_out += 1
            return
        self._size += len(item)
        self._items.append(item)

    @property
    def text(self) -> str:
        """The chain; where it grew too long, how many calls are left out; last, the fault that ended the run."""
        text = "".join(self._items) + (f"..{self._left_out}" if self._left_out else "") + self._fault
        return text.replace("${", "$ {").replace("@{", "@ {")  # else they would be filled in


def _shown(value: Value) -> str:
    if isinstance(value, Table):
        return f"table[{len(value)}]"
    if isinstance(value, str):
        return _printable(value[: MAX_SHOWN + 1])
    return "nil" if value is None else _printable(value_text(value))


def _printable(text: str) -> str:
    """One line of ASCII; what was cut ends in dots."""
    text = _HIDDEN.sub(lambda found: f"%{ord(found[0]):02X}", text)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}.."
