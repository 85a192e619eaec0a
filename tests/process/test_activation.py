"""Sockets that a service manager opened and handed over (sd_listen_fds)."""

import fcntl
import json
import os
import socket
import subprocess
import sys

CHILD = """
import json, os, socket
os.environ["LISTEN_PID"] = os.environ["LISTEN_PID"].replace("own", str(os.getpid()))
from runtime.io.listen.activation import inherited
try:
    taken = inherited(os.environ, os.getpid())
    print(json.dumps([[each.getsockname()[1] for each in taken], "LISTEN_FDS" in os.environ]))
except OSError as error:
    print(json.dumps(str(error)))
"""


def hand_over(sockets, *, pid="own", count=None):
    """What a process makes of `sockets` as its descriptors 3 and on."""
    environ = {**os.environ, "LISTEN_PID": pid, "LISTEN_FDS": str(len(sockets) if count is None else count)}
    moves = " ".join(f"{3 + index}<&{each.fileno()}" for index, each in enumerate(sockets))
    command = ["bash", "-c", f'exec {moves}; exec "$0" -c "$1"', sys.executable, CHILD]
    fds = [each.fileno() for each in sockets]
    ran = subprocess.run(command, env=environ, pass_fds=fds, capture_output=True, timeout=20, check=True)
    return json.loads(ran.stdout)


def out_of_the_way(made):
    """The same socket under a high number: those from 3 on are what it is handed over as."""
    with made:
        return socket.socket(fileno=fcntl.fcntl(made.fileno(), fcntl.F_DUPFD_CLOEXEC, 40))


def listening():
    return out_of_the_way(socket.create_server(("127.0.0.1", 0)))


def test_listening_sockets_are_taken_in_order_and_told_to_nobody_else():
    with listening() as first, listening() as second:
        ports = [first.getsockname()[1], second.getsockname()[1]]
        assert hand_over([first, second]) == [ports, False]


def test_those_of_another_process_are_left_alone():
    with listening() as one:
        assert hand_over([one], pid="1") == [[], False]
        assert hand_over([one], pid="") == [[], False]


def test_a_count_that_is_no_number_is_none():
    with listening() as one:
        assert hand_over([one], count="-1") == [[], False]
        assert hand_over([one], count="x") == [[], False]


def test_what_does_not_listen_is_named():
    with out_of_the_way(socket.socket()) as idle:
        assert hand_over([idle]) == "descriptor 3, which was handed over, is no listening TCP socket"
