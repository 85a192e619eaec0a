"""
What every route works with: the service behind its threads, who asks, and which page of a list.

Who asks is told by a bearer token, or by the cookie of the page's session. A cookie is sent by browsers whoever made them ask, so a
request with one that changes anything has to come from the page itself.
"""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any, Final, NamedTuple, ParamSpec, TypeVar
from urllib.parse import urlsplit

from fastapi import Depends, Query, Request
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer

from runtime.console.api.problems import ProblemError
from runtime.console.api.rates import Rate, Shares, Turns, UnderWay, refuse_too_many
from runtime.console.calls import Calls
from runtime.console.model.access import Actor
from runtime.console.model.refusal import Refused
from runtime.console.service.console import Console
from runtime.console.store import Store
from runtime.console.sync.hub import Sync

ROOT: Final = "/api/v1"
COOKIE: Final = "es_session"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_CURSOR: Final = 500
TRIED_WITHIN_S: Final = 30.0
"""For what compiles or runs a text, its turn included."""

P = ParamSpec("P")
T = TypeVar("T")

_bearer = HTTPBearer(
    auto_error=False, scheme_name="token", description="A token: `est_…` of a person, `esn_…` of a node."
)
_cookie = APIKeyCookie(
    name=COOKIE, auto_error=False, scheme_name="session", description="The page's session."
)


class Surface(NamedTuple):
    """What routes reach."""

    console: Console
    store: Store
    sync: Sync
    call: Calls
    run: Calls
    """Threads of their own for what has texts compiled or run: it takes processor time, not the store's."""
    nodes: Calls
    """Threads of `sync`."""
    writes: Shares
    sign_ins: Shares
    failures: Rate
    tried: Turns
    tailed: UnderWay
    now: Callable[[], float]
    """Unix seconds."""
    monotonic: Callable[[], float]


def surface(request: Request) -> Surface:
    """The application's."""
    found: Surface = request.scope["surface"]
    return found


Here = Annotated[Surface, Depends(surface)]


async def authenticated(
    request: Request,
    here: Here,
    _bearer_given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    _session_given: Annotated[str | None, Depends(_cookie)],
) -> Actor:
    """Who asks, and may ask now. Raises ProblemError and Refused."""
    who = await identify(request, here)
    request.scope["who"] = who.label
    if request.method not in SAFE:
        refuse_too_many(here.writes.take(who.id, customer(who)), "changes")
    return who


async def identify(request: Request, here: Surface) -> Actor:
    """Who asks. Raises ProblemError and Refused."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    session = request.cookies.get(COOKIE)
    if kind.lower() == "bearer" and token.strip():
        who = await _checked(request, here, here.console.tokens.authenticate, token.strip())
    elif session is not None and not kind:
        if request.method not in SAFE:
            refuse_other_sites(request)
        who = await _checked(request, here, here.console.tokens.session, session)
    else:
        raise ProblemError("unauthorized", "want a token")
    if not isinstance(who, Actor):
        raise ProblemError("forbidden", "a node's token is for manifests and reports alone")
    return who


async def _checked(request: Request, here: Surface, check: Callable[[str], T], text: str) -> T:
    """Who `text` is of. Failures are counted by address: too many are told so."""
    try:
        return await here.call(check, text)
    except Refused as error:
        if error.code == "unauthorized":
            refuse_too_many(here.failures.take(address(request)), "failed sign-ins")
        raise


def address(request: Request) -> str:
    """The client's, '' when it is none of a network."""
    return request.client.host if request.client else ""


def refuse_other_sites(request: Request) -> None:
    """Raise ProblemError unless the page itself asks (Fetch Metadata, or Origin from an older browser)."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        own = site == "same-origin"
    else:
        own = urlsplit(request.headers.get("origin", "")).netloc == request.headers.get("host", "/")
    if not own:
        raise ProblemError("forbidden", "a session's changes come from its own page")


Who = Annotated[Actor, Depends(authenticated)]


class Paging(NamedTuple):
    limit: int
    cursor: str | None


def _paging(
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=MAX_CURSOR)] = None,
) -> Paging:
    return Paging(limit, cursor)


Page = Annotated[Paging, Depends(_paging)]


def customer(who: Actor) -> str:
    """
    Whose share is used: that of the first domain granted, whatever the token, for who administers a domain makes as many
    tokens as he likes. Operators have their own.
    """
    names = sorted(who.grants)
    return who.id if who.operator or not names else f"/{names[0]}"


async def tried(here: Surface, who: Actor, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """
    What `call` returns, which has a text compiled or run. Raises ProblemError where that is too much or takes too long.

    Customers take turns, not tokens.
    """
    try:
        async with asyncio.timeout(TRIED_WITHIN_S), here.tried.one(customer(who)):
            return await here.run(call, *args, **kwargs)
    except TimeoutError:
        raise ProblemError("overloaded", "it took too long to try") from None


def whole(model: Any) -> dict[str, Any]:
    """A given shape as plain values."""
    values: dict[str, Any] = model.model_dump()
    return values
