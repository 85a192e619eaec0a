"""The page's session: a token is given once and stays out of the page's reach in a cookie."""

from fastapi import APIRouter, Request, Response

from runtime.console.api.body import JsonRoute
from runtime.console.api.problems import documented
from runtime.console.api.rates import refuse_too_many
from runtime.console.api.shapes.access import GivenSession, Session
from runtime.console.api.surface import COOKIE, ROOT, Here, Who, address, customer, refuse_other_sites
from runtime.console.model.access import Actor
from runtime.console.model.refusal import Refused

router = APIRouter(prefix=f"{ROOT}/session", tags=["session"], route_class=JsonRoute)


@router.post("", status_code=204, responses=documented("unauthorized", "too-many"))
async def sign_in(given: GivenSession, request: Request, here: Here) -> Response:
    """Begin a session with a person's token."""
    if "sec-fetch-site" in request.headers or "origin" in request.headers:
        refuse_other_sites(request)  # nobody is signed in as somebody else unawares
    client = address(request)
    refuse_too_many(here.failures.wait_s(client), "failed sign-ins")
    try:
        who = await here.call(here.console.tokens.authenticate, given.token)
        if isinstance(who, Actor):  # a node's token is refused below
            refuse_too_many(here.sign_ins.take(who.id, customer(who)), "sign-ins")
        cookie, expires = await here.call(here.console.tokens.open_session, given.token)
    except Refused as error:
        if error.code == "unauthorized":
            refuse_too_many(here.failures.take(client), "failed sign-ins")
        raise
    answer = Response(status_code=204)
    answer.set_cookie(
        COOKIE,
        cookie,
        max_age=max(0, int(expires - here.now())),
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return answer


@router.get("")
async def whoami(who: Who) -> Session:
    """Who asks, and what they may."""
    scopes = [{"domain": grant.domain, "scope": grant.scope} for grant in who.scopes()]
    return Session.model_validate(
        {"label": who.label, "scopes": scopes, "operator": who.operator, "expires": who.expires}
    )


@router.delete("", status_code=204)
async def sign_out(request: Request, _who: Who, here: Here) -> Response:
    """End the session, here and in the browser."""
    cookie = request.cookies.get(COOKIE)
    if cookie is not None:
        await here.call(here.console.tokens.close_session, cookie)
    answer = Response(status_code=204)
    answer.delete_cookie(COOKIE, secure=request.url.scheme == "https", httponly=True, samesite="strict")
    return answer
