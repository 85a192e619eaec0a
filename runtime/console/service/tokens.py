"""
Tokens: who may what, for how long. A token's text is shown when it is made and never again.

Every request asks the store, so a token that was revoked ends with the next one. A wrong text takes as long as a right one, and
what is wrong with it is not said.
"""

from collections.abc import Collection, Sequence
from threading import Lock
from typing import Any, Final

from runtime.bundles.node_token import PREFIX as NODE_PREFIX
from runtime.bundles.node_token import NodePlace, NodeToken
from runtime.console.model.access import (
    CONSOLE,
    EVERY,
    SCOPES,
    Actor,
    Grant,
    NodeActor,
    Scope,
    read_grants,
    require_operator,
)
from runtime.console.model.credentials import (
    ID_BYTES,
    PREFIX,
    SECRET_BYTES,
    SESSION_PREFIX,
    Credential,
    proves,
    read_credential,
    secret_hash,
)
from runtime.console.model.names import MAX_NODE_TOKENS, MAX_TOKENS, environment_name, label_text, place
from runtime.console.model.refusal import Refused, invalid, not_found
from runtime.console.service.answers import NewToken, NodePlaceView, Page, TokenView
from runtime.console.service.desk import Desk
from runtime.console.store import domains, generations, sessions, tokens
from runtime.console.store.tokens import TokenRow

MAX_EXPIRES_S: Final = 10 * 366 * 86_400.0
SESSION_S: Final = 12 * 3_600.0
MAX_NOTED: Final = 20_000
"""Uses that are gathered before they are written."""
_NO_HASH: Final = bytes(32)
_USER, _NODE = "user", "node"


class Tokens:
    """Operations on tokens and sessions."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._used: dict[str, float] = {}
        self._lock = Lock()

    def authenticate(self, text: str) -> Actor | NodeActor:
        """Who has the token `text`. Raises Refused `unauthorized`, the same for every reason."""
        stated = read_credential(text)
        if stated is None or stated.kind == SESSION_PREFIX:
            raise _unauthorized()
        with self._desk.read() as t:
            row = tokens.get(t, stated.id)
            actor = _actor(row, t.now) if _proved(row, stated) else None
        if actor is None:
            raise _unauthorized()
        self._note(actor.id)
        return actor

    def open_session(self, text: str) -> tuple[str, float]:
        """What a browser is to carry in place of the token `text`, and until when. Raises Refused `unauthorized`."""
        actor = self.authenticate(text)
        if isinstance(actor, NodeActor):
            raise _unauthorized()
        secret = self._desk.random(SECRET_BYTES).hex()
        with self._desk.change(actor) as change:
            expires = min(change.t.now + SESSION_S, actor.expires or float("inf"))
            sessions.prune(change.t)
            sessions.add(change.t, secret_hash(secret), actor.id, expires)
            change.note("session.open", actor.id)
        return f"{SESSION_PREFIX}_{actor.id}_{secret}", expires

    def session(self, text: str) -> Actor:
        """Who is signed in. Raises Refused `unauthorized`, also where the token was revoked or has expired since."""
        stated = read_credential(text)
        if stated is None or stated.kind != SESSION_PREFIX:
            raise _unauthorized()
        with self._desk.read() as t:
            # Found by the hash: what the time of the search tells is of a hash, not of a secret.
            found = sessions.get(t, secret_hash(stated.secret))
            row = None if found is None or found.expires <= t.now else tokens.get(t, found.token)
            actor = None if row is None else _actor(row, t.now)
        if not isinstance(actor, Actor):
            raise _unauthorized()
        self._note(actor.id)
        return actor

    def close_session(self, text: str) -> None:
        """The session is over; one that is not there is over already."""
        stated = read_credential(text)
        if stated is None or stated.kind != SESSION_PREFIX:
            return
        with self._desk.change(CONSOLE) as change:
            if sessions.delete(change.t, secret_hash(stated.secret)):
                change.note("session.close", stated.id)
            else:
                change.nothing()

    def list(
        self, who: Actor, domain: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[TokenView]:
        """Newest first: all for operators; the tokens of a domain for who is its admin."""
        with self._desk.read() as t:
            if domain is not None:
                self._desk.domain(t, who, domain, Scope.ADMIN)
            else:
                require_operator(who)
            page = tokens.page(t, limit, cursor, domain=domain)
        return Page(items=tuple(_view(row, who) for row in page.items), next=page.next)

    def create(
        self, who: Actor, label: str, grants: Sequence[Grant], expires: float | None = None
    ) -> NewToken:
        """A new token; nobody can give what he does not administer."""
        wanted = read_grants(grants)
        label = label_text(label)
        with self._desk.read() as t:
            for domain in wanted:
                if domain == EVERY:
                    require_operator(who)
                else:
                    self._desk.domain(t, who, domain, Scope.ADMIN)
        secret = self._desk.random(SECRET_BYTES).hex()
        with self._desk.change(who) as change:
            t = change.t
            _check_expires(expires, t.now)
            for domain in wanted:
                if domain != EVERY and domains.get(t, domain) is None:
                    raise not_found()
                _require_room(tokens.count_good(t, domain=domain), MAX_TOKENS)
            row = tokens.add(
                t,
                id=self._desk.identifier(ID_BYTES),
                kind=_USER,
                hash=secret_hash(secret),
                label=label,
                author=who.label,
                expires=expires,
                grants=[tokens.Grant(domain, scope.word) for domain, scope in wanted.items()],
            )
            for domain, scope in wanted.items():
                change.note(
                    "token.create", row.id, "" if domain == EVERY else domain, label=label, scope=scope.word
                )
        return _new(row, who, f"{PREFIX}_{row.id}_{secret}")

    def create_node(
        self, who: Actor, label: str, pool: str, region: str, environment: str, expires: float | None = None
    ) -> NewToken:
        """A token for nodes of a pool; operators make them. It says whose signatures they believe."""
        require_operator(who)
        label = label_text(label)
        place("pool", pool)
        place("region", region)
        environment_name(environment)
        secret = self._desk.random(SECRET_BYTES).hex()
        with self._desk.change(who) as change:
            t = change.t
            _check_expires(expires, t.now)
            _require_room(tokens.count_good_of(t, kind=_NODE), MAX_NODE_TOKENS)
            row = tokens.add(
                t,
                id=self._desk.identifier(ID_BYTES),
                kind=_NODE,
                hash=secret_hash(secret),
                label=label,
                author=who.label,
                expires=expires,
                pool=pool,
                region=region,
                environment=environment,
            )
            if not generations.get(t, environment).generation:
                # A manifest that names nothing tells a node more than none.
                change.advance(environment)
            change.note(
                "token.create", row.id, label=label, pool=pool, region=region, environment=environment
            )
        where = NodePlace(self._desk.keys.newest.public_key, environment, pool, region)
        return _new(row, who, NodeToken(row.id, secret, where).text)

    def revoke(self, who: Actor, token: str) -> None:
        """It is good for nothing from now on. Admins revoke tokens that are of their domains alone."""
        with self._desk.change(who) as change:
            row = tokens.get(change.t, token)
            if row is None or not _administers(who, row):
                raise not_found("token")
            tokens.revoke(change.t, token)
            for domain in [grant.domain for grant in row.grants if grant.domain != EVERY] or [""]:
                change.note("token.revoke", row.id, domain, label=row.label)

    def ended(self, ids: Collection[str]) -> set[str]:
        """Those of the tokens called `ids` that are good for nothing any more."""
        with self._desk.read() as t:
            return tokens.ended(t, ids)

    def bootstrap(self, label: str = "operator") -> str | None:
        """The text of the first operator's token; None where there are tokens already."""
        with self._desk.read() as t:
            if tokens.any_made(t):
                return None
        return self.create(CONSOLE, label, [Grant(EVERY, Scope.ADMIN.word)]).secret

    def note_used(self) -> None:
        """Write down when tokens were last used. To be called every some seconds."""
        with self._lock:
            used, self._used = self._used, {}
        if used:
            with self._desk.change(CONSOLE) as change:
                tokens.touch(change.t, used)
                change.nothing()

    def _note(self, token: str) -> None:
        with self._lock:
            if token in self._used or len(self._used) < MAX_NOTED:
                self._used[token] = self._desk.now()


