"""`edgescript fmt`: scripts in canonical layout, in place, as a check, or from standard input to standard output."""

import json
import os
import stat
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from edgescript.cli.completion import files
from edgescript.cli.files import Unreadable, read, readable
from edgescript.cli.status import NO

if TYPE_CHECKING:
    from edgescript.diagnostics.findings import Diagnostic
    from edgescript.source import Source

STANDARD_INPUT: Final = "-"
MAX_DIFF_LINES: Final = 5000
"""Lines that are compared; past these a diff replaces the whole, since comparing takes their number squared."""
_COLOURS: Final = {"+": "green", "-": "red", "@": "cyan"}


class Unwritable(click.ClickException):
    """A file that cannot be replaced."""


@dataclass(frozen=True, slots=True)
class _Result:
    """What became of one file. `formatted` is None where errors stand in the way."""

    path: str
    data: bytes
    source: "Source"
    formatted: bytes | None
    diagnostics: "tuple[Diagnostic, ...]"

    @property
    def changes(self) -> bool:
        return self.formatted is not None and self.formatted != self.data


@click.command(
    "fmt",
    short_help="Lay scripts out in the canonical way.",
    epilog="Example: edgescript fmt *.es",
)
@click.argument("paths", nargs=-1, required=True, metavar="FILE...", shell_complete=files)
@click.option("--check", is_flag=True, help="Change no file; the status says whether one would change.")
@click.option("--diff", is_flag=True, help="As --check, and print what would change.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array, one object a file.")
@click.pass_context
def command(context: click.Context, paths: Sequence[str], check: bool, diff: bool, as_json: bool) -> None:
    """
    Rewrite the FILEs in canonical layout; `-` formats standard input to standard output.

    Comments stay, and the script means the same. A file with syntax errors is left as it is, and the errors are
    shown. The exit status is 1 for such a file, and with --check or --diff if any would change; 0 otherwise.
    """
    keep = check or diff
    if STANDARD_INPUT in paths and as_json and not keep:
        raise click.UsageError("- prints the script, so --json wants --check or --diff with it")
    results = _format(paths)
    for result in results:
        if result.path == STANDARD_INPUT and not keep and result.formatted is not None:
            click.echo(result.formatted, nl=False)
        elif result.changes and not keep:
            _replace(result.path, result.formatted or b"")
    if as_json:
        click.echo(json.dumps([_record(result, diff=diff) for result in results], indent=2))
    else:
        _report(results, keep=keep, diff=diff)
    failed = any(result.formatted is None or (keep and result.changes) for result in results)
    context.exit(NO if failed else 0)


def _format(paths: Sequence[str]) -> list[_Result]:
    """All files read and formatted, none written. Raises `Unreadable`, which names every file that cannot be read."""
    from edgescript.formatting.canonical import canonical
    from edgescript.parsing.lexical import MAX_SOURCE_BYTES
    from edgescript.source import Source

    results: list[_Result] = []
    refused: list[str] = []
    for path in dict.fromkeys(paths):
        try:
            data = (
                sys.stdin.buffer.read(MAX_SOURCE_BYTES + 1)
                if path == STANDARD_INPUT
                else read(path, MAX_SOURCE_BYTES)
            )
        except Unreadable as error:
            refused.append(error.message)
            continue
        source = Source.from_bytes("<stdin>" if path == STANDARD_INPUT else path, data)
        made = canonical(source)
        text = None if made.text is None else made.text.encode("latin-1")
        results.append(_Result(path, data, source, text, made.diagnostics))
    if refused:
        raise Unreadable("; ".join(refused))
    return results


def _replace(path: str, data: bytes) -> None:
    """Put `data` in the file's place in one step, under its mode; a link stays one. Raises `Unwritable`."""
    target = Path(os.path.realpath(path))
    try:
        mode = target.stat().st_mode
        if not stat.S_ISREG(mode):
            raise Unwritable(f"cannot write {path!r}: no regular file")
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as file:
            try:
                file.write(data)
                file.flush()
                os.fchmod(file.fileno(), stat.S_IMODE(mode))
                Path(file.name).replace(target)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise Unwritable(f"cannot write {path!r}: {(error.strerror or 'unwritable').lower()}") from None


def _report(results: Sequence[_Result], *, keep: bool, diff: bool) -> None:
    from edgescript.cli.loading import show_diagnostics

    show_diagnostics([(result.source, result.diagnostics) for result in results], err=True)
    for result in results:
        if result.changes and diff:
            _show_diff(result)
        elif result.changes and (keep or result.path != STANDARD_INPUT):
            click.echo(f"{readable(result.source.name)}: {'would change' if keep else 'formatted'}")


def _show_diff(result: _Result) -> None:
    lines = list(_diff(result))
    if not lines:
        click.echo(f"{readable(result.source.name)}: line ends or a byte order mark would change", err=True)
    for line in lines:
        if sys.stdout.isatty():
            click.secho(readable(line), fg=_COLOURS.get(line[0]), nl=False)
        else:
            click.echo(line.encode("latin-1"), nl=False)  # byte for byte, so that `patch` takes it


def _diff(result: _Result) -> Iterator[str]:
    """Lines of a unified diff, as scripts hold text."""
    import difflib

    from edgescript.source import to_bytes_text

    name = to_bytes_text(result.source.name)
    before = _lines(result.source.text)
    after = _lines((result.formatted or b"").decode("latin-1"))
    if before == after:
        return
    if max(len(before), len(after)) > MAX_DIFF_LINES:
        yield f"--- {name}\n"
        yield f"+++ {name}\n"
        yield f"@@ -1,{len(before)} +1,{len(after)} @@\n"
        yield from (_marked(mark, line) for mark, lines in (("-", before), ("+", after)) for line in lines)
        return
    for line in difflib.unified_diff(before, after, name, name):
        yield _marked(line[0], line[1:])


def _lines(text: str) -> list[str]:
    """The lines with their ends; only LF ends one, unlike for `splitlines`."""
    lines = [f"{line}\n" for line in text.split("\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def _marked(mark: str, line: str) -> str:
    return mark + (line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n")


def _record(result: _Result, *, diff: bool) -> dict[str, object]:
    from edgescript.diagnostics.render import as_record

    record: dict[str, object] = {
        "file": result.source.name,
        "changes": result.changes,
        "diagnostics": [
            as_record(result.source, each) for each in result.diagnostics if each.severity == "error"
        ],
    }
    if diff:
        record["diff"] = "".join(_diff(result)).encode("latin-1").decode("utf-8", "replace")
    return record
