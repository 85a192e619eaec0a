"""What a real API server says of the manifests: takes them whole, keeps each field, and knows what an update replaces."""

import copy
import tempfile
from pathlib import Path

import pytest

from tests.kubernetes.api_server import ApiServer, needed, place
from tests.kubernetes.charted import OVERLAYS as CHARTED
from tests.kubernetes.charted import charted
from tests.kubernetes.handbook import overlay_of_the_handbook
from tests.kubernetes.manifests import OVERLAYS, needs, objects, of_kind

pytestmark = [
    needed,
    needs("kubectl", "cyclonedx-py"),
    pytest.mark.timeout(300),
    pytest.mark.xdist_group("api server"),
]


@pytest.fixture(scope="module")
def api():
    with tempfile.TemporaryDirectory(prefix="es-api-") as name, ApiServer(Path(name)) as server:
        yield server


def of_its_age(documents):
    """For a server of 1.20: budgets are of the same fields in v1beta1 there, and v1 came a release later."""
    made = copy.deepcopy(documents)
    for each in made:
        if each["apiVersion"] == "policy/v1":
            each["apiVersion"] = "policy/v1beta1"
    return made


def kept(sent, stored):
    """Paths of what was sent and is not there, or is another value; what the server adds does not count."""
    if isinstance(sent, dict):
        return [
            f".{key}{rest}"
            for key, value in sent.items()
            for rest in (kept(value, stored[key]) if key in stored else [": dropped"])
        ]
    if isinstance(sent, list) and len(sent) == len(stored):
        return [
            f"[{at}]{rest}"
            for at, (one, other) in enumerate(zip(sent, stored, strict=True))
            for rest in kept(one, other)
        ]
    return [] if sent == stored else [f": {sent!r} became {stored!r}"]


def applied_whole(api, documents):
    stored = api.apply(documents)
    for each in documents:
        lost = kept(each, stored[place(each)])
        # a quantity may be written in another way, an empty map left out
        assert [path for path in lost if "cpu" not in path and not path.endswith("emptyDir: dropped")] == []
    return stored


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_it_takes_an_overlay_and_drops_nothing_of_it(api, overlay):
    # overlays for different clusters have namespaces of the same name
    api("delete", "daemonsets,deployments", "--all", "--all-namespaces", "--wait=false")
    first = applied_whole(api, of_its_age(objects(overlay)))
    again = api.apply(of_its_age(objects(overlay)))
    assert as_they_are(again) == as_they_are(first), "what is there already is not changed"


BOOKKEEPING = {"managedFields", "resourceVersion"}
"""Of the server about who has applied what and when."""


def as_they_are(stored):
    return {
        where: {
            **each,
            "metadata": {key: value for key, value in each["metadata"].items() if key not in BOOKKEEPING},
        }
        for where, each in stored.items()
    }


def generation(stored, kind):
    [found] = [each["metadata"]["generation"] for where, each in stored.items() if where[0] == kind]
    return found


@pytest.mark.parametrize(
    "name", ["a registry with a password", "another port", "from outside", "a console that is stopped"]
)
def test_it_takes_what_the_handbook_shows(api, name, tmp_path):
    namespace = f"handbook-{name.replace(' ', '-')}"
    api("create", "namespace", namespace)
    documents = of_its_age(overlay_of_the_handbook(name, tmp_path))
    for each in documents:
        if each["kind"] != "PriorityClass":
            each["metadata"]["namespace"] = namespace
    applied_whole(api, documents)


@pytest.mark.parametrize("overlay", sorted(CHARTED))
def test_it_takes_the_chart(api, overlay):
    name = f"chart-{overlay}"
    api("create", "namespace", name)
    documents = of_its_age(charted(overlay))
    for each in documents:
        if "namespace" in each["metadata"]:
            each["metadata"]["namespace"] = name
    applied_whole(api, documents)


def test_a_script_in_a_configmap_reaches_pods_that_run_and_settings_of_a_node_make_new_ones(api):
    before = api.apply(objects("gitops"))
    changed = copy.deepcopy(objects("gitops"))
    [texts] = [each["data"] for each in changed if each["kind"] == "ConfigMap"]
    texts["hello.es"] += "add_rsp_header('X-New', 'yes')\n"
    after = api.apply(changed)
    was, now = as_they_are(before), as_they_are(after)
    moved = {where[0] for where in was if was[where] != now[where]}
    assert moved == {"ConfigMap"}, "the DaemonSet has nothing to roll out"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_new_release_is_an_update_of_what_is_there(api, overlay):
    """Nothing in it is immutable but what stays the same; each workload rolls out once."""
    before = api.apply(of_its_age(objects(overlay)))
    released = of_its_age(objects(overlay))
    for each in released:
        pod = each.get("spec", {}).get("template", {}).get("spec", {})
        for container in [*pod.get("initContainers", []), *pod.get("containers", [])]:
            container["image"] = container["image"].replace(":0.1.0", ":0.2.0")
    after = api.apply(released)
    for kind in ("DaemonSet", "Deployment"):
        if of_kind(overlay, kind):
            assert generation(after, kind) == generation(before, kind) + 1


def test_pods_may_ask_the_api_for_nothing(api):
    api.apply(of_its_age(objects("demo")))
    for account in ("edgescript-edge", "edgescript-console"):
        who = f"--as=system:serviceaccount:edgescript-demo:{account}"
        listed = api("auth", "can-i", "--list", "--namespace=edgescript-demo", "--no-headers", who)
        granted = [line.split()[0] for line in listed.splitlines() if line and not line.startswith(" ")]
        # what every account may: ask about itself
        assert all(each.startswith(("self", "[")) for each in granted), listed
