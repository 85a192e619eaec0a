"""
Case files: lines `expression => expression` or `expression => error CODE`, evaluated on the example request.

`@ name: value` lines replace a fact of the request for the cases below them: target, method, host, scheme, client,
or `header NAME` (a value of nothing removes it); a lone `@` goes back to the example. `#` begins a comment line.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edgescript.context import Context
from edgescript.request import Connection, Headers, Request
from stdlib.example import example_context

FOLDER = Path(__file__).parent / "edges"


@dataclass(frozen=True)
class Case:
    call: str
    result: str
    facts: tuple[tuple[str, str], ...] = field(default=())

    def context(self) -> Context:
        context = example_context()
        context.request = _changed(context.request, dict(self.facts))
        return context


def read_cases() -> list[object]:
    """Every case of every file, as pytest parameters named by file and line."""
    return [
        pytest.param(case, id=f"{path.stem}:{number}")
        for path in sorted(FOLDER.glob("*.txt"))
        for number, case in _cases(path)
    ]


def _cases(path: Path) -> Iterator[tuple[int, Case]]:
    facts: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        if line.startswith("@"):
            name, colon, value = line[1:].partition(":")
            facts = {**facts, name.strip(): value.strip()} if colon else {}
            continue
        call, arrow, result = line.rpartition(" => ")
        assert arrow, f"{path.name}:{number}: want 'call => result'"
        yield number, Case(call.strip(), result.strip(), tuple(facts.items()))


def _changed(request: Request, facts: dict[str, str]) -> Request:
    pairs = dict(request.headers.pairs)
    for name, value in facts.items():
        if name.startswith("header "):
            pairs.pop(name[7:], None)
            if value:
                pairs[name[7:]] = value
    old = request.connection
    return Request(
        method=facts.get("method", request.method),
        target=facts.get("target", request.target),
        host=facts.get("host", request.host),
        headers=Headers(tuple(pairs.items())),
        connection=Connection(
            facts.get("client", old.client_addr),
            old.client_port,
            old.server_addr,
            old.server_port,
            facts.get("scheme", old.scheme),
        ),
        id=request.id,
    )
