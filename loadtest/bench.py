"""
`python -m loadtest.bench`: our node and its peers side by side, in one run, on the same core.

Exit status: 0 all cases measured with every server found, 1 a case was aborted, an answer was wrong or our node did
not run, 2 wrong usage or nothing to measure with.
"""

import argparse
import os
import platform
import shlex
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from loadtest import load, machine, origin, report
from loadtest.agree import Answer, DisagreementError, check, prime
from loadtest.cases import CASES, Case
from loadtest.process import Running, StartError, free_port, running
from loadtest.report import CaseResult, Setting
from loadtest.servers import PEER_SERVERS, Node, Server
from loadtest.stats import Sample

RESULTS: Final = Path(__file__).resolve().parent / "RESULTS.md"
WARM_UP_S: Final = 1
BY_NUMBER: Final = {case.number: case for case in CASES}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a run takes place: two cores, a private directory on tmpfs, the origin's port."""

    server_core: int
    load_core: int
    directory: Path
    origin_port: int


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line; ends with status 2 if it is wrong."""
    peers = ", ".join(PEER_SERVERS)
    parser = argparse.ArgumentParser(
        prog="python -m loadtest.bench", description="Our node beside its peers."
    )
    add = parser.add_argument
    add("--cases", type=_cases, default=CASES, help=f"numbers by commas (default {','.join(BY_NUMBER)})")
    add("--rounds", type=_count, default=5, help="measurements of each server (default 5)")
    add("--seconds", type=_count, default=3, help="length of one (default 3)")
    add("--peers", type=_peers, default="nginx,varnish", help=f"of {peers} (default nginx,varnish)")
    add("--peers-only", action="store_true", help="leave our node out")
    add("--node", metavar="COMMAND", help="what to start as our node, before the flags of `serve`")
    add("--json", type=Path, metavar="FILE", help="write every sample there")
    add(
        "--results",
        type=Path,
        metavar="FILE",
        help="write Markdown there (RESULTS.md after a run of all cases)",
    )
    return parser.parse_args(argv)


def _cases(text: str) -> tuple[Case, ...]:
    return _chosen(text, BY_NUMBER, "case")


def _peers(text: str) -> tuple[str, ...]:
    return _chosen(text, {name: name for name in PEER_SERVERS}, "peer") if text else ()


def _chosen(text: str, known: Mapping[str, T], kind: str) -> tuple[T, ...]:
    names = text.split(",")
    if unknown := [one for one in names if one not in known]:
        raise argparse.ArgumentTypeError(f"unknown {kind} {unknown[0]!r}; there are {', '.join(known)}")
    return tuple(known[one] for one in dict.fromkeys(names))


def _count(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 1000:
        raise argparse.ArgumentTypeError("want 1 to 1000")
    return number


def main(argv: Sequence[str] | None = None) -> int:
    options = _options(argv)
    if problem := _cannot_measure():
        print(problem, file=sys.stderr)
        return 2
    node = Node(tuple(shlex.split(options.node)) if options.node else None)
    wanted: list[Server] = [] if options.peers_only else [node]
    wanted += [PEER_SERVERS[one] for one in options.peers]
    absent = {one.name: f"{reason}; {one.install}" for one in wanted if (reason := one.missing())}
    servers = [one for one in wanted if one.name not in absent]
    setting = _setting(servers, absent, options.rounds, options.seconds)
    print(report.terminal_head(setting), flush=True)
    if not servers:
        return 2
    results = _run(options.cases, servers, setting, node.name)
    if options.json:
        options.json.write_text(report.as_json(setting, results, node.name), encoding="utf-8")
    whole = len(options.cases) == len(CASES) and node in servers
    if target := options.results or (RESULTS if whole else None):
        target.write_text(report.markdown(setting, results, node.name), encoding="utf-8")
        print(f"\nwritten to {target}")
    node_ran = options.peers_only or node in servers
    return 0 if node_ran and all(_is_good(one) for one in results) else 1


def _setting(servers: Sequence[Server], absent: dict[str, str], rounds: int, seconds: int) -> Setting:
    cores = sorted(os.sched_getaffinity(0))
    return Setting(
        date=time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        machine=machine.describe(),
        load_average=machine.load_average(),
        versions={one.name: one.version() for one in servers} | {"wrk": load.version()},
        absent=absent,
        rounds=rounds,
        seconds=seconds,
        warm_up=WARM_UP_S,
        connections=load.CONNECTIONS,
        cores=(cores[0], cores[-1]),
    )


def _cannot_measure() -> str | None:
    """Why there can be no benchmark at all on this machine."""
    if platform.system() != "Linux":
        return "the benchmark pins processes and reads /proc: it needs Linux"
    if reason := load.missing():
        return f"{reason} to make load with: {load.INSTALL}"
    if not shutil.which("nginx"):
        return f"no nginx to be the origin: {origin.INSTALL}"
    if len(os.sched_getaffinity(0)) < 2:
        return "one core only: server and load generator need one each"
    return None


def _is_good(result: CaseResult) -> bool:
    return result.aborted is None and not any(
        one.errors for samples in result.samples.values() for one in samples
    )


def _run(cases: Sequence[Case], servers: Sequence[Server], setting: Setting, ours: str) -> list[CaseResult]:
    results = []
    with _stage(setting.cores) as stage:
        for case in cases:
            result = CaseResult(case)
            try:
                _run_case(result, servers, setting, stage)
            except (DisagreementError, StartError, load.LoadError) as error:
                result.aborted = str(error)
                result.samples.clear()
            print(report.terminal_case(result, ours), flush=True)
            results.append(result)
    return results


@contextmanager
def _stage(cores: tuple[int, int]) -> Iterator[Stage]:
    """The origin and a directory on tmpfs, if there is one, while the block runs."""
    os.sched_setaffinity(0, {cores[1]})  # this program, too, keeps off the core that is measured
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(
        prefix="edgescript-bench-", dir=memory if memory.is_dir() else None
    ) as name:
        directory = Path(name)
        port = free_port()
        own = directory / "origin"
        own.mkdir()
        with running(origin.launch(port, own), port, own, cores[1]):
            yield Stage(*cores, directory, port)


def _run_case(result: CaseResult, servers: Sequence[Server], setting: Setting, stage: Stage) -> None:
    """All servers up, agreeing, and then measured in turn, round after round. Fills `result`."""
    case = result.case
    able = []
    for server in servers:
        if reason := server.cannot(case):
            result.cannot[server.name] = reason
        else:
            able.append(server)
    with ExitStack() as stack, tempfile.TemporaryDirectory(dir=stage.directory) as name:
        up = {server.name: stack.enter_context(_up(server, case, stage, Path(name))) for server in able}
        _check_all(case, up)
        for _ in range(setting.rounds):
            for server_name, server_up in up.items():
                sample = _measure(case, server_name, server_up, setting, stage)
                result.samples.setdefault(server_name, []).append(sample)
        _check_all(case, up)


@contextmanager
def _up(server: Server, case: Case, stage: Stage, directory: Path) -> Iterator[Running]:
    port = free_port()
    own = directory / str(port)
    own.mkdir()
    with running(server.launch(case, port, stage.origin_port, own), port, own, stage.server_core) as up:
        yield up


def _check_all(case: Case, up: dict[str, Running]) -> None:
    reference: dict[str, Answer] = {}
    for name, server in up.items():
        prime(case, server.port)
        answers = check(case, name, server.port, reference)
        reference = reference or answers


def _measure(case: Case, name: str, server: Running, setting: Setting, stage: Stage) -> Sample:
    """One server in one round. Raises LoadError if the origin saw what it should not, or did not see what it should."""
    load.measure(case, server.port, stage.load_core, setting.warm_up, server.cpu_s)
    before = origin.requests_seen(stage.origin_port)
    sample = load.measure(case, server.port, stage.load_core, setting.seconds, server.cpu_s)
    seen = origin.requests_seen(stage.origin_port) - before - 1  # the second question is counted too
    if objection := origin.objection(case, sample.requests, seen):
        raise load.LoadError(f"{name}: {objection}")
    return sample


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    # A plain kill ends the servers in order too, as Ctrl-C does.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("interrupted; all servers ended", file=sys.stderr)
        sys.exit(130)
