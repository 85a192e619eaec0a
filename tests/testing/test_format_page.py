"""edgescript/testing/FORMAT.md: its sessions print what it says, and its tables have every key."""

import json
import re

import msgspec
import pytest

from edgescript.testing.cases import Case, Expect
from tests.architecture.imports import ROOT
from tests.docs.blocks import File, matches, parts
from tests.support.command import run_command

PAGE = ROOT / "edgescript" / "testing" / "FORMAT.md"


def test_the_sessions_print_what_the_page_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    steps = 0
    for part in parts(PAGE):
        if isinstance(part, File):
            (tmp_path / part.name).write_text(part.text, encoding="utf-8")
            continue
        steps += 1
        program, *arguments = part.command.split()
        printed = run_command(*arguments).stdout
        assert program == "edgescript"
        assert matches(part.output, printed), f"{part.line}: {part.command}\n\n{printed}"
    assert steps >= 2


@pytest.mark.parametrize(("heading", "struct"), [("A case", Case), ("What may be expected", Expect)])
def test_the_tables_have_every_key(heading, struct):
    table = PAGE.read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    keys = [field.encode_name for field in msgspec.structs.fields(struct)]
    assert sorted(rows) == sorted(keys)


def keys_of(value):
    """Every key in a JSON value."""
    if isinstance(value, dict):
        return set(value).union(*map(keys_of, value.values()))
    return set().union(*map(keys_of, value)) if isinstance(value, list) else set()


def test_the_keys_of_the_json_object_are_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for part in parts(PAGE):
        if isinstance(part, File):
            (tmp_path / part.name).write_text(part.text, encoding="utf-8")
    shown = json.loads(run_command("test", "--json", "--coverage").stdout)
    assert shown["failed"] == 1
    text = PAGE.read_text(encoding="utf-8").partition("\n## For programs\n")[2]
    assert {key for key in keys_of(shown) if f"`{key}`" not in text} == set()
