"""Two nodes behind a balancer, replaced one after the other as Kubernetes does it, under load: no request fails."""

import contextlib
import tempfile
from pathlib import Path

import pytest

from tests.image import balancer, containers
from tests.image.containers import eventually, get
from tests.kubernetes.manifests import needs, pause_s, settings, workloads
from tests.support.edge import load
from tests.support.ports import free_port

pytestmark = [
    containers.needed,
    balancer.needed,
    needs("kubectl"),
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("containers"),
]


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory(prefix="es-") as name:  # short, for the socket in it
        path = Path(name)
        path.chmod(0o755)
        yield path


class Place:
    """A node of the cluster: its ports, and the pod on it, with the manifest's times."""

    def __init__(self, engine, folder, number):
        self._engine = engine
        self._name = f"rolls-{number}"
        self._folder = folder / self._name
        self._folder.mkdir()
        self.port, self.probes = free_port(), free_port()
        [(_, table)] = settings("demo")
        [self._template] = [pod for name, pod in workloads("demo") if name == "edgescript-edge"]
        (self._folder / "edge.toml").write_text(
            f'listen = "127.0.0.1:{self.port}"\norigin = "http://127.0.0.1:1"\nscripts = ["a.es"]\n'
            f'admin = ""\nprobes = "127.0.0.1:{self.probes}"\nworkers = {table["workers"]}\n'
            f"lame_duck_s = {table['lame_duck_s']}\ndrain_s = {table['drain_s']}\n"
        )

    @contextlib.contextmanager
    def pod(self, release):
        """One that says `release`, ready."""
        (self._folder / "a.es").write_text(f"exit(200, '{release}')\n")
        with self._engine.running(self._name, "-v", f"{self._folder}:/etc/edgescript:ro"):
            eventually(self._ready)
            yield

    def _ready(self):
        return get(self.probes, "/readyz")[0] == 200

    def end_pod(self):
        """As the kubelet does: the hook, SIGTERM, and SIGKILL when the grace is over."""
        [edge] = [each for each in self._template["spec"]["containers"] if each["name"] == "edge"]
        hook = edge["lifecycle"]["preStop"]["exec"]["command"]
        self._engine("exec", self._name, *hook)
        grace_s = self._template["spec"]["terminationGracePeriodSeconds"] - pause_s(edge)
        self._engine("stop", "-t", grace_s, self._name, within_s=60)
        assert self._engine.inspect(self._name)["State"]["ExitCode"] == 0


def test_pods_are_replaced_one_after_the_other_and_no_request_fails(engine, folder):
    places = [Place(engine, folder, number) for number in range(2)]
    before = balancer.Balancer(folder, free_port(), [(each.port, each.probes) for each in places])
    with contextlib.ExitStack() as pods:
        olds = [pods.enter_context(contextlib.ExitStack()) for _ in places]
        for place, old in zip(places, olds, strict=True):
            old.enter_context(place.pod("old"))
        with before.running(), load(before, clients=8) as seen:
            for place, old in zip(places, olds, strict=True):
                place.end_pod()
                old.close()
                pods.enter_context(place.pod("new"))
                eventually(lambda: before.up() == 2)
    answers = [answer for client in seen for answer in client]
    assert len(answers) > 1000
    assert set(answers) == {(200, b"old"), (200, b"new")}
