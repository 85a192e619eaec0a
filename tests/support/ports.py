"""Ports for programs that must be told theirs."""

import contextlib
import socket


def free_port():
    """A port of 127.0.0.1 that nobody listens on now."""
    (port,) = free_ports(1)
    return port


def free_ports(count):
    """So many, each another."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in sockets]
