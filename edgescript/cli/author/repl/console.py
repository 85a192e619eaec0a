"""What a session shows, and its commands: one row a command in `COMMANDS`."""

import dataclasses
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

import click

from edgescript.cli.author import doc, explain
from edgescript.cli.author.repl.request import StatedRequest
from edgescript.cli.files import read, readable
from edgescript.cli.geography import PlaceType
from edgescript.cli.loading import show_diagnostics
from edgescript.cli.values import AddressType, FieldType, TimeType, TokenType, UrlType
from edgescript.diagnostics.spelling import nearest
from edgescript.interactive.notation import effect_lines, ending, written
from edgescript.interactive.session import Report, Session
from edgescript.parsing.lexical import MAX_SOURCE_BYTES
from edgescript.source import Source
from runtime.trial.stated import Url

if TYPE_CHECKING:
    from edgescript.builtins import Registry

MARK: Final = ":"
"""Begins a command."""
INDENT: Final = "  "
_UNSET: Final = "none"
_CLOCK: Final = "clock"
_KEYWORDS: Final = ("def", "else", "false", "for", "if", "in", "return", "true")


class Console:
    """A session and the request it reads; everything goes to the terminal. `failed` once anything went wrong."""

    def __init__(self, registry: "Registry", request: StatedRequest) -> None:
        self.request = request
        self.session = Session(registry, request.new_context())
        self.failed = False
        self.left = False
        """`:quit` was said."""

    def enter(self, text: str) -> None:
        """Take one entry: a command, or EdgeScript, one code point per byte."""
        if text.lstrip().startswith(MARK):
            self._command(text.strip())
        else:
            self.evaluate(text)

    def evaluate(self, text: str, name: str = "") -> None:
        """Run EdgeScript and show what came of it."""
        session = self.session
        session.context.now_s = self.request.moment()
        done = session.evaluate(text, name)
        self.failed = self.failed or done.failed
        if done.output:
            click.echo(readable(done.output), nl=not done.output.endswith("\n"))
        if done.has_value:
            click.echo(written(done.value))
        if done.ended:
            click.echo(f"the request ends: {ending(session.context.effects)}")
        self.show(done.reports)
        if done.undone:
            click.echo("what this entry asked for is undone", err=True)

    def show(self, reports: Iterable[Report]) -> None:
        """Findings on standard error, each with its line and caret."""
        show_diagnostics([(source, (diagnostic,)) for source, diagnostic in reports], err=True)

    def _command(self, text: str) -> None:
        word, _, argument = text[len(MARK) :].partition(" ")
        try:
            find_command(word).run(self, argument.strip())
        except click.ClickException as error:
            self.complain(f"{MARK}{word}: {error.format_message()}" if word else error.format_message())

    def complain(self, line: str) -> None:
        """Say on standard error what is wrong."""
        self.failed = True
        click.echo(" ".join(line.split()), err=True)

    def state(self, **changes: object) -> None:
        """Change the request. Raises UsageError, and leaves it, where a node would refuse it."""
        changed = dataclasses.replace(self.request, **changes)  # type: ignore[arg-type]  # rows of COMMANDS name fields
        changed.apply(self.session.context)
        self.request = changed

    def words(self) -> list[str]:
        """What may be typed in an entry: names of functions with their parenthesis, variables, keywords."""
        registry, session = self.session.registry, self.session
        functions = [f"{name}(" for name in (*registry.functions, *session.functions)]
        variables = [f"${name}" for name in (*registry.variables, *registry.prefixes)]
        return sorted({*functions, *variables, *session.variables, *_KEYWORDS})


class Command(NamedTuple):
    """`argument` is what help shows behind the name; `run` gets what was typed there, one code point per byte."""

    argument: str
    text: str
    run: Callable[[Console, str], None]


def find_command(word: str) -> Command:
    """The command of that name or unique beginning. Raises UsageError."""
    found = [word] if word in COMMANDS else [name for name in COMMANDS if word and name.startswith(word)]
    if len(found) == 1:
        return COMMANDS[found[0]]
    if found:
        raise click.UsageError(f"could be {' or '.join(MARK + name for name in found)}")
    near = nearest(word, COMMANDS) if word else ""
    raise click.UsageError(f"no such command, {f'did you mean {MARK}{near}?' if near else f'see {MARK}help'}")


def _unicode(argument: str) -> str:
    """What was typed, as the types of the command line take it."""
    return argument.encode("latin-1").decode("utf-8", "surrogateescape")


def _setting(name: str, type_: "click.ParamType[object]", unset: str = "") -> Callable[[Console, str], None]:
    """Shows a field of the request, or gives it a value; the word `unset` takes the value away."""

    def run(console: Console, argument: str) -> None:
        if argument:
            value = None if unset and argument == unset else type_.convert(_unicode(argument), None, None)
            console.state(**{name: value})
        else:
            value = getattr(console.request, name)
            click.echo(unset if value is None else _shown_setting(value))

    return run


