"""
The process that follows the console: it carries out what `core` decides, and reports.

It is neither the supervisor, whose loop must not wait, nor a worker: whatever the network, the disk or a hostile answer do to
it, requests are served on, and the supervisor begins it anew. It ends with its supervisor.
"""

import asyncio
import contextlib
import itertools
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from random import SystemRandom
from typing import Final, assert_never

from runtime.bundles.manifest import Manifest
from runtime.bundles.report import ReportAnswer
from runtime.bundles.sealing import BlobRef
from runtime.bundles.wire import BundleError
from runtime.io.channel import Channel
from runtime.io.source import Note
from runtime.io.sync import core, words
from runtime.io.sync.access import ConsoleAccess
from runtime.io.sync.backoff import Backoff
from runtime.io.sync.client import ConsoleClient, HinderedError
from runtime.io.sync.reporting import Reporter
from runtime.state.bundles import KeptBundles, Standing

TELL_S: Final = 5.0
"""Between two signs of life."""
SERVE_S: Final = 300.0
"""For the node to serve what it is offered: a reload has a bound of its own."""
ANSWER_S: Final = 30.0
"""For other answers of the supervisor."""
FETCHED_AT_ONCE: Final = 8
MAX_GATHERED_BYTES: Final = 1 << 30
"""Blobs of one manifest that the node does not have."""
ROUNDS: Final = 3
"""Of gathering: documents, then what they name, then whatever has been lost meanwhile."""
COMMAND: Final = "edgescript-sync"
"""What lists of processes call it, where they can be told; 15 characters are all there is room for."""
_CANNOT_KEEP: Final = "bundles cannot be kept"
QUIET_S: Final = 0.2
"""Between two reports at least."""


