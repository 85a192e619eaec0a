"""A domain's purges as the node's: held to the hosts of the domain, whatever the console says."""

from collections.abc import Iterator

from runtime.bundles.manifest import PurgeEntry
from runtime.cache.purge import Purge, purge_of


def purges_of(entry: PurgeEntry) -> Iterator[Purge]:
    """What the node has to carry out. A URL or prefix that begins with `/` is of each of the hosts that is no wildcard."""
    if entry.kind == "tag":
        yield purge_of("tag", entry.value, soft=entry.soft)._replace(hosts=entry.hosts)
        return
    value = entry.value.strip()
    values = (
        [f"http://{host}{value}" for host in entry.hosts if "*" not in host]
        if value.startswith("/")
        else [value]
    )
    for each in values:
        try:
            yield purge_of(entry.kind, each, soft=entry.soft)._replace(hosts=entry.hosts)
        except ValueError:  # nothing that could be meant
            continue