def _shown_setting(value: object) -> str:
    if isinstance(value, Url):
        return f"{value.scheme}://{value.host}{value.target}"
    return f"{value:.3f}" if isinstance(value, float) else readable(str(value))


def _header(console: Console, argument: str) -> None:
    if not argument:
        for name, value in console.request.fields:
            click.echo(f"{name}: {readable(value)}")
        return
    name, value = FieldType().convert(_unicode(argument), None, None)
    if value:
        fields = (*console.request.fields, (name, value))
    else:
        fields = tuple(each for each in console.request.fields if each[0].lower() != name.lower())
    console.state(fields=fields)


def _geo(console: Console, argument: str) -> None:
    if argument:
        stated = (
            ()
            if argument == _UNSET
            else (*console.request.geo, PlaceType().convert(_unicode(argument), None, None))
        )
        console.state(geo=stated)
        return
    for address, record in console.request.geo:
        codes = ",".join(f"{key}={code}" for key, code in record._asdict().items() if code)
        click.echo(readable(f"{address}:{codes}" if address else codes))


def _effects(console: Console, _: str) -> None:
    lines = effect_lines(console.session.context.effects)
    width = max((len(line.label) for line in lines), default=0)
    for line in lines:
        click.echo(f"{line.label:<{width}}{INDENT}{line.text}")
    if not lines:
        click.echo("nothing yet")


def _page(command: click.Command, console: Console, argument: str) -> None:
    """The output of a command of ours that shows a page."""
    arguments = ["--", _unicode(argument)] if argument else []
    status = command.main(arguments, prog_name="", standalone_mode=False)
    console.failed = console.failed or bool(status)


def _type(console: Console, argument: str) -> None:
    if not argument:
        raise click.UsageError("want an expression")
    types, reports = console.session.type_of(argument)
    console.show(reports)
    if types:
        click.echo(types)
    elif reports:
        console.failed = True
    else:
        raise click.UsageError("a statement has no type")


def _fuel(console: Console, _: str) -> None:
    most = console.session.context.limits.fuel
    click.echo(f"{console.session.fuel} of {most} by the last entry")


def _load(console: Console, argument: str) -> None:
    if not argument:
        raise click.UsageError("want a file")
    path = _unicode(argument)
    console.evaluate(Source.from_bytes(path, read(path, MAX_SOURCE_BYTES)).text, path)


def _variables(console: Console, _: str) -> None:
    for name, value in console.session.variables.items():
        if name != "_":
            click.echo(f"{name} = {written(value)}")
    for name in console.session.functions:
        click.echo(f"def {name}")


def _reset(console: Console, _: str) -> None:
    console.session.reset()


def _help(_console: Console, _: str) -> None:
    click.echo(
        "Type EdgeScript: a statement, a block over several lines, or an expression, whose value is shown and kept in _.\n"
    )
    usages = {f"{MARK}{name} {command.argument}".rstrip(): command.text for name, command in COMMANDS.items()}
    width = max(map(len, usages))
    for usage, text in usages.items():
        click.echo(f"{INDENT}{usage:<{width}}{INDENT}{text}")


def _quit(console: Console, _: str) -> None:
    console.left = True


COMMANDS: Final = {
    "url": Command("[URL]", "what the client asks for", _setting("url", UrlType())),
    "method": Command("[METHOD]", "its method", _setting("method", TokenType())),
    "header": Command("[NAME: VALUE]", "add a request header; with no value, take that name away", _header),
    "client-ip": Command("[IP]", "the client's address", _setting("client_ip", AddressType())),
    "now": Command("[TIME]", "Unix seconds, ISO 8601, or clock", _setting("now", TimeType(), _CLOCK)),
    "geo": Command("[PLACE]", "a place to add, as country=CN,region=440000, or none", _geo),
    "effects": Command("", "what the entries asked for so far", _effects),
    "vars": Command("", "your variables and functions", _variables),
    "type": Command("EXPR", "the types an expression can have; it is not run", _type),
    "fuel": Command("", "what the last entry used of its measure", _fuel),
    "doc": Command("[NAME]", "the page of a function or variable", partial(_page, doc.command)),
    "explain": Command("[CODE]", "the page of an error", partial(_page, explain.command)),
    "load": Command("FILE", "enter what is in a file", _load),
    "reset": Command("", "forget variables, functions and effects; keep the request", _reset),
    "help": Command("", "this list", _help),
    "quit": Command("", "leave, as Ctrl-D does", _quit),
}
"""By name, in the order of help."""
