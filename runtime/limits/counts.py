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
    members: int = 0
    """Workers among whom limits across nodes are divided, as far as is known; 0 where none are."""
    leased_keys: int = 0
    """Keys of which this process has a share."""
    lease_failures: int = 0
    """Times that shares were asked for and there was no answer."""
    cut_off: bool = False
    """The last time was one of them: limits go on with the shares that are known."""
