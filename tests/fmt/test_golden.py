"""Layouts that show each rule, and the scripts of the project, which keep to them."""

import re

import pytest

from edgescript.formatting.canonical import canonical
from edgescript.source import Source
from tests.architecture.imports import ROOT
from tests.fmt.golden import FOLDER, layouts

UNFORMATTED = {
    "tests/fuzz/corpus": "inputs of every kind, as they were found",
    "tests/scripts": "layout as in published scripts",
}
"""Folders whose scripts are laid out in another way, and why."""
REASON = re.compile(r"^# not formatted: (.{10,})$", re.MULTILINE)
"""How a single script says why."""


def scripts():
    """Every script of the project, by its path."""
    found = (path for folder in ("examples", "tests") for path in sorted((ROOT / folder).rglob("*.es")))
    names = (path.relative_to(ROOT).as_posix() for path in found)
    return [name for name in names if not any(name.startswith(f"{folder}/") for folder in UNFORMATTED)]


@pytest.mark.parametrize("layout", layouts(), ids=lambda layout: layout.name)
def test_layout(layout):
    assert layout.formatted() == layout.after.read_bytes()


def test_every_layout_has_both_files():
    names = {path.stem for path in FOLDER.iterdir()}
    assert len(list(FOLDER.iterdir())) == 2 * len(names)
    assert {layout.name for layout in layouts()} == names


@pytest.mark.parametrize("name", scripts())
def test_a_script_of_the_project_is_formatted_or_says_why_not(name):
    source = Source.from_bytes(name, (ROOT / name).read_bytes())
    reason = REASON.search(source.text)
    is_formatted = canonical(source).text == source.text
    assert is_formatted or reason, f"edgescript fmt {name}, or a comment `# not formatted: WHY`"
    assert not (is_formatted and reason), "it is formatted, so it needs no reason"


def test_examples_are_formatted_without_exception():
    assert [
        name
        for name in scripts()
        if name.startswith("examples/") and REASON.search((ROOT / name).read_text())
    ] == []
