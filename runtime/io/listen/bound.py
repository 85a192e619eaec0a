"""
Listening sockets of the node, bound before there are workers.

Each worker has a socket of its own for each address (SO_REUSEPORT): the kernel then spreads connections evenly, where
one socket for all gave 61 of 64 connections to one worker of four. The supervisor keeps them all open, so connections
that wait in the queue of a worker that died are taken up by its successor instead of being reset.
"""

import contextlib
import socket
from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

BACKLOG: Final = 4096
"""Connections that wait to be taken up; the kernel's own bound may be lower."""


Sockets: TypeAlias = list[list[socket.socket]]
"""For each endpoint of a node, in order, the sockets that listen there: one for each address its host has."""


def listen_at(host: str, port: int, *, reuse_port: bool = False) -> list[socket.socket]:
    """Sockets that listen at every address of `host`, all on one port. Raises OSError."""
    taken = _bound(host, port, reuse_port=reuse_port)
    with _closed_on_error(taken):
        for each in taken:
            each.listen(BACKLOG)
    return taken


def for_workers(endpoints: Sequence[tuple[str, int]], workers: int) -> list[Sockets]:
    """
    For each worker the sockets that listen at `endpoints`, the same ports for all. Raises OSError.

    An address that another program listens at is refused, though it may let others do so too.
    """
    taken: list[socket.socket] = []
    by_worker: list[Sockets] = [[] for _ in range(workers)]
    with _closed_on_error(taken):
        for host, stated in endpoints:
            port = stated
            if port:
                for probe in _bound(host, port):
                    probe.close()
            for sockets in by_worker:
                group = listen_at(host, port, reuse_port=True)
                taken += group
                sockets.append(group)
                port = port or _port_of(group)
    return by_worker


def _port_of(sockets: list[socket.socket]) -> int:
    return int(sockets[0].getsockname()[1]) if sockets else 0


def _bound(host: str, port: int, *, reuse_port: bool = False) -> list[socket.socket]:
    """A socket for each address of `host`. One that another listens at is refused to those that share none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    taken: list[socket.socket] = []
    with _closed_on_error(taken):
        for family, _, _, _, address in dict.fromkeys(found):
            bound = socket.socket(family, socket.SOCK_STREAM)
            taken.append(bound)
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if reuse_port:
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            if family == socket.AF_INET6:
                bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            bound.setblocking(False)
            bound.bind((address[0], port or _port_of(taken[:-1]), *address[2:]))
    return taken


@contextlib.contextmanager
def _closed_on_error(sockets: list[socket.socket]) -> Iterator[None]:
    try:
        yield
    except OSError:
        for listening in sockets:
            listening.close()
        raise
