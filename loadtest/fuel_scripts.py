"""
How well fuel tracks time for whole scripts: each script of `examples/` on the requests of its tests.

    .venv/bin/python -m loadtest.fuel_scripts

A row is one script, its time and fuel summed over all cases of its test file. Scripts mix cheap instructions with
builtins that are charged to the full, so a unit of a script takes less than the 50 ns of the dearest builtins; what
counts is that it takes much the same in each. More than a factor of 3 from the middle (the geometric mean) is marked,
and makes the exit status 1.
"""

import contextlib
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from edgescript.cli.loading import load
from edgescript.context import Context
from edgescript.faults import ScriptFault
from edgescript.request import Connection, Headers, Request
from edgescript.services import Services
from edgescript.testing.cases import Case
from edgescript.testing.reading import read
from loadtest.fuel_bench import FACTOR, least_ns
from runtime.geo.stated import StatedPlaces
from runtime.limits.local import LocalLimits
from stdlib.example import EXAMPLE_SERVICES

EXAMPLES: Final = Path(__file__).parents[1] / "examples"
BATCHES: Final = 40


class Row(NamedTuple):
    """A script: nanoseconds and units, each summed over its cases."""

    name: str
    ns: float
    fuel: int

    @property
    def ns_per_unit(self) -> float:
        return self.ns / self.fuel


def rows() -> Iterator[Row]:
    """One a script that has a test file."""
    for path in sorted(EXAMPLES.glob("*/*.test.toml")):
        suite = read(path.name, path.read_text(encoding="utf-8"))
        files = [str(path.parent / entry) for entry in suite.scripts if isinstance(entry, str)]
        for script in load(files).scripts:
            ns, fuel = 0.0, 0
            for case in suite.cases:
                context = context_of(case)
                request, now_s = context.request, context.now_s

                def begin(
                    context: Context = context, request: Request = request, now_s: float = now_s
                ) -> None:
                    context.renew(request, now_s)
                    context.response_headers = Headers()
                    context.start_script()

                def run(begin=begin, context: Context = context, script=script) -> None:
                    begin()
                    with contextlib.suppress(ScriptFault):
                        script.run(context)

                run()
                fuel += context.fuel_used
                ns += least_ns(run, BATCHES) - least_ns(begin, BATCHES)
            yield Row(f"{path.parent.name}/{script.name}", ns, fuel)


def context_of(case: Case) -> Context:
    """A run on the case's request."""
    scheme, _, rest = case.url.partition("://")
    host, slash, path = rest.partition("/")
    fields = [
        (name.lower(), line)
        for name, value in case.headers.items()
        for line in ([value] if isinstance(value, str) else value)
    ]
    connection = Connection(case.client_ip, 50_000, "127.0.0.1", 443 if scheme == "https" else 80, scheme)
    places = {case.client_ip: case.geo.record()} if case.geo is not None else {}
    services = Services(EXAMPLE_SERVICES.random, StatedPlaces(places), LocalLimits().site().limiter)
    request = Request(
        case.method, slash + path or "/", "HTTP/1.1", host, Headers((("host", host), *fields)), connection
    )
    return Context(request, now_s=case.now_s, services=services)


def main() -> int:
    found = sorted(rows(), key=lambda row: row.ns_per_unit)
    middle = math.exp(sum(math.log(row.ns_per_unit) for row in found) / len(found))
    off = 0
    print(f"{'script':<36} {'ns':>9} {'fuel':>7} {'ns/unit':>8} {'of the middle':>14}")
    for row in found:
        ratio = row.ns_per_unit / middle
        marked = not 1 / FACTOR <= ratio <= FACTOR
        off += marked
        print(
            f"{row.name:<36} {row.ns:>9.0f} {row.fuel:>7} {row.ns_per_unit:>8.1f} {ratio:>14.2f}{'  off' if marked else ''}"
        )
    print(f"{off} of {len(found)} scripts off by more than a factor of {FACTOR} from {middle:.1f} ns a unit")
    return 1 if off else 0


if __name__ == "__main__":
    sys.exit(main())
