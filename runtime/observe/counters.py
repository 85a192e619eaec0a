"""What a worker counts. Each counter is declared once; rendering them is for the admin listener."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Counters:
    """Since the worker started."""

    refused: Counter[int] = field(default_factory=Counter)
    """Requests not accepted, by the status they were answered with."""
    connections_refused: int = 0
    """Connections closed at once because `max_connections` were open."""
    script_faults: int = 0
    """Script runs that raised."""
