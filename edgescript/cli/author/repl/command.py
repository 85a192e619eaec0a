"""`edgescript repl`: EdgeScript typed in and run entry by entry."""

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

import click

from edgescript.cli.author.stated import request_options
from edgescript.cli.geography import StatedPlace
from edgescript.cli.status import NO
from edgescript.cli.values import UrlType
from runtime.trial.stated import Url

if TYPE_CHECKING:
    from edgescript.cli.author.repl.console import Console
    from edgescript.cli.author.repl.lines import Complete, Lines

PROMPT: Final = "es> "
MORE: Final = "... "


@click.command(
    "repl",
    short_help="Run EdgeScript as it is typed.",
    epilog="Example: edgescript repl --url 'http://example.com/?a=1'",
)
@click.option("--url", type=UrlType(), help="What the client asks for.  [default: http://example.com/]")
@request_options
@click.pass_context
def command(
    context: click.Context,
    url: Url | None,
    method: str,
    fields: Sequence[tuple[str, str]],
    client_ip: str,
    now: float | None,
    geo: Sequence[StatedPlace],
    geo_databases: Sequence[str],
) -> None:
    """
    Run EdgeScript as it is typed, on a stated request; :help lists the commands.

    Variables, functions and effects are kept from entry to entry, and each entry has the limits of a script. Input
    that is no terminal is run in the same way, without prompts; the exit status is then 1 if anything went wrong.
    """
    import stdlib
    from edgescript.cli.author.repl.console import Console
    from edgescript.cli.author.repl.lines import Pipe, Terminal
    from edgescript.cli.author.repl.request import DEFAULT_URL, StatedRequest

    stated = url or UrlType().convert(DEFAULT_URL, None, None)
    asked = StatedRequest(stated, method, tuple(fields), client_ip, now, tuple(geo), tuple(geo_databases))
    console = Console(stdlib.registry(), asked)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        _run(console, Pipe())
        context.exit(NO if console.failed else 0)
    click.echo("EdgeScript: type :help for the commands, Ctrl-D to leave")
    _converse(console, Terminal(_completer(console)))


def _run(console: "Console", lines: "Lines") -> None:
    """Take entries until the input ends; one that is unfinished then is taken as it is."""
    while not console.left and (text := _entry(lines)) is not None:
        if text.strip():
            console.enter(text)


def _converse(console: "Console", lines: "Lines") -> None:
    """As `_run`, but Ctrl-C gives up the entry, typed or running, and no more."""
    while not console.left:
        try:
            _run(console, lines)
        except KeyboardInterrupt:
            click.echo()
        else:
            if not console.left:
                click.echo()  # the terminal is still behind the prompt
            return


def _entry(lines: "Lines") -> str | None:
    """The next entry: a line, and those after it while brackets are open; None at the end."""
    from edgescript.cli.author.repl.console import MARK
    from edgescript.interactive.brackets import Brackets
    from edgescript.parsing.lexical import MAX_SOURCE_BYTES

    line = lines.next(PROMPT)
    if line is None or line.lstrip().startswith(MARK):
        return line
    brackets = Brackets()
    brackets.add(line)
    typed, size = [line], len(line)
    while brackets.wants_more and size <= MAX_SOURCE_BYTES:
        following = lines.next(MORE)
        if following is None:
            break
        brackets.add(following)
        typed.append(following)
        size += len(following) + 1
    return "\n".join(typed)


def _completer(console: "Console") -> "Complete":
    from edgescript.cli.author.repl.console import COMMANDS, MARK

    def complete(word: str, before: str) -> Iterable[str]:
        if before.strip() or not word.startswith(MARK):
            return console.words()
        return [f"{MARK}{name}" for name in COMMANDS]

    return complete
