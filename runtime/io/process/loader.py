"""
Reads what is to be served in a process of its own: it may take long, eat memory, crash or hang, and the node goes on.

Before it gives a result it has built the sites from it once, so no worker is given what cannot be built.
"""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Iterable
from typing import Final

from runtime.config import ConfigError
from runtime.io.channel import MAX_MESSAGE_BYTES
from runtime.io.process.fork import fork
from runtime.io.source import Before, ReloadError, Source

_DONE: Final = b"+"
_FAILED: Final = b"-"
MAX_BUNDLE_BYTES: Final = MAX_MESSAGE_BYTES - 4096


async def read_anew(source: Source, before: Before, timeout_s: float, foreign: Iterable[int]) -> bytes:
    """
    What `source.read` gives, made in a process that inherits nothing of `foreign`. Raises ReloadError, for a
    process that ended without a result or took longer than `timeout_s` too.
    """
    ours, theirs = socket.socketpair()
    with theirs:
        pid = fork(lambda: _read(source, before, theirs), [*foreign, ours.fileno()])
    try:
        reader, writer = await asyncio.open_connection(sock=ours)
        try:
            async with asyncio.timeout(timeout_s):
                result = await reader.read(-1)
        finally:
            writer.close()
    except TimeoutError:
        raise ReloadError(f"reading took longer than {timeout_s:g} s") from None
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)  # noqa: ASYNC222 - it has been killed, so there is nothing to wait for
    if result.startswith(_DONE):
        return result[1:]
    raise ReloadError(result[1:].decode() or "the process that read it ended early")


def _read(source: Source, before: Before, result: socket.socket) -> int:
    """The process: sends what came of it."""
    try:
        bundle = source.read(before)
        answer = _DONE + bundle
        if len(bundle) > MAX_BUNDLE_BYTES:
            answer = _FAILED + f"{len(bundle)} bytes, more than {MAX_BUNDLE_BYTES}".encode()
    except ConfigError as error:
        answer = _FAILED + str(error).encode()
    except Exception as error:  # noqa: BLE001 - whatever was wrong with the new scripts, the old ones go on
        answer = _FAILED + f"internal error: {type(error).__name__}".encode()
    result.sendall(answer)
    return 0
