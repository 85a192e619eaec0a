"""HAProxy before two nodes, choosing by connection and by what `/readyz` says: no more than any balancer does."""

import contextlib
import shutil
import socket
import subprocess

import pytest

from tests.image.containers import eventually

LOOKS_EVERY_MS = 500
FALLS_AFTER = 2
"""Answers other than 200 until a node gets no new connection."""

needed = pytest.mark.skipif(shutil.which("haproxy") is None, reason="not installed: haproxy")


class Balancer:
    def __init__(self, folder, port, nodes):
        """`nodes` are pairs of ports: that for clients, and that for probes."""
        self.port = port
        self._socket = folder / "haproxy.sock"
        checked = f"check inter {LOOKS_EVERY_MS}ms fall {FALLS_AFTER} rise 1"
        servers = [
            f"  server node{number} 127.0.0.1:{at} {checked} port {probes}"
            for number, (at, probes) in enumerate(nodes)
        ]
        self._settings = folder / "haproxy.cfg"
        self._settings.write_text(
            "\n".join(
                [
                    f"global\n  stats socket {self._socket} mode 600",
                    "defaults\n  mode tcp\n  retries 0",  # what a node fails, the client sees
                    "  timeout connect 5s\n  timeout client 30s\n  timeout server 30s",
                    f"listen edge\n  bind 127.0.0.1:{port}\n  balance roundrobin",
                    "  option httpchk GET /readyz\n  http-check expect status 200",
                    *servers,
                    "",
                ]
            )
        )

    def up(self):
        """How many nodes are given new connections."""
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as asking:
            asking.settimeout(5)
            asking.connect(str(self._socket))
            asking.sendall(b"show stat\n")
            told = b"".join(iter(lambda: asking.recv(65536), b"")).decode()
        rows = [line.split(",") for line in told.splitlines() if line.startswith("edge,node")]
        return sum(row[17].startswith("UP") for row in rows)

    @contextlib.contextmanager
    def running(self):
        process = subprocess.Popen(["haproxy", "-db", "-f", str(self._settings)], stderr=subprocess.DEVNULL)
        try:
            eventually(lambda: self.up() == 2)
            yield self
        finally:
            process.terminate()
            process.wait(10)
