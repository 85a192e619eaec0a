"""
Run by the Python of an image (`sbom.sh`): what is installed in it, as JSON on standard output.

`system` has the fields of os-release that name the distribution; `packages` are dpkg's, as [name, version, architecture];
`python` is the version of an interpreter that is in no package, or ""; `distributions` are [name, version] of Python.
"""

import json
import platform
import re
import sys
from importlib import metadata
from pathlib import Path

DPKG = Path("/var/lib/dpkg")
SITE = "/opt/edgescript/lib/python{}.{}/site-packages"
FIELD = re.compile(r"^(\S+): (.*)$", re.MULTILINE)


def packages() -> list[list[str]]:
    """Those that are installed, and not just known."""
    blocks = (dict(FIELD.findall(each)) for each in (DPKG / "status").read_text().split("\n\n"))
    return sorted(
        [each[key] for key in ("Package", "Version", "Architecture")]
        for each in blocks
        if each.get("Status", "").endswith(" installed")
    )


def packaged(path: Path) -> bool:
    """Whether a file is a package's."""
    return any(str(path) in each.read_text().splitlines() for each in (DPKG / "info").glob("*.list"))


system = platform.freedesktop_os_release()
json.dump(
    {
        "system": {key: system.get(key, "") for key in ("ID", "VERSION_ID")},
        "packages": packages(),
        "python": "" if packaged(Path(sys.executable).resolve()) else platform.python_version(),
        "distributions": sorted(
            [each.metadata["Name"], each.version]
            for each in metadata.distributions(path=[SITE.format(*sys.version_info)])
        ),
    },
    sys.stdout,
)
