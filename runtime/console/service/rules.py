"""The vendor's rule JSON, in and out: a customer moves over with what he has, and can leave with it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from runtime.console.model.access import Actor, Scope
from runtime.console.model.rules import read_vendor_rules, vendor_rule
from runtime.console.service.answers import Draft
from runtime.console.service.checking import findings_of_all
from runtime.console.service.desk import Desk
from runtime.console.service.jobs import Work
from runtime.console.service.scripts import Scripts
from runtime.console.service.texts import read_text, stored_rule
from runtime.console.service.versions import stored_evidence
from runtime.console.store import drafts, scripts, versions


class Rules:
    """Operations on all rules of a domain."""

    def __init__(self, desk: Desk, scripts_: Scripts, work: Work, monotonic: Callable[[], float]) -> None:
        self._desk = desk
        self._work = work
        self._monotonic = monotonic
        self._scripts = scripts_

    def export(self, who: Actor, domain: str) -> list[dict[str, str]]:
        """
        Each script's latest version as the vendor's rule, its text under `rule`, every value a string; of a script without
        versions the draft. In the order of upload.
        """
        with self._desk.read() as t:
            self._desk.domain(t, who, domain, Scope.READ)
            found = []
            for row in scripts.all(t, domain):
                version = versions.get(t, domain, row.name, row.latest) if row.latest else None
                draft = None if version is not None else drafts.get(t, domain, row.name)
                if version is not None:
                    position = stored_evidence(version).position
                    found.append(vendor_rule(row.name, version.source, stored_rule(version.rule), position))
                elif draft is not None:
                    found.append(vendor_rule(row.name, draft.source, stored_rule(draft.rule), "head"))
        return found

    def import_(self, who: Actor, domain: str, rules: Sequence[Mapping[str, Any]]) -> tuple[Draft, ...]:
        """
        A draft of each rule, on top of one that is there, which is kept: all of them or, where any rule is wrong, none. Texts
        with errors are no reason, drafts may have them; nor are those whose check does not finish.
        """
        with self._desk.read() as t:
            self._desk.domain(t, who, domain, Scope.EDIT)
        read = [(each.name, read_text(each.source, each.settings, None)) for each in read_vendor_rules(rules)]
        found = findings_of_all(self._work, ((name, text.source) for name, text in read), self._monotonic)
        texts = [(name, text, each) for (name, text), each in zip(read, found, strict=True)]
        return self._scripts.put_over(who, domain, texts)
