"""
A Kubernetes API server of one's own: kube-apiserver over etcd, on loopback, with no controllers and no machines.

So what is applied is judged, defaulted and stored as in a cluster, and nothing is started. The server is that of Debian's
sources, 1.20, which `make apiserver` builds; without it the tests skip and say so.
"""

import contextlib
import json
import shutil
import subprocess
import time

import pytest

from tests.kubernetes.manifests import ROOT, program
from tests.support.ports import free_port

BUILT = ROOT / "build" / "kube-apiserver"
TOKEN = "administrator"
STARTS_WITHIN_S = 60
ASKED_WITHIN_S = 60

missing = ", ".join(
    name
    for name, there in (
        ("build/kube-apiserver (make apiserver)", BUILT.exists()),
        ("etcd", shutil.which("etcd")),
        ("kubectl", program("kubectl")),
    )
    if not there
)
needed = pytest.mark.skipif(bool(missing), reason=f"not there: {missing}")


class ApiServer:
    def __init__(self, folder):
        self._folder = folder
        self._port = free_port()
        self._etcd = f"http://127.0.0.1:{free_port()}"
        self._peers = f"http://127.0.0.1:{free_port()}"
        self._programs = contextlib.ExitStack()

    def __enter__(self):
        key = self._folder / "accounts.key"
        subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)
        (self._folder / "tokens.csv").write_text(f'{TOKEN},administrator,1,"system:masters"\n')
        self._start(
            *("etcd", "--data-dir", self._folder / "etcd", "--initial-cluster", f"default={self._peers}"),
            *("--listen-client-urls", self._etcd, "--advertise-client-urls", self._etcd),
            *("--listen-peer-urls", self._peers, "--initial-advertise-peer-urls", self._peers),
        )
        self._start(
            *(BUILT, f"--etcd-servers={self._etcd}", f"--secure-port={self._port}", "--insecure-port=0"),
            *("--bind-address=127.0.0.1", "--advertise-address=127.0.0.1"),
            *(
                f"--cert-dir={self._folder / 'certificates'}",
                f"--token-auth-file={self._folder / 'tokens.csv'}",
            ),
            *("--authorization-mode=RBAC", "--service-account-issuer=https://kubernetes.default.svc"),
            *(f"--service-account-key-file={key}", f"--service-account-signing-key-file={key}"),
            *("--service-cluster-ip-range=10.0.0.0/24", "--disable-admission-plugins=ServiceAccount"),
        )
        until = time.monotonic() + STARTS_WITHIN_S
        while self._ask("get", "--raw", "/readyz").returncode:
            assert time.monotonic() < until, (self._folder / "kube-apiserver.log").read_text()[-2000:]
            time.sleep(0.2)
        return self

    def __exit__(self, *raised):
        self._programs.close()

    def _start(self, command, *arguments):
        log = self._programs.enter_context(
            (self._folder / f"{getattr(command, 'name', command)}.log").open("wb")
        )
        process = subprocess.Popen([command, *map(str, arguments)], stdout=log, stderr=log)
        self._programs.callback(process.wait, 20)
        self._programs.callback(process.terminate)

    def _ask(self, *arguments, given=None):
        return subprocess.run(
            [
                *(
                    program("kubectl"),
                    f"--server=https://127.0.0.1:{self._port}",
                    "--insecure-skip-tls-verify",
                ),
                *(f"--token={TOKEN}", "--kubeconfig=/dev/null", *arguments),
            ],
            input=given,
            capture_output=True,
            text=True,
            timeout=ASKED_WITHIN_S,
            check=False,
        )

    def __call__(self, *arguments, given=None):
        """What kubectl prints."""
        ran = self._ask(*arguments, given=given)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def apply(self, objects):
        """As the server has them after it: by kind, namespace and name."""
        text = "\n---\n".join(map(json.dumps, objects))
        # kubectl's own look at the schemas wants a newer server
        said = self("apply", "--server-side", "--validate=false", "-o", "json", "-f", "-", given=text)
        listed = json.loads(said)
        return {place(each): each for each in listed.get("items", [listed])}


def place(each):
    return each["kind"], each["metadata"].get("namespace", ""), each["metadata"]["name"]
