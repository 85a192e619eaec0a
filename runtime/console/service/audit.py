"""What was done, by whom: read, and proved to be whole."""

from typing import Final

from runtime.console.model.access import Actor, Scope, require_operator
from runtime.console.model.chain import Chained, Entry, broken_end, first_broken
from runtime.console.service.answers import AuditEntry, Page, Verified
from runtime.console.service.desk import HEAD, Desk
from runtime.console.store import Reading, audit, facts
from runtime.console.store.audit import AuditRow

STEP: Final = 500
"""Entries read at a time."""
CREATED: Final = "domain.create"
"""The action with which a domain's own entries begin."""


class Audit:
    """Operations on the audit."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def list(
        self, who: Actor, domain: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[AuditEntry]:
        """Newest first: of one domain since it was made, or of everything for operators."""
        with self._desk.read() as t:
            if domain is None:
                require_operator(who)
                page = audit.page(t, limit, cursor)
            else:
                self._desk.domain(t, who, domain, Scope.READ)
                # A name can be given anew after its domain was deleted. Times do not tell: clocks are set back.
                page = audit.page(t, limit, cursor, domain=domain, first=audit.last(t, domain, CREATED))
        return Page(items=tuple(_view(row) for row in page.items), next=page.next)

    def verify(self, who: Actor) -> Verified:
        """Whether the chain is whole. Anybody may ask: the answer tells no more than how many entries there are."""
        del who
        with self._desk.read() as t:
            entries, before = 0, ""
            while True:
                rows, broken = _read(t, entries)
                if rows and (found := first_broken((_chained(row) for row in rows), entries, before)):
                    broken = found
                if broken is not None:
                    return Verified(entries=audit.head(t).n, intact=False, broken_at=broken)
                if not rows:
                    break
                entries, before = rows[-1].n, rows[-1].hash
            end = broken_end(self._desk.keys.store_key, facts.get(t, HEAD), entries, before)
        return Verified(entries=entries, intact=end is None, broken_at=end)


def _read(t: Reading, after: int) -> "tuple[list[AuditRow], int | None]":
    """Entries after number `after`, and the number of the one behind them that cannot even be read."""
    try:
        return audit.chain(t, after, STEP), None
    except ValueError:  # no UTF-8, no JSON: nothing that the console has written
        rows: list[AuditRow] = []
    for number in range(after + 1, after + STEP + 1):
        try:
            rows += audit.chain(t, number - 1, 1)
        except ValueError:
            return rows, number
    return rows, None


def _chained(row: AuditRow) -> Chained:
    entry = Entry(row.n, row.at, row.who, row.token, row.domain, row.action, row.subject, row.details)
    return Chained(entry, row.hash)


def _view(row: AuditRow) -> AuditEntry:
    return AuditEntry(
        n=row.n,
        at=row.at,
        who=row.who,
        token=row.token,
        domain=row.domain,
        action=row.action,
        subject=row.subject,
        details=row.details,
        hash=row.hash,
    )
