"""Troubles of the node's own processes and of what they lean on: killed, hung, badly reloaded, clock, Redis."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from loadtest.crowd import CLOSED, CUT, Ask, until
from loadtest.edge import Edge, origin
from loadtest.fault_scene import BRIEF, NEW, PASSED, STORED, Scene, SkipError
from loadtest.process import free_port
from loadtest.stepped_clock import set_step

HANG_S: Final = 2.5
_NOTICED_S: Final = 1.2
"""After so long the node has noticed that the clock was stepped, and what is stored for a second is stale."""


def worker_killed(scene: Scene) -> None:
    """Workers are killed under load, one after the other"""
    with scene.played(STORED, NEW, PASSED) as (node, _, crowd):

        def kill() -> None:
            for number in range(scene.scale.repeats):
                workers = node.workers()
                os.kill(workers[number % len(workers)], signal.SIGKILL)
                scene.settle(lambda: _all_serve(node, scene.workers), 10, "not all workers serve again")
                crowd.ask_for(0.1)

        scene.did(f"SIGKILL to {scene.scale.repeats} workers, each when all served")
        scene.phase(crowd, "during", kill)
        scene.phase(crowd, "after")
        restarts, damaged = node.metric("worker_restarts_total"), node.metric("disk_damaged_total")
        scene.told(
            f"/readyz: {_short(node)}; worker_restarts_total: {restarts:.0f}; disk_damaged_total: {damaged:.0f}"
        )
        scene.must(restarts == scene.scale.repeats, f"{restarts:.0f} restarts were counted")
        scene.must(not damaged, "stored responses were damaged")
        scene.must(_short(node) == "ready, no trouble", "trouble remains")
    for ask in (STORED, NEW, PASSED):
        scene.only(crowd.of("during", ask.name), "200", CLOSED, CUT, where=f"during, {ask.name}")
        scene.only(crowd.of("after", ask.name), "200", where=f"after, {ask.name}")
    total = crowd.total()
    lost, most = total[CLOSED] + total[CUT], scene.scale.repeats * crowd.clients
    scene.must(
        lost <= most, f"{lost} requests were lost, more than the {most} that were on killed workers at most"
    )


def worker_hung(scene: Scene) -> None:
    """A worker hangs"""
    scene.did(f"SIGSTOP to a worker; hang_s is {HANG_S:g}")
    with scene.played(STORED, PASSED, hang_s=HANG_S) as (node, _, crowd):
        stopped = node.workers()[0]

        def hang() -> None:
            os.kill(stopped, signal.SIGSTOP)
            scene.settle(lambda: stopped not in node.workers(), HANG_S + 5, "not killed")
            scene.settle(lambda: _all_serve(node, scene.workers), 10, "not replaced")

        scene.phase(crowd, "during", hang)
        scene.phase(crowd, "after")
        scene.told(f"/readyz: {_short(node)}; log: worker-hung x {len(node.events('worker-hung'))}")
    for ask in (STORED, PASSED):
        scene.only(crowd.of("during", ask.name), "200", CLOSED, CUT, where=f"during, {ask.name}")
        scene.only(crowd.of("after", ask.name), "200", where=f"after, {ask.name}")
    scene.must(len(node.events("worker-hung")) == 1, "the log does not say so once")


def node_killed(scene: Scene) -> None:
    """The whole node is killed while it stores, and begun anew with what it left"""
    scene.did(
        "SIGKILL to supervisor and workers while new responses are stored, then a node with the same state directory"
    )
    with origin() as upstream:
        with scene.node(upstream) as node, scene.crowd(node, STORED, NEW) as crowd:
            scene.phase(crowd, "before")
            node.kill()
        with scene.node(upstream) as node, scene.crowd(node, STORED, NEW) as again:
            scene.phase(again, "after")
            found, damaged = node.metric("disk_hits_total"), node.metric("disk_damaged_total")
            scene.told(
                f"/readyz: {_short(node)}; disk_hits_total: {found:.0f}; disk_damaged_total: {damaged:.0f}"
            )
    scene.must(found > 0, "nothing of what was stored was found again")
    scene.must(not damaged, "stored responses were damaged")
    for ask in (STORED, NEW):
        scene.only(crowd.of("before", ask.name), "200", CLOSED, CUT, where=f"before, {ask.name}")
        scene.only(again.of("after", ask.name), "200", where=f"after, {ask.name}")


def bad_reload(scene: Scene) -> None:
    """A configuration that is wrong, and a script that is, are reloaded under load"""
    script = scene.folder / "a.es"
    script.write_text("add_rsp_header('X-Release', '1')\n", encoding="utf-8")
    scene.did(
        f"{scene.scale.repeats} times: a script with an error, a file that is no TOML, then both put right"
    )
    with scene.played(STORED, PASSED, scripts=["a.es"]) as (node, _, crowd):
        right = (scene.folder / "edge.toml").read_text(encoding="utf-8")

        def spoil() -> None:
            for _ in range(scene.scale.repeats):
                for name, text in (("a.es", "exit(20\n"), ("edge.toml", "listen = \n")):
                    before = (scene.folder / name).read_text(encoding="utf-8")
                    (scene.folder / name).write_text(text, encoding="utf-8")
                    status, _ = node.admin("POST", "/reload")
                    scene.must(status == 422, f"reload of a wrong {name}: {status}, want 422")
                    (scene.folder / name).write_text(before, encoding="utf-8")
                status, _ = node.admin("POST", "/reload")
                scene.must(status == 200, f"reload of what is right: {status}, want 200")

        scene.phase(crowd, "during", spoil)
        scene.must(
            (scene.folder / "edge.toml").read_text(encoding="utf-8") == right, "the file is not as before"
        )
        scene.told(
            f"/readyz: {_short(node)}; reloads_total failed: {node.metric('reloads_total', 'failed'):.0f}"
        )
    scene.always_served(crowd, STORED, PASSED)


def clock_stepped(scene: Scene) -> None:
    """The machine's clock is stepped: two days ahead, then four back"""
    day_s = 86_400.0
    steps = scene.folder / "clock"
    set_step(steps, 0)
    (scene.folder / "limit.es").write_text(
        "if eq(substr($uri, 1, 9), '/limited/') {\n    if not(limit_req('all', '20r/s', 20)) {\n        exit(429)\n    }\n}\n",
        encoding="utf-8",
    )
    limited = Ask("limited", ["/limited/10/{}"])
    command = (sys.executable, "-m", "loadtest.stepped_clock", str(steps))
    scene.did("+2 days, then -4 days, each for a phase; clients keep their connections")
    with scene.played(STORED, BRIEF, PASSED, limited, command=command, scripts=["limit.es"]) as (
        node,
        _,
        crowd,
    ):
        for phase, days in (("ahead", 2), ("back", -2)):
            set_step(steps, days * day_s)
            scene.phase(crowd, phase, lambda: crowd.ask_for(_NOTICED_S))
        scene.told(f"/readyz: {_short(node)}; aborted_total: {node.metric('aborted_total'):.0f}")
        scene.must(node.readiness()["workers"] == scene.workers, "workers are missing")
        scene.must(not node.events("worker-ended"), "workers ended")
    scene.always_served(crowd, STORED, BRIEF, PASSED)
    for phase in crowd.phases:
        tally = crowd.of(phase, "limited")
        scene.only(tally, "200", "429", where=f"{phase}, limited")
        scene.must(tally.by_what["200"] > 0, f"{phase}: a limit lets nobody pass any more")
        scene.must(
            tally.by_what["200"] < 20 + 20 * (scene.scale.phase_s + _NOTICED_S + 6),
            f"{phase}: a limit lets too many pass",
        )
    for phase, what in (("ahead", "what is two days old"), ("back", "what is stored two days ahead")):
        for ask in (STORED, BRIEF):
            renewed = {seen.x_cache for seen in crowd.of(phase, ask.name).seen} - {"HIT"}
            scene.must(bool(renewed), f"{phase}, {ask.name}: {what} counts as fresh")


