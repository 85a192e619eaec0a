"""
The console put back from a copy of its store, which is older than what nodes have seen.

Generations catch up by themselves, being at least the time in seconds. Purges are numbered without gaps: a number that the copy
does not know was given out, and a node would take the next purge of that number for one it has carried out. So numbering
goes on above all that can have been given out, and a node that hears of it takes everything stored for stale.
"""

from runtime.console.model.access import Actor, require_operator
from runtime.console.model.names import ENVIRONMENTS
from runtime.console.service.desk import Desk
from runtime.console.store import generations, purges


class Recovery:
    """What is done once after a store was put back."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def restored(self, who: Actor) -> None:
        """Note it, and go on above what nodes have seen. Nodes hear of it by the next change."""
        require_operator(who)
        with self._desk.change(who) as change:
            for environment in ENVIRONMENTS:
                if generations.get(change.t, environment).generation:
                    purges.skip(change.t, environment)
            change.note("store.restore")
