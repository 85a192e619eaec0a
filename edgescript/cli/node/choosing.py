"""
What of each domain is served: its newest state, or where that cannot be loaded, the one before.

A domain takes no other with it. Each has candidates, the newest first: what its manifest names, what was served of it until now,
what older manifests name. In each round every domain that has none yet offers its next one; those that can be read, fit the
node and clash with nobody are built once, and what cannot be built is in the next round. So a domain that goes on as before
gets none of its hosts back from another that has them now.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from typing import NamedTuple

from edgescript.cli.node.domain_sites import Claims, Fitting, Unfit
from edgescript.cli.node.packed import Bundle, Domain, Shelf
from runtime.bundles.manifest import DomainEntry
from runtime.bundles.node_token import NodePlace
from runtime.bundles.whole import Opener
from runtime.bundles.wire import BundleError
from runtime.config import Config
from runtime.io.source import LeftOut

TryOut = Callable[[Sequence[Domain]], Mapping[str, str]]
"""Builds domains: why, of each that cannot be."""


class Chosen(NamedTuple):
    domains: tuple[Domain, ...]
    left_out: tuple[LeftOut, ...]


class Earlier(NamedTuple):
    """What is known of domains from before."""

    bundle: Bundle | None = None
    """What is served; None where that was made under other settings, or nothing is."""
    entries: Callable[[], Sequence[DomainEntry]] = tuple
    """Of documents that were served before, newest first; asked for where they are needed."""


class Chooser:
    """Chooses among the candidates of all domains. Texts of what is chosen are put in `shelf`."""

    def __init__(
        self,
        config: Config,
        opener: Opener,
        earlier: Earlier,
        place: NodePlace,
        shelf: Shelf,
        try_out: TryOut,
    ) -> None:
        self._opener = opener
        self._shelf = shelf
        self._fitting = Fitting(shelf, config, place.pool, place.region)
        self._claims = Claims(config)
        self._try_out = try_out
        served = () if earlier.bundle is None else earlier.bundle.domains
        self._served = {domain.name: domain for domain in served}
        self._served_texts = {} if earlier.bundle is None else earlier.bundle.texts
        self._earlier = earlier

    def choose(self, entries: Sequence[DomainEntry]) -> Chosen:
        """For the domains of a manifest. Raises BundleError where something of it is missing."""
        chosen: dict[str, Domain] = {}
        why: dict[str, str] = {}
        waiting = {entry.name: self._candidates(entry) for entry in entries}
        while waiting:
            offered = self._offered(waiting, why)
            unproven = [each for each in offered if each != self._served.get(each.name)]
            failed = self._try_out(unproven) if unproven else {}
            for domain in offered:
                if domain.name in failed:
                    self._claims.give_back(domain)
                    why.setdefault(domain.name, failed[domain.name])
                else:
                    chosen[domain.name] = domain
                    del waiting[domain.name]
        return Chosen(
            tuple(chosen[entry.name] for entry in entries if entry.name in chosen),
            tuple(LeftOut(name, text, name in chosen) for name, text in sorted(why.items())),
        )

    def _offered(
        self, waiting: dict[str, Iterator[Callable[[], Domain]]], why: dict[str, str]
    ) -> list[Domain]:
        """The next candidate of each that waits, where it can be placed; who has no more waits no longer."""
        offered = []
        for name, candidates in [*waiting.items()]:
            candidate = next(candidates, None)
            if candidate is None:
                del waiting[name]
                continue
            try:
                domain = candidate()
                self._claims.take(domain)
            except Unfit as unfit:
                why.setdefault(name, str(unfit))
                continue
            offered.append(domain)
        return offered

    def _candidates(self, entry: DomainEntry) -> Iterator[Callable[[], Domain]]:
        """Each raises Unfit where it cannot be served; the first one BundleError too, where something is missing."""
        served = self._served.get(entry.name)
        if served is not None and served.digest == entry.digest:
            yield partial(self._again, served)
        else:
            yield partial(self._newest, entry)
            if served is not None:
                yield partial(self._again, served)
        tried = {entry.digest, served.digest if served is not None else b""}
        for older in self._older.get(entry.name, ()):
            if older.digest not in tried:
                tried.add(older.digest)
                yield partial(self._old, older)

    @cached_property
    def _older(self) -> Mapping[str, Sequence[DomainEntry]]:
        """By name; most often nobody asks, and to read older manifests takes time."""
        found: dict[str, list[DomainEntry]] = {}
        for entry in self._earlier.entries():
            found.setdefault(entry.name, []).append(entry)
        return found

    def _again(self, domain: Domain) -> Domain:
        """As it is served."""
        self._shelf.texts.update((digest, self._served_texts[digest]) for digest in domain.texts)
        return domain

    def _newest(self, entry: DomainEntry) -> Domain:
        try:
            return self._fitting.packed(self._opener.domain(entry), entry.digest)
        except BundleError as error:
            if error.trouble == "missing":
                raise
            raise Unfit(f"{error.trouble}: {error}") from None

    def _old(self, entry: DomainEntry) -> Domain:
        try:
            return self._newest(entry)
        except BundleError as error:
            raise Unfit(str(error)) from None
