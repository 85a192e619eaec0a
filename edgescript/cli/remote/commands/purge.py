"""`edgescript purge`: stored answers of a domain out of every node's cache."""

from collections.abc import Sequence
from typing import Final

import click

from edgescript.cli.remote.options import IN_ENVIRONMENT, JSON
from edgescript.cli.remote.refusals import RemoteCommand
from edgescript.cli.remote.screen import printable, show_json
from edgescript.cli.remote.target import Target, asks_domain

KINDS: Final = ("url", "prefix", "tag")


@click.command(
    "purge",
    cls=RemoteCommand,
    short_help="Remove stored answers from nodes' caches.",
    epilog="Example: edgescript purge --tag product-17 --soft",
)
@click.argument("urls", nargs=-1, metavar="[URL]...")
@click.option(
    "--prefix", "prefixes", multiple=True, metavar="URL", help="All URLs that begin so; repeatable."
)
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="All that carry this tag; repeatable.")
@click.option(
    "--soft", is_flag=True, help="Keep them as stale: revalidated, or used while the origin is away."
)
@IN_ENVIRONMENT
@JSON
@asks_domain
def command(
    target: Target,
    urls: Sequence[str],
    prefixes: Sequence[str],
    tags: Sequence[str],
    soft: bool,
    environment: str,
    as_json: bool,
) -> None:
    """
    Remove from the caches of all nodes what is stored of each URL, under each prefix, with each tag.

    Nodes follow within seconds; one that is cut off does so when it is back.
    """
    wanted = [
        (kind, value) for kind, values in zip(KINDS, (urls, prefixes, tags), strict=True) for value in values
    ]
    if not wanted:
        raise click.UsageError("want a URL, --prefix or --tag")
    made = []
    for kind, value in wanted:
        purged = target.client.post(
            target.at("purge"), {kind: value, "soft": soft, "environment": environment}
        )
        made.append({kind: value, "soft": soft, "environment": environment, **purged})
        if not as_json:
            how = "marked stale" if soft else "purged"
            click.echo(
                f"{kind} {printable(value)}: {how} in {environment} from generation {purged['generation']} on"
            )
    if as_json:
        show_json(made)
