"""
Microseconds per run of scripts, in both tiers, on one request, and what it takes to get there.

    .venv/bin/python -m loadtest.vm_bench [SCRIPT...]

Without names: all of `examples/`. A figure is the least of many short batches, as
whatever else the machine does can only add to one. The request carries a signature that the auth script lets through;
for the others it is a plain one.
"""

import sys
from collections.abc import Callable
from hashlib import md5
from pathlib import Path
from time import perf_counter

import stdlib
from edgescript.compiler import compile_source
from edgescript.compiling.code import encode
from edgescript.context import Context
from edgescript.faults import ScriptFault
from edgescript.program import Program, load
from edgescript.request import Request
from edgescript.source import Source

ROOT = Path(__file__).parents[1]
SECRET = "first-secret"  # of examples/auth/auth.es
DIGEST = md5(f"{SECRET}liveseg1.ts".encode()).hexdigest()
REQUEST = Request(host="a.example", target=f"/live/{DIGEST}/seg1.ts?key=2024&t=4102444800")
NOW_S = 1_700_000_000.5
BATCH = 100
BATCHES = 200


def context() -> Context:
    return Context(REQUEST, now_s=NOW_S)


def least_us(run: Callable[[Context], object]) -> float:
    """Microseconds of one run, without the making of its context."""
    best = float("inf")
    for _ in range(BATCHES):
        contexts = [context() for _ in range(BATCH)]
        start = perf_counter()
        for each in contexts:
            run(each)
        best = min(best, perf_counter() - start)
    return best / BATCH * 1e6


def least_once_us(work: Callable[[], object]) -> float:
    """Microseconds of `work`, which may be done again and again."""
    best = float("inf")
    for _ in range(BATCHES):
        start = perf_counter()
        work()
        best = min(best, perf_counter() - start)
    return best * 1e6


def quiet(run: Callable[[Context], object]) -> Callable[[Context], object]:
    """`run`, for a script that faults on the plain request."""

    def runs(context: Context) -> object:
        try:
            return run(context)
        except ScriptFault:
            return None

    try:
        run(context())
    except ScriptFault:
        return runs
    return run


def row(path: Path) -> str:
    """A line of the table."""
    registry = stdlib.registry()
    compiled = compile_source(Source.from_bytes(path.name, path.read_bytes()), registry)
    if compiled.code is None:
        return f"{path.name:<28} does not compile"
    data = encode(compiled.code)
    program = load(data, registry)
    translated, interpreted = least_us(quiet(program.run)), least_us(quiet(program.interpret))
    instructions = sum(len(body.instructions) for body in program.linked.bodies)
    loading = least_once_us(lambda: load(data, registry))
    preparing = least_once_us(lambda: Program(program.code, program.linked).prepare())
    return (
        f"{path.name:<28} {instructions:>6} {translated:>10.2f} {interpreted:>11.2f}"
        f" {interpreted / translated:>6.1f} {loading:>8.0f} {preparing:>10.0f}"
    )


def main(names: list[str]) -> None:
    paths = [Path(name) for name in names]
    if not paths:
        paths = sorted((ROOT / "examples").rglob("*.es"))
    print(
        f"{'script':<28} {'instr.':>6} {'translated':>10} {'interpreted':>11} {'ratio':>6} {'load':>8} {'translate':>10}"
    )
    for path in paths:
        if path.exists():
            print(row(path))
    print("times in microseconds; `translate` is done once, by the first run")


if __name__ == "__main__":
    main(sys.argv[1:])
