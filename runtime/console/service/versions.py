"""
Versions of a script: immutable, each with what was known of it when it was made.

A text with errors stays a draft. Compiling, testing and stating the worst case take place before the store is asked to write.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from runtime.bundles.sealing import seal
from runtime.console.model.access import Actor, Scope
from runtime.console.model.diff import differences, unified
from runtime.console.model.names import MAX_SCRIPTS, is_name, message_text, name_of, whole_number
from runtime.console.model.refusal import Refused, not_found
from runtime.console.model.rules import RuleSettings
from runtime.console.service.answers import Diff, Evidence, Page, Version, VersionLine
from runtime.console.service.desk import Desk
from runtime.console.service.jobs import Work
from runtime.console.service.lives import serving, versions_in
from runtime.console.service.scripts import draft_of, no_script, require_script
from runtime.console.service.texts import Text, read_text, stored_rule
from runtime.console.store import Reading, blobs, drafts, scripts, versions
from runtime.console.store.versions import VersionHead, VersionRow


class Versions:
    """Operations on versions."""

    def __init__(self, desk: Desk, work: Work) -> None:
        self._desk = desk
        self._work = work

    def make(
        self,
        who: Actor,
        domain: str,
        script: str,
        message: str = "",
        revision: int | None = None,
        source: str | None = None,
        rule: Mapping[str, Any] | None = None,
        tests: str | None = None,
    ) -> Version:
        """
        A new version, of the draft at `revision`, or of a text that is given. Raises Refused: `has-errors` with the
        diagnostics, `conflict` where the draft is at another revision.
        """
        with self._desk.read() as t:
            self._desk.domain(t, who, domain, Scope.EDIT)
            text = None if source is not None else _draft_at(t, domain, script, revision)
        name_of("script", script)
        message = message_text(message)
        if text is None:
            assert source is not None, "else the draft was read"
            text = read_text(source, rule, tests)
        code, evidence = self._made(script, text)
        blob = seal(self._desk.keys.store_key, code)
        with self._desk.change(who) as change:
            t = change.t
            self._desk.domain(t, who, domain, Scope.EDIT)
            if scripts.get(t, domain, script) is None:
                if scripts.count(t, domain) >= MAX_SCRIPTS:
                    raise Refused("limit", f"a domain has at most {MAX_SCRIPTS} scripts")
                scripts.add(t, domain, script)
            row = versions.add(
                t,
                domain,
                script,
                source=text.source,
                rule=text.rule_json,
                tests=text.tests,
                digest=text.digest,
                code=code,
                author=who.label,
                message=message,
                evidence=msgspec.to_builtins(evidence),
            )
            blobs.put(t, [(blob.ref.name, evidence.code_sha256, blob.data)])
            change.note("version.make", script, domain, number=row.number, digest=row.digest, message=message)
        return _whole(row, ())

    def _made(self, script: str, text: Text) -> tuple[bytes, Evidence]:
        """Code and what is known of it. Raises Refused for a text with errors."""
        made = self._work.made(script, text)
        if made.code is None or made.evidence is None:
            errors = sum(each["severity"] == "error" for each in made.diagnostics)
            raise Refused(
                "has-errors",
                f"{script} has {errors} error{'s' * (errors != 1)}",
                diagnostics=made.diagnostics,
            )
        return made.code, made.evidence

    def list(
        self, who: Actor, domain: str, script: str, limit: int = 50, cursor: str | None = None
    ) -> Page[VersionLine]:
        """Newest first, without their texts."""
        with self._desk.read() as t:
            self._desk.domain(t, who, domain, Scope.READ)
            require_script(t, domain, script)
            page = versions.page(t, domain, script, limit, cursor)
            live = versions_in(t, domain)
        lines = (VersionLine(**_common(row), live=serving(live, script, row.number)) for row in page.items)
        return Page(items=tuple(lines), next=page.next)

    def get(self, who: Actor, domain: str, script: str, number: int) -> Version:
        """One, whole."""
        with self._desk.read() as t:
            self._desk.domain(t, who, domain, Scope.READ)
            row = _version(t, domain, script, number)
            live = versions_in(t, domain)
        return _whole(row, serving(live, script, number))

    def diff(self, who: Actor, domain: str, script: str, old: int, new: int | None = None) -> Diff:
        """What changed from version `old` to `new`, or to the draft: text, settings, and decisions by the tests of both."""
        with self._desk.read() as t:
            self._desk.domain(t, who, domain, Scope.READ)
            before = _text(_version(t, domain, script, old))
            after = (
                _draft_at(t, domain, script, None) if new is None else _text(_version(t, domain, script, new))
            )
        name_after = "draft" if new is None else str(new)
        decided = self._work.decided(script, before, after)
        return Diff(
            text=unified(before.source, after.source, f"{script}@{old}", f"{script}@{name_after}"),
            rules=differences(before.rule_json, after.rule_json),
            decisions=decided.decisions,
            note=decided.note,
        )


def _draft_at(t: Reading, domain: str, script: str, revision: int | None) -> Text:
    """The draft's text. Raises Refused where it is at another revision."""
    row = drafts.get(t, domain, script) if is_name(script) else None
    if row is None:
        raise no_script(t, domain, script, "draft")
    if revision is not None and row.revision != whole_number(revision, "revision"):
        raise Refused("conflict", f"the draft is at revision {row.revision}", current=draft_of(row))
    return Text(row.source, stored_rule(row.rule), row.tests)


def _version(t: Reading, domain: str, script: str, number: int) -> VersionRow:
    row = versions.get(t, domain, script, number) if is_name(script) else None
    if row is None:
        require_script(t, domain, script)
        raise not_found(f"version {number} of '{script}'")
    return row


def _text(row: VersionRow) -> Text:
    return Text(row.source, stored_rule(row.rule), row.tests)


def stored_evidence(row: VersionHead | VersionRow) -> Evidence:
    return msgspec.convert(row.evidence, Evidence)


def rule_in(row: VersionHead | VersionRow) -> RuleSettings:
    return stored_rule(row.rule)


def _common(row: VersionHead | VersionRow) -> dict[str, Any]:
    return {
        "script": row.script,
        "number": row.number,
        "digest": row.digest,
        "author": row.author,
        "message": row.message,
        "created": row.created,
        "rule": rule_in(row),
        "evidence": stored_evidence(row),
    }


def _whole(row: VersionRow, live: tuple[str, ...]) -> Version:
    return Version(**_common(row), live=live, source=row.source, tests=row.tests or None)
