"""
Whose a host name is: the first domain that an operator gives it, for as long as its settings have it or anything serves it.

Nobody can take a name below another domain's wildcard, nor a wildcard above another's names: who has a wildcard may purge all
below it, and whose name lies below it could not publish any more.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from runtime.console.model.access import Actor
from runtime.console.model.refusal import Refused
from runtime.console.model.settings import hosts_of
from runtime.console.service.documents import served_settings
from runtime.console.store import Writing, domains, hosts, settings

_WILD = "*."


def require_own(t: Writing, who: Actor, domain: str, stated: Mapping[str, Any]) -> None:
    """
    Raises Refused where settings state a host that the domain does not have, unless an operator states it: nobody shows here
    that a name is his, so whoever runs the console says whose it is.
    """
    added = sorted(set(hosts_of(stated)) - set(hosts.of(t, domain)))
    if added and not who.operator:
        raise Refused(
            "forbidden",
            f"only an operator gives a domain more hosts: {', '.join(added[:10])}",
            hosts=added,
        )


def claim(t: Writing, domain: str) -> None:
    """Give `domain` the hosts of its settings and of what it serves, and no others. Raises Refused where one is taken."""
    row = domains.get(t, domain)
    assert row is not None, "looked at before"
    revisions = {row.settings_revision, *served_settings(t, domain)}
    stated = settings.many(t, [(domain, revision) for revision in revisions])
    wanted = dict.fromkeys(host for each in stated.values() for host in hosts_of(each.settings))
    above = {parent for host in wanted for parent in _wildcards_above(host)}
    taken = {host: owner for host, owner in hosts.owners(t, {*wanted, *above}).items() if owner != domain}
    refused = [
        host
        for host in wanted
        if host in taken
        or any(each in taken for each in _wildcards_above(host))
        or (host.startswith(_WILD) and hosts.is_above_another(t, domain, host.removeprefix("*")))
    ]
    if refused:
        raise Refused(
            "conflict",
            f"taken by another domain: {', '.join(refused[:10])}",
            hosts=refused,
        )
    hosts.replace(t, domain, list(wanted))


def _wildcards_above(host: str) -> Iterable[str]:
    """`*.b.c` and `*.c` for `a.b.c`."""
    labels = host.removeprefix(_WILD).split(".")
    return [f"{_WILD}{'.'.join(labels[index:])}" for index in range(1, len(labels))]
