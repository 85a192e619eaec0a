"""
How well fuel tracks time: nanoseconds a unit, for every builtin and every kind of operation.

    .venv/bin/python -m loadtest.fuel_bench [NAME...]

A row is one call on arguments of one size in the translated tier: a script has it some times over, another has only
what its arguments take, and the difference in time is set against the difference in fuel. Arguments that are literals
stay literals, so what is timed is what scripts run: bodies with constants worked in, or expressions in place of calls.
A time is the least of many short batches of processor time.

A unit of fuel stands for 50 ns. What is off by more than a factor of 3 is marked, and makes the exit status 1:

- `dear`: takes more than three times what it is charged, instructions included: a script could hold a worker up;
- `cheap`: takes less than a third of what it is charged besides the instructions around it, and that is more than a
  unit. A call is charged for the hardest content of its size, for nothing else is known before it is made: so rows of
  one name and size are marked only if all of them are cheap.

No call and no instruction costs less than a unit. Reading a variable or comparing two texts takes 5 to 40 ns, so a
script of nothing else runs several times faster than its fuel says. That side is safe, and an instruction that is
interpreted, as in scripts too long to be translated, does take its unit and more; hence instructions and calls of one
unit are never marked `cheap`. Nor are calls that a host's services answer (`ANSWERED_BY_HOST`): here these answer at
once, on a node they look things up.
"""

import re
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import groupby
from random import SystemRandom
from time import process_time_ns
from typing import Final, NamedTuple

import stdlib
from edgescript.builtins import Builtin
from edgescript.compiling.code import Code
from edgescript.compiling.compile import compile_program
from edgescript.compiling.lower import lower
from edgescript.compiling.resolve import resolve
from edgescript.context import Context
from edgescript.diagnostics.findings import Findings
from edgescript.faults import ScriptFault
from edgescript.meter import Limits
from edgescript.parsing import syntax
from edgescript.parsing.parser import parse_into
from edgescript.program import Program, load
from edgescript.request import Headers, Request
from edgescript.source import Source
from loadtest.fuel_cases import ANSWERED_BY_HOST, ENTRIES, LARGE, OPERATIONS, SETS, shuffled
from stdlib.example import EXAMPLE_SERVICES, NOW_S, PRELUDE, example_request

UNIT_NS: Final = 50
FACTOR: Final = 3
BATCHES: Final = 25
BATCH_NS: Final = 150_000
COPIES: Final = 32
LARGE_COPIES: Final = 3
_NOISE: Final = 0.03
"""Share of the time of what surrounds the calls by which two measurements of it differ."""
UNBOUNDED: Final = Limits(
    fuel=1 << 50,
    calls=1 << 40,
    loop_rounds=1 << 40,
    total_loop_rounds=1 << 40,
    total_bytes=1 << 50,
    dictionary_entries=1 << 40,
    output_bytes=1 << 50,
    header_operations=1 << 40,
)
SERVICES: Final = replace(EXAMPLE_SERVICES, random=SystemRandom())
"""Randomness is what a node has; addresses and limits are the host's, whose time no declaration knows."""
_WITH_D: Final = re.compile(r"\bd\b")
_OPENING: Final = f"{PRELUDE}def nothing() {{\n}}\ns = $http_data\n"


class Case(NamedTuple):
    name: str
    """Of the builtin; of the operation."""
    what: str
    """The call."""
    size: int
    """Bytes or entries of what it is about; 0 for the declaration's own example."""
    timed: str
    """Script lines with the call."""
    rest: str
    """The same without it."""
    instructions: int
    """Fuel of the call that is its instructions'."""
    copies: int
    data: str
    is_judged_cheap: bool = True


class Row(NamedTuple):
    case: Case
    ns: float
    fuel: float
    noise_ns: float
    """What a time may be off by, because what was taken from it is large."""

    @property
    def ratio(self) -> float:
        """Time over what the fuel stands for; above 1 the call is charged too little."""
        return self.ns / (self.fuel * UNIT_NS)

    @property
    def is_dear(self) -> bool:
        return self.ns - self.noise_ns > FACTOR * self.fuel * UNIT_NS

    @property
    def is_cheap(self) -> bool:
        own = self.fuel - self.case.instructions
        return self.case.is_judged_cheap and own > 1 and (self.ns + self.noise_ns) * FACTOR < own * UNIT_NS


def verdicts(rows: Sequence[Row]) -> list[str]:
    """The mark of each of the rows of one builtin and size: `dear`, `cheap` or ''."""
    all_cheap = all(row.is_cheap for row in rows)
    return ["dear" if row.is_dear else "cheap" if all_cheap else "" for row in rows]


def unfolded(text: str) -> Program:
    """The program of a script as it is written: constants are not worked out."""
    source = Source("bench.es", text)
    findings = Findings()
    script, doubtful = parse_into(source, findings)
    assert script is not None, text
    registry = stdlib.registry()
    names = resolve(script, registry, findings, doubtful)
    if findings.error_count:
        raise SystemExit(f"bench script has errors: {text}")
    code: Code = compile_program(lower(script, names, source), source)
    return load(code, registry)


def call_of(text: str) -> tuple[syntax.Call, str] | None:
    """The call that a text is, and its source."""
    source = f"x = {text}\n"
    script, _ = parse_into(Source("call.es", source), Findings())
    if script is None or not script.body:
        return None
    statement = script.body[0]
    value = statement.value if isinstance(statement, syntax.Assign) else None
    return (value, source) if isinstance(value, syntax.Call) else None


