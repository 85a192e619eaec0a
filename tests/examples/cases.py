"""The test files of `examples/`, in the format of `edgescript.testing`, ready to be run."""

import functools

import pytest

from edgescript.cli.author.testing.run import prepare
from edgescript.testing.cases import SUFFIX
from tests.architecture.imports import ROOT

EXAMPLES = ROOT / "examples"
FILES = sorted(EXAMPLES.glob(f"*/*{SUFFIX}"))


@functools.cache
def prepared(path):
    """The test file at `path` with its scripts and requests."""
    return prepare(str(path))


def cases(wanted=lambda _case: True):
    """A pytest parameter (file, index of the case) for each case that `wanted` holds for."""
    return [
        pytest.param(prepared(path), index, id=f"{path.parent.name}: {case.name}")
        for path in FILES
        for index, case in enumerate(prepared(path).suite.cases)
        if wanted(case)
    ]


def sendings(file, index):
    """(what is sent, the request made of it) for each request of a case, the one looked at last."""
    case = file.suite.cases[index]
    return list(zip([*case.before, case], file.shots[index], strict=True))
