"""`edgescript dict`: edge dictionaries, what scripts look up with `dict_get`; a change needs no new version."""

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

import click

from edgescript.cli.completion import files
from edgescript.cli.files import Unreadable, read
from edgescript.cli.remote.options import JSON
from edgescript.cli.remote.refusals import RemoteGroup
from edgescript.cli.remote.screen import count, moment, printable, show_json, show_table
from edgescript.cli.remote.target import Target, asks_domain

MAX_FILE_BYTES: Final = 1 << 20
"""What the console takes in one request."""
_SECRET = click.option("--secret", is_flag=True, help="Of a new one: nobody can read its values again.")


@click.group(
    "dict",
    cls=RemoteGroup,
    short_help="List and change dictionaries that scripts read.",
    epilog="Example: edgescript dict set flags beta=on",
)
def command() -> None:
    """
    List the dictionaries of a domain; with a command, show one or change it.

    Scripts read them with dict_get('flags', 'beta'). A change reaches all nodes within seconds, without a new version.
    """


@command.command("list", short_help="Those of the domain.", epilog="Example: edgescript dict list")
@JSON
@asks_domain
def _list(target: Target, as_json: bool) -> None:
    """List the dictionaries of a domain."""
    found = list(target.client.items(target.at("dictionaries")))
    if as_json:
        show_json(found)
        return
    rows = [
        (
            each["name"],
            each["count"],
            "secret" if each["secret"] else "open",
            each["revision"],
            moment(each["saved"]),
            each["author"],
        )
        for each in found
    ]
    header = ("dictionary", "keys", "values", "revision", "changed", "by")
    show_table(header, rows, "no dictionaries: edgescript dict set NAME KEY=VALUE")


@command.command("show", short_help="Keys and values.", epilog="Example: edgescript dict show flags")
@click.argument("name")
@JSON
@asks_domain
def _show(target: Target, name: str, as_json: bool) -> None:
    """Show the entries of the dictionary NAME; of a secret one, its keys."""
    found = target.client.get(target.at("dictionaries", name))
    if as_json:
        show_json(found)
        return
    entries = found["entries"]
    for key in sorted(found["keys"]):
        click.echo(printable(key if entries is None else f"{key}={entries[key]}"))


@command.command("set", short_help="Set keys.", epilog="Example: edgescript dict set flags beta=on limit=20")
@click.argument("name")
@click.argument("entries", nargs=-1, required=True, metavar="KEY[=VALUE]...")
@_SECRET
@JSON
@asks_domain
def _set(target: Target, name: str, entries: Sequence[str], secret: bool, as_json: bool) -> None:
    """
    Set each KEY to its VALUE; a new dictionary is made. Other keys stay as they are.

    The value of a KEY without one is asked for without being shown, or read from standard input, so that secrets
    need not stand on a command line.
    """
    values = _stated(entries)
    there = _found(target, name)
    if there is None:
        body = {"entries": values, "secret": secret, "revision": 0}
        made = target.client.put(target.at("dictionaries", name), body)
    else:
        _refuse_turning(name, there, secret=secret)
        made = target.client.patch(target.at("dictionaries", name), {"set": values})
    _say(made, f"{count(len(values), 'key')} set", as_json=as_json)


@command.command("unset", short_help="Remove keys.", epilog="Example: edgescript dict unset flags beta")
@click.argument("name")
@click.argument("keys", nargs=-1, required=True, metavar="KEY...")
@JSON
@asks_domain
def _unset(target: Target, name: str, keys: Sequence[str], as_json: bool) -> None:
    """Remove each KEY from the dictionary NAME."""
    made = target.client.patch(target.at("dictionaries", name), {"remove": list(keys)})
    _say(made, f"{count(len(keys), 'key')} removed", as_json=as_json)


@command.command(
    "import", short_help="Replace all by a file.", epilog="Example: edgescript dict import flags flags.json"
)
@click.argument("name")
@click.argument("file", shell_complete=files)
@_SECRET
@JSON
@asks_domain
def _import(target: Target, name: str, file: str, secret: bool, as_json: bool) -> None:
    """
    Make the entries of the dictionary NAME those in FILE, and no others.

    FILE is a JSON object of texts (.json), a table of two columns (.csv), or lines KEY=VALUE.
    """
    entries = read_entries(file)
    there = _found(target, name)
    if there is not None:
        _refuse_turning(name, there, secret=secret)
    made = target.client.put(
        target.at("dictionaries", name),
        {
            "entries": entries,
            "secret": there["secret"] if there else secret,
            "revision": there["revision"] if there else 0,
        },
    )
    _say(made, _changes(there, entries), as_json=as_json)