def case_of(builtin: Builtin, call: str, size: int, data: str = "") -> Case | None:
    """The case of a call; arguments that are no literals are put into variables first, in both scripts."""
    parsed = call_of(call)
    if parsed is None or parsed[0].function.id != builtin.name:
        return None
    node, source = parsed
    lines: list[str] = []
    arguments: list[str] = []
    for index, argument in enumerate(node.arguments):
        text = source[argument.span.start : argument.span.end]
        if not isinstance(argument, syntax.String | syntax.Number | syntax.Boolean) and text not in {
            "s",
            "visit",
            "descending",
            "nothing",
        }:
            lines.append(f"t{index} = {text}")
            text = f"t{index}"
        arguments.append(text)
    rest = "\n".join(lines)
    timed = f"{rest}\n{builtin.name}({', '.join(arguments)})"
    copies = 1 if builtin.ends_when is not None else LARGE_COPIES if size > 256 else COPIES
    own_time = builtin.name not in ANSWERED_BY_HOST
    return Case(builtin.name, call, size, timed, rest, len(arguments) + 2, copies, data, own_time)


def cases() -> Iterator[Case]:
    """Every case, builtin by builtin."""
    for name, (timed, rest) in OPERATIONS.items():
        yield Case(f"[{name}]", timed, 0, timed, rest, 0, COPIES, "text", is_judged_cheap=False)
    for builtin in stdlib.registry().functions.values():
        if builtin.name in {"and", "or"}:
            continue  # operations
        found: list[Case | None] = [case_of(builtin, example.call, 0) for example in builtin.examples]
        for large in LARGE.get(builtin.name, ()):
            found += [case_of(builtin, large.call, size, large.make(size)) for size in large.sizes]
        for call in SETS.get(builtin.name, ()):
            for entries in ENTRIES:
                array = _WITH_D.sub("split(s, ',')", call)
                found.append(case_of(builtin, array, entries, shuffled(entries)))
        yield from (case for case in found if case is not None)


def program_of(case: Case, lines: str) -> Program:
    """The lines, over and over in one script."""
    uses_d = " d " in case.timed
    opening = _OPENING + (f"d = [{', '.join(['s'] * 16)}]\n" if uses_d else "")
    return unfolded(opening + f"{lines}\n" * case.copies)


def runner(case: Case, lines: str) -> tuple[Callable[[], None], int]:
    """A run of the lines, and the fuel it takes. Raises ScriptFault."""
    program = program_of(case, lines)
    request = _request(case.data)
    context = Context(request, now_s=NOW_S, services=SERVICES, limits=UNBOUNDED)
    no_headers = Headers()

    def run() -> None:
        context.renew(request, NOW_S)
        context.refill()
        context.response_headers = no_headers
        program.run(context)

    run()
    return run, context.fuel_used


def _request(data: str) -> Request:
    known = example_request()
    fields = [(name, value) for name in ("cookie", "user-agent") if (value := known.headers.get(name))]
    return Request(
        method=known.method,
        host=known.host,
        target=known.target,
        headers=Headers((("data", data), *fields)),
        connection=known.connection,
        id=known.id,
    )


def least_ns(run: Callable[[], None], batches: int) -> float:
    """Processor time of one run."""
    count, spent = 1, 0
    while True:
        started = process_time_ns()
        for _ in range(count):
            run()
        spent = process_time_ns() - started
        if spent >= BATCH_NS:
            break
        count *= 2
    best = float(spent) / count
    for _ in range(batches):
        started = process_time_ns()
        for _ in range(count):
            run()
        best = min(best, (process_time_ns() - started) / count)
    return best


def measure(case: Case, batches: int = BATCHES) -> Row:
    """Time and fuel of one call. Raises ScriptFault if it is none that works."""
    timed, fuel = runner(case, case.timed)
    rest, rest_fuel = runner(case, case.rest)
    rest_ns = least_ns(rest, batches)
    ns = least_ns(timed, batches) - rest_ns
    noise_ns = _NOISE * rest_ns / case.copies
    return Row(case, max(ns, 0.0) / case.copies, (fuel - rest_fuel) / case.copies, noise_ns)


def line(row: Row, verdict: str) -> str:
    case = row.case
    what = case.what if len(case.what) <= 46 else f"{case.what[:43]}..."
    what = what.replace("\n", " ")
    size = str(case.size) if case.size else ""
    return (
        f"{case.name:<22} {what:<46} {size:>6} {row.ns:>11.0f} {row.fuel:>8.1f}"
        f" {row.ns / row.fuel:>7.1f} {row.ratio:>6.2f} {verdict}"
    ).rstrip()


def groups(wanted: Collection[str]) -> Iterator[list[Case]]:
    """The cases, those of one name and size together."""
    chosen = [case for case in cases() if not wanted or case.name in wanted]
    by_size = (
        sorted(chosen, key=lambda case: (order.index(case.name), case.size))
        if (order := list(dict.fromkeys(case.name for case in chosen)))
        else []
    )
    for _, group in groupby(by_size, key=lambda case: (case.name, case.size)):
        yield list(group)


def measured(group: Sequence[Case], batches: int = BATCHES) -> list[Row]:
    """The rows of the cases that work; those whose example is a call that faults are left out."""
    rows = []
    for case in group:
        with suppress(ScriptFault):
            rows.append(measure(case, batches))
    return rows


def main(names: Sequence[str]) -> int:
    print(f"{'name':<22} {'call':<46} {'size':>6} {'ns':>11} {'fuel':>8} {'ns/unit':>7} {'ratio':>6}")
    off = 0
    for group in groups(frozenset(names)):
        rows = measured(group)
        for row, verdict in zip(rows, verdicts(rows), strict=True):
            off += bool(verdict)
            print(line(row, verdict), flush=True)
    print(f"{off} rows off by more than a factor of {FACTOR}; a unit stands for {UNIT_NS} ns")
    return 1 if off else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
