"""`edgescript pull`: drafts of a console to files here, so that a push knows what it started from."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from edgescript.cli.files import Unreadable
from edgescript.cli.remote import bases
from edgescript.cli.remote.commands.push import TESTS
from edgescript.cli.remote.completion import scripts
from edgescript.cli.remote.options import JSON
from edgescript.cli.remote.refusals import RemoteCommand
from edgescript.cli.remote.screen import show_json
from edgescript.cli.remote.target import Target, asks_domain
from edgescript.cli.remote.values import ScriptAt, ScriptAtType
from edgescript.cli.status import NO


@click.command(
    "pull",
    cls=RemoteCommand,
    short_help="Fetch scripts from a console into files.",
    epilog="Example: edgescript pull auth",
)
@click.argument(
    "names", nargs=-1, required=True, type=ScriptAtType(), metavar="SCRIPT[@N]...", shell_complete=scripts
)
@click.option("--to", "folder", default=".", metavar="FOLDER", help="Where to.  [default: here]")
@click.option("--force", is_flag=True, help="Replace files that differ.")
@JSON
@click.pass_context
@asks_domain
def command(
    target: Target,
    context: click.Context,
    names: Sequence[ScriptAt],
    folder: str,
    force: bool,
    as_json: bool,
) -> None:
    """
    Write the draft of each SCRIPT, or its version N, to SCRIPT.es, and its tests to SCRIPT.test.toml.

    A file that is there and differs is left alone, unless --force replaces it. What you push next starts from the draft
    that is there now.
    """
    pulled: list[dict[str, Any]] = []
    try:
        pulled.extend(_pull(target, each, folder, force=force, quiet=as_json) for each in names)
    finally:  # those before one that is refused are there
        if as_json:
            show_json(pulled)
    if not all(each["written"] for each in pulled):
        context.exit(NO)


def _pull(target: Target, script: ScriptAt, folder: str, *, force: bool, quiet: bool) -> dict[str, Any]:
    """What became of it. Raises ConsoleError and `Unreadable`."""
    found, revision = _fetch(target, script)
    contents = {f"{script.name}.es": found["source"]}
    if found["tests"] is not None:
        contents[f"{script.name}{TESTS}"] = found["tests"]
    differ = [name for name, text in contents.items() if _differs(Path(folder, name), text)]
    written = force or not differ
    if written:
        for name, text in contents.items():
            _write(Path(folder, name), text)
        bases.remember(target.url, target.domain, script.name, revision)
        if not quiet:
            click.echo(f"{script} to {' and '.join(contents)}")
    else:
        click.echo(f"{', '.join(differ)}: differs here, left alone (--force replaces it)", err=True)
    return {
        "script": script.name,
        "version": script.version,
        "revision": revision,
        "files": [*contents],
        "written": written,
    }


def _fetch(target: Target, script: ScriptAt) -> tuple[dict[str, Any], int]:
    """A text, and the revision of the draft that stands now, 0 where there is none. Raises ConsoleError."""
    from runtime.console.client import ConsoleError

    found: dict[str, Any] = {}
    if script.version is not None:
        found = target.client.get(target.at("scripts", script.name, "versions", script.version))
    try:
        draft: dict[str, Any] = target.client.get(target.at("scripts", script.name, "draft"))
    except ConsoleError as error:
        if error.code != "not-found" or not found:
            raise
        return found, 0
    return found or draft, draft["revision"]


def _differs(path: Path, text: str) -> bool:
    try:
        return path.read_bytes() != text.encode()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise Unreadable(f"cannot read {str(path)!r}: {(error.strerror or 'unreadable').lower()}") from None


def _write(path: Path, text: str) -> None:
    try:
        path.write_bytes(text.encode())
    except OSError as error:
        raise Unreadable(f"cannot write {str(path)!r}: {(error.strerror or 'unwritable').lower()}") from None
