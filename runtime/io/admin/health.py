"""
`python -m runtime.io.admin.health [URL]`: exit status 0 if the process behind URL says that it is alive, 1 if not.

For a container's HEALTHCHECK, where no other client is at hand. Without URL that of `EDGESCRIPT_HEALTH`, else the admin
listener's of a node with default settings. It imports little: it is run every few seconds.
"""

import http.client
import os
import sys
from typing import Final
from urllib.parse import urlsplit

HEALTH: Final = "http://127.0.0.1:9180/healthz"
WITHIN_S: Final = 2.0


def alive(url: str) -> bool:
    """Whether a GET of `url` is answered with 200 within `WITHIN_S`."""
    parts = urlsplit(url)
    try:
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=WITHIN_S)
        connection.request("GET", parts.path or "/")
        return connection.getresponse().status == 200
    except (OSError, ValueError, http.client.HTTPException):
        return False


if __name__ == "__main__":
    sys.exit(not alive(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("EDGESCRIPT_HEALTH", HEALTH)))
