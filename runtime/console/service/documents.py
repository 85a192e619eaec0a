"""
What nodes are sent of a domain, made of the store: its document and the blobs that names.

A document is made in the transaction that changes what it says, so a manifest is no more than a list of those that are there.
What cannot be made is refused there and then, and never reaches a node.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

from runtime.bundles.documents import (
    DictionaryEntry,
    DomainDocument,
    Release,
    ScriptEntry,
    blobs_of,
    encode_dictionary,
    encode_document,
)
from runtime.bundles.sealing import BlobRef, blob_key, seal
from runtime.bundles.split import Split
from runtime.bundles.wire import BundleError
from runtime.console.model.refusal import Refused
from runtime.console.service.desk import Change
from runtime.console.service.secrets import Vault
from runtime.console.service.versions import rule_in, stored_evidence
from runtime.console.store import (
    Reading,
    Writing,
    blobs,
    dictionaries,
    documents,
    environments,
    releases,
    rollouts,
    scripts,
    settings,
    versions,
)
from runtime.console.store.dictionaries import DictionaryRow
from runtime.console.store.rollouts import RolloutRow
from runtime.console.store.versions import VersionHead

MAX_REMEMBERED: Final = 10_000
"""Blobs of dictionaries whose names are kept, so that a step of a rollout need not read their entries."""
_Codes: TypeAlias = Mapping[str, BlobRef]
"""Of code, by the hexadecimal SHA-256 of its text."""


class Documents:
    """Makes documents. `vault` opens secret dictionaries."""

    def __init__(self, store_key: bytes, vault: Vault) -> None:
        self._store_key = store_key
        self._vault = vault
        self._remembered: OrderedDict[tuple[str, str, int, str], BlobRef] = OrderedDict()

    def renew(self, change: Change, domain: str, environment: str) -> None:
        """Make what `environment` is sent of `domain` anew, as the store has it now. Raises Refused."""
        t = change.t
        generation = change.advance(environment)
        document = self._document(t, domain, environment)
        if document is None:
            documents.delete(t, environment, domain)
            return
        try:
            text = encode_document(document)
        except BundleError as error:
            raise Refused("too-large", str(error)) from None
        sealed = seal(self._store_key, text)
        digest = hashlib.sha256(text).hexdigest()
        blobs.put(t, [(sealed.ref.name, digest, sealed.data)])
        documents.put(
            t,
            environment,
            domain,
            digest=digest,
            sha256=sealed.ref.name,
            size=sealed.ref.size,
            refs=[ref.name for ref in blobs_of(document)],
            generation=generation,
        )

    def renew_all(self, change: Change, domain: str) -> None:
        """In every environment that serves the domain."""
        for environment in environments.of(change.t, domain):
            self.renew(change, domain, environment)

    def _document(self, t: Writing, domain: str, environment: str) -> DomainDocument | None:
        live = environments.live(t, domain, environment)
        if live is None:
            return None
        running = rollouts.running(t, domain, environment)
        numbers = [live.release] if running is None else [live.release, running.to_release]
        rows = releases.many(t, [(domain, number) for number in numbers])
        stated = settings.many(t, [(domain, row.settings_revision) for row in rows.values()])
        heads = [versions.heads(t, domain, rows[domain, number].scripts) for number in numbers]
        codes = self._codes(t, domain, [head for each in heads for head in each.values()])
        order = [row.name for row in scripts.all(t, domain)]
        base = rows[domain, live.release].settings_revision
        made = []
        for number, each in zip(numbers, heads, strict=True):
            revision = rows[domain, number].settings_revision
            made.append(
                Release(
                    number,
                    tuple(_entry(each[name], codes) for name in order if name in each),
                    None if revision == base else stated[domain, revision].settings,
                )
            )
        return DomainDocument(
            domain,
            stated[domain, base].settings,
            tuple(made),
            None if running is None else split_of(running),
            tuple(self._dictionary(t, row) for row in dictionaries.all(t, domain)),
        )

    def _codes(self, t: Writing, domain: str, heads: Iterable[VersionHead]) -> _Codes:
        """Each version's code as a blob that is in the store; swept ones are made again."""
        wanted = {stored_evidence(head).code_sha256: head for head in heads}
        there = blobs.by_plain(t, list(wanted))
        gone = {
            (domain, head.script, head.number): digest
            for digest, head in wanted.items()
            if digest not in there
        }
        found = {
            digest: BlobRef(bytes.fromhex(row.sha256), self._key(digest), row.size)
            for digest, row in there.items()
        }
        blobs.touch(t, [row.sha256 for row in there.values()])
        for place, code in versions.codes(t, list(gone)).items():
            sealed = seal(self._store_key, code)
            blobs.put(t, [(sealed.ref.name, gone[place], sealed.data)])
            found[gone[place]] = sealed.ref
        return found

    def _key(self, digest: str) -> bytes:
        return blob_key(self._store_key, bytes.fromhex(digest))

    def _dictionary(self, t: Writing, row: DictionaryRow) -> DictionaryEntry:
        place = (row.domain, row.name, row.revision, row.digest)
        ref = self._remembered.get(place)
        if ref is not None and blobs.by_plain(t, [self._vault.fingerprint(ref.key)]):
            blobs.touch(t, [ref.name])
        else:
            entries = self._vault.open(row, dictionaries.entries(t, row.domain, row.name))
            sealed = seal(self._store_key, encode_dictionary(entries))
            # The digest of the text of a secret is no name for it: who reads the store could try values.
            blobs.put(t, [(sealed.ref.name, self._vault.fingerprint(sealed.ref.key), sealed.data)])
            ref = self._remembered[place] = sealed.ref
            while len(self._remembered) > MAX_REMEMBERED:
                self._remembered.popitem(last=False)
        return DictionaryEntry(row.name, ref, row.secret)


def split_of(row: RolloutRow) -> Split:
    """Who gets the candidate of a rollout that runs."""
    return Split(
        float(row.percent), bytes.fromhex(row.salt), row.sticky, tuple(row.pools), tuple(row.regions)
    )


def _entry(head: VersionHead, codes: _Codes) -> ScriptEntry:
    rule, evidence = rule_in(head), stored_evidence(head)
    position = rule.pos or evidence.position
    return ScriptEntry(
        head.script,
        head.number,
        codes[evidence.code_sha256],
        "foot" if position == "foot" else "head",
        rule.pri,
        rule.enable,
        rule.brk,
        rule.testip,
        rule.option,
        rule.on_error,
    )


def served_settings(t: Reading, domain: str) -> set[int]:
    """The revisions of the settings that some environment serves, or begins to."""
    numbers = {row.release for row in environments.of(t, domain).values()}
    for environment in environments.of(t, domain):
        running = rollouts.running(t, domain, environment)
        if running is not None:
            numbers.add(running.to_release)
    return {row.settings_revision for row in releases.many(t, [(domain, each) for each in numbers]).values()}
