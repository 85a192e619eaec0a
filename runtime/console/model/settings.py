"""
Settings of a domain: the keys of `[[sites]]` less `name` and `scripts`, and `upstreams` as tables.

They are judged as a node would judge them in its own file, and beyond that by what a customer may ask of a node that others
share: nothing on the node's disk, no host pattern that would take other customers' requests.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from runtime.config.problems import MAX_PROBLEMS, Path, Problem
from runtime.config.settings import Config
from runtime.config.shape import misfits
from runtime.config.tables import SiteTable, UpstreamTable
from runtime.console.model.names import MAX_SETTINGS_BYTES
from runtime.console.model.refusal import Refused
from runtime.scripts.hosts import EVERY_OTHER

NOT_OF_CUSTOMERS: Final = frozenset({"name", "scripts"})
"""Keys of `[[sites]]` that the console fills in itself."""
MAX_HOSTS: Final = 1_000
MAX_UPSTREAMS: Final = 100
_UPSTREAMS: Final = "upstreams"


def read_settings(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """`given` as it is to be stored for the domain `name`. Raises Refused, which names every key that is wrong."""
    if len(msgspec.json.encode(given)) > MAX_SETTINGS_BYTES:
        raise Refused("too-large", f"settings of more than {MAX_SETTINGS_BYTES} bytes")
    problems = [*_problems(name, given)]
    if problems:
        told = [{"where": each.key, "message": each.message} for each in problems[:MAX_PROBLEMS]]
        raise Refused("invalid", "; ".join(each.text for each in problems[:MAX_PROBLEMS]), problems=told)
    return dict(given)


def hosts_of(settings: Mapping[str, Any]) -> list[str]:
    """The hosts of settings that were read, in lower case, each once."""
    return list(dict.fromkeys(host.lower() for host in settings["hosts"]))


def _problems(name: str, given: Mapping[str, Any]) -> Iterator[Problem]:
    table = {key: value for key, value in given.items() if key != _UPSTREAMS}
    upstreams = given.get(_UPSTREAMS, [])
    wrong = [
        *(
            Problem((key,), "is not a domain's to set", of_key=True)
            for key in table
            if key in NOT_OF_CUSTOMERS
        ),
        *misfits({key: value for key, value in table.items() if key not in NOT_OF_CUSTOMERS}, SiteTable),
        *_upstream_problems(upstreams),
    ]
    yield from wrong
    if wrong:
        return
    yield from _bounds(table, upstreams)
    site = {**table, "name": name}
    config = msgspec.convert({"sites": [site], "upstreams": upstreams}, Config)
    yield from (_seen_from_here(each) for each in config.contradictions())


def _upstream_problems(upstreams: object) -> Iterator[Problem]:
    if not isinstance(upstreams, list):
        yield Problem((_UPSTREAMS,), "want a list of tables")
        return
    yield from misfits(upstreams, tuple[UpstreamTable, ...], (_UPSTREAMS,))


def _bounds(table: Mapping[str, Any], upstreams: list[dict[str, Any]]) -> Iterator[Problem]:
    """What a node's own file may have and a customer may not."""
    if len(table["hosts"]) > MAX_HOSTS:
        yield Problem(("hosts",), f"more than {MAX_HOSTS}")
    for index, host in enumerate(table["hosts"]):
        if host == EVERY_OTHER:
            yield Problem(("hosts", index), "'*' would be everybody's, want names")
        elif host.startswith("*.") and "." not in host.removeprefix("*.").rstrip("."):
            yield Problem(("hosts", index), f"{host!r} would be everybody's, want two labels below '*.'")
    if len(upstreams) > MAX_UPSTREAMS:
        yield Problem((_UPSTREAMS,), f"more than {MAX_UPSTREAMS}")
    for index, each in enumerate(upstreams):
        if (each.get("tls") or {}).get("ca_file"):
            yield Problem(
                (_UPSTREAMS, index, "tls", "ca_file"), "a file of the node is not a domain's to name"
            )


def _seen_from_here(problem: Problem) -> Problem:
    """`sites[1].hosts` is the domain's `hosts`."""
    path: Path = problem.path[2:] if problem.path[:1] == ("sites",) else problem.path
    return problem._replace(path=path or ("origin",))
