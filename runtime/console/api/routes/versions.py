"""Versions, which never change, and how two of them differ."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query

from runtime.console.api.body import JsonRoute
from runtime.console.api.shapes.base import DRAFT_OR_VERSION
from runtime.console.api.shapes.lists import Listed
from runtime.console.api.shapes.scripts import Diff, GivenVersion, Version, VersionWhole
from runtime.console.api.surface import ROOT, Here, Page, Who, tried, whole

router = APIRouter(
    prefix=ROOT + "/domains/{domain}/scripts/{script}", tags=["versions"], route_class=JsonRoute
)
LARGEST: Final = (1 << 31) - 1
Numbered = Annotated[int, Path(ge=1, le=LARGEST)]
Against = Annotated[str, Query(pattern=DRAFT_OR_VERSION)]


@router.post("/versions", status_code=201, response_model=VersionWhole)
async def make_version(domain: str, script: str, given: GivenVersion, who: Who, here: Here) -> Any:
    """A version of the draft or of a text; 422 `has-errors` where it has any."""
    return await tried(
        here,
        who,
        here.console.versions.make,
        who,
        domain,
        script,
        given.message,
        revision=given.revision,
        source=given.source,
        rule=None if given.rule is None else whole(given.rule),
        tests=given.tests,
    )


@router.get("/versions", response_model=Listed[Version])
async def list_versions(domain: str, script: str, who: Who, here: Here, page: Page) -> Any:
    """The newest first, without their texts."""
    return await here.call(here.console.versions.list, who, domain, script, page.limit, page.cursor)


@router.get("/versions/{number}", response_model=VersionWhole)
async def get_version(domain: str, script: str, number: Numbered, who: Who, here: Here) -> Any:
    """The whole version."""
    return await here.call(here.console.versions.get, who, domain, script, number)


@router.get("/diff", response_model=Diff)
async def diff(
    domain: str,
    script: str,
    who: Who,
    here: Here,
    old: Annotated[int, Query(alias="from", ge=1, le=LARGEST)],
    new: Annotated[Against, Query(alias="to")] = "draft",
) -> Any:
    """Text and settings, and the tests' cases that end differently."""
    number = None if new == "draft" else int(new)
    return await tried(here, who, here.console.versions.diff, who, domain, script, old, number)
