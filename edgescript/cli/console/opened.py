"""The store and keys of a data directory, open for one command; what cannot be done is one line and status 1."""

import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Self

import click

from edgescript.cli.console import bench
from edgescript.cli.console.bench import PROCESSES, WITHIN_S
from edgescript.cli.status import NO

if TYPE_CHECKING:
    from runtime.console.bench.pool import Pool
    from runtime.console.service.console import Console
    from runtime.console.service.keys import Keys
    from runtime.console.store import Store


class Opened:
    """Store, keys and service of a data directory; one line on stderr and status 1 where they cannot be opened."""

    def __init__(self, data: Path, database: str | None) -> None:
        self.data = data
        self._database = database
        self.store: Store
        self.keys: Keys
        self.pool: Pool
        self.console: Console

    def __enter__(self) -> Self:
        import stdlib
        from runtime.console.bench.distant import Distant
        from runtime.console.bench.pool import Pool
        from runtime.console.service.console import Console
        from runtime.console.service.keys import Keys, KeysUnusable
        from runtime.console.store import Store, StoreError

        try:
            self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
            url = self._database or f"sqlite:///{(self.data / 'console.db').resolve()}"
            self.keys = Keys.open(self.data / "keys", secrets.token_bytes)
            self.store = Store.open(url, clock=time.time)  # noqa: TID251 - a composition root
        except (StoreError, KeysUnusable) as error:
            fail(str(error))
        except OSError as error:
            fail(f"{self.data}: {(error.strerror or 'unusable').lower()}")
        # Nothing of it runs before somebody has a text compiled, or before the server starts it.
        self.pool = Pool(bench.command(), bench.environment(), PROCESSES, WITHIN_S)
        try:
            self.console = Console(
                self.store,
                self.keys,
                now=time.time,  # noqa: TID251 - as above
                monotonic=time.monotonic,
                random=secrets.token_bytes,
                registry=stdlib.registry(),
                work=Distant(self.pool),
            )
        except (StoreError, KeysUnusable) as error:
            self.store.close()
            fail(str(error))
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.close()
        self.store.close()


def refused(operation: Any) -> Any:
    """What `operation` returns; what it refuses is one line on stderr and status 1."""
    from runtime.console.model.refusal import Refused

    try:
        return operation()
    except Refused as error:
        fail(error.detail)


def fail(text: str) -> NoReturn:
    """One line on stderr, and status 1."""
    click.echo(f"edgescript console: {text}", err=True)
    raise click.exceptions.Exit(NO)
