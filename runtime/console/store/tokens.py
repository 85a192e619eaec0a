"""Tokens of people and of nodes, by id; of the secret only the hash that comes in."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from sqlalchemy import ColumnElement, bindparam, exists, func, insert, or_, select, update

from runtime.console.store import tables
from runtime.console.store.entity import Entity, Page, Row
from runtime.console.store.transaction import Reading, Writing

_table: Final = tables.tokens
_grants: Final = tables.grants


class Grant(Row, frozen=True):
    domain: str
    """A domain's name, or `*` for all."""
    scope: str


class _Bare(Row, frozen=True):
    id: str
    number: int
    kind: str
    hash: bytes
    label: str
    author: str
    created: float
    expires: float | None
    revoked: float | None
    last_used: float | None
    pool: str
    region: str
    environment: str


class TokenRow(_Bare, frozen=True):
    grants: tuple[Grant, ...]


_tokens: Final = Entity(_Bare, _table, by="number", newest_first=True)


def get(t: Reading, id: str) -> TokenRow | None:  # noqa: A002 - what a token calls it
    found = _tokens.one(t, _table.c.id == id)
    return None if found is None else _with_grants(t, [found])[0]


def page(
    t: Reading, limit: int, cursor: str | None = None, *, domain: str | None = None, kind: str | None = None
) -> Page[TokenRow]:
    """Newest first; those with a grant for `domain`, if given, and of `kind`, if given."""
    conditions = [] if kind is None else [_table.c.kind == kind]
    if domain is not None:
        conditions.append(_granted_for(domain))
    found = _tokens.page(t, limit, cursor, *conditions)
    return Page(_with_grants(t, found.items), found.next)


def any_made(t: Reading) -> bool:
    """Whether there is a token, or has been one."""
    return _tokens.count(t) > 0


def count_good(t: Reading, *, domain: str) -> int:
    """Tokens with a grant for `domain` that are neither revoked nor expired."""
    return _tokens.count(t, _granted_for(domain), *_good(t))


def count_good_of(t: Reading, *, kind: str) -> int:
    """Tokens of `kind` that are neither revoked nor expired."""
    return _tokens.count(t, _table.c.kind == kind, *_good(t))


def add(
    t: Writing,
    *,
    id: str,  # noqa: A002 - what a token calls it
    kind: str,
    hash: bytes,  # noqa: A002 - what it is
    label: str,
    author: str,
    expires: float | None,
    grants: Sequence[Grant] = (),
    pool: str = "",
    region: str = "",
    environment: str = "",
) -> TokenRow:
    """Raises Conflict where the id is taken, or two grants are for one domain."""
    last = t.execute(select(func.max(_table.c.number))).scalar() or 0
    bare = _Bare(
        id, last + 1, kind, hash, label, author, t.now, expires, None, None, pool, region, environment
    )
    t.execute(insert(_table).values(**bare.fields()))
    if grants:
        t.execute(insert(_grants), [{"token": id, **grant.fields()} for grant in grants])
    return TokenRow(**bare.fields(), grants=tuple(sorted(grants, key=lambda grant: grant.domain)))


def revoke(t: Writing, id: str) -> bool:  # noqa: A002 - what a token calls it
    """Whether there was one that was not revoked. Its sessions end with it."""
    t.execute(tables.sessions.delete().where(tables.sessions.c.token == id))
    chosen = update(_table).where(_table.c.id == id, _table.c.revoked.is_(None))
    return t.execute(chosen.values(revoked=t.now)).rowcount > 0


def ended(t: Reading, ids: Collection[str]) -> set[str]:
    """Those of `ids` that are not good any more: revoked, expired, or not there."""
    good = select(_table.c.id).where(_table.c.id.in_(ids), *_good(t))
    return set(ids) - {id_ for (id_,) in t.execute(good)} if ids else set()


def revoked(t: Reading, ids: Collection[str]) -> set[str]:
    """Those of `ids` that were revoked."""
    chosen = select(_table.c.id).where(_table.c.id.in_(ids), _table.c.revoked.is_not(None))
    return {id_ for (id_,) in t.execute(chosen)} if ids else set()


def touch(t: Writing, used: Mapping[str, float]) -> None:
    """Note when tokens were used last, by id."""
    if used:
        chosen = (
            update(_table).where(_table.c.id == bindparam("used_id")).values(last_used=bindparam("used_at"))
        )
        t.execute(chosen, [{"used_id": id_, "used_at": at} for id_, at in used.items()])


def _good(t: Reading) -> tuple[ColumnElement[bool], ...]:
    return _table.c.revoked.is_(None), or_(_table.c.expires.is_(None), _table.c.expires > t.now)


def _granted_for(domain: str) -> ColumnElement[bool]:
    return exists().where(_grants.c.token == _table.c.id, _grants.c.domain == domain)


def _with_grants(t: Reading, found: Sequence[_Bare]) -> list[TokenRow]:
    grants: dict[str, list[Grant]] = {row.id: [] for row in found}
    query = select(_grants.c.token, _grants.c.domain, _grants.c.scope).where(_grants.c.token.in_(grants))
    for token, domain, scope in t.execute(query.order_by(_grants.c.domain)):
        grants[token].append(Grant(domain, scope))
    return [TokenRow(**row.fields(), grants=tuple(grants[row.id])) for row in found]
