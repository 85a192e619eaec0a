"""`edgescript doc`: the reference page of a function or variable, made from its declaration."""

import json
import textwrap
from typing import Any

import click

from edgescript.builtins import Builtin, Registry, Variable
from edgescript.cli import WIDTH
from edgescript.cli.completion import builtins
from edgescript.cli.status import NO


@click.command(
    "doc",
    short_help="Show the page of a function or variable.",
    epilog="Example: edgescript doc substr",
)
@click.argument("name", required=False, metavar="[NAME]", shell_complete=builtins)
@click.option("--list", "listed", is_flag=True, help="List all that a script may name, as without a NAME.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object, or an array of all.")
@click.pass_context
def command(context: click.Context, name: str | None, listed: bool, as_json: bool) -> None:
    """Show what the function or variable NAME is for; without a NAME, list them all."""
    import stdlib
    from edgescript.diagnostics.spelling import FOREIGN_FUNCTIONS, nearest

    if listed and name is not None:
        raise click.UsageError("want either NAME or --list")
    registry = stdlib.registry()
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
        return {"kind": "variable", "name": _variable_name(member), "text": member.text}
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


def _variable_name(variable: Variable) -> str:
    return f"${variable.name}{'NAME' if variable.prefixed else ''}"


def _page(member: Builtin | Variable) -> str:
    if not isinstance(member, Builtin):
        return f"{click.style(_variable_name(member), bold=True)}\n\n{_paragraphs(member.text)}"
    facts = [member.family, f"effect: {member.effect.name.lower()}"]
    if member.stages != ("head", "foot"):
        facts.append(f"meant for {' and '.join(member.stages)}")
    if member.extension:
        facts.append("extension")
    kinds = [
        f"  {param.name:<12} {param.kind.label}{', optional' if param.optional and not param.variadic else ''}"
        f"{', any number' if param.variadic else ''}"
        for param in member.params
    ]
    examples = [f"  {example.call} => {example.result}" for example in member.examples]
    sections = [
        f"{click.style(member.signature, bold=True)}\n{'; '.join(facts)}",
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
    families: dict[str, list[str]] = {}
    for member in registry.functions.values():
        families.setdefault(member.family, []).append(member.name)
    families["variables"] = [
        _variable_name(variable) for variable in (*registry.variables.values(), *registry.prefixes.values())
    ]
    return "\n".join(
        f"{click.style(family, bold=True)}\n"
        + textwrap.fill(
            " ".join(names), WIDTH, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False
        )
        + "\n"
        for family, names in families.items()
    )
