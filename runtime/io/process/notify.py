"""
Telling the service manager how the node is (systemd's sd_notify(3)): a datagram to the socket it named.

Without a service manager nothing is sent. A datagram that cannot be sent is given up: the node does not depend on who
watches it.
"""

import contextlib
import os
import socket
import time
from collections.abc import Mapping
from typing import Final

_MICROSECONDS: Final = 1_000_000


class Notify:
    """`environment` is that of the process; what it says of the service manager is read once."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        self.watchdog_s = _watchdog_s(environment)
        """How often `alive` is due; 0 for never. Half of what the service manager waits, as it advises."""

    def ready(self) -> None:
        self._send("READY=1")

    def reloading(self) -> None:
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        self._send("STOPPING=1")

    def alive(self) -> None:
        self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """One line for `systemctl status`."""
        self._send(f"STATUS={text}")

    def _send(self, state: str) -> None:
        if not self._address.startswith(("/", "@")):
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sending:
            sending.setblocking(False)
            sending.sendto(state.encode(), address)


def _watchdog_s(environment: Mapping[str, str]) -> float:
    asked = environment.get("WATCHDOG_USEC", "")
    of = environment.get("WATCHDOG_PID", "")
    if not asked.isascii() or not asked.isdigit() or (of and of != str(os.getpid())):
        return 0.0
    return int(asked) / _MICROSECONDS / 2
