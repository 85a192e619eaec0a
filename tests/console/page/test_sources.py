"""What the page's files promise, read without a browser."""

import json
import re
from pathlib import Path
from typing import get_args

import pytest

from edgescript.diagnostics.catalogue import CATALOGUE
from runtime.console.api.problems import KINDS
from runtime.console.model.reasons import NODE_CODES, SENTENCES
from runtime.console.model.refusal import Code

FOLDER = Path(__file__).resolve().parents[3] / "runtime" / "console" / "page"
STATIC = FOLDER / "static"
SOURCES = sorted(path for path in STATIC.rglob("*.js") if "built" not in path.parts)
OURS = [*SOURCES, *sorted((FOLDER / "sources").glob("*.js"))]
MAX_LINES = 250

TEXTS = {
    name: json.loads((STATIC / "texts" / f"{name}.json").read_text(encoding="utf-8")) for name in ("en", "zh")
}
PLACEHOLDER = re.compile(r"\{\w+\}")
KEY = re.compile(r"'([a-z_0-9-]+\.[A-Za-z_0-9.-]+)'")
MADE_KEY = re.compile(r"`([a-z_0-9.-]+\.)\$\{")


def text(path):
    return path.read_text(encoding="utf-8")


def test_both_languages_say_the_same():
    assert list(TEXTS["en"]) == list(TEXTS["zh"])
    for key, english in TEXTS["en"].items():
        chinese = TEXTS["zh"][key]
        assert english, key
        assert chinese, key
        assert sorted(PLACEHOLDER.findall(english)) == sorted(PLACEHOLDER.findall(chinese)), key


def test_texts_are_in_order():
    assert list(TEXTS["en"]) == sorted(TEXTS["en"])


def test_every_text_that_is_asked_for_is_there():
    prefixes = {key.split(".")[0] for key in TEXTS["en"]}
    asked = {key for path in SOURCES for key in KEY.findall(text(path)) if key.split(".")[0] in prefixes}
    assert asked - TEXTS["en"].keys() == set()


def test_every_text_is_asked_for():
    everything = "\n".join(text(path) for path in SOURCES)
    made = tuple(MADE_KEY.findall(everything))
    unused = [key for key in TEXTS["en"] if f"'{key}'" not in everything and not key.startswith(made)]
    assert unused == []


BROWSER_CODES = {"unreachable", "page"}
"""Problems that no server tells: it was not reached, the page itself failed."""


def test_every_problem_has_a_title():
    told = {key.removeprefix("problem.") for key in TEXTS["en"] if key.startswith("problem.")}
    assert told == {*KINDS, *get_args(Code), *BROWSER_CODES}


def test_every_action_of_the_audit_has_a_name():
    service = FOLDER.parent / "service"
    found = {
        action
        for path in service.glob("*.py")
        for action in re.findall(r'\.note\(\s*"([a-z.]+)"', text(path))
    }
    named = {key.removeprefix("audit.action.") for key in TEXTS["en"] if key.startswith("audit.action.")}
    assert len(found) > 15
    assert found <= named


def test_every_reason_has_words():
    told = {key.removeprefix("reason.") for key in TEXTS["en"] if key.startswith("reason.")}
    assert told == {*SENTENCES, *NODE_CODES}
    for code, sentence in SENTENCES.items():
        parameters = set(re.findall(r"\{(\w+)", sentence))
        assert {each: set(re.findall(r"\{(\w+)", TEXTS[each][f"reason.{code}"])) for each in TEXTS} == (
            dict.fromkeys(TEXTS, parameters)
        ), code


def test_every_finding_has_a_title_in_chinese():
    titles = json.loads((STATIC / "texts" / "findings.zh.json").read_text(encoding="utf-8"))
    assert list(titles) == list(CATALOGUE)
    assert [code for code, title in titles.items() if not re.search("[\u4e00-\u9fff]", title)] == []


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(FOLDER)))
def test_no_text_becomes_markup_or_code(path):
    # The content security policy stops most of it; this stops the rest before it is written.
    banned = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|javascript:|setAttribute\('style"
    assert re.findall(banned, text(path)) == []


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(FOLDER)))
def test_a_module_is_short_and_says_what_it_is(path):
    lines = text(path).splitlines()
    assert len(lines) <= MAX_LINES
    assert lines[0].startswith("// ")


def test_the_first_file_has_nothing_inline_and_asks_nobody_else():
    page = text(STATIC / "index.html")
    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=", page) == []
    assert re.findall(r"(?:src|href)=\"(?!/static/)", page) == []


@pytest.mark.parametrize("path", sorted(STATIC.rglob("*.css")), ids=lambda path: path.name)
def test_styles_fetch_nothing(path):
    assert re.findall(r"url\(|@import", text(path)) == []


def test_colours_are_named_once():
    """So that both themes have every one of them."""
    for path in (STATIC / "css").glob("*.css"):
        if path.name != "base.css":
            bare = [line for line in text(path).splitlines() if re.search(r"#[0-9a-f]{3,8}\b", line)]
            assert [line for line in bare if "light-dark(" not in line] == [], path.name


def test_packages_are_pinned_and_the_lock_names_no_address():
    lock = json.loads(text(FOLDER / "package-lock.json"))
    wanted = json.loads(text(FOLDER / "package.json"))
    versions = {**wanted["dependencies"], **wanted["devDependencies"]}
    assert [name for name, version in versions.items() if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []
    packages = {name: one for name, one in lock["packages"].items() if name}
    assert {
        name: one["version"]
        for name, one in packages.items()
        if name.removeprefix("node_modules/") in versions
    } == {f"node_modules/{name}": version for name, version in versions.items()}
    assert [name for name, one in packages.items() if "integrity" not in one or "resolved" in one] == []


def test_built_files_are_not_kept():
    assert "static/built/" in text(FOLDER / ".gitignore").split()
