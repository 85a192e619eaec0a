"""
What goes wrong around a node, done to a real one under load, and what clients and operators see of it.

    .venv/bin/python -m loadtest.faults                            # all, about three minutes; writes loadtest/FAULTS.md
    .venv/bin/python -m loadtest.faults --only killed,full --short
    .venv/bin/python -m loadtest.faults --list

Every answer is compared with the only right body of its URL. The exit status is 1 when something did not hold that must,
2 for wrong usage.
"""

import argparse
import inspect
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from loadtest import fault_clients, fault_disk, fault_origins, fault_processes, machine
from loadtest.edge import EdgeError
from loadtest.fault_scene import LONG, SHORT, Scale, Scene, SkipError, Trouble, played

REPORT: Final = Path(__file__).with_name("FAULTS.md")

TROUBLES: Final[dict[str, Trouble]] = {
    "origin-killed": fault_origins.killed,
    "origin-stalled": fault_origins.stalled,
    "origin-cut": fault_origins.cut,
    "origin-lying": fault_origins.lying,
    "worker-killed": fault_processes.worker_killed,
    "worker-hung": fault_processes.worker_hung,
    "node-killed": fault_processes.node_killed,
    "bad-reload": fault_processes.bad_reload,
    "disk-full": fault_disk.full,
    "disk-too-small": fault_disk.smaller,
    "disk-full-at-start": fault_disk.full_at_start,
    "state-unwritable": fault_disk.unwritable,
    "state-read-only-at-start": fault_disk.read_only_at_start,
    "state-removed": fault_disk.removed,
    "slow-heads": fault_clients.slow_heads,
    "slow-bodies": fault_clients.slow_bodies,
    "slow-readers": fault_clients.slow_readers,
    "idle-connections": fault_clients.idle_connections,
    "clock-stepped": fault_processes.clock_stepped,
    "redis-gone": fault_processes.redis_gone,
}


class Row(NamedTuple):
    """What came of a trouble. `broken` is what did not hold; `skipped` is why it was not tried, empty when it was."""

    name: str
    title: str
    took_s: float
    scene: Scene | None
    broken: tuple[str, ...]
    skipped: str = ""

    @property
    def verdict(self) -> str:
        if self.skipped:
            return "not tried"
        return "failed" if self.broken else "held"


def row_of(name: str, scale: Scale, workers: int) -> Row:
    """Try one."""
    trouble, began = TROUBLES[name], time.monotonic()
    title = (inspect.getdoc(trouble) or name).partition("\n")[0]

    def row(scene: Scene | None, broken: Sequence[str] = (), skipped: str = "") -> Row:
        return Row(name, title, time.monotonic() - began, scene, tuple(dict.fromkeys(broken)), skipped)

    try:
        scene = played(trouble, scale, workers)
    except SkipError as error:
        return row(None, skipped=str(error))
    except (EdgeError, OSError) as error:
        return row(None, [f"{type(error).__name__}: {error}"])
    return row(scene, scene.broken)


def markdown(rows: Sequence[Row], workers: int, date: str) -> str:
    """The whole of FAULTS.md."""
    lines = [
        "# What `make faults` found",
        "",
        f"Written by the program on {date}: {machine.describe()}; load average {machine.load_average()} at the end.",
        f"The node has {workers} workers; an origin may be silent for a second and has one retry. Every body is compared with",
        "the only right one of its URL: *wrong* is a whole answer with another body, *cut* one that ends early and lets",
        "the client know, *closed* a connection that ended without an answer, *late* no answer in 15 s.",
        "",
        "| trouble | requests | wrong bodies | longest answer | verdict |",
        "| --- | ---: | ---: | ---: | --- |",
        *map(_line, rows),
    ]
    for row in rows:
        lines += ["", f"## {row.title}", "", *_section(row)]
    return "\n".join(lines) + "\n"


def _line(row: Row) -> str:
    scene = row.scene
    figures = f"{scene.requests} | {scene.wrong} | {scene.longest_s:.2f} s" if scene else "| |"
    return f"| {row.title} | {figures} | **{row.verdict}** |"


def _section(row: Row) -> list[str]:
    if row.scene is None:
        return [row.skipped or row.broken[0]]
    scene = row.scene
    lines = [
        f"Done: {'; '.join(scene.deeds)}.",
        "",
        "Clients saw:",
        "",
        *(f"- {each}" for each in scene.seen),
    ]
    lines += ["", "The node said: " + "; ".join(scene.said or ["nothing"])]
    lines += ["", f"Verdict: **{row.verdict}**, in {row.took_s:.1f} s" + (":" if row.broken else ".")]
    return lines + ([""] if row.broken else []) + [f"- {each}" for each in row.broken]


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Trouble for a node under load.")
    parser.add_argument("--only", default=",".join(TROUBLES), help="names, separated by commas")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--short", action="store_true", help="as the test suite tries them; writes no report")
    parser.add_argument("--list", action="store_true", help="show the names")
    parser.add_argument("--report", type=Path, default=REPORT)
    asked = parser.parse_args(given)
    asked.only = asked.only.split(",")
    unknown = [name for name in asked.only if name not in TROUBLES]
    if unknown:
        parser.error(f"unknown trouble {unknown[0]!r}; there are {', '.join(TROUBLES)}")
    if asked.workers < 1:
        parser.error("--workers: want at least 1")
    return asked


def main(given: Sequence[str] | None = None) -> int:
    """Try those asked for; the exit status."""
    asked = _arguments(given)
    if asked.list:
        print("\n".join(TROUBLES))
        return 0
    rows = []
    for name in asked.only:
        row = row_of(name, SHORT if asked.short else LONG, asked.workers)
        rows.append(row)
        print(f"{row.verdict:<10}{row.took_s:6.1f} s  {name}", flush=True)
        for reason in (*row.broken, *filter(None, [row.skipped])):
            print(f"{'':<20}{reason}", flush=True)
    if not asked.short and set(asked.only) == set(TROUBLES):
        date = time.strftime("%Y-%m-%d", time.gmtime())
        asked.report.write_text(markdown(rows, asked.workers, date), encoding="utf-8")
        print(f"written: {asked.report.name}")
    return 1 if any(row.broken for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
