"""
What every operation works with: the store, the clock, chance, and one way to change something.

A change is one transaction with its audit entry and the generations it raises, so that after any end of the process either
all of it is there or nothing. Nodes are told of a generation once it is kept.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from runtime.console.model.access import Actor, Scope, require
from runtime.console.model.chain import Entry, entry_hash, head_mark
from runtime.console.model.names import is_domain_name
from runtime.console.model.refusal import Refused, not_found
from runtime.console.service.keys import Keys
from runtime.console.store import (
    BadCursor,
    Conflict,
    Missing,
    Reading,
    Store,
    StoreUnavailable,
    Writing,
    audit,
    domains,
    facts,
    generations,
    nodes,
)
from runtime.console.store.domains import DomainRow

Now = Callable[[], float]
OnChange = Callable[[str, int], None]
"""Is told an environment and its new generation."""
HEAD: Final = "audit-head"
"""The fact that has the mark of the audit's last entry."""
MAX_AHEAD_S: Final = 10 * 365 * 86_400
"""A clock further ahead than this is not believed to have been any console's."""


class Change:
    """A transaction under way. Every one ends with what it was noted in the audit."""

    def __init__(self, t: Writing, who: Actor, key: bytes) -> None:
        self.t = t
        self.who = who
        self._key = key
        self.raised: dict[str, int] = {}
        """Environments and their new generations."""
        self._noted = False

    def note(self, action: str, subject: str = "", domain: str = "", **details: Any) -> None:
        """Append to the audit what is done. `details` are JSON values without secrets."""
        head = audit.head(self.t)
        entry = Entry(
            n=head.n + 1,
            at=float(self.t.now),
            who=self.who.label,
            token=self.who.id,
            domain=domain,
            action=action,
            subject=subject,
            details=details,
        )
        row = audit_row(entry, head.hash)
        audit.append(self.t, row)
        facts.put(self.t, HEAD, head_mark(self._key, row.n, row.hash))
        self._noted = True

    def advance(self, environment: str) -> int:
        """The generation that has what is done here; one for all of a transaction."""
        if environment not in self.raised:
            self.raised[environment] = generations.advance(
                self.t, environment, self._seen_by_nodes(environment)
            )
        return self.raised[environment]

    def _seen_by_nodes(self, environment: str) -> int:
        """
        What nodes of the environment have had, where that is above all that this store knows of: it was put back from a copy
        that was made before, and a clock was ahead. Nodes would follow nothing below.

        Whoever has a node's token can say what he likes, so there is a bound, which moves with the clock. It is nowhere near the
        end of the range: with the highest lie, generations go on above it one by one.
        """
        t = self.t
        known = generations.get(t, environment).generation
        seen = nodes.highest(t, environment, int(t.now) + MAX_AHEAD_S)
        if seen <= max(known, int(t.now)):
            return 0
        self.note("generation.skip", environment, known=known, above=seen)
        return seen

    def nothing(self) -> None:
        """Say that nothing was to be changed after all."""
        self._noted = True

    @property
    def noted(self) -> bool:
        return self._noted


def audit_row(entry: Entry, before: str) -> audit.AuditRow:
    """The row of `entry` in a chain whose last hash is `before`, '' where it is the first."""
    return audit.AuditRow(**entry._asdict(), previous=before, hash=entry_hash(before, entry))


class Desk:
    """Given to each group of operations."""

    def __init__(self, store: Store, keys: Keys, now: Now, random: Callable[[int], bytes]) -> None:
        self.store = store
        self.keys = keys
        self.now = now
        self.random = random
        self.on_change: OnChange = lambda _environment, _generation: None

    @contextmanager
    def read(self) -> Iterator[Reading]:
        """One moment of the store. Raises Refused where the store is away."""
        with _told(), self.store.read() as t:
            yield t

    @contextmanager
    def change(self, who: Actor) -> Iterator[Change]:
        """One change by `who`. Nothing of it is kept where it ends with an exception. Raises Refused."""
        with _told(), self.store.write() as t:
            change = Change(t, who, self.keys.store_key)
            yield change
            assert change.noted, "every change is in the audit"
        for environment, generation in change.raised.items():
            self.on_change(environment, generation)

    def domain(self, t: Reading, who: Actor, name: str, scope: Scope) -> DomainRow:
        """The domain, if `who` has that scope on it. Raises Refused, alike where it does not exist and where it is not his."""
        require(who, name, scope)
        found = domains.get(t, name) if is_domain_name(name) else None
        if found is None:
            raise not_found()
        return found

    def identifier(self, length: int = 6) -> str:
        """Letters and digits that nobody has had before."""
        return self.random(length).hex()


@contextmanager
def _told() -> Iterator[None]:
    """What goes wrong with the store, as an operation says it."""
    try:
        yield
    except StoreUnavailable:
        raise Refused("store-unavailable", "the store does not answer, try again later") from None
    except (Conflict, Missing):
        raise Refused("conflict", "somebody else changed this at the same time, try again") from None
    except BadCursor:
        raise Refused(
            "invalid",
            "cursor: no list has given it out",
            problems=[{"where": "cursor", "message": "no list has given it out"}],
        ) from None


def changed_keys(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Keys whose values differ: what an audit entry says of settings and dictionaries."""
    return sorted(key for key in {*before, *after} if before.get(key) != after.get(key))
