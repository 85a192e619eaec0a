"""Findings of texts that are kept whatever is found: that a check does not finish is a finding, and loses nobody a text."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from runtime.console.model.refusal import Refused
from runtime.console.service.answers import Diagnostics
from runtime.console.service.jobs import Work

UNFINISHED: Final = "check-unfinished"
"""The code of the finding that stands in place of all others."""
TOGETHER_S: Final = 60.0
"""For the texts of one import."""


def findings_or_why(work: Work, name: str, source: str) -> Diagnostics:
    """What is found in `source`, or that it could not be found out. Never raises for the text's sake."""
    try:
        return work.findings(name, source)
    except Refused:
        return (_unfinished(name, "the check of this text did not finish in time"),)
    except OSError:
        return (_unfinished(name, "this text could not be checked: nothing could be started to do it"),)


def findings_of_all(
    work: Work, texts: Iterable[tuple[str, str]], monotonic: Callable[[], float]
) -> list[Diagnostics]:
    """The same of many, of name and source; those that there is no time left for are said to be unfinished."""
    end = monotonic() + TOGETHER_S
    found = []
    for name, source in texts:
        if monotonic() < end:
            found.append(findings_or_why(work, name, source))
        else:
            found.append((_unfinished(name, "the checks of all texts together did not finish in time"),))
    return found


def is_unfinished(diagnostics: Iterable[Any]) -> bool:
    """Whether these say no more than that a check did not finish."""
    return any(each["code"] == UNFINISHED for each in diagnostics)


def _unfinished(name: str, message: str) -> dict[str, Any]:
    return {
        "file": name,
        "line": 1,
        "column": 1,
        "end_line": 1,
        "end_column": 1,
        "severity": "error",
        "code": UNFINISHED,
        "message": message,
        "help": "the text is kept; save it again to have it checked again",
        "related": None,
    }
