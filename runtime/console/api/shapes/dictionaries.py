"""Edge dictionaries. The values of a secret one are taken and never shown."""

from typing import Annotated

from pydantic import AfterValidator, Field

from runtime.console.api.shapes.base import Given, Revision, Shown, Text


def _bounded(entries: dict[str, str]) -> dict[str, str]:
    if any(not key or len(key) > 1024 or "\0" in key for key in entries):
        raise ValueError("a key has 1 to 1024 characters, none of them NUL")
    return entries


Entries = Annotated[dict[str, Text], Field(max_length=10_000), AfterValidator(_bounded)]


class DictionarySummary(Shown):
    name: str
    secret: bool
    revision: int
    count: int
    digest: str
    author: str
    saved: float


class Dictionary(DictionarySummary):
    keys: list[str]
    entries: dict[str, str] | None
    """null for a secret one."""


class GivenDictionary(Given):
    entries: Entries
    secret: bool = False
    revision: Revision


class GivenChanges(Given):
    set: Entries = Field({})
    remove: list[str] = Field([], max_length=10_000)
    revision: Revision | None = None
