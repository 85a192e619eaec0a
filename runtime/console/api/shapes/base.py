"""
What all shapes share. A `Given` comes from outside: unknown keys and values of another type are refused. A `Shown` is read
from the service's own values by the names of their attributes, so that what is documented is what is sent.
"""

from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

MAX_SOURCE: Final = 256 << 10
"""Bytes of a script's text."""
MAX_LINE: Final = 500
"""Characters of a message, a label or a reason."""
MAX_DEPTH: Final = 16
"""Nesting of settings."""

Environment = Literal["staging", "production"]
Scope = Literal["read", "edit", "publish", "admin"]


class Given(BaseModel):
    """Part of a request."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Shown(BaseModel):
    """Part of an answer."""

    model_config = ConfigDict(from_attributes=True)


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("has a NUL character")  # PostgreSQL's text cannot hold it
    return text


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("has a line end or another control character")
    return text


def _source(text: str) -> str:
    if len(text.encode()) > MAX_SOURCE:
        raise ValueError(f"longer than {MAX_SOURCE} bytes")
    return _without_nul(text)


def _json(value: dict[str, Any]) -> dict[str, Any]:
    _judge_json(value, MAX_DEPTH)
    return value


def _judge_json(value: object, depth: int) -> None:
    if depth == 0:
        raise ValueError(f"nested deeper than {MAX_DEPTH}")
    if isinstance(value, str):
        _without_nul(value)
    elif isinstance(value, list):
        for each in value:
            _judge_json(each, depth - 1)
    elif isinstance(value, dict):
        for key, each in value.items():
            _without_nul(key)
            _judge_json(each, depth - 1)


Text = Annotated[str, Field(max_length=MAX_SOURCE), AfterValidator(_without_nul)]
Source = Annotated[str, Field(max_length=MAX_SOURCE), AfterValidator(_source)]
"""A script's text."""
Line = Annotated[str, Field(max_length=MAX_LINE), AfterValidator(_one_line)]
"""Words of a person: a message, a label, a reason."""
Message = Annotated[str, Field(max_length=4 * MAX_LINE), AfterValidator(_without_nul)]
"""Why something was done; may have lines."""
Settings = Annotated[dict[str, Any], AfterValidator(_json)]
DOMAIN_NAME: Final = r"^[a-z0-9][a-z0-9-]{0,62}$"
SCRIPT_NAME: Final = r"^[\w.-]{1,64}$"
DRAFT_OR_VERSION: Final = r"^(draft|[1-9][0-9]{0,8})$"
DomainName = Annotated[str, Field(pattern=DOMAIN_NAME)]
ScriptName = Annotated[str, Field(pattern=SCRIPT_NAME)]
Number = Annotated[int, Field(ge=1, lt=1 << 31)]
"""Of a version or a release."""
Revision = Annotated[int, Field(ge=0, lt=1 << 31)]
Moment = Annotated[float, Field(ge=0, lt=253402300800)]
"""Unix seconds, to the end of year 9999."""


class Reason(Shown):
    """Why, for programs: what is meant by a code stands in the documentation, and in the sentence beside it."""

    code: str
    parameters: dict[str, str | float]


class Problem(BaseModel):
    """An error (RFC 9457). What else it has depends on `code`."""

    model_config = ConfigDict(extra="allow")

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    request_id: str
