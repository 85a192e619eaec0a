"""`edgescript logout`: forget a console's token."""

import os

import click

from edgescript.cli.remote import credentials
from edgescript.cli.remote.credentials import Credentials, console_url
from edgescript.cli.status import NO


@click.command(
    "logout",
    short_help="Forget the token of a console.",
    epilog="Example: edgescript logout https://console.example.com",
)
@click.argument("url", required=False, metavar="[URL]")
@click.option("--all", "every", is_flag=True, help="Of every console.")
@click.pass_context
def command(context: click.Context, url: str | None, every: bool) -> None:
    """
    Forget the token of the console at URL, or of the one signed in to last.

    The token itself stays valid: 'edgescript tokens revoke' ends it for everybody who has it.
    """
    if every and url is not None:
        raise click.UsageError("want URL or --all, not both")
    kept = credentials.read(os.environ)
    if every:
        gone = list(kept.consoles)
        credentials.change(os.environ, lambda _: Credentials())
    else:
        gone = [each for each in (console_url(url) if url else kept.latest,) if each in kept.consoles]
        credentials.change(os.environ, lambda kept: kept.without(gone[0]) if gone else kept)
    for each in gone:
        click.echo(f"signed out of {each}")
    if not gone:
        click.echo(f"not signed in to {url or 'any console'}", err=True)
        context.exit(NO)
