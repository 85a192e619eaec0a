"""The targets: every module of `targets/`, found by its file; its first line says what it holds."""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"


class Target(NamedTuple):
    """One thing to feed bytes to: `run` returns, whatever the bytes, or raises what was found."""

    name: str
    run: Callable[[bytes], None]
    seeds: tuple[bytes, ...]
    """Where to begin: the committed files, and what the module makes itself."""


def names() -> list[str]:
    """Every target, sorted."""
    return sorted(path.stem for path in (HERE / "targets").glob("*.py"))


def load(name: str) -> Target:
    """
    The target of that name; importing it is what may be instrumented.

    A module may name in `CORPUS` the folder of `corpus/` that it shares with others, and make seeds in `seeds`.
    """
    module = importlib.import_module(f"tests.fuzz.targets.{name}")
    made = getattr(module, "seeds", tuple)()
    return Target(name, module.run, (*files(getattr(module, "CORPUS", name)), *made))


def files(folder: str) -> tuple[bytes, ...]:
    """The committed inputs of a folder of `corpus/`, in order of their names."""
    return tuple(path.read_bytes() for path in sorted((CORPUS / folder).glob("*")))
