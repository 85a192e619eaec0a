"""People and the console they ask."""

import pytest

from tests.console.cli.people import begin_domain, settle
from tests.support.console import ConsoleProcess


@pytest.fixture
def person(tmp_path, monkeypatch):
    return settle(tmp_path, monkeypatch)


@pytest.fixture(scope="session")
def console(tmp_path_factory):
    """One for all tests; each works in domains of its own."""
    running = ConsoleProcess(tmp_path_factory.mktemp("console"), "--quiet")
    yield running
    assert running.end() == 0, running.said()


@pytest.fixture
def ann(person, console):
    """A person who has signed in as operator, in a domain of their own."""
    return begin_domain(person, console)
