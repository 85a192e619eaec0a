"""A site: what is served under a set of hosts. Immutable; a change of scripts makes a new one, swapped whole."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from edgescript.meter import DEFAULT_LIMITS, Limits
from edgescript.pipeline import InstalledScript, in_order
from edgescript.services import NO_SERVICES, Services
from runtime.scripts.hosts import HostTable
from runtime.scripts.policy import SitePolicy
from runtime.upstreams.upstream import Upstream


@dataclass(frozen=True, slots=True)
class Site:
    """`head` and `foot` are the enabled scripts in the order they run; `upstreams` those that scripts may choose."""

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
    head: tuple[InstalledScript, ...] = field(init=False)
    foot: tuple[InstalledScript, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "head", in_order(self.scripts, "head"))
        object.__setattr__(self, "foot", in_order(self.scripts, "foot"))


class Sites:
    """Sites by host, exact or with a wildcard; hosts not named go to the default site, if there is one."""

    def __init__(self, default: Site | None, named: Iterable[tuple[str, Site]] = ()) -> None:
        hosts = list(named)
        table = HostTable(hosts, default)
        self.find = table.find
        """The site of a normalised host name, or None."""
        sites = [site for _, site in hosts]
        if default is not None:
            sites.append(default)
        self._sites = list({id(site): site for site in sites}.values())

    def states(self) -> dict[str, dict[str, int]]:
        """How often each script came to each state, by its name; where there are several sites, by `site/script`."""
        return {
            self._name(site, script): script.tally.by_state()
            for site in self._sites
            for script in site.scripts
        }

    def ran(self) -> dict[str, dict[str, int]]:
        """As `states`, of those scripts only that came to any: of thousands of sites most are asked for nothing."""
        return {
            self._name(site, script): script.tally.by_state()
            for site in self._sites
            for script in site.scripts
            if script.tally
        }

    def _name(self, site: Site, script: InstalledScript) -> str:
        return f"{site.name}/{script.name}" if len(self._sites) > 1 else script.name

    def all(self) -> list[Site]:
        """Every site once."""
        return list(self._sites)
