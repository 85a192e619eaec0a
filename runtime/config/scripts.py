"""Entries of `scripts`: file names, and tables with a file's settings (`runtime.scripts.rule`)."""

from collections.abc import Iterator
from pathlib import Path as File
from typing import Any

from runtime.config.problems import ConfigError, Path, Problem
from runtime.config.tables import Scripts
from runtime.scripts.rule import KEYS, Rule, parse_rule, rule_problems


def script_problems(scripts: Scripts, path: Path) -> Iterator[Problem]:
    """What is wrong with the entries, which stand at `path`."""
    for index, script in enumerate(scripts):
        if isinstance(script, dict):
            for key, message in rule_problems(script):
                at = (*path, index, key) if key else (*path, index)
                yield Problem(at, message, of_key=key not in KEYS)
        elif not script or "\0" in script:
            yield Problem((*path, index), "got no file name")


def rules_of(scripts: Scripts) -> tuple[Rule, ...]:
    """The rules that the entries state. Raises ConfigError."""
    wrong = [*script_problems(scripts, ("scripts",))]
    if wrong:
        raise ConfigError(wrong)
    return tuple(Rule(each) if isinstance(each, str) else parse_rule(each) for each in scripts)


def beside(folder: File, scripts: Scripts) -> Scripts:
    """The entries with files seen from where `folder` is."""
    return tuple(_beside(folder, each) for each in scripts)


def _beside(folder: File, script: str | dict[str, Any]) -> str | dict[str, Any]:
    if isinstance(script, str):
        return str(folder / script)
    return {key: str(folder / value) if KEYS[key].field == "path" else value for key, value in script.items()}
