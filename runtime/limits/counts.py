"""What limits count of themselves, for whoever watches the node."""

from dataclasses import dataclass


@dataclass(slots=True)
class LimitCounts:
    """What the limits of a process did, for its metrics; counts since its start."""

    refused_full: int = 0
    """Requests refused for want of room in the table, not because of their rate."""
    admitted_full: int = 0
    """Requests let through uncounted for want of room, where the policy says so."""
    contended: int = 0
    """Requests decided by the policy because another process held the key's lock too long."""
    shadow_refused: int = 0
    """Requests that a limit in shadow mode would have refused."""
