"""
The process that follows the console as the supervisor sees it: begun, heard, answered, replaced.

It is forked as workers are, and after a death begun again after a pause that doubles. One that says nothing for `HANG_S` is
killed. What it wants of the node (`Operations`) is done by the supervisor.
"""

import asyncio
import contextlib
import os
import signal
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final, Protocol, assert_never

from runtime.cache.purge import Purge
from runtime.io.admin.routes import UnreadyError
from runtime.io.channel import Channel
from runtime.io.process.fork import fork
from runtime.io.source import Loaded, Note, ReloadError
from runtime.io.sync.access import ConsoleAccess
from runtime.io.sync.words import Answer, CarryOut, Look, Question, Said, Serve, Served, State, to_agent
from runtime.observe.samples import Samples

HANG_S: Final = 120.0
"""Without a sign of life; it gives one every few seconds, unless a disk holds it up."""
SOON_S: Final = 60.0
"""One that lives no longer failed soon."""
FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 30.0


class Operations(Protocol):
    """What the supervisor does for the console."""

    async def reload(self) -> dict[str, Any]:
        """Serve what can be read now. Raises ReloadError, UnreadyError."""
        ...

    async def purge(self, purge: Purge, /) -> int:
        """Have every worker carry it out. Raises UnreadyError."""
        ...

    async def figures(self) -> Samples:
        """The node's figures as they are now."""
        ...

    async def lines(self, domains: list[str], /) -> list[dict[str, Any]]:
        """New lines of the access log about these domains."""
        ...

    def trouble(self) -> list[str]:
        """What keeps the node from its full service."""
        ...


