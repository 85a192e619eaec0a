"""
The `edgescript` command.

Each subcommand is a module named in `COMMANDS`, imported when it is asked for; inside, what is slow to import comes
last. That keeps `edgescript run` under 0.4 s (tests/cli/test_startup.py holds the bound).

Exit status: 0 fine, 1 the answer is no, 2 wrong usage. An error of ours is 70 (sysexits' EX_SOFTWARE), so that no
pipeline mistakes it for an answer. Errors are one line on stderr; `EDGESCRIPT_TRACEBACK=1` shows the whole story.
"""

import errno
import importlib
import io
import os
import sys
from collections.abc import Sequence
from typing import Any, Final, NoReturn, TextIO

import click

from edgescript.cli.groups import NearGroup
from edgescript.cli.status import BROKEN_PIPE, INTERNAL_ERROR, INTERRUPTED, OUTPUT_LOST, WRONG_USAGE

COMMANDS: Final = {
    "audit": "edgescript.cli.remote.commands.audit",
    "check": "edgescript.cli.author.check",
    "console": "edgescript.cli.console.command",
    "cost": "edgescript.cli.author.cost",
    "dict": "edgescript.cli.remote.commands.dictionaries",
    "diff": "edgescript.cli.remote.commands.diff",
    "disasm": "edgescript.cli.author.disasm",
    "doc": "edgescript.cli.author.doc",
    "domains": "edgescript.cli.remote.commands.domains",
    "explain": "edgescript.cli.author.explain",
    "fmt": "edgescript.cli.author.fmt",
    "login": "edgescript.cli.remote.commands.login",
    "logout": "edgescript.cli.remote.commands.logout",
    "logs": "edgescript.cli.remote.commands.logs",
    "nodes": "edgescript.cli.remote.commands.nodes",
    "publish": "edgescript.cli.remote.commands.publish",
    "pull": "edgescript.cli.remote.commands.pull",
    "purge": "edgescript.cli.remote.commands.purge",
    "push": "edgescript.cli.remote.commands.push",
    "repl": "edgescript.cli.author.repl.command",
    "rollback": "edgescript.cli.remote.commands.rollback",
    "rollouts": "edgescript.cli.remote.commands.rollouts",
    "rules": "edgescript.cli.remote.commands.rules",
    "run": "edgescript.cli.author.run",
    "serve": "edgescript.cli.node.serve",
    "test": "edgescript.cli.author.testing.command",
    "tokens": "edgescript.cli.remote.commands.tokens",
    "versions": "edgescript.cli.remote.commands.versions",
}
HEADINGS: Final = {
    "author": "Scripts, on your machine",
    "remote": "Scripts, on a console",
    "node": "Programs that serve",
    "console": "Programs that serve",
}
"""Of the list of commands, by the package that a command is in."""
PROGRAM: Final = "edgescript"
WIDTH: Final = 80
_OUTPUT_LOST: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG})
"""What writing to a stream fails with although its reader is there."""


class EdgeScriptGroup(NearGroup):
    """The subcommands of `COMMANDS`, and the guard that no traceback passes."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        module = COMMANDS.get(cmd_name)
        if module is None:
            return None
        command: click.Command = importlib.import_module(module).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """As click does, under a heading each for those that belong together."""
        sections: dict[str, list[tuple[str, str]]] = {heading: [] for heading in HEADINGS.values()}
        widest = formatter.width - 6 - max(map(len, COMMANDS))
        for name, module in COMMANDS.items():
            command = self.get_command(ctx, name)
            assert command is not None, "it is named in COMMANDS"
            heading = HEADINGS[module.split(".")[2]]
            sections[heading].append(
                (f"{name:<{max(map(len, COMMANDS))}}", command.get_short_help_str(widest))
            )
        for heading, rows in sections.items():
            with formatter.section(heading):
                formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> Any:
        """As click does, but quiet when the reader of our output or the person at the keyboard has left."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            _drop(sys.stdout)
            ctx.exit(BROKEN_PIPE)
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)
        return result


def _usage_line(error: click.ClickException) -> str:
    text = _one_line(error.format_message()).rstrip(".")
    if not text[1:2].isupper():  # the name of a variable stays as it is
        text = text[:1].lower() + text[1:]
    context = getattr(error, "ctx", None)
    path = PROGRAM if context is None else context.command_path
    hint = f" (see '{path} --help')" if isinstance(error, click.UsageError) else ""
    return f"{path}: {text}{hint}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _complain(line: str) -> None:
    try:
        click.echo(line, err=True)
    except OSError:
        _drop(sys.stderr)


def _open_standard_streams() -> None:
    """A stream that was closed by whoever started us is None; one that reads and writes nothing stands in."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 - open to the end; a device


def _drop(stream: TextIO) -> None:
    """Send what is still buffered nowhere, so that the interpreter's last flush does not complain."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


@click.group(
    cls=EdgeScriptGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": WIDTH},
    no_args_is_help=True,
    epilog="Example: edgescript run hello.es --url http://example.com/",
)
@click.version_option(package_name="edgescript", message="%(prog)s %(version)s")
@click.pass_context
def cli(context: click.Context) -> None:
    """Write, check, run and serve EdgeScript: scripts that decide about HTTP requests at the edge."""
    if os.environ.get("NO_COLOR"):
        context.color = False


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """The console entry point: exits with the status; `arguments` are those of the process unless given."""
    sys.exit(_status(arguments))


def _status(arguments: Sequence[str] | None) -> int:
    _open_standard_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # File names and scripts may hold what the terminal's encoding cannot show.
            stream.reconfigure(errors="backslashreplace")
    try:
        status = cli.main(arguments, prog_name=PROGRAM, standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        _complain(error.format_message())
        return WRONG_USAGE
    except click.ClickException as error:
        _complain(_usage_line(error))
        return WRONG_USAGE
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _OUTPUT_LOST and error.filename is None:
            _drop(sys.stdout)
            _complain(f"{PROGRAM}: cannot write the output: {os.strerror(error.errno)}")
            return OUTPUT_LOST
        if os.environ.get("EDGESCRIPT_TRACEBACK") == "1":
            raise
        _complain(f"{PROGRAM}: internal error: {type(error).__name__}: {_one_line(str(error))}")
        return INTERNAL_ERROR
    return status if isinstance(status, int) else 0
