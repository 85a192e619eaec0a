"""
A process of our own, forked from a loop that goes on in the parent.

The supervisor has no thread and a loop that polls (`asyncio.SelectorEventLoop(PollSelector())`), which shares nothing with
a child, as epoll would. A child resets what it inherited: signal handlers, the pipe that signals wake the loop by, and
file descriptors that are the parent's alone. Those are replaced by /dev/null rather than closed, so that no object
left over from the parent closes a number that means something else by then.
"""

import contextlib
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterable
from typing import Final

from runtime.io.stderr import to_stderr

IGNORED: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
"""Sent to a terminal's or a service's whole group of processes; what they mean, the supervisor decides."""
FAILED: Final = 70
"""The exit status of a child that raised (EX_SOFTWARE)."""


def fork(work: Callable[[], int], foreign: Iterable[int]) -> int:
    """
    Run `work` in a new process, whose exit status it gives; the process's id. `foreign` are the parent's descriptors.

    Raises OSError when there can be no more processes.
    """
    _flush()
    held = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        pid = os.fork()
        if pid == 0:
            _live(work, foreign, held)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)
    return pid


def _live(work: Callable[[], int], foreign: Iterable[int], held: Iterable[int]) -> None:
    """The child's whole life; does not return."""
    status = FAILED
    try:
        signal.set_wakeup_fd(-1)
        for number in IGNORED:
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        nothing = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        for descriptor in foreign:
            os.dup2(nothing, descriptor, inheritable=False)
        signal.pthread_sigmask(signal.SIG_SETMASK, held)
        status = work()
    except BaseException as error:  # noqa: BLE001 - nothing of the parent's may run in the child
        with contextlib.suppress(OSError):
            _complain(error)
    finally:
        _flush()
        os._exit(status)


def _flush() -> None:
    """What is written goes out, where anybody takes it."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()


def _complain(error: BaseException) -> None:
    """One line; all of it where EDGESCRIPT_TRACEBACK asks for it, as on the command line."""
    if os.environ.get("EDGESCRIPT_TRACEBACK"):
        traceback.print_exception(error)
    else:
        line = f"edgescript: a process failed: {type(error).__name__}: {error}"
        to_stderr(line.replace("\n", " "))
