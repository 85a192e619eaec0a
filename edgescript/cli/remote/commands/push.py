"""`edgescript push`: files to drafts and versions on a console, checked here first."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from edgescript.cli.completion import files
from edgescript.cli.files import Unreadable, read
from edgescript.cli.remote import bases
from edgescript.cli.remote.commands.versions import evidence_lines
from edgescript.cli.remote.options import JSON, MESSAGE
from edgescript.cli.remote.refusals import RemoteCommand
from edgescript.cli.remote.screen import ago, count, printable, show_json
from edgescript.cli.remote.target import Target, asks_domain
from edgescript.cli.remote.values import ScriptNameType, is_script_name
from edgescript.cli.status import NO
from edgescript.cli.values import RuleType

if TYPE_CHECKING:
    from edgescript.source import Source
    from runtime.scripts.rule import Rule

TESTS: Final = ".test.toml"
MAX_TESTS_BYTES: Final = 256 << 10
MAX_DIFF_LINES: Final = 40
"""Of what somebody else has changed, on the terminal; the console has all of it."""


class Local(NamedTuple):
    """A script as it is here. `rule` is None where the console's settings stay; so are `tests`."""

    name: str
    path: str
    source: "Source"
    text: str
    rule: dict[str, Any] | None
    tests: str | None


@click.command(
    "push",
    cls=RemoteCommand,
    short_help="Send scripts to a console as new versions.",
    epilog="Example: edgescript push auth.es -m 'tokens last an hour'",
)
@click.argument("paths", nargs=-1, metavar="[FILE]...", shell_complete=files)
@click.option(
    "--rule",
    "rules",
    type=RuleType(),
    multiple=True,
    help="A script and its settings, as the vendor's tool takes them; repeatable.",
)
@click.option(
    "--tests", "tests", metavar="FILE", shell_complete=files, help="Its tests, if not the file beside it."
)
@click.option(
    "--name", type=ScriptNameType(), metavar="NAME", help="What the script is called, if not as its file."
)
@MESSAGE
@click.option("--draft", is_flag=True, help="Save the draft only, make no version.")
@click.option("--force", is_flag=True, help="Replace what somebody else has saved meanwhile.")
@JSON
@click.pass_context
@asks_domain
def command(
    target: Target,
    context: click.Context,
    paths: Sequence[str],
    rules: Sequence["Rule"],
    tests: str | None,
    name: str | None,
    message: str,
    draft: bool,
    force: bool,
    as_json: bool,
) -> None:
    """
    Check each FILE, save it as the draft of its script, and make a version of it.

    A script is called as its file, without '.es'. A test file beside it (auth.test.toml) goes with it and is run on the
    console. Settings stay as they are there, unless --rule states them.

    If somebody else has saved the script since you last pushed or pulled it, nothing of theirs is replaced: the exit
    status is 1, what differs is shown, and your text is kept on the console too.
    """
    from runtime.scripts.rule import Rule

    given = [*((Rule(path), False) for path in paths), *((rule, True) for rule in rules)]
    if not given:
        raise click.UsageError("want a FILE or --rule")
    if len(given) > 1 and (tests or name):
        raise click.UsageError("--tests and --name are for one script")
    locals_ = [_local(rule, name, tests, stated=stated) for rule, stated in given]
    _refuse_doubles(locals_)
    if not _check(locals_):
        context.exit(NO)
    sent = [_send(target, each, message, draft=draft, force=force, quiet=as_json) for each in locals_]
    if as_json:
        show_json([each for each in sent if each is not None])
    if None in sent:
        context.exit(NO)


def _refuse_doubles(given: Sequence[Local]) -> None:
    names = [each.name for each in given]
    for each in given:
        if names.count(each.name) > 1:
            raise click.UsageError(f"two files are called {each.name!r}: give one a name with --rule")


def _local(rule: "Rule", name: str | None, tests: str | None, *, stated: bool) -> Local:
    """Raises `Unreadable`, and a usage error for a file whose name no script can have."""
    from edgescript.cli.files import read_sources

    called = name or rule.name or Path(rule.path).stem
    if not is_script_name(called):
        raise click.UsageError(
            f"{called!r} can be no script's name, which has letters, digits, '_', '.' and '-': give it one with --name"
        )

    (source,) = read_sources([rule.path])
    try:
        text = source.text.encode("latin-1").decode()
    except UnicodeDecodeError:
        raise Unreadable(f"{rule.path!r} is not UTF-8, which the console wants") from None
    return Local(
        called,
        rule.path,
        source,
        text,
        settings_of(rule) if stated else None,
        _tests(rule.path, tests),
    )


def settings_of(rule: "Rule") -> dict[str, Any]:
    """As the console's API has them."""
    return {
        "pos": rule.position,
        "pri": rule.priority,
        "enable": rule.enabled,
        "brk": rule.break_on_hit,
        "testip": rule.test_ip,
        "option": f"_es_dbg={rule.signature}" if rule.signature else "",
        "on_error": rule.on_error,
    }


