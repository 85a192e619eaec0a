"""Host names, each of one domain."""

from collections.abc import Collection
from typing import Final

from sqlalchemy import delete, insert, select

from runtime.console.store import tables
from runtime.console.store.entity import slices
from runtime.console.store.transaction import Reading, Writing

_table: Final = tables.hosts


def of(t: Reading, domain: str) -> list[str]:
    """The domain's, in order."""
    query = select(_table.c.host).where(_table.c.domain == domain).order_by(_table.c.host)
    return list(t.execute(query).scalars())


def owners(t: Reading, hosts: Collection[str]) -> dict[str, str]:
    """The domain of each of `hosts` that has one."""
    found: dict[str, str] = {}
    for part in slices(hosts):
        query = select(_table.c.host, _table.c.domain).where(_table.c.host.in_(part))
        found.update((host, domain) for host, domain in t.execute(query))
    return found


def is_above_another(t: Reading, domain: str, suffix: str) -> bool:
    """Whether a host of another domain ends with `suffix`, which begins with a dot."""
    query = (
        select(_table.c.host)
        .where(_table.c.host.endswith(suffix, autoescape=True), _table.c.domain != domain)
        .limit(1)
    )
    return t.execute(query).first() is not None


def replace(t: Writing, domain: str, hosts: Collection[str]) -> None:
    """Give the domain exactly these. Raises Conflict where another has one of them."""
    t.execute(delete(_table).where(_table.c.domain == domain))
    if hosts:
        t.execute(insert(_table), [{"host": host, "domain": domain} for host in sorted(set(hosts))])
