"""Reads the Markdown suites of this folder; their form is described in README.md."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent
_HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
_FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MARKER = re.compile(r'# (error|warning|hint|compat): \[([a-z-]+)\](?: "([^"]*)")?')


class Marker(NamedTuple):
    """A diagnostic that must be there: on which line, which, and a part of its message."""

    line: int
    severity: str
    code: str
    text: str


class Case(NamedTuple):
    name: str
    source: str
    options: dict[str, str]
    result: str | None
    text: str | None


def cases(*folders: Path) -> Iterator[Case]:
    """Every case of the suites in this folder, or in others."""
    for folder in folders or (FOLDER,):
        for path in sorted(folder.glob("*.md")):
            if path.name != "README.md":
                yield from _cases_of(path)


def _cases_of(path: Path) -> Iterator[Case]:
    text = path.read_text(encoding="utf-8")
    fences = list(_FENCE.finditer(text))
    outside = _FENCE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
    headings = [(found.start(), found[1]) for found in _HEADING.finditer(outside)]
    used: dict[str, int] = {}
    for index, fence in enumerate(fences):
        if fence[1] != "es":
            continue
        heading = next((title for start, title in reversed(headings) if start < fence.start()), "")
        used[heading] = used.get(heading, 0) + 1
        number = f" {used[heading]}" if used[heading] > 1 else ""
        after = {}
        for follower in fences[index + 1 :]:
            if follower[1] == "es":
                break
            after[follower[1]] = follower[3]
        options = dict(word.partition("=")[::2] for word in fence[2].split())
        name = f"{path.stem}: {heading}{number}"
        yield Case(name, fence[3], options, after.get("result"), after.get("text"))


def markers(source: str) -> list[Marker]:
    """What the comments of a source ask for."""
    found: list[Marker] = []
    waiting: list[tuple[str, str, str]] = []
    for number, line in enumerate(source.splitlines(), 1):
        here = [(each[1], each[2], each[3] or "") for each in _MARKER.finditer(line)]
        if here and line.lstrip().startswith("# "):
            waiting += here
            continue
        found += [Marker(number, *each) for each in (*waiting, *here)]
        waiting = []
    assert not waiting, "a marker speaks of a line that is not there"
    return found
