"""README and CONTRIBUTING say what is true: their sessions are run, their tables compared, their links followed."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from runtime.config import Config, read_config
from tests.architecture.imports import ROOT
from tests.docs.blocks import File, Step, matches, parts
from tests.support.command import run_command

README = ROOT / "README.md"
DOCUMENTS = [README, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
PORTS = ("8080", "8000")
"""Ports the documents name; the test takes free ones, so that it runs beside anything."""
TIMEOUT_S = 30


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [str(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Session:
    """A shell in a directory of its own; what it leaves running ends with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
        self.running: list[subprocess.Popen[bytes]] = []
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.environment = os.environ | {"PATH": path, "NO_COLOR": "1"}

    def here(self, text: str) -> str:
        """`text` with the ports of this session."""
        return re.sub(r"\b(8080|8000)\b", lambda match: self.ports[match[0]], text)

    def run(self, step: Step) -> str:
        """What the command prints on both streams, in order."""
        command = self.here(step.command)
        if command.endswith("&"):
            self._leave_running(command.rstrip("& "))
            return ""
        result = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=TIMEOUT_S,
            check=False,
        )
        return result.stdout.decode()

    def _leave_running(self, command: str) -> None:
        ports = [port for port in self.ports.values() if re.search(rf"\b{port}\b", command)]
        log = (self.folder / f"server-{len(self.running)}.log").open("wb")
        with log:
            self.running.append(
                subprocess.Popen(
                    ["bash", "-c", f"exec {command}"],
                    cwd=self.folder,
                    env=self.environment,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
            )
        wait_for(int(ports[0]))

    def end(self) -> list[int]:
        """Stop what still runs; the exit statuses."""
        for process in self.running:
            process.send_signal(signal.SIGTERM)
        statuses = []
        for process in self.running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(TIMEOUT_S)
            process.kill()
            statuses.append(process.wait())
        return statuses


def wait_for(port: int) -> None:
    """Until something listens on `port`."""
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    pytest.fail(f"nothing listens on port {port}")


@pytest.fixture
def session(tmp_path):
    session = Session(tmp_path)
    yield session
    session.end()


@pytest.mark.skipif(sys.platform == "win32", reason="the sessions are for a POSIX shell")
def test_the_sessions_of_the_readme_print_what_it_says(session):
    for part in parts(README):
        if isinstance(part, File):
            (session.folder / part.name).write_text(session.here(part.text), encoding="utf-8")
            continue
        printed = session.run(part)
        expected = session.here(part.output)
        if not part.command.endswith("&"):
            assert matches(expected, printed), f"README.md:{part.line}: {part.command}\n\n{printed}"


def test_the_readme_has_sessions():
    assert sum(isinstance(part, Step) for part in parts(README)) >= 8


def configuration_table() -> dict[str, str]:
    """Key and default of each row of the table of settings."""
    rows = re.findall(
        r"^\| `(\w+)` \|([^|]*)\|", README.read_text(encoding="utf-8").partition("| key |")[2], re.MULTILINE
    )
    return {key: default.strip() for key, default in rows}


def in_words(value: object) -> str:
    """A default as the table writes it."""
    if isinstance(value, float):
        return f"{value:g} s"
    if isinstance(value, int) and value >= 1 << 20 and not value % (1 << 20):
        return f"{value >> 30} GiB" if value >= 1 << 30 else f"{value >> 20} MiB"
    if isinstance(value, str | tuple):
        return str(value or "none")
    return str(value) if isinstance(value, int) else ""


def test_the_configuration_table_has_every_key_with_its_default():
    defaults = Config()
    keys = [field.name for field in msgspec.structs.fields(Config)]
    assert configuration_table() == {key: in_words(getattr(defaults, key)) for key in keys}


def test_the_configuration_file_is_one(tmp_path):
    (file,) = (part for part in parts(README) if isinstance(part, File) and part.name == "edge.toml")
    path = tmp_path / file.name
    path.write_text(file.text, encoding="utf-8")
    config = read_config(path)
    assert (config.listen, config.scripts) == ("127.0.0.1:8080", (str(tmp_path / "hello.es"),))


def test_the_fields_of_the_json_object_are_named(tmp_path):
    script = tmp_path / "a.es"
    script.write_text("add_req_header('X-A', '1')\n", encoding="utf-8")
    result = run_command("run", script, "--url", "http://www.example.com/", "--json")
    text = README.read_text(encoding="utf-8").partition("### `run --json`")[2]
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


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_to_files_lead_somewhere(document):
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", document.read_text(encoding="utf-8"))
    assert [link for link in links if not (ROOT / link).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
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
