"""`edgescript console restore`: the store put back from a copy, and made ready to go on."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

import click

from edgescript.cli.completion import files
from edgescript.cli.console.opened import Opened
from edgescript.cli.status import NO

if TYPE_CHECKING:
    from runtime.console.service.console import Console

DATABASE: Final = "console.db"
STORE_KEY: Final = Path("keys", "store.key")
_BESIDE: Final = ("", "-wal", "-shm")


@click.command(
    "restore", short_help="Put the database back.", epilog="Example: edgescript console restore copy.db"
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False, shell_complete=files)
@click.pass_obj
def command(place: tuple[Path, str | None], file: Path | None) -> None:
    """
    Put the database back from FILE, a copy that 'edgescript console backup' made.

    The console must not run, there must be no database in the data directory, and its keys/ must be those of the copy. The
    copy is looked through, the audit verified, and FILE left as it is. A PostgreSQL database is put back by its own
    means first; then this, without FILE, makes it ready.

    Nodes go on with what they have. The first change in an environment brings all of it to the state of the copy.
    """
    data, database = place
    if (file is None) == (database is None):
        raise click.UsageError("want FILE, or --database of what was put back already")
    if not (data / STORE_KEY).exists():
        _fail(f"{data / STORE_KEY.parent}: put the keys back first")
    if file is None:
        told = _made_ready(data, database)
    else:
        with _copied(file, data / DATABASE) as copy:
            told = _made_ready(data, f"sqlite:///{copy.resolve()}")
    click.echo(told)


@contextmanager
def _copied(file: Path, target: Path) -> Iterator[Path]:
    """A copy of `file` beside `target`, which is its name at the end if all went well."""
    for path in (target.with_name(target.name + ending) for ending in _BESIDE):
        if path.exists():  # the log of another database would be taken for that of the copy
            _fail(f"{path} exists: move it away first")
    copy = target.with_name(f"{target.name}.restoring")
    _remove(copy)
    try:
        _copy(file, copy)
        yield copy
        _check_closed(copy)
        os.link(copy, target)
        _sync(target.parent)
    except OSError as error:
        _fail(f"{file}: {(error.strerror or 'cannot be copied').lower()}")
    finally:
        _remove(copy)


def _copy(file: Path, copy: Path) -> None:
    with (
        file.open("rb") as source,
        os.fdopen(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as to,
    ):
        shutil.copyfileobj(source, to)


def _check_closed(copy: Path) -> None:
    """Raise OSError if part of the database is still in its log; else it is on the disk."""
    log = copy.with_name(f"{copy.name}-wal")
    if log.exists() and log.stat().st_size:
        raise OSError(0, "is in use")
    _sync(copy)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(path: Path) -> None:
    for ending in _BESIDE:
        path.with_name(path.name + ending).unlink(missing_ok=True)


def _made_ready(data: Path, database: str | None) -> str:
    """What to tell of it."""
    from runtime.console.model.access import CONSOLE

    with Opened(data, database) as opened:
        last, entries = _audited(opened.console)
        opened.console.recovery.restored(CONSOLE)
    return f"restored: {entries} audit entries, intact, the last of {last}"


def _audited(console: "Console") -> tuple[str, int]:
    """When the last thing was done, and of how many. Ends the command where the audit is not whole."""
    from runtime.console.model.access import CONSOLE

    found = console.audit.verify(CONSOLE)
    if not found.intact:
        _fail(f"the audit is broken at entry {found.broken_at}: take another copy")
    newest = console.audit.list(CONSOLE, limit=1).items
    at = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(newest[0].at)) if newest else "never"
    return at, found.entries


def _fail(text: str) -> NoReturn:
    click.echo(f"edgescript console restore: {text}", err=True)
    raise click.exceptions.Exit(NO)
