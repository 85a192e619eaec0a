"""
Who may do what: scopes of a token on domains.

A scope holds all below it. `admin` on every domain makes an operator. Somebody without any scope on a domain is told the
same as of a domain that does not exist; somebody whose scope is too low is told so.
"""

from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import Final, TypeAlias

import msgspec

from runtime.console.model.names import is_domain_name
from runtime.console.model.refusal import Refused, invalid, not_found

EVERY: Final = "*"
"""Stands for all domains, those to come included."""
MAX_GRANTS: Final = 100
"""Of one token."""


class Scope(IntEnum):
    """What may be done; each may what those before it may."""

    READ = 1
    EDIT = 2
    PUBLISH = 3
    ADMIN = 4

    @property
    def word(self) -> str:
        """As the API says it."""
        return self.name.lower()


SCOPES: Final = {scope.word: scope for scope in Scope}


class Grant(msgspec.Struct, frozen=True, order=True):
    """A scope on one domain, or on `EVERY`."""

    domain: str
    scope: str


Grants: TypeAlias = Mapping[str, Scope]
"""By domain."""


class Actor(msgspec.Struct, frozen=True):
    """Who asks: the token's id and label, and what it may."""

    id: str
    label: str
    grants: Grants = {}
    expires: float | None = None
    """Unix seconds."""

    @property
    def operator(self) -> bool:
        return self.grants.get(EVERY, 0) >= Scope.ADMIN

    def scope_on(self, domain: str) -> int:
        """The scope there; 0 for none."""
        return max(self.grants.get(EVERY, 0), self.grants.get(domain, 0))

    def scopes(self) -> list[Grant]:
        """What was granted, in the order of domains."""
        return sorted(Grant(domain, scope.word) for domain, scope in self.grants.items())


class NodeActor(msgspec.Struct, frozen=True):
    """A node, by its token."""

    id: str
    label: str
    pool: str
    region: str
    environment: str


CONSOLE: Final = Actor("", "console", {EVERY: Scope.ADMIN})
"""Who acts when a rule does: an abort by figures, a step after its time."""


def require(who: Actor, domain: str, scope: Scope) -> None:
    """Raises Refused unless `who` has `scope` on `domain`."""
    has = who.scope_on(domain)
    if not has:
        raise not_found()
    if has < scope:
        raise Refused("forbidden", f"the token's scope on {domain} is {Scope(has).word}, want {scope.word}")


def require_operator(who: Actor) -> None:
    """Raises Refused unless `who` may everything."""
    if not who.operator:
        raise Refused("forbidden", "only an operator may do this")


def read_grants(grants: Iterable[Grant]) -> dict[str, Scope]:
    """What a token is to have. Raises Refused for what cannot be granted."""
    found: dict[str, Scope] = {}
    for index, grant in enumerate(grants):
        where = f"grants[{index + 1}]"
        scope = SCOPES.get(grant.scope)
        if index >= MAX_GRANTS:
            raise invalid("grants", f"more than {MAX_GRANTS}")
        if scope is None:
            raise invalid(f"{where}.scope", f"want one of {', '.join(SCOPES)}")
        if grant.domain == EVERY:
            if scope is not Scope.ADMIN:
                raise invalid(f"{where}.scope", "on all domains want admin")
        elif not is_domain_name(grant.domain):
            raise invalid(f"{where}.domain", "want the name of a domain, or *")
        if grant.domain in found:
            raise invalid(f"{where}.domain", "stands twice")
        found[grant.domain] = scope
    if not found:
        raise invalid("grants", "want at least one")
    return found
