"""
What a cache does, seen from its two sides, section by section.

    # a response is reused while it is fresh          a title begins a case
    origin 200 | Cache-Control: max-age=60 = hello    what the origin answers from here on; `= ...` is its content
    GET /                                             a client's request
    -> GET / | !If-None-Match                         what the origin was asked for it, with and without these fields
    <- 200 MISS = hello                               what the client got: status, X-Cache, fields, content
    +10                                               ten seconds pass
    GET / | Accept: b
    -> nothing                                        the origin was not asked
    <- 200 HIT | Age: 10 | !Set-Cookie

Each line of `->` and `<-` says something of the request before it; what it does not mention may be as it likes. In field
values `{now}`, `{now+60}` and `{now-60}` are dates. `origin gone` breaks every connection, `origin silent` never answers.
`interim 103 | Link: </a>` has the origin send a head before its answer. A request may have content too: `POST / = x`.
`<- interim 103 | ...` is a head that came before the answer. Between requests, what was begun behind their back has ended.

Every case is played twice: through the exchange machine alone, with connections that are function calls, and by a node
over sockets. Its clock is the case's.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from runtime.http.dates import format_http_date

FOLDER = Path(__file__).parent
START = 1_000_000_000.0
_DATE = re.compile(r"\{now([+-]\d+)?\}")


class Said(NamedTuple):
    """A message, as far as a case speaks of it."""

    first: str
    fields: list[tuple[str, str]]
    absent: list[str]
    body: str | None


@dataclass
class Case:
    title: str
    place: str
    lines: list[tuple[int, str]] = field(default_factory=list)


def read_cases(path):
    case = None
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if text.startswith("# "):
            if case is not None:
                yield case
            case = Case(text[2:], f"{path.name}:{number}")
        elif text.strip() and case is not None:
            case.lines.append((number, text.strip()))
    if case is not None:
        yield case


ALL = {
    f"{path.stem}: {case.title}": case for path in sorted(FOLDER.glob("*.cases")) for case in read_cases(path)
}


def parse(text, now):
    head, mark, body = text.partition(" = ")
    if text.endswith(" ="):
        head, mark, body = text[:-2], "=", ""
    first, *parts = [part.strip() for part in head.split(" | ")]
    fields, absent = [], []
    for part in parts:
        if part.startswith("!"):
            absent.append(part[1:])
        else:
            name, _, value = part.partition(":")
            fields.append((name.strip(), _DATE.sub(lambda match: date(now, match[1]), value.strip())))
    return Said(first, fields, absent, body.replace("\\r\\n", "\r\n") if mark else None)


def date(now, offset):
    return format_http_date(int(now) + int(offset or 0)).decode()


class Answer(NamedTuple):
    status: int
    fields: list[tuple[str, str]]
    body: str
    interim: list[tuple[int, list[tuple[str, str]] | None]]
    """Status and fields, where the client kept those."""


class Asked(NamedTuple):
    method: str
    target: str
    fields: list[tuple[str, str]]


@dataclass
class Origin:
    """What the origin of a case does; `asked` since the last request of a client."""

    answer: Said | None = None
    interim: list[Said] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)

    @property
    def state(self):
        """`gone`, `silent`, or the status it answers."""
        return self.answer.first


class Play:
    """One case at one node: an object with `now`, and `ask(method, target, fields, body)`, which is awaited."""

    def __init__(self, case, node, origin):
        self.case = case
        self.node = node
        self.origin = origin
        self.answer = None

    async def play(self):
        for number, line in self.case.lines:
            try:
                await self._act(line)
            except AssertionError as error:
                raise AssertionError(
                    f"{self.case.place} {self.case.title}\n  line {number}: {line}\n  {error}"
                ) from None

    async def _act(self, line):
        now = self.node.now
        if match := re.fullmatch(r"\+(\d+)", line):
            self.node.now += int(match[1])
        elif line.startswith("origin "):
            self.origin.answer = parse(line[7:], now)
            self.origin.interim = []
        elif line.startswith("interim "):
            self.origin.interim.append(parse(line[8:], now))
        elif line == "-> nothing":
            assert not self.origin.asked, f"the origin was asked: {self.origin.asked}"
        elif line.startswith("-> "):
            assert self.origin.asked, "the origin was not asked"
            said, asked = parse(line[3:], now), self.origin.asked[-1]
            assert f"{asked.method} {asked.target}" == said.first
            check_fields(said, asked.fields)
        elif line.startswith("<- interim "):
            said = parse(line[11:], now)
            found = [fields for status, fields in self.answer.interim if str(status) == said.first]
            assert found, f"got {self.answer.interim}"
            if found[0] is not None:
                check_fields(said, found[0])
        elif line.startswith("<- "):
            self._check_answer(parse(line[3:], now))
        else:
            said = parse(line, now)
            method, _, target = said.first.partition(" ")
            self.origin.asked = []
            self.answer = await self.node.ask(method, target, said.fields, said.body or "")

    def _check_answer(self, said):
        status, _, label = said.first.partition(" ")
        labels = values(self.answer.fields, "x-cache")
        assert (str(self.answer.status), labels) == (status, [label] if label else labels)
        check_fields(said, self.answer.fields)
        if said.body is not None:
            assert self.answer.body == said.body


def values(fields, name):
    return [value for key, value in fields if key.lower() == name.lower()]


def check_fields(said, fields):
    wanted = {}
    for name, value in said.fields:
        wanted.setdefault(name.lower(), []).append(value)
    for name, expected in wanted.items():
        assert values(fields, name) == expected, f"{name}: got {values(fields, name)}, want {expected}"
    for name in said.absent:
        assert values(fields, name) == [], f"{name}: got {values(fields, name)}, want none"
