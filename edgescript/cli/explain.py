"""`edgescript explain`: the page of a diagnostic."""

import json
import textwrap

import click

from edgescript.catalogue import CATALOGUE, Entry
from edgescript.cli import WIDTH
from edgescript.cli.status import NO


@click.command(
    "explain",
    short_help="Explain a diagnostic.",
    epilog="Example: edgescript explain unknown-function",
)
@click.argument("code", required=False, metavar="[CODE]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(context: click.Context, code: str | None, as_json: bool) -> None:
    """Explain the diagnostic CODE, as it stands in brackets in a message; without a CODE, list them all."""
    from edgescript.spelling import nearest

    if code is None:
        entries = list(CATALOGUE.values())
        if as_json:
            click.echo(json.dumps([_record(entry) for entry in entries], indent=2, ensure_ascii=False))
            return
        width = max(len(entry.code) for entry in entries)
        for entry in entries:
            click.echo(f"{entry.code:<{width}}  {entry.summary}")
        return
    found = CATALOGUE.get(code)
    if found is None:
        near = nearest(code, CATALOGUE)
        click.echo(
            f"no diagnostic has the code {code!r}{f', did you mean {near!r}?' if near else ''}", err=True
        )
        context.exit(NO)
    click.echo(json.dumps(_record(found), indent=2, ensure_ascii=False) if as_json else _page(found))


def _record(entry: Entry) -> dict[str, str]:
    return {
        "code": entry.code,
        "severity": entry.severity,
        "summary": entry.summary,
        "why": entry.why,
        "example": entry.example,
    }


def _page(entry: Entry) -> str:
    sections = [
        f"{click.style(entry.code, bold=True)} ({entry.severity}): {entry.summary}",
        textwrap.fill(entry.why, WIDTH, break_long_words=False),
    ]
    if entry.example:
        example = textwrap.indent(entry.example.rstrip("\n"), "  ")
        sections.append(f"A script that gives it:\n\n{example}")
    return "\n\n".join(sections)
