"""
The workers as the supervisor sees them: processes that are begun, asked, watched and replaced.

A worker that dies is replaced at once; one that died soon after it began, after a pause that doubles. A worker that
gives no sign of life is killed first. What it counted stays in the node's figures.
"""

import asyncio
import contextlib
import os
import signal
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from runtime.io.channel import Channel
from runtime.io.listen.bound import Sockets
from runtime.io.process.control import Beat, Drain, Order, Reply, Word, to_worker
from runtime.io.process.fork import fork
from runtime.io.process.worker import Birth
from runtime.observe.samples import Samples, add, rising

SOON_S: Final = 10.0
"""A worker that lives no longer failed to begin."""
FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 5.0
ASK_S: Final = 5.0
"""For the answer to an order that takes a worker no time."""


class Member:
    """One worker's place. `pid` is 0 while there is none."""

    def __init__(self, number: int, sockets: Sockets) -> None:
        self.number = number
        self.sockets = sockets
        self.pid = 0
        self.channel: Channel | None = None
        self.control = -1
        """The channel's descriptor in the supervisor."""
        self.generation = 0
        """What it serves; 0 while it has yet to begin."""
        self.begun_mono_s = 0.0
        self.heard_mono_s = 0.0
        self.quick_deaths = 0
        self.hung = False
        self.samples: Samples = {}
        self.trouble: list[str] = []
        self.waiting: dict[int, asyncio.Future[Reply | None]] = {}

    def every_socket(self) -> Iterator[socket.socket]:
        """Those it accepts connections by."""
        for group in self.sockets:
            yield from group

    @property
    def serves(self) -> bool:
        return self.pid != 0 and self.generation != 0


