"""`edgescript explain`: the page of a diagnostic or of a run-time error."""

import json
import textwrap
from typing import NamedTuple

import click

from edgescript.cli import WIDTH
from edgescript.cli.completion import codes
from edgescript.cli.status import NO
from edgescript.diagnostics.catalogue import CATALOGUE
from edgescript.faults import PAGES


class Page(NamedTuple):
    """What is said of a code. `severity` is `run-time` for the number of an error that a running script raises."""

    code: str
    severity: str
    summary: str
    why: str
    example: str = ""


@click.command(
    "explain",
    short_help="Explain a diagnostic or a run-time error.",
    epilog="Example: edgescript explain unknown-function",
)
@click.argument("code", required=False, metavar="[CODE]", shell_complete=codes)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object, or an array of all.")
@click.pass_context
def command(context: click.Context, code: str | None, as_json: bool) -> None:
    """
    Explain CODE; without one, list them all.

    CODE is what stands in brackets in a diagnostic, or the number of an error that a running script raised.
    """
    from edgescript.diagnostics.spelling import nearest

    pages = _pages()
    if code is None:
        if as_json:
            records = [page._asdict() for page in pages.values()]
            click.echo(json.dumps(records, indent=2, ensure_ascii=False))
            return
        width = max(map(len, pages))
        for page in pages.values():
            click.echo(f"{page.code:<{width}}  {page.summary}")
        return
    found = pages.get(code)
    if found is None:
        near = nearest(code, pages)
        click.echo(
            f"no diagnostic has the code {code!r}{f', did you mean {near!r}?' if near else ''}", err=True
        )
        context.exit(NO)
    click.echo(json.dumps(found._asdict(), indent=2, ensure_ascii=False) if as_json else _text(found))


def _pages() -> dict[str, Page]:
    """By code: diagnostics, then run-time errors."""
    diagnostics = [
        Page(entry.code, entry.severity, entry.summary, entry.why, entry.example)
        for entry in CATALOGUE.values()
    ]
    faults = [
        Page(str(int(code)), "run-time", page.summary, page.advice, page.example)
        for code, page in PAGES.items()
    ]
    return {page.code: page for page in (*diagnostics, *faults)}


def _text(page: Page) -> str:
    kind = "run-time error" if page.severity == "run-time" else page.severity
    sections = [
        f"{click.style(page.code, bold=True)} ({kind}): {page.summary}",
        textwrap.fill(page.why, WIDTH, break_long_words=False, break_on_hyphens=False),
    ]
    if page.example:
        example = textwrap.indent(page.example.rstrip("\n"), "  ")
        sections.append(f"A script that gives it:\n\n{example}")
    return "\n\n".join(sections)
