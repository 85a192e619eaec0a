"""Publishing: rollouts, releases, and the margins that end a rollout."""

from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from runtime.console.api.shapes.base import (
    Environment,
    Given,
    Line,
    Message,
    Number,
    Reason,
    ScriptName,
    Shown,
)

Percent = Annotated[int, Field(ge=1, le=100)]
STICKY: Final = r"^(client_ip|(cookie|header|arg):[A-Za-z0-9_.-]{1,64})$"
Sticky = Annotated[str, Field(pattern=STICKY)]
PLACE: Final = r"^[\w.-]{1,128}$"
Place = Annotated[str, Field(pattern=PLACE)]
"""A pool or a region."""
Share = Annotated[float, Field(ge=0, le=1)]
Margin = Annotated[float, Field(ge=0, le=1000)]


class GivenAbort(Given):
    """By how much the new release may be worse before a rollout goes back by itself; null where it does not matter."""

    exceptions: Share | None = 0.01
    errors_5xx: Share | None = 0.01
    fuel: Margin | None = 0.5
    min_requests: Annotated[int, Field(ge=1, le=10**9)] = 100


class Abort(Shown):
    exceptions: float | None
    errors_5xx: float | None
    fuel: float | None
    min_requests: int


class Progress(Shown):
    """Nodes the rollout is for; acked: all their workers serve it."""

    nodes: int
    acked: int
    failed: int
    offline: int


class Figures(Shown):
    """Totals of one side since the rollout began."""

    requests: int
    exceptions: int
    errors_5xx: int
    executions: int
    fuel: int


class BeforeAfter(Shown):
    before: Figures
    after: Figures


class Rollout(Shown):
    id: int
    domain: str
    environment: Environment
    from_release: int | None
    to_release: int
    scripts: dict[str, list[int | None]]
    """Versions before and after."""
    steps: list[int]
    percent: int
    sticky: str
    pools: list[str]
    regions: list[str]
    abort: Abort | None
    hold_s: float | None
    state: Literal["running", "completed", "aborted", "cancelled"]
    reason: str
    reasons: list[Reason]
    """What `reason` says, for programs; none where somebody wrote it."""
    author: str
    message: str
    created: float
    changed: float
    generation: int
    progress: Progress
    figures: BeforeAfter


class GivenPublish(Given):
    environment: Environment
    scripts: Annotated[dict[ScriptName, Number | None], Field(max_length=1000)] | None = None
    """Versions by script, null for the latest one; null in all for the latest of every script."""
    settings: bool = False
    remove: list[ScriptName] = Field([], max_length=1000)
    steps: Annotated[list[Percent], Field(min_length=1, max_length=20)] | None = None
    percent: Percent | None = None
    sticky: Sticky = "client_ip"
    pools: list[Place] = Field([], max_length=100)
    regions: list[Place] = Field([], max_length=100)
    abort: GivenAbort | None = None
    hold_s: Annotated[float, Field(ge=1, le=30 * 86400)] | None = None
    skip_staging: bool = False
    message: Message = ""

    @model_validator(mode="after")
    def _one_way(self) -> "GivenPublish":
        if self.steps is not None and self.percent is not None:
            raise ValueError("want either steps or percent")
        if self.steps is not None and sorted(set(self.steps)) != self.steps:
            raise ValueError("steps: want rising percentages")
        if self.skip_staging and not self.message.strip():
            raise ValueError("skip_staging: want a message that says why")
        return self


class GivenPromote(Given):
    percent: Percent | None = None
    """null for the next step."""
    seen: Annotated[Percent | None, Field(alias="from")] = None
    """Where the rollout was when this was asked: 409 `conflict` where it is no longer there; null for wherever it is."""


class GivenReason(Given):
    reason: Line = ""


class GivenRollback(Given):
    environment: Environment
    to: Number | None = None
    message: Message = ""


class Release(Shown):
    number: int
    created: float
    author: str
    message: str
    settings_revision: int
    scripts: dict[str, int]
    live: list[str]
    been_live: list[str]
    """Where it is live or was; a rollback goes to one of these."""