class Crew:
    """
    The workers of a node. `birth` makes a process a worker, `foreign` tells which descriptors are the supervisor's own,
    `on_ended` is told of each that ended and how, `on_beat` of each sign of life.
    """

    def __init__(
        self,
        sockets: Sequence[Sockets],
        birth: Birth,
        foreign: Callable[[], Iterable[int]],
        on_ended: Callable[[Member, str], None],
        on_beat: Callable[[Member], None],
    ) -> None:
        self.members = [Member(number, each) for number, each in enumerate(sockets)]
        self.stopping = False
        self._birth = birth
        self._foreign = foreign
        self._on_ended = on_ended
        self._on_beat = on_beat
        self._numbers = 0
        self._past: Samples = {}
        """What workers counted that are no more."""
        self._changed = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    # --- beginning and ending -----------------------------------------------------------------------------------

    async def begin(self, member: Member) -> None:
        """Begin the worker of a place. Raises OSError."""
        ours, theirs = socket.socketpair()
        others = {each.fileno() for other in self.members for each in other.every_socket()}
        others -= {each.fileno() for each in member.every_socket()}
        channels = {other.control for other in self.members if other.control >= 0}
        member.generation = 0
        member.hung = False
        member.begun_mono_s = member.heard_mono_s = time.monotonic()
        with theirs:
            member.pid = fork(
                lambda: self._birth(member.number, theirs),
                {*self._foreign(), *others, *channels, ours.fileno()} - {-1},
            )
        member.control = ours.fileno()
        channel = member.channel = to_worker(
            lambda word: self._on_word(member, word), lambda: self._on_channel_end(member, channel)
        )
        await asyncio.get_running_loop().create_unix_connection(lambda: channel, sock=ours)

    def reap(self) -> None:
        """Take note of the workers that ended, and replace them."""
        for member in self.members:
            if member.pid:
                with contextlib.suppress(ChildProcessError):
                    pid, status = os.waitpid(member.pid, os.WNOHANG)
                    if pid:
                        self._ended(member, status)

    def _ended(self, member: Member, status: int) -> None:
        lived_s = time.monotonic() - member.begun_mono_s
        begun = member.generation != 0
        member.pid = member.generation = 0
        if member.channel is not None:
            member.channel.close()
        add(self._past, rising(member.samples))
        member.samples, member.trouble = {}, []
        for waiting in member.waiting.values():
            if not waiting.done():
                waiting.set_result(None)
        member.waiting.clear()
        self._changed.set()
        if self.stopping:
            return
        member.quick_deaths = 0 if begun and lived_s >= SOON_S else member.quick_deaths + 1
        self._on_ended(member, "hung" if member.hung else _cause(status))
        task = asyncio.get_running_loop().create_task(self._replace(member))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _replace(self, member: Member) -> None:
        pause_s = 0.0
        if member.quick_deaths > 1:
            pause_s = min(FIRST_PAUSE_S * 2 ** min(member.quick_deaths - 2, 10), LONGEST_PAUSE_S)
        while not self.stopping:
            await asyncio.sleep(pause_s)
            if await self._begun_again(member):
                return
            pause_s = LONGEST_PAUSE_S

    async def _begun_again(self, member: Member) -> bool:
        """False when there can be no more processes for now."""
        if not self.stopping:
            try:
                await self.begin(member)
            except OSError:
                return False
        return True

    async def drain(self, within_s: float, hurry: asyncio.Event) -> None:
        """End all after their answers in progress; those that take longer than `within_s`, or when `hurry`, at once."""
        self.stopping = True
        for member in self.members:
            for each in member.every_socket():
                each.close()
        self._tell_all(hurry=False)
        loop = asyncio.get_running_loop()
        end = loop.time() + within_s
        hurrying = False
        while any(member.pid for member in self.members) and loop.time() < end:
            if hurry.is_set() and not hurrying:
                hurrying = True
                end = min(end, loop.time() + 2.0)
                self._tell_all(hurry=True)
            self._changed.clear()
            waits = [loop.create_task(self._changed.wait())]
            if not hurrying:
                waits.append(loop.create_task(hurry.wait()))
            await asyncio.wait(waits, timeout=max(end - loop.time(), 0), return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()
        for member in self.members:
            if member.pid:
                os.kill(member.pid, signal.SIGKILL)
                os.waitpid(member.pid, 0)  # noqa: ASYNC222 - it has been killed

    def _tell_all(self, *, hurry: bool) -> None:
        for member in self.members:
            if member.pid and member.channel is not None:
                member.channel.send(Drain(0, hurry))

    # --- listening and asking -----------------------------------------------------------------------------------

    def _on_word(self, member: Member, word: Word) -> None:
        member.heard_mono_s = time.monotonic()
        if word.__class__ is Beat:
            assert isinstance(word, Beat)
            member.generation = word.generation
            member.samples = dict(word.samples)
            member.trouble = word.trouble
            self._changed.set()
            self._on_beat(member)
            return
        assert isinstance(word, Reply)
        waiting = member.waiting.pop(word.number, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(word)

    def _on_channel_end(self, member: Member, channel: Channel) -> None:
        if member.channel is channel:  # else there is a successor
            member.channel = None
            member.control = -1

    async def ask(
        self, order: Callable[[int], Order], members: Iterable[Member] | None = None, within_s: float = ASK_S
    ) -> list[tuple[Member, Reply | None]]:
        """
        Give the order that `order` makes of a number to all there are, which one that is just beginning carries out once
        it has; None for each that did not answer.
        """
        asked: list[tuple[Member, asyncio.Future[Reply | None]]] = []
        for member in self.members if members is None else members:
            if member.pid and member.channel is not None:
                self._numbers += 1
                future = asyncio.get_running_loop().create_future()
                member.waiting[self._numbers] = future
                member.channel.send(order(self._numbers))
                asked.append((member, future))
        if asked:
            await asyncio.wait([future for _, future in asked], timeout=within_s)
        return [(member, future.result() if future.done() else None) for member, future in asked]

    async def begun(self) -> None:
        """Wait until all serve."""
        while not all(member.serves for member in self.members):
            self._changed.clear()
            await self._changed.wait()

    # --- watching -----------------------------------------------------------------------------------------------

    def look(self, hang_s: float, begin_s: float) -> Iterator[Member]:
        """Kill those that gave no sign of life for `hang_s`, or did not begin within `begin_s`; which they are."""
        now = time.monotonic()
        for member in self.members:
            bound_s = hang_s if member.generation else max(begin_s, hang_s)
            if member.pid and not member.hung and now - member.heard_mono_s > bound_s:
                member.hung = True
                os.kill(member.pid, signal.SIGKILL)
                yield member

    def samples(self) -> Samples:
        """The figures of all, those of workers that are no more included."""
        total = dict(self._past)
        for member in self.members:
            add(total, member.samples)
        total["workers", ()] = sum(member.serves for member in self.members)
        return total


def _cause(status: int) -> str:
    """How a process ended, from what waitpid says."""
    if os.WIFSIGNALED(status):
        return signal.Signals(os.WTERMSIG(status)).name
    return f"exit {os.WEXITSTATUS(status)}"
