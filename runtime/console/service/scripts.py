"""
Scripts of a domain and the texts being written.

A save names the revision it started from. Where the draft has moved on, the text that is refused is kept beside it, and who
saved is shown the other one whole: of two authors neither loses anything.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from edgescript.diagnostics.spelling import nearest
from runtime.console.model.access import Actor, Scope
from runtime.console.model.names import MAX_SCRIPTS, is_name, name_of, whole_number
from runtime.console.model.refusal import Refused, not_found
from runtime.console.model.rules import RuleSettings
from runtime.console.service.answers import Diagnostics, Draft, DraftLine, KeptText, Page, ScriptLine
from runtime.console.service.checking import findings_or_why, is_unfinished
from runtime.console.service.desk import Change, Desk
from runtime.console.service.jobs import Work
from runtime.console.service.lives import versions_in
from runtime.console.service.texts import Text, read_text, stored_rule
from runtime.console.store import Reading, conflicts, drafts, scripts, versions
from runtime.console.store.drafts import DraftRow


class Scripts:
    """Operations on scripts and drafts."""

    def __init__(self, desk: Desk, work: Work) -> None:
        self._desk = desk
        self._work = work

    def list(self, who: Actor, domain: str, limit: int = 50, cursor: str | None = None) -> Page[ScriptLine]:
        """Scripts by name."""
        with self._desk.read() as t:
            self._desk.domain(t, who, domain, Scope.READ)
            page = scripts.page(t, domain, limit, cursor)
            names = [row.name for row in page.items]
            heads = drafts.heads(t, domain, names)
            latest = versions.heads(t, domain, {row.name: row.latest for row in page.items if row.latest})
            live = versions_in(t, domain)
        lines = []
        for row in page.items:
            head, version = heads.get(row.name), latest.get(row.name)
            last = head or version
            lines.append(
                ScriptLine(
                    name=row.name,
                    draft=None
                    if head is None
                    else DraftLine(
                        revision=head.revision,
                        digest=head.digest,
                        changed=version is None or version.digest != head.digest,
                    ),
                    latest=row.latest or None,
                    live={environment: each.get(row.name) for environment, each in live.items()},
                    rule=RuleSettings() if last is None else stored_rule(last.rule),
                )
            )
        return Page(items=tuple(lines), next=page.next)

    def draft(self, who: Actor, domain: str, script: str) -> Draft:
        """The text being written."""
        with self._desk.read() as t:
            self._desk.domain(t, who, domain, Scope.READ)
            row = drafts.get(t, domain, script) if is_name(script) else None
            if row is None:
                raise no_script(t, domain, script, "draft")
        return draft_of(row)

    def save(
        self,
        who: Actor,
        domain: str,
        script: str,
        source: str,
        rule: Mapping[str, Any] | None,
        tests: str | None,
        revision: int,
    ) -> Draft:
        """
        The draft as it is now. `revision` is the one the text started from, 0 for a new script.

        Raises Refused `conflict` where the draft is at another one, with that whole as `current` and the id under which the
        text is kept as `kept`. The text that is there already is saved, whatever revision it names.
        """
        self._allowed(who, domain)
        name_of("script", script)
        whole_number(revision, "revision")
        text = read_text(source, rule, tests)
        return self._put(who, domain, script, text, revision)

    def put_over(
        self, who: Actor, domain: str, texts: Sequence[tuple[str, Text, Diagnostics]]
    ) -> tuple[Draft, ...]:
        """
        Texts by the names of their scripts, with what was found in them, on top of whatever is there, which is kept as what was
        thrown away is. All of them or none.
        """
        with self._desk.change(who) as change:
            self._desk.domain(change.t, who, domain, Scope.EDIT)
            rows = [self._over(change, domain, script, text, found) for script, text, found in texts]
            change.nothing()
        return tuple(map(draft_of, rows))

    def _over(self, change: Change, domain: str, script: str, text: Text, findings: Diagnostics) -> DraftRow:
        there = self._there(change, domain, script)
        if there is not None and not _is_news(there, text, findings):
            return there
        if there is not None and _text_of(there) != text:
            _keep(change, domain, script, _text_of(there), there.revision, there.author)
        return _saved(change, domain, script, text, findings)

    def _allowed(self, who: Actor, domain: str) -> None:
        """Before anything of what was sent is looked at or compiled."""
        with self._desk.read() as t:
            self._desk.domain(t, who, domain, Scope.EDIT)

    def _put(self, who: Actor, domain: str, script: str, text: Text, revision: int) -> Draft:
        findings = findings_or_why(self._work, script, text.source)
        kept = 0
        with self._desk.change(who) as change:
            self._desk.domain(change.t, who, domain, Scope.EDIT)
            there = self._there(change, domain, script)
            now_at = 0 if there is None else there.revision
            if there is not None and not _is_news(there, text, findings):
                change.nothing()
            elif revision != now_at and (there is None or _text_of(there) != text):
                kept = _keep(change, domain, script, text, revision, change.who.label)
                change.note("draft.refused", script, domain, started_from=revision, current=now_at, kept=kept)
            else:
                there = _saved(change, domain, script, text, findings)
        if kept:
            current = None if there is None else draft_of(there)
            at = f"at revision {now_at}" if there else "gone"
            raise Refused("conflict", f"the draft is {at}", current=current, kept=str(kept))
        assert there is not None, "saved, if it was not kept"
        return draft_of(there)

    def _there(self, change: Change, domain: str, script: str) -> DraftRow | None:
        """The draft before; makes the script where it is new. Raises Refused where there are too many."""
        if scripts.get(change.t, domain, script) is not None:
            return drafts.get(change.t, domain, script)
        if scripts.count(change.t, domain) >= MAX_SCRIPTS:
            raise Refused("limit", f"a domain has at most {MAX_SCRIPTS} scripts")
        scripts.add(change.t, domain, script)
        return None

    def discard(self, who: Actor, domain: str, script: str) -> None:
        """Throw the draft away. Of a script with versions its text is kept; one without goes wholly."""
        with self._desk.change(who) as change:
            self._desk.domain(change.t, who, domain, Scope.EDIT)
            row = drafts.get(change.t, domain, script) if is_name(script) else None
            if row is None:
                raise not_found("draft")
            _keep(change, domain, script, _text_of(row), row.revision, row.author)
            drafts.delete(change.t, domain, script)
            found = scripts.get(change.t, domain, script)
            whole = found is not None and not found.latest
            if whole:
                scripts.delete(change.t, domain, script)
            change.note(
                "draft.discard", script, domain, revision=row.revision, digest=row.digest, whole=whole
            )

    def conflicts(
        self, who: Actor, domain: str, script: str, limit: int = 50, cursor: str | None = None
    ) -> Page[KeptText]:
        """Texts that were refused or thrown away, newest first."""
        with self._desk.read() as t:
            self._desk.domain(t, who, domain, Scope.READ)
            require_script(t, domain, script)
            page = conflicts.page(t, domain, script, limit, cursor)
        kept = (
            KeptText(
                id=str(row.number),
                revision=row.based_on,
                source=row.source,
                rule=stored_rule(row.rule),
                tests=row.tests or None,
                author=row.author,
                saved=row.saved,
            )
            for row in page.items
        )
        return Page(items=tuple(kept), next=page.next)


def require_script(t: Reading, domain: str, script: str) -> scripts.ScriptRow:
    """Raises Refused."""
    row = scripts.get(t, domain, script) if is_name(script) else None
    if row is None:
        raise no_script(t, domain, script)
    return row


def no_script(t: Reading, domain: str, script: str, what: str = "script") -> Refused:
    """Names what is not there, and the script that may have been meant. Whoever asks may read the domain."""
    if not is_name(script):
        return not_found(what)
    near = nearest(script, (row.name for row in scripts.all(t, domain)))
    hint = f", did you mean '{near}'?" if near and near != script else ""
    of = f"{what} '{script}'" if what == "script" else f"{what} of '{script}'"
    return not_found(f"{of}{hint}")


def draft_of(row: DraftRow) -> Draft:
    return Draft(
        script=row.script,
        revision=row.revision,
        source=row.source,
        rule=stored_rule(row.rule),
        tests=row.tests or None,
        digest=row.digest,
        diagnostics=tuple(row.diagnostics),
        author=row.author,
        saved=row.saved,
    )


def _is_news(there: DraftRow, text: Text, findings: Diagnostics) -> bool:
    """Whether a text is another than the draft's, or has been checked now that could not be before."""
    if _text_of(there) != text:
        return True
    return is_unfinished(there.diagnostics) and not is_unfinished(findings)


def _saved(change: Change, domain: str, script: str, text: Text, findings: Diagnostics) -> DraftRow:
    row = drafts.save(
        change.t,
        domain,
        script,
        source=text.source,
        rule=text.rule_json,
        tests=text.tests,
        digest=text.digest,
        diagnostics=list(findings),
        author=change.who.label,
    )
    change.note("draft.save", script, domain, revision=row.revision, digest=text.digest)
    return row


def _text_of(row: DraftRow) -> Text:
    return Text(row.source, stored_rule(row.rule), row.tests)


def _keep(change: Change, domain: str, script: str, text: Text, based_on: int, author: str) -> int:
    return conflicts.keep(
        change.t,
        domain,
        script,
        based_on=based_on,
        source=text.source,
        rule=text.rule_json,
        tests=text.tests,
        author=author,
    )
