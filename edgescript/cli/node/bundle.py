"""
What a node is to serve, read and put in one piece of bytes (`packed`): its own configuration, and a console's domains.

This needs the files and may take long; `building.Builder` needs only the bytes (and databases of addresses), so that
all workers serve the same, also those begun after a file has changed. A script file that several sites use is compiled
once and loaded once.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

import stdlib
from edgescript.cli import loading
from edgescript.cli.dictionary_files import read_dictionary
from edgescript.cli.files import read_sources
from edgescript.cli.node.choosing import Chosen
from edgescript.cli.node.packed import Bundle, Named, Own, Script, Shelf
from edgescript.cli.node.watched import without_folders
from edgescript.compiler import Compiled, compile_source
from edgescript.compiling.code import encode
from edgescript.diagnostics.findings import has_errors
from runtime.config import Config
from runtime.config.scripts import rules_of
from runtime.io.source import LeftOut
from runtime.scripts.rule import Rule


def own_bundle(
    config: Config, given: Sequence[str | Rule] = (), node_id: str = ""
) -> tuple[Bundle | None, tuple[loading.Report, ...]]:
    """
    The bundle of the node's own configuration, None where a script has an error, and the findings of every script.

    `given` are the scripts of the site for all other hosts in place of those that `config` names. `node_id` is this
    node's own among all, and stays the same: connections to upstreams are kept while nothing about them changes.

    Raises `Unreadable` for files that cannot be read, ConfigError for settings of scripts.
    """
    top = [Rule(each) if isinstance(each, str) else each for each in given] or list(config.rules)
    stated = [top, *(list(rules_of(site.scripts)) for site in config.sites)]
    rules = [without_folders(each) for each in stated]
    paths = list(dict.fromkeys(rule.path for each in rules for rule in each))
    registry = stdlib.registry()
    compiled = [(source, compile_source(source, registry)) for source in read_sources(paths)]
    reports = tuple((source, result.diagnostics) for source, result in compiled)
    if any(has_errors(diagnostics) for _, diagnostics in reports):
        return None, reports
    shelf = Shelf()
    results = dict(zip(paths, (result for _, result in compiled), strict=True))
    tables = [config.dictionaries, *(site.dictionaries for site in config.sites)]
    own = tuple(
        Own(tuple(_scripts(each, results, shelf)), _dictionaries(table, shelf))
        for each, table in zip(rules, tables, strict=True)
    )
    return Bundle(config, node_id, shelf.texts, own), reports


def with_domains(bundle: Bundle, chosen: Chosen | None, texts: Mapping[bytes, bytes]) -> bytes:
    """A bundle with a console's domains beside the node's own sites; `chosen` is None while it has yet to say anything."""
    if chosen is None:
        return msgspec.msgpack.encode(msgspec.structs.replace(bundle, complete=False))
    left_out = tuple((each.domain, _told(each)) for each in chosen.left_out)
    needed = {digest: texts[digest] for domain in chosen.domains for digest in domain.texts}
    return msgspec.msgpack.encode(
        msgspec.structs.replace(
            bundle, texts={**bundle.texts, **needed}, domains=chosen.domains, left_out=left_out
        )
    )


def _told(left_out: LeftOut) -> str:
    return (
        f"{left_out.why}; {'what was served before is served on' if left_out.served else 'it is not served'}"
    )


class _Settings(msgspec.Struct, array_like=True, frozen=True):
    """The beginning of a `Bundle`: what comes behind is passed over."""

    config: Config


_SETTINGS: Final = msgspec.msgpack.Decoder(_Settings)


def settings_in(data: bytes) -> Config:
    """The settings of a bundle that `pack` made."""
    return _SETTINGS.decode(data).config


def _scripts(rules: Sequence[Rule], results: Mapping[str, Compiled], shelf: Shelf) -> Iterator[Script]:
    for name, rule in zip(loading.script_names(rules), rules, strict=True):
        compiled = results[rule.path]
        assert compiled.code is not None, "compiled without an error"
        position = rule.position or compiled.position
        yield Script(rule._replace(name=name), position, shelf.place(encode(compiled.code)))


def _dictionaries(table: Mapping[str, str | dict[str, str]], shelf: Shelf) -> Named:
    """Those of a site. Raises `Unreadable`."""
    return {
        name: shelf.place_dictionary(read_dictionary(given) if isinstance(given, str) else given)
        for name, given in table.items()
    }
