"""
A long search: each target for so many seconds, what was found kept in `.fuzz/`, a table at the end.

    .fuzz/corpus/TARGET/    inputs that took new branches; the next search begins with them
    .fuzz/findings/TARGET/  inputs that broke a promise: `crash-*`, or `timeout-*` after `SLOWEST_S`
    .fuzz/log.txt           the table of the last search
"""

import hashlib
import importlib.util
import itertools
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from tests.fuzz import catalogue
from tests.fuzz.mutate import LARGEST, mutations

ROOT = Path(__file__).parents[2]
KEPT = ROOT / ".fuzz"
SLOWEST_S = 10
"""Of one input, with coverage measured; what is bounded takes tenths of a second."""
MOST_MB = 2048
GRACE_S = 60
"""For imports and for the last input."""


class Row(NamedTuple):
    target: str
    executions: int
    per_second: int
    corpus: int
    findings: tuple[Path, ...]
    guided: bool


def search(name: str, seconds: int, seed: int) -> Row:
    """One target for so long. A finding ends the search of its target."""
    corpus, found = KEPT / "corpus" / name, KEPT / "findings" / name
    corpus.mkdir(parents=True, exist_ok=True)
    found.mkdir(parents=True, exist_ok=True)
    known = set(found.iterdir())
    for data in catalogue.load(name).seeds:
        (corpus / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
    guided = importlib.util.find_spec("atheris") is not None
    executions = (_guided if guided else _blind)(name, seconds, seed, corpus, found)
    new = tuple(sorted(set(found.iterdir()) - known))
    return Row(name, executions, executions // max(seconds, 1), len(list(corpus.iterdir())), new, guided)


def _guided(name: str, seconds: int, seed: int, corpus: Path, found: Path) -> int:
    flags = [
        f"-max_total_time={seconds}", f"-seed={seed}", f"-timeout={SLOWEST_S}", f"-rss_limit_mb={MOST_MB}",
        f"-max_len={LARGEST}", f"-artifact_prefix={found}/", "-print_final_stats=1", "-verbosity=0", str(corpus),
    ]  # fmt: skip
    command = [sys.executable, "-m", "tests.fuzz.explore", name, *flags]
    ended = subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=seconds + GRACE_S,
        check=False,
    )
    counted = re.search(r"number_of_executed_units:\s*(\d+)", ended.stderr)
    if counted is None:
        (found / "crash-at-start.txt").write_text(ended.stdout + ended.stderr)
        return 0
    return int(counted[1])


def _blind(name: str, seconds: int, seed: int, _corpus: Path, found: Path) -> int:
    """Where atheris is not to be had: changes to the seeds, without knowing what they reach."""
    target = catalogue.load(name)
    end = time.monotonic() + seconds
    for count, data in enumerate(itertools.chain(target.seeds, mutations(target.seeds, seed))):
        if time.monotonic() > end:
            return count
        begin = time.monotonic()
        try:
            target.run(data)
            kind = "timeout" if time.monotonic() - begin > SLOWEST_S else ""
        except Exception:  # noqa: BLE001 - whatever it is, it is the finding
            kind = "crash"
        if kind:
            (found / f"{kind}-{hashlib.sha256(data).hexdigest()[:40]}").write_bytes(data)
            return count
    raise AssertionError("mutations end never")


def table(rows: list[Row]) -> str:
    """The log: one line a target, then how to see each finding again."""
    lines = [
        "| target | executions | exec/s | corpus | findings |",
        "| --- | ---: | ---: | ---: | ---: |",
        *(
            f"| {row.target} | {row.executions} | {row.per_second} | {row.corpus} | {len(row.findings)} |"
            for row in rows
        ),
    ]
    total = sum(row.executions for row in rows)
    found = [(row.target, path) for row in rows for path in row.findings]
    lines.append(f"| all | {total} |  | {sum(row.corpus for row in rows)} | {len(found)} |")
    if not all(row.guided for row in rows):
        lines.append("\natheris is not installed here: inputs were changed without coverage.")
    lines += [
        f"\n{name}: python -m tests.fuzz --replay {name} {path.relative_to(ROOT)}" for name, path in found
    ]
    return "\n".join(lines) + "\n"