class Following:
    """
    `begin` may be called once the node serves. `foreign` are descriptors that the process shall not have, `spare` is a
    directory in memory for what the state directory has no room for.
    """

    def __init__(
        self,
        access: ConsoleAccess,
        spare: Path,
        operations: Operations,
        foreign: Callable[[], Iterable[int]],
        note: Note,
    ) -> None:
        self._access = access
        self._spare = spare
        self._operations = operations
        self._foreign = foreign
        self._note = note
        self._loaded = Loaded()
        self._state = State(-1, False, 0.0, "", [], 0, 0)
        self._counted = {"served": 0, "refused": 0}
        """By processes that are no more."""
        self._pid = 0
        self._channel: Channel | None = None
        self._control = -1
        self._begun_mono_s = self._heard_mono_s = 0.0
        self._quick_deaths = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False

    # --- the process --------------------------------------------------------------------------------------------

    async def begin(self) -> None:
        """Begin the process. Raises OSError."""
        ours, theirs = socket.socketpair()
        with theirs:
            self._pid = fork(lambda: self._live(theirs), {*self._foreign(), ours.fileno()})
        self._control = ours.fileno()
        self._begun_mono_s = self._heard_mono_s = time.monotonic()
        channel = self._channel = to_agent(
            lambda said: self._on_said(said, channel), lambda: self._on_end(channel)
        )
        await asyncio.get_running_loop().create_unix_connection(lambda: channel, sock=ours)

    def _live(self, control: socket.socket) -> int:
        """In the new process, which alone needs an HTTP client: follow."""
        from runtime.io.sync.agent import live  # noqa: PLC0415

        served = Served(self.generation, self._left_out())
        return live(self._access, served, self._spare, control, self._note)

    def _left_out(self) -> dict[str, str]:
        return {each.domain: each.why for each in self._loaded.left_out}

    def reap(self) -> None:
        """Take note of it if it has ended, and begin it again."""
        if not self._pid:
            return
        with contextlib.suppress(ChildProcessError):
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            if pid:
                self._pid = 0
                self._ended(os.waitstatus_to_exitcode(status))

    def _ended(self, code: int) -> None:
        if self._channel is not None:
            self._channel.close()
        self._counted["served"] += self._state.served
        self._counted["refused"] += self._state.refused
        self._state.served = self._state.refused = 0
        self._state.reachable = False
        if self._stopping:
            return
        soon = time.monotonic() - self._begun_mono_s < SOON_S
        self._quick_deaths = self._quick_deaths + 1 if soon else 0
        self._note("follower-ended", cause=signal.Signals(-code).name if code < 0 else f"exit {code}")
        self._spawn(self._begin_again())

    async def _begin_again(self) -> None:
        while not self._stopping and not self._pid:
            pause_s = FIRST_PAUSE_S * 2.0 ** min(self._quick_deaths, 10)
            await asyncio.sleep(min(pause_s, LONGEST_PAUSE_S))
            try:
                if not self._stopping:
                    await self.begin()
            except OSError:  # no more processes for now
                self._quick_deaths += 1

    def look(self) -> None:
        """Kill it where it hangs; `reap` does the rest."""
        if self._pid and time.monotonic() - self._heard_mono_s > HANG_S:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)

    def end(self) -> None:
        """End it at once: whatever it was writing is whole or not there."""
        self._stopping = True
        for task in self._tasks:
            task.cancel()
        if self._channel is not None:
            self._channel.close()
        if self._pid:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(self._pid, signal.SIGKILL)
                os.waitpid(self._pid, 0)
            self._pid = 0

    def descriptors(self) -> Iterator[int]:
        """What no other child needs."""
        if self._control >= 0:
            yield self._control

    def _on_end(self, channel: Channel) -> None:
        if self._channel is channel:
            self._channel = None
            self._control = -1

    # --- what it says -------------------------------------------------------------------------------------------

    def _on_said(self, said: Said, channel: Channel) -> None:
        self._heard_mono_s = time.monotonic()
        if isinstance(said, State):
            self._state = said
            return
        self._spawn(self._answer(said, channel))

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, question: Question, channel: Channel) -> None:
        try:
            answer = await self._done(question)
        except Exception as error:  # noqa: BLE001 - whatever it was, it is told, and asked for again
            answer = Answer(question.number, f"internal error: {type(error).__name__}")
        channel.send(answer)

    async def _done(self, question: Question) -> Answer:
        match question:
            case Serve(number, generation):
                return await self._serve(number, generation)
            case CarryOut(number, purges):
                error = ""
                try:
                    for each in purges:
                        await self._operations.purge(purge_in(each.kind, each.value, each.soft, each.hosts))
                except UnreadyError as unready:
                    error = f"a purge was not carried out: {unready}"
                return Answer(number, error)
            case Look(number, domains):
                figures = await self._operations.figures()
                lines = await self._operations.lines(domains)
                trouble = self._operations.trouble()
                return Answer(number, samples=[*figures.items()], lines=lines, trouble=trouble)
            case _:
                assert_never(question)

    async def _serve(self, number: int, generation: int) -> Answer:
        """Have what is kept be served, and tell what became of it."""
        try:
            await self._operations.reload()
        except (ReloadError, UnreadyError) as error:
            return Answer(number, f"not served: {error}")
        if self._loaded.generation >= generation:
            return Answer(number, left_out=[*self._left_out().items()])
        for refused in self._loaded.refused:
            if refused.generation == generation:
                return Answer(number, refused.why, for_ever=not refused.damaged, damaged=refused.damaged)
        return Answer(number, "not served: it is not there", damaged=True)

    # --- what the supervisor and operators see ------------------------------------------------------------------

    def loaded(self, loaded: Loaded) -> None:
        """All workers serve this now."""
        for each in loaded.left_out:
            if each not in self._loaded.left_out:
                self._note("domain-refused", domain=each.domain, reason=each.why, served=each.served)
        self._loaded = loaded
        for refused in loaded.refused:
            self._note("bundle-passed-over", generation=refused.generation, reason=refused.why)

    @property
    def generation(self) -> int:
        """The console's generation that is served, -1 for none."""
        return max(self._loaded.generation, self._state.generation)

    def readiness(self, now: float) -> dict[str, Any]:
        """Of the console, for `/readyz`; ages in seconds, None for never."""
        contact_s = self._state.contact_s
        return {
            "generation": max(self.generation, 0),
            "reachable": self._state.reachable,
            "contact_age_s": round(max(now - contact_s, 0.0), 1) if contact_s else None,
            "error": self._state.error,
        }

    def trouble(self) -> list[str]:
        """What is wrong between node and console."""
        found = list(self._state.trouble)
        if self._state.error and self._state.error not in found:
            found.append(f"console: {self._state.error}")
        if self.generation < 0:
            found.append("console: nothing to serve has come yet")
        found += [
            f"bundle {each.generation} was passed over: {each.why}"
            for each in self._loaded.refused
            if each.generation > self.generation
        ]
        return found

    def samples(self, now: float) -> Samples:
        """Its figures."""
        state = self._state
        told: Samples = {
            ("console_generation", ()): max(self.generation, 0),
            ("console_reachable", ()): float(state.reachable),
            ("console_bundles", ("served",)): self._counted["served"] + state.served,
            ("console_bundles", ("refused",)): self._counted["refused"] + state.refused,
            ("console_domains_refused", ()): len(self._loaded.left_out),
        }
        if state.contact_s:
            told["console_contact_age_seconds", ()] = max(now - state.contact_s, 0.0)
        return told


def purge_in(kind: str, value: str, soft: bool, hosts: tuple[str, ...]) -> Purge:
    """A purge that came from another process of the node."""
    kinds: dict[str, Any] = {each: each for each in ("url", "prefix", "tag", "all")}
    return Purge(kinds[kind], value, soft, hosts)
