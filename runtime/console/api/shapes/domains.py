"""Domains, their settings, and what is live in which environment."""

from typing import Any

from runtime.console.api.shapes.base import DomainName, Given, Message, Revision, Settings, Shown
from runtime.console.api.shapes.rollouts import Rollout


class NumberByEnvironment(Shown):
    staging: int | None
    production: int | None


class DomainSummary(Shown):
    name: str
    created: float
    hosts: list[str]
    settings_revision: int
    releases: NumberByEnvironment
    rollouts: NumberByEnvironment
    """Those running."""


class EnvironmentState(Shown):
    release: int | None
    rollout: Rollout | None
    """The one running."""
    live: dict[str, int]
    """Versions by script."""


class Environments(Shown):
    staging: EnvironmentState
    production: EnvironmentState


class DomainWhole(Shown):
    name: str
    created: float
    settings: dict[str, Any]
    settings_revision: int
    environments: Environments


class GivenDomain(Given):
    name: DomainName
    settings: Settings


class GivenSettings(Given):
    settings: Settings
    revision: Revision
    message: Message = ""


class SettingsRevision(Shown):
    revision: int
    settings: dict[str, Any]
