"""`edgescript audit`: who did what, and whether anybody has changed the record of it."""

import re
from typing import Any, Final

import click

from edgescript.cli.remote.options import JSON, limit
from edgescript.cli.remote.refusals import RemoteCommand
from edgescript.cli.remote.screen import count, moment, show_json, show_table
from edgescript.cli.remote.target import Target, asks_console
from edgescript.cli.status import NO

_DIGEST: Final = 12
"""Characters of a digest that tell it from others; `--json` has all."""
_IS_DIGEST: Final = re.compile("[0-9a-f]{64}")


@click.command(
    "audit",
    cls=RemoteCommand,
    short_help="List who did what.",
    epilog="Example: edgescript audit -d shop -n 20",
)
@limit(50, what=" entries")
@click.option("--all-domains", is_flag=True, help="Of the whole console, whatever edgescript.toml says.")
@click.option("--verify", is_flag=True, help="Check the chain that holds the entries together.")
@JSON
@click.pass_context
@asks_console
def command(
    target: Target, context: click.Context, limit: int, all_domains: bool, verify: bool, as_json: bool
) -> None:
    """
    List what was done, newest first: in the domain, where one is said, else wherever your token reaches.

    Each entry carries a digest of the one before. --verify has the console go through them; the exit status is 1 if
    one was changed or is missing.
    """
    if verify:
        verdict = target.client.get("/audit/verify")
        if as_json:
            show_json(verdict)
        elif verdict["intact"]:
            click.echo(f"{count(verdict['entries'], 'entry', 'entries')}, intact")
        else:
            click.echo(
                f"broken at entry {verdict['broken_at']}: it, or one before it, was changed or is missing"
            )
        context.exit(0 if verdict["intact"] else NO)
    domain = None if all_domains else target.maybe_domain
    found = list(target.client.items("/audit", limit, domain=domain))
    if as_json:
        show_json(found)
        return
    rows = [
        (
            each["n"],
            moment(each["at"]),
            each["who"],
            *(() if domain else (each["domain"],)),
            each["action"],
            each["subject"],
            details_text(each["details"]),
        )
        for each in found
    ]
    header = ("n", "at", "who", *(() if domain else ("domain",)), "action", "what", "details")
    show_table(header, rows, "no entries")


def details_text(details: Any) -> str:
    """`environment=production percent=5`, as far as a line goes."""
    if not isinstance(details, dict):
        return ""
    told = {key: value for key, value in details.items() if value not in (None, False, "", [], {})}
    return " ".join(f"{key}={_short(value)}" for key, value in told.items())


def _short(value: Any) -> str:
    text = "on" if value is True else str(value)
    return text[:_DIGEST] if _IS_DIGEST.fullmatch(text) else text
