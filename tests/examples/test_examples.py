"""Every case of every example: by `edgescript test`, as `edgescript run` does it, and over a socket through a node."""

import json
import random
import subprocess
import sys
from dataclasses import dataclass

import msgspec
import pytest

from edgescript.source import as_utf8, to_bytes_text
from edgescript.testing.cases import each_line
from edgescript.testing.expectations import Fault, Forwarded, Outcome, ScriptRan, mismatches
from runtime.trial.requests import Places
from tests.examples.cases import EXAMPLES, FILES, cases, prepared, sendings
from tests.support.command import run_command
from tests.support.node import World, serve_in_thread
from tests.support.origin import RecordingOrigin


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_by_the_command(path):
    result = run_command("test", path, "--json")
    shown = json.loads(result.stdout)
    failed = [case for file in shown["files"] for case in file["cases"] if not case["passed"]]
    assert (result.status, failed) == (0, []), result.stdout
    assert shown["passed"] == len(prepared(path).suite.cases)


def command_line(file, index, folder):
    """The case as a person would type it for `run`, its dictionaries in files of `folder`."""
    case = file.suite.cases[index]
    origin = file.suite.origin_of(case)
    line = ["run", "--json", "--url", case.url, "--method", case.method]
    line += [
        word for entry, path in zip(file.suite.scripts, file.paths, strict=True) for word in rule(entry, path)
    ]
    line += ["--now", repr(case.now_s), "--client-ip", case.client_ip, "--repeat", str(case.repeat)]
    line += [word for name, value in lines(case.headers) for word in ("-H", f"{name}: {value}")]
    for address, place in [("", case.geo), *case.places.items()]:
        if place is not None:
            codes = ",".join(f"{name}={code}" for name, code in msgspec.structs.asdict(place).items() if code)
            line += ["--geo", f"{address}:{codes}" if address else codes] if codes else []
    for name, entries in {**file.suite.dictionaries, **case.dictionaries}.items():
        path = folder / f"{name}.json"
        path.write_text(json.dumps(entries), encoding="utf-8")
        line += ["--dict", f"{name}={path}"]
    line += ["--origin-status", str(origin.status), "--origin-body", origin.body]
    for name, value in lines(origin.headers):
        line += ["--origin-header", f"{name}: {value}"]
    return line


def lines(table):
    """(name, value) for each line of a table of headers."""
    return [(name, line) for name, value in table.items() for line in each_line(value)]


def rule(entry, path):
    """A script of the test file as `run` takes it."""
    settings = (
        {}
        if isinstance(entry, str)
        else {key: entry[key] for key in entry if key not in {"file", "rule_path"}}
    )
    return ["--rule", json.dumps({"rule_path": path, **settings})]


def fits_a_command_line(case):
    origin = case.origin
    return not (
        case.before or case.every_s or case.body or (origin is not None and (origin.down or origin.timeout))
    )


TYPED = cases(fits_a_command_line)


def outcome_of(shown):
    """What the JSON object of `run` says."""
    forward, throttle = shown["forward"], shown["limit_rate"] or {"rate": 0, "after": 0}
    return Outcome(
        action=shown["action"],
        status=shown["status"],
        headers=shown["response"]["headers"],
        body=shown["response"]["body"],
        forward=forward and Forwarded(forward["method"], forward["uri"], forward["headers"]),
        cache=next((value for name, value in shown["response"]["headers"] if name.lower() == "x-cache"), ""),
        cache_ttl=shown["cache"]["ttl_s"] or 0,
        limit_rate=throttle["rate"] or 0,
        limit_rate_after=throttle["after"],
        scripts=[
            ScriptRan(
                each["name"],
                each["state"],
                each["fuel"],
                each["error"]
                and Fault(**{key: each["error"][key] for key in ("code", "line", "column", "message")}),
            )
            for each in shown["scripts"]
        ],
    )


@pytest.mark.parametrize(("file", "index"), TYPED)
def test_run(file, index, tmp_path):
    result = run_command(*command_line(file, index, tmp_path))
    assert result.status == 0, result.stderr
    assert mismatches(file.suite.cases[index].expect, outcome_of(json.loads(result.stdout))) == []


@pytest.mark.parametrize(("file", "index"), TYPED[:: max(1, len(TYPED) // 3)])
def test_run_in_a_process_of_its_own(file, index, tmp_path):
    line = [sys.executable, "-m", "edgescript", *command_line(file, index, tmp_path)]
    result = subprocess.run(line, capture_output=True, text=True, timeout=30, check=False)
    assert result.returncode == 0, result.stderr
    assert mismatches(file.suite.cases[index].expect, outcome_of(json.loads(result.stdout))) == []


@dataclass
class CaseWorld(World):
    """The world of a case: its places beside that of the client."""

    places: Places | None = None

    def lookup(self, address, /):
        return self.places.lookup(address)


def can_be_served(case):
    sent = [*case.before, case]
    return not any(each.url.startswith("https:") or (each.origin and each.origin.timeout) for each in sent)


@pytest.mark.parametrize(("file", "index"), cases(can_be_served))
def test_served(file, index):
    case = file.suite.cases[index]
    world = CaseWorld(
        now=case.now_s,
        chance=random.Random(case.seed),
        dictionaries=file.suite.dictionaries_of(case),
        places=Places(case),
    )
    with RecordingOrigin() as origin, serve_in_thread(file.scripts, origin.url, world) as node:
        for sending, shot in sendings(file, index):
            says, incoming, body = file.suite.origin_of(sending), shot.incoming, sending.body.encode()
            fields = [(name, to_bytes_text(line)) for name, line in lines(says.headers)]
            origin.says(says.status, fields, says.body.encode(), down=says.down)
            world.client_addr = incoming.connection.client_addr
            world.places.set_client(world.client_addr, shot.geo)

            def ask(incoming=incoming, body=body):
                return node.ask(incoming.method, incoming.target, incoming.fields, body)

            for number in range(shot.repeat):
                world.now += shot.every_s if number else 0
                origin.asked.clear()
                answer = ask()
            world.now += shot.after_s
        check_served(case.expect, answer, origin)
        if case.expect.cache_ttl is not None:
            check_stored_for(case.expect.cache_ttl, ask, world)


def check_served(expect, answer, origin):
    """What came over the socket, and what the origin saw, is what the case expects."""
    label = answer.values("x-cache")
    # A script may answer in place of the origin that was asked.
    forwarded = (bool(origin.asked) and label != ["SYNTH"]) or label in (["HIT"], ["STALE"], ["REVALIDATED"])
    own_answer = "redirect" if expect.action == "redirect" and 300 <= answer.status < 400 else "respond"
    seen = origin.asked[-1] if origin.asked else None
    outcome = Outcome(
        action="forward" if forwarded else own_answer,
        status=answer.status,
        headers=[(name, as_utf8(value)) for name, value in answer.fields],
        body=answer.body.decode("utf-8", "replace"),
        forward=seen
        and Forwarded(seen.method, seen.target, [(name, as_utf8(value)) for name, value in seen.fields]),
        cache=next(iter(label), ""),
    )
    assert mismatches(msgspec.structs.replace(expect, **dict.fromkeys(NOT_ON_THE_WIRE)), outcome) == []


NOT_ON_THE_WIRE = ("limit_rate", "limit_rate_after", "cache_ttl", "hit", "state", "error", "fuel_max")


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
        tested = {path for file in FILES if file.parent == folder for path in prepared(file).paths}
        assert tested, folder.name
        assert (folder / "README.md").exists(), folder.name
        assert {str(path) for path in folder.glob("*.es")} == tested, folder.name
