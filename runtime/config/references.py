"""What is wrong between settings that are each in order: names that lead nowhere, things stated twice."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from edgescript.diagnostics.spelling import nearest
from runtime.config.formats import read_address, read_origin
from runtime.config.problems import Path, Problem, shown
from runtime.config.scripts import script_problems
from runtime.config.tables import DEFAULT_SITE, SiteTable, UpstreamTable
from runtime.config.upstreams import has_tls, server_tables
from runtime.scripts.hosts import EVERY_OTHER

if TYPE_CHECKING:
    from runtime.config.settings import Config

_EVERY: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared with, not listened at


def contradictions(config: "Config") -> Iterator[Problem]:
    """Every problem, in the order of the declaration."""
    yield from _listening(config)
    yield from script_problems(config.scripts, ("scripts",))
    yield from _twice("upstreams", [table.name for table in config.upstreams])
    names = {table.name for table in config.upstreams}
    for index, upstream in enumerate(config.upstreams):
        yield from _upstream(upstream, ("upstreams", index))
    yield from _names_of_sites(config.sites, has_default=bool(config.origin))
    hosts: dict[str, int] = {}
    for index, site in enumerate(config.sites):
        path: Path = ("sites", index)
        yield from _hosts(site, index, hosts, has_default=bool(config.origin or config.scripts))
        yield from _origin(site, path, names, has_default=bool(config.origin))
        yield from script_problems(site.scripts, (*path, "scripts"))
        for at, rule in enumerate(site.cache):
            if rule.keep_query is not None and rule.ignore_query:
                yield Problem((*path, "cache", at, "keep_query"), "want it or 'ignore_query', not both")


def _listening(config: "Config") -> Iterator[Problem]:
    secure = [index for index, each in enumerate(config.listeners) if each.tls]
    if secure and not config.certificates:
        yield Problem(("listeners", secure[0], "tls"), "want [[certificates]] for it")
    seen: dict[str, int] = {}
    for index, each in enumerate(config.listeners):
        if each.proxy_protocol and not config.trusted_proxies:
            yield Problem(
                ("listeners", index, "proxy_protocol"), "want 'trusted_proxies': others are refused there"
            )
        first = seen.setdefault(each.address, index)
        if first != index and not each.address.endswith(":0"):
            yield Problem(("listeners", index, "address"), f"got {shown(each.address)} a second time")
    served = [each.address for each in config.listeners] or [config.listen]
    # The usual address is given up where it is taken: nobody chose it.
    if config.admin not in {"", type(config)().admin} and any(_same(config.admin, each) for each in served):
        yield Problem(
            ("admin",), f"{shown(config.admin)} is where clients come in, want an address of its own"
        )


def _same(first: str, second: str) -> bool:
    """Whether one of two addresses is taken by who listens at the other."""
    (host, port), (other_host, other_port) = read_address(first), read_address(second)
    return port == other_port != 0 and (host == other_host or not {host, other_host}.isdisjoint(_EVERY))


def _twice(key: str, names: Iterable[str]) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name in seen:
            yield Problem((key, index, "name"), f"got {shown(name)} a second time, want a name of its own")
        seen.add(name)


def _names_of_sites(sites: Iterable[SiteTable], *, has_default: bool) -> Iterator[Problem]:
    """A site without a name is called by its first host; two that only share that host are told so of the host."""
    chosen = {DEFAULT_SITE: True} if has_default else {}
    for index, site in enumerate(sites):
        name = site.name or site.hosts[0]
        if name in chosen and (site.name or chosen[name]):
            path: Path = ("sites", index, "name") if site.name else ("sites", index, "hosts", 0)
            other = "the site for all other hosts" if name == DEFAULT_SITE and has_default else "another site"
            yield Problem(path, f"{shown(name)} is the name of {other}, want a name of its own")
        chosen[name] = chosen.get(name, False) or bool(site.name)


def _upstream(table: UpstreamTable, path: Path) -> Iterator[Problem]:
    secure = has_tls(table)
    if secure is None:
        yield Problem((*path, "servers"), "got http:// and https://, want one of them for all")
    elif table.tls is not None and not secure:
        yield Problem((*path, "tls"), "the servers are http://, want https://")
    if all(each.backup for each in server_tables(table)):
        yield Problem((*path, "servers"), "all are backups, want a server that is none")
    if table.health is not None and not table.health.path.startswith("/"):
        yield Problem(
            (*path, "health", "path"), f"got {shown(table.health.path)}, want a path that begins with '/'"
        )
    if table.health is not None and table.health.statuses[0] > table.health.statuses[1]:
        first, last = table.health.statuses
        yield Problem(
            (*path, "health", "statuses"), f"got [{first}, {last}], want the first status before the last"
        )


def _hosts(site: SiteTable, index: int, seen: dict[str, int], *, has_default: bool) -> Iterator[Problem]:
    for at, host in enumerate(site.hosts):
        path: Path = ("sites", index, "hosts", at)
        first = seen.setdefault(host.lower(), index)
        if first != index:
            yield Problem(path, f"{shown(host)} is a host of sites[{first + 1}] already")
        elif host == EVERY_OTHER and has_default:
            yield Problem(path, "'*' is what 'origin' and 'scripts' at the top are for, want one of them")


def _origin(site: SiteTable, path: Path, names: set[str], *, has_default: bool) -> Iterator[Problem]:
    if not site.origin:
        if not has_default:
            yield Problem(
                path, "no 'origin', here or at the top: want an upstream's name or a URL", of_key=True
            )
    elif site.origin not in names:
        yield from _not_an_origin(site.origin, (*path, "origin"), names)
    for at, name in enumerate(site.upstreams or ()):
        if name not in names:
            yield Problem((*path, "upstreams", at), _unknown(name, names))


def _not_an_origin(text: str, path: Path, names: set[str]) -> Iterator[Problem]:
    if "/" not in text:
        yield Problem(path, _unknown(text, names))
        return
    try:
        read_origin(text)
    except ValueError:
        yield Problem(
            path, f"got {shown(text)}, want an upstream's name, or http://host[:port] or https://host[:port]"
        )


def _unknown(name: str, names: set[str]) -> str:
    near = nearest(name, sorted(names))
    return f"no upstream {shown(name)}{f', did you mean {near!r}?' if near else ''}"
