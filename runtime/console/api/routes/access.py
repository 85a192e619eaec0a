"""Tokens and the audit."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from runtime.console.api.body import JsonRoute
from runtime.console.api.problems import ProblemError
from runtime.console.api.shapes.access import AuditEntry, AuditVerdict, GivenToken, NewToken, Token
from runtime.console.api.shapes.lists import Listed
from runtime.console.api.surface import ROOT, Here, Page, Who
from runtime.console.model.access import Grant

router = APIRouter(prefix=ROOT, tags=["access"], route_class=JsonRoute)
OfDomain = Annotated[str | None, Query(max_length=63)]


@router.get("/tokens", response_model=Listed[Token])
async def list_tokens(who: Who, here: Here, page: Page, domain: OfDomain = None) -> Any:
    """The newest first; a domain's admin sees those of the domain."""
    return await here.call(here.console.tokens.list, who, domain, page.limit, page.cursor)


@router.post("/tokens", status_code=201, response_model=NewToken)
async def create_token(given: GivenToken, who: Who, here: Here) -> Any:
    """A token of a person with `grants`, or of nodes with `node`. The answer alone has its text."""
    if given.node is None:
        grants = [Grant(grant.domain, grant.scope) for grant in given.grants]
        return await here.call(here.console.tokens.create, who, given.label, grants, given.expires)
    if given.grants:
        raise ProblemError("invalid", "a node's token has no grants")
    node = given.node
    return await here.call(
        here.console.tokens.create_node,
        who,
        given.label,
        node.pool,
        node.region,
        node.environment,
        given.expires,
    )


@router.delete("/tokens/{token}", status_code=204)
async def revoke_token(token: str, who: Who, here: Here) -> None:
    """End a token; whoever uses it is refused from now on."""
    await here.call(here.console.tokens.revoke, who, token)
    here.sync.revoked(token)


@router.get("/audit", response_model=Listed[AuditEntry])
async def list_audit(who: Who, here: Here, page: Page, domain: OfDomain = None) -> Any:
    """What was done by whom, the newest first."""
    return await here.call(here.console.audit.list, who, domain, page.limit, page.cursor)


@router.get("/audit/verify", response_model=AuditVerdict)
async def verify_audit(who: Who, here: Here) -> Any:
    """Whether the chain of hashes is whole."""
    return await here.call(here.console.audit.verify, who)
