"""`edgescript login`: the token of a console, asked for, tried, and kept."""

import os
import sys
from typing import TYPE_CHECKING, Any, Final

import click

from edgescript.cli.completion import files
from edgescript.cli.files import read
from edgescript.cli.remote import credentials
from edgescript.cli.remote.address import TOKEN
from edgescript.cli.remote.credentials import MAX_TOKEN, SignedIn, check_token, console_url, goes_in_clear
from edgescript.cli.remote.options import JSON
from edgescript.cli.remote.refusals import RemoteCommand
from edgescript.cli.remote.screen import moment, printable, show_json

if TYPE_CHECKING:
    from collections.abc import Mapping

_STDIN: Final = "-"


@click.command(
    "login",
    cls=RemoteCommand,
    short_help="Sign in to a console.",
    epilog="Example: edgescript login https://console.example.com",
)
@click.argument("url")
@click.option(
    "--token-file",
    metavar="FILE",
    shell_complete=files,
    help="Read the token from FILE, - for standard input.",
)
@click.option("--insecure-http", is_flag=True, help="Allow a token to go over a network in clear.")
@JSON
def command(url: str, token_file: str | None, insecure_http: bool, as_json: bool) -> None:
    """
    Sign in to the console at URL, and ask it from now on.

    The token is what an administrator gave you ('edgescript tokens create'). It is asked for without being shown,
    unless --token-file, EDGESCRIPT_TOKEN or standard input has it. It is kept in a file that only you can read,
    $XDG_CONFIG_HOME/edgescript/credentials.json; 'edgescript logout' removes it.

    SSL_CERT_FILE names the certificates to believe where the console's is signed by an authority of your own.
    """
    url = console_url(url)
    if goes_in_clear(url) and not insecure_http:
        raise click.UsageError(
            f"a token sent to {url} could be read on the way: want https, or --insecure-http to allow it"
        )
    token = _token(token_file, url)
    session = _session(url, token)
    label = str(session.get("label", ""))
    credentials.change(os.environ, lambda kept: kept.with_console(url, SignedIn(token, label, insecure_http)))
    if as_json:
        show_json({"console": url, **session})
        return
    click.echo(f"signed in to {url} as {printable(label)}: {_rights(session)}")


def _token(file: str | None, url: str) -> str:
    """Raises `Unreadable` and usage errors, none of which repeat it."""
    if file is not None and file != _STDIN:
        return check_token(read(file, MAX_TOKEN + 2).decode("utf-8", "replace"))
    if file is None and os.environ.get(TOKEN):
        return check_token(os.environ[TOKEN])
    if file == _STDIN or not sys.stdin.isatty():
        return check_token(sys.stdin.read(MAX_TOKEN + 2))
    return check_token(click.prompt(f"token for {url}", hide_input=True, err=True))


def _session(url: str, token: str) -> "Mapping[str, Any]":
    """What the console says whose token it is. Raises ConsoleError."""
    import time

    from runtime.console.client import NOT_A_CONSOLE, Address, ConsoleClient, ConsoleError

    with ConsoleClient(Address(url, token), time.sleep) as client:
        try:
            session = client.get("/session")
        except ConsoleError as error:
            if error.status != 404:
                raise
            session = None
    if not isinstance(session, dict) or not isinstance(session.get("scopes"), list):
        raise ConsoleError(NOT_A_CONSOLE, f"{url} does not say whose token it is")
    return session


def _rights(session: "Mapping[str, Any]") -> str:
    if session.get("operator"):
        rights = "operator"
    else:
        rights = (
            ", ".join(f"{each['scope']} on {each['domain']}" for each in session["scopes"]) or "no scopes"
        )
    expires = session.get("expires")
    return printable(rights) + (f", until {moment(expires)}" if expires is not None else "")
