"""
Fuzzing: `python -m tests.fuzz [--seconds N] [--target NAME]... [--seed N]`, or `--replay TARGET FILE...`.

Exit status 1 if anything was found.
"""

import argparse
import sys
from pathlib import Path

from tests.fuzz import campaign, catalogue


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz", description="Feed bytes to everything that reads some."
    )
    parser.add_argument("--seconds", type=int, default=60, help="for each target [60]")
    parser.add_argument("--seed", type=int, default=1, help="of the search [1]")
    parser.add_argument(
        "--target", action="append", choices=catalogue.names(), help="only this one; repeatable"
    )
    parser.add_argument(
        "--replay", nargs="+", metavar=("TARGET", "FILE"), help="run inputs once, and show what they raise"
    )
    asked = parser.parse_args()
    if asked.replay:
        return replay(*asked.replay)
    rows = []
    for name in asked.target or catalogue.names():
        rows.append(campaign.search(name, asked.seconds, asked.seed))
        sys.stderr.write(f"{name}: {rows[-1].executions} executions, {len(rows[-1].findings)} findings\n")
    log = campaign.table(rows)
    campaign.KEPT.joinpath("log.txt").write_text(log)
    sys.stdout.write(log)
    return 1 if any(row.findings for row in rows) else 0


def replay(name: str, *paths: str) -> int:
    """The traceback of the first input that raises."""
    target = catalogue.load(name)
    for path in paths:
        target.run(Path(path).read_bytes())
        sys.stdout.write(f"{path}: nothing found\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
