"""The documents say what is true: their sessions are run, their tables compared, their links followed."""

import functools
import importlib
import json
import re
import shutil
import sys
from typing import get_args

import pytest

from edgescript.cli import COMMANDS
from runtime.config import read_config
from runtime.upstreams.retry import Failure
from tests.architecture.imports import ROOT
from tests.docs.blocks import File, Step, indented_commands, matches, parts
from tests.docs.shell import Session
from tests.support.command import run_command

README = ROOT / "README.md"
LANGUAGE = ROOT / "edgescript" / "LANGUAGE.md"
EXAMPLES = ROOT / "examples"
HANDBOOK = sorted((ROOT / "docs").rglob("*.md"))
NODE = ROOT / "docs" / "node.md"
AUTHORS = ROOT / "docs" / "authors.md"
CHINESE = ROOT / "README.zh-CN.md"
RUN = [README, CHINESE, LANGUAGE, *HANDBOOK]
DOCUMENTS = [*RUN, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]


def name_of(path):
    return path.relative_to(ROOT).as_posix()


def steps_of(document):
    """The commands of a document that are run."""
    return [part.command for part in parts(document) if isinstance(part, Step)] if document.exists() else []


@pytest.fixture
def session(tmp_path):
    session = Session(tmp_path)
    yield session
    session.end()


@pytest.mark.skipif(sys.platform == "win32", reason="the sessions are for a POSIX shell")
@pytest.mark.parametrize("document", [each for each in RUN if steps_of(each)], ids=name_of)
def test_the_sessions_of_a_document_print_what_it_says(document, session):
    for part in parts(document):
        if isinstance(part, File):
            (session.folder / part.name).write_text(session.here(part.text), encoding="utf-8")
            continue
        status, printed = session.run(part.command)
        said = f"{document.name}:{part.line}: {part.command}\n\n{printed}"
        assert status == 0, said
        assert part.command.endswith("&") or matches(session.here(part.output), printed), said


def test_the_documents_have_sessions():
    assert min(len(steps_of(each)) for each in (README, CHINESE, NODE, AUTHORS)) >= 8


def test_the_chinese_readme_has_the_same_files_and_commands():
    def shown(document):
        return [part if isinstance(part, File) else part.command for part in parts(document)]

    assert shown(CHINESE) == shown(README)


def test_the_chinese_readme_has_the_same_sections_and_links():
    def outline(document):
        text = re.sub(
            r"^```.*?^```$", "", document.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
        )
        heads = [len(head) for head in re.findall(r"^(#+) ", text, re.MULTILINE)]
        links = sorted(set(re.findall(r"\]\(([^)]+)\)", text)) - {README.name, CHINESE.name})
        return heads, links

    assert outline(CHINESE) == outline(README)


def test_every_page_of_the_handbook_is_in_its_list():
    folder = ROOT / "docs"
    text = (folder / "README.md").read_text(encoding="utf-8")
    linked = {(folder / link).resolve() for link in re.findall(r"\]\(([^)#]+)\)", text)}
    of_kubernetes = {folder / "kubernetes" / "README.md"}
    pages = {page for page in HANDBOOK if page.parent == folder and page.name != "README.md"} | of_kubernetes
    assert {page.name for page in pages - linked} == set()


def test_every_option_that_a_document_names_exists():
    """In commands that are not run, for want of a cluster or a registry."""
    wrong = []
    for document in [README, *HANDBOOK]:
        text = re.sub(r"\\\n\s*", "", document.read_text(encoding="utf-8"))
        for line in re.findall(r"(?<![\w./])(?<!-n )edgescript ([a-z][^`\n|&>)]*)", text):
            command, *words = line.split()
            options = {word.partition("=")[0] for word in words if word.startswith("--")}
            known = options_of(command, frozenset(words))
            wrong += [(document.name, line, option) for option in options - known]
    assert wrong == []


