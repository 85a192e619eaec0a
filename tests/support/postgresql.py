"""A real PostgreSQL of our own on a socket in a folder of its own: no port, no network."""

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg

OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",  # what is killed here are its clients, not the machine
    "max_connections": "60",
    "shared_buffers": "16MB",
}


def programs():
    """The folder of the server's programs, the newest release first; None where there are none."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    found = str(folders[-1]) if folders else shutil.which("initdb")
    return Path(found).parent if found else None


class Server:
    """Made, started and, by `stop`, removed. It refuses to run as root, so root runs it as `postgres`."""

    def __init__(self, bin_folder):
        self._bin = bin_folder
        # Not below pytest's folders: those are closed to other users.
        self.folder = Path(tempfile.mkdtemp(prefix="es-pg-"))
        self._user = None
        if os.geteuid() == 0:
            self._user = pwd.getpwnam("postgres").pw_name
            shutil.chown(self.folder, self._user)
        self._numbers = itertools.count(1)
        self._data = self.folder / "data"
        self._call(
            "initdb",
            "-D",
            self._data,
            "-A",
            "trust",
            "-U",
            "postgres",
            "-N",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
        )
        options = " ".join(
            f"-c {name}={value}" if value else f"-c {name}=''" for name, value in OPTIONS.items()
        )
        self._call(
            "pg_ctl",
            "-D",
            self._data,
            "-o",
            f"{options} -k {self.folder}",
            "-l",
            self.folder / "log",
            "-w",
            "start",
        )

    def open_to_all(self):
        """Let processes of other users reach its socket."""
        self.folder.chmod(0o755)

    def new_database(self):
        """The name of a new database with nothing in it."""
        name = f"t{next(self._numbers)}"
        self.say(f"CREATE DATABASE {name} TEMPLATE template0")
        return name

    def url(self, name):
        return f"postgresql://postgres@/{name}?host={self.folder}"

    def say(self, statement, database="postgres"):
        """Run a statement as an operator would; its rows."""
        with psycopg.connect(
            f"dbname={database} user=postgres host={self.folder}", autocommit=True
        ) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def stop(self):
        self._call("pg_ctl", "-D", self._data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _call(self, program, *arguments):
        # Its output goes nowhere: a server that is started would hold a pipe open.
        subprocess.run(
            [self._bin / program, *arguments],
            check=True,
            user=self._user,
            cwd=self.folder,
            timeout=60,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
