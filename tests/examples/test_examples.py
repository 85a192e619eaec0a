"""Every case of every example, twice: as `edgescript run` does it, and over a socket through a served node."""

import functools
import json
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from edgescript.cli.loading import load
from edgescript.source import as_utf8
from tests.examples.cases import EXAMPLES, all_examples, check_fields, pairs
from tests.examples.cases import load as load_example
from tests.support.command import run_command
from tests.support.node import World, serve_in_thread
from tests.support.origin import RecordingOrigin

CASES = [
    pytest.param(loaded, case, id=f"{loaded.folder.name}: {case.name}")
    for loaded in all_examples()
    for case in loaded.example.case
]


def command_line(loaded, case):
    """The case as a person would type it."""
    origin = loaded.example.origin
    line = ["run", *loaded.scripts, "--json", "--url", case.url, "--method", case.method]
    line += ["--now", repr(case.now_s), "--client-ip", case.client_ip, "--repeat", str(case.repeat)]
    line += [word for name, value in pairs(case.headers) for word in ("-H", f"{name}: {as_utf8(value)}")]
    if case.geo is not None:
        codes = {name: code for name, code in case.geo.record()._asdict().items() if code}
        line += ["--geo", ",".join(f"{name}={code}" for name, code in codes.items())]
    line += ["--origin-status", str(origin.status), "--origin-body", origin.body]
    for name, value in pairs(origin.headers):
        line += ["--origin-header", f"{name}: {as_utf8(value)}"]
    return line


def check_run(expect, shown):
    """The JSON object of `run` is what the case expects."""
    wanted = {
        name: getattr(expect, name) for name in ("action", "status") if getattr(expect, name) is not None
    }
    assert {name: shown[name] for name in wanted} == wanted
    check_fields(expect.headers, shown["response"]["headers"], "response")
    if expect.body is not None:
        assert shown["response"]["body"] == expect.body
    if expect.body_contains is not None:
        assert expect.body_contains in shown["response"]["body"]
    if expect.forward_uri is not None:
        assert shown["forward"]["uri"] == expect.forward_uri
    if expect.forward_headers:
        check_fields(expect.forward_headers, shown["forward"]["headers"], "forwarded")
    if expect.limit_rate is not None:
        assert (shown["limit_rate"] or {"rate": 0})["rate"] == expect.limit_rate
    if expect.cache_ttl is not None:
        assert (shown["cache"]["ttl_s"] or 0) == expect.cache_ttl


@pytest.mark.parametrize(("loaded", "case"), CASES)
def test_run(loaded, case):
    result = run_command(*command_line(loaded, case))
    assert result.status == 0, result.stderr
    check_run(case.expect, json.loads(result.stdout))


@pytest.mark.parametrize(("loaded", "case"), CASES[:: max(1, len(CASES) // 3)])
def test_run_in_a_process_of_its_own(loaded, case):
    line = [sys.executable, "-m", "edgescript", *command_line(loaded, case)]
    result = subprocess.run(line, capture_output=True, text=True, timeout=30, check=False)
    assert result.returncode == 0, result.stderr
    check_run(case.expect, json.loads(result.stdout))


@functools.cache
def installed(folder):
    """The example's scripts as a node runs them."""
    loaded = load(load_example(folder).scripts)
    assert not loaded.has_errors
    return loaded.scripts


@pytest.mark.parametrize(
    ("loaded", "case"), [param for param in CASES if param.values[1].url.startswith("http:")]
)
def test_served(loaded, case):
    says = loaded.example.origin
    url = urlsplit(case.url)
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    named = {name.lower() for name in case.headers}
    fields = [*([] if "host" in named else [("Host", url.netloc)]), *pairs(case.headers)]
    world = World(now=case.now_s, client_addr=case.client_ip, geo=case.geo and case.geo.record())
    with (
        RecordingOrigin(says.status, pairs(says.headers), says.body.encode()) as origin,
        serve_in_thread(installed(loaded.folder), origin.url, world) as node,
    ):
        for _ in range(case.repeat):
            answer = node.ask(case.method, target, fields)
        check_served(case.expect, answer, origin)
        if case.expect.cache_ttl is not None:
            check_stored_for(case.expect.cache_ttl, lambda: node.ask(case.method, target, fields), world)


def check_served(expect, answer, origin):
    """What came over the socket, and what the origin saw, is what the case expects."""
    if expect.status is not None:
        assert answer.status == expect.status
    decoded = [(name, as_utf8(value)) for name, value in answer.fields]
    check_fields(expect.headers, decoded, "response")
    if expect.body is not None:
        assert answer.body.decode("utf-8", "replace") == expect.body
    if expect.body_contains is not None:
        assert expect.body_contains in answer.body.decode("utf-8", "replace")
    if expect.action is not None:
        assert bool(origin.asked) == (expect.action == "forward")
    if expect.forward_uri is not None:
        assert origin.asked[-1].target == expect.forward_uri
    if expect.forward_headers:
        seen = [(name, as_utf8(value)) for name, value in origin.asked[-1].fields]
        check_fields(expect.forward_headers, seen, "forwarded")


def check_stored_for(ttl_s, ask, world):
    """A stored answer is a hit until its time is up; one not stored never is."""
    asked_at = world.now
    if ttl_s > 1:
        world.now = asked_at + ttl_s - 1
        assert ask().values("x-cache") == ["HIT"]
    world.now = asked_at + ttl_s
    assert ask().values("x-cache") != ["HIT"]


def test_every_example_has_scripts_prose_and_cases():
    folders = [path for path in EXAMPLES.iterdir() if path.is_dir()]
    assert folders
    for folder in folders:
        names = {path.name for path in folder.iterdir()}
        assert {"README.md", "requests.toml"} <= names, folder.name
        assert {name for name in names if name.endswith(".es")} == set(
            next(each for each in all_examples() if each.folder == folder).example.scripts
        ), folder.name
