"""`edgescript logs`: access log lines of a domain, as nodes report them; with --follow, as they come."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import click

from edgescript.cli.remote.options import IN_ENVIRONMENT, limit
from edgescript.cli.remote.refusals import RemoteCommand
from edgescript.cli.remote.screen import count, cut, moment, printable, show_json, span, width
from edgescript.cli.remote.target import Target, asks_domain

if TYPE_CHECKING:
    from runtime.console.client import ConsoleClient
    from runtime.console.events import Event

FIRST_PAUSE_S: Final = 1.0
MAX_PAUSE_S: Final = 15.0
"""Between attempts to have a stream again that broke off."""
AWAY_S: Final = 600.0
"""A console that does not answer for so long is not waited for any further."""
_COLOURS: Final = {"4": "yellow", "5": "red"}
_SHORT: Final = {
    "ExecutedAndHit": "hit",
    "ExecutedButNotHit": "no hit",
    "Exception": "exception",
    "NonExecution": "not run",
}


@click.command(
    "logs",
    cls=RemoteCommand,
    short_help="Show requests that nodes served.",
    epilog="Example: edgescript logs --follow --filter 'status=500 uri~/login'",
)
@click.option("-f", "--follow", "following", is_flag=True, help="Go on, line by line, until Ctrl-C.")
@click.option(
    "--filter",
    "terms",
    default="",
    metavar="TERMS",
    help="Only lines with key=value and key~part, all of them.",
)
@IN_ENVIRONMENT
@limit(50, most=500, what=" recent lines")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array; with --follow an object a line.")
@asks_domain
def command(target: Target, following: bool, terms: str, environment: str, limit: int, as_json: bool) -> None:
    """
    Show what was asked of a domain and how it was answered: time, status, cache, client, request, and what scripts did.

    These are samples: where there are more lines than nodes report, some are left out, and it is said how many. --follow
    outlasts a restart of the console; what is asked of the domain meanwhile is not shown.
    """
    path, asked = target.at("logs"), {"environment": environment, "filter": terms or None}
    if following:
        for line in follow(target.client, path, asked, time.monotonic, time.sleep):
            _print(line, as_json=as_json)
        return
    found = target.client.get(path, **asked, limit=limit)
    if as_json:
        show_json(found["items"])
        return
    for line in reversed(found["items"]):
        _print(line, as_json=False)
    if found["dropped"]:
        click.echo(f"{count(found['dropped'], 'line')} left out", err=True)
    if not found["items"]:
        click.echo(f"no lines yet from {environment}", err=True)


def follow(
    client: "ConsoleClient",
    path: str,
    asked: Mapping[str, Any],
    clock: Callable[[], float],
    sleep: Callable[[float], object],
) -> Iterator[dict[str, Any]]:
    """
    The lines of a tail without end: one that breaks off, because the console restarts for one, is asked for again.

    No line comes twice, for a stream begins with what happens then. What happens while there is none is lost: nodes
    send lines only while somebody reads them. Raises ConsoleError where the console says no, is not there at the
    beginning, or stays away for AWAY_S.
    """
    from runtime.console.client import ConsoleError

    pause = FIRST_PAUSE_S
    began: float | None = None
    lost: float | None = None
    while True:
        try:
            with client.events(path, **asked) as events:
                if lost is not None:
                    click.echo(f"following again, after {span(clock() - lost)}", err=True)
                began, lost = clock(), None
                yield from filter(None, map(_line, events))
            why = "the console ended the stream"
        except ConsoleError as error:
            away = lost is not None and clock() - lost >= AWAY_S
            if began is None or away or (0 < error.status < 500 and error.status != 429):
                raise
            why = printable(error.detail)
        if lost is None:
            lost = clock()
            click.echo(f"connection lost, retrying: {why}", err=True)
            if lost - began > MAX_PAUSE_S:  # one that breaks off again and again is not asked every second
                pause = FIRST_PAUSE_S
        sleep(pause)
        pause = min(2 * pause, MAX_PAUSE_S)


def _line(event: "Event") -> dict[str, Any] | None:
    """The log line of an event; what else there is to say goes to standard error."""
    try:
        value = json.loads(event.data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    if event.name == "message":
        return value
    if value.get("code") == "dropped":
        click.echo(f"{count(int(value.get('count', 0)), 'line')} left out", err=True)
    return None


def _print(line: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(line))
        return
    status = str(line.get("status", ""))
    text = cut(line_text(line), width())
    place = text.find(f" {status} ") + 1
    if place and status[:1] in _COLOURS:
        coloured = click.style(status, fg=_COLOURS[status[:1]])
        text = f"{text[:place]}{coloured}{text[place + len(status) :]}"
    click.echo(text)


def line_text(line: Mapping[str, Any]) -> str:
    """A log line on one line; keys that are missing leave no gap."""
    at = line.get("time")
    words = [
        moment(at)[11:] if isinstance(at, int | float) else "",
        line.get("status", ""),
        line.get("cache", ""),
        line.get("client", ""),
        line.get("method", ""),
        f"{line.get('host', '')}{line.get('uri', '')}",
        *(_script_text(each) for each in line.get("scripts") or () if isinstance(each, dict)),
    ]
    return " ".join(printable(word) for word in words if word not in {"", None})


def _script_text(script: Mapping[str, Any]) -> str:
    state = str(script.get("state", ""))
    version = script.get("version")
    name = f"{script.get('name', '')}{f'@{version}' if version else ''}"
    code = f" {script['code']} line {script.get('line')}" if script.get("code") else ""
    return f"[{name}: {_SHORT.get(state, state)}{code}]"
