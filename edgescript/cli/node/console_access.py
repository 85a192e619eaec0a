"""How a node reaches its console, from flags, environment and file. The token stays out of settings, which are shown."""

import re
import socket
from importlib.metadata import version
from pathlib import Path
from typing import Final

from runtime.bundles.node_token import NodeToken, read_node_token
from runtime.bundles.wire import BundleError
from runtime.config import Config, ConfigError, Problem
from runtime.io.sync.access import ConsoleAccess

MAX_FILE_BYTES: Final = 4096
MAX_NAME: Final = 128
_OTHER: Final = re.compile(r"[^A-Za-z0-9_.-]+")


def access_of(config: Config, node_token: str | None) -> ConsoleAccess | None:
    """Of a node of `config`, None where it follows no console. Raises ConfigError."""
    wrong = [*_incomplete(config, node_token)]
    if wrong:
        raise ConfigError(wrong)
    if not config.console:
        return None
    token = _token(config, node_token)
    name = config.node_name or _OTHER.sub("-", socket.gethostname())[:MAX_NAME] or "node"
    return ConsoleAccess(
        config.console.rstrip("/"),
        token,
        name,
        Path(config.state_dir),
        config.console_ca,
        version("edgescript"),
    )


def _incomplete(config: Config, node_token: str | None) -> list[Problem]:
    has_token = node_token is not None or bool(config.node_token_file)
    if not config.console:
        return [Problem((), "--node-token: want --console with it")] if node_token is not None else []
    wrong = []
    if not config.state_dir:
        wrong.append(
            Problem(("console",), "want 'state_dir' (--state DIR) with it, where what it sent last is kept")
        )
    if not has_token:
        wrong.append(
            Problem(("console",), "want a token: --node-token, EDGESCRIPT_NODE_TOKEN or 'node_token_file'")
        )
    return wrong


def _token(config: Config, given: str | None) -> NodeToken:
    """Raises ConfigError, which does not repeat it."""
    path: tuple[str, ...] = ()
    if given is None:
        path = ("node_token_file",)
        given = _first_line(Path(config.node_token_file), path)
    try:
        return read_node_token(given.strip())
    except BundleError as error:
        raise ConfigError([Problem(path, str(error))]) from None


def _first_line(file: Path, path: tuple[str, ...]) -> str:
    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_FILE_BYTES)
    except OSError as error:
        raise ConfigError([Problem(path, f"{file}: {(error.strerror or str(error)).lower()}")]) from None
    return data.decode("latin-1").strip().partition("\n")[0]
