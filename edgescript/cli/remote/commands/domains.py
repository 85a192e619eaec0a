"""`edgescript domains`: the domains of a console, and their settings."""

import json
from typing import TYPE_CHECKING, Any, Final

import click

from edgescript.cli.completion import files
from edgescript.cli.files import Unreadable, read
from edgescript.cli.remote.completion import domains
from edgescript.cli.remote.options import JSON, MESSAGE
from edgescript.cli.remote.refusals import RemoteGroup
from edgescript.cli.remote.screen import moment, printable, show_json, show_table
from edgescript.cli.remote.target import Target, asks_console
from edgescript.cli.remote.values import ENVIRONMENTS

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_SETTINGS_BYTES: Final = 512 << 10
_NAME = click.argument("name", required=False, metavar="[NAME]", shell_complete=domains)


@click.group(
    "domains",
    cls=RemoteGroup,
    short_help="List, make and set up domains of a console.",
    epilog="Example: edgescript domains create shop --host a.test --origin http://o.test",
)
def command() -> None:
    """
    List the domains that your token reaches; with a command, make one or change one.

    A domain has host names, an origin, cache rules and the other keys of [[sites]] in a node's configuration, and
    scripts. Where no NAME is given, it is that of --domain, EDGESCRIPT_DOMAIN or edgescript.toml.
    """


@command.command("list", short_help="All that your token reaches.", epilog="Example: edgescript domains list")
@JSON
@asks_console
def _list(target: Target, as_json: bool) -> None:
    """List the domains that your token reaches, with the releases that are live."""
    found = list(target.client.items("/domains"))
    if as_json:
        show_json(found)
        return
    rows = [
        (each["name"], *(each["releases"][name] for name in ENVIRONMENTS), " ".join(each["hosts"]))
        for each in found
    ]
    show_table(("domain", *ENVIRONMENTS, "hosts"), rows, "no domains: edgescript domains create NAME")


@command.command(
    "show", short_help="Settings and what is live.", epilog="Example: edgescript domains show shop --json"
)
@_NAME
@JSON
@asks_console
def _show(target: Target, name: str | None, as_json: bool) -> None:
    """Show the settings of a domain and what is live in which environment."""
    found = target.client.get(_path(target, name))
    if as_json:
        show_json(found)
        return
    click.echo(
        f"{found['name']}: settings revision {found['settings_revision']}, made {moment(found['created'])}"
    )
    for environment in ENVIRONMENTS:
        click.echo(f"  {environment:<12}{_live(found['environments'][environment])}")
    show_json(found["settings"])


def _live(environment: "Mapping[str, Any]") -> str:
    if environment["release"] is None:
        text = "nothing is live"
    else:
        live = " ".join(f"{script}@{version}" for script, version in sorted(environment["live"].items()))
        text = f"release {environment['release']}: {live or 'no scripts'}"
    rollout = environment["rollout"]
    more = (
        f"; rollout {rollout['id']} to release {rollout['to_release']}, {rollout['percent']}%"
        if rollout
        else ""
    )
    return printable(text + more)


@command.command(
    "create",
    short_help="Make a domain.",
    epilog="Example: edgescript domains create shop --host a.test --origin http://o.test",
)
@click.argument("name")
@click.option("--host", "hosts", multiple=True, metavar="NAME", help="A host name; repeatable.")
@click.option("--origin", metavar="URL", help="Where requests go that the cache cannot answer.")
@click.option(
    "--settings", "file", metavar="FILE", shell_complete=files, help="More settings, as TOML or JSON."
)
@JSON
@asks_console
def _create(
    target: Target, name: str, hosts: tuple[str, ...], origin: str | None, file: str | None, as_json: bool
) -> None:
    """Make the domain NAME. Its settings go live when they are published."""
    settings = read_settings(file) if file else {}
    if hosts:
        settings["hosts"] = list(hosts)
    if origin:
        settings["origin"] = origin
    if not settings.get("hosts"):
        raise click.UsageError("want a host name: --host NAME, or hosts in --settings")
    made = target.client.post("/domains", {"name": name, "settings": settings})
    if as_json:
        show_json(made)
        return
    click.echo(f"made {made['name']}: {printable(', '.join(made['settings']['hosts']))}")


@command.command(
    "settings",
    short_help="Show or replace a domain's settings.",
    epilog="Example: edgescript domains settings shop --file shop.toml -m 'longer cache'",
)
@_NAME
@click.option("--file", "file", metavar="FILE", shell_complete=files, help="The new ones, as TOML or JSON.")
@MESSAGE
@JSON
@asks_console
def _settings(target: Target, name: str | None, file: str | None, message: str, as_json: bool) -> None:
    """
    Print the settings of a domain as JSON, or replace them by those in FILE.

    New settings go live with the next release: edgescript publish --settings.
    """
    path = _path(target, name)
    found = target.client.get(path)
    if file is None:
        show_json(found["settings"])
        return
    settings = read_settings(file)
    if settings == found["settings"]:
        if as_json:
            show_json({"revision": found["settings_revision"], "settings": settings})
        click.echo(f"revision {found['settings_revision']} has them already", err=True)
        return
    body = {"settings": settings, "revision": found["settings_revision"], "message": message}
    made = target.client.put(f"{path}/settings", body)
    if as_json:
        show_json(made)
        return
    click.echo(f"settings revision {made['revision']}; edgescript publish --settings makes them live")


@command.command(
    "delete", short_help="Remove a domain.", epilog="Example: edgescript domains delete shop --yes"
)
@click.argument("name", shell_complete=domains)
@click.option("--yes", is_flag=True, help="Do not ask.")
@JSON
@asks_console
def _delete(target: Target, name: str, yes: bool, as_json: bool) -> None:
    """Remove the domain NAME with its scripts, versions and dictionaries. Nodes stop serving it."""
    if not yes:
        click.confirm(f"remove {name} and all of its scripts from {target.url}?", abort=True, err=True)
    target.client.delete(_path(target, name))
    if as_json:
        show_json({"removed": name})
        return
    click.echo(f"removed {name}")


def _path(target: Target, name: str | None) -> str:
    from runtime.console.client import path

    return path("domains", name or target.domain)


def read_settings(file: str) -> dict[str, Any]:
    """A table of settings from a file, JSON if its name says so, TOML otherwise. Raises `Unreadable`."""
    import tomllib

    data = read(file, MAX_SETTINGS_BYTES)
    if len(data) > MAX_SETTINGS_BYTES:
        raise Unreadable(f"{file}: larger than {MAX_SETTINGS_BYTES} bytes")
    try:
        text = data.decode()
        value = json.loads(text) if file.endswith(".json") else tomllib.loads(text)
        json.dumps(value)
    except (ValueError, TypeError, RecursionError) as error:
        raise Unreadable(f"{file}: {error}") from None
    if not isinstance(value, dict):
        raise Unreadable(f"{file}: want a table of settings")
    return value