@functools.cache
def options_of(name, words):
    """Of the command, and of the one of its own that is among the words."""
    command = importlib.import_module(COMMANDS[name]).command
    own = getattr(command, "commands", {})
    commands = [command, *(own[word] for word in words if word in own)]
    return {option for each in commands for param in each.params for option in param.opts} | {"--help"}


@pytest.mark.parametrize("document", sorted(EXAMPLES.glob("*/README.md")), ids=lambda path: path.parent.name)
def test_the_commands_of_an_example_s_readme_work(document, tmp_path):
    folder = tmp_path / document.parent.name
    shutil.copytree(document.parent, folder)
    session = Session(folder)
    try:
        commands = indented_commands(document)
        assert any("edgescript " in command for command in commands)
        for command in commands:
            status, printed = session.run(command)
            assert status == 0, f"{command}\n\n{printed}"
            assert "internal error" not in printed
    finally:
        session.end()


def test_every_event_of_a_node_s_log_is_in_its_table():
    console = ROOT / "runtime" / "console"
    paths = [*(ROOT / "runtime").rglob("*.py"), *(ROOT / "edgescript" / "cli" / "node").glob("*.py")]
    sources = [path.read_text(encoding="utf-8") for path in paths if console not in path.parents]
    noted = {
        event
        for source in sources
        for call in re.findall(r'note\(([^=()*]*)[=)*]|\bevent = ("[a-z-]+")\n', source)
        for event in re.findall(r'"([a-z]+(?:-[a-z]+)+|reloaded)"', "".join(call))
    }
    table = NODE.read_text(encoding="utf-8").partition("\n| event |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| (`[a-z-]+`(?:, `[a-z-]+`)*) \|", table, re.MULTILINE)
    assert {event for row in rows for event in re.findall(r"`([a-z-]+)`", row)} == noted


def test_every_kind_of_failure_is_explained():
    text = NODE.read_text(encoding="utf-8").partition("The `kind` of a failure is ")[2].partition(". ")[0]
    assert re.findall(r"`([a-z]+)`", text) == list(get_args(Failure))


def test_the_configuration_file_is_one(tmp_path):
    (file,) = (part for part in parts(NODE) if isinstance(part, File) and part.name == "edge.toml")
    path = tmp_path / file.name
    path.write_text(file.text, encoding="utf-8")
    config = read_config(path)
    assert (config.listen, config.scripts) == ("127.0.0.1:8080", (str(tmp_path / "hello.es"),))
    assert config.script_limits.fuel == 200_000


def test_the_fields_of_the_json_object_are_named(tmp_path):
    script = tmp_path / "a.es"
    script.write_text("add_req_header('X-A', '1')\n", encoding="utf-8")
    result = run_command("run", script, "--url", "http://www.example.com/", "--json")
    text = AUTHORS.read_text(encoding="utf-8").partition("## `run --json`")[2]
    shown = json.loads(result.stdout)
    names = {
        *shown,
        *shown["response"],
        *shown["forward"],
        *shown["cache"],
        *shown["scripts"][0],
        "rate",
        "after",
    }
    assert {name for name in names if f"`{name}`" not in text} == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_links_to_files_lead_somewhere(document):
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", document.read_text(encoding="utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_make_targets_that_are_named_exist(document):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = re.findall(r"`make ((?:[a-z]+ ?)+)`", document.read_text(encoding="utf-8"))
    assert [target for each in named for target in each.split() if f"\n{target}:" not in makefile] == []


@pytest.mark.parametrize(
    ("expected", "printed", "same"),
    [
        ("a\n", "a\n", True),
        ("a\n", "a  \n", True),
        ("a\n", "b\n", False),
        ("a ... c\n", "a b c\n", True),
        ("a\n...\nd\n", "a\nb\nc\nd\n", True),
        ("a\n...\nd\n", "a\nd\n", True),
        ("a\n...\n", "a\nb\n", True),
        ("a\n", "a\nb\n", False),
        ("", "a\n", False),
    ],
)
def test_outputs_are_compared_loosely_but_not_too_loosely(expected, printed, same):
    assert matches(expected, printed) is same
