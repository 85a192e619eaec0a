"""`edgescript cost`: the most that a run of a script can cost, before any run."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from edgescript.cli.completion import files
from edgescript.cli.status import NO

if TYPE_CHECKING:
    from edgescript.builtins import Registry
    from edgescript.compiling.verify import Linked
    from edgescript.costing.statement import Statement

SHOWN_SHARES: Final = 10


@click.command(
    "cost",
    short_help="State the worst case of scripts, before any run.",
    epilog="Example: edgescript cost --budget 100000 *.es",
)
@click.argument("paths", nargs=-1, required=True, metavar="FILE...", shell_complete=files)
@click.option("--budget", type=click.IntRange(min=1), help="Fuel a run may use.  [default: a node's limit]")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@click.pass_context
def command(context: click.Context, /, paths: Sequence[str], budget: int | None, as_json: bool) -> None:
    """
    State the most fuel that one run of each FILE can use, on the largest requests a node takes.

    A FILE is a script, or code as nodes store it. Fuel counts work, a unit being about 50 ns. Shown are the dearest
    lines, how often loops run at most, and the limits of a run that hold where the script has no bound of its own.
    The exit status is 1 if a worst case is over the budget, or a FILE does not compile.
    """
    import json

    import stdlib
    from edgescript.costing.statement import state_cost
    from edgescript.meter import DEFAULT_LIMITS

    most = DEFAULT_LIMITS.fuel if budget is None else budget
    registry = stdlib.registry()
    failed = False
    reports: list[dict[str, Any]] = []
    for path in paths:
        linked = _linked(path, registry)
        if linked is None:
            failed = True
            continue
        statement = state_cost(linked)
        failed |= statement.fuel > most
        if as_json:
            reports.append(_as_object(path, statement, most))
        else:
            click.echo("\n".join(_lines(path, statement, most)))
    if as_json:
        click.echo(json.dumps(reports, indent=2))
    context.exit(NO if failed else 0)


def _linked(path: str, registry: "Registry") -> "Linked | None":
    """The verified code of a script or of stored code; None, with the reason on stderr, when there is none."""
    from edgescript.cli.files import read
    from edgescript.cli.loading import show_diagnostics
    from edgescript.compiler import compile_source
    from edgescript.compiling.code import MAGIC, MAX_CODE_BYTES, decode
    from edgescript.compiling.verify import verify
    from edgescript.diagnostics.findings import has_errors
    from edgescript.faults import CodeError
    from edgescript.source import Source

    data = read(path, MAX_CODE_BYTES)
    try:
        if data.startswith(MAGIC):
            return verify(decode(data), registry)
        source = Source.from_bytes(path, data)
        compiled = compile_source(source, registry)
        if compiled.code is None:
            assert has_errors(compiled.diagnostics)
            show_diagnostics([(source, compiled.diagnostics)], err=True)
            return None
        return verify(compiled.code, registry)
    except CodeError as error:
        click.echo(f"{path}: {error}", err=True)
        return None


def _percent(part: int, whole: int) -> str:
    share = 100 * part / whole
    return f"{share:.0f} %" if share >= 1 or not part else "<1 %"


def _lines(path: str, statement: "Statement", budget: int) -> list[str]:
    over = ", over it" if statement.fuel > budget else ""
    of_budget = f"{_percent(statement.fuel, budget)} of the budget of {budget:,}{over}"
    most = f"at most {statement.fuel:,} units of fuel, about {statement.time_us:,.0f} us"
    lines = [f"{path}: {most}: {of_budget}; at least {statement.least:,}"]
    lines.append(f"  {'line':>6} {'fuel':>12} {'share':>6}  what")
    shown = statement.shares[:SHOWN_SHARES]
    lines += [
        f"  {share.line:>6} {share.fuel:>12,} {_percent(share.fuel, statement.fuel):>6}"
        f"  {share.what or 'instructions'}"
        for share in shown
    ]
    rest = statement.fuel - sum(share.fuel for share in shown)
    if rest:
        lines.append(f"  {'':>6} {rest:>12,} {_percent(rest, statement.fuel):>6}  everything else")
    for loop in statement.loops:
        by = f", by the limit {loop.limit}" if loop.limit else ""
        lines.append(f"  line {loop.line}: {loop.what} runs at most {loop.rounds:,} times{by}")
    if statement.limits:
        lines.append(f"  bounded by the limits of a run: {', '.join(statement.limits)}")
    return lines


def _as_object(path: str, statement: "Statement", budget: int) -> dict[str, Any]:
    return {
        "file": path,
        "fuel": statement.fuel,
        "least": statement.least,
        "time_us": round(statement.time_us, 2),
        "budget": budget,
        "over_budget": statement.fuel > budget,
        "shares": [share._asdict() for share in statement.shares],
        "loops": [loop._asdict() for loop in statement.loops],
        "limits": list(statement.limits),
    }
