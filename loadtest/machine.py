"""The machine a benchmark ran on, in words."""

import os
import platform
import re
from pathlib import Path


def cpu_model(cpuinfo: str) -> str:
    """The processor's name in the text of /proc/cpuinfo."""
    match = re.search(r"^model name\s*:\s*(.+)$", cpuinfo, re.MULTILINE)
    return match[1].strip() if match else platform.machine()


def describe() -> str:
    """Processor, cores this process may use, kernel, Python."""
    model = cpu_model(Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    cores = len(os.sched_getaffinity(0))
    return f"{model}, {cores} cores, Linux {platform.release()}, Python {platform.python_version()}"


def load_average() -> str:
    """The load of the last minute: what else ran."""
    return f"{os.getloadavg()[0]:.1f}"
