"""Purges: numbered for each environment without gaps, so that a node knows whether it has missed one."""

from typing import Final, Literal

from runtime.cache.purge import purge_of
from runtime.console.model.access import Actor, Scope
from runtime.console.model.names import MAX_VALUE, environment_name
from runtime.console.model.refusal import Refused, invalid
from runtime.console.service.answers import PurgeMade
from runtime.console.service.desk import Desk
from runtime.console.store import environments, hosts, purges
from runtime.scripts.hosts import HostTable

KEPT: Final = 1_000
"""Of an environment: as many as a manifest may have."""
KEPT_S: Final = 7 * 86_400.0
KINDS: Final = ("url", "prefix", "tag")


class Purges:
    """Operations on purges."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def make(
        self,
        who: Actor,
        domain: str,
        environment: str,
        kind: Literal["url", "prefix", "tag"],
        value: str,
        soft: bool = False,
    ) -> PurgeMade:
        """Its number, and the generation with which nodes learn of it. Nothing of other domains' hosts is touched."""
        with self._desk.read() as t:
            self._desk.domain(t, who, domain, Scope.EDIT)
        environment_name(environment)
        _check(kind, value)
        with self._desk.change(who) as change:
            t = change.t
            self._desk.domain(t, who, domain, Scope.EDIT)
            if environments.live(t, domain, environment) is None:
                raise Refused("conflict", f"nothing was published to {environment} yet")
            names = hosts.of(t, domain)
            if kind == "url" and not _is_of(value, names):
                raise invalid("url", "not of a host of this domain")
            seq = purges.add(
                t,
                environment,
                domain=domain,
                hosts=names,
                kind=kind,
                value=value,
                soft=soft,
                author=who.label,
            )
            purges.prune(t, environment, keep=KEPT, before=t.now - KEPT_S)
            generation = change.advance(environment)
            change.note(
                "purge", str(seq), domain, environment=environment, kind=kind, value=value[:500], soft=soft
            )
        return PurgeMade(seq=seq, generation=generation)


def _check(kind: str, value: str) -> None:
    """Raises Refused for what could mean anything."""
    if kind not in KINDS:
        raise invalid("kind", f"want one of {', '.join(KINDS)}")
    if not 1 <= len(value) <= MAX_VALUE or not value.isprintable():
        raise invalid(kind, f"want 1 to {MAX_VALUE} printable characters")
    try:
        purge_of(kind, value)  # type: ignore[arg-type] # one of KINDS
    except ValueError as error:
        raise invalid(kind, str(error)) from None


def _is_of(url: str, names: list[str]) -> bool:
    authority = purge_of("url", url).value.partition("://")[2].partition("/")[0]
    host = authority if authority.endswith("]") else authority.partition(":")[0]
    return HostTable((name, True) for name in names).find(host) is True
