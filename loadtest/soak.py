"""
The realistic mix for a long time: no request may fail, nothing may grow.

    .venv/bin/python -m loadtest.soak --minutes 10          # writes loadtest/SOAK.md
    .venv/bin/python -m loadtest.soak --minutes 1 --workers 4 --users 60 --report /tmp/soak.md

A node with the sites of `mix.toml` stands before `odd_origin`; locust runs `locustfile.py` against it and checks every answer. Twice
a second the memory and the descriptors of the node's processes are looked at. The exit status is 1 when a request
failed, a process grew or ended, or the node's own figures tell of something that must not have been.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from loadtest import machine
from loadtest.crowd import until
from loadtest.edge import ROOT, Edge, EdgeError, edge, memory_of, origin
from loadtest.soak_report import QUIET, Looked, Named, Soaked, markdown

REPORT: Final = Path(__file__).with_name("SOAK.md")
LOOK_S: Final = 0.5
LOCUST_GRACE_S: Final = 60.0
TOLD: Final = (
    "requests_total",
    "sent_bytes_total",
    "cache_evictions_total",
    "disk_hits_total",
    "disk_stored_total",
    "script_runs_total",
    "script_metric_total",
    "upstream_requests_total",
    "upstream_connects_total",
    "reloads_total",
)
"""The node's figures that are shown; those of `QUIET` are judged too."""


def soak(folder: Path, seconds: float, workers: int, users: int) -> Soaked:
    """Let it run. Raises EdgeError."""
    shutil.copytree(ROOT / "loadtest" / "scripts", folder / "loadtest" / "scripts")
    shutil.copytree(ROOT / "examples" / "auth", folder / "examples" / "auth")
    with origin() as upstream:
        settings = f'workers = {workers}\nstate_dir = "{folder}/state"\naccess_log = "{folder}/access.log"\n'
        text = (ROOT / "loadtest" / "mix.toml").read_text(encoding="utf-8")
        for stated, wanted in (("8081", "0"), ("9181", "0"), ("8000", str(upstream.port))):
            text = text.replace(f"127.0.0.1:{stated}", f"127.0.0.1:{wanted}")
        with edge(folder / "loadtest", settings + text) as node:
            upstream.wait_until_listening()
            looked, said, status = _under_load(node, folder, seconds, users)
            until(lambda: node.metric("connections") == 0, 10)
            figures = {name: node.metric(name) for name in (*TOLD, *QUIET)}
            readiness = node.readiness()
            events = [json.loads(line)["event"] for line in node.log if line.startswith("{")]
            ended = node.end()
        stats = json.loads((folder / "locust.json").read_text(encoding="utf-8"))
        lines = (folder / "access.log").read_bytes().count(b"\n")
    return Soaked(
        seconds,
        workers,
        users,
        [Named.of(entry) for entry in stats],
        looked,
        figures,
        readiness,
        events,
        status,
        ended,
        lines,
        said,
    )


def _under_load(node: Edge, folder: Path, seconds: float, users: int) -> tuple[list[Looked], str, int]:
    """What was looked at while locust ran, what it said at last, and its exit status."""
    flags = (
        "--headless",
        "--only-summary",
        f"--users={users}",
        f"--spawn-rate={users}",
        f"--run-time={seconds:.0f}s",
        "--stop-timeout=10",
    )
    orders = (
        f"--admin=http://127.0.0.1:{node.admin_port}",
        f"--release={folder}/loadtest/scripts/release.es",
    )
    command = [
        sys.executable,
        "-m",
        "locust",
        "-f",
        "loadtest/locustfile.py",
        *flags,
        *orders,
        f"--host=http://127.0.0.1:{node.port}",
        f"--json-file={folder}/locust",
    ]
    looked: list[Looked] = []
    processes = [node.process.pid, *node.workers()]
    began = time.monotonic()
    with (folder / "locust.log").open("wb") as log:
        locust = subprocess.Popen(
            command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            while locust.poll() is None and time.monotonic() - began < seconds + LOCUST_GRACE_S:
                looked.append(Looked(time.monotonic() - began, tuple(memory_of(processes))))
                time.sleep(LOOK_S)
        finally:
            if locust.poll() is None:
                locust.kill()
            status = locust.wait()
    return looked, (folder / "locust.log").read_text(encoding="utf-8", errors="replace"), status


def main(given: Sequence[str] | None = None) -> int:
    """Run it; the exit status."""
    parser = argparse.ArgumentParser(description="The realistic mix for a long time.")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--users", type=int, default=40)
    parser.add_argument("--report", type=Path, default=REPORT)
    asked = parser.parse_args(given)
    if asked.minutes <= 0 or asked.workers < 1 or asked.users < 4:
        parser.error("want some minutes, at least 1 worker and 4 users")
    with tempfile.TemporaryDirectory(prefix="edgescript-soak-") as name:
        try:
            soaked = soak(Path(name), asked.minutes * 60, asked.workers, asked.users)
        except EdgeError as error:
            print(error)
            return 1
    date = time.strftime("%Y-%m-%d", time.gmtime())
    asked.report.write_text(markdown(soaked, f"{date}: {machine.describe()}"), encoding="utf-8")
    print(soaked.summary())
    for reason in soaked.broken():
        print(f"  {reason}")
    if not soaked.requests:
        print(soaked.said[-2000:])
    return 1 if soaked.broken() else 0


if __name__ == "__main__":
    sys.exit(main())
