"""`edgescript nodes`: which nodes follow the console, and how far they are."""

from collections.abc import Mapping
from typing import Any, Final

import click

from edgescript.cli.remote.options import JSON, OF_ENVIRONMENT
from edgescript.cli.remote.refusals import RemoteCommand
from edgescript.cli.remote.screen import ago, count, show_json, show_table
from edgescript.cli.remote.target import Target, asks_console

STATES: Final = ("current", "partly", "behind", "offline", "failed")


@click.command(
    "nodes",
    cls=RemoteCommand,
    short_help="List nodes and what they serve.",
    epilog="Example: edgescript nodes -e production --state offline",
)
@OF_ENVIRONMENT
@click.option("--pool", metavar="NAME", help="Of this pool only.")
@click.option("--state", type=click.Choice(STATES), help="Those in this state only.")
@click.option("--pools", is_flag=True, help="A line a pool.")
@JSON
@asks_console
def command(
    target: Target, environment: str | None, pool: str | None, state: str | None, pools: bool, as_json: bool
) -> None:
    """
    List the nodes of a console: where they stand, whether they serve the newest (current), the newest but for a domain they
    cannot load (partly), another one (behind), could not take the newest (failed), or have not been heard of (offline).
    """
    if pools:
        _pools(target, environment, as_json=as_json)
        return
    found = [
        each
        for each in target.client.items("/nodes", environment=environment)
        if pool in {None, each["pool"]} and state in {None, each["state"]}
    ]
    if as_json:
        show_json(found)
        return
    moment = target.now()
    rows = [
        (
            each["id"],
            each["environment"],
            each["pool"],
            each["region"],
            each["state"],
            each["generation"],
            ago(each["seen"], moment),
            _trouble(each),
        )
        for each in found
    ]
    header = ("node", "environment", "pool", "region", "state", "generation", "seen", "trouble")
    chosen = environment or pool or state
    none = "no such nodes" if chosen else "no nodes: 'edgescript tokens create' makes tokens for them"
    show_table(header, rows, none)
    if rows:
        click.echo(_counts({name: sum(each["state"] == name for each in found) for name in STATES}))


def _trouble(node: Mapping[str, Any]) -> str:
    """What is wrong with it as a whole, and with which domains."""
    return "; ".join(
        filter(None, (node["error"], *(f"{each['domain']}: {each['why']}" for each in node["refused"])))
    )


def _pools(target: Target, environment: str | None, *, as_json: bool) -> None:
    found = [
        each
        for each in target.client.items("/pools")
        if environment is None or each["environment"] == environment
    ]
    if as_json:
        show_json(found)
        return
    rows = [
        (each["name"], each["region"], each["environment"], *(each["counts"][name] for name in STATES))
        for each in found
    ]
    show_table(("pool", "region", "environment", *STATES), rows, "no pools")


def _counts(counts: dict[str, Any]) -> str:
    parts = [f"{number} {name}" for name, number in counts.items() if number]
    return f"{count(sum(counts.values()), 'node')}: {', '.join(parts)}"
