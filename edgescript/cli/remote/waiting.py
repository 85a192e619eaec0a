"""
A rollout followed until it rests: one line that changes on a terminal, a line for each change elsewhere.

It rests when it has ended, or waits for a person at a step; and every node it is for serves it, failed, or is not there.
Ctrl-C ends the watching, never the rollout, and says so.
"""

import sys
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import click

from edgescript.cli.remote.screen import count, cut, printable, show_json, span, width
from edgescript.cli.status import NO

if TYPE_CHECKING:
    from runtime.console.client import ConsoleClient

POLL_S: Final = 0.5
TROUBLE_S: Final = 60.0
"""A console that does not answer for so long is not waited for any further."""

Rollout = Mapping[str, Any]


def rests(rollout: Rollout) -> bool:
    """Whether nothing more happens by itself, or only after the next hold."""
    progress = rollout["progress"]
    answered: bool = progress["acked"] + progress["failed"] + progress["offline"] >= progress["nodes"]
    if rollout["state"] in {"aborted", "cancelled"}:
        return True
    if rollout["state"] == "running" and rollout["hold_s"] is not None and _steps_left(rollout):
        return False
    return answered


def _steps_left(rollout: Rollout) -> bool:
    return any(step > rollout["percent"] for step in rollout["steps"])


def nodes_text(progress: Mapping[str, int]) -> str:
    """`97 of 98 nodes, 1 offline`."""
    if not progress["nodes"]:
        return "no nodes yet"
    text = f"{progress['acked']} of {count(progress['nodes'], 'node')}"
    for state in ("failed", "offline"):
        if progress[state]:
            text += f", {progress[state]} {state}"
    return text


def headline(rollout: Rollout, whither: str = "to") -> str:
    """`release 4 to production: auth@7`; of one that goes back, it is `in` production."""
    scripts = [
        f"{name}@{after}" if after is not None else f"without {name}"
        for name, (_, after) in sorted(rollout["scripts"].items())
    ]
    text = f"release {rollout['to_release']} {whither} {rollout['environment']}"
    return printable(f"{text}: {' '.join(scripts)}" if scripts else text)


def state_text(rollout: Rollout) -> str:
    """Where it is: `5% on 97 of 98 nodes, 1 offline`, `aborted: exceptions`."""
    if rollout["state"] in {"aborted", "cancelled"}:
        return printable(": ".join(filter(None, (rollout["state"], rollout["reason"]))))
    where = nodes_text(rollout["progress"])
    return (
        f"{rollout['percent']}% on {where}"
        if rollout["progress"]["nodes"]
        else f"{rollout['percent']}%, {where}"
    )


def figures_text(rollout: Rollout) -> str:
    """Exceptions, 5xx and fuel of both sides, '' before anything was counted."""
    sides = [rollout["figures"][side] for side in ("before", "after")]
    if not any(side["requests"] or side["executions"] for side in sides):
        return ""
    rows = (
        ("requests", [f"{side['requests']:,}" for side in sides]),
        ("exceptions", [_share(side["exceptions"], side["executions"]) for side in sides]),
        ("5xx", [_share(side["errors_5xx"], side["requests"]) for side in sides]),
        ("fuel a run", [f"{side['fuel'] / max(side['executions'], 1):,.0f}" for side in sides]),
    )
    return "\n".join(f"  {name:<12}{before} before, {after} after" for name, (before, after) in rows)


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f}%" if whole else "none"


class Watch:
    """Shows a rollout while it goes on. `clock` and `sleep` are seconds."""

    def __init__(
        self, client: "ConsoleClient", path: str, clock: Callable[[], float], sleep: Callable[[float], object]
    ) -> None:
        self._client = client
        self._path = path
        self._clock = clock
        self._sleep = sleep
        self._live = sys.stderr.isatty()
        self._shown = ""

    def until_rest(self, rollout: Rollout, timeout_s: float) -> tuple[Rollout, bool]:
        """The rollout at rest, or as it was when time ran out; whether it rests. Raises ConsoleError."""
        end = self._clock() + timeout_s
        try:
            while not rests(rollout):
                self._show(state_text(rollout))
                if self._clock() >= end:
                    return rollout, False
                self._sleep(POLL_S)
                rollout = self._ask()
        finally:
            self._clear()
        return rollout, True

    def _ask(self) -> Rollout:
        """Asked until it answers: a console that restarts goes on with the rollout. Raises ConsoleError."""
        from runtime.console.client import ConsoleError

        end = self._clock() + TROUBLE_S
        while True:
            try:
                found: Rollout = self._client.get(self._path)
            except ConsoleError as error:
                if 0 < error.status < 500 or self._clock() >= end:
                    raise
                self._show(f"waiting for the console: {printable(error.detail)}")
                self._sleep(2 * POLL_S)
            else:
                return found

    def _show(self, text: str) -> None:
        if text == self._shown:
            return
        if self._live:
            self._clear()
            click.echo(cut(text, (width() or 80) - 1), nl=False, err=True)
        else:
            click.echo(text, err=True)
        self._shown = text

    def _clear(self) -> None:
        if self._live and self._shown:
            click.echo("\r\x1b[K", nl=False, err=True, color=True)
            self._shown = ""


def follow(client: "ConsoleClient", path: str, rollout: Rollout, timeout_s: float) -> tuple[Rollout, bool]:
    """As `Watch.until_rest`, with the machine's clock; one who leaves is told that the rollout goes on."""
    watch = Watch(client, path, time.monotonic, time.sleep)
    try:
        return watch.until_rest(rollout, timeout_s)
    except KeyboardInterrupt:
        click.echo(f"the rollout goes on without you: edgescript rollouts show {rollout['id']}", err=True)
        raise


def see_through(
    client: "ConsoleClient", path: str, rollout: Rollout, timeout_s: float, *, as_json: bool
) -> int:
    """Follow a rollout until it rests, and say how it stands; the exit status. Raises ConsoleError."""
    rollout, rested = follow(client, path, rollout, timeout_s)
    if as_json:
        show_json(rollout)
    else:
        _conclude(rollout)
    if not rested:
        told = f"still going on after {span(timeout_s)}: edgescript rollouts show {rollout['id']}"
        click.echo(told, err=True)
    elif rollout["state"] == "running" and not as_json:
        click.echo(next_text(rollout), err=True)
    went_wrong = rollout["state"] in {"aborted", "cancelled"} or rollout["progress"]["failed"]
    return NO if went_wrong or not rested else 0


def _conclude(rollout: Rollout) -> None:
    click.echo(state_text(rollout))
    figures = figures_text(rollout)
    if figures:
        click.echo(figures)


def next_text(rollout: Rollout) -> str:
    """How a running rollout goes on."""
    further = [step for step in rollout["steps"] if step > rollout["percent"]]
    if rollout["hold_s"] is not None and further:
        return f"{further[0]}% follows by itself after {span(rollout['hold_s'])}"
    flag = " --production" if rollout["environment"] == "production" else ""
    if rollout["percent"] == 100:
        return f"for these pools and regions only: edgescript rollouts promote {rollout['id']} takes it everywhere"
    return f"to go on: edgescript publish{flag} --to {further[0] if further else 100}%"
