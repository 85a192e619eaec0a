"""
`python -m loadtest.bench`: our node and its peers side by side, in one run, on the same core; then what only our node has.

Exit status: 0 everything measured with every server found, 1 something was aborted, an answer was wrong or our node did
not run, 2 wrong usage or nothing to measure with.
"""

import argparse
import os
import platform
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from loadtest import load, machine, origin, report
from loadtest.agree import DisagreementError
from loadtest.cases import CASES, Case
from loadtest.peer_servers import PEER_SERVERS
from loadtest.process import StartError
from loadtest.report import CaseResult, Setting
from loadtest.rounds import Stage, run_case, stage
from loadtest.servers import Node, Server
from loadtest.tables import Table, TableError

RESULTS: Final = Path(__file__).resolve().parent / "RESULTS.md"
WARM_UP_S: Final = 1
PROGRAM_S: Final = 600
"""At most for a program of our own."""
_START_S: Final = 0.5
"""About what it takes to start, check and end a server."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Program:
    """A program that measures our node alone and prints a Table with `--json`; it takes about so long."""

    number: str
    module: str
    about_s: int


PROGRAMS: Final = (
    Program("path", "loadtest.path_bench", 10),
    Program("scripts", "loadtest.vm_bench", 20),
    Program("load", "loadtest.load_bench", 75),
)
STEPS: Final[Mapping[str, Case | Program]] = {one.number: one for one in (*CASES, *PROGRAMS)}


@dataclass(slots=True)
class Found:
    """What was measured until now."""

    results: list[CaseResult] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    """Programs that gave no table, and why."""

    @property
    def is_good(self) -> bool:
        return not self.failed and all(one.is_good for one in self.results)


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line; ends with status 2 if it is wrong."""
    peers = ",".join(PEER_SERVERS)
    usual = "nginx,varnish,haproxy"
    parser = argparse.ArgumentParser(
        prog="python -m loadtest.bench", description="Our node beside its peers."
    )
    add = parser.add_argument
    add("--cases", type=_cases, default=tuple(STEPS), help=f"of {','.join(STEPS)} (default all)")
    add("--rounds", type=_count, default=3, help="measurements of each server (default 3)")
    add("--seconds", type=_count, default=2, help="length of one (default 2)")
    add("--peers", type=_peers, default=usual, help=f"of {peers} (default {usual})")
    add("--peers-only", action="store_true", help="leave our node out")
    add("--node", metavar="COMMAND", help="what to start as our node, before the flags of `serve`")
    add("--json", type=Path, metavar="FILE", help="write every sample there")
    add(
        "--results",
        type=Path,
        metavar="FILE",
        help="write Markdown there (RESULTS.md after a run of everything)",
    )
    return parser.parse_args(argv)


def _cases(text: str) -> tuple[str, ...]:
    return _chosen(text, {name: name for name in STEPS}, "case")


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
    ours = [one for one in servers if one is node]
    steps = [STEPS[name] for name in options.cases if ours or not _is_ours_only(STEPS[name])]

    def write(found: Found, target: Path | None) -> None:
        if options.json:
            text = report.as_json(setting, found.results, found.tables, node.name)
            options.json.write_text(text, encoding="utf-8")
        if target is not None:
            text = report.markdown(setting, found.results, found.tables, node.name)
            target.write_text(text, encoding="utf-8")

    found = _run(steps, servers, ours, setting, lambda found: write(found, options.results))
    if ours and len(steps) == len(STEPS) and options.results is None:
        write(found, RESULTS)
        print(f"\nwritten to {RESULTS}")
    return 0 if (options.peers_only or ours) and found.is_good else 1


def _is_ours_only(step: Case | Program) -> bool:
    return isinstance(step, Program) or step.ours_only


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


def _run(
    steps: Sequence[Case | Program],
    servers: Sequence[Server],
    ours: Sequence[Server],
    setting: Setting,
    after_each: Callable[[Found], None],
) -> Found:
    """All steps in order; what one of them cannot do keeps none of the others from being done."""
    found = Found()
    lasting_s = [_about_s(step, len(servers), setting) for step in steps]
    with stage(setting.cores) as place:
        for number, step in enumerate(steps):
            left_s = sum(lasting_s[number:])
            print(
                f"\n[{number + 1} of {len(steps)}, about {left_s / 60:.1f} minutes left]",
                file=sys.stderr,
                flush=True,
            )
            if isinstance(step, Program):
                _run_program(step, found, setting)
            else:
                who = ours if step.ours_only else servers
                found.results.append(_run_case(step, who, setting, place))
                print(report.terminal_case(found.results[-1], ours[0].name if ours else ""), flush=True)
            after_each(found)
    return found


def _about_s(step: Case | Program, servers: int, setting: Setting) -> float:
    if isinstance(step, Program):
        return step.about_s
    entrants = (1 if step.ours_only else servers) * len(step.modes)
    return entrants * (_START_S + setting.warm_up + setting.rounds * (setting.seconds + 0.2))


def _run_case(case: Case, servers: Sequence[Server], setting: Setting, place: Stage) -> CaseResult:
    result = CaseResult(case)
    try:
        run_case(result, servers, setting, place)
    except (DisagreementError, StartError, load.LoadError) as error:
        result.aborted = str(error)
        result.samples.clear()
    return result


def _run_program(program: Program, found: Found, setting: Setting) -> None:
    """The program's table, measured on the core that servers are measured on."""
    argv = ("taskset", "--cpu-list", str(setting.cores[0]), sys.executable, "-m", program.module, "--json")
    try:
        done = subprocess.run(argv, stdout=subprocess.PIPE, text=True, timeout=PROGRAM_S, check=False)
        table = Table.from_json(done.stdout)
    except (subprocess.TimeoutExpired, TableError) as error:
        found.failed.append(f"{program.number}: {error}")
        print(f"\nABORTED  {program.number}: {error}", flush=True)
        return
    found.tables.append(table)
    print(f"\n{table.text()}", flush=True)


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
