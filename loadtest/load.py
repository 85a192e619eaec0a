"""The load generator: wrk with one thread on its own core, its answer as a Sample."""

import json
import shutil
import subprocess
import time
from collections.abc import Callable
from typing import Final

from loadtest.cases import Case
from loadtest.servers import PEERS
from loadtest.stats import Sample

INSTALL: Final = "apt-get install --no-install-recommends wrk"
CONNECTIONS: Final = 32
_GRACE_S: Final = 20


class LoadError(Exception):
    """wrk did not run to its end."""


def missing() -> str | None:
    """Why no load can be made on this machine; None if it can."""
    return None if shutil.which("wrk") else "no wrk"


def version() -> str:
    """wrk's version, as it names it."""
    # `wrk -v` ends with status 1 after it has printed its version.
    done = subprocess.run(["wrk", "-v"], capture_output=True, text=True, timeout=10, check=False)
    return (done.stdout + done.stderr).split()[1].removeprefix("debian/")


def parse(output: str, case: Case, cpu_s: float, elapsed_s: float) -> Sample:
    """
    What `peers/wrk.lua` printed on the last line of `output`.

    wrk counts statuses over 399 and no others, so an answer is of the wrong kind when it is over 399 and should not
    be, or the reverse; the exact status is checked by asking before and after. Raises LoadError.
    """
    try:
        seen = json.loads(output.strip().splitlines()[-1])
    except (IndexError, ValueError):
        raise LoadError(f"wrk printed no figures: {output.strip()[-300:]!r}") from None
    over_399 = seen["status_over_399"]
    return Sample(
        requests=seen["requests"],
        duration_s=seen["duration_us"] / 1e6,
        p50_us=seen["p50_us"],
        p99_us=seen["p99_us"],
        unexpected=seen["requests"] - over_399 if case.status > 399 else over_399,
        broken=seen["broken"],
        cpu_s=cpu_s,
        elapsed_s=elapsed_s,
    )


def measure(case: Case, port: int, core: int, seconds: int, cpu_s: Callable[[], float]) -> Sample:
    """Load on a server for some seconds; `cpu_s` tells its processor time until now. Raises LoadError."""
    headers = [word for name, value in case.ask.items() for word in ("-H", f"{name}: {value}")]
    flags = ("-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", *headers, "-s", str(PEERS / "wrk.lua"))
    argv = ("taskset", "--cpu-list", str(core), "wrk", *flags, f"http://127.0.0.1:{port}", "--", *case.paths)
    cpu_before, began = cpu_s(), time.perf_counter()
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=seconds + _GRACE_S, check=False)
    except subprocess.TimeoutExpired:
        raise LoadError(f"wrk did not end {_GRACE_S} s after its time") from None
    used, elapsed = cpu_s() - cpu_before, time.perf_counter() - began
    if done.returncode:
        raise LoadError(f"wrk ended with status {done.returncode}: {done.stderr.strip()[-300:]}")
    return parse(done.stdout, case, used, elapsed)
