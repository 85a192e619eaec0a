"""
The node's first process: it binds, begins the workers, replaces those that end, reloads, answers operators, and ends all.

It serves no request itself and runs no script, so nothing a client sends can reach it. Everything it does waits in one
loop without threads, which is what lets it fork at any time (`fork`).
"""

import asyncio
import hashlib
import signal
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from runtime.cache.purge import Purge as WhatToPurge
from runtime.config import Config, ConfigError
from runtime.config.restart import in_force, wanting_restart
from runtime.io.admin.effective import shown
from runtime.io.admin.listener import AdminListener
from runtime.io.admin.routes import Routes, UnreadyError, problem
from runtime.io.listen.bound import Sockets
from runtime.io.listen.tls import ServerTls
from runtime.io.process.control import Commit, Follow, Prepare, Purge, Reopen, States, Tell
from runtime.io.process.crew import Crew, Member
from runtime.io.process.following import Following
from runtime.io.process.loader import read_anew
from runtime.io.process.notify import Notify
from runtime.io.process.watch import LOOK_S as WATCH_S
from runtime.io.process.watch import Watch
from runtime.io.process.worker import live
from runtime.io.source import Before, ReloadError, Source
from runtime.io.sync.access import ConsoleAccess
from runtime.observe.events import EventLog
from runtime.observe.samples import Samples, add
from runtime.scripts.site import Sites

LOOK_S: Final = 1.0
"""Between two looks at the workers."""
TELL_S: Final = 1.0
"""For workers to tell their figures; of one that does not, those of its last beat are told."""
FIRST_DEATHS: Final = 3
"""Of workers before the node has begun to serve; then it gives up."""
MAX_TOLD: Final = 100
"""Scripts that a line of the log names: of a console's domains there may be thousands, and a change every second."""
DRAIN_GRACE_S: Final = 8.0
"""Beyond `lame_duck_s` and `drain_s`, for workers to write what is to be kept: 5 s for stored responses, 1 s for the access log."""


