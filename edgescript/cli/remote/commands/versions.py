"""`edgescript versions`: the scripts of a domain, the versions of a script, and what is known of one."""

from typing import TYPE_CHECKING, Any

import click

from edgescript.cli.remote.completion import versions
from edgescript.cli.remote.options import JSON, limit
from edgescript.cli.remote.refusals import RemoteCommand
from edgescript.cli.remote.screen import count, moment, printable, show_json, show_table, show_text
from edgescript.cli.remote.target import Target, asks_domain
from edgescript.cli.remote.values import ScriptAt, ScriptAtType

if TYPE_CHECKING:
    from collections.abc import Mapping


@click.command(
    "versions",
    cls=RemoteCommand,
    short_help="List scripts of a domain, or versions of a script.",
    epilog="Example: edgescript versions auth",
)
@click.argument(
    "script", type=ScriptAtType(), required=False, metavar="[SCRIPT[@N]]", shell_complete=versions
)
@click.option("--source", is_flag=True, help="Print the text of SCRIPT@N and nothing else.")
@limit(20, what=" versions")
@JSON
@asks_domain
def command(target: Target, script: ScriptAt | None, source: bool, limit: int, as_json: bool) -> None:
    """
    List the scripts of a domain; the versions of SCRIPT, newest first; or show one version: who made it and why, its
    settings, and what checks and tests said of it.
    """
    if source and (script is None or script.version is None):
        raise click.UsageError("--source wants a version, as auth@7")
    if script is None:
        _scripts(target, as_json=as_json)
    elif script.version is None:
        _versions(target, script.name, limit, as_json=as_json)
    else:
        found = target.client.get(target.at("scripts", script.name, "versions", script.version))
        if source:
            show_text(found["source"])
        elif as_json:
            show_json(found)
        else:
            _version(found)


def _scripts(target: Target, *, as_json: bool) -> None:
    found = list(target.client.items(target.at("scripts")))
    if as_json:
        show_json(found)
        return
    rows = [
        (
            each["name"],
            each["latest"],
            each["live"]["staging"],
            each["live"]["production"],
            _draft(each["draft"]),
            settings_text(each["rule"]),
        )
        for each in found
    ]
    header = ("script", "latest", "staging", "production", "draft", "settings")
    show_table(header, rows, f"no scripts in {target.domain}: edgescript push FILE")


def _draft(draft: "Mapping[str, Any] | None") -> str:
    if draft is None:
        return ""
    return f"{draft['revision']}{', changed' if draft['changed'] else ''}"


def settings_text(rule: "Mapping[str, Any]") -> str:
    """A rule's settings that are not what they are without it: `foot pri=5 brk`."""
    words = [
        str(rule["pos"] or ""),
        f"pri={rule['pri']}" if rule["pri"] else "",
        "" if rule["enable"] else "off",
        "brk" if rule["brk"] else "",
        *(f"{key}={rule[key]}" for key in ("testip", "on_error") if rule[key]),
        "debug" if rule["option"] else "",
    ]
    return printable(" ".join(filter(None, words)))


def _versions(target: Target, script: str, limit: int, *, as_json: bool) -> None:
    found = list(target.client.items(target.at("scripts", script, "versions"), limit))
    if as_json:
        show_json(found)
        return
    rows = [
        (
            f"{script}@{each['number']}",
            moment(each["created"]),
            each["author"],
            " ".join(each["live"]),
            tests_text(each["evidence"]),
            each["message"],
        )
        for each in found
    ]
    show_table(("version", "made", "by", "live", "tests", "why"), rows, f"no versions of {script}")


def tests_text(evidence: "Mapping[str, Any]") -> str:
    """`3 of 3`, '' where there were none."""
    tests = evidence.get("tests")
    return f"{tests['passed']} of {tests['passed'] + tests['failed']}" if tests else ""


def evidence_lines(evidence: "Mapping[str, Any]") -> list[str]:
    """What is known of a version before it ran: findings, tests that failed, the most it can cost."""
    findings = evidence.get("diagnostics") or []
    lines = [f"check   {count(len(findings), 'finding') if findings else 'nothing to report'}"]
    tests = evidence.get("tests")
    if tests:
        lines.append(f"tests   {tests_text(evidence)} passed")
        lines += [
            f"        failed: {case['name']}: {case['message']}"
            for case in tests["cases"]
            if not case["passed"]
        ]
    if evidence.get("cost_bound") is not None:
        lines.append(f"cost    at most {evidence['cost_bound']:,} fuel a run")
    return [printable(line) for line in lines]


def _version(found: "Mapping[str, Any]") -> None:
    live = f", live in {' and '.join(found['live'])}" if found["live"] else ""
    click.echo(click.style(f"{printable(found['script'])}@{found['number']}", bold=True) + live)
    click.echo(f"made    {moment(found['created'])} by {printable(found['author'])}")
    if found["message"]:
        click.echo(f"why     {printable(found['message'])}")
    settings = settings_text(found["rule"])
    if settings:
        click.echo(f"as      {settings}")
    for line in evidence_lines(found["evidence"]):
        click.echo(line)
    click.echo(f"digest  {printable(found['digest'])}")