@command.command("delete", short_help="Remove one.", epilog="Example: edgescript dict delete flags")
@click.argument("name")
@JSON
@asks_domain
def _delete(target: Target, name: str, as_json: bool) -> None:
    """Remove the dictionary NAME: scripts that ask it find nothing."""
    target.client.delete(target.at("dictionaries", name))
    if as_json:
        show_json({"removed": name})
        return
    click.echo(f"removed {printable(name)}")


def _found(target: Target, name: str) -> dict[str, Any] | None:
    """None where the domain has no such dictionary. Raises ConsoleError."""
    from runtime.console.client import ConsoleError

    try:
        found: dict[str, Any] = target.client.get(target.at("dictionaries", name))
    except ConsoleError as error:
        if error.code != "not-found":
            raise
        return None
    return found


def _refuse_turning(name: str, there: Mapping[str, Any], *, secret: bool) -> None:
    """Raises a usage error where values would be told that are meant to be secret."""
    if secret and not there["secret"]:
        raise click.UsageError(f"{name} is there and not secret: delete it first, or take another name")


def _say(made: Mapping[str, Any], what: str, *, as_json: bool) -> None:
    if as_json:
        show_json(made)
        return
    click.echo(
        f"{printable(made['name'])}: {what}, {count(made['count'], 'key')} in revision {made['revision']}"
    )


def _changes(there: Mapping[str, Any] | None, entries: Mapping[str, str]) -> str:
    before = set(there["keys"]) if there else set()
    text = f"{len(entries.keys() - before)} added, {len(before - entries.keys())} removed"
    if there and there["entries"] is not None:
        changed = [key for key in before & entries.keys() if there["entries"][key] != entries[key]]
        text += f", {len(changed)} changed"
    return text


def _stated(entries: Sequence[str]) -> dict[str, str]:
    """Raises a usage error for a key that is named twice or empty."""
    values: dict[str, str] = {}
    for entry in entries:
        key, equals, value = entry.partition("=")
        if not key or key in values:
            raise click.UsageError(f"{key} is named twice" if key else f"{entry!r}: want KEY=VALUE")
        values[key] = value if equals else _asked(key)
    return values


def _asked(key: str) -> str:
    if sys.stdin.isatty():
        text: str = click.prompt(key, hide_input=True, err=True)
        return text
    line = sys.stdin.readline(MAX_FILE_BYTES)
    if not line:
        raise click.UsageError(f"no value for {key}: standard input has no further line")
    return line.rstrip("\r\n")


def read_entries(file: str) -> dict[str, str]:
    """The entries in a file. Raises `Unreadable`, naming the line."""
    data = read(file, MAX_FILE_BYTES)
    if len(data) > MAX_FILE_BYTES:
        raise Unreadable(f"{file}: larger than {MAX_FILE_BYTES} bytes")
    try:
        text = data.decode("utf-8-sig")
        pairs = _json_pairs(text) if file.endswith(".json") else _pairs(text, table=file.endswith(".csv"))
    except (ValueError, RecursionError, csv.Error) as error:
        raise Unreadable(f"{file}: {error}") from None
    entries = dict(pairs)
    if len(entries) < len(pairs):
        keys = [key for key, _ in pairs]
        double = next(key for key in keys if keys.count(key) > 1)
        raise Unreadable(f"{file}: {double!r} is there twice")
    return entries


def _json_pairs(text: str) -> list[tuple[str, str]]:
    pairs = json.loads(text, object_pairs_hook=lambda found: found)
    fits = isinstance(pairs, list) and all(
        isinstance(each, tuple) and isinstance(each[1], str) for each in pairs
    )
    if not fits:
        raise ValueError("want an object whose values are texts")
    return list(pairs)


def _pairs(text: str, *, table: bool) -> list[tuple[str, str]]:
    rows = enumerate(csv.reader(text.splitlines()) if table else text.splitlines(), 1)
    pairs = []
    for number, row in rows:
        if not row or (isinstance(row, str) and (not row.strip() or row.startswith("#"))):
            continue
        key, *rest = row.split("=", 1) if isinstance(row, str) else row
        if not key or len(rest) != 1:
            raise ValueError(f"line {number}: want {'two columns' if table else 'KEY=VALUE'}")
        pairs.append((key, rest[0]))
    return pairs
