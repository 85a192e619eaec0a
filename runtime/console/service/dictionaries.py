"""
Dictionaries of a domain: what its scripts look up, changed without a new version of any.

A change is on its way to nodes with the same commit. Values of a secret one go in and never come out: not in an answer, not in
the audit, not in the store in clear.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from runtime.console.model.access import Actor, Scope
from runtime.console.model.names import MAX_DICTIONARIES, is_name, name_of, whole_number
from runtime.console.model.refusal import Refused, invalid, not_found
from runtime.console.service.answers import Dictionary, DictionaryLine, Page
from runtime.console.service.desk import Change, Desk
from runtime.console.service.documents import Documents
from runtime.console.service.secrets import Vault
from runtime.console.store import Reading, dictionaries
from runtime.console.store.dictionaries import DictionaryRow

MAX_ENTRIES: Final = 10_000
MAX_KEY_BYTES: Final = 1_024
MAX_VALUE_BYTES: Final = 64 << 10
MAX_NOTED: Final = 100
"""Keys that the audit names of a change."""
MAX_BYTES: Final = 8 << 20
"""Of all keys and values together: half of what a blob may be."""


class Dictionaries:
    """Operations on dictionaries."""

    def __init__(self, desk: Desk, documents: Documents, vault: Vault) -> None:
        self._desk = desk
        self._documents = documents
        self._vault = vault

    def list(
        self, who: Actor, domain: str, limit: int = 50, cursor: str | None = None
    ) -> Page[DictionaryLine]:
        """By name, without entries."""
        with self._desk.read() as t:
            self._desk.domain(t, who, domain, Scope.READ)
            page = dictionaries.page(t, domain, limit, cursor)
        lines = (
            DictionaryLine(
                name=row.name,
                secret=row.secret,
                revision=row.revision,
                count=row.count,
                digest=row.digest,
                author=row.author,
                saved=row.changed,
            )
            for row in page.items
        )
        return Page(items=tuple(lines), next=page.next)

    def get(self, who: Actor, domain: str, name: str) -> Dictionary:
        """One, with its entries unless they are secret."""
        with self._desk.read() as t:
            self._desk.domain(t, who, domain, Scope.READ)
            return self._view(t, _dictionary(t, domain, name))

    def put(
        self,
        who: Actor,
        domain: str,
        name: str,
        entries: Mapping[str, str],
        secret: bool = False,
        revision: int = 0,
    ) -> Dictionary:
        """
        The dictionary with these entries in place of all. `revision` is the one they started from, 0 for a new one.

        Raises Refused `conflict` with the dictionary as it is as `current`. What is secret stays secret.
        """
        self._allowed(who, domain)
        name_of("dictionary", name)
        whole_number(revision, "revision")
        _check_entries(entries)
        with self._desk.change(who) as change:
            t = change.t
            self._desk.domain(t, who, domain, Scope.PUBLISH)
            before = dictionaries.get(t, domain, name)
            if (0 if before is None else before.revision) != revision:
                raise self._conflict(t, before)
            if before is None and dictionaries.count(t, domain) >= MAX_DICTIONARIES:
                raise Refused("limit", f"a domain has at most {MAX_DICTIONARIES} dictionaries")
            if before is not None and before.secret and not secret:
                raise invalid("secret", "what is secret stays so; delete the dictionary first")
            row = dictionaries.put(
                t,
                domain,
                name,
                secret=secret,
                digest=self._vault.digest(entries, secret=secret),
                author=who.label,
                entries=self._vault.close(domain, name, entries, secret=secret),
            )
            self._changed(change, row, "dictionary.put")
            return self._view(t, row)

    def change(
        self,
        who: Actor,
        domain: str,
        name: str,
        set: Mapping[str, str] | None = None,  # noqa: A002 - the key's name in the API
        remove: Collection[str] = (),
        revision: int | None = None,
    ) -> Dictionary:
        """Some entries set and some taken away; `revision`, where it is given, is the one this started from."""
        self._allowed(who, domain)
        new = dict(set or {})
        _check_entries(new)
        if len(remove) > MAX_ENTRIES:
            raise Refused("too-large", f"more than {MAX_ENTRIES} keys to remove")
        with self._desk.change(who) as change:
            t = change.t
            self._desk.domain(t, who, domain, Scope.PUBLISH)
            before = _dictionary(t, domain, name)
            if revision is not None and before.revision != revision:
                raise self._conflict(t, before)
            entries = self._vault.open(before, dictionaries.entries(t, domain, name))
            for key in remove:
                entries.pop(key, None)
            entries |= new
            _check_entries(entries)
            row = dictionaries.change(
                t,
                domain,
                name,
                set_=self._vault.close(domain, name, new, secret=before.secret),
                remove=[key for key in remove if key not in new],
                digest=self._vault.digest(entries, secret=before.secret),
                author=who.label,
            )
            self._changed(change, row, "dictionary.change", set=sorted(new), removed=sorted(remove))
            return self._view(t, row)

    def delete(self, who: Actor, domain: str, name: str) -> None:
        """The dictionary is gone; scripts that look something up in it find nothing."""
        with self._desk.change(who) as change:
            t = change.t
            self._desk.domain(t, who, domain, Scope.PUBLISH)
            row = _dictionary(t, domain, name)
            dictionaries.delete(t, domain, name)
            self._changed(change, row, "dictionary.delete")

    def _allowed(self, who: Actor, domain: str) -> None:
        with self._desk.read() as t:
            self._desk.domain(t, who, domain, Scope.PUBLISH)

    def _changed(self, change: Change, row: DictionaryRow, action: str, **keys: Sequence[str]) -> None:
        """Note it, without values, and send it."""
        shown = {name: [*each[:MAX_NOTED]] for name, each in keys.items()}
        change.note(
            action,
            row.name,
            row.domain,
            revision=row.revision,
            count=row.count,
            digest=row.digest,
            secret=row.secret,
            **shown,
        )
        self._documents.renew_all(change, row.domain)

    def _conflict(self, t: Reading, before: DictionaryRow | None) -> Refused:
        at = "is gone" if before is None else f"is at revision {before.revision}"
        current = None if before is None else self._view(t, before)
        return Refused("conflict", f"the dictionary {at}", current=current)

    def _view(self, t: Reading, row: DictionaryRow) -> Dictionary:
        stored = dictionaries.entries(t, row.domain, row.name)
        return Dictionary(
            name=row.name,
            secret=row.secret,
            revision=row.revision,
            count=row.count,
            digest=row.digest,
            author=row.author,
            saved=row.changed,
            keys=tuple(sorted(stored)),
            entries=None if row.secret else self._vault.open(row, stored),
        )


def _dictionary(t: Reading, domain: str, name: str) -> DictionaryRow:
    row = dictionaries.get(t, domain, name) if is_name(name) else None
    if row is None:
        raise not_found("dictionary")
    return row


def _check_entries(entries: Mapping[str, str]) -> None:
    """Raises Refused, whose text has no value."""
    if len(entries) > MAX_ENTRIES:
        raise Refused("too-large", f"more than {MAX_ENTRIES} entries")
    total = 0
    for key, value in entries.items():
        try:
            sizes = len(key.encode()), len(value.encode())
        except UnicodeEncodeError:
            raise invalid("entries", "hold what is no text") from None
        if not 1 <= sizes[0] <= MAX_KEY_BYTES:
            raise invalid("entries", f"want keys of 1 to {MAX_KEY_BYTES} bytes")
        if sizes[1] > MAX_VALUE_BYTES:
            raise Refused("too-large", f"a value of more than {MAX_VALUE_BYTES} bytes")
        total += sum(sizes)
    if total > MAX_BYTES:
        raise Refused("too-large", f"more than {MAX_BYTES} bytes of entries")
