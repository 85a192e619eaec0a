"""
A case carried out: all servers up in every mode, agreeing, measured in turn round after round, agreeing still.
"""

import os
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from loadtest import load, origin
from loadtest.agree import Answer, ask, check, prime
from loadtest.cases import Case, Mode
from loadtest.process import Running, free_port, running
from loadtest.report import CaseResult, Setting, Start
from loadtest.servers import Server
from loadtest.stats import Sample

LOG_S: Final = 3.0
"""For the last lines of an access log to be written."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a run takes place: two cores, a private directory on tmpfs, the origin's port."""

    server_core: int
    load_core: int
    directory: Path
    origin_port: int


@contextmanager
def stage(cores: tuple[int, int]) -> Iterator[Stage]:
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
        with running(origin.launch(port, own), port, own, {cores[1]}):
            yield Stage(*cores, directory, port)


def run_case(result: CaseResult, servers: Sequence[Server], setting: Setting, place: Stage) -> None:
    """Fills `result`. Raises DisagreementError, StartError, LoadError."""
    case = result.case
    able = []
    for server in servers:
        if reason := server.cannot(case):
            result.cannot[server.name] = reason
        else:
            able.append(server)
    with ExitStack() as stack, tempfile.TemporaryDirectory(dir=place.directory) as name:
        up: dict[str, Running] = {}
        workers: dict[str, int] = {}
        for server in able:
            for mode in case.modes:
                entrant = mode.entrant(server.name)
                up[entrant] = stack.enter_context(_up(server, case, mode, place, Path(name)))
                workers[entrant] = mode.workers
                if case.ours_only:
                    result.starts[entrant] = _first_answer(case, up[entrant])
        _check_all(case, up, workers)
        answered: Counter[str] = Counter()
        for number in range(setting.rounds):
            for entrant, running_server in up.items():
                if number == 0:
                    answered[entrant] += _load(case, running_server, setting.warm_up, place).requests
                sample = _measure(case, entrant, running_server, setting, place)
                answered[entrant] += sample.requests
                result.samples.setdefault(entrant, []).append(sample)
        _check_all(case, up, workers)
        result.notes += [
            note for entrant in up if (note := _log_note(entrant, up[entrant], answered[entrant]))
        ]


@contextmanager
def _up(server: Server, case: Case, mode: Mode, place: Stage, directory: Path) -> Iterator[Running]:
    port = free_port()
    own = directory / str(port)
    own.mkdir()
    cores = {place.server_core, place.load_core} if mode.workers > 1 else {place.server_core}
    with running(server.launch(case, mode, port, place.origin_port, own), port, own, cores) as up:
        yield up


def _first_answer(case: Case, server: Running) -> Start:
    ask(server.port, case.paths[0], case.ask)
    return Start(time.monotonic() - server.began_mono_s, server.memory_mib())


def _check_all(case: Case, up: Mapping[str, Running], workers: Mapping[str, int]) -> None:
    reference: dict[str, Answer] = {}
    for entrant, server in up.items():
        prime(case, server.port, workers[entrant])
        answers = check(case, entrant, server.port, reference)
        reference = reference or answers


def _measure(case: Case, entrant: str, server: Running, setting: Setting, place: Stage) -> Sample:
    """One server in one round. Raises LoadError if the origin saw what it should not, or did not see what it should."""
    before = origin.requests_seen(place.origin_port)
    sample = _load(case, server, setting.seconds, place)
    seen = origin.requests_seen(place.origin_port) - before - 1  # the second question is counted too
    if objection := origin.objection(case, sample.requests, seen):
        raise load.LoadError(f"{entrant}: {objection}")
    return sample


def _load(case: Case, server: Running, seconds: int, place: Stage) -> Sample:
    return load.measure(case, server.port, place.load_core, seconds, server.cpu_s)


def _log_note(entrant: str, server: Running, answered: int) -> str:
    """What there is to say of an access log that does not have a line for each answer; '' for nothing."""
    if server.log is None:
        return ""
    deadline = time.monotonic() + LOG_S
    while (lines := server.log_lines()) < answered and time.monotonic() < deadline:
        time.sleep(0.2)
    return "" if lines >= answered else f"{entrant}: {lines / answered:.0%} of the lines were written"