def _require_room(there: int, most: int) -> None:
    """Raises Refused."""
    if there >= most:
        raise Refused("limit", f"at most {most} tokens that are neither revoked nor expired")


def _unauthorized() -> Refused:
    return Refused("unauthorized", "no token, or one that is not good any more")


def _proved(row: TokenRow | None, stated: Credential) -> bool:
    right = proves(stated.secret, _NO_HASH if row is None else row.hash)
    kind = _NODE if stated.kind == NODE_PREFIX else _USER
    return right and row is not None and row.kind == kind


def _actor(row: TokenRow | None, now: float) -> Actor | NodeActor | None:
    """Whose the token is; None where it is revoked or has expired."""
    if row is None or row.revoked is not None or (row.expires is not None and row.expires <= now):
        return None
    if row.kind == _NODE:
        return NodeActor(row.id, row.label, row.pool, row.region, row.environment)
    return Actor(row.id, row.label, {grant.domain: SCOPES[grant.scope] for grant in row.grants}, row.expires)


def _administers(who: Actor, row: TokenRow) -> bool:
    if who.operator:
        return True
    return bool(row.grants) and all(
        grant.domain != EVERY and who.scope_on(grant.domain) >= Scope.ADMIN for grant in row.grants
    )


def _check_expires(expires: float | None, now: float) -> None:
    if expires is not None and not now < expires <= now + MAX_EXPIRES_S:
        raise invalid("expires", "want a time to come, within ten years, in Unix seconds")


def _view(row: TokenRow, who: Actor) -> TokenView:
    return TokenView(**_shown(row, who))


def _new(row: TokenRow, who: Actor, secret: str) -> NewToken:
    return NewToken(**_shown(row, who), secret=secret)


def _shown(row: TokenRow, who: Actor) -> dict[str, Any]:
    """What `who` may see of a token: not on which domains of others it has scopes too."""
    grants = (Grant(grant.domain, grant.scope) for grant in row.grants)
    node = NodePlaceView(pool=row.pool, region=row.region, environment=row.environment)
    return {
        "id": row.id,
        "label": row.label,
        "grants": tuple(each for each in grants if who.operator or who.scope_on(each.domain)),
        "node": node if row.kind == _NODE else None,
        "created": row.created,
        "expires": row.expires,
        "revoked": row.revoked,
        "last_used": row.last_used,
    }
