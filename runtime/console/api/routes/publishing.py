"""Publishing, rollouts and releases."""

from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Path

from runtime.console.api.body import JsonRoute
from runtime.console.api.shapes.base import Environment
from runtime.console.api.shapes.lists import Listed
from runtime.console.api.shapes.rollouts import (
    GivenPromote,
    GivenPublish,
    GivenReason,
    GivenRollback,
    Release,
    Rollout,
)
from runtime.console.api.surface import ROOT, Here, Page, Who, whole
from runtime.console.service.requests import Publish

router = APIRouter(prefix=ROOT + "/domains/{domain}", tags=["publishing"], route_class=JsonRoute)
LARGEST: Final = (1 << 31) - 1
RolloutId = Annotated[int, Path(ge=1, le=LARGEST)]


@router.post("/publish", status_code=202, response_model=Rollout)
async def publish(domain: str, given: GivenPublish, who: Who, here: Here) -> Any:
    """Begin a rollout. Production wants versions that were live in staging, or `skip_staging` with a message."""
    asked = msgspec.convert(whole(given), Publish)
    return await here.call(here.console.publishing.publish, who, domain, asked)


@router.get("/rollouts", response_model=Listed[Rollout])
async def list_rollouts(
    domain: str, who: Who, here: Here, page: Page, environment: Environment | None = None
) -> Any:
    """The newest first."""
    return await here.call(
        here.console.publishing.rollouts, who, domain, page.limit, page.cursor, environment
    )


@router.get("/rollouts/{rollout}", response_model=Rollout)
async def get_rollout(domain: str, rollout: RolloutId, who: Who, here: Here) -> Any:
    """How far it is, and what nodes counted of both sides."""
    return await here.call(here.console.publishing.rollout, who, domain, rollout)


@router.post("/rollouts/{rollout}/promote", response_model=Rollout)
async def promote(domain: str, rollout: RolloutId, given: GivenPromote, who: Who, here: Here) -> Any:
    """The next step, or the percentage asked for; 409 where the rollout is no longer at `from`."""
    return await here.call(here.console.publishing.promote, who, domain, rollout, given.percent, given.seen)


@router.post("/rollouts/{rollout}/abort", response_model=Rollout)
async def abort(domain: str, rollout: RolloutId, given: GivenReason, who: Who, here: Here) -> Any:
    """Back to the release from before."""
    return await here.call(here.console.publishing.abort, who, domain, rollout, given.reason)


@router.post("/rollback", response_model=Rollout)
async def rollback(domain: str, given: GivenRollback, who: Who, here: Here) -> Any:
    """An earlier release for everybody at once; a rollout that runs is cancelled."""
    return await here.call(
        here.console.publishing.rollback, who, domain, given.environment, given.to, given.message
    )


@router.get("/releases", response_model=Listed[Release])
async def list_releases(domain: str, who: Who, here: Here, page: Page) -> Any:
    """The newest first."""
    return await here.call(here.console.publishing.releases, who, domain, page.limit, page.cursor)
