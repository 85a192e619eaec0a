"""Which settings a reload changes, and which are those of the node's start until it is begun anew."""

from typing import Final

import msgspec

from runtime.config.settings import Config

RELOADED: Final = frozenset(
    {
        "trusted_proxies",
        "forwarded",
        "origin",
        "scripts",
        "dictionaries",
        "upstreams",
        "sites",
        "geo_databases",
        "domain_origins_refused",
        "trace_context",
        "script_limits",
    }
)
"""What sites are made of. Sockets, processes, sizes and deadlines are the node's own, and made once."""


def wanting_restart(began: Config, read: Config) -> list[str]:
    """Keys that `read` has another value for than the node began with, and that it goes on with as it began."""
    keys = [each for each in Config.__struct_fields__ if each not in RELOADED]
    return [each for each in keys if getattr(began, each) != getattr(read, each)]


def in_force(began: Config, read: Config) -> Config:
    """The settings of a node that began with some and has read others since."""
    return msgspec.structs.replace(
        read, **{each: getattr(began, each) for each in wanting_restart(began, read)}
    )
