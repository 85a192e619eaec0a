"""`edgescript rules`: scripts and their settings as the vendor's tool has them (reference section 10), in and out."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click

from edgescript.cli.completion import files
from edgescript.cli.files import Unreadable, read, read_sources
from edgescript.cli.remote import bases
from edgescript.cli.remote.options import JSON
from edgescript.cli.remote.refusals import RemoteGroup
from edgescript.cli.remote.screen import count, printable, show_json
from edgescript.cli.remote.target import Target, asks_domain
from edgescript.cli.status import NO

MAX_FILE_BYTES: Final = 16 << 20
MAX_SENT_BYTES: Final = 1_000_000
"""In one request, for which the console takes 1 MiB."""
RULES_FILE: Final = "rules.json"
_LISTS: Final = ("DomainConfigs", "DomainConfig", "FunctionArgs", "FunctionArg", "functionArgs")
"""What the vendor wraps lists into."""
_LEFT_OUT: Final = frozenset(
    {"rule_path", "configid", "configId", "functionId", "functionName", "grammar", "jsmode"}
)
"""Where the text was, numbers that the vendor gave, and the choice of its other engine."""
_PLACE: Final = re.compile(r"\[([0-9]{1,9})\]\.(\w+)")
"""Where a problem is, as the console says it: the number of the rule, and the setting."""
_OURS: Final = (None, "", "es2")
"""Of `grammar`."""


@click.group(
    "rules",
    cls=RemoteGroup,
    usual="export",
    short_help="Import and export the vendor's rule JSON.",
    epilog="Example: edgescript rules import rules.json",
)
def command() -> None:
    """
    Move scripts in and out with the JSON of the vendor's command line: pos, pri, enable, brk, testip, option, name,
    and the text as 'rule' or in the file that rule_path names. Without a command: print what 'export' does.
    """


@command.command(
    "export", short_help="Print or write all scripts.", epilog="Example: edgescript rules export backup"
)
@click.argument("folder", required=False, metavar="[FOLDER]")
@click.option("--force", is_flag=True, help="Replace files that are there.")
@asks_domain
def _export(target: Target, folder: str | None, force: bool) -> None:
    """
    Print the scripts of a domain as a JSON array of rules, the text in 'rule': of each its latest version, or its draft
    where there is none.

    With FOLDER, write each text to a file there, and the array with rule_path to rules.json.
    """
    rules = target.client.get(target.at("rules"))
    if folder is None:
        show_json(rules)
        return
    contents, listed = {}, []
    for rule in rules:
        name = Path(str(rule.get("rule_path") or f"{rule['name']}.es")).name
        contents[name] = rule["rule"]
        listed.append({**{key: value for key, value in rule.items() if key != "rule"}, "rule_path": name})
    contents[RULES_FILE] = json.dumps(listed, indent=2, ensure_ascii=False) + "\n"
    _write(Path(folder), contents, force=force)
    click.echo(f"{count(len(rules), 'script')} to {folder}")


def _write(folder: Path, contents: Mapping[str, str], *, force: bool) -> None:
    """Raises `Unreadable` before anything is written over."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        there = [name for name in contents if (folder / name).exists()]
        if there and not force:
            raise Unreadable(f"{', '.join(there)}: there already (--force replaces)")
        for name, text in contents.items():
            (folder / name).write_bytes(text.encode())
    except OSError as error:
        raise Unreadable(
            f"cannot write {str(folder)!r}: {(error.strerror or 'unwritable').lower()}"
        ) from None


@command.command(
    "import", short_help="Make drafts of rules.", epilog="Example: edgescript rules import rules.json"
)
@click.argument("paths", nargs=-1, required=True, metavar="FILE...", shell_complete=files)
@JSON
@click.pass_context
@asks_domain
def _import(target: Target, context: click.Context, paths: Sequence[str], as_json: bool) -> None:
    """
    Make a draft of each rule in the FILEs, or update it; 'edgescript publish' is for what then becomes a version.

    A FILE holds one rule, an array of them, one a line, the 'Functions' of a call of the vendor's API, or the answer
    to a query of it. rule_path is taken from where FILE is. The exit status is 1 if a script has errors.
    """
    rules = [rule for path in paths for rule in read_rules(path)]
    if not rules:
        raise click.UsageError("no rule in there")
    doubles = [name for name, times in Counter(each["name"] for each in rules).items() if times > 1]
    if doubles:
        raise click.UsageError(f"two rules are called {printable(doubles[0])}")
    made = _sent(target, rules)
    wrong = 0
    for each in made:
        bases.remember(target.url, target.domain, each["name"], each["revision"])
        errors = [found for found in each["diagnostics"] if found["severity"] == "error"]
        wrong += bool(errors)
        if not as_json:
            click.echo(f"{printable(each['name'])}: draft, revision {each['revision']}")
        for found in errors:
            place = f"{each['name']}:{found['line']}:{found['column']}"
            click.echo(printable(f"{place}: error[{found['code']}]: {found['message']}"), err=True)
    if as_json:
        show_json(made)
    if wrong:
        click.echo(f"{count(wrong, 'script')} with errors: a version is made only of what has none", err=True)
        context.exit(NO)


