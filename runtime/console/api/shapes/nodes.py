"""Nodes and pools; purges sent to them; what they count and log."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field, model_validator

from runtime.console.api.shapes.base import Environment, Given, Reason, Shown

NodeState = Literal["current", "partly", "behind", "offline", "failed"]


class Refused(Shown):
    """A domain that a node cannot load as it is now: what it served of it before, it serves on."""

    domain: str
    why: str
    reason: Reason | None
    """What `why` says, for programs; null where that is not known."""


class Node(Shown):
    id: str
    pool: str
    region: str
    environment: Environment
    version: str
    generation: int
    """The one all its workers serve."""
    started: float
    seen: float
    state: NodeState
    error: str
    reason: Reason | None
    """What `error` says, for programs; null where that is not known."""
    refused: list[Refused]


class States(Shown):
    current: int
    partly: int
    behind: int
    offline: int
    failed: int


class Generations(Shown):
    staging: int
    production: int


class NodeList(Shown):
    items: list[Node]
    next: str | None
    counts: States
    generations: Generations


class Pool(Shown):
    name: str
    region: str
    environment: Environment
    counts: States


PURGED: Final = r"^[^\x00-\x20\x7f]+$"
PurgeValue = Annotated[str, Field(min_length=1, max_length=8192, pattern=PURGED)]


class GivenPurge(Given):
    """Exactly one of url, prefix and tag."""

    url: PurgeValue | None = None
    prefix: PurgeValue | None = None
    tag: PurgeValue | None = None
    soft: bool = False
    environment: Environment = "production"

    @model_validator(mode="after")
    def _one_kind(self) -> "GivenPurge":
        if sum(each is not None for each in (self.url, self.prefix, self.tag)) != 1:
            raise ValueError("want one of url, prefix and tag")
        return self


class Purged(Shown):
    seq: int
    generation: int


class Series(Shown):
    """Points are [time, hit, not_hit, none, exception, errors_5xx, requests, fuel, time_us], sums over `step_s`."""

    script: str
    version: int
    release: int
    points: list[list[float]]


class Metrics(Shown):
    step_s: int
    series: list[Series]


class Lines(Shown):
    """Access log lines, the newest first."""

    items: list[dict[str, Any]]
    dropped: int
