"""Scripts tried on a stated request, with a stated origin: what `edgescript run --json` tells, without a network."""

import random as chance
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from edgescript.pipeline import InstalledScript
from edgescript.program import load as load_program
from edgescript.services import GeoRecord
from edgescript.source import Source, as_scripts_hold, to_bytes_text
from runtime.console.model.names import MAX_SOURCE_BYTES, name_of, script_text
from runtime.console.model.refusal import Refused, invalid
from runtime.console.model.rules import read_rule, rule_of
from runtime.console.service.compiling import Compiler
from runtime.geo.stated import StatedPlaces
from runtime.http.refusal import Refuse
from runtime.proxy.simulate import Incoming, Origin
from runtime.trial.installed import installed
from runtime.trial.node import TrialNode
from runtime.trial.origin import stated
from runtime.trial.record import record
from runtime.trial.stated import (
    connection,
    read_client,
    read_field,
    read_method,
    read_url,
    with_host,
)
from runtime.trial.trace import RunTrace, traced

MAX_TRIED: Final = 50
MAX_FIELDS: Final = 200

Pairs = tuple[tuple[str, str], ...]


class TriedScript(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    source: str
    rule: dict[str, Any] | None = None


class TriedRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    url: str
    method: str = "GET"
    headers: Pairs = ()
    client_ip: str = "127.0.0.1"
    body: str = ""


class TriedPlace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the client is, in the codes scripts see."""

    country: str = ""
    region: str = ""
    city: str = ""
    isp: str = ""


class TriedOrigin(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    status: int = 200
    headers: Pairs = ()
    body: str = ""


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """What is tried. `now` is Unix seconds, `trace` whether each script's run is told line by line."""

    scripts: tuple[TriedScript, ...]
    request: TriedRequest
    now: float
    geo: TriedPlace | None = None
    origin: TriedOrigin | None = None
    dictionaries: dict[str, dict[str, str]] = {}
    trace: bool = False


class Trials:
    """Tries scripts. `monotonic` gives seconds, `random` so many bytes."""

    def __init__(
        self, compiler: Compiler, monotonic: Callable[[], float], random: Callable[[int], bytes]
    ) -> None:
        self._compiler = compiler
        self._monotonic = monotonic
        self._random = random

    def run(self, tried: Tried) -> dict[str, Any]:
        """
        What came of it. Raises Refused: `has-errors` with `scripts`, the diagnostics of each that has some; `invalid` for
        what no request is made of, or one that nodes refuse.
        """
        geo = tried.geo
        incoming, client = self._incoming(tried.request)
        asked = _origin(tried.origin or TriedOrigin())
        traces: dict[str, RunTrace] = {}
        ready = self._install(tried.scripts, traces if tried.trace else None)
        node = TrialNode(
            ready,
            random=chance.Random(self._random(16)),  # noqa: S311 - as scripts have it on a node
            geo=StatedPlaces({} if geo is None else {client: _place(geo)}),
            dictionaries=_dictionaries(tried.dictionaries),
        )
        outcome = node.take(incoming, asked, tried.now, self._monotonic)
        if isinstance(outcome, Refuse):
            raise invalid("request", f"a node refuses this request with {outcome.status}: {outcome.reason}")
        return record(outcome, {name: each.lines for name, each in traces.items()})

    def _incoming(self, request: TriedRequest) -> tuple[Incoming, str]:
        """The request, and its client's address."""
        url = _read("request.url", read_url, request.url)
        client = _read("request.client_ip", read_client, request.client_ip)
        fields = with_host(url, _fields("request.headers", request.headers))
        named = {name.lower() for name, _ in fields}
        if request.body and not named & {"content-length", "transfer-encoding"}:
            fields.append(("Content-Length", str(len(script_text(request.body, "request.body", 1 << 20)))))
        method = _read("request.method", read_method, request.method)
        made = Incoming(method, url.target, fields, connection(url, client), self._random(16).hex())
        return made, client

    def _install(
        self, scripts: Sequence[TriedScript], traces: dict[str, RunTrace] | None
    ) -> tuple[InstalledScript, ...]:
        """The scripts, in the tier that traces where there is to be a trace."""
        if len(scripts) > MAX_TRIED:
            raise Refused("too-large", f"more than {MAX_TRIED} scripts")
        wrong: dict[str, Any] = {}
        made: list[InstalledScript] = []
        for index, script in enumerate(scripts):
            name = name_of(f"scripts[{index + 1}].name", script.name)
            if name in wrong or name in {each.name for each in made}:
                raise invalid(f"scripts[{index + 1}].name", "stands twice")
            text = script_text(script.source, f"scripts[{index + 1}].source", MAX_SOURCE_BYTES)
            rule = rule_of(name, read_rule(script.rule or {}))
            judged = self._compiler.judge(name, text)
            if judged.compiled.code is None:
                wrong[name] = judged.diagnostics
                continue
            program = load_program(judged.compiled.code, self._compiler.registry)
            if traces is None:
                program.prepare()  # so that the time shown is the script's own
                run = None
            else:
                trace = traces[name] = RunTrace(Source.from_bytes(name, text), self._monotonic)
                run = traced(program, trace)
            made.append(installed(program, rule, judged.compiled.position, run))
        if wrong:
            raise Refused("has-errors", f"{', '.join(wrong)}: not without errors", scripts=wrong)
        return tuple(made)


def _read(where: str, read: Callable[[str], Any], text: str) -> Any:
    try:
        return read(text)
    except ValueError as error:
        raise invalid(where, str(error)) from None


def _fields(where: str, pairs: Pairs) -> list[tuple[str, str]]:
    if len(pairs) > MAX_FIELDS:
        raise Refused("too-large", f"{where}: more than {MAX_FIELDS}")
    return [_read(where, read_field, f"{name}: {value}") for name, value in pairs]


def _origin(says: TriedOrigin) -> Origin:
    if not 200 <= says.status <= 599:
        raise invalid("origin.status", "want 200 to 599")
    script_text(says.body, "origin.body", 1 << 20)
    return stated(says.status, _fields("origin.headers", says.headers), to_bytes_text(says.body))


def _place(geo: TriedPlace) -> GeoRecord:
    return GeoRecord(
        country=to_bytes_text(geo.country),
        region=to_bytes_text(geo.region),
        city=to_bytes_text(geo.city),
        isp=to_bytes_text(geo.isp),
    )


def _dictionaries(stated_: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    return {to_bytes_text(name): as_scripts_hold(entries) for name, entries in stated_.items()}
