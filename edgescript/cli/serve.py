"""`edgescript serve`: an edge node on the command line's flags, a configuration file, or both."""

import os
import secrets
import time
from collections.abc import Sequence
from pathlib import Path
from random import SystemRandom
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from edgescript.cli.completion import files
from edgescript.cli.status import NO, WRONG_USAGE
from edgescript.cli.values import RuleType

if TYPE_CHECKING:
    from edgescript.cli.bundle import Builder, Counting, SiteServices
    from edgescript.cli.loading import Report
    from runtime.config import Config
    from runtime.io.redis_limits import NodeLimits, RedisLimits
    from runtime.io.source import Note
    from runtime.scripts.rule import Rule
    from runtime.scripts.site import Sites

SETTINGS: Final = ("listen", "origin", "workers", "state_dir", "admin", "access_log")
"""Flags that are settings of the same name."""


@click.command(
    "serve",
    short_help="Run an edge node.",
    epilog="Example: edgescript serve --origin http://127.0.0.1:8000 --script a.es",
)
@click.option(
    "--config", "config_file", metavar="FILE", shell_complete=files, help="Read settings from this TOML file."
)
@click.option(
    "--listen",
    metavar="HOST:PORT",
    help="Where to listen.  [default: 127.0.0.1:8080]",
)
@click.option("--origin", metavar="URL", help="Where requests go that memory cannot answer.")
@click.option(
    "--script",
    "scripts",
    multiple=True,
    metavar="FILE",
    shell_complete=files,
    help="A script to run; repeatable.",
)
@click.option(
    "--rule",
    "rules",
    type=RuleType(),
    multiple=True,
    help="A script and its settings, as the vendor's tool takes them; repeatable.",
)
@click.option(
    "--geo-database",
    "geo_databases",
    multiple=True,
    metavar="FILE",
    shell_complete=files,
    help="A database of addresses (MMDB); repeatable, the first one first.",
)
@click.option("--workers", type=int, metavar="N", help="Processes that serve.  [default: 1]")
@click.option(
    "--state",
    "state_dir",
    metavar="DIR",
    shell_complete=files,
    help="Where the disk cache and what survives a restart are kept.",
)
@click.option(
    "--admin",
    metavar="HOST:PORT",
    help="Where health, metrics, purges and reloads are asked for; '' for nowhere.  [default: 127.0.0.1:9180]",
)
@click.option(
    "--access-log",
    metavar="FILE",
    shell_complete=files,
    help="Write each request to this file, or to stdout with '-'.",
)
@click.option(
    "--check-config", is_flag=True, help="Say what is wrong with settings and scripts; start nothing."
)
@click.option("--json", "as_json", is_flag=True, help="With --check-config: print one JSON object.")
@click.pass_context
def command(
    context: click.Context,
    /,
    config_file: str | None,
    scripts: Sequence[str],
    rules: Sequence["Rule"],
    geo_databases: Sequence[str],
    check_config: bool,
    as_json: bool,
    **settings: Any,
) -> None:
    """
    Run an edge node: a caching proxy that takes every request through its scripts.

    Flags win over the configuration file. With an error in any script the node does not start and the exit status
    is 1. SIGTERM and SIGINT end it after the answers in progress. SIGHUP reads the configuration, the scripts,
    certificates and databases of addresses again; with an error in them the node goes on as before. SIGUSR1 logs how
    often each script came to each state, SIGUSR2 opens the access log anew.
    """
    from edgescript.cli.loading import show_diagnostics
    from runtime.config import ConfigError

    if as_json and not check_config:
        raise click.UsageError("--json: want --check-config with it")
    given = {name: settings[name] for name in SETTINGS if settings[name] is not None}
    node = Node(context, Flags(config_file, given, (*scripts, *rules), tuple(geo_databases)))
    if check_config:
        from edgescript.cli.serve_check import check

        context.exit(check(node, config_file, as_json=as_json))
    try:
        config = node.configure()
        data, reports = node.pack(config)
        show_diagnostics(reports, err=True)
        sites = None if data is None else node.build(data)
    except ConfigError as error:
        if error.source is not None:
            click.echo(error.report(), nl=False, err=True)
            context.exit(WRONG_USAGE)
        raise click.ClickException(str(error)) from None
    if sites is None:
        context.exit(NO)

    from runtime.io.serve import serve

    def announce(host: str, port: int) -> None:
        shown = f"[{host}]" if ":" in host else host
        scheme = "https" if config.listeners and config.listeners[0].tls else "http"
        click.echo(f"edgescript: serving on {scheme}://{shown}:{port}, {_behind(config)}", err=True)

    context.exit(serve(config, sites, on_listening=announce, source=node, bundle=data))


def _behind(config: "Config") -> str:
    """What a node of `config` answers for, in a few words."""
    sites = f"{len(config.sites)} site{'s' if len(config.sites) > 1 else ''}" if config.sites else ""
    return ", ".join(filter(None, [f"origin {config.origin}" if config.origin else "", sites]))


