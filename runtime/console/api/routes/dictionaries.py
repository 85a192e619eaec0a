"""Edge dictionaries: they change without a new version of any script."""

from typing import Any

from fastapi import APIRouter

from runtime.console.api.body import JsonRoute
from runtime.console.api.shapes.dictionaries import (
    Dictionary,
    DictionarySummary,
    GivenChanges,
    GivenDictionary,
)
from runtime.console.api.shapes.lists import Listed
from runtime.console.api.surface import ROOT, Here, Page, Who

router = APIRouter(
    prefix=ROOT + "/domains/{domain}/dictionaries", tags=["dictionaries"], route_class=JsonRoute
)


@router.get("", response_model=Listed[DictionarySummary])
async def list_dictionaries(domain: str, who: Who, here: Here, page: Page) -> Any:
    """By name, without entries."""
    return await here.call(here.console.dictionaries.list, who, domain, page.limit, page.cursor)


@router.get("/{name}", response_model=Dictionary)
async def get_dictionary(domain: str, name: str, who: Who, here: Here) -> Any:
    """With its entries, unless they are secret."""
    return await here.call(here.console.dictionaries.get, who, domain, name)


@router.put("/{name}", response_model=Dictionary)
async def put_dictionary(domain: str, name: str, given: GivenDictionary, who: Who, here: Here) -> Any:
    """Make or replace it whole; `revision` 0 for a new one."""
    return await here.call(
        here.console.dictionaries.put, who, domain, name, given.entries, given.secret, given.revision
    )


@router.patch("/{name}", response_model=Dictionary)
async def change_dictionary(domain: str, name: str, given: GivenChanges, who: Who, here: Here) -> Any:
    """Set and remove entries, the others stay."""
    return await here.call(
        here.console.dictionaries.change, who, domain, name, given.set, given.remove, given.revision
    )


@router.delete("/{name}", status_code=204)
async def delete_dictionary(domain: str, name: str, who: Who, here: Here) -> None:
    """Remove it; scripts then find nothing in it."""
    await here.call(here.console.dictionaries.delete, who, domain, name)
