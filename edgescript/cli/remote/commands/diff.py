"""`edgescript diff`: what changed between two versions: text, settings, and what the tests' requests get."""

import re
from typing import TYPE_CHECKING, Any, Final

import click

from edgescript.cli.remote.completion import scripts
from edgescript.cli.remote.options import JSON
from edgescript.cli.remote.refusals import RemoteCommand
from edgescript.cli.remote.screen import cut, printable, show_json, width
from edgescript.cli.remote.target import Target, asks_domain
from edgescript.cli.remote.values import ENVIRONMENTS, ScriptAt, ScriptAtType
from edgescript.cli.status import NO

if TYPE_CHECKING:
    from collections.abc import Mapping

DRAFT: Final = "draft"
LATEST: Final = "latest"
_END: Final = rf"[1-9][0-9]{{0,8}}|{DRAFT}|{LATEST}|{'|'.join(ENVIRONMENTS)}"
_RANGE: Final = re.compile(rf"(?P<old>{_END})\.\.(?P<new>{_END})")
_COLOURS: Final = {"+": "green", "-": "red", "@": "cyan"}


@click.command(
    "diff",
    cls=RemoteCommand,
    short_help="Show what changed between two versions.",
    epilog="Example: edgescript diff auth 3..5",
)
@click.argument("script", type=ScriptAtType(), metavar="SCRIPT", shell_complete=scripts)
@click.argument("range_", metavar="[A..B]", required=False)
@click.option("--exit-code", is_flag=True, help="Exit with 1 if anything differs.")
@JSON
@click.pass_context
@asks_domain
def command(
    target: Target,
    context: click.Context,
    script: ScriptAt,
    range_: str | None,
    exit_code: bool,
    as_json: bool,
) -> None:
    """
    Show how SCRIPT changed from A to B: its text, its settings, and the cases of its tests that end differently.

    A and B are numbers of versions, 'latest', 'staging' or 'production' for what is live there; B may be 'draft'.
    Without them: from what is live in production, else in staging, else from the version before, to the latest.
    SCRIPT@N is the version before N to N.

    Each case of the tests of both is run on both. Where that cannot be, because neither has tests for one, it is said.
    """
    old, new = _ends(target, script, range_)
    found = target.client.get(target.at("scripts", script.name, "diff"), **{"from": old, "to": new})
    differs = bool(found["text"] or found["rules"] or found["decisions"])
    if as_json:
        show_json({"script": script.name, "from": old, "to": new, **found})
    elif not differs:
        click.echo(f"{script.name}: no difference from {old} to {new}")
    else:
        _show(found)
    if exit_code and differs:
        context.exit(NO)


def _ends(target: Target, script: ScriptAt, range_: str | None) -> tuple[int, int | str]:
    """The older and the newer. Raises ConsoleError and usage errors."""
    if script.version is not None:
        if range_ is not None or script.version == 1:
            raise click.UsageError("want SCRIPT@N from version 2 on, or SCRIPT A..B")
        return script.version - 1, script.version
    known = _Known(target, script.name)
    if range_ is None:
        return known.usual(), known.latest()
    found = _RANGE.fullmatch(range_)
    if found is None:
        raise click.UsageError(f"{range_!r}: want A..B, as 3..5 or production..draft")
    if found["old"] == DRAFT:
        raise click.UsageError("a draft is newer than any version: want A..draft")
    return known.number(found["old"]), DRAFT if found["new"] == DRAFT else known.number(found["new"])


class _Known:
    """The versions of a script that words stand for, asked for once."""

    def __init__(self, target: Target, script: str) -> None:
        self._target = target
        self._script = script
        self._live: dict[str, int | None] | None = None

    def latest(self) -> int:
        from edgescript.cli.remote.commands.publish import latest_version

        return latest_version(self._target, self._script)

    def live(self, environment: str) -> int | None:
        if self._live is None:
            environments = self._target.client.get(self._target.at())["environments"]
            self._live = {name: environments[name]["live"].get(self._script) for name in ENVIRONMENTS}
        return self._live[environment]

    def usual(self) -> int:
        """What the latest is compared with where nothing is said."""
        latest = self.latest()
        return self.live("production") or self.live("staging") or max(latest - 1, 1)

    def number(self, word: str) -> int:
        """Raises a usage error where nothing is live."""
        if word.isdecimal():
            return int(word)
        if word == LATEST:
            return self.latest()
        number = self.live(word)
        if number is None:
            raise click.UsageError(f"no version of {self._script} is live in {word}")
        return number


def _show(found: "Mapping[str, Any]") -> None:
    for line in found["text"].splitlines():
        colour = None if line.startswith(("+++", "---")) else _COLOURS.get(line[:1])
        click.echo(click.style(printable(line), fg=colour, bold=line.startswith(("+++", "---"))))
    if found["rules"]:
        click.echo(click.style("settings", bold=True))
        for key, (before, after) in sorted(found["rules"].items()):
            click.echo(f"  {printable(key)}: {_shown(before)} -> {_shown(after)}")
    if found["decisions"]:
        click.echo(click.style("cases that end differently", bold=True))
        for each in found["decisions"]:
            click.echo(f"  {printable(each['case'])}")
            for sign, side in (("-", "before"), ("+", "after")):
                click.echo(click.style(cut(f"  {sign} {printable(each[side])}", width()), fg=_COLOURS[sign]))
    elif not found["note"]:
        click.echo("no case of the tests ends differently")
    if found["note"]:
        how = "not all decisions were compared" if found["decisions"] else "decisions were not compared"
        click.echo(f"{how}: {printable(found['note'])}")


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "none" if value in {None, ""} else printable(value)
