"""A command that goes on, in a process of its own, read line by line."""

import os
import signal
import subprocess
import sys

TIMEOUT_S = 60


class Waiting:
    """`edgescript ARGUMENTS...` in a person's folder; killed at the end of the `with`."""

    def __init__(self, person, *arguments):
        self._process = subprocess.Popen(
            [sys.executable, "-m", "edgescript", *arguments],
            cwd=person.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ,
        )

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self._process.kill()
        self._process.communicate(timeout=TIMEOUT_S)

    def says(self):
        """The next line of standard output."""
        return self._process.stdout.readline().rstrip("\n")

    def complains(self):
        """The next line of standard error."""
        return self._process.stderr.readline().rstrip("\n")

    def interrupt(self):
        """As Ctrl-C."""
        self._process.send_signal(signal.SIGINT)

    def rest(self):
        """Exit status, and what else was printed on both streams."""
        printed, complained = self._process.communicate(timeout=TIMEOUT_S)
        return self._process.returncode, printed, complained
