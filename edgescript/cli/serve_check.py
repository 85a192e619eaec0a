"""`edgescript serve --check-config`: everything a start would read is read, and nothing is started."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from edgescript.cli.loading import Report, show_diagnostics
from edgescript.cli.status import NO
from edgescript.diagnostics.render import as_record
from runtime.config import Config, ConfigError, Problem
from runtime.config.file import located
from runtime.io.tls import ServerTls
from runtime.io.upstream.group import no_certificates
from runtime.scripts.site import Sites

if TYPE_CHECKING:
    from edgescript.cli.serve import Node


class Verdict(NamedTuple):
    """What was found. `sites` is None where something is wrong."""

    sites: Sites | None
    error: ConfigError | None
    reports: Sequence[Report]


def check(node: "Node", config_file: str | None, *, as_json: bool) -> int:
    """Tell what is wrong with all that `node` would serve; the exit status."""
    found = _verdict(node)
    error = found.error
    if error is not None and error.source is None and config_file is not None:
        error = located(error, Path(config_file))
    if as_json:
        click.echo(json.dumps(_record(found.reports, error), indent=2, ensure_ascii=False))
    else:
        show_diagnostics(found.reports, err=True)
        if error is not None:
            click.echo(error.report(), nl=False, err=True)
        if found.sites is not None:
            click.echo(f"the configuration is in order: {_counted(found.sites)}", err=True)
    return 0 if found.sites is not None else NO


def _verdict(node: "Node") -> Verdict:
    reports: Sequence[Report] = ()
    try:
        config = node.configure()
        data, reports = node.pack(config)
        sites = None if data is None else node.build(data)
    except ConfigError as error:
        return Verdict(None, error, reports)
    wrong = [*_unusable_files(config, sites)]
    return Verdict(None, ConfigError(wrong), reports) if wrong else Verdict(sites, None, reports)


def _unusable_files(config: Config, sites: Sites | None) -> Iterator[Problem]:
    """Files for TLS that cannot be read, or are not what they should be."""
    if config.certificates:
        try:
            ServerTls(config.certificates, config.tls_min)
        except ConfigError as error:
            yield from error.problems
    groups = (
        {} if sites is None else {name: each for site in sites.all() for name, each in site.upstreams.items()}
    )
    for index, table in enumerate(config.upstreams):
        why = no_certificates(groups[table.name]) if table.name in groups else ""
        if why:
            yield Problem(("upstreams", index, "tls", "ca_file"), why)


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