def redis_gone(scene: Scene) -> None:
    """Redis, where limits across nodes are counted, goes and comes back"""
    rate, lease_s = 40, 0.4
    (scene.folder / "limit.es").write_text(
        f"if not(limit_req('all', '{rate}r/s', {rate})) {{\n    exit(429)\n}}\n", encoding="utf-8"
    )
    port = free_port()
    scene.did(
        f"SIGKILL to Redis under a limit of {rate} requests a second, leases of {lease_s:g} s; then another at its port"
    )
    limited = Ask("limited", ["/keep/100/{}"])
    with _redis(port, scene) as server:
        url = f"redis://127.0.0.1:{port}"
        with scene.played(limited, scripts=["limit.es"], redis=url, redis_lease_s=lease_s) as (
            node,
            _,
            crowd,
        ):
            scene.settle(lambda: server.members() == scene.workers, 5, "Redis does not know the workers")
            began = time.monotonic()
            server.kill()
            # What was leased in the phase before may have been used up: its end is waited for.
            scene.phase(crowd, "during", lambda: crowd.ask_for(4 * lease_s))
            lasted_s = time.monotonic() - began
            scene.settle(
                lambda: len(node.events("redis-lost")) == scene.workers, 5, "not each worker logs its loss"
            )
            scene.told(f"/readyz: {_short(node)}; log: redis-lost x {len(node.events('redis-lost'))}")
            server.start()
            scene.settle(
                lambda: server.members() == scene.workers, 8, "Redis does not know the workers again"
            )
            scene.phase(crowd, "after", lambda: crowd.ask_for(6 * lease_s))
    for phase in ("before", "during", "after"):
        scene.only(crowd.of(phase, "limited"), "200", "429", where=phase)
        scene.must(crowd.of(phase, "limited").by_what["200"] > 0, f"{phase}: nobody passes")
    passed = crowd.of("during", "limited").by_what["200"]
    most = rate * (lasted_s + 2 * lease_s) + 2 * rate
    scene.must(passed <= most, f"during: {passed} passed, more than {most:.0f}")


class _Redis:
    def __init__(self, program: str, port: int, folder: str) -> None:
        self._command = (
            program,
            "--port",
            str(port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
            folder,
        )
        self._client = ("redis-cli", "-p", str(port), "zcard", "edgescript:members")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        until(lambda: self.members() >= 0, 10)

    def members(self) -> int:
        """Workers it knows; -1 while it does not answer."""
        done = subprocess.run(self._client, capture_output=True, text=True, timeout=10, check=False)
        return int(done.stdout) if done.stdout.strip().isdigit() else -1

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@contextmanager
def _redis(port: int, scene: Scene) -> Iterator[_Redis]:
    program = shutil.which("redis-server")
    if program is None:
        raise SkipError("no redis-server: apt-get install redis-server")
    server = _Redis(program, port, str(scene.folder))
    server.start()
    try:
        yield server
    finally:
        server.kill()


def _all_serve(node: Edge, workers: int) -> bool:
    state = node.readiness()
    return bool(state["workers"] == workers)


def _short(node: Edge) -> str:
    """What /readyz says, in a few words."""
    state = node.readiness()
    ready = "ready" if state["ready"] else "not ready"
    return f"{ready}, {'; '.join(state['trouble']) or 'no trouble'}"
