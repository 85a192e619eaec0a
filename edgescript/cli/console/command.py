"""`edgescript console`: the control plane, and what is done to it while it is stopped."""

import os
import secrets
import stat
import time
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import click

from edgescript.cli.completion import files
from edgescript.cli.console.opened import Opened, refused
from edgescript.cli.console.restore import command as restore
from edgescript.cli.groups import NearGroup

DEFAULT_LISTEN: Final = "127.0.0.1:8090"
DEFAULT_DATA: Final = "edgescript-console"
FIRST_FILE: Final = "operator.token"
"""Has the first token until somebody takes it away."""


class ListenType(click.ParamType[tuple[str, int]]):
    """`host:port`; an IPv6 address in brackets. Port 0 lets the system choose."""

    name = "host:port"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, int]:
        if isinstance(value, tuple):
            return value
        try:
            parts = urlsplit(f"//{value}")
            if parts.hostname and parts.port is not None and parts.netloc == value and not parts.username:
                return parts.hostname, parts.port
        except ValueError:
            pass
        return self.fail(f"{value!r}: want HOST:PORT", param, ctx)


@click.group(
    "console",
    cls=NearGroup,
    short_help="Run the control plane.",
    epilog="Example: edgescript console --data /var/lib/edgescript-console",
    invoke_without_command=True,
    subcommand_metavar="[COMMAND]",
)
@click.option(
    "--listen",
    type=ListenType(),
    default=DEFAULT_LISTEN,
    show_default=True,
    help="Where to listen.",
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=DEFAULT_DATA,
    show_default=True,
    metavar="DIR",
    shell_complete=files,
    help="Where keys are kept, and the database if there is no other.",
)
@click.option(
    "--database",
    metavar="URL",
    envvar="EDGESCRIPT_DATABASE",
    show_envvar=True,
    help="The database, as postgresql://user@host/name.  [default: SQLite in the data directory]",
)
@click.option(
    "--tls-certificate",
    "certificate",
    default="",
    metavar="FILE",
    shell_complete=files,
    help="Serve HTTPS with this certificate.",
)
@click.option(
    "--tls-key", "key", default="", metavar="FILE", shell_complete=files, help="The certificate's key."
)
@click.option(
    "--behind",
    multiple=True,
    metavar="ADDRESS",
    help="Believe what a proxy at this address says of its clients; repeatable.",
)
@click.option("--quiet", is_flag=True, help="Log failures, not every request.")
@click.option("--check", is_flag=True, help="Say whether it could start; start nothing.")
@click.pass_context
def command(
    context: click.Context,
    /,
    listen: tuple[str, int],
    data: Path,
    database: str | None,
    certificate: str,
    key: str,
    behind: tuple[str, ...],
    quiet: bool,
    check: bool,
) -> None:
    """
    Run the console: its HTTP API for people, programs and nodes, and its page.

    Scripts, versions and audit are in the database; keys are in the data directory and nowhere else: keep a copy of both.
    The first start makes an operator's token and writes it to a file that only its user may read. SIGTERM and SIGINT end
    it after the answers in progress.
    """
    context.obj = (data, database)
    if context.invoked_subcommand is not None:
        return
    if bool(certificate) != bool(key):
        raise click.UsageError("--tls-certificate and --tls-key go together")
    if certificate:
        _refuse_unusable(certificate, key)
    with Opened(data, database) as opened:
        if check:
            click.echo(f"{_shown(database)}: the console can start")
            return
        _run(opened, listen, (certificate, key), behind, quiet=quiet)


def _refuse_unusable(certificate: str, key: str) -> None:
    """Files that HTTPS could not be served with are told before anything is made or begun."""
    import ssl

    for path in (certificate, key):
        try:
            Path(path).open("rb").close()
        except OSError as error:
            reason = os.strerror(error.errno or 0).lower()
            raise click.ClickException(f"cannot read {path!r}: {reason}") from None
    try:
        # A key under a password would ask for it on the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except (ssl.SSLError, OSError, ValueError):
        raise click.ClickException(
            f"cannot serve HTTPS: {certificate!r} and {key!r} are no certificate and its key"
        ) from None


