"""What came of test files: results of cases and files, and their sum. Reports are made of these."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from edgescript.testing.expectations import Mismatch


class CaseResult(NamedTuple):
    """One case. It passed when nothing is in `mismatches` and `refusal` is ''."""

    name: str
    line: int
    mismatches: Sequence[Mismatch] = ()
    refusal: str = ""
    """Why its requests could not be made of use to scripts at all."""
    time_s: float = 0.0

    @property
    def passed(self) -> bool:
        return not self.mismatches and not self.refusal


class FileResult(NamedTuple):
    """One test file."""

    name: str
    cases: Sequence[CaseResult] = ()
    problems: Sequence[str] = ()
    """What is wrong with the file itself, a line each; then no case was run."""
    bad_scripts: Sequence[str] = ()
    """Its scripts that have errors; then no case was run."""

    @property
    def passed(self) -> int:
        return sum(case.passed for case in self.cases)

    @property
    def failed(self) -> int:
        return len(self.cases) - self.passed

    @property
    def was_run(self) -> bool:
        return not self.problems and not self.bad_scripts


class Sum(NamedTuple):
    """All files of a run."""

    passed: int
    failed: int
    not_run: int
    """Files."""


def add_up(files: Iterable[FileResult]) -> Sum:
    """The sum of `files`."""
    results = list(files)
    return Sum(
        sum(each.passed for each in results),
        sum(each.failed for each in results),
        sum(not each.was_run for each in results),
    )
