"""Checking and running texts that are not kept, and the language itself."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from runtime.console.api.shapes.base import Given, Moment, ScriptName, Shown, Source, Text
from runtime.console.api.shapes.scripts import Diagnostic, GivenRule

Pair = Annotated[list[Annotated[str, Field(max_length=65536)]], Field(min_length=2, max_length=2)]
Code = Annotated[str, Field(max_length=256)]


FILE_NAME: Final = r"^[\w. -]*$"


class GivenCheck(Given):
    source: Source
    rule: GivenRule | None = None
    name: Annotated[str, Field(max_length=128, pattern=FILE_NAME)] = "draft"


class Checked(Shown):
    diagnostics: list[Diagnostic]


class GivenScript(Given):
    name: ScriptName
    source: Source
    rule: GivenRule = GivenRule()


class GivenRequest(Given):
    method: Annotated[str, Field(min_length=1, max_length=32)] = "GET"
    url: Annotated[str, Field(min_length=1, max_length=8192)]
    headers: list[Pair] = Field([], max_length=200)
    client_ip: Annotated[str, Field(max_length=64)] = "127.0.0.1"
    body: Text = ""


class GivenGeo(Given):
    country: Code = ""
    region: Code = ""
    city: Code = ""
    isp: Code = ""


class GivenOrigin(Given):
    status: Annotated[int, Field(ge=200, le=599)] = 200
    headers: list[Pair] = Field([], max_length=200)
    body: Text = ""


class GivenRun(Given):
    scripts: Annotated[list[GivenScript], Field(min_length=1, max_length=50)]
    request: GivenRequest
    now: Moment | Annotated[str, Field(max_length=64)] | None = None
    geo: GivenGeo | None = None
    origin: GivenOrigin | None = None
    dictionaries: dict[str, dict[str, Text]] = Field({}, max_length=100)
    trace: bool = False


class RanResponse(Shown):
    headers: list[list[str]]
    body: str


class Forwarded(Shown):
    method: str
    uri: str
    origin: str | None
    headers: list[list[str]]


class Fault(Shown):
    code: int
    line: int
    column: int
    message: str


class RanScript(Shown):
    name: str
    position: Literal["head", "foot"]
    state: Literal["NonExecution", "ExecutedAndHit", "ExecutedButNotHit", "Exception"]
    error: Fault | None
    fuel: int
    time_us: float
    trace: list[str] | None = None


class Ran(Shown):
    """What `edgescript run --json` prints."""

    action: Literal["respond", "redirect", "forward"]
    status: int
    response: RanResponse
    forward: Forwarded | None
    cache: dict[str, Any]
    limit_rate: dict[str, int | None] | None
    limit_req: dict[str, Any]
    scripts: list[RanScript]


class Function(Shown):
    name: str
    signature: str
    summary: str
    page: str
    family: str
    extension: bool
    stages: list[str]


class Variable(Shown):
    name: str
    summary: str
    page: str


class Language(Shown):
    functions: list[Function]
    variables: list[Variable]
    keywords: list[str]
