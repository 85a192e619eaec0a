"""What a node serves, as it comes to its workers: read once by a process of its own, built by each worker."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec

from runtime.config import Config
from runtime.observe.events import Fact
from runtime.scripts.site import Sites


class Note(Protocol):
    """`EventLog.note`."""

    def __call__(self, event: str, **facts: Fact) -> None: ...


class ReloadError(Exception):
    """What is to be served cannot be; the text says why, and what was served is served on."""


class PassedOver(msgspec.Struct, array_like=True, frozen=True):
    """What a console sent and cannot be served. `damaged`: it is not what was kept, and may be fetched again."""

    generation: int
    why: str
    damaged: bool


class LeftOut(msgspec.Struct, array_like=True, frozen=True):
    """A domain whose newest state cannot be loaded; `served`: what was served of it before is served on."""

    domain: str
    why: str
    served: bool


class Loaded(msgspec.Struct, array_like=True, frozen=True):
    """Which of a console's bundles is served; generation -1 for none."""

    generation: int = -1
    refused: tuple[PassedOver, ...] = ()
    """Newer ones that are kept."""
    left_out: tuple[LeftOut, ...] = ()
    """Domains of the one that is served."""


class Before(NamedTuple):
    """What whoever reads may know of the reading before."""

    bundle: bytes | None
    """What it gave; None for nothing."""
    spare: Path
    """A directory in memory, for what the state directory has no room for."""


class Source(Protocol):
    """
    Where sites come from.

    `read` may take long, print diagnostics and fail in any way: it runs in a process of its own, made for it. What it
    gives needs no file, so that all workers, also those begun later, serve the same.
    """

    def read(self, before: Before, /) -> bytes:
        """
        What is to be served from now on, whole: settings, and scripts as verified code; it has been built once. Raises
        ConfigError.
        """
        ...

    def join(self, state: Path, /) -> None:
        """Once in each worker's process, before its first `build`: open what workers share, in the directory `state`."""
        ...

    def settings(self, bundle: bytes, /) -> Config:
        """The settings in `bundle`."""
        ...

    def files(self, bundle: bytes, /) -> Iterable[str]:
        """Files and folders that `read` had to do with when it gave `bundle`: a change of one is a reason to read again."""
        ...

    def loaded(self, bundle: bytes, /) -> Loaded:
        """What `bundle` has of a console."""
        ...

    async def live(self, note: Note, /) -> None:
        """What is to go on in a worker's loop while it serves; cancelled at its end. `note` writes to the node's log."""
        ...

    def build(self, bundle: bytes, /, *, salvage: bool = False) -> Sites:
        """
        The sites that `bundle`, which `read` gave, describes; called in a thread. Raises ConfigError.

        With `salvage` files that were fine when the bundle was read, and are not any more, are done without: what was
        read from them last is used.
        """
        ...
