"""What goes wrong around a container, and what its operator sees of it."""

import contextlib
import http.client
import itertools

import pytest

from tests.image.containers import eventually, get, needed
from tests.support.origin import RecordingOrigin
from tests.support.ports import free_port

pytestmark = [needed, pytest.mark.timeout(600), pytest.mark.xdist_group("containers")]

WRONG = {
    "no file": (None, "edgescript: /etc/edgescript/edge.toml: no such file or directory"),
    "no TOML": ("listen = [", "/etc/edgescript/edge.toml:1:11: error: "),
    "an unknown key": ("lisen = 1\n", "/etc/edgescript/edge.toml:1:1: error: lisen: unknown key"),
    "no origin": ('listen = "127.0.0.1:0"\n', "edgescript serve: no origin: want "),
    "a script that is not there": (
        'origin = "http://127.0.0.1:1"\nscripts = ["a.es"]\n',
        "edgescript: cannot read '/etc/edgescript/a.es': no such file or directory",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_settings_end_it_with_2_and_one_line_that_says_why(engine, case, tmp_path):
    text, wanted = WRONG[case]
    tmp_path.chmod(0o755)
    if text is not None:
        (tmp_path / "edge.toml").write_text(text)
    status, said = engine.ended("-v", f"{tmp_path}:/etc/edgescript:ro")
    first, *rest = said.splitlines()
    assert (status, first[: len(wanted)]) == (2, wanted), said
    assert [line for line in rest if not line.lstrip("0123456789 ").startswith(("|", "^"))] == []


def test_a_volume_that_cannot_be_written_is_told_and_the_node_serves(engine, tmp_path):
    port, probes = free_port(), free_port()
    tmp_path.chmod(0o755)
    for name in ("etc", "state"):
        (tmp_path / name).mkdir()
    (tmp_path / "etc" / "a.es").write_text("exit(200, 'served')\n")
    (tmp_path / "etc" / "edge.toml").write_text(
        f'listen = "127.0.0.1:{port}"\norigin = "http://127.0.0.1:1"\nscripts = ["a.es"]\nadmin = ""\n'
        f'probes = "127.0.0.1:{probes}"\nstate_dir = "/var/lib/edgescript/state"\n'
    )
    volumes = (
        *("-v", f"{tmp_path / 'etc'}:/etc/edgescript:ro"),
        *("-v", f"{tmp_path / 'state'}:/var/lib/edgescript"),  # root's, who is not the node's user
    )
    with engine.running("unwritable", *volumes) as name:
        eventually(lambda: get(probes, "/readyz")[0] == 200)
        assert get(port) == (200, b"served")
        assert b"ermission denied" in get(probes, "/readyz")[1]
        assert '"event": "state-unwritable"' in engine.logs(name)


BODY = b"x" * 65_536
HEADERS = [("Cache-Control", "max-age=3600"), ("Content-Type", "text/plain")]


def test_killed_for_memory_it_goes_on_with_its_state(engine, tmp_path):
    """Responses beyond the limit on memory: the kernel ends a process, what was stored before is there after."""
    port, probes = free_port(), free_port()
    tmp_path.chmod(0o755)
    with RecordingOrigin(fields=HEADERS, body=BODY) as origin:
        (tmp_path / "edge.toml").write_text(
            f'listen = "127.0.0.1:{port}"\norigin = "{origin.url}"\nadmin = ""\nprobes = "127.0.0.1:{probes}"\n'
            f'state_dir = "/var/lib/edgescript"\ncache_bytes = {1 << 30}\n'
        )
        options = (
            *("-v", f"{tmp_path}:/etc/edgescript:ro", "-v", "es-oom:/var/lib/edgescript"),
            *("--memory=128m", "--memory-swap=128m"),
        )
        try:
            with engine.running("greedy", *options) as name:
                eventually(lambda: get(probes, "/readyz")[0] == 200)
                assert get(port, "/kept") == (200, BODY)
                numbers = itertools.count()
                eventually(lambda: killed(engine, name, port, numbers), within_s=120)
                if not engine.inspect(name)["State"]["Running"]:
                    engine("start", name)  # the kubelet's part
                eventually(lambda: get(probes, "/readyz")[0] == 200)
                before = len(origin.asked)
                _, body, headers = get(port, "/kept", with_headers=True)
                assert (body, headers["X-Cache"], len(origin.asked)) == (BODY, "HIT", before)
        finally:
            engine("volume", "rm", "-f", "es-oom", check=False)


def killed(engine, name, port, numbers):
    """Have some more stored; whether the kernel has ended a worker, or the container with all."""
    for number in itertools.islice(numbers, 100):
        with contextlib.suppress(OSError, http.client.HTTPException):
            get(port, f"/{number}")
    log = engine.logs(name)
    return '"cause": "SIGKILL"' in log or engine.inspect(name)["State"]["ExitCode"] == 137
