"""A node's figures as reports: of counts, those that changed since the last report that was answered."""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from runtime.bundles.report import (
    MAX_COUNTERS,
    MAX_REFUSED,
    MAX_SITES,
    MAX_TROUBLE,
    MAX_WHY,
    STATES,
    RefusedDomain,
    Report,
    ScriptCounter,
    SiteCounter,
)
from runtime.io.sync.access import ConsoleAccess
from runtime.observe.samples import Key

MAX_TEXT: Final = 2_000
_SITE: Final = {
    "domain_requests": "requests",
    "domain_errors_5xx": "errors_5xx",
    "domain_aborted": "aborted",
}
"""Figures by domain and release (`observe.samples`), and what reports call them."""
_SCRIPT: Final = {"version_fuel": "fuel", "version_time_us": "time_us"}
"""The same by domain, release, script and version."""
_RUNS: Final = "version_runs"


class Reporter:
    """Makes the reports of one process; `started` is its time in Unix seconds."""

    def __init__(self, access: ConsoleAccess, started: float) -> None:
        self._access = access
        self._started = started
        self._known: dict[tuple[str, ...], ScriptCounter | SiteCounter] = {}
        """What the console was told, by the labels of each counter."""
        self._told: dict[tuple[str, ...], ScriptCounter | SiteCounter] = {}
        """What it was told last, and has yet to answer."""

    def report(
        self,
        samples: Iterable[tuple[Key, float]],
        lines: Sequence[dict[str, Any]] = (),
        trouble: Iterable[str] = (),
        *,
        generation: int = -1,
        refused: int = -1,
        error: str = "",
        refused_domains: Mapping[str, str] = {},
    ) -> Report:
        """The next report. It counts as told once `answered` is called."""
        samples = list(samples)
        every_script, every_site = _scripts(samples), _sites(samples)
        counted = every_script.keys() | every_site.keys()
        scripts = self._changed(every_script, MAX_COUNTERS)
        sites = self._changed(every_site, MAX_SITES)
        self._told = {**scripts, **sites}
        self._known = {labels: told for labels, told in self._known.items() if labels in counted}
        access = self._access
        place = access.token.place
        return Report(
            access.node,
            access.version,
            self._started,
            place.environment,
            place.pool,
            place.region,
            max(generation, 0),
            max(refused, 0),
            error[:MAX_TEXT],
            tuple(each for each in scripts.values() if isinstance(each, ScriptCounter)),
            tuple(each for each in sites.values() if isinstance(each, SiteCounter)),
            tuple(lines),
            tuple(each[:MAX_TEXT] for each in trouble)[:MAX_TROUBLE],
            tuple(RefusedDomain(*each) for each in _shortened(refused_domains)),
        )

    def answered(self) -> None:
        """The console has the last report."""
        self._known |= self._told
        self._told = {}

    def _changed(
        self, counters: Mapping[tuple[str, ...], ScriptCounter | SiteCounter], most: int
    ) -> dict[tuple[str, ...], ScriptCounter | SiteCounter]:
        """Those that the console does not know; the rest of more than it takes goes with the next report."""
        news = [(labels, each) for labels, each in counters.items() if self._known.get(labels) != each]
        return dict(news[:most])


def _shortened(refused: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for domain, why in itertools.islice(refused.items(), MAX_REFUSED):
        yield domain, why[:MAX_WHY]


def _sites(samples: Iterable[tuple[Key, float]]) -> dict[tuple[str, ...], SiteCounter]:
    found: defaultdict[tuple[str, ...], dict[str, int]] = defaultdict(dict)
    for (name, labels), value in samples:
        if name in _SITE:
            found[labels][_SITE[name]] = int(value)
    return {
        labels: SiteCounter(domain, int(release), **counts)
        for labels, counts in found.items()
        for domain, release in (labels,)
    }


def _scripts(samples: Iterable[tuple[Key, float]]) -> dict[tuple[str, ...], ScriptCounter]:
    states: defaultdict[tuple[str, ...], dict[str, int]] = defaultdict(dict)
    spent: defaultdict[tuple[str, ...], dict[str, float]] = defaultdict(dict)
    for (name, labels), value in samples:
        if name == _RUNS and labels[-1] in STATES:
            states[labels[:-1]][labels[-1]] = int(value)
        elif name in _SCRIPT:
            spent[labels][_SCRIPT[name]] = value
    return {
        labels: ScriptCounter(
            domain,
            int(release),
            script,
            int(version),
            states[labels],
            int(spent[labels].get("fuel", 0)),
            spent[labels].get("time_us", 0.0),
        )
        for labels in (*states, *(each for each in [*spent] if each not in states))
        for domain, release, script, version in (labels,)
    }
