"""
Releases, and what environments serve.

A publish makes a release of what is live and what is to be changed of it, and begins its rollout. A rollback makes an environment
serve a release it has served before, at once and everywhere.
"""

from collections.abc import Mapping
from typing import Final

from runtime.console.model import rollout as rules
from runtime.console.model.access import Actor, Scope
from runtime.console.model.names import environment_name, message_text, name_of
from runtime.console.model.reasons import Reason
from runtime.console.model.refusal import Refused, invalid, not_found
from runtime.console.model.rollout import Course
from runtime.console.model.verdict import Margins
from runtime.console.service.answers import Page, Release, Rollout
from runtime.console.service.desk import Change
from runtime.console.service.hosts import claim
from runtime.console.service.requests import Publish
from runtime.console.service.rollouts import Rollouts, require_none_running
from runtime.console.service.views import course_of, evidence_of
from runtime.console.store import Reading, environments, releases, rollouts, scripts, settings, versions
from runtime.console.store.releases import ReleaseRow
from runtime.console.store.rollouts import RolloutRow

STEPS: Final[Mapping[str, tuple[int, ...]]] = {"staging": (100,), "production": (5, 25, 100)}
"""Of an environment, where nobody states any."""
SALT_BYTES: Final = 16
MAX_NAMES: Final = 1_000


class Publishing(Rollouts):
    """Operations that make something live."""

    def publish(self, who: Actor, domain: str, wanted: Publish) -> Rollout:
        """
        The rollout of a new release. Raises Refused: `rollout-running`, `not-staged` with the scripts that were never live
        in staging, `not-found` for a version that is not there.
        """
        with self._desk.read() as t:
            self._desk.domain(t, who, domain, Scope.PUBLISH)
        environment = environment_name(wanted.environment)
        message = message_text(wanted.message)
        plan = _plan(wanted)
        if wanted.skip_staging and not message:
            raise invalid("message", "want the reason why staging is skipped")
        with self._desk.change(who) as change:
            t = change.t
            self._desk.domain(t, who, domain, Scope.PUBLISH)
            require_none_running(t, domain, environment)
            live = _live(t, domain, environment)
            chosen = _scripts(t, domain, wanted, {} if live is None else live.scripts)
            revision = _settings_revision(t, domain, live, newest=wanted.settings)
            if live is not None and (live.scripts, live.settings_revision) == (chosen, revision):
                raise Refused("conflict", f"{environment} serves this already")
            if environment == "production" and not wanted.skip_staging:
                _require_staged(t, domain, chosen, {} if live is None else live.scripts)
            release = releases.add(
                t, domain, settings_revision=revision, scripts=chosen, author=who.label, message=message
            )
            course = self._begin(plan, live, t.now)
            row = self._add(
                change,
                domain,
                environment,
                course,
                None if live is None else live.number,
                release.number,
                message,
            )
            change.note(
                "publish",
                str(release.number),
                domain,
                environment=environment,
                rollout=row.number,
                percent=row.percent,
                skip_staging=wanted.skip_staging,
                message=message,
            )
            return self._view(t, row)

    def _begin(self, plan: rules.Plan, live: ReleaseRow | None, now: float) -> Course:
        if live is not None:
            return rules.begin(plan, now)
        if plan.pools or plan.regions:
            raise invalid("pools", "nothing is live yet to serve the others: publish to all first")
        return rules.at_once(now, Reason("first-release"))

    def rollback(
        self, who: Actor, domain: str, environment: str, to: int | None = None, message: str = ""
    ) -> Rollout:
        """
        The environment serves release `to`, which it has served before, at once and everywhere. Without `to`: while a
        rollout is under way, the release from before it; else the one that was live before the one that is.
        """
        environment_name(environment)
        message = message_text(message)
        with self._desk.change(who) as change:
            t = change.t
            self._desk.domain(t, who, domain, Scope.PUBLISH)
            live = _live(t, domain, environment)
            if live is None:
                raise Refused("conflict", f"nothing was published to {environment} yet")
            running = rollouts.running(t, domain, environment)
            target = _target(t, domain, environment, to, live.number, under_way=running is not None)
            if running is not None:
                self._move(change, running, rules.cancel(course_of(running), Reason("rolled-back")))
            leaves = live.number if running is None else running.to_release
            row = self._add(
                change, domain, environment, rules.at_once(t.now, Reason("rollback")), leaves, target, message
            )
            change.note(
                "rollback",
                str(target),
                domain,
                environment=environment,
                rollout=row.number,
                before=leaves,
                message=message,
            )
            return self._view(t, row)

    def _add(
        self,
        change: Change,
        domain: str,
        environment: str,
        course: Course,
        leaves: int | None,
        to: int,
        message: str,
    ) -> RolloutRow:
        """Store a rollout that begins, and what nodes are sent because of it."""
        t, plan = change.t, course.plan
        row = rollouts.add(
            t,
            domain,
            environment=environment,
            from_release=leaves,
            to_release=to,
            steps=list(plan.steps),
            percent=course.percent,
            sticky=plan.sticky,
            salt=self._desk.random(SALT_BYTES).hex(),
            pools=list(plan.pools),
            regions=list(plan.regions),
            abort={} if plan.abort is None else plan.abort.stated(),
            hold_s=plan.hold_s,
            state=course.state,
            reason=course.reason,
            author=change.who.label,
            message=message,
            evidence=evidence_of(course, change.advance(environment)),
            ended=None if course.running else t.now,
        )
        if not course.running:
            self._go_live(change, row)
        claim(t, domain)
        self._documents.renew(change, domain, environment)
        return row

    def releases(self, who: Actor, domain: str, limit: int = 50, cursor: str | None = None) -> Page[Release]:
        """Newest first."""
        with self._desk.read() as t:
            self._desk.domain(t, who, domain, Scope.READ)
            page = releases.page(t, domain, limit, cursor)
            live = environments.of(t, domain)
            served = environments.served(t, domain)
        shown = tuple(
            Release(
                number=row.number,
                settings_revision=row.settings_revision,
                scripts=row.scripts,
                author=row.author,
                message=row.message,
                created=row.created,
                live=tuple(name for name, each in live.items() if each.release == row.number),
                been_live=tuple(sorted(served.get(row.number, ()))),
            )
            for row in page.items
        )
        return Page(items=shown, next=page.next)


