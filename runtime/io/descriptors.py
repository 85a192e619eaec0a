"""How many files and sockets a process may have open: as many as the node's clients want, where the system lets it."""

import resource
from typing import Final

SPARE: Final = 500
"""For all that is no client: origins' connections, stored bodies, logs."""
_UNBOUNDED: Final = 1 << 30


def allow_descriptors(clients: int) -> tuple[int, int]:
    """
    Raise the limit of this process, and of those it forks, to what so many clients want, each with a connection to an origin.

    The limit there is then, and what the clients alone want of it: more than the limit where the system allows no more.
    """
    soft, hard = (_number(each) for each in resource.getrlimit(resource.RLIMIT_NOFILE))
    wanted = min(2 * clients + SPARE, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    return max(soft, wanted), clients + SPARE


def _number(limit: int) -> int:
    return _UNBOUNDED if limit == resource.RLIM_INFINITY else limit
