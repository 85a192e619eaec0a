"""Nodes and pools as people see them, and purges."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query

from runtime.console.api.body import JsonRoute
from runtime.console.api.shapes.base import Environment
from runtime.console.api.shapes.lists import Listed
from runtime.console.api.shapes.nodes import GivenPurge, NodeList, Pool, Purged
from runtime.console.api.surface import ROOT, Here, Page, Who

router = APIRouter(prefix=ROOT, tags=["nodes"], route_class=JsonRoute)
Kind = Literal["url", "prefix", "tag"]


@router.get("/nodes", response_model=NodeList)
async def list_nodes(
    who: Who, here: Here, page: Page, environment: Annotated[Environment | None, Query()] = None
) -> Any:
    """By name, with counts of all by state."""
    return await here.call(here.console.nodes.list, who, environment, page.limit, page.cursor)


@router.delete("/nodes/{node}", status_code=204)
async def remove_node(
    node: Annotated[str, Path(max_length=128)],
    who: Who,
    here: Here,
    shared: Annotated[bool, Query()] = False,
) -> None:
    """
    Take a node off the list and revoke its token. Where other nodes came with the same token, only if it is `shared`
    by intent: it ends for all of them.
    """
    token = await here.call(here.console.nodes.remove, who, node, shared=shared)
    here.sync.removed(node, token)


@router.get("/pools", response_model=Listed[Pool])
async def list_pools(who: Who, here: Here) -> Any:
    """Pools by name, with the states of their nodes."""
    pools = await here.call(here.console.nodes.pools, who)
    return {"items": list(pools), "next": None}


@router.post("/domains/{domain}/purge", status_code=202, response_model=Purged)
async def purge(domain: str, given: GivenPurge, who: Who, here: Here) -> Any:
    """Have every node of the environment forget an object, all below a prefix, or all with a tag."""
    asked: tuple[tuple[Kind, str | None], ...] = (
        ("url", given.url),
        ("prefix", given.prefix),
        ("tag", given.tag),
    )
    kind, value = next((kind, value) for kind, value in asked if value is not None)
    return await here.call(here.console.purges.make, who, domain, given.environment, kind, value, given.soft)
