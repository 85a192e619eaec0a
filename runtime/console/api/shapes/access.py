"""Who may do what: sessions, tokens, and the audit of what was done."""

from typing import Annotated, Any, Final

from pydantic import Field

from runtime.console.api.shapes.base import Environment, Given, Line, Moment, Scope, Shown
from runtime.console.api.shapes.rollouts import Place


class GivenSession(Given):
    token: Annotated[str, Field(min_length=1, max_length=512)]


GRANTED: Final = r"^(\*|[a-z0-9][a-z0-9-]{0,62})$"


class GivenGrant(Given):
    domain: Annotated[str, Field(pattern=GRANTED)]
    scope: Scope


class Grant(Shown):
    domain: str
    scope: str


class Session(Shown):
    label: str
    scopes: list[Grant]
    operator: bool
    expires: float | None


class GivenNodePlace(Given):
    """Where nodes with this token stand."""

    pool: Place
    region: Place
    environment: Environment


class NodePlace(Shown):
    pool: str
    region: str
    environment: Environment


class GivenToken(Given):
    label: Annotated[Line, Field(min_length=1)]
    grants: list[GivenGrant] = Field([], max_length=100)
    node: GivenNodePlace | None = None
    expires: Moment | None = None


class Token(Shown):
    id: str
    label: str
    grants: list[Grant]
    node: NodePlace | None
    created: float
    expires: float | None
    revoked: float | None
    last_used: float | None


class NewToken(Token):
    secret: str
    """Shown this once."""


class AuditEntry(Shown):
    n: int
    at: float
    who: str
    token: str
    domain: str
    action: str
    subject: str
    details: dict[str, Any]
    hash: str


class AuditVerdict(Shown):
    entries: int
    intact: bool
    broken_at: int | None
