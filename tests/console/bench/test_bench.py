"""Texts of authors in processes of their own: the same answers as here, and an end for what takes too long."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time

import msgspec
import pytest

import stdlib
from edgescript.cli.console import bench as console_bench
from runtime.console.bench.distant import Distant
from runtime.console.bench.pool import Pool
from runtime.console.model.refusal import Refused
from runtime.console.model.rules import RuleSettings
from runtime.console.service.jobs import jobs
from runtime.console.service.texts import Text
from runtime.console.service.trials import Tried, TriedRequest, TriedScript

TESTS = '[[case]]\nname = "no"\nurl = "http://a.example/no"\n[case.expect]\nstatus = 403\n'
TESTS = f'scripts = ["auth.es"]\n{TESTS}'
OLD = Text("if eq($uri, '/no') {\n    exit(403)\n}\n", RuleSettings(), TESTS)
NEW = Text("if eq($uri, '/no') {\n    exit(404)\n}\n", RuleSettings(pri=5), TESTS)
BAD = Text("if eq(lenght($uri), 1) {\n}\n", RuleSettings(), "")
REQUEST = TriedRequest(url="http://a.example/no", headers=(("X-A", "ü"),))


def tried(source, **more):
    return Tried(scripts=(TriedScript(name="auth", source=source),), request=REQUEST, now=1.75e9, **more)


@pytest.fixture(scope="module")
def here():
    return jobs(stdlib.registry(), time.monotonic, secrets.token_bytes)


@pytest.fixture(scope="module")
def pool():
    made = Pool(console_bench.command(), console_bench.environment(), 1, 30.0)
    made.start()
    yield made
    made.close()


JOBS = {
    "findings": lambda work: work.findings("auth", BAD.source),
    "no findings": lambda work: work.findings("auth", OLD.source),
    "a version": lambda work: work.made("auth", OLD),
    "a version with errors": lambda work: work.made("auth", BAD),
    "decisions that differ": lambda work: work.decided("auth", OLD, NEW),
}


@pytest.mark.parametrize("job", JOBS)
def test_a_process_says_what_is_said_here(here, pool, job):
    asked = JOBS[job]
    assert asked(Distant(pool)) == asked(here)


def without_chance(ran):
    plain = msgspec.to_builtins(ran)
    for script in plain["scripts"]:
        script.pop("time_us")
        script.pop("trace", None)
    plain["response"]["headers"] = [
        each for each in plain["response"]["headers"] if each[0] != "X-Request-Id"
    ]
    return plain


@pytest.mark.parametrize("trace", [False, True])
def test_a_run_is_the_run_here(here, pool, trace):
    asked = tried(OLD.source, trace=trace)
    assert without_chance(Distant(pool).run(asked)) == without_chance(here.run(asked))


def test_what_is_refused_is_refused_with_all_that_belongs_to_it(here, pool):
    told = []
    for work in (Distant(pool), here):
        with pytest.raises(Refused) as refused:
            work.run(tried(BAD.source))
        told.append((refused.value.code, refused.value.detail, msgspec.json.encode(refused.value.extra)))
    assert told[0] == told[1]
    assert told[0][0] == "has-errors"


# A process whose `findings` does what the name of the script says.
ODD = """
import os, socket, time
from runtime.console.bench.child import serve
class Odd:
    def findings(self, name, source):
        if name == 'sleeps':
            time.sleep(60)
        if name == 'ends':
            os._exit(1)
        if name == 'raises':
            raise ValueError
        return ({'pid': os.getpid()},)
serve(socket.socket(fileno=0), Odd(), lambda working: None)
"""


@pytest.fixture
def odd():
    made = Pool([sys.executable, "-c", ODD], console_bench.environment(), 1, 30.0)
    yield made
    made.close()


def process(pool):
    [found] = Distant(pool).findings("good", "")
    return found["pid"]


def test_a_process_does_one_job_after_another(odd):
    assert process(odd) == process(odd)


def test_what_a_start_takes_is_nobodys_job():
    slow = f"import time\ntime.sleep(1)\n{ODD}"
    pool = Pool([sys.executable, "-c", slow], console_bench.environment(), 1, 0.9)
    try:
        assert process(pool) == process(pool)
        assert pool.ended == 0
    finally:
        pool.close()


def test_a_process_that_never_starts_is_waited_for_no_longer_than_is_said(monkeypatch):
    monkeypatch.setattr("runtime.console.bench.pool.START_S", 0.2)
    pool = Pool([sys.executable, "-c", "input()"], console_bench.environment(), 1, 30.0)
    try:
        with pytest.raises(Refused):
            process(pool)
        assert pool.ended == 1
    finally:
        pool.close()


@pytest.mark.parametrize("name", ["ends", "raises"])
def test_a_process_that_ends_is_replaced(odd, name):
    before = process(odd)
    with pytest.raises(Refused, match="takes too long"):
        Distant(odd).findings(name, "")
    assert process(odd) != before
    assert odd.ended == 1


def test_a_job_that_takes_too_long_is_ended_with_its_process(odd):
    before = process(odd)
    odd._within_s = 0.2
    with pytest.raises(Refused, match="takes too long"):
        Distant(odd).findings("sleeps", "")
    odd._within_s = 30.0
    with pytest.raises(ProcessLookupError):
        os.kill(before, 0)
    assert process(odd) != before


def test_a_process_that_is_killed_while_it_waits_costs_one_answer(odd):
    before = process(odd)
    os.kill(before, signal.SIGKILL)
    with pytest.raises(Refused):
        process(odd)
    assert process(odd) != before


def test_processes_end_with_the_pool(odd):
    before = process(odd)
    odd.close()
    with pytest.raises(ProcessLookupError):
        os.kill(before, 0)


def test_what_the_console_knows_is_kept_from_the_process(monkeypatch):
    monkeypatch.setenv("EDGESCRIPT_DATABASE", "postgresql://user:secret@host/name")
    assert "secret" not in str(console_bench.environment())


PROBE = """
import atexit, sys
from edgescript.cli.console.bench import main
atexit.register(lambda: print(*sys.modules))
main()
"""


def test_a_process_imports_nothing_of_the_store_or_the_server():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.shutdown(socket.SHUT_WR)  # nobody asks
        ran = subprocess.run(
            [sys.executable, "-c", PROBE],
            stdin=theirs,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    imported = set(ran.stdout.split())
    assert "runtime.console.service.jobs" in imported
    assert not imported & {
        "alembic",
        "asyncio",
        "fastapi",
        "httpx",
        "psycopg",
        "sqlalchemy",
        "ssl",
        "uvicorn",
    }
    assert not [name for name in imported if name.startswith("runtime.console.store")]