def _tests(script: str, given: str | None) -> str | None:
    """The text of the test file, None where there is none. Raises `Unreadable`."""
    path = given or f"{script.removesuffix('.es')}{TESTS}"
    if given is None and not Path(path).is_file():
        return None
    data = read(path, MAX_TESTS_BYTES)
    if len(data) > MAX_TESTS_BYTES:
        raise Unreadable(f"{path!r} is larger than {MAX_TESTS_BYTES} bytes")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Unreadable(f"{path!r} is not UTF-8") from None


def _check(given: Sequence[Local]) -> bool:
    """Whether all compile; findings go to standard error, as `edgescript check` shows them."""
    import stdlib
    from edgescript.cli.loading import show_diagnostics
    from edgescript.compiler import compile_source
    from edgescript.diagnostics.findings import has_errors

    registry = stdlib.registry()
    reports = [(each.source, compile_source(each.source, registry).diagnostics) for each in given]
    show_diagnostics(reports, err=True)
    wrong = [source.name for source, found in reports if has_errors(found)]
    if wrong:
        click.echo(f"nothing was sent: {count(len(wrong), 'file')} with errors", err=True)
    return not wrong


def _send(
    target: Target, local: Local, message: str, *, draft: bool, force: bool, quiet: bool
) -> dict[str, Any] | None:
    """The version made, or the draft saved; None where somebody else was first. Raises ConsoleError."""
    from runtime.console.client import ConsoleError

    there = _draft(target, local.name)
    text = _whole(local, there)
    unchanged = there is not None and all(there[key] == value for key, value in text.items())
    if there is None or not unchanged:
        base = there["revision"] if there and force else bases.base_of(target.url, target.domain, local.name)
        try:
            saved = target.client.put(
                target.at("scripts", local.name, "draft"), {**text, "revision": base if there else 0}
            )
        except ConsoleError as error:
            if error.code != "conflict" or not isinstance(error.extra.get("current"), dict):
                raise
            _show_conflict(local, error.extra["current"], base if there else 0, target.now())
            return None
        if there is not None and force and not quiet:
            click.echo(f"replaced revision {base} by {printable(there['author'])}", err=True)
    else:
        saved = there
    bases.remember(target.url, target.domain, local.name, saved["revision"])
    if draft:
        if not quiet:
            click.echo(f"{local.name}: draft saved, revision {saved['revision']}")
        return {"script": local.name, "revision": saved["revision"], "version": None}
    return _version(target, local.name, saved, message, unchanged=unchanged, quiet=quiet)


def _draft(target: Target, script: str) -> dict[str, Any] | None:
    """What the console has; None for a script it does not have. Raises ConsoleError."""
    from runtime.console.client import ConsoleError

    try:
        found: dict[str, Any] = target.client.get(target.at("scripts", script, "draft"))
    except ConsoleError as error:
        # A domain that is not there is a "no"; a script that is not there is a new one.
        if error.code != "not-found" or target.client.get(target.at()) is None:
            raise
        return None
    return found


def _whole(local: Local, there: dict[str, Any] | None) -> dict[str, Any]:
    """What is to be saved: what is not stated here stays as it is there."""
    rule = local.rule
    if rule is None:
        rule = there["rule"] if there else {}
    tests = local.tests
    if tests is None and there:
        tests = there["tests"]
    return {"source": local.text, "rule": rule, "tests": tests}


def _version(
    target: Target, script: str, saved: dict[str, Any], message: str, *, unchanged: bool, quiet: bool
) -> dict[str, Any]:
    versions = target.at("scripts", script, "versions")
    if unchanged:
        latest = next(target.client.items(versions, 1), None)
        if latest is not None and latest["digest"] == saved["digest"]:
            if not quiet:
                click.echo(f"{script}@{latest['number']} is this text already")
            return {"script": script, "revision": saved["revision"], "version": latest["number"]}
    made = target.client.post(versions, {"message": message, "revision": saved["revision"]})
    if not quiet:
        click.echo(click.style(f"{script}@{made['number']}", bold=True) + f" on {target}")
        for line in evidence_lines(made["evidence"]):
            click.echo(f"  {line}")
    return {"script": script, "revision": saved["revision"], "version": made["number"]}


def _show_conflict(local: Local, current: dict[str, Any], base: int, at: float) -> None:
    """Who changed what, and how to go on; `at` is the time by the console's clock."""
    import difflib

    who, when = printable(current["author"]), ago(current["saved"], at)
    yours = f"yours began at revision {base}" if base else "this machine has not seen it before"
    click.echo(f"{local.name}: {who} saved revision {current['revision']} {when}; {yours}", err=True)
    lines = list(
        difflib.unified_diff(
            current["source"].splitlines(),
            local.text.splitlines(),
            f"{local.name} revision {current['revision']}",
            local.path,
            n=1,
            lineterm="",
        )
    )
    for line in lines[:MAX_DIFF_LINES]:
        click.echo(f"  {printable(line)}", err=True)
    if len(lines) > MAX_DIFF_LINES:
        click.echo(f"  and {len(lines) - MAX_DIFF_LINES} lines more", err=True)
    click.echo(
        "nothing is lost: your text is kept on the console too\n"
        f"help: edgescript pull {local.name} --force takes theirs; edgescript push {local.path} --force replaces\n"
        f"      revision {current['revision']} by yours",
        err=True,
    )
