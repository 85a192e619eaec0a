"""The files that a node's settings name: those that are looked at with `watch`, and the scripts that a folder stands for."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from runtime.config import Config
from runtime.config.scripts import rules_of
from runtime.scripts.rule import Rule

SCRIPTS: Final = "*.es"


def without_folders(rules: Sequence[Rule]) -> list[Rule]:
    """`rules`, each folder replaced by the scripts in it, in the order of their names and with its settings."""
    found: list[Rule] = []
    for rule in rules:
        folder = Path(rule.path)
        if folder.is_dir():
            found += (rule._replace(path=str(path)) for path in sorted(folder.glob(SCRIPTS)))
        else:
            found.append(rule)
    return found


def files_of(config: Config, given: Sequence[str | Rule]) -> Iterator[str]:
    """All of them, `given` the scripts of the command line. Folders are among them, for scripts that are added."""
    top = [Rule(each) if isinstance(each, str) else each for each in given] or list(config.rules)
    for rules in (top, *(list(rules_of(site.scripts)) for site in config.sites)):
        yield from (rule.path for rule in rules)
        yield from (rule.path for rule in without_folders(rules))
    yield from config.geo_databases
    for certificate in config.certificates:
        yield from (certificate.certificate, certificate.key)
    yield from (each.tls.ca_file for each in config.upstreams if each.tls is not None and each.tls.ca_file)
    for table in (config.dictionaries, *(site.dictionaries for site in config.sites)):
        yield from (each for each in table.values() if isinstance(each, str))
