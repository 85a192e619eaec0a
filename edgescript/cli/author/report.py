"""What `edgescript run` shows: a `Simulation` for people (80 columns) and for programs (one JSON object)."""

import json
import textwrap
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import click

from edgescript.cli import WIDTH
from edgescript.cli.files import readable
from edgescript.interactive.notation import extension_lines
from edgescript.pipeline import ScriptResult, ScriptState
from runtime.http.status import reason_phrase
from runtime.proxy.simulate import Simulation, Throttle
from runtime.trial.record import Traces, record

MAX_BODY: Final = 2000
"""Characters of a body shown to people; `--json` has all of it."""
INDENT: Final = "  "
_STATE_COLOUR: Final = {
    ScriptState.HIT: "green",
    ScriptState.NO_HIT: None,
    ScriptState.NON_EXECUTION: "bright_black",
    ScriptState.EXCEPTION: "red",
}


class Layout(NamedTuple):
    """How lines are laid out. `width` is in columns, None for no bound."""

    width: int | None

    def wrap(self, text: str) -> Iterator[str]:
        """`text` indented; what continues a line is indented further. Words stay whole, so that they can be copied."""
        text = "".join(char if char.isprintable() else " " for char in text)
        if self.width is None or len(text) + len(INDENT) <= self.width:
            yield INDENT + text
            return
        yield from textwrap.wrap(
            text,
            self.width,
            initial_indent=INDENT,
            subsequent_indent=3 * INDENT,
            break_long_words=False,
            break_on_hyphens=False,
        )

    def cut(self, line: str) -> str:
        """One line, indented; what is beyond the width is left out."""
        line = INDENT + line
        return line if self.width is None or len(line) <= self.width else f"{line[: self.width - 3]}..."


def as_json(simulation: Simulation, traces: Traces) -> str:
    """The object documented in README, under `run --json`."""
    return json.dumps(record(simulation, traces), ensure_ascii=False, indent=2)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def for_people(simulation: Simulation, traces: Traces, width: int | None) -> str:
    """
    Sections with a blank line between them; colours are click's to strip.

    Lines longer than `width` columns are wrapped at spaces; None leaves every line whole.
    """
    layout = Layout(width)
    sections = [
        [_summary(simulation)],
        list(_forwarded(simulation, layout)),
        list(_answered(simulation, layout)),
        list(_settings(simulation)),
        list(_scripts(simulation.scripts, layout)),
        *([f"trace of {name}", *map(layout.cut, lines)] for name, lines in traces.items() if lines),
    ]
    return "\n\n".join("\n".join(section) for section in sections if section)


def _summary(simulation: Simulation) -> str:
    colour = "green" if simulation.action == "forward" else "yellow"
    status = f"{simulation.status} {_text(reason_phrase(simulation.status))}"
    return f"{click.style(simulation.action, fg=colour, bold=True)}: {_who_answered(simulation)}, {status}"


def _who_answered(simulation: Simulation) -> str:
    if simulation.action == "forward":
        if simulation.forward is None:
            return "the node answered from its cache"
        return "the origin answered" if simulation.origin_answered else "the origin did not answer"
    refused = any(
        result.fault is not None and result.script.on_error == "deny" for result in simulation.scripts
    )
    return "a script raised an error" if refused else "a script answered"


def _forwarded(simulation: Simulation, layout: Layout) -> Iterator[str]:
    forward = simulation.forward
    if forward is not None:
        yield click.style("request to the origin", bold=True)
        yield from layout.wrap(f"{_text(forward.method)} {_text(forward.target)}")
        for name, value in forward.fields:
            yield from layout.wrap(f"{_text(name)}: {_text(value)}")


def _answered(simulation: Simulation, layout: Layout) -> Iterator[str]:
    yield click.style("response to the client", bold=True)
    yield from layout.wrap(f"{simulation.status} {_text(reason_phrase(simulation.status))}")
    for name, value in simulation.fields:
        yield from layout.wrap(f"{_text(name)}: {_text(value)}")
    if simulation.body:
        yield ""
        text = readable(simulation.body[: MAX_BODY * 4].decode("latin-1"))[:MAX_BODY].rstrip("\n")
        for line in text.split("\n"):
            yield from layout.wrap(line)
        if len(text.encode()) + 1 < len(simulation.body):
            yield f"{INDENT}... {len(simulation.body)} bytes in all"


def _settings(simulation: Simulation) -> Iterator[str]:
    cache, throttle = simulation.cache, simulation.throttle
    if cache.store:
        kept = f"stored for {cache.ttl_s} s, as the {cache.source} says"
    elif cache.status == "HIT":
        kept = "answered from the cache"
    else:
        kept = f"not stored: {cache.reason}"
    yield f"cache       {kept}"
    yield f"limit_rate  {_throttle_text(throttle)}"
    for line in extension_lines(simulation.effects):
        yield f"{line.label:<12}{line.text}"


def _throttle_text(throttle: Throttle | None) -> str:
    if throttle is None or throttle.rate_bytes_per_s is None:
        return "none"
    after = f", the first {throttle.after_bytes} bytes at full speed" if throttle.after_bytes else ""
    return f"{throttle.rate_bytes_per_s} bytes/s{after}"


def _scripts(results: Sequence[ScriptResult], layout: Layout) -> Iterator[str]:
    width = max((len(result.script.name) for result in results), default=0)
    width = min(max(width, len("script")), WIDTH - 52)
    yield click.style(f"{'script':<{width}}  pos   {'state':<17}  {'fuel':>8}  {'time':>10}", bold=True)
    for result in results:
        name = result.script.name
        shown = name if len(name) <= width else f"...{name[3 - width :]}"
        state = click.style(f"{result.state.value:<17}", fg=_STATE_COLOUR[result.state])
        yield f"{shown:<{width}}  {result.script.position}  {state}  {result.fuel:>8}  {result.time_us:>7.1f} us"
        fault = result.fault
        if fault is not None:
            code = int(fault.code)
            yield from layout.wrap(f"{fault.line}:{fault.column}: error {code}: {readable(fault.message)}")
            yield f"{INDENT}help: edgescript explain {code}"
