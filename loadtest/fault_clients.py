"""Troubles of clients: slow on purpose, many, or gone."""

import contextlib
import resource
import socket
import time
from collections import Counter
from collections.abc import Sequence
from typing import Final

from loadtest.bodies import body_of
from loadtest.crowd import until
from loadtest.edge import Edge
from loadtest.fault_scene import PASSED, SLACK_S, STORED, Scene, SkipError

_HEAD: Final = b"GET /keep/200/0 HTTP/1.1\r\nHost: a.example\r\n"
_POST: Final = b"POST /pass/10/post HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1000\r\n\r\nfirst"
_LARGE: Final = b"GET /pass/4000000/large HTTP/1.1\r\nHost: a.example\r\n\r\n"
BATCH: Final = 250
"""Requests on their way at one time, of those that come in thousands."""
_SPARE: Final = 500
"""Descriptors for all else."""


class Slow:
    """Connections that send `first` at once, then a byte of `then` at each `push`, and read only when `looked` at."""

    def __init__(self, port: int, count: int, first: bytes, then: bytes) -> None:
        self._then = then
        self._open = [self._connect(port, first) for _ in range(count)]
        self.ended: Counter[str] = Counter()
        """Connections that the node ended, by the status it gave; '' for none."""

    def _connect(self, port: int, first: bytes) -> socket.socket:
        made = socket.socket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        made.connect(("127.0.0.1", port))
        made.sendall(first)
        made.setblocking(False)
        return made

    def push(self, turn: int) -> None:
        for each in self._open:
            with contextlib.suppress(OSError):
                each.send(self._then[turn % len(self._then) :][:1])

    def look(self) -> int:
        """How many are still open; what has ended is closed and counted."""
        for each in [*self._open]:
            try:
                data = each.recv(1024)
            except BlockingIOError:
                continue
            except OSError:
                data = b""
            self.ended[data[9:12].decode("latin-1") if data.startswith(b"HTTP/1.1 ") else ""] += 1
            self._open.remove(each)
            each.close()
        return len(self._open)

    def close(self) -> None:
        for each in self._open:
            each.close()


