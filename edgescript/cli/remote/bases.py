"""
Which revision of a draft a file of ours started from: what the last `push` or `pull` of this person saw.

A push names it, so that the console can tell whether somebody else has saved in between. Where it is not known (another
machine, a build server) it is 0, "there was none", and a draft that exists is never replaced unasked.
"""

import os
from typing import Any, Final

from edgescript.cli.remote.personal import PersonalFile, folder

MAX_KEPT: Final = 5_000
"""Drafts remembered; the oldest go first."""


def _file() -> PersonalFile:
    return PersonalFile(folder(os.environ, "XDG_STATE_HOME") / "drafts.json")


def _key(url: str, domain: str, script: str) -> str:
    return f"{url} {domain} {script}"


def base_of(url: str, domain: str, script: str) -> int:
    """The revision last seen, 0 for none. Raises `Unreadable`."""
    kept = _table(_file().read())
    revision = kept.get(_key(url, domain, script), 0)
    return revision if type(revision) is int and revision > 0 else 0


def remember(url: str, domain: str, script: str, revision: int) -> None:
    """Raises `Unreadable`."""
    file, key = _file(), _key(url, domain, script)
    with file.changing():
        kept = _table(file.read())
        kept.pop(key, None)
        kept[key] = revision
        file.replace(dict(list(kept.items())[-MAX_KEPT:]))


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