class Agent:
    """`kept` is where bundles are."""

    def __init__(self, access: ConsoleAccess, served: words.Served, kept: KeptBundles, note: Note) -> None:
        self._access = access
        self._kept = kept
        self._note = note
        self._chance = SystemRandom().random
        first_key = access.token.place.public_key
        standing = kept.standing()
        if standing is None or standing.first_key != first_key:
            standing = Standing((first_key,), first_key)
        environment, manifest = access.token.place.environment, _kept(kept, served.generation)
        self._follower = core.Follower(
            environment, standing, served.generation, manifest, self._chance, served.left_out
        )
        self._reporter = Reporter(access, time.time())
        self._tail: tuple[str, ...] = ()
        self._report_wanted = asyncio.Event()
        self._ended = asyncio.Event()
        self._channel: Channel = words.to_supervisor(self._on_answer, self._ended.set)
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[words.Answer]] = {}
        self._contact_s = 0.0
        self._served = self._refused = 0
        """Manifests that were."""
        self._trouble = ""
        """What keeps it from keeping."""
        self._reports_lost = False
        self._to_collect = True
        self._seen = ("", True)
        """Error and reachability that were noted last."""

    async def live(self, sock: socket.socket) -> None:
        """Follow until the supervisor has gone. Raises OSError for certificates that cannot be used."""
        loop = asyncio.get_running_loop()
        async with ConsoleClient(self._access) as console:
            await loop.create_unix_connection(lambda: self._channel, sock=sock)
            tasks = [
                loop.create_task(each)
                for each in (self._follow(console), self._report(console), self._tell(), self._ended.wait())
            ]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
            for result in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(result, Exception):
                    raise result

    # --- following ----------------------------------------------------------------------------------------------

    async def _follow(self, console: ConsoleClient) -> None:
        event: core.Event = core.Begun()
        while True:
            before = self._follower.served, self._follower.error
            command = self._follower.step(event)
            if isinstance(event, core.Answered) and isinstance(command, core.Rest):
                self._refused += 1
            if (self._follower.served, self._follower.error) != before:
                self._report_wanted.set()
            self._note_changes()
            self._tell_state()
            event = await self._carry_out(command, console)

    async def _carry_out(self, command: core.Command, console: ConsoleClient) -> core.Event:
        match command:
            case core.Ask():
                return await self._ask(command, console)
            case core.Gather(manifest):
                return await self._gather(manifest, console)
            case core.Keep():
                return await self._keep(command)
            case core.Offer(generation):
                return await self._offer(generation)
            case core.CarryOut():
                return await self._purge(command)
            case core.Rest(seconds):
                await asyncio.sleep(seconds)
                return core.Rested()
            case _:
                assert_never(command)

    async def _ask(self, command: core.Ask, console: ConsoleClient) -> core.Event:
        if self._to_collect:
            await asyncio.to_thread(self._kept.keep_newest)
            self._to_collect = False
            self._tell_keeping()
        try:
            answer = await console.manifest(command.after, command.wait_s)
        except HinderedError as error:
            return error.hindered
        self._contact_s = time.time()
        return answer

    async def _gather(self, manifest: Manifest, console: ConsoleClient) -> core.Event:
        try:
            for _ in range(ROUNDS):
                wanted = await asyncio.to_thread(self._kept.missing, manifest)
                if not wanted:
                    return core.Done()
                if sum(ref.size for ref in wanted) > MAX_GATHERED_BYTES:
                    return core.Failed(f"blobs to fetch: more than {MAX_GATHERED_BYTES} bytes")
                await self._fetch(wanted, console)
        except HinderedError as error:
            return core.Failed(error.hindered.text)
        except OSError as error:
            return self._cannot_keep(error)
        return core.Failed("blobs are lost as they are kept")

    async def _fetch(self, wanted: list[BlobRef], console: ConsoleClient) -> None:
        """Raises HinderedError, OSError."""
        left = iter(wanted)

        async def fetch() -> None:
            for ref in left:
                data = await console.blob(ref)
                await asyncio.to_thread(self._kept.keep_blob, ref, data)

        tasks = [asyncio.ensure_future(fetch()) for _ in range(min(FETCHED_AT_ONCE, len(wanted)))]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep(self, command: core.Keep) -> core.Event:
        try:
            generation = command.manifest.generation
            await asyncio.to_thread(self._kept.keep_manifest, generation, command.envelope, command.believed)
            await asyncio.to_thread(self._kept.keep_standing, command.standing)
        except OSError as error:
            return self._cannot_keep(error)
        self._tell_keeping()
        return core.Done()

    def _tell_keeping(self) -> None:
        """Say whether what is served would be there after a restart."""
        unkept = self._kept.unkept
        trouble = f"{_CANNOT_KEEP}: {unkept}; they are served from memory, for as long as the node runs"
        trouble = trouble if unkept else ""
        if trouble and trouble != self._trouble:
            self._note("bundles-in-memory", reason=unkept)
        self._trouble = trouble

    def _cannot_keep(self, error: OSError) -> core.Failed:
        self._trouble = f"{_CANNOT_KEEP}: {(error.strerror or str(error)).lower()}"
        return core.Failed(self._trouble)

    async def _offer(self, generation: int) -> core.Event:
        answer = await self._asked(lambda number: words.Serve(number, generation), SERVE_S)
        if not answer.error:
            return core.Done(dict(answer.left_out))
        if answer.damaged:
            # What is on the disk is not what was put there: it is read and fetched anew.
            self._kept.doubt()
            self._kept.drop_manifest(generation)
            return core.Failed(answer.error, anew=True)
        if answer.for_ever:
            self._kept.drop_manifest(generation)
            return self._cannot_serve(generation, answer.error)
        return core.Failed(answer.error)

    def _cannot_serve(self, generation: int, why: str) -> core.Refused:
        self._refused += 1
        self._note("bundle-refused", generation=generation, reason=why)
        return core.Refused(why)

    async def _purge(self, command: core.CarryOut) -> core.Event:
        purges = [words.Purged(*purge) for purge in command.purges]
        if purges:
            answer = await self._asked(lambda number: words.CarryOut(number, purges), ANSWER_S)
            if answer.error:
                return core.Failed(answer.error)
        try:
            await asyncio.to_thread(self._kept.keep_standing, command.standing)
            self._tell_keeping()
        except OSError as error:  # they are carried out again after a restart, which does no harm
            self._cannot_keep(error)
        self._to_collect = True
        self._served += 1
        self._note("bundle-served", generation=command.generation, purges=len(purges))
        return core.Done()

    # --- reporting ----------------------------------------------------------------------------------------------

    async def _report(self, console: ConsoleClient) -> None:
        backoff = Backoff(self._chance)
        answer = ReportAnswer()
        while True:
            await asyncio.sleep(QUIET_S)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._report_wanted.wait(), max(answer.interval_s - QUIET_S, 0.0))
            self._report_wanted.clear()
            try:
                answer = await self._report_once(console)
            except HinderedError as error:
                self._note_reports(lost=error.hindered.why == "unreachable")
                await asyncio.sleep(backoff.failed(error.hindered.retry_after_s))
            else:
                self._note_reports(lost=False)
                backoff.succeeded()

    def _note_reports(self, *, lost: bool) -> None:
        if lost != self._reports_lost:
            self._reports_lost = lost
            self._tell_state()

    async def _report_once(self, console: ConsoleClient) -> ReportAnswer:
        """Raises HinderedError."""
        domains = [*self._tail]
        figures = await self._asked(lambda number: words.Look(number, domains), ANSWER_S)
        follower = self._follower
        trouble = [*figures.trouble, *([self._trouble] if self._trouble else [])]
        report = self._reporter.report(
            figures.samples,
            figures.lines,
            trouble,
            generation=follower.served,
            refused=follower.refused if follower.refused > follower.served else -1,
            error=follower.error if follower.reachable else "",  # whoever reads this has been reached
            refused_domains=follower.left_out,
        )
        answer = await console.report(report)
        self._reporter.answered()
        follower.heard()
        self._note_changes()
        self._tail = answer.tail
        self._contact_s = time.time()
        return answer

    # --- the supervisor -----------------------------------------------------------------------------------------

    async def _asked(self, question: Callable[[int], words.Question], within_s: float) -> words.Answer:
        """The supervisor's answer to the question that is made of a number; one with `error` where none came."""
        number = next(self._numbers)
        future: asyncio.Future[words.Answer] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        self._channel.send(question(number))
        try:
            async with asyncio.timeout(within_s):
                return await future
        except TimeoutError:
            return words.Answer(number, "the node is too busy to say")
        finally:
            del self._waiting[number]

    def _on_answer(self, answer: words.Answer) -> None:
        waiting = self._waiting.get(answer.number)
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)

    async def _tell(self) -> None:
        while True:
            self._tell_state()
            await asyncio.sleep(TELL_S)

    def _tell_state(self) -> None:
        follower = self._follower
        trouble = [self._trouble] if self._trouble else []
        self._channel.send(
            words.State(
                follower.served,
                follower.reachable and not self._reports_lost,
                self._contact_s,
                follower.error,
                trouble,
                self._served,
                self._refused,
            )
        )

    def _note_changes(self) -> None:
        follower = self._follower
        seen = follower.error, follower.reachable
        if seen != self._seen:
            (error, reachable), self._seen = self._seen, seen
            if follower.error and follower.error != error:
                self._note("console-trouble", reason=follower.error)
            elif follower.reachable and (not reachable or error):
                self._note("console-reached")


def live(access: ConsoleAccess, served: words.Served, spare: Path, sock: socket.socket, note: Note) -> int:
    """Be the agent, until the supervisor at the other end of `sock` has gone. The exit status."""
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text(COMMAND, encoding="ascii")
    kept = KeptBundles(access.state, access.token.place.environment, spare)

    if access.is_in_clear:
        note("console-in-clear", url=access.url)

    async def agent() -> None:
        await Agent(access, served, kept, note).live(sock)

    try:
        asyncio.run(agent())
    except (OSError, ssl.SSLError) as error:
        note("console-trouble", reason=f"{access.ca_file or 'certificates'}: {error}")
        return 1
    return 0


def _kept(kept: KeptBundles, generation: int) -> Manifest | None:
    with contextlib.suppress(BundleError):
        return kept.manifest(generation) if generation >= 0 else None
    return None
