"""`edgescript publish`: versions to staging or production, at once or step by step."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from edgescript.cli.remote.completion import versions
from edgescript.cli.remote.options import JSON, MESSAGE, waits
from edgescript.cli.remote.refusals import RemoteCommand
from edgescript.cli.remote.screen import show_json
from edgescript.cli.remote.target import Target, asks_domain
from edgescript.cli.remote.values import (
    DurationType,
    PercentType,
    ScriptAt,
    ScriptAtType,
    StepsType,
    StickyType,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_MARGINS: Final = ("abort_exceptions", "abort_5xx", "abort_fuel", "abort_min_requests")
_MARGIN_NAMES: Final = ("exceptions", "errors_5xx", "fuel", "min_requests")
"""What the API calls them."""


@click.command(
    "publish",
    cls=RemoteCommand,
    short_help="Publish versions to staging or production.",
    epilog="Example: edgescript publish auth --production --to 5% --wait -m 'new key'",
)
@click.argument("scripts", nargs=-1, type=ScriptAtType(), metavar="[SCRIPT[@N]]...", shell_complete=versions)
@click.option("--production", is_flag=True, help="To production, not to staging.")
@click.option("--to", "percent", type=PercentType(), help="To so many of the clients first, as 5%.")
@click.option("--steps", type=StepsType(), help="To so many, one step after the other, as 5,25,100.")
@click.option("--hold", type=DurationType(), help="Take the next step by itself after so long.")
@click.option(
    "--sticky",
    type=StickyType(),
    metavar="KEY",
    help="What keeps a client on its side: client_ip, cookie:NAME, header:NAME, arg:NAME.  [default: client_ip]",
)
@click.option(
    "--pool", "pools", multiple=True, metavar="NAME", help="On nodes of this pool only; repeatable."
)
@click.option("--region", "regions", multiple=True, metavar="NAME", help="On nodes there only; repeatable.")
@click.option(
    "--abort-exceptions",
    type=click.FloatRange(0, 1),
    metavar="SHARE",
    help="Go back if so many more runs fail.  [default: 0.01]",
)
@click.option(
    "--abort-5xx",
    type=click.FloatRange(0, 1),
    metavar="SHARE",
    help="Go back if so many more answers are 5xx.  [default: 0.01]",
)
@click.option(
    "--abort-fuel",
    type=click.FloatRange(0, 1000),
    metavar="SHARE",
    help="Go back if runs cost so much more.  [default: 0.5]",
)
@click.option(
    "--abort-min-requests",
    type=click.IntRange(1),
    metavar="N",
    help="Judge after N requests.  [default: 100]",
)
@click.option("--settings", is_flag=True, help="The domain's newest settings too.")
@click.option("--remove", multiple=True, metavar="SCRIPT", help="Take SCRIPT out; repeatable.")
@click.option("--skip-staging", is_flag=True, help="To production without staging; -m says why.")
@waits
@MESSAGE
@JSON
@click.pass_context
@asks_domain
def command(
    target: Target,
    /,
    context: click.Context,
    scripts: Sequence[ScriptAt],
    as_json: bool,
    **options: Any,
) -> None:
    """
    Publish each SCRIPT, its version N or the latest; without one, the latest of all scripts.

    --to on a rollout of the same versions that is under way takes it further, or waits for it again where it is there
    already. With --wait, the exit status is 1 if it was aborted, or a node failed.

    A rollout goes back by itself where the new release is worse than the old by more than a SHARE (0.01 is 1%).
    """
    from edgescript.cli.remote.waiting import headline, next_text, see_through

    _refuse_contradictions(options)
    wanted = _wanted(target, scripts)
    rollout: Mapping[str, Any] = _promoted(target, wanted, options) or _published(target, wanted, options)
    if not as_json:
        click.echo(f"{headline(rollout)} on {target}")
    if options["wait"]:
        path = target.at("rollouts", rollout["id"])
        context.exit(see_through(target.client, path, rollout, options["timeout"], as_json=as_json))
    if as_json:
        show_json(rollout)
    elif rollout["state"] == "running":
        click.echo(f"{rollout['percent']}% of clients; {next_text(rollout)}")


def _refuse_contradictions(options: "Mapping[str, Any]") -> None:
    if options["percent"] is not None and options["steps"] is not None:
        raise click.UsageError("want --to or --steps, not both")
    if options["skip_staging"] and not options["message"].strip():
        raise click.UsageError("--skip-staging wants a reason: -m TEXT")
    if options["skip_staging"] and not options["production"]:
        raise click.UsageError("--skip-staging is for --production")


def _wanted(target: Target, scripts: Sequence[ScriptAt]) -> dict[str, int] | None:
    """Versions by script; None for the latest of all. Raises ConsoleError and usage errors."""
    wanted: dict[str, int] = {}
    for script in scripts:
        if script.name in wanted:
            raise click.UsageError(f"{script.name} is named twice")
        wanted[script.name] = script.version or latest_version(target, script.name)
    return wanted or None


def latest_version(target: Target, script: str) -> int:
    """Raises ConsoleError, and a usage error where there is none."""
    newest = next(target.client.items(target.at("scripts", script, "versions"), 1), None)
    if newest is None:
        raise click.UsageError(f"{script} has no version: edgescript push makes one")
    number: int = newest["number"]
    return number


def _environment(options: "Mapping[str, Any]") -> str:
    return "production" if options["production"] else "staging"


def _promoted(
    target: Target, wanted: "Mapping[str, int] | None", options: "Mapping[str, Any]"
) -> "Mapping[str, Any] | None":
    """The rollout under way, taken to --to; None where that is not what is asked for."""
    if options["percent"] is None or options["settings"] or options["remove"]:
        return None
    running = target.client.get(target.at())["environments"][_environment(options)]["rollout"]
    if running is None or not _is_on_its_way(target, running, wanted):
        return None
    _refuse_another_course(running, options)
    if running["percent"] == options["percent"]:
        again: dict[str, Any] = target.client.get(target.at("rollouts", running["id"]))
        return again  # who stopped watching watches again
    promoted: dict[str, Any] = target.client.post(
        target.at("rollouts", running["id"], "promote"),
        {"percent": options["percent"], "from": running["percent"]},
    )
    return promoted


def _refuse_another_course(running: "Mapping[str, Any]", options: "Mapping[str, Any]") -> None:
    """Raises a usage error where the rollout under way has another course than what is stated: it keeps the one it has."""
    stated = {
        "--pool": (sorted(options["pools"]), sorted(running["pools"])),
        "--region": (sorted(options["regions"]), sorted(running["regions"])),
        "--sticky": (options["sticky"], running["sticky"]),
        "--hold": (options["hold"], running["hold_s"]),
    }
    margins = running["abort"] or {}
    stated |= {
        f"--{option.replace('_', '-')}": (options[option], margins.get(name))
        for name, option in zip(_MARGIN_NAMES, _MARGINS, strict=True)
    }
    other = [option for option, (wanted, there) in stated.items() if wanted not in (None, [], "", there)]
    if other:
        raise click.UsageError(
            f"rollout {running['id']} is under way with another {other[0]}: leave it out to take that one further"
        )


def _is_on_its_way(target: Target, running: "Mapping[str, Any]", wanted: "Mapping[str, int] | None") -> bool:
    """Whether the rollout under way has what is wanted. Raises a usage error where that could be meant or not."""
    after = {name: versions[1] for name, versions in running["scripts"].items()}
    if wanted is not None:
        return all(after.get(name) == version for name, version in wanted.items())
    for each in target.client.items(target.at("scripts")):
        name, latest = each["name"], each["latest"]
        if after.get(name) is not None and latest != after[name]:
            raise click.UsageError(
                f"rollout {running['id']} is under way with {name}@{after[name]}, the latest is {name}@{latest}: say which"
            )
    return True


def _published(
    target: Target, wanted: "Mapping[str, int] | None", options: "Mapping[str, Any]"
) -> dict[str, Any]:
    body = {
        "environment": _environment(options),
        "scripts": wanted if wanted or not options["remove"] else {},
        "settings": options["settings"],
        "remove": list(options["remove"]),
        "steps": options["steps"],
        "percent": options["percent"],
        "pools": list(options["pools"]),
        "regions": list(options["regions"]),
        "abort": _margins(options),
        "hold_s": options["hold"],
        "skip_staging": options["skip_staging"],
        "message": options["message"],
    }
    if options["sticky"]:
        body["sticky"] = options["sticky"]
    made: dict[str, Any] = target.client.post(target.at("publish"), body)
    return made


def _margins(options: "Mapping[str, Any]") -> dict[str, float] | None:
    stated = {
        name: options[option]
        for name, option in zip(_MARGIN_NAMES, _MARGINS, strict=True)
        if options[option] is not None
    }
    return stated or None
