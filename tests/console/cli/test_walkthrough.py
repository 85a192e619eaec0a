"""A newcomer's way through the console by the command line, as `walkthrough.md` tells it."""

import shlex
from pathlib import Path

import pytest

from tests.docs.blocks import File, matches, parts
from tests.support.console import ConsoleProcess

DOCUMENT = Path(__file__).with_name("walkthrough.md")


@pytest.fixture
def own_console(tmp_path):
    running = ConsoleProcess(tmp_path / "data", "--quiet")
    yield running
    assert running.end() == 0, running.said()


def test_the_walk_through_prints_what_it_says(person, own_console):
    person.write("operator.token", own_console.operator)
    for part in parts(DOCUMENT):
        if isinstance(part, File):
            person.write(part.name, part.text)
            continue
        program, *arguments = shlex.split(part.command.replace("$CONSOLE", own_console.url))
        assert program == "edgescript"
        result = person.run(*arguments)
        printed = result.stdout + result.stderr
        assert matches(part.output, printed), f"line {part.line}: {part.command}\n\n{printed}"
