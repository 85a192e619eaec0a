"""Scripts: what is being edited, what is kept for ever, and how two of them differ."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from runtime.console.api.shapes.base import Given, Message, Revision, Shown, Source

Position = Literal["head", "foot"]
OnError = Literal["deny", "continue"]


class GivenRule(Given):
    """A rule's settings; null leaves it to the script's first line, or to what its position takes for granted."""

    pos: Position | None = None
    pri: Annotated[int, Field(ge=0, le=999)] = 0
    enable: bool = True
    brk: bool = False
    testip: Annotated[str, Field(max_length=64)] = ""
    option: Annotated[str, Field(max_length=200)] = ""
    on_error: OnError | None = None


class Rule(Shown):
    pos: Position | None
    pri: int
    enable: bool
    brk: bool
    testip: str
    option: str
    on_error: OnError | None


class Region(Shown):
    """Lines and columns from 1; the end is behind the last character."""

    line: int
    column: int
    end_line: int
    end_column: int


class Related(Region):
    message: str


class Diagnostic(Region):
    """A finding, as `edgescript check --json` prints it."""

    file: str
    severity: Literal["error", "warning", "hint", "compat"]
    code: str
    message: str
    help: str
    related: Related | None = None


class Text(Shown):
    """A script's text with its settings and tests."""

    source: str
    rule: Rule
    tests: str | None


class Draft(Text):
    script: str
    revision: int
    digest: str
    diagnostics: list[Diagnostic]
    author: str
    saved: float


class GivenDraft(Given):
    source: Source
    rule: GivenRule = GivenRule()
    tests: Source | None = None
    revision: Revision
    """The one this text started from; 0 for a new script."""


class Conflict(Text):
    """A text that was refused because another had been saved first."""

    id: str
    revision: int
    """The one it started from."""
    author: str
    saved: float


class DraftMark(Shown):
    revision: int
    digest: str
    changed: bool
    """Whether it differs from the latest version."""


class Live(Shown):
    staging: int | None
    production: int | None


class ScriptSummary(Shown):
    name: str
    draft: DraftMark | None
    latest: int | None
    live: Live
    rule: Rule


class TestCase(Shown):
    name: str
    passed: bool
    message: str


class Tests(Shown):
    passed: int
    failed: int
    cases: list[TestCase]


class Evidence(Shown):
    """What was known of a version when it was made."""

    diagnostics: list[Diagnostic]
    tests: Tests | None
    cost_bound: int | None
    """Fuel no run exceeds; null where none can be stated."""


class Version(Shown):
    script: str
    number: int
    digest: str
    author: str
    message: str
    created: float
    rule: Rule
    evidence: Evidence
    live: list[str]


class VersionWhole(Version):
    source: str
    tests: str | None


class GivenVersion(Given):
    """Of the draft at `revision`, or of a text of its own."""

    message: Message = ""
    revision: Annotated[int, Field(ge=1, lt=1 << 31)] | None = None
    source: Source | None = None
    rule: GivenRule | None = None
    tests: Source | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> "GivenVersion":
        if (self.revision is None) == (self.source is None):
            raise ValueError("want either revision or source")
        if self.source is None and (self.rule is not None or self.tests is not None):
            raise ValueError("rule and tests go with source")
        return self


class Decision(Shown):
    """A test's case that ends differently."""

    case: str
    before: str
    after: str


class Diff(Shown):
    text: str
    rules: dict[str, list[Any]]
    """Key: what it was and what it is."""
    decisions: list[Decision]
    note: str
    """Why decisions could not be compared; '' where they could."""


class VendorRule(Shown):
    """A rule in the vendor's words, every value a string; what is not set is left out. `rule` is the script's text."""

    name: str
    rule: str
    rule_path: str
    pos: str
    pri: str
    enable: str
    brk: str
    testip: str | None = None
    option: str | None = None


class Imported(Shown):
    name: str
    revision: int
    diagnostics: list[Diagnostic]


class ImportedList(Shown):
    items: list[Imported]