def _plan(wanted: Publish) -> rules.Plan:
    if wanted.steps is not None and wanted.percent is not None:
        raise invalid("percent", "want it or 'steps', not both")
    steps = wanted.steps or STEPS[wanted.environment] if wanted.percent is None else (wanted.percent,)
    return rules.plan(
        steps,
        sticky=wanted.sticky,
        pools=wanted.pools,
        regions=wanted.regions,
        abort=wanted.abort or Margins(),
        hold_s=wanted.hold_s,
    )


def _live(t: Reading, domain: str, environment: str) -> ReleaseRow | None:
    live = environments.live(t, domain, environment)
    return None if live is None else releases.get(t, domain, live.release)


def _scripts(t: Reading, domain: str, wanted: Publish, live: Mapping[str, int]) -> dict[str, int]:
    """What the release has. Raises Refused."""
    known = {row.name: row.latest for row in scripts.all(t, domain)}
    if wanted.scripts is None:
        chosen = {name: latest for name, latest in known.items() if latest}
    else:
        if len(wanted.scripts) > MAX_NAMES:
            raise Refused("too-large", f"more than {MAX_NAMES} scripts")
        chosen = {
            name_of("scripts", name): number or known.get(name, 0) for name, number in wanted.scripts.items()
        }
    there = versions.heads(t, domain, chosen)
    gone = [name for name in chosen if name not in there]
    if gone:
        raise not_found(f"version: {', '.join(f'{name}@{chosen[name]}' for name in gone[:10])}")
    unknown = [name for name in wanted.remove if name not in live]
    if unknown:
        raise invalid("remove", f"{', '.join(unknown[:10])}: not live in {wanted.environment}")
    return {name: number for name, number in {**live, **chosen}.items() if name not in wanted.remove}


def _settings_revision(t: Reading, domain: str, live: ReleaseRow | None, *, newest: bool) -> int:
    if live is not None and not newest:
        return live.settings_revision
    current = settings.current(t, domain)
    assert current is not None, "a domain is made with settings"
    return current.revision


def _require_staged(t: Reading, domain: str, chosen: Mapping[str, int], live: Mapping[str, int]) -> None:
    new = {name: number for name, number in chosen.items() if live.get(name) != number}
    staged = environments.been_live(t, domain, "staging", new)
    missing = [name for name in new if name not in staged]
    if missing:
        raise Refused(
            "not-staged",
            f"never live in staging: {', '.join(f'{name}@{new[name]}' for name in missing[:10])}",
            scripts=missing,
        )


def _target(t: Reading, domain: str, environment: str, to: int | None, live: int, *, under_way: bool) -> int:
    """The release to go back to. Raises Refused."""
    if to is None and under_way:
        return live
    history = _history(t, domain, environment)
    if to is None:
        # Before the moment at which what is live came there first: a second rollback goes further back.
        first = len(history) - 1 - history[::-1].index(live)
        if first + 1 == len(history):
            raise Refused("conflict", f"nothing was live in {environment} before release {live}")
        return history[first + 1]
    if to not in history:
        raise Refused("conflict", f"release {to} was never live in {environment}")
    if to == live and not under_way:
        raise Refused("conflict", f"{environment} serves release {to} already")
    return to


def _history(t: Reading, domain: str, environment: str) -> list[int]:
    """The releases that were live, newest first."""
    found: list[int] = []
    cursor: str | None = None
    while True:
        page = environments.history(t, domain, environment, MAX_NAMES, cursor)
        found += [row.release for row in page.items]
        cursor = page.next
        if cursor is None:
            return found
