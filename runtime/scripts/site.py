"""A site: what is served under a set of hosts. Immutable; a change of scripts makes a new one, swapped whole."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from edgescript.meter import DEFAULT_LIMITS, Limits
from edgescript.pipeline import InstalledScript, in_order
from edgescript.reading import Reading
from edgescript.reads import Part
from edgescript.request import Request
from edgescript.services import NO_SERVICES, Services
from runtime.scripts.counts import ReleaseCounts
from runtime.scripts.hosts import HostTable
from runtime.scripts.policy import SitePolicy
from runtime.scripts.split import Split
from runtime.upstreams.upstream import Upstream


@dataclass(frozen=True, slots=True)
class Site:
    """
    `head` and `foot` are the enabled scripts in the order they run; `upstreams` those that scripts may choose.

    While a release is rolled out the stable one stands in the table of hosts, and has the other as its `candidate`.
    """

    name: str
    origin: Upstream
    scripts: tuple[InstalledScript, ...] = ()
    services: Services = NO_SERVICES
    limits: Limits = DEFAULT_LIMITS
    upstreams: Mapping[str, Upstream] = field(default_factory=dict)
    policy: SitePolicy | None = None
    """The site's own rules; None where it has none."""
    max_body_bytes: int = 0
    """Of a request; 0 for as many as the node takes."""
    release: int | None = None
    """The number of what is served of a console's domain; None for a site of the node's own configuration."""
    counts: ReleaseCounts = field(default_factory=ReleaseCounts, compare=False)
    split: Split | None = None
    """Who gets `candidate`; None where there is none."""
    candidate: "Site | None" = None
    head: tuple[InstalledScript, ...] = field(init=False)
    foot: tuple[InstalledScript, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "head", in_order(self.scripts, "head"))
        object.__setattr__(self, "foot", in_order(self.scripts, "foot"))

    def reading(self) -> Reading | None:
        """What the decision on a request depends on; None where that cannot be told."""
        found = Reading() if self.policy is None else self.policy.reading
        for script in (*self.head, *self.foot):
            if script.test_ip:
                found = Reading(found.facts | {(Part.CLIENT_ADDR, "")})
            joined = found.joined(script.reading())
            if joined is None:
                return None
            found = joined
        return found

    @property
    def has_counted(self) -> bool:
        """Whether it was asked for, in this process and under this configuration or one before it."""
        counts = self.counts
        return bool(counts.requests or counts.aborted or any(script.tally for script in self.scripts))

    def releases(self) -> Iterator["Site"]:
        """Itself, and its candidate."""
        yield self
        if self.candidate is not None:
            yield self.candidate

    def chosen(self, request: Request) -> "Site":
        """The release that `request` gets."""
        if self.candidate is not None and self.split is not None and self.split.gives_candidate(request):
            return self.candidate
        return self


class Sites:
    """Sites by host, exact or with a wildcard; hosts not named go to the default site, if there is one."""

    def __init__(
        self,
        default: Site | None,
        named: Iterable[tuple[str, Site]] = (),
        problems: Iterable[tuple[str, str]] = (),
        *,
        complete: bool = True,
    ) -> None:
        """
        `problems`: names of sites that should be there and cannot be served, each with the reason. Not `complete` while it
        is not known yet which sites there are.
        """
        hosts = list(named)
        table = HostTable(hosts, default)
        self.find = table.find
        """The site of a normalised host name, or None."""
        sites = [site for _, site in hosts]
        if default is not None:
            sites.append(default)
        found = {id(release): release for site in sites for release in site.releases()}
        self._sites = list(found.values())
        self._has_several = len({site.name for site in self._sites}) > 1
        self.services = next(
            (site.services for site in self._sites if site.services is not NO_SERVICES), NO_SERVICES
        )
        """Those of one site whose scripts are offered any: what its limits count of themselves is of all sites."""
        self.upstreams = frozenset(
            upstream for site in self._sites for upstream in (site.origin, *site.upstreams.values())
        )
        """All that are asked, or may be."""
        self.problems = tuple(problems)
        self.complete = complete

    def states(self) -> dict[str, dict[str, int]]:
        """How often each script came to each state, by its name; where there are several sites, by `site/script`."""
        total: dict[str, dict[str, int]] = {}
        for site in self._sites:
            for script in site.scripts:
                into = total.setdefault(self.name_of(site, script), {})
                for state, count in script.tally.by_state().items():
                    into[state] = into.get(state, 0) + count
        return total

    def name_of(self, site: Site, script: InstalledScript) -> str:
        """What figures call a script of a site."""
        return f"{site.name}/{script.name}" if self._has_several else script.name

    def all(self) -> list[Site]:
        """Every site once, with every release of it."""
        return list(self._sites)
