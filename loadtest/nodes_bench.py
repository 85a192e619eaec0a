"""
From a publish to the last of many nodes that serves it: seconds, with what the console took for it.

    .venv/bin/python -m loadtest.nodes_bench [--nodes 1000] [--rounds 5] [--json]

The console is a process, the nodes (`loadtest.node_agents`) are another. A round makes a new version of a script, publishes
it, and waits until every node has fetched and checked it and its report has been answered, and until the API says of the
rollout that all have acknowledged. Processor seconds are those of the console's process in the round, threads included;
memory is the most it ever had resident.
"""

import argparse
import json
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx

import stdlib
from runtime.console.service.console import Console
from runtime.console.service.keys import Keys
from runtime.console.store import Store

TICKS: Final = os.sysconf("SC_CLK_TCK")
STARTED_WITHIN_S: Final = 60.0
ROUND_WITHIN_S: Final = 60.0
SETTLE_S: Final = 3.0
"""Between rounds, so that one round's writing is not part of the next."""
DOMAIN: Final = "shop"
SOURCE: Final = "# position: head\nif eq($uri, '/round-{round}') {{\n    exit(403)\n}}\n"


class Round(NamedTuple):
    first_s: float
    last_s: float
    """From the publish's request to the last answered report."""
    shown_s: float
    """To the API's answer that all nodes have acknowledged."""
    cpu_s: float


def prepare(data: Path, nodes: int) -> tuple[str, Path]:
    """A data directory with an operator and a token for each node: the operator's token, and the file with the others."""
    data.mkdir(mode=0o700)
    keys = Keys.open(data / "keys", secrets.token_bytes)
    store = Store.open(f"sqlite:///{data / 'console.db'}", clock=time.time)  # noqa: TID251 - a program run by hand
    console = Console(
        store,
        keys,
        now=time.time,  # noqa: TID251 - as above
        monotonic=time.monotonic,
        random=secrets.token_bytes,
        registry=stdlib.registry(),
    )
    operator = console.tokens.bootstrap("bench")
    assert operator is not None
    who = console.tokens.authenticate(operator)
    lines = [
        f"node-{index} {console.tokens.create_node(who, f'node-{index}', 'bench', 'local', 'staging').secret}"
        for index in range(nodes)
    ]
    store.close()
    path = data / "tokens"
    path.write_text("\n".join(lines), encoding="ascii")
    return operator, path


@contextmanager
def running(arguments: list[str], **given: Any) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([sys.executable, "-m", *arguments], text=True, **given)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def address_of(process: subprocess.Popen[str]) -> str:
    """Where the console listens, as it says on stderr."""
    assert process.stderr is not None
    for line in process.stderr:
        if "the console is on " in line:
            return line.rsplit("the console is on ", 1)[1].strip().rstrip("/")
    raise SystemExit("the console did not start")


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def peak_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def wait_for_nodes(api: httpx.Client, nodes: int) -> None:
    """Until all nodes wait for something new."""
    end = time.monotonic() + STARTED_WITHIN_S
    while f"console_nodes_waiting {nodes}.0" not in api.get("/metrics").text:
        if time.monotonic() > end:
            raise SystemExit("the nodes did not come")
        time.sleep(0.1)


def play(api: httpx.Client, agents: subprocess.Popen[str], pid: int, nodes: int, number: int) -> Round:
    script = f"/api/v1/domains/{DOMAIN}/scripts/bench"
    made = api.post(
        f"{script}/versions", json={"message": f"round {number}", "source": SOURCE.format(round=number)}
    )
    made.raise_for_status()
    used = cpu_s(pid)
    began = time.monotonic()
    published = api.post(f"/api/v1/domains/{DOMAIN}/publish", json={"environment": "staging"})
    published.raise_for_status()
    rollout = published.json()
    assert agents.stdout is not None
    while True:
        generation, first, last = agents.stdout.readline().split()
        if int(generation) >= rollout["generation"]:
            break
    while True:
        now = api.get(f"/api/v1/domains/{DOMAIN}/rollouts/{rollout['id']}").json()
        if now["progress"]["acked"] == nodes:
            break
        if time.monotonic() - began > ROUND_WITHIN_S:
            raise SystemExit(f"not all acknowledged: {now['progress']}")
        time.sleep(0.05)
    shown = time.monotonic()
    return Round(float(first) - began, float(last) - began, shown - began, cpu_s(pid) - used)


def measure(nodes: int, rounds: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        operator, tokens = prepare(data, nodes)
        listen = ["edgescript", "console", "--listen", "127.0.0.1:0", "--data", str(data), "--quiet"]
        with running(listen, stderr=subprocess.PIPE) as console:
            address = address_of(console)
            headers = {"Authorization": f"Bearer {operator}"}
            where = address.removeprefix("http://")
            with (
                httpx.Client(base_url=address, headers=headers, timeout=ROUND_WITHIN_S) as api,
                running(["loadtest.node_agents", where, str(tokens)], stdout=subprocess.PIPE) as agents,
            ):
                settings = {"hosts": ["shop.example"], "origin": "http://127.0.0.1:9"}
                api.post("/api/v1/domains", json={"name": DOMAIN, "settings": settings}).raise_for_status()
                found = []
                for number in range(rounds):
                    wait_for_nodes(api, nodes)
                    time.sleep(SETTLE_S)
                    found.append(play(api, agents, console.pid, nodes, number))
                peak = peak_mb(console.pid)
    return {
        "nodes": nodes,
        "rounds": [each._asdict() for each in found],
        "last_s": statistics.median(each.last_s for each in found),
        "shown_s": statistics.median(each.shown_s for each in found),
        "cores": statistics.median(each.cpu_s / each.shown_s for each in found),
        "peak_mb": peak,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Publish to the last of many nodes.")
    parser.add_argument("--nodes", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found = measure(given.nodes, given.rounds)
    if given.json:
        print(json.dumps(found, indent=2))
        return
    print(f"{'round':>5}  {'first ack':>9}  {'last ack':>8}  {'shown':>7}  {'console CPU':>11}")
    for index, each in enumerate(found["rounds"], 1):
        print(
            f"{index:>5}  {each['first_s']:>7.2f} s  {each['last_s']:>6.2f} s  {each['shown_s']:>5.2f} s  {each['cpu_s']:>9.2f} s"
        )
    print(
        f"\n{found['nodes']} nodes: publish to last ack {found['last_s']:.2f} s, shown after {found['shown_s']:.2f} s (medians); "
        f"the console took {found['cores']:.2f} cores and at most {found['peak_mb']:.0f} MB"
    )


if __name__ == "__main__":
    main()
