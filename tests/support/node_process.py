"""
`edgescript serve` in a process of its own, on a port of the system's choice.

    with serving(tmp_path, "--origin", origin.url, "--script", "a.es") as (process, port):
        assert ask(port, "/") == (200, b"yes")
"""

import contextlib
import http.client
import re
import subprocess
import sys

TIMEOUT_S = 20


@contextlib.contextmanager
def serving(cwd, *arguments):
    """A node as a process of its own; gives it and its port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "edgescript", "serve", "--listen", "127.0.0.1:0", "--admin", "", *arguments],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stderr.readline()
        found = re.search(r"serving on http://127\.0\.0\.1:(\d+)", line)
        assert found, line + process.stderr.read()
        yield process, int(found[1])
    finally:
        process.kill()
        process.communicate(timeout=TIMEOUT_S)


def ask(port, target):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    with contextlib.closing(connection):
        connection.request("GET", target, headers={"Host": "www.example.com"})
        response = connection.getresponse()
        return response.status, response.read()
