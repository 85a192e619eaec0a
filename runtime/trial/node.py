"""A node for requests that are tried: one site under every name, with its own cache and its own counts, and no socket."""

from collections.abc import Callable, Sequence

from edgescript.pipeline import InstalledScript
from edgescript.services import Dictionaries, Geo, Random, Services
from runtime.http.refusal import Refuse
from runtime.limits.local import LocalLimits
from runtime.proxy.simulate import Incoming, Origin, Simulation, fresh_cache, simulate
from runtime.scripts.site import Site
from runtime.trial.origin import EveryName
from runtime.upstreams.upstream import Upstream


class TrialNode:
    """What it has cached and counted stays from one request to the next."""

    def __init__(
        self, scripts: Sequence[InstalledScript], *, random: Random, geo: Geo, dictionaries: Dictionaries
    ) -> None:
        upstream = Upstream.single("127.0.0.1", 80)
        named = EveryName(upstream)
        limits = LocalLimits().site()
        services = Services(
            random=random,
            geo=geo,
            limiter=limits.limiter,
            connections=limits.connections,
            origins=named,
            dictionaries=dictionaries,
        )
        self._site = Site("trial", upstream, scripts=tuple(scripts), services=services, upstreams=named)
        self._cache = fresh_cache()

    def take(
        self, incoming: Incoming, origin: Origin, now: float, timer: Callable[[], float]
    ) -> Simulation | Refuse:
        """The outcome of one request, or its refusal. `now` is Unix seconds, `timer` monotonic."""
        return simulate(self._site, incoming, origin, self._cache, now, timer)
