"""What an environment serves of a domain now."""

from typing import NamedTuple

from runtime.console.model.names import ENVIRONMENTS
from runtime.console.store import Reading, environments, releases
from runtime.console.store.releases import ReleaseRow


class Live(NamedTuple):
    """The release in force, and since when: number 1, 2, .. in the environment's history."""

    number: int
    release: ReleaseRow


def live_in(t: Reading, domain: str) -> dict[str, Live | None]:
    """By environment, every one of them; None where nothing was published yet."""
    found = environments.of(t, domain)
    rows = releases.many(t, [(domain, row.release) for row in found.values()])
    return {
        environment: Live(found[environment].number, rows[domain, found[environment].release])
        if environment in found
        else None
        for environment in ENVIRONMENTS
    }


def versions_in(t: Reading, domain: str) -> dict[str, dict[str, int]]:
    """By environment: script to version."""
    return {
        environment: {} if live is None else live.release.scripts
        for environment, live in live_in(t, domain).items()
    }


def serving(versions: dict[str, dict[str, int]], script: str, number: int) -> tuple[str, ...]:
    """The environments that serve that version."""
    return tuple(environment for environment, each in versions.items() if each.get(script) == number)
