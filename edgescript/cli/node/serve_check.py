"""`edgescript serve --check-config`: everything a start would read is read, and nothing is started."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path as File
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from edgescript.cli.files import Unreadable, read
from edgescript.cli.loading import Report, show_diagnostics
from edgescript.cli.status import NO
from edgescript.diagnostics.render import as_record
from runtime.config import Config, ConfigError, Problem
from runtime.config.file import located
from runtime.config.problems import Path
from runtime.config.scripts import rules_of
from runtime.config.tables import Scripts
from runtime.io.listen.tls import ServerTls
from runtime.scripts.site import Sites
from runtime.state.directory import StateDirectory, StateError, UnwritableError

if TYPE_CHECKING:
    from edgescript.cli.node.node import Node


class Verdict(NamedTuple):
    """What was found. `sites` is None where something is wrong."""

    sites: Sites | None
    error: ConfigError | None
    reports: Sequence[Report]
    warnings: Sequence[str] = ()


def check(node: "Node", config_file: str | None, *, as_json: bool) -> int:
    """Tell what is wrong with all that `node` would serve; the exit status."""
    found = _verdict(node)
    error = found.error
    if error is not None and error.source is None and config_file is not None:
        error = located(error, File(config_file))
    if as_json:
        record = {**_record(found.reports, error), "warnings": list(found.warnings)}
        click.echo(json.dumps(record, indent=2, ensure_ascii=False))
    else:
        show_diagnostics(found.reports, err=True)
        if error is not None:
            click.echo(error.report(), nl=False, err=True)
        for warning in found.warnings:
            click.echo(f"warning: {warning}", err=True)
        if found.sites is not None:
            click.echo(f"the configuration is in order: {_counted(found.sites)}", err=True)
    return 0 if found.sites is not None else NO


def _verdict(node: "Node") -> Verdict:
    reports: Sequence[Report] = ()
    config = Config()
    try:
        config = node.configure()
        data, reports = node.pack(config)
        sites = None if data is None else node.build(data)
    except ConfigError as error:
        return Verdict(None, error, reports)
    except (
        click.ClickException
    ) as error:  # flags that are not enough, or files of scripts that cannot be read
        wrong = [*_unreadable_scripts(config)] or [Problem((), error.message)]
        return Verdict(None, ConfigError(wrong), reports)
    wrong = [*_unusable_files(config)]
    warnings = _warnings(config)
    return Verdict(None if wrong else sites, ConfigError(wrong) if wrong else None, reports, warnings)


def _unreadable_scripts(config: Config) -> Iterator[Problem]:
    places: list[tuple[Path, Scripts]] = [(("scripts",), config.scripts)]
    places += [(("sites", index, "scripts"), site.scripts) for index, site in enumerate(config.sites)]
    for at, scripts in places:
        for index, rule in enumerate(rules_of(scripts)):
            try:
                read(rule.path, 0)
            except Unreadable as error:
                yield Problem((*at, index), error.message)


def _unusable_files(config: Config) -> Iterator[Problem]:
    """Files for TLS with clients that cannot be read, or are not what they should be; another user's state directory."""
    if config.certificates:
        try:
            ServerTls(config.certificates, config.tls_min)
        except ConfigError as error:
            yield from error.problems
    state = _state_error(config)
    if state is not None and not isinstance(state, UnwritableError):
        yield Problem(("state_dir",), str(state))


def _warnings(config: Config) -> list[str]:
    """What would not keep the node from its start, and from its full service."""
    state = _state_error(config)
    if isinstance(state, UnwritableError):
        return [f"state_dir: the node would serve from memory alone; it cannot write {state}"]
    return []


def _state_error(config: Config) -> StateError | None:
    try:
        if config.state_dir:
            StateDirectory.try_out(File(config.state_dir))
    except StateError as error:
        return error
    return None


def _record(reports: Sequence[Report], error: ConfigError | None) -> dict[str, Any]:
    scripts = [
        as_record(source, each) for source, found in reports for each in found if each.severity == "error"
    ]
    problems = [] if error is None else error.records()
    return {"ok": not problems and not scripts, "problems": problems, "scripts": scripts}


def _counted(sites: Sites) -> str:
    every = sites.all()
    scripts = sum(len(site.scripts) for site in every)
    return f"{len(every)} site{'s' * (len(every) != 1)}, {scripts} script{'s' * (scripts != 1)}"
