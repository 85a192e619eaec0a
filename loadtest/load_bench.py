"""
What it takes to hold ten thousand sites, and to check one long script.

    .venv/bin/python -m loadtest.load_bench [--scripts N] [--translate N] [--json]

The scripts are compiled once and kept as stored Code in a temporary file. A fresh process pinned to one core then loads
all of them as a node does, decoding and verifying each; after that it translates some, which a node leaves to the first
request of each site. Memory is what the process holds beyond what it held before.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import msgspec

import stdlib
from edgescript.compiler import compile_source
from edgescript.compiling.code import encode
from edgescript.program import load
from edgescript.source import Source
from loadtest.tables import Table

SCRIPTS: Final = 10_000
TRANSLATED: Final = 1_000
MAX_LOAD_S: Final = 10.0
MAX_LOAD_MIB: Final = 1024.0
CHECKED_LINES: Final = 1_000
MAX_CHECK_S: Final = 0.5
_CACHE: Final = Path(tempfile.gettempdir()) / f"edgescript-load-bench-{os.getuid()}"

SCRIPT: Final = """\
# Site {n}: links are signed, some paths are moved, and a group of visitors sees something new.
secret = 'secret-of-site-{n}'
lifetime = {lifetime}
moved = [
    '/old-{n}' = '/new-{n}',
    '/news' = '/articles/{n}',
    '/shop' = 'https://shop-{n}.example/'
]
def deny(why) {{
    add_rsp_header('X-Site', 'site-{n}')
    add_rsp_header('X-Why', why)
    exit(403, concat('no entry: ', why))
}}
def is_old(since) {{
    age = sub(time(), since)
    return gt(age, lifetime)
}}
if match_re($uri, '^/static/{n}/') {{
    add_rsp_header('Cache-Control', 'max-age=86400')
    return true
}}
target = get(moved, $uri)
if target {{
    rewrite(target, 'enhance_redirect', 301)
}}
if match_re($uri, '^/video-{n}/') {{
    since = tonumber($arg_t)
    if not(since) {{
        deny('no time')
    }}
    if is_old(since) {{
        deny('too late')
    }}
    if ne(md5(concat(secret, $uri, $arg_t)), $arg_key) {{
        deny('bad key')
    }}
}}
if and($http_user_agent, match_re($http_user_agent, 'bot-{n}|spider', 'i')) {{
    limit_rate(64, 'k')
}}
"""


def compiled(count: int) -> Path:
    """The file with the Code of `count` scripts, made anew when there is none of this build."""
    registry = stdlib.registry()
    sample = compile_source(Source("site", SCRIPT.format(n=0, lifetime=60)), registry)
    if sample.code is None:
        raise SystemExit(f"the script of the bench does not compile: {sample.diagnostics}")
    path = _CACHE.with_suffix(f".{count}.{encode(sample.code)[-64:].hex()[:16]}")
    if not path.exists():
        print(f"compiling {count} scripts...", file=sys.stderr, flush=True)
        started = time.process_time()
        codes = []
        for n in range(count):
            code = compile_source(Source(f"site-{n}", SCRIPT.format(n=n, lifetime=60 + n)), registry).code
            assert code is not None
            codes.append(encode(code))
        path.write_bytes(msgspec.msgpack.encode(codes))
        print(f"compiled in {time.process_time() - started:.1f} s of processor time", file=sys.stderr)
    return path


def resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / (1 << 20)


def load_all(path: Path, to_translate: int) -> dict[str, Any]:
    """Figures of loading everything in `path` and then translating the first of it, in this process."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    registry = stdlib.registry()
    codes: list[bytes] = msgspec.msgpack.decode(path.read_bytes(), type=list[bytes])
    size = sum(map(len, codes))
    before_mib, started, wall = resident_mib(), time.process_time(), time.perf_counter()
    programs = [load(code, registry) for code in codes]
    figures: dict[str, Any] = {
        "scripts": len(programs),
        "stored_mib": size / (1 << 20),
        "load_s": time.process_time() - started,
        "load_wall_s": time.perf_counter() - wall,
        "load_mib": resident_mib() - before_mib,
    }
    started = time.process_time()
    some = programs[:to_translate]
    before_mib = resident_mib()
    for program in some:
        program.prepare()
    figures["translate_us"] = (time.process_time() - started) * 1e6 / len(some)
    figures["translated_kib"] = (resident_mib() - before_mib) * 1024 / len(some)
    return figures


def check_s(lines: int) -> float:
    """Processor time to check a script of so many lines; the grammar is read before."""
    registry = stdlib.registry()
    opening, mark, _ = SCRIPT.partition("if match_re($uri, '^/static")
    rules = SCRIPT.removeprefix(opening).replace("    return true\n", "")
    assert mark
    text = opening.format(n=0, lifetime=60)
    for n in range((lines - text.count("\n")) // rules.count("\n")):
        text += rules.format(n=n)
    source = Source("long.es", text + "x = 1\n" * (lines - text.count("\n")))
    if compile_source(source, registry).code is None:
        raise SystemExit("the long script of the bench does not compile")
    best = float("inf")
    for _ in range(5):
        started = time.process_time()
        compile_source(source, registry)
        best = min(best, time.process_time() - started)
    return best


def main() -> int:
    parser = argparse.ArgumentParser(description="Load many scripts as a node does, and check a long one.")
    parser.add_argument("--scripts", type=int, default=SCRIPTS)
    parser.add_argument("--translate", type=int, default=TRANSLATED, help="how many of them")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.file is not None:
        print(json.dumps(load_all(options.file, options.translate)))
        return 0
    path = compiled(options.scripts)
    command = [sys.executable, "-m", "loadtest.load_bench", "--file", str(path)]
    command += ["--translate", str(options.translate)]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    checked_s = check_s(CHECKED_LINES)
    table = _table(found, checked_s)
    print(table.to_json() if options.json else table.text())
    is_short = found["load_s"] > MAX_LOAD_S or found["load_mib"] > MAX_LOAD_MIB or checked_s > MAX_CHECK_S
    return 1 if is_short else 0


def _table(found: dict[str, Any], checked_s: float) -> Table:
    count = found["scripts"]
    load_us = 1e6 * found["load_s"] / count
    rows = (
        (
            f"load {count:,} scripts of {SCRIPT.count(chr(10))} lines",
            f"{found['load_s']:.2f} s",
            f"{MAX_LOAD_S:.0f} s",
        ),
        ("their memory", f"{found['load_mib']:.0f} MiB", f"{MAX_LOAD_MIB:.0f} MiB"),
        ("stored", f"{found['stored_mib']:.1f} MiB", ""),
        ("load one", f"{load_us:.0f} µs", ""),
        ("translate one", f"{found['translate_us'] / 1000:.1f} ms, {found['translated_kib']:.0f} KiB", ""),
        (f"check a script of {CHECKED_LINES:,} lines", f"{checked_s:.2f} s", f"{MAX_CHECK_S} s"),
    )
    note = "The scripts are all different. A worker translates a script when its first request comes, or when it is loaded."
    return Table("Many scripts, long scripts", ("what", "found", "wanted at most"), rows, (note,))


if __name__ == "__main__":
    sys.exit(main())
