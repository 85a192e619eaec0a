"""
Listening sockets that were opened before the node started (systemd's socket activation, sd_listen_fds(3)).

Whoever starts the node listens for it: the node needs no right to take low ports, and connections wait while it restarts.
"""

import socket
from collections.abc import MutableMapping
from typing import Final

FIRST_FD: Final = 3
"""The first descriptor that is handed over; the protocol's own number."""
MAX_FDS: Final = 64


def inherited(environ: MutableMapping[str, str], pid: int) -> list[socket.socket]:
    """
    The TCP sockets that listen for process `pid`, in order; [] when there are none or they are another process's.

    What tells of them is taken out of `environ`, so that no child believes they are its own. Raises OSError when one of
    them is no listening TCP socket.
    """
    told = {name: environ.pop(name, "") for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")}
    count = told["LISTEN_FDS"]
    if told["LISTEN_PID"] != str(pid) or not count.isascii() or not count.isdigit():
        return []
    return [_listening(FIRST_FD + index) for index in range(min(int(count), MAX_FDS))]


def _listening(descriptor: int) -> socket.socket:
    opened = socket.socket(fileno=descriptor)
    internet = opened.family in {socket.AF_INET, socket.AF_INET6} and opened.type == socket.SOCK_STREAM
    if not internet or not opened.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        opened.detach()
        raise OSError(f"descriptor {descriptor}, which was handed over, is no listening TCP socket")
    opened.set_inheritable(False)
    opened.setblocking(False)
    return opened
