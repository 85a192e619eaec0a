"""`edgescript run`: one request through scripts and origin, and everything that came of it."""

import random
import secrets
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import click

from edgescript.cli import WIDTH
from edgescript.cli.author import stated
from edgescript.cli.completion import files
from edgescript.cli.geography import StatedPlace, places
from edgescript.cli.status import NO
from edgescript.cli.values import DictionaryType, FieldType, RuleType, UrlType
from edgescript.source import as_scripts_hold, to_bytes_text
from runtime.trial.stated import Url, connection, with_host

if TYPE_CHECKING:
    from runtime.scripts.rule import Rule

MAX_REPEAT: Final = 1000


@click.command(
    "run",
    short_help="Take one request through scripts and origin.",
    epilog="Example: edgescript run a.es --url http://example.com/ -H 'Cookie: g=7'",
)
@click.argument("scripts", nargs=-1, metavar="SCRIPT...", shell_complete=files)
@click.option("--url", type=UrlType(), required=True, help="What the client asks for.")
@stated.request_options
@click.option("--origin", type=UrlType(), help="Ask this origin.  [default: a stated one]")
@click.option(
    "--origin-status",
    type=click.IntRange(200, 599),
    metavar="N",
    help="State the origin's status.  [default: 200]",
)
@click.option(
    "--origin-header", "origin_fields", type=FieldType(), multiple=True, help="State a header; repeatable."
)
@click.option("--origin-body", metavar="TEXT", help="State the origin's body.  [default: empty]")
@click.option(
    "--repeat",
    type=click.IntRange(1, MAX_REPEAT),
    default=1,
    metavar="N",
    help="Send it N times, show the last.",
)
@click.option(
    "--rule",
    "rules",
    type=RuleType(),
    multiple=True,
    help="A script and its settings, as the vendor's tool takes them; repeatable.",
)
@click.option(
    "--dict",
    "dictionaries",
    type=DictionaryType(),
    multiple=True,
    help="A dictionary for dict_get: its name, and a file with a JSON object of strings; repeatable.",
)
@click.option("--trace", is_flag=True, help="Show every call and branch of the scripts.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def command(
    context: click.Context,
    scripts: Sequence[str],
    url: Url,
    method: str,
    fields: Sequence[tuple[str, str]],
    client_ip: str,
    now: float | None,
    geo: Sequence[StatedPlace],
    geo_databases: Sequence[str],
    origin: Url | None,
    origin_status: int | None,
    origin_fields: Sequence[tuple[str, str]],
    origin_body: str | None,
    repeat: int,
    rules: Sequence["Rule"],
    dictionaries: Sequence[tuple[str, str]],
    trace: bool,
    as_json: bool,
) -> None:
    """
    Take one request through the SCRIPTs as a node would, and show what came of it.

    Scripts run in the order of their priority, else in the order given: those of position head, then those of
    position foot. If they let the request pass, the origin is asked. With an error in any script nothing runs and the exit status is 1.
    """
    if not scripts and not rules:
        raise click.UsageError("no script: want SCRIPT... or --rule")
    if origin is not None and (origin_status is not None or origin_fields or origin_body is not None):
        raise click.UsageError(
            "--origin cannot be combined with --origin-status, --origin-header or --origin-body"
        )
    if origin is not None and origin.target != "/":
        raise click.UsageError(f"--origin takes no path, got {origin.target!r}")

    known = places(geo, client_ip, geo_databases)

    from edgescript.cli import loading
    from runtime.trial.trace import RunTrace

    traces: dict[str, RunTrace] = {}
    loaded = loading.load([*scripts, *rules], traces if trace else None)
    loading.show_diagnostics(loaded.reports, err=True)
    if loaded.has_errors:
        context.exit(NO)

    from edgescript.cli.author import origin as origins
    from edgescript.cli.author import report
    from edgescript.cli.dictionary_files import read_dictionary
    from runtime.http.refusal import Refuse
    from runtime.proxy.simulate import Incoming
    from runtime.trial.node import TrialNode
    from runtime.trial.origin import stated as stated_origin

    node = TrialNode(
        loaded.scripts,
        random=random.SystemRandom(),
        geo=known,
        dictionaries={
            to_bytes_text(name): as_scripts_hold(read_dictionary(path)) for name, path in dictionaries
        },
    )
    asked = (
        origins.real(origin)
        if origin is not None
        else stated_origin(origin_status or 200, origin_fields, to_bytes_text(origin_body or ""))
    )
    incoming = Incoming(
        method,
        url.target,
        with_host(url, fields),
        connection(url, client_ip),
        secrets.token_hex(16),
    )
    moment = time.time() if now is None else now  # noqa: TID251 - the command line is where clocks are read
    outcome = node.take(incoming, asked, moment, time.perf_counter)
    for _ in range(repeat - 1):
        for each in traces.values():
            each.clear()
        outcome = node.take(incoming, asked, moment, time.perf_counter)
    if isinstance(outcome, Refuse):
        raise stated.refused(outcome)
    lines = {name: each.lines for name, each in traces.items()}
    # What is piped into another program keeps its lines whole.
    width = WIDTH if sys.stdout.isatty() else None
    click.echo(report.as_json(outcome, lines) if as_json else report.for_people(outcome, lines, width))
