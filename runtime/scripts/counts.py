"""What is counted of a site and its scripts. Kept from one configuration to the next, so totals do not fall at a reload."""

from collections.abc import Collection
from typing import Final

from edgescript.pipeline import Tally

MAX_RELEASES: Final = 8
"""Of a site, whose counts are kept: a release that is taken back goes on where it was."""


class ReleaseCounts:
    """Of one release of a site, or of a site that has none."""

    __slots__ = ("aborted", "errors_5xx", "requests", "tallies")

    def __init__(self) -> None:
        self.requests = 0
        """Those it decided on."""
        self.errors_5xx = 0
        """Answers with such a status, whoever made them."""
        self.aborted = 0
        """Requests whose client went before its answer was complete."""
        self.tallies: dict[str, Tally] = {}
        """Of its scripts, by their names."""

    def tally(self, script: str) -> Tally:
        """Of the script called `script`."""
        return self.tallies.setdefault(script, Tally())

    def keep(self, scripts: Collection[str]) -> None:
        """Forget all scripts but these."""
        self.tallies = {name: tally for name, tally in self.tallies.items() if name in scripts}


class SiteCounts:
    """Of one site, by the number of the release."""

    __slots__ = ("_releases",)

    def __init__(self) -> None:
        self._releases: dict[int, ReleaseCounts] = {}
        """Those asked for last come last."""

    def of(self, release: int) -> ReleaseCounts:
        """Of one release."""
        counts = self._releases.pop(release, None) or ReleaseCounts()
        while len(self._releases) >= MAX_RELEASES:
            del self._releases[next(iter(self._releases))]
        self._releases[release] = counts
        return counts
