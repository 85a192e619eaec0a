"""
Whose a host name is: the first domain that states it, for as long as its settings have it or anything serves it.

Nobody can take a name below another domain's wildcard, nor a wildcard above another's names: who has a wildcard may purge all
below it, and whose name lies below it could not publish any more.
"""

from collections.abc import Iterable

from runtime.console.model.refusal import Refused
from runtime.console.model.settings import hosts_of
from runtime.console.service.documents import served_settings
from runtime.console.store import Writing, domains, hosts, settings

_WILD = "*."


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