class Flags(NamedTuple):
    """What the command line says; None, {} or () where it says nothing."""

    config_file: str | None
    settings: dict[str, Any]
    scripts: Sequence["str | Rule"]
    geo_databases: tuple[str, ...]


class Node:
    """Reads configuration and scripts, as often as asked, and makes sites of them."""

    def __init__(self, context: click.Context, flags: Flags) -> None:
        self._context = context
        self._flags = flags
        self._builder: Builder | None = None
        self._id = secrets.token_hex(8)
        self._first: Config | None = None
        """What the node began with: sizes are those of the start."""
        self._redis: RedisLimits | None = None
        """In a worker's process, where limits are shared by nodes."""
        self._note: Note | None = None

    def configure(self) -> "Config":
        """The file's settings, those of flags before them. Raises ConfigError."""
        from runtime.config import Config, read_config

        flags = self._flags
        config = read_config(Path(flags.config_file)) if flags.config_file is not None else Config()
        given = {**flags.settings, **({"geo_databases": flags.geo_databases} if flags.geo_databases else {})}
        config.override(given)
        if not config.origin and not config.sites:
            raise click.UsageError(
                "no origin: want --origin http://host[:port], or 'origin' or [[sites]] in a file"
            )
        if flags.scripts and not config.origin:
            raise click.UsageError("--script: want --origin with it, for the hosts that no site names")
        if self._first is None:
            self._first = config
        return config

    def pack(self, config: "Config") -> tuple[bytes | None, tuple["Report", ...]]:
        """All that is to be served, None with an error in a script; and the findings of every script."""
        from edgescript.cli.bundle import pack

        return pack(config, self._flags.scripts, self._id)

    def read(self) -> bytes:
        """What is to be served from now on, whole; diagnostics go to stderr. Raises ConfigError."""
        from edgescript.cli.loading import show_diagnostics
        from runtime.config import ConfigError, Problem

        with self._context.scope(cleanup=False):
            try:
                data, reports = self.pack(self.configure())
            except click.ClickException as error:
                raise ConfigError([Problem((), error.format_message())]) from None
            show_diagnostics(reports, err=True)
        if data is None:
            raise ConfigError([Problem((), "errors in scripts")])
        return data

    def build(self, bundle: bytes, *, salvage: bool = False) -> "Sites":
        """The sites of what `read` gave; with `salvage`, with as little of files as may be. Raises ConfigError."""
        from edgescript.cli.bundle import Builder
        from runtime.limits.local import LocalLimits

        if self._builder is None:
            assert self._first is not None, "configured before anything is built"
            self._builder = Builder(_services(LocalLimits(self._first.limiter_keys)))
        return self._builder.build(bundle, salvage=salvage)

    def settings(self, bundle: bytes) -> "Config":
        """Those that a bundle has."""
        from edgescript.cli.bundle import settings_in

        return settings_in(bundle)

    def join(self, state: Path) -> None:
        """
        Once in a worker's process, before it builds: count with all others that keep their limits in `state`.

        An only worker counts in its own memory, which is six times as fast; one that takes its place counts anew.
        """
        from edgescript.cli.bundle import Builder
        from runtime.limits.local import LocalLimits
        from runtime.state.limits.shared import SharedLimits, layout, rows_for

        first = self._first
        assert first is not None, "configured before anything is built"
        limits: NodeLimits = (
            LocalLimits(first.limiter_keys)
            if first.workers == 1 and first.limiter_full == "refuse"
            else SharedLimits(
                state / "limits",
                layout(first.limiter_keys, rows=rows_for(first.workers)),
                first.limiter_full,
            )
        )
        services = _services(self._with_redis(limits, first) if first.redis else limits)
        if self._builder is None:
            self._builder = Builder(services)
        else:  # with the scripts that were loaded before the fork
            self._builder.services = services

    def _with_redis(self, limits: "NodeLimits", config: "Config") -> "Counting":
        from runtime.io.redis_limits import RedisLimits, client

        self._redis = RedisLimits(
            limits,
            client(config.redis, config.redis_lease_s),
            f"{self._id}-{os.getpid()}",
            config.redis_lease_s,
            time.monotonic,
            members=config.workers,
            changed=self._on_redis,
        )
        return self._redis

    def _on_redis(self, connected: bool) -> None:
        if self._note is not None:
            self._note("redis-connected" if connected else "redis-lost")

    async def live(self, note: "Note") -> None:
        """Ask Redis for shares of limits, where there is one."""
        self._note = note
        if self._redis is not None:
            await self._redis.run()


def _services(limits: "Counting") -> "SiteServices":
    from edgescript.cli.bundle import SiteServices

    # The system's randomness: scripts make tokens of rand_bytes() and uuid().
    return SiteServices(SystemRandom(), limits)
