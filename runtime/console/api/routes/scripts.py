"""Scripts, the texts being edited, and the vendor's rule JSON."""

from typing import Annotated, Any

from fastapi import APIRouter, Body

from runtime.console.api.body import JsonRoute
from runtime.console.api.shapes.base import Settings
from runtime.console.api.shapes.lists import Listed
from runtime.console.api.shapes.scripts import (
    Conflict,
    Draft,
    GivenDraft,
    ImportedList,
    ScriptSummary,
    VendorRule,
)
from runtime.console.api.surface import ROOT, Here, Page, Who, tried, whole

router = APIRouter(prefix=ROOT + "/domains/{domain}", tags=["scripts"], route_class=JsonRoute)
MAX_RULES = 1_000


@router.get("/scripts", response_model=Listed[ScriptSummary])
async def list_scripts(domain: str, who: Who, here: Here, page: Page) -> Any:
    """By name."""
    return await here.call(here.console.scripts.list, who, domain, page.limit, page.cursor)


@router.get("/scripts/{script}/draft", response_model=Draft)
async def get_draft(domain: str, script: str, who: Who, here: Here) -> Any:
    """The text being edited."""
    return await here.call(here.console.scripts.draft, who, domain, script)


@router.put("/scripts/{script}/draft", response_model=Draft)
async def save_draft(domain: str, script: str, given: GivenDraft, who: Who, here: Here) -> Any:
    """Save a text, with errors too. 409 has the `current` draft, and the refused text is kept under `kept`."""
    return await tried(
        here,
        who,
        here.console.scripts.save,
        who,
        domain,
        script,
        given.source,
        whole(given.rule),
        given.tests,
        given.revision,
    )


@router.delete("/scripts/{script}/draft", status_code=204)
async def discard_draft(domain: str, script: str, who: Who, here: Here) -> None:
    """Throw the draft away; its text is kept among the conflicts."""
    await here.call(here.console.scripts.discard, who, domain, script)


@router.get("/scripts/{script}/conflicts", response_model=Listed[Conflict])
async def list_conflicts(domain: str, script: str, who: Who, here: Here, page: Page) -> Any:
    """Texts that were not saved because somebody else was first, or were thrown away; the newest first."""
    return await here.call(here.console.scripts.conflicts, who, domain, script, page.limit, page.cursor)


@router.get("/rules", response_model=list[VendorRule], response_model_exclude_none=True)
async def export_rules(domain: str, who: Who, here: Here) -> Any:
    """The scripts as the vendor's tool takes them, every value a string."""
    return await here.call(here.console.rules.export, who, domain)


@router.post("/rules", response_model=ImportedList)
async def import_rules(
    domain: str, given: Annotated[list[Settings], Body(max_length=MAX_RULES)], who: Who, here: Here
) -> Any:
    """
    Drafts made of the vendor's rules, on top of those that are there, which are kept.

    A rule has the vendor's keys and the text under `rule`, or is an object with `functionArgs`.
    """
    drafts = await tried(here, who, here.console.rules.import_, who, domain, given)
    return {
        "items": [
            {"name": draft.script, "revision": draft.revision, "diagnostics": list(draft.diagnostics)}
            for draft in drafts
        ]
    }
