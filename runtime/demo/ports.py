"""Ports of the demo: those asked for or usual, free ones in place of those that are taken."""

import contextlib
import os
import socket
from typing import Final, NamedTuple

import click


class Ports(NamedTuple):
    production: int
    staging: int
    console: int
    origin: int


USUAL: Final = {
    "production": ("EDGESCRIPT_DEMO_PORT", 8080),
    "staging": ("EDGESCRIPT_DEMO_STAGING_PORT", 8081),
    "console": ("EDGESCRIPT_DEMO_CONSOLE_PORT", 8090),
    "origin": ("EDGESCRIPT_DEMO_ORIGIN_PORT", 8000),
}
"""Each with the variable of the environment that names another."""


def choose() -> Ports:
    """Four that differ and are free now. Raises SystemExit."""
    wanted = {name: _stated(*usual) for name, usual in USUAL.items()}
    with contextlib.ExitStack() as held:
        return Ports(**{name: _free(port, held) for name, port in wanted.items()})


def _stated(variable: str, usual: int) -> int:
    text = os.environ.get(variable, str(usual))
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        click.echo(f"demo: {variable}: got {text!r}, want a port", err=True)
        raise SystemExit(2)
    return int(text)


def _free(wanted: int, held: contextlib.ExitStack) -> int:
    """`wanted`, or a free one when it is taken; held until all are chosen."""
    for port in (wanted, 0):
        try:
            listening = held.enter_context(socket.create_server(("127.0.0.1", port)))
        except OSError:
            continue
        taken: int = listening.getsockname()[1]
        return taken
    click.echo("demo: no free port", err=True)
    raise SystemExit(1)