class Supervisor:
    """`sockets` has a list for each worker, `admin` and `probes` those of their listeners."""

    def __init__(
        self,
        config: Config,
        sites: Sites,
        source: Source | None,
        bundle: bytes | None,
        state: Path,
        sockets: Sequence[Sockets],
        admin: list[socket.socket],
        probes: list[socket.socket],
        tls: ServerTls | None,
        log: EventLog,
        notify: Notify,
        console: ConsoleAccess | None = None,
    ) -> None:
        self._config = config
        self._read = config
        """What was read last: not all of it may be in force."""
        self._sites = sites
        self._source = source
        self._bundle = bundle
        """Of what is served; None for what the node began with where it was given as sites."""
        self._state = state
        self._generation = 1
        self._loaded_s = time.time()
        self._log = log
        self._notify = notify
        self._admin_sockets = admin
        self._tls = tls
        self._probe_sockets = probes
        self._admin = AdminListener(Routes(self).answer, problem, config.admin_hosts)
        self._probes = AdminListener(Routes(self, probes=True).answer, problem, config.admin_hosts)
        self._counted: Samples = {}
        self._serving = False
        self._stopping = asyncio.Event()
        self._hurry = asyncio.Event()
        self._reload_wanted = asyncio.Event()
        self._watch = Watch()
        self._reloading = asyncio.Lock()
        self._reload_failed = ""
        """Why, until one is done."""
        self._certificates_kept = ""
        """Why they were not renewed; '' when they were."""
        self._early_deaths = 0
        self._looked_mono_s = time.monotonic()
        self._crew = Crew(sockets, self._birth, self._descriptors, self._on_worker_ended, self._on_beat)
        self._catching_up: set[asyncio.Task[None]] = set()
        self._following: Following | None = None
        if console is not None:
            self._following = Following(console, state, self, self._all_descriptors, log.note)
            self._note_loaded()

    # --- the node's life ----------------------------------------------------------------------------------------

    async def live(self, on_serving: Callable[[], None]) -> int:
        """Serve until SIGTERM or SIGINT; the exit status. `on_serving` is called when all workers serve."""
        self._take_signals()
        for member in self._crew.members:
            await self._crew.begin(member)
        await self._first_of(self._crew.begun(), self._stopping.wait())
        if self._early_deaths >= FIRST_DEATHS:
            self._log.note("start-failed", count=self._early_deaths)
            await self._crew.drain(0.0, self._hurry)
            return 1
        tasks = [asyncio.create_task(self._look()), asyncio.create_task(self._reload_when_wanted())]
        if self._config.watch and self._source is not None and self._bundle is not None:
            tasks.append(asyncio.create_task(self._watch_files(self._source, self._bundle)))
        if not self._stopping.is_set():
            await self._admin.open(self._admin_sockets)
            await self._probes.open(self._probe_sockets)
            self._serving = True
            self._notify.ready()
            on_serving()
            if self._following is not None:
                await self._following.begin()
        await self._stopping.wait()
        self._serving = False
        self._notify.stopping()
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        if self._following is not None:
            self._following.end()
        stopping_s = self._config.lame_duck_s + self._config.drain_s + DRAIN_GRACE_S
        await self._crew.drain(stopping_s, self._hurry)
        await self._admin.close()
        await self._probes.close()
        return 0

    async def _first_of(self, *waits: Any) -> None:
        tasks = [asyncio.ensure_future(each) for each in waits]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()

    def _take_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end)
        again = self._end if self._source is None else self._reload_wanted.set
        loop.add_signal_handler(signal.SIGHUP, again)
        loop.add_signal_handler(signal.SIGUSR1, self._begin, self._log_states)
        loop.add_signal_handler(signal.SIGUSR2, self._begin, self._reopen_logs)
        loop.add_signal_handler(signal.SIGCHLD, self._reap)

    def _reap(self) -> None:
        self._crew.reap()
        if self._following is not None:
            self._following.reap()

    def _end(self) -> None:
        if self._stopping.is_set():
            self._hurry.set()
        self._stopping.set()

    def _begin(self, work: Callable[[], Any]) -> None:
        task = asyncio.get_running_loop().create_task(work())
        self._catching_up.add(task)
        task.add_done_callback(self._catching_up.discard)

    async def _look(self) -> None:
        """Now and then: kill what hangs, tell the service manager of being alive."""
        pause_s = min(LOOK_S, self._notify.watchdog_s or LOOK_S)
        while True:
            await asyncio.sleep(pause_s)
            now = time.monotonic()
            slept_s, self._looked_mono_s = now - self._looked_mono_s, now
            if (
                slept_s < pause_s + self._config.hang_s / 2
            ):  # else the supervisor did not run, so how would it know
                for member in self._crew.look(self._config.hang_s, self._config.reload_timeout_s):
                    self._log.note("worker-hung", worker=member.number, pid=member.pid)
                if self._following is not None:
                    self._following.look()
            self._reap()
            self._notify.alive()

    # --- workers ------------------------------------------------------------------------------------------------

    def _birth(self, number: int, control: socket.socket) -> int:
        """In the new process: be a worker."""
        sites = self._sites
        if self._source is not None:
            self._source.join(self._state)
            if self._bundle is not None:
                sites = self._source.build(self._bundle, salvage=True)
        sockets = self._crew.members[number].sockets
        shared = self._state if self._config.workers > 1 else None
        config = in_force(self._config, self._read)
        return live(config, sites, self._generation, self._source, sockets, control, self._tls, shared)

    def _descriptors(self) -> Iterator[int]:
        """What no child needs, but for the sockets of the crew."""
        yield from (each.fileno() for each in (*self._admin_sockets, *self._probe_sockets))
        yield from self._admin.descriptors()
        if self._following is not None:
            yield from self._following.descriptors()
        yield from self._probes.descriptors()

    def _on_worker_ended(self, member: Member, cause: str) -> None:
        add(self._counted, [(("worker_restarts", (cause,)), 1)])
        self._log.note("worker-ended", worker=member.number, cause=cause)
        if not self._serving:
            self._early_deaths += 1
            if self._early_deaths >= FIRST_DEATHS:
                self._stopping.set()

    def _on_beat(self, member: Member) -> None:
        if member.generation != self._generation and not self._reloading.locked():
            self._begin(lambda: self._catch_up(member))

    async def _catch_up(self, member: Member) -> None:
        """Have a worker that began with what was served before serve what is."""
        async with self._reloading:
            if not member.serves or member.generation == self._generation or self._bundle is None:
                return
            generation, bundle = self._generation, self._bundle
            within_s = self._config.reload_timeout_s
            await self._crew.ask(lambda number: Prepare(number, generation, bundle), [member], within_s)
            await self._crew.ask(lambda number: Commit(number, generation), [member])
            member.generation = generation

    # --- reloading ----------------------------------------------------------------------------------------------

    async def _watch_files(self, source: Source, bundle: bytes) -> None:
        """Want a reload whenever files have changed."""
        self._watch.begin(source.files(bundle))
        while True:
            await asyncio.sleep(WATCH_S)
            if not self._reloading.locked() and self._watch.changed():
                self._reload_wanted.set()

    async def _reload_when_wanted(self) -> None:
        """Reload at each SIGHUP; once more if one came meanwhile."""
        while True:
            await self._reload_wanted.wait()
            self._reload_wanted.clear()
            try:
                await self.reload()
            except (ReloadError, UnreadyError):
                continue  # it was logged

    async def reload(self) -> dict[str, Any]:
        """Serve what can be read now: its generation and scripts. Raises ReloadError, UnreadyError; then all is as before."""
        if self._source is None or not self._serving:
            raise UnreadyError("nothing to reload from" if self._serving else "the node is not serving")
        async with self._reloading:
            self._notify.reloading()
            try:
                scripts, before = await self._reload(self._source)
            except (ReloadError, UnreadyError, OSError) as error:
                add(self._counted, [(("reloads", ("failed",)), 1)])
                self._log.note("reload-failed", reason=str(error))
                self._reload_failed = str(error) or "failed"
                if isinstance(error, OSError):
                    raise UnreadyError(str(error)) from None
                raise
            finally:
                self._notify.ready()
            self._reload_failed = ""
            add(self._counted, [(("reloads", ("done",)), 1)])
            told = {each: before[each] for each in [*before][:MAX_TOLD]}
            waiting = wanting_restart(self._config, self._read)
            facts = {"wants_restart": waiting} if waiting else {}
            self._log.note("reloaded", scripts=scripts[:MAX_TOLD], before=told, **facts)
        return {
            "generation": self._generation,
            "digest": self._digest,
            "scripts": scripts,
            "wants_restart": waiting,
            "trouble": self.trouble(),
        }

    async def _reload(self, source: Source) -> tuple[list[str], States]:
        """Read, have all workers build it, then have all serve it: names of its scripts, and states of those before."""
        within_s = self._config.reload_timeout_s
        known = Before(self._bundle, self._state)
        bundle = await read_anew(source, known, within_s, self._all_descriptors())
        generation = self._generation + 1
        prepared = await self._crew.ask(lambda number: Prepare(number, generation, bundle), None, within_s)
        for member, reply in prepared:
            # One that died will be replaced by one that builds what is served then.
            if reply is not None and reply.error:
                raise ReloadError(f"worker {member.number}: {reply.error}")
        self._bundle, self._generation, self._loaded_s = bundle, generation, time.time()
        self._read = source.settings(bundle)
        if self._config.watch:
            self._watch.follow(source.files(bundle))
        self._note_loaded()
        self._renew_certificates()
        done = await self._crew.ask(lambda number: Commit(number, generation), [each for each, _ in prepared])
        before: States = {}
        scripts: list[str] = []
        for member, reply in done:
            if reply is not None and not reply.error:
                member.generation = generation
                scripts = reply.scripts
                _add_states(before, reply.states)
        return scripts, before

    def _renew_certificates(self) -> None:
        """Those that workers begin with from now on; each worker has renewed its own, and logs what it keeps."""
        if self._tls is not None:
            self._certificates_kept = ""
            try:
                self._tls.reload(self._config.certificates, self._config.tls_min)
            except ConfigError as error:
                self._certificates_kept = str(error)

    def _note_loaded(self) -> None:
        if self._following is not None and self._source is not None and self._bundle is not None:
            self._following.loaded(self._source.loaded(self._bundle))

    def _all_descriptors(self) -> Iterator[int]:
        yield from self._descriptors()
        for member in self._crew.members:
            yield from (each.fileno() for each in member.every_socket())
            if member.control >= 0:
                yield member.control

    @property
    def _digest(self) -> str:
        return "" if self._bundle is None else hashlib.sha256(self._bundle).hexdigest()[:12]

    # --- what operators ask -------------------------------------------------------------------------------------

    async def _log_states(self) -> None:
        states: States = {}
        for _, reply in await self._crew.ask(Tell, None, TELL_S):
            if reply is not None:
                _add_states(states, reply.states)
        if states:
            self._log.note("script-states", scripts=states)

    async def _reopen_logs(self) -> None:
        await self._crew.ask(Reopen)

    def readiness(self) -> dict[str, Any]:
        """Of `admin_routes.Operations`, as the methods that follow."""
        serving = sum(member.serves for member in self._crew.members)
        console = self._following
        waiting = wanting_restart(self._config, self._read)
        # A console that is away is no reason to send clients elsewhere; one that never said anything is.
        knows = console is None or console.generation >= 0
        return {
            "ready": self._serving and serving > 0 and knows,
            "generation": self._generation,
            "digest": self._digest,
            "config_age_s": round(time.time() - self._loaded_s, 1),
            "workers": serving,
            "workers_wanted": len(self._crew.members),
            "trouble": self.trouble(),
            **({"wants_restart": waiting} if waiting else {}),
            **({} if console is None else {"console": console.readiness(time.time())}),
        }

    def trouble(self) -> list[str]:
        """What keeps the node from its full service."""
        found = {each for member in self._crew.members for each in member.trouble}
        if self._following is not None:
            found.update(self._following.trouble())
        if not all(member.serves for member in self._crew.members):
            found.add("a worker is missing")
        if self._reload_failed:
            found.add(f"reload: {self._reload_failed}")
        if self._certificates_kept:
            found.add(f"certificates: those before are kept: {self._certificates_kept}")
        if self._tls is not None:
            found.update(f"certificates: expired: {each}" for each in self._tls.expired(time.time()))
        return sorted(found)

    async def figures(self) -> Samples:
        """The node's figures as they are now."""
        for member, reply in await self._crew.ask(Tell, None, TELL_S):
            if reply is not None:
                member.samples, member.trouble = dict(reply.samples), reply.trouble
        total = self._crew.samples()
        add(total, self._counted)
        total["generation", ()] = self._generation
        total["config_age_seconds", ()] = time.time() - self._loaded_s
        if self._following is not None:
            add(total, self._following.samples(time.time()))
        for what in self.trouble():
            total["trouble", (what,)] = 1
        return total

    async def purge(self, purge: WhatToPurge) -> int:
        """Have every worker carry it out: the number of responses it was about."""
        asked = await self._crew.ask(lambda number: Purge(number, *purge))
        if not asked:
            raise UnreadyError("no worker serves")
        silent = [member.number for member, reply in asked if reply is None and member.pid]
        if silent:
            raise UnreadyError(f"no answer from workers {', '.join(map(str, silent))}")
        replies = [reply for _, reply in asked if reply is not None]
        alone = sum(reply.count for reply in replies if not reply.shared)
        return alone + max((reply.count for reply in replies if reply.shared), default=0)

    async def lines(self, domains: list[str]) -> list[dict[str, Any]]:
        """New lines of the access log about these domains, which are kept from now on."""
        asked = await self._crew.ask(lambda number: Follow(number, domains), None, TELL_S)
        return [line for _, reply in asked if reply is not None for line in reply.lines]

    def config(self) -> dict[str, Any]:
        """The settings in force, without secrets."""
        return shown(in_force(self._config, self._read))


def _add_states(total: States, more: States) -> None:
    for script, by_state in more.items():
        into = total.setdefault(script, {})
        for state, count in by_state.items():
            into[state] = into.get(state, 0) + count
