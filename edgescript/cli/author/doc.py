"""`edgescript doc`: the reference page of a function or variable, made from its declaration."""

import json
import textwrap
from typing import Any, Final

import click

from edgescript.builtins import Builtin, Registry, Variable
from edgescript.cli import WIDTH
from edgescript.cli.author.codes import TABLES, code_table
from edgescript.cli.completion import builtins
from edgescript.cli.status import NO
from edgescript.reference import examples_of, facts_of, kind_of, variable_name

EXTENSION: Final = "extension: "
"""Before the families that the vendor does not have, in the list."""


@click.command(
    "doc",
    short_help="Show the page of a function or variable.",
    epilog="Example: edgescript doc substr",
)
@click.argument("name", required=False, metavar="[NAME]", shell_complete=builtins)
@click.option("--list", "listed", is_flag=True, help="List all that a script may name, as without a NAME.")
@click.option(
    "--codes",
    type=click.Choice(list(TABLES)),
    help="List the codes that client_region, client_city or client_isp give.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object, or an array of all.")
@click.option("--markdown", "form", flag_value="markdown", help="Print the whole reference as Markdown.")
@click.option("--html", "form", flag_value="html", help="Print the whole reference as one HTML file.")
@click.pass_context
def command(
    context: click.Context, name: str | None, listed: bool, codes: str | None, as_json: bool, form: str | None
) -> None:
    """Show what the function or variable NAME is for; without a NAME, list them all."""
    import stdlib
    from edgescript.diagnostics.spelling import FOREIGN_FUNCTIONS, nearest
    from edgescript.reference import as_html, as_markdown

    if listed and name is not None:
        raise click.UsageError("want either NAME or --list")
    if codes is not None:
        if listed or name is not None:
            raise click.UsageError("--codes: want no NAME and no --list beside it")
        click.echo(code_table(codes, as_json=as_json))
        return
    registry = stdlib.registry()
    if form is not None:
        if name is not None or listed or as_json:
            raise click.UsageError(f"--{form}: want no NAME, --list or --json beside it")
        click.echo(as_html(registry) if form == "html" else as_markdown(registry), nl=form == "markdown")
        return
    if name is None:
        click.echo(json.dumps(_everything(registry), indent=2) if as_json else _listing(registry), nl=as_json)
        return
    wanted = name.removeprefix("$")
    page = _find(registry, wanted)
    if page is None:
        near = nearest(wanted, registry.names(), FOREIGN_FUNCTIONS)
        click.echo(
            f"no function or variable is called {name!r}{f', did you mean {near!r}?' if near else ''}",
            err=True,
        )
        context.exit(NO)
    click.echo(json.dumps(_record(page), indent=2) if as_json else _page(page), nl=as_json)


def _find(registry: Registry, name: str) -> Builtin | Variable | None:
    function = registry.functions.get(name)
    if function is not None:
        return function
    if name in registry.prefixes:
        return registry.prefixes[name]
    found = registry.variable(name)
    return None if found is None else found[0]


def _everything(registry: Registry) -> list[dict[str, Any]]:
    members: list[Builtin | Variable] = [
        *registry.functions.values(),
        *registry.variables.values(),
        *registry.prefixes.values(),
    ]
    return [_record(member) for member in members]


def _record(member: Builtin | Variable) -> dict[str, Any]:
    if not isinstance(member, Builtin):
        return {"kind": "variable", "name": variable_name(member), "text": member.text}
    return {
        "kind": "function",
        "name": member.name,
        "signature": member.signature,
        "family": member.family,
        "effect": member.effect.name.lower(),
        "stages": list(member.stages),
        "extension": member.extension,
        "since": member.since,
        "parameters": [
            {
                "name": param.name,
                "kind": param.kind.label,
                "optional": param.optional,
                "variadic": param.variadic,
            }
            for param in member.params
        ],
        "text": member.text,
        "examples": [{"call": example.call, "result": example.result} for example in member.examples],
    }


def _page(member: Builtin | Variable) -> str:
    if not isinstance(member, Builtin):
        return f"{click.style(variable_name(member), bold=True)}\n\n{_paragraphs(member.text)}"
    kinds = [f"  {param.name:<12} {kind_of(param)}" for param in member.params]
    examples = [f"  {line}" for line in examples_of(member)]
    sections = [
        f"{click.style(member.signature, bold=True)}\n{'; '.join(facts_of(member))}",
        "\n".join(kinds),
        _paragraphs(member.text).rstrip("\n"),
        "\n".join(examples),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _paragraphs(text: str) -> str:
    """Prose filled to 80 columns; what is indented or a table is left as it is."""
    parts = []
    for part in text.split("\n\n"):
        fixed = any(line.startswith((" ", "|", "- ")) for line in part.splitlines())
        parts.append(part if fixed else textwrap.fill(part, WIDTH, break_long_words=False))
    return "\n\n".join(parts) + "\n"


def _listing(registry: Registry) -> str:
    """The vendor's functions by its own pages, the variables, and apart from both the extensions."""
    from stdlib.vendor import PAGES

    extensions: dict[str, list[str]] = {}
    for member in registry.functions.values():
        if member.extension:
            extensions.setdefault(f"{EXTENSION}{member.family}", []).append(member.name)
    variables = [
        variable_name(variable) for variable in (*registry.variables.values(), *registry.prefixes.values())
    ]
    return "\n".join(
        f"{click.style(title, bold=True)}\n"
        + textwrap.fill(
            " ".join(names), WIDTH, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False
        )
        + "\n"
        for title, names in {**PAGES, "variables": variables, **extensions}.items()
    )