def _run(
    opened: Opened,
    listen: tuple[str, int],
    tls: tuple[str, str],
    behind: tuple[str, ...],
    *,
    quiet: bool,
) -> None:
    from runtime.console.api.journal import to_stderr
    from runtime.console.app import Clocks, application
    from runtime.console.serve import Listening, open_socket, serve

    host, port = listen
    try:
        listening = open_socket(host, port)
    except OSError as error:
        raise click.ClickException(
            f"cannot listen on {host}:{port}: {os.strerror(error.errno or 0).lower()}"
        ) from None
    token = opened.console.tokens.bootstrap("operator")
    if token is not None:
        path = opened.data / FIRST_FILE
        _write_secret(path, token)
        click.echo(f"edgescript: the operator's token is in {path}; take it away from there", err=True)
    scheme = "https" if tls[0] else "http"

    def announce(name: str, number: int) -> None:
        shown = f"[{name}]" if ":" in name else name
        click.echo(f"edgescript: the console is on {scheme}://{shown}:{number}/", err=True)

    journal = to_stderr(time.time, requests=not quiet)  # noqa: TID251 - a composition root
    clocks = Clocks(time.time, time.monotonic, lambda: secrets.token_hex(8))  # noqa: TID251 - as above
    app = application(opened.console, opened.store, journal, clocks)
    try:
        opened.pool.start()
        serve(app, listening, Listening(host, port, *tls, behind), journal, announce)
    except OSError as error:
        raise click.ClickException(f"cannot serve: {(error.strerror or str(error)).lower()}") from None
    finally:
        journal.close()


@command.command(
    "backup", short_help="Copy the database.", epilog="Example: edgescript console backup copy.db"
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_obj
def backup(place: tuple[Path, str | None], file: Path) -> None:
    """
    Copy the database to FILE, while the console runs or not.

    Of PostgreSQL, pg_dump makes copies. The keys of the data directory are not in the copy: keep them too, and apart.
    """
    from runtime.console.store import StoreError

    with Opened(*place) as opened:
        try:
            opened.store.backup(file)
        except FileExistsError:
            raise click.ClickException(f"{file} exists") from None
        except (StoreError, OSError) as error:
            raise click.ClickException(str(error)) from None
    click.echo(f"copied to {file}")


command.add_command(restore)


@command.command(
    "token", short_help="Make an operator's token.", epilog="Example: edgescript console token 'after a loss'"
)
@click.argument("label")
@click.pass_obj
def token(place: tuple[Path, str | None], label: str) -> None:
    """Make and print a new operator's token called LABEL, for when the others are lost. The audit tells of it."""
    from runtime.console.model.access import CONSOLE, Grant

    with Opened(*place) as opened:
        made = refused(lambda: opened.console.tokens.create(CONSOLE, label, [Grant("*", "admin")]))
    click.echo(made.secret)


@command.command(
    "rotate", short_help="Sign with a new key.", epilog="Example: edgescript console rotate --drop-old"
)
@click.option("--drop-old", is_flag=True, help="Forget all keys but the newest; make none.")
@click.pass_obj
def rotate(place: tuple[Path, str | None], drop_old: bool) -> None:
    """
    Make a new key for manifests; they are signed with it and the old ones until --drop-old.

    Nodes learn of a new key by a manifest that a key they know has signed. So wait until all have, then drop the old.
    A running console does it from its next manifest on.
    """
    from runtime.console.model.access import CONSOLE

    with Opened(*place) as opened:
        signing = opened.console.signing
        refused(lambda: signing.drop_old(CONSOLE) if drop_old else signing.rotate(CONSOLE))
        for each in signing.keys(CONSOLE):
            click.echo(f"{each.id}{'  signs from now on' if each.newest else '  believed still'}")


def _shown(database: str | None) -> str:
    """The database without what may be a password."""
    if database is None:
        return "sqlite"
    parts = urlsplit(database)
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"


def _write_secret(path: Path, text: str) -> None:
    """A file for its user alone, made anew."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text + "\n")
