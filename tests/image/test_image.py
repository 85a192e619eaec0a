"""The image as it is run at the edge: no root, nothing to write but its state, limits on memory and processors."""

import re
import shlex
import shutil
import socket
import threading
import time
import tomllib

import pytest

from tests.image.containers import BASE, IMAGE, ROOT, eventually, get, needed
from tests.support.ports import free_port

pytestmark = [needed, pytest.mark.timeout(600), pytest.mark.xdist_group("containers")]

SAYS = "exit(200, '{}')\n"


class Folder:
    """What is mounted at /etc/edgescript."""

    def __init__(self, path, port, probes, origin):
        self.path = path
        path.chmod(0o755)
        (path / "edge.toml").write_text(
            f'listen = "127.0.0.1:{port}"\norigin = "http://127.0.0.1:{origin}"\nscripts = ["/etc/edgescript/a.es"]\n'
            f'admin = ""\nprobes = "127.0.0.1:{probes}"\nstate_dir = "/var/lib/edgescript"\ndrain_s = 8.0\nworkers = 2\n'
        )

    def script(self, text):
        (self.path / "a.es").write_text(text)


@pytest.fixture
def slow_origin():
    """An origin that answers when the test says so."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(20)
        yield listening


@pytest.fixture
def folder(tmp_path, slow_origin):
    made = Folder(tmp_path, free_port(), free_port(), slow_origin.getsockname()[1])
    made.port, made.probes = (
        int(line.rpartition(":")[2].strip('"'))
        for line in (tmp_path / "edge.toml").read_text().splitlines()
        if line.startswith(("listen", "probes"))
    )
    return made


def options(folder):
    return (
        *("-v", f"{folder.path}:/etc/edgescript:ro"),
        *("-e", f"EDGESCRIPT_HEALTH=http://127.0.0.1:{folder.probes}/healthz"),
    )


def test_it_runs_as_nobody_in_particular(engine):
    image = engine.inspect(IMAGE)
    config = image["Config"]
    assert config["User"] == "65532:65532"
    assert config["Entrypoint"] == ["edgescript"]
    assert image["Healthcheck"]["Test"][0] == "CMD"
    assert "/var/lib/edgescript" in config["Volumes"]
    assert not [each for each in config["Env"] if "INDEX" in each or "TOKEN" in each]


ANNOTATION = "org.opencontainers.image."
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def labels(engine, name):
    """Those that OCI names, by what comes after its prefix."""
    found = engine.inspect(name)["Config"]["Labels"].items()
    return {key.removeprefix(ANNOTATION): value for key, value in found if key.startswith(ANNOTATION)}


def test_it_says_what_it_is_and_what_it_was_made_from(engine):
    told = labels(engine, IMAGE)
    assert re.fullmatch(r"[0-9a-f]{40}(-dirty)?|unknown", told.pop("revision"))
    assert told == {
        "title": "EdgeScript",
        "description": "A programmable CDN edge: node, console and command line",
        "licenses": PROJECT["license"],
        "version": PROJECT["version"],
        "base.name": BASE,
    }


def test_the_base_may_be_named_by_its_digest_and_the_repository_by_who_builds(engine):
    base = f"{BASE}@{engine.inspect(BASE)['Digest']}"
    source = "https://git.example.com/edge"
    name = "localhost/edgescript:pinned"
    engine.build_image(base, name, SOURCE=source)
    try:
        assert labels(engine, name).items() >= {"base.name": base, "source": source}.items()
    finally:
        engine("rmi", "-f", name, check=False)


def test_the_command_of_the_handbook_starts_a_node(engine):
    port = free_port()
    text = (ROOT / "docs" / "node.md").read_text(encoding="utf-8")
    [command] = re.findall(r"^podman (run .*?)^```$", text, re.MULTILINE | re.DOTALL)
    own = {"80:8080": f"127.0.0.1:{port}:8080", "http://origin.example": "http://127.0.0.1:1"}
    arguments = [own.get(word, word) for word in shlex.split(command.replace("\\\n", " "))]
    [image] = [word for word in arguments if word.startswith("localhost/edgescript:")]
    arguments[arguments.index(image)] = IMAGE
    name = arguments[arguments.index("--name") + 1]
    [volume] = [word.partition(":")[0] for word in arguments if word.endswith(":/var/lib/edgescript")]
    engine(*arguments)
    try:
        eventually(lambda: get(port)[0] == 502, within_s=10)  # nobody is at that origin
        assert engine("exec", name, "ls", "/var/lib/edgescript/state")
        engine("healthcheck", "run", name)
    finally:
        engine("rm", "-f", "-t", "0", name, check=False)
        engine("volume", "rm", "-f", volume, check=False)


def test_the_final_stage_has_no_compiler_and_no_leftovers_of_the_build(engine):
    found = engine(
        *("run", "--rm", "--network=host", "--entrypoint=sh", IMAGE, "-c"),
        "for each in cc gcc g++ make git; do command -v $each; done; "
        "ls -d /src /opt/build ~root/.cache /tmp/* 2>/dev/null; find /opt/edgescript -name '*.pyc' | head -1",
        check=False,
    )
    assert [line for line in found.splitlines() if not line.endswith(".pyc")] == []
    assert found.endswith(".pyc"), "modules are compiled, since nothing can be written later"


def test_nothing_in_it_installs_packages_of_python(engine):
    found = engine(
        *("run", "--rm", "--network=host", "--entrypoint=sh", IMAGE, "-c"),
        "for each in /usr/bin/python3 /opt/edgescript/bin/python; do $each -m pip --version; $each -c 'import ensurepip'; done; "
        r"find / -xdev -path /proc -prune -o \( -name 'pip' -o -name 'pip-*' -o -name setuptools -o -name 'setuptools-*' \) -print",
        check=False,
    )
    assert found == ""


def test_the_command_line_is_there(engine):
    assert "Run an edge node" in engine("run", "--rm", "--network=host", IMAGE, "--help")


def test_it_serves_reloads_and_is_healthy(engine, folder):
    folder.script(SAYS.format("one"))
    with engine.running("serves", *options(folder)) as name:
        eventually(lambda: get(folder.probes, "/readyz")[0] == 200)
        assert get(folder.port) == (200, b"one")
        folder.script(SAYS.format("two"))
        engine("kill", "-s", "HUP", name)
        eventually(lambda: get(folder.port) == (200, b"two"))
        engine("healthcheck", "run", name)
        assert engine("exec", name, "id", "-u") == "65532"
        assert "Read-only file system" in engine("exec", name, "sh", "-c", "touch /etc/x 2>&1", check=False)


def test_it_drains_on_sigterm_within_its_bound(engine, folder, slow_origin):
    folder.script("return true\n")
    with engine.running("drains", *options(folder)) as name:
        eventually(lambda: get(folder.probes, "/readyz")[0] == 200)
        answers = []
        asking = threading.Thread(target=lambda: answers.append(get(folder.port, "/slow")))
        asking.start()
        asked, _ = slow_origin.accept()
        with asked:
            asked.recv(1000)
            began_s = time.monotonic()
            stopping = threading.Thread(target=lambda: engine("stop", "-t", "15", name))
            stopping.start()
            eventually(lambda: get(folder.probes, "/readyz")[0] == 503)
            asked.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone")
        asking.join(20)
        stopping.join(20)
        assert answers == [(200, b"done")]
        assert time.monotonic() - began_s < 8 + 8, "drain_s and what comes after it"
        assert engine.inspect(name)["State"]["ExitCode"] == 0


def stated(pattern):
    """A figure of the handbook."""
    [figure] = re.findall(pattern, (ROOT / "docs" / "node.md").read_text(encoding="utf-8"))
    return float(figure)


def test_it_starts_in_the_time_that_the_handbook_states(engine, folder):
    folder.script(SAYS.format("up"))
    bound_s = stated(r"answers within ([\d.]+) s of its start")
    assert any(first_answer_s(engine, folder) <= bound_s for _ in range(3)), "the least of three"


def first_answer_s(engine, folder):
    began_s = time.monotonic()
    with engine.running("starts", *options(folder)):
        eventually(lambda: get(folder.port)[0] == 200)
        return time.monotonic() - began_s


def test_it_is_no_larger_than_the_handbook_states(engine):
    whole, base = (engine.inspect(image)["Size"] for image in (IMAGE, BASE))
    added_mb = (whole - base) / 1e6
    bound_mb = stated(r"adds at most (\d+) MB")
    assert 0.8 * bound_mb < added_mb <= bound_mb


def test_the_page_is_bundled_where_that_was_not_done_before(engine, tmp_path):
    """`make page` may have been run here; a clean clone has nothing but the sources."""
    page = tmp_path / "runtime" / "console" / "page"
    sources = ROOT / "runtime" / "console" / "page"
    shutil.copytree(sources, page, ignore=shutil.ignore_patterns("built", "node_modules", "__pycache__"))
    name = "localhost/edgescript-page:test"
    engine.build_stage("page", tmp_path, name)
    try:
        listed = engine("run", "--rm", "--network=host", name, "ls", "/page/static/built")
        assert {"editor.js", "charts.js", "charts.css", "LICENSES.txt"} <= set(listed.split())
    finally:
        engine("rmi", "-f", name, check=False)