def _sent(target: Target, rules: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    """The drafts made: of all rules or, where they go in one request, of none. Raises ConsoleError, which names the rules."""
    from runtime.console.client import ConsoleError

    made: list[dict[str, Any]] = []
    for batch in _batches(rules):
        if len(batch) < len(rules):
            click.echo(f"rules {len(made) + 1} to {len(made) + len(batch)} of {len(rules)}", err=True)
        try:
            made += target.client.post(target.at("rules"), batch)["items"]
        except ConsoleError as error:
            problems = error.extra.get("problems")
            if not made and not isinstance(problems, list):
                raise
            done = f"{count(len(made), 'rule')} imported, no others" if made else "nothing was imported"
            named = [
                {**each, "where": _named(str(each.get("where")), batch, len(made))} for each in problems or ()
            ]
            detail = done if named else f"{done}: {error.detail}"
            raise ConsoleError(error.code, detail, error.status, {**error.extra, "problems": named}) from None
    return made


def _batches(rules: Sequence[Mapping[str, str]]) -> Iterator[list[Mapping[str, str]]]:
    """`rules` in order, as many at once as the console takes in a request."""
    batch: list[Mapping[str, str]] = []
    size = 0
    for rule in rules:
        length = len(json.dumps(rule))  # with all beyond ASCII escaped: at least what is sent
        if batch and size + length > MAX_SENT_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(rule)
        size += length
    if batch:
        yield batch


def _named(where: str, rules: Sequence[Mapping[str, str]], before: int) -> str:
    """`rule 2 (gate): pri` of `[2].pri`; anything else as it is. So many rules were sent `before`."""
    found = _PLACE.fullmatch(where)
    if found is None or not 1 <= int(found[1]) <= len(rules):
        return where
    number = int(found[1])
    return f"rule {before + number} ({rules[number - 1]['name']}): {found[2]}"


def read_rules(path: str) -> list[dict[str, str]]:
    """The rules in a file, each as the console takes it. Raises `Unreadable`."""
    data = read(path, MAX_FILE_BYTES)
    if len(data) > MAX_FILE_BYTES:
        raise Unreadable(f"{path}: larger than {MAX_FILE_BYTES} bytes")
    try:
        text = data.decode("utf-8-sig")
        found = list(rules_in(_values(text)))
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{path}: {error}") from None
    ready = []
    for number, rule in enumerate(found, 1):
        try:
            ready.append(_ready(rule, Path(path).parent))
        except Unreadable as error:
            name = f" ({rule['name']})" if isinstance(rule.get("name"), str) else ""
            raise Unreadable(f"{path}: rule {number}{name}: {error.format_message()}") from None
    return ready


def _values(text: str) -> Any:
    """The JSON value, or the values on the lines."""
    try:
        return json.loads(text)
    except ValueError:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2 or not lines[0].startswith("{") or not lines[0].endswith("}"):
            raise
        return [json.loads(line) for line in lines]


def rules_in(value: Any) -> Iterator[dict[str, Any]]:
    """
    The rules in whatever the vendor's tools print or take (reference section 10.2), without what belongs to its API.

    Raises ValueError for anything else.
    """
    if isinstance(value, list):
        pairs = _arguments(value)
        if pairs is not None:
            yield pairs
            return
        for each in value:
            yield from rules_in(each)
    elif isinstance(value, dict):
        inner = next((value[key] for key in _LISTS if key in value), None)
        if inner is not None:
            yield from rules_in(inner)
        elif "rule" in value or "rule_path" in value:
            yield {str(key): each for key, each in value.items()}
        else:
            raise ValueError("want rules: objects with rule or rule_path")
    else:
        raise ValueError("want a rule, a JSON object, or an array of them")  # noqa: TRY004 - a text that does not fit


def _arguments(value: Sequence[Any]) -> dict[str, Any] | None:
    """The rule that a list of names and values describes; None for another list."""
    rule = {}
    for each in value:
        if not isinstance(each, dict):
            return None
        name = each.get("argName", each.get("ArgName"))
        if not isinstance(name, str):
            return None
        rule[name] = each.get("argValue", each.get("ArgValue"))
    return rule or None


def _ready(rule: Mapping[str, Any], folder: Path) -> dict[str, str]:
    """A rule as the console takes it: texts, its name, its text. Raises `Unreadable`."""
    if rule.get("grammar") not in _OURS:
        raise Unreadable(f"grammar {rule['grammar']!r} is another language")
    kept = {key: _as_text(value) for key, value in rule.items() if key not in _LEFT_OUT and value is not None}
    text = rule.get("rule")
    if text is None:
        kept["rule"] = _text(rule.get("rule_path"), folder)
    elif not isinstance(text, str):
        raise Unreadable("rule: want the script's text")
    if not kept.get("name"):
        stem = Path(str(rule.get("rule_path", ""))).stem
        if not stem:
            raise Unreadable("has neither name nor rule_path: it must be called something")
        kept["name"] = stem
    return kept


def _as_text(value: object) -> str:
    return ("on" if value else "off") if isinstance(value, bool) else str(value)


def _text(stated: object, folder: Path) -> str:
    """The script in the file that rule_path names. Raises `Unreadable`."""
    if not isinstance(stated, str) or not stated or "\0" in stated:
        raise Unreadable("rule_path: want the script's file name")
    (source,) = read_sources([str(folder / stated)])
    try:
        return source.text.encode("latin-1").decode()
    except UnicodeDecodeError:
        raise Unreadable(f"{stated!r} is not UTF-8, which the console wants") from None
