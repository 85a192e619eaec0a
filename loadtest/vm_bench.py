"""
Microseconds per run of scripts, in both tiers, on one request, and what it takes to get there.

    .venv/bin/python -m loadtest.vm_bench [--json] [SCRIPT...]

Without names: all of `examples/` and those of the benchmark's cases. A figure is the least of many short batches, as
whatever else the machine does can only add to one. The request carries a signature that the auth script lets through;
for the others it is a plain one. Limits are in a file that workers share, as those of a node.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from hashlib import md5
from pathlib import Path
from random import SystemRandom
from time import perf_counter

import stdlib
from edgescript.cli.node.building import SiteServices
from edgescript.compiler import compile_source
from edgescript.compiling.code import encode
from edgescript.context import Context
from edgescript.faults import ScriptFault
from edgescript.program import Program, load
from edgescript.request import Request
from edgescript.services import Services
from edgescript.source import Source
from loadtest.cases import ENDS_WITH
from loadtest.servers import script_path
from loadtest.tables import Table
from runtime.state.limits.shared import SharedLimits, layout

ROOT = Path(__file__).parents[1]
SECRET = "first-secret"  # of examples/auth/auth.es
DIGEST = md5(f"{SECRET}liveseg1.ts".encode()).hexdigest()
REQUEST = Request(host="a.example", target=f"/live/{DIGEST}/seg1.ts?key=2024&t=4102444800")
NOW_S = 1_700_000_000.5
BATCH = 100
BATCHES = 100
COMPILED = 5


Run = Callable[[Context], object]


def context(services: Services) -> Context:
    return Context(REQUEST, now_s=NOW_S, services=services)


def least_us(run: Run, services: Services) -> float:
    """Microseconds of one run, without the making of its context."""
    best = float("inf")
    for _ in range(BATCHES):
        contexts = [context(services) for _ in range(BATCH)]
        start = perf_counter()
        for each in contexts:
            run(each)
        best = min(best, perf_counter() - start)
    return best / BATCH * 1e6


def least_once_us(work: Callable[[], object], times: int = BATCHES) -> float:
    """Microseconds of `work`, which may be done again and again."""
    best = float("inf")
    for _ in range(times):
        start = perf_counter()
        work()
        best = min(best, perf_counter() - start)
    return best * 1e6


def quiet(run: Run, services: Services) -> Run:
    """`run`, for a script that faults on the plain request."""

    def runs(context: Context) -> object:
        try:
            return run(context)
        except ScriptFault:
            return None

    try:
        run(context(services))
    except ScriptFault:
        return runs
    return run


HEADINGS = (
    "script",
    "lines",
    "instructions",
    "run µs",
    "interpreted µs",
    "compile ms",
    "load µs",
    "translate ms",
)
NOTE = (
    "`run` is what the script adds to a request, `interpreted` the same in the reference tier, which nodes do not use. A "
    "script is compiled when it is published or the node starts, loaded from its compiled form by each worker, and "
    "translated once, by the first run at the latest."
)


def row(path: Path, services: Services) -> tuple[str, ...]:
    """A line of the table."""
    registry = stdlib.registry()
    source = Source.from_bytes(path.name, path.read_bytes())
    name = str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
    compiled = compile_source(source, registry)
    if compiled.code is None:
        return (name, *("-" for _ in HEADINGS[1:]))
    data = encode(compiled.code)
    program = load(data, registry)
    compiling = least_once_us(lambda: compile_source(source, registry), COMPILED)
    translated, interpreted = (
        least_us(quiet(tier, services), services) for tier in (program.run, program.interpret)
    )
    instructions = sum(len(body.instructions) for body in program.linked.bodies)
    loading = least_once_us(lambda: load(data, registry))
    preparing = least_once_us(lambda: Program(program.code, program.linked).prepare())
    return (
        name,
        str(source.text.count("\n")),
        str(instructions),
        f"{translated:.2f}",
        f"{interpreted:.1f}",
        f"{compiling / 1000:.1f}",
        f"{loading:.0f}",
        f"{preparing / 1000:.1f}",
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="What scripts take to run, and to get there.")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("scripts", nargs="*", type=Path, metavar="SCRIPT")
    options = parser.parse_args()
    usual = [*(ROOT / "examples").rglob("*.es"), *map(script_path, ENDS_WITH)]
    paths = [each.resolve() for each in options.scripts] or sorted(set(usual))
    with tempfile.TemporaryDirectory() as folder:
        limits = SharedLimits(Path(folder) / "limits", layout())
        services = SiteServices(SystemRandom(), limits).of("bench")
        rows = tuple(row(path, services) for path in paths)
    table = Table("Scripts: run, compile, load, translate", HEADINGS, rows, (NOTE,))
    print(table.to_json() if options.json else table.text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
