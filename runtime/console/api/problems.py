"""
Errors as problem details (RFC 9457): one table of codes, and the one place where answers are made of them.

A code is for ever; programs compare it. No text of an exception that is not ours ever leaves.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from starlette.responses import Response

PROBLEM_TYPE: Final = "application/problem+json"


class Kind(NamedTuple):
    """What a code means: the status of its answer, its title, and what the OpenAPI document says of it."""

    status: int
    title: str
    summary: str


KINDS: Final[dict[str, Kind]] = {
    "bad-request": Kind(400, "Bad Request", "The request cannot be read."),
    "unauthorized": Kind(401, "Unauthorized", "No valid token."),
    "forbidden": Kind(403, "Forbidden", "The token's scope does not reach so far."),
    "not-found": Kind(404, "Not Found", "There is none, or none that the token may see."),
    "method-not-allowed": Kind(405, "Method Not Allowed", "The resource has no such method."),
    "conflict": Kind(409, "Conflict", "Somebody else was first."),
    "not-staged": Kind(409, "Conflict", "A version has not been live in staging."),
    "rollout-running": Kind(409, "Conflict", "A rollout is under way."),
    "limit": Kind(409, "Conflict", "There are as many of these as there may be."),
    "too-large": Kind(413, "Content Too Large", "The body is larger than is taken."),
    "unsupported-type": Kind(415, "Unsupported Media Type", "The body is of another type than is taken."),
    "head-too-large": Kind(431, "Request Header Fields Too Large", "The head is larger than is taken."),
    "invalid": Kind(422, "Unprocessable Content", "The request is understood and cannot be carried out."),
    "has-errors": Kind(422, "Unprocessable Content", "A script has errors."),
    "too-many": Kind(429, "Too Many Requests", "Come back later."),
    "internal": Kind(500, "Internal Server Error", "An error of the console's own."),
    "store-unavailable": Kind(503, "Service Unavailable", "The store does not answer."),
    "overloaded": Kind(503, "Service Unavailable", "Too much is under way."),
}
_BY_STATUS: Final = {kind.status: code for code, kind in reversed(KINDS.items())}
RETRY_S: Final = 2
"""Told with 503, in seconds."""


class ProblemError(Exception):
    """Ends a request with a problem."""

    def __init__(
        self, code: str, detail: str, headers: Mapping[str, str] | None = None, **extra: Any
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.headers = dict(headers or {})
        self.extra = extra


def code_of(status: int) -> str:
    """The code for what the framework answers with `status` by itself."""
    return _BY_STATUS.get(status, "bad-request" if status < 500 else "internal")


def body_of(code: str, detail: str, request_id: str, extra: Mapping[str, Any]) -> bytes:
    """The problem as JSON. A code that is not in the table is an error of ours."""
    kind = KINDS.get(code, KINDS["internal"])
    return msgspec.json.encode(
        {
            "type": "about:blank",
            "title": kind.title,
            "status": kind.status,
            "detail": detail,
            "code": code if code in KINDS else "internal",
            "request_id": request_id,
            **extra,
        }
    )


def headers_of(code: str, given: Mapping[str, str]) -> dict[str, str]:
    """Fields that go with `code` besides those given."""
    headers = dict(given)
    if code == "unauthorized":
        headers.setdefault("WWW-Authenticate", 'Bearer realm="edgescript"')  # RFC 6750 section 3
    elif KINDS.get(code, KINDS["internal"]).status == 503:
        headers.setdefault("Retry-After", str(RETRY_S))
    return headers


def answer(
    code: str,
    detail: str,
    request_id: str,
    headers: Mapping[str, str] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> Response:
    """The whole answer for a problem."""
    return Response(
        body_of(code, detail, request_id, extra or {}),
        KINDS.get(code, KINDS["internal"]).status,
        headers_of(code, headers or {}),
        PROBLEM_TYPE,
    )


def documented(*codes: str) -> dict[int | str, dict[str, Any]]:
    """`responses` of a route that may end with `codes`: what the OpenAPI document says of each status."""
    content = {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    summaries: dict[int, list[str]] = {}
    for code in codes:
        kind = KINDS[code]
        summaries.setdefault(kind.status, []).append(f"`{code}`: {kind.summary}")
    return {
        status: {"description": " ".join(lines), "content": content} for status, lines in summaries.items()
    }


def where(location: Sequence[object]) -> str:
    """A place in a request as a path: `rule.pri`; of the query and the path with that word before it."""
    words = [str(each) for each in location]
    return ".".join(words[1:] if words[:1] == ["body"] and len(words) > 1 else words)
