"""The tree tells the design: packages are described, what is described exists, and nothing grows without bound."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.architecture.imports import OURS, ROOT, modules

MAX_LINES = 500
"""A module longer than this holds more than one concept (models: 150 to 300 at the median)."""
TABLES = {
    "edgescript/diagnostics/catalogue.py": "one row a diagnostic, with its page; split, it would have to be searched"
}
"""What may be longer, and why."""
LEAST_WORDS = 2
"""Of what a row of a DESIGN.md says."""
DESIGNS = sorted(path for package in OURS for path in (ROOT / package).rglob("DESIGN.md"))


def packages() -> list[Path]:
    return sorted(path.parent for package in OURS for path in (ROOT / package).rglob("__init__.py"))


def named_in_table(design: Path) -> list[str]:
    """The back-quoted names of the first column of the tables headed `module`, or ``module in `folder/` ``."""
    names: list[str] = []
    inside = False
    folder = ""
    for line in design.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        if not cells:
            inside = False
        elif heading := re.fullmatch(r"(?:modules?|package)(?: in `([^`]+)`)?", cells[0].lower()):
            inside = True
            folder = heading[1] or ""
        elif inside:
            names += [f"{folder}{name}" for name in re.findall(r"`([^`]+)`", cells[0])]
    return names


class Row(NamedTuple):
    """Of a table: the back-quoted names in it, and the words beside them, lower-case."""

    names: tuple[str, ...]
    words: tuple[str, ...]


def rows(design: Path) -> list[Row]:
    """The rows of the tables whose first heading is a module's or a package's."""
    found: list[Row] = []
    inside = False
    for line in design.read_text(encoding="utf-8").splitlines():
        heading = re.match(r"\|\s*(?:modules?|packages?)\b", line)
        if heading or not line.startswith("|"):
            inside = bool(heading)
        elif inside and not set(line) <= set("|- "):
            words = re.findall(r"\w+", re.sub(r"`[^`]*`", "", line).lower())
            found.append(Row(tuple(re.findall(r"`([^`]+)`", line)), tuple(words)))
    return found


def exists(folder: Path, name: str) -> bool:
    """Whether `name` is a module (`vm`, `vm.py`), a package (`cli/`) or another file in `folder`."""
    bare = name.rstrip("/").removesuffix(".py")
    return any((folder / candidate).exists() for candidate in (name, f"{bare}.py", f"{bare}/__init__.py"))


@pytest.mark.parametrize("package", packages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_package_is_described(package):
    """By a DESIGN.md of its own, or by name in one above it."""
    if (package / "DESIGN.md").exists():
        return
    above = [folder / "DESIGN.md" for folder in package.parents if ROOT in folder.parents]
    texts = [path.read_text(encoding="utf-8") for path in above if path.exists()]
    assert any(re.search(rf"`(?:\w+/)*{package.name}/?`", text) for text in texts)


@pytest.mark.parametrize("design", DESIGNS, ids=lambda path: str(path.relative_to(ROOT)))
def test_described_modules_exist(design):
    names = named_in_table(design)
    assert [name for name in names if not exists(design.parent, name)] == []


@pytest.mark.parametrize(
    "module", modules("edgescript", "runtime"), ids=lambda path: str(path.relative_to(ROOT))
)
def test_every_module_is_described(module):
    """By name, in a table of the nearest DESIGN.md above it."""
    design = next(folder / "DESIGN.md" for folder in module.parents if (folder / "DESIGN.md").exists())
    named = {name.rpartition("/")[2].removesuffix(".py") for row in rows(design) for name in row.names}
    assert module.stem.startswith("__") or module.stem in named


@pytest.mark.parametrize("design", DESIGNS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_row_says_something_of_its_own(design):
    """Beside the names, words: at least two, and not those of another row."""
    said = [row.words for row in rows(design) if row.names]
    assert [words for words in said if len(words) < LEAST_WORDS or said.count(words) > 1] == []


def test_some_design_has_a_table_of_modules():
    assert any(named_in_table(design) for design in DESIGNS)


def test_no_module_is_too_long():
    sizes = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in modules(*OURS)
    }
    assert {path: size for path, size in sizes.items() if size > MAX_LINES and path not in TABLES} == {}
    assert [path for path in TABLES if sizes[path] <= MAX_LINES] == []


@pytest.mark.parametrize("name", ["utils", "helpers", "manager", "misc", "common"])
def test_no_module_has_a_name_that_hides_its_concept(name):
    assert [path for path in modules(*OURS) if path.stem == name] == []


@pytest.mark.parametrize("target", ["run", "test", "check", "bench", "image"])
def test_make_target_exists(target):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{target}:", makefile, re.MULTILINE)
    phony = re.search(r"^\.PHONY:(.*)$", makefile, re.MULTILINE)
    assert phony is not None
    assert target in phony[1].split()


def test_continuous_integration_runs_check_and_test():
    assert re.search(
        r"^exec make check test$", (ROOT / ".ci" / "run").read_text(encoding="utf-8"), re.MULTILINE
    )


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_lock_file_pins_by_hash_and_names_no_index(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert re.search(r"https?://|--(?:extra-)?index-url|--find-links", text) is None
    pins = re.findall(r"^([a-z0-9][a-z0-9._-]*)==\S+( \\)?$", text, re.MULTILINE)
    assert pins
    assert [pin for pin, continued in pins if not continued] == []


def test_no_lock_file_with_addresses_is_kept():
    assert not (ROOT / "uv.lock").exists()


@pytest.mark.parametrize("path", ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE"])
def test_front_matter_exists(path):
    assert (ROOT / path).read_text(encoding="utf-8").strip()
