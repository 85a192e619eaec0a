"""`edgescript serve`: an edge node on the command line's flags, a configuration file, or both."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import SystemRandom
from typing import TYPE_CHECKING, NamedTuple

import click

from edgescript.cli.completion import files
from edgescript.cli.status import NO
from edgescript.cli.values import RuleType

if TYPE_CHECKING:
    from edgescript.services import Services
    from runtime.config import Config
    from runtime.scripts.rule import Rule
    from runtime.scripts.site import Sites


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
@click.option("--workers", default=1, metavar="N", help="Processes that serve; only 1 so far.  [default: 1]")
@click.pass_context
def command(
    context: click.Context,
    config_file: str | None,
    listen: str | None,
    origin: str | None,
    scripts: Sequence[str],
    rules: Sequence["Rule"],
    geo_databases: Sequence[str],
    workers: int,
) -> None:
    """
    Run an edge node: a caching proxy that takes every request through its scripts.

    Flags win over the configuration file. With an error in any script the node does not start and the exit status
    is 1. SIGTERM and SIGINT end it after the answers in progress. SIGHUP reads the configuration, the scripts
    and the databases of addresses again; with an error in them the node goes on as before. SIGUSR1 logs how often each script came to each state.
    """
    from runtime.config import ConfigError
    from runtime.io.serve import serve

    if workers != 1:
        raise click.UsageError(
            f"--workers: got {workers}, want 1: several workers would each count limits alone"
        )
    node = _Node(context, Flags(config_file, listen, origin, (*scripts, *rules), geo_databases))
    try:
        config = node.configure()
        sites = node.load(config)
    except ConfigError as error:
        raise click.ClickException(str(error)) from None
    if sites is None:
        context.exit(NO)

    def announce(host: str, port: int) -> None:
        shown = f"[{host}]" if ":" in host else host
        click.echo(f"edgescript: serving on http://{shown}:{port}, origin {config.origin}", err=True)

    context.exit(serve(config, sites, on_listening=announce, reload=node.reload))


class Flags(NamedTuple):
    """What the command line says; None or () where it says nothing."""

    config_file: str | None
    listen: str | None
    origin: str | None
    scripts: Sequence["str | Rule"]
    geo_databases: Sequence[str]


class _Node:
    """Reads configuration and scripts, as often as asked. The limiter is kept, so a reload forgets no count."""

    def __init__(self, context: click.Context, flags: Flags) -> None:
        self._context = context
        self._flags = flags
        self._services: Services | None = None

    def configure(self) -> "Config":
        """The file's settings, those of flags before them. Raises ConfigError."""
        from runtime.config import Config, read_config

        flags = self._flags
        config = read_config(Path(flags.config_file)) if flags.config_file is not None else Config()
        config.listen = config.listen if flags.listen is None else flags.listen
        config.origin = config.origin if flags.origin is None else flags.origin
        config.geo_databases = tuple(flags.geo_databases) or config.geo_databases
        if not config.origin:
            raise click.UsageError("no origin: want --origin http://host[:port]")
        config.check()
        return config

    def load(self, config: "Config") -> "Sites | None":
        """
        The site of `config`; None, with the diagnostics on stderr, when there is an error in a script.

        Raises click.ClickException for a database of addresses that cannot be read.
        """
        from edgescript.cli import geography, loading
        from edgescript.services import NO_SERVICES, Services
        from runtime.limits.requests import TokenBuckets
        from runtime.scripts.site import Site, Sites

        loaded = loading.load(self._flags.scripts or config.rules)
        loading.show_diagnostics(loaded.reports, err=True)
        if loaded.has_errors:
            return None
        if self._services is None:
            # The system's randomness: scripts make tokens of rand_bytes() and uuid().
            self._services = Services(random=SystemRandom(), limiter=TokenBuckets(config.limiter_keys))
        # Read anew each time: the files may be newer ones.
        geo = geography.databases(config.geo_databases) if config.geo_databases else NO_SERVICES.geo
        services = replace(self._services, geo=geo)
        return Sites(Site("default", config.origin_address, loaded.scripts, services, config.script_limits))

    def reload(self) -> "Sites":
        """What is to be served from now on; called in another thread. Raises ConfigError."""
        from runtime.config import ConfigError

        with self._context.scope(cleanup=False):
            try:
                sites = self.load(self.configure())
            except click.ClickException as error:
                raise ConfigError(error.format_message()) from None
        if sites is None:
            raise ConfigError("errors in scripts")
        return sites
