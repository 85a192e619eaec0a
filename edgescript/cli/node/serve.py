"""`edgescript serve`: an edge node on the command line's flags, a configuration file, or both."""

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from edgescript.cli.completion import files
from edgescript.cli.status import NO, WRONG_USAGE
from edgescript.cli.values import RuleType

if TYPE_CHECKING:
    from runtime.config import Config
    from runtime.scripts.rule import Rule

SETTINGS: Final = (
    "listen",
    "origin",
    "workers",
    "state_dir",
    "admin",
    "access_log",
    "console",
    "node_name",
    "console_ca",
    "redis",
)
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
@click.option("--origin", metavar="URL", help="Where requests go that the cache cannot answer.")
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
    "--console",
    metavar="URL",
    envvar="EDGESCRIPT_CONSOLE",
    help="The console to follow, or an HTTP cache before it; wants --state. $EDGESCRIPT_CONSOLE does as well.",
)
@click.option(
    "--node-token",
    metavar="TOKEN",
    envvar="EDGESCRIPT_NODE_TOKEN",
    help="The node's token. $EDGESCRIPT_NODE_TOKEN and 'node_token_file' hide it from lists of processes.",
)
@click.option(
    "--node-name",
    metavar="ID",
    envvar="EDGESCRIPT_NODE_NAME",
    help="What the console calls the node.  [default: the host's name]",
)
@click.option(
    "--console-ca",
    metavar="FILE",
    shell_complete=files,
    help="Certificates to trust the console by (PEM).  [default: the system's]",
)
@click.option(
    "--redis",
    metavar="URL",
    envvar="EDGESCRIPT_REDIS",
    help="Where limits are counted across nodes. $EDGESCRIPT_REDIS does as well, and hides a password in it.",
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
    node_token: str | None,
    **settings: Any,
) -> None:
    """
    Run an edge node: a caching proxy that takes every request through its scripts.

    Flags win over the configuration file. With an error in any script the node does not start and the exit status
    is 1. SIGTERM and SIGINT end it after the answers in progress. SIGHUP reads the configuration, the scripts,
    certificates and databases of addresses again; with an error in them the node goes on as before. SIGUSR1 logs how
    often each script came to each state, SIGUSR2 opens the access log anew.

    With --console it serves what the console publishes beside its own sites, keeps the last of it in the state directory,
    and serves that when the console is away, from the start if need be.
    """
    from edgescript.cli.loading import log_diagnostics, show_diagnostics
    from edgescript.cli.node.node import Flags, Node
    from runtime.config import ConfigError

    if as_json and not check_config:
        raise click.UsageError("--json: want --check-config with it")
    given = {name: settings[name] for name in SETTINGS if settings[name] is not None}
    node = Node(context, Flags(config_file, given, (*scripts, *rules), tuple(geo_databases), node_token))
    if check_config:
        from edgescript.cli.node.serve_check import check

        context.exit(check(node, config_file, as_json=as_json))
    try:
        config = node.configure()
        data, reports = node.pack(config)
        if data is None:
            show_diagnostics(reports, err=True)
        else:
            log_diagnostics(reports)
        if data is not None:
            node.try_out(data)
    except ConfigError as error:
        if error.source is not None:
            click.echo(error.report(), nl=False, err=True)
            context.exit(WRONG_USAGE)
        raise click.ClickException(str(error)) from None
    if data is None:
        context.exit(NO)

    from runtime.io.serve import serve
    from runtime.io.stderr import to_stderr
    from runtime.scripts.site import Sites

    def announce(host: str, port: int) -> None:
        shown = f"[{host}]" if ":" in host else host
        scheme = "https" if config.listeners and config.listeners[0].tls else "http"
        with contextlib.suppress(OSError):  # a log that cannot be written is no reason not to serve
            to_stderr(f"edgescript: serving on {scheme}://{shown}:{port}, {_behind(config)}")

    context.exit(
        serve(config, Sites(None), on_listening=announce, source=node, bundle=data, console=node.console)
    )


def _behind(config: "Config") -> str:
    """What a node of `config` answers for, in a few words."""
    sites = f"{len(config.sites)} site{'s' if len(config.sites) > 1 else ''}" if config.sites else ""
    console = f"console {config.console}" if config.console else ""
    return ", ".join(filter(None, [f"origin {config.origin}" if config.origin else "", sites, console]))
