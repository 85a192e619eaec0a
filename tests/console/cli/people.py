"""A person at a machine of their own: an empty folder, no credentials, nothing in the environment."""

import itertools
import json
import os

from tests.support.command import run_command
from tests.support.waiting import wait_until

TIMEOUT_S = 30
NUMBERS = itertools.count(1)
SCRIPT = "if not($cookie_member) {\n    exit(403)\n}\n"
OTHER = "if not($cookie_member) {\n    exit(401)\n}\n"


class Person:
    """Someone who types commands in a folder; `home` holds what the program keeps."""

    def __init__(self, folder, monkeypatch):
        self.folder = folder
        self._monkeypatch = monkeypatch

    def run(self, *arguments, stdin=None):
        """Status and streams of `edgescript ARGUMENTS...`; standard input is a pipe with `stdin`."""
        read, write = os.pipe()
        os.write(write, (stdin or "").encode())
        os.close(write)
        with os.fdopen(read, encoding="utf-8") as pipe, self._monkeypatch.context() as patch:
            patch.setattr("sys.stdin", pipe)
            return run_command(*arguments)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return name

    def read(self, name):
        return (self.folder / name).read_text(encoding="utf-8")

    def environment(self, **values):
        for name, value in values.items():
            self._monkeypatch.setenv(name, value)

    def go_to(self, name):
        (self.folder / name).mkdir(parents=True, exist_ok=True)
        self._monkeypatch.chdir(self.folder / name)


def settle(folder, monkeypatch):
    """A person in an empty folder below `folder`, with nothing in the environment."""
    for name in list(os.environ):
        if name.startswith("EDGESCRIPT_"):
            monkeypatch.delenv(name)
    home = folder / "home"
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "state"))
    (folder / "work").mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(folder / "work")
    return Person(folder / "work", monkeypatch)


def begin_domain(person, console):
    """Sign in as operator, and make a domain that edgescript.toml names."""
    assert person.run("login", console.url, stdin=console.operator).status == 0
    person.domain = f"shop-{next(NUMBERS)}"
    host = f"{person.domain}.example"
    made = person.run("domains", "create", person.domain, "--host", host, "--origin", "http://127.0.0.1:9")
    assert made.status == 0, made.stderr
    person.write("edgescript.toml", f'domain = "{person.domain}"\n')
    return person


def ok(person, *arguments, **more):
    """What a command that is fine printed."""
    result = person.run(*arguments, **more)
    assert result.status == 0, f"{arguments}: {result.stdout}{result.stderr}"
    return result


def make_live(person):
    """auth@1 (SCRIPT) in staging and production."""
    person.write("auth.es", SCRIPT)
    ok(person, "push", "auth.es", "-m", "first")
    ok(person, "publish", "auth")
    ok(person, "publish", "auth", "--production")
    return person


def stage_another(person):
    """auth@2 (OTHER) in staging."""
    person.write("auth.es", OTHER)
    ok(person, "push", "auth.es")
    ok(person, "publish", "auth")
    return person


def wait_for_nodes(person, pool, number):
    """Until the console lists so many."""

    def listed():
        return json.loads(ok(person, "nodes", "--pool", pool, "--json").stdout)

    wait_until(lambda: len(listed()) >= number, TIMEOUT_S, why="the console does not list the nodes")
