"""Domains and their settings. Settings are judged when they are stored and go live when they are published."""

from collections.abc import Mapping
from typing import Any

from runtime.console.model.access import Actor, Scope, require_operator
from runtime.console.model.names import (
    ENVIRONMENTS,
    MAX_DOMAINS,
    domain_name,
    message_text,
    whole_number,
)
from runtime.console.model.refusal import Refused
from runtime.console.model.settings import read_settings
from runtime.console.service.answers import (
    DomainLine,
    DomainView,
    EnvironmentView,
    Page,
    SettingsView,
)
from runtime.console.service.desk import Desk, changed_keys
from runtime.console.service.hosts import claim, require_own
from runtime.console.service.lives import live_in
from runtime.console.service.views import rollout_view
from runtime.console.store import (
    Reading,
    documents,
    domains,
    environments,
    hosts,
    rollouts,
    settings,
)
from runtime.console.store.domains import DomainRow


class Domains:
    """Operations on domains."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def list(self, who: Actor, limit: int = 50, cursor: str | None = None) -> Page[DomainLine]:
        """Those `who` has a scope on, by name."""
        with self._desk.read() as t:
            among = None if who.operator else list(who.grants)
            page = domains.page(t, limit, cursor, among)
            lines = tuple(self._line(t, row) for row in page.items)
        return Page(items=lines, next=page.next)

    def _line(self, t: Reading, row: DomainRow) -> DomainLine:
        live = environments.of(t, row.name)
        running = {each: rollouts.running(t, row.name, each) for each in ENVIRONMENTS}
        return DomainLine(
            name=row.name,
            created=row.created,
            hosts=tuple(hosts.of(t, row.name)),
            settings_revision=row.settings_revision,
            releases={each: live[each].release if each in live else None for each in ENVIRONMENTS},
            rollouts={each: None if found is None else found.number for each, found in running.items()},
        )

    def get(self, who: Actor, domain: str) -> DomainView:
        """One, with its settings and what it serves."""
        with self._desk.read() as t:
            return self._view(t, self._desk.domain(t, who, domain, Scope.READ))

    def _view(self, t: Reading, row: DomainRow) -> DomainView:
        stored = settings.current(t, row.name)
        assert stored is not None, "a domain is made with settings"
        found = {}
        for environment, live in live_in(t, row.name).items():
            running = rollouts.running(t, row.name, environment)
            found[environment] = EnvironmentView(
                release=None if live is None else live.release.number,
                rollout=None if running is None else rollout_view(t, running),
                live={} if live is None else live.release.scripts,
            )
        return DomainView(
            name=row.name,
            created=row.created,
            settings=stored.settings,
            settings_revision=row.settings_revision,
            environments=found,
        )

    def create(self, who: Actor, name: str, settings_: Mapping[str, Any]) -> DomainView:
        """A new domain; operators make them."""
        require_operator(who)
        domain_name(name)
        read = read_settings(name, settings_)
        with self._desk.change(who) as change:
            t = change.t
            if domains.get(t, name) is not None:
                raise Refused("conflict", f"there is a domain {name} already")
            if domains.count(t) >= MAX_DOMAINS:
                raise Refused("limit", f"at most {MAX_DOMAINS} domains")
            row = domains.add(t, name, who.label)
            settings.save(t, name, read, author=who.label, message="")
            claim(t, name)
            change.note("domain.create", name, name)
            return self._view(t, domains.get(t, name) or row)

    def change_settings(
        self, who: Actor, domain: str, settings_: Mapping[str, Any], revision: int, message: str = ""
    ) -> SettingsView:
        """
        The settings at their new revision. Raises Refused `conflict` where they are not at `revision`, with the domain as
        it is as `current`; the same settings sent twice are no conflict.
        """
        with self._desk.read() as t:
            self._desk.domain(t, who, domain, Scope.EDIT)
        whole_number(revision, "revision")
        message = message_text(message)
        read = read_settings(domain, settings_)
        with self._desk.change(who) as change:
            t = change.t
            row = self._desk.domain(t, who, domain, Scope.EDIT)
            before = settings.current(t, domain)
            assert before is not None, "a domain is made with settings"
            if before.settings == read:
                change.nothing()
                return SettingsView(revision=before.revision, settings=before.settings)
            if before.revision != revision:
                raise Refused(
                    "conflict",
                    f"the settings are at revision {before.revision}",
                    current=self._view(t, row),
                )
            require_own(t, who, domain, read)
            saved = settings.save(t, domain, read, author=who.label, message=message)
            claim(t, domain)
            change.note(
                "settings.change",
                domain,
                domain,
                revision=saved.revision,
                keys=changed_keys(before.settings, read),
                message=message,
            )
        return SettingsView(revision=saved.revision, settings=saved.settings)

    def delete(self, who: Actor, domain: str) -> None:
        """The domain and all of it; nodes stop serving it."""
        with self._desk.change(who) as change:
            t = change.t
            self._desk.domain(t, who, domain, Scope.ADMIN)
            for environment in environments.of(t, domain):
                change.advance(environment)
                documents.delete(t, environment, domain)
            domains.delete(t, domain)
            change.note("domain.delete", domain, domain)