class Idle:
    """Kept connections, many at a time: each asks when told to, and does nothing otherwise."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._open: list[socket.socket] = []
        self._answer = b"\r\n\r\n" + body_of("a.example", "/keep/200/0")

    def come(self, count: int) -> None:
        """As many more."""
        for _ in range(count):
            self._open.append(socket.create_connection(("127.0.0.1", self._port), timeout=15))

    def ask(self, since: int = 0) -> int:
        """Of those numbered from `since`, how many were answered rightly; a few hundred ask at a time."""
        answered = 0
        for first in range(since, len(self._open), BATCH):
            batch = self._open[first : first + BATCH]
            for each in batch:
                with contextlib.suppress(OSError):
                    each.sendall(_HEAD + b"\r\n")
            answered += sum(self._read(each) for each in batch)
        return answered

    def _read(self, client: socket.socket) -> bool:
        got = b""
        with contextlib.suppress(OSError):
            while not got.endswith(self._answer) and (data := client.recv(4096)):
                got += data
        return got.startswith(b"HTTP/1.1 200 ") and got.endswith(self._answer)

    def close(self) -> None:
        for each in self._open:
            each.close()


def _attacked(scene: Scene, first: bytes, then: bytes, statuses: Sequence[str]) -> None:
    waits = dict.fromkeys(("header_timeout_s", "body_timeout_s", "write_timeout_s"), scene.scale.wait_s)
    with scene.played(STORED, PASSED, **waits) as (node, _, crowd):
        began = time.monotonic()
        slow = Slow(node.port, scene.scale.slow, first, then)
        turns = iter(range(10_000))

        def attack() -> None:
            def over() -> bool:
                slow.push(next(turns))
                return slow.look() == 0

            scene.must(until(over, scene.scale.wait_s + SLACK_S, 0.2), "slow connections are kept")

        try:
            scene.phase(crowd, "during", attack)
        finally:
            slow.close()
        lasted_s = time.monotonic() - began
        scene.told(
            f"{dict(slow.ended)} after at most {lasted_s:.1f} s; /readyz: ready; refused_total:"
            f" {node.metric('refused_total'):.0f}; aborted_total: {node.metric('aborted_total'):.0f}"
        )
        scene.must(
            set(slow.ended) <= set(statuses), f"slow clients were told {dict(slow.ended)}, want {statuses}"
        )
    scene.always_served(crowd, STORED, PASSED)
    scene.must(crowd.of("during", "stored").longest_s < SLACK_S, "others had to wait")


def slow_heads(scene: Scene) -> None:
    """Slowloris: heads that never end"""
    scene.did(
        f"{scene.scale.slow} connections that send a byte of a head now and then; header_timeout_s is {scene.scale.wait_s:g}"
    )
    _attacked(scene, _HEAD, b"X-a: b\r\n", ("408", ""))


def slow_bodies(scene: Scene) -> None:
    """Bodies of requests that never end"""
    scene.did(
        f"{scene.scale.slow} uploads, a byte now and then; body_timeout_s is {scene.scale.wait_s:g}, body_bytes_per_s 500"
    )
    _attacked(scene, _POST, b"x", ("408", "502", "504", ""))


def slow_readers(scene: Scene) -> None:
    """Clients that ask for much and read nothing"""
    count = scene.scale.slow // 5
    scene.did(f"{count} clients that ask for 4 MB and do not read; write_timeout_s is {scene.scale.wait_s:g}")
    with scene.played(STORED, PASSED, write_timeout_s=scene.scale.wait_s) as (node, _, crowd):
        before = _anonymous_mb(node)
        slow = Slow(node.port, count, _LARGE, b"")
        try:
            scene.phase(crowd, "during", lambda: until(lambda: node.metric("connections") >= count, 5))
            grown = _anonymous_mb(node) - before
            scene.settle(
                lambda: node.metric("connections") <= crowd.clients,
                scene.scale.wait_s + SLACK_S,
                "they are not let go",
            )
        finally:
            slow.close()
        scene.told(
            f"memory of all processes grew by {grown:.0f} MB; aborted_total: {node.metric('aborted_total'):.0f}"
        )
        scene.must(grown < 16 + count * 0.5, f"memory grew by {grown:.0f} MB")
    scene.always_served(crowd, STORED, PASSED)


def idle_connections(scene: Scene) -> None:
    """Thousands of connections that do nothing"""
    count = scene.scale.idle
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < count + _SPARE:
        raise SkipError(f"{hard} descriptors, want {count + _SPARE}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    scene.did(
        f"{count} connections kept open, each after one answered request; then all of them ask once more"
    )
    with scene.played(STORED, PASSED, idle_timeout_s=120) as (node, _, crowd):
        before = _anonymous_mb(node)
        idle = Idle(node.port)
        answered: list[int] = []

        def come() -> None:
            for there in range(0, count, BATCH):
                idle.come(min(BATCH, count - there))
                answered.append(idle.ask(there))

        try:
            scene.phase(crowd, "coming", come)
            connected, each_kb = node.metric("connections"), (_anonymous_mb(node) - before) * 1024 / count
            scene.phase(crowd, "during")
            kept = idle.ask()
        finally:
            idle.close()
        scene.must(sum(answered) == count, f"{count - sum(answered)} of them got no answer")
        scene.must(kept == count, f"{count - kept} of them were not kept")
        scene.settle(lambda: node.metric("connections") <= crowd.clients, 10, "connections remain")
        scene.told(
            f"connections: {connected:.0f}, {each_kb:.1f} KiB each; {node.metric('connections'):.0f} afterwards"
        )
        scene.must(connected >= count, f"{connected:.0f} connections are counted")
        scene.must(each_kb < 32, f"{each_kb:.1f} KiB a connection")
    scene.always_served(crowd, STORED, PASSED)


def _anonymous_mb(node: Edge) -> float:
    return sum(each.anonymous_kb for each in node.memory()) / 1024
