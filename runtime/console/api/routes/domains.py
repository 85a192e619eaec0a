"""Domains and their settings."""

from typing import Any

from fastapi import APIRouter

from runtime.console.api.body import JsonRoute
from runtime.console.api.shapes.domains import (
    DomainSummary,
    DomainWhole,
    GivenDomain,
    GivenSettings,
    SettingsRevision,
)
from runtime.console.api.shapes.lists import Listed
from runtime.console.api.surface import ROOT, Here, Page, Who

router = APIRouter(prefix=f"{ROOT}/domains", tags=["domains"], route_class=JsonRoute)


@router.get("", response_model=Listed[DomainSummary])
async def list_domains(who: Who, here: Here, page: Page) -> Any:
    """Those the token may see, by name."""
    return await here.call(here.console.domains.list, who, page.limit, page.cursor)


@router.post("", status_code=201, response_model=DomainWhole)
async def create_domain(given: GivenDomain, who: Who, here: Here) -> Any:
    """A new domain, for operators."""
    return await here.call(here.console.domains.create, who, given.name, given.settings)


@router.get("/{domain}", response_model=DomainWhole)
async def get_domain(domain: str, who: Who, here: Here) -> Any:
    """Settings, and what is live where."""
    return await here.call(here.console.domains.get, who, domain)


@router.delete("/{domain}", status_code=204)
async def delete_domain(domain: str, who: Who, here: Here) -> None:
    """The domain with all it has."""
    await here.call(here.console.domains.delete, who, domain)


@router.put("/{domain}/settings", response_model=SettingsRevision)
async def change_settings(domain: str, given: GivenSettings, who: Who, here: Here) -> Any:
    """New settings; they go live when they are published. 409 has the `current` ones."""
    return await here.call(
        here.console.domains.change_settings, who, domain, given.settings, given.revision, given.message
    )
