"""`edgescript serve`: an edge node on the command line's flags, a configuration file, or both."""

from collections.abc import Sequence
from pathlib import Path

import click

from edgescript.cli.status import NO


@click.command(
    "serve",
    short_help="Run an edge node.",
    epilog="Example: edgescript serve --origin http://127.0.0.1:8000 --script a.es",
)
@click.option("--config", "config_file", metavar="FILE", help="Read settings from this TOML file.")
@click.option("--listen", metavar="HOST:PORT", help="Where to listen.  [default: 127.0.0.1:8080]")
@click.option("--origin", metavar="URL", help="Where requests go that memory cannot answer.")
@click.option("--script", "scripts", multiple=True, metavar="FILE", help="A script to run; repeatable.")
@click.option("--workers", default=1, metavar="N", help="Processes that serve; 1 so far.  [default: 1]")
@click.pass_context
def command(
    context: click.Context,
    config_file: str | None,
    listen: str | None,
    origin: str | None,
    scripts: Sequence[str],
    workers: int,
) -> None:
    """
    Run an edge node: a caching proxy that takes every request through its scripts.

    Flags win over the configuration file. With an error in any script the node does not start and the exit status
    is 1. SIGTERM and SIGINT end it after the answers in progress.
    """
    import random

    from edgescript.cli import loading
    from edgescript.services import Services
    from runtime.config import Config, ConfigError, read_config
    from runtime.io.serve import serve
    from runtime.limits.requests import TokenBuckets
    from runtime.scripts.site import Site, Sites

    if workers != 1:
        raise click.UsageError(
            f"--workers: got {workers}, want 1: several workers would each count limits alone"
        )
    try:
        config = read_config(Path(config_file)) if config_file is not None else Config()
        config.listen = listen or config.listen
        config.origin = origin or config.origin
        config.scripts = tuple(scripts) or config.scripts
        if not config.origin:
            raise click.UsageError("no origin: want --origin http://host[:port]")
        config.address  # noqa: B018 - refused before anything is started
        address = config.origin_address
    except ConfigError as error:
        raise click.UsageError(str(error)) from None

    loaded = loading.load(config.scripts)
    loading.show_diagnostics(loaded.reports, err=True)
    if loaded.has_errors:
        context.exit(NO)
    # The system's randomness: scripts make tokens of rand_bytes() and uuid().
    services = Services(random=random.SystemRandom(), limiter=TokenBuckets(config.limiter_keys))
    site = Site("default", address, loaded.scripts, services, config.script_limits)

    def announce(host: str, port: int) -> None:
        shown = f"[{host}]" if ":" in host else host
        click.echo(f"edgescript: serving on http://{shown}:{port}, origin {config.origin}", err=True)

    context.exit(serve(config, Sites(site), on_listening=announce))
