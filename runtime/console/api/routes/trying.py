"""Texts that are tried and not kept, and the language they are written in."""

from typing import Any

import msgspec
from fastapi import APIRouter
from fastapi.responses import Response

from runtime.console.api.body import JsonRoute
from runtime.console.api.shapes.trying import Checked, GivenCheck, GivenRun, Language, Ran
from runtime.console.api.surface import ROOT, Here, Who, tried, whole
from runtime.console.service.trials import TriedOrigin, TriedPlace, TriedRequest, TriedScript

router = APIRouter(prefix=ROOT, tags=["language"], route_class=JsonRoute)


@router.post("/check", response_model=Checked)
async def check(given: GivenCheck, who: Who, here: Here) -> Any:
    """What is wrong with a text, as `edgescript check --json` has it."""
    rule = None if given.rule is None else whole(given.rule)
    found = await tried(here, who, here.console.language.check, who, given.source, rule, given.name)
    return {"diagnostics": list(found)}


@router.post("/run", response_model=Ran)
async def run(given: GivenRun, who: Who, here: Here) -> Any:
    """One request through scripts and a stated origin, as `edgescript run --json` has it. Nothing is asked over a network."""
    scripts = [msgspec.convert(whole(script), TriedScript) for script in given.scripts]
    request = msgspec.convert(whole(given.request), TriedRequest)
    geo = None if given.geo is None else msgspec.convert(whole(given.geo), TriedPlace)
    origin = None if given.origin is None else msgspec.convert(whole(given.origin), TriedOrigin)
    ran = await tried(
        here,
        who,
        here.console.trying.run,
        who,
        scripts,
        request,
        given.now,
        geo,
        origin,
        given.dictionaries,
        given.trace,
    )
    return _json(ran)


@router.get("/language", response_model=Language)
async def language(who: Who, here: Here) -> Any:
    """Functions, variables and words, for completion and for showing what they do."""
    return _json(await here.call(here.console.language.listing, who))


def _json(value: object) -> Response:
    """`value` as it is: nothing of it is left out, whatever the document says of it."""
    return Response(msgspec.json.encode(value), media_type="application/json")
