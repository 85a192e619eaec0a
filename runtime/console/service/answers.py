"""What operations answer: plain values whose attributes are the keys of the API's JSON. No secret is in any but `NewToken`."""

from typing import Any, Generic, TypeAlias, TypeVar

import msgspec

from runtime.console.model.access import Grant
from runtime.console.model.nodestate import NodeState, Progress
from runtime.console.model.reasons import Reason
from runtime.console.model.rules import RuleSettings
from runtime.console.model.verdict import Margins, Seen

T = TypeVar("T")
Diagnostics: TypeAlias = tuple[dict[str, Any], ...]
"""As `edgescript check --json` has them."""


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A part of a list; `next` is the cursor of the part that follows, None at the end."""

    items: tuple[T, ...]
    next: str | None = None


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Of the release from before and of the one rolled out, since the rollout began."""

    before: Seen = Seen()
    after: Seen = Seen()


class Rollout(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    domain: str
    environment: str
    from_release: int | None
    to_release: int
    scripts: dict[str, tuple[int | None, int | None]]
    """What differs between the two releases: version before and after, None for none."""
    steps: tuple[int, ...]
    percent: int
    sticky: str
    pools: tuple[str, ...]
    regions: tuple[str, ...]
    abort: Margins | None
    hold_s: float | None
    state: str
    reason: str
    reasons: tuple[Reason, ...] = ()
    """What `reason` says, for programs; () where somebody wrote it."""
    author: str
    message: str
    created: float
    changed: float
    generation: int
    """The environment's since its last step."""
    progress: Progress = Progress()
    figures: Figures = Figures()


class EnvironmentView(msgspec.Struct, frozen=True, kw_only=True):
    """`live` is what the release has; while a rollout runs, some get another."""

    release: int | None = None
    rollout: Rollout | None = None
    live: dict[str, int] = {}


class DomainLine(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    created: float
    hosts: tuple[str, ...]
    settings_revision: int
    releases: dict[str, int | None]
    rollouts: dict[str, int | None]


class DomainView(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    created: float
    settings: dict[str, Any]
    settings_revision: int
    environments: dict[str, EnvironmentView]


class SettingsView(msgspec.Struct, frozen=True, kw_only=True):
    revision: int
    settings: dict[str, Any]


class DraftLine(msgspec.Struct, frozen=True, kw_only=True):
    revision: int
    digest: str
    changed: bool
    """Differs from the latest version."""


class ScriptLine(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    draft: DraftLine | None
    latest: int | None
    live: dict[str, int | None]
    rule: RuleSettings


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    script: str
    revision: int
    source: str
    rule: RuleSettings
    tests: str | None
    digest: str
    diagnostics: Diagnostics
    author: str
    saved: float


class KeptText(msgspec.Struct, frozen=True, kw_only=True):
    """A text that was not saved, or was thrown away; nothing is lost."""

    id: str
    revision: int
    """It started from."""
    source: str
    rule: RuleSettings
    tests: str | None
    author: str
    saved: float


class CaseEvidence(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    passed: bool
    message: str = ""


class TestEvidence(msgspec.Struct, frozen=True, kw_only=True):
    passed: int
    failed: int
    cases: tuple[CaseEvidence, ...] = ()


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What was known of a version when it was made."""

    diagnostics: Diagnostics = ()
    tests: TestEvidence | None = None
    """None where there are none."""
    cost_bound: int | None = None
    """Fuel that no run exceeds."""
    position: str = "head"
    """In force: of the settings, else of the script's first line."""
    code_sha256: str = ""


class VersionLine(msgspec.Struct, frozen=True, kw_only=True):
    script: str
    number: int
    digest: str
    author: str
    message: str
    created: float
    rule: RuleSettings
    evidence: Evidence
    live: tuple[str, ...] = ()
    """Environments."""


class Version(VersionLine, frozen=True, kw_only=True):
    source: str
    tests: str | None


class DecisionChange(msgspec.Struct, frozen=True, kw_only=True):
    case: str
    before: str
    after: str


class Diff(msgspec.Struct, frozen=True, kw_only=True):
    text: str
    rules: dict[str, list[Any]]
    decisions: tuple[DecisionChange, ...]
    note: str = ""
    """Why decisions could not be compared; '' where they could."""


class Release(msgspec.Struct, frozen=True, kw_only=True):
    number: int
    settings_revision: int
    scripts: dict[str, int]
    author: str
    message: str
    created: float
    live: tuple[str, ...] = ()
    been_live: tuple[str, ...] = ()
    """Where it is live or was: what these environments can go back to."""


class DictionaryLine(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    secret: bool
    revision: int
    count: int
    digest: str
    author: str
    saved: float


class Dictionary(DictionaryLine, frozen=True, kw_only=True):
    keys: tuple[str, ...]
    entries: dict[str, str] | None
    """None where they are secret."""


class NodePlaceView(msgspec.Struct, frozen=True, kw_only=True):
    pool: str
    region: str
    environment: str


class TokenView(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    label: str
    grants: tuple[Grant, ...]
    node: NodePlaceView | None
    created: float
    expires: float | None
    revoked: float | None
    last_used: float | None


class NewToken(TokenView, frozen=True, kw_only=True):
    """`secret` is the token's whole text, which nobody can show again."""

    secret: str

    def __repr__(self) -> str:
        return f"NewToken({self.id})"


class NodeView(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    pool: str
    region: str
    environment: str
    version: str
    generation: int
    started: float
    seen: float
    state: NodeState
    error: str
    reason: Reason | None
    """What `error` says, for programs; None where that is not known."""
    refused: tuple["RefusedView", ...]
    """Domains of whoever asks that it cannot load as they are now."""


class RefusedView(msgspec.Struct, frozen=True, kw_only=True):
    domain: str
    why: str
    reason: Reason | None
    """What `why` says, for programs."""


class NodePage(msgspec.Struct, frozen=True, kw_only=True):
    items: tuple[NodeView, ...]
    next: str | None
    counts: dict[str, int]
    """Of all, by state."""
    generations: dict[str, int]
    """By environment."""


class PoolView(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    region: str
    environment: str
    counts: dict[str, int]


class PurgeMade(msgspec.Struct, frozen=True, kw_only=True):
    seq: int
    generation: int


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    n: int
    at: float
    who: str
    token: str
    domain: str
    action: str
    subject: str
    details: dict[str, Any]
    hash: str


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    entries: int
    intact: bool
    broken_at: int | None = None


class KeyView(msgspec.Struct, frozen=True, kw_only=True):
    """A signing key; the secret half stays in its file."""

    id: str
    public_key: str
    """base64url."""
    newest: bool


class LanguageEntry(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    summary: str
    page: str
    """Markdown."""


class FunctionEntry(LanguageEntry, frozen=True, kw_only=True):
    signature: str
    family: str
    extension: bool
    stages: tuple[str, ...]


class LanguageListing(msgspec.Struct, frozen=True, kw_only=True):
    functions: tuple[FunctionEntry, ...]
    variables: tuple[LanguageEntry, ...]
    keywords: tuple[str, ...]


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """A signed manifest as nodes are sent it."""

    generation: int
    data: bytes
