"""From what is raised to what is answered."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from runtime.console.api import problems
from runtime.console.api.problems import ProblemError
from runtime.console.api.shapes.access import GRANTED
from runtime.console.api.shapes.base import DOMAIN_NAME, DRAFT_OR_VERSION, SCRIPT_NAME
from runtime.console.api.shapes.nodes import PURGED
from runtime.console.api.shapes.rollouts import PLACE, STICKY
from runtime.console.api.shapes.trying import FILE_NAME
from runtime.console.calls import Overloaded
from runtime.console.model.refusal import Refused
from runtime.console.store import BadCursor, StoreError, StoreUnavailable

WANTED: Final = {
    DOMAIN_NAME: "want small letters, digits and hyphens, 63 at most, the first no hyphen",
    SCRIPT_NAME: "want letters, digits, '_', '.' and '-', 64 at most",
    STICKY: "want client_ip, cookie:NAME, header:NAME or arg:NAME",
    GRANTED: "want the name of a domain, or * for all",
    DRAFT_OR_VERSION: "want draft, or the number of a version",
    PLACE: "want letters, digits, '_', '.' and '-', 128 at most",
    PURGED: "want no spaces or control characters",
    FILE_NAME: "want letters, digits, spaces, '_', '.' and '-'",
}
"""What a pattern is for people."""
_SIZES: Final = {
    "too_short": "want {min_length} at least",
    "too_long": "want {max_length} at most",
    "string_too_short": "want {min_length} characters at least",
    "string_too_long": "want {max_length} characters at most",
}
"""By the kind of the finding."""
MAX_PROBLEMS: Final = 20
MAX_SHOWN: Final = 300


def problem_of(error: BaseException) -> ProblemError | None:
    """The problem that `error` is to its client; None for an error of ours."""
    match error:
        case ProblemError():
            return error
        case Refused():
            extra = msgspec.to_builtins(error.extra)
            wait_s = error.extra.get("retry_after_s")
            headers = {"Retry-After": str(int(wait_s) + 1)} if wait_s is not None else None
            return ProblemError(error.code, error.detail, headers, **extra)
        case Overloaded():
            return ProblemError("overloaded", "too much is under way")
        case BadCursor():
            return ProblemError("invalid", "cursor: not one that was given")
        case StoreUnavailable():
            return ProblemError("store-unavailable", "the store does not answer")
        case StoreError():
            return ProblemError("conflict", "somebody else changed this at the same time")
        case RequestValidationError():
            return _invalid(error.errors())
        case HTTPException():
            return ProblemError(problems.code_of(error.status_code), str(error.detail).lower(), error.headers)
        case _:
            return None


def internal() -> ProblemError:
    """What a client is told of an error of ours: nothing."""
    return ProblemError("internal", "an error of the console's own, see its log")


def _invalid(found: Sequence[Mapping[str, Any]]) -> ProblemError:
    """Each place that is wrong and what is wanted there, without what was given: it may be a secret."""
    listed = [
        {"where": problems.where(each["loc"])[:MAX_SHOWN], "message": _message(each)}
        for each in found[:MAX_PROBLEMS]
    ]
    first = listed[0]
    return ProblemError("invalid", f"{first['where']}: {first['message']}", problems=listed)


def _message(found: Mapping[str, Any]) -> str:
    context = found.get("ctx", {})
    wanted = WANTED.get(context.get("pattern", "")) or _SIZES.get(found["type"], "").format(**context)
    if wanted:
        return wanted
    text = str(found["msg"]).removeprefix("Value error, ")
    return (text[:1].lower() + text[1:])[:MAX_SHOWN]


def install(app: FastAPI) -> None:
    """Have `app` answer with problems alone."""

    async def answer(request: Request, error: Exception) -> Response:
        problem = problem_of(error) or internal()
        return problems.answer(
            problem.code, problem.detail, request.scope["request_id"], problem.headers, problem.extra
        )

    # The framework raises what is an `Exception` of ours again once it is answered; the gate logs it.
    for kind in (
        ProblemError,
        Refused,
        Overloaded,
        StoreError,
        RequestValidationError,
        HTTPException,
        Exception,
    ):
        app.add_exception_handler(kind, answer)
