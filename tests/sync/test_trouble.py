"""A console, a network, a disk that do a node harm: it serves what it served, says what is wrong, and goes on when it can."""

import contextlib
import os
import resource
import signal
import subprocess

import pytest

from runtime.bundles.sealing import seal
from tests.bundles.made import KEY, OTHER_KEY, STORE_KEY, entry_of, envelope
from tests.support.command import run_command
from tests.support.edge import node
from tests.support.ports import free_port
from tests.support.waiting import wait_until
from tests.sync.console import TOKEN, Console, compiled, following, says


def test_a_node_that_never_heard_of_its_console_waits_for_it(tmp_path):
    port = free_port()
    with following(tmp_path, None, url=f"http://127.0.0.1:{port}", wait=False) as edge:
        wait_until(lambda: any("cannot be reached" in each for each in edge.trouble()))
        assert edge.admin("GET", "/healthz")[0] == 200
        assert edge.admin("GET", "/readyz")[0] == 503
        assert edge.says()[0] == 503
        with Console(port) as console:
            console.acked(console.publish(shop=says("at last")))
            assert edge.says() == (200, b"at last")
            wait_until(lambda: edge.trouble() == [])
            assert edge.ready()


def test_what_is_not_acceptable_is_not_served_and_said(tmp_path):
    with Console() as console, following(tmp_path, console, wait=False) as edge:
        console.acked(console.publish(100, shop=says("one")))
        good = envelope(101, console.domains)
        for generation, data, trouble in (
            (101, envelope(99, console.domains), "older"),
            (102, envelope(102, console.domains, by=(OTHER_KEY,)), "unsigned"),
            (103, good[:-5], "damaged"),
        ):
            console.say(data, generation)
            report = console.report(lambda report, trouble=trouble: report.error.startswith(trouble))
            assert report.generation == 100
        assert edge.says() == (200, b"one")
        assert any("console: damaged" in each for each in edge.trouble())
        console.acked(console.publish(104, shop=says("two")))
        assert edge.says() == (200, b"two")
        assert edge.trouble() == []


UNFIT = {
    "code that is none": {"scripts": [("main", b"ESC\x01nothing")]},
    "a setting that is none": {"scripts": [("main", compiled("exit(200, 'x')\n"))], "no_such_key": 1},
    "a host of another": {"hosts": ["blog.example"]},
}


@pytest.mark.parametrize("case", UNFIT)
def test_a_domain_that_does_not_load_stays_as_it_was_and_the_others_go_on(tmp_path, case):
    with Console() as console, following(tmp_path, console, wait=False, workers=2) as edge:
        console.acked(console.publish(100, shop=says("one"), blog=says("blog")))
        console.report(lambda report: report.generation == 100 and not report.refused_domains)
        unfit = console.shelf.domain("shop", **{"origin": "http://127.0.0.1:1", **UNFIT[case]})
        blog, new = console.domain("blog", says("newer")), console.domain("new", says("new"))
        console.acked(console.publish(101, [unfit, blog, new]))
        report = console.report(lambda report: report.generation == 101)
        assert [each.domain for each in report.refused_domains] == ["shop"]
        assert (report.refused, report.error) == (0, "")
        assert edge.says() == (200, b"one")
        assert edge.says("blog.example") == (200, b"newer")
        assert edge.says("new.example") == (200, b"new")
        (trouble,) = edge.trouble()
        assert trouble.startswith("domain shop: ")
        assert trouble.endswith("; what was served before is served on")
        (refused,) = edge.noted("domain-refused")
        assert (refused["domain"], refused["served"]) == ("shop", True)
        assert edge.metric("console_domains_refused") == 1
        for number in range(102, 107):  # more changes than manifests are kept
            console.acked(console.publish(number, [unfit, console.domain("blog", says(number))]))
        edge.end()
    with Console(console.port) as back:
        back.status = 503
        with following(tmp_path, back) as edge:
            assert (edge.says(), edge.says("blog.example")) == ((200, b"one"), (200, b"106"))
            back.status = 0
            report = back.report(lambda report: report.node)
            assert [each.domain for each in report.refused_domains] == ["shop"]
            back.acked(back.publish(107, [back.domain("shop", says("mended"))]))
            back.report(lambda report: report.generation == 107 and not report.refused_domains)
            assert edge.says() == (200, b"mended")
            assert edge.trouble() == []


def test_a_document_that_this_build_cannot_read_is_its_domains_trouble_alone(tmp_path):
    with Console() as console, following(tmp_path, console, wait=False) as edge:
        ref = console.shelf.put(b"of another time")
        odd = entry_of("shop", ref, console.shelf.blobs[ref.name])
        console.acked(console.publish(100, [odd, console.domain("blog", says("blog"))]))
        assert edge.says("blog.example") == (200, b"blog")
        assert edge.says()[0] == 421
        (trouble,) = edge.trouble()
        assert trouble.endswith("; it is not served")


@pytest.mark.parametrize("spoil", ["manifest", "blob"])
def test_a_damaged_newest_is_passed_over_at_the_start_and_fetched_again(tmp_path, spoil):
    with Console() as console:
        console.publish(100, shop=says("one"))
        with following(tmp_path, console) as edge:
            console.acked(100)
            console.acked(console.publish(101, shop=says("two")))
            edge.end()
        kept = tmp_path / "state/bundles/production"
        name = "manifests/101" if spoil == "manifest" else f"blobs/{console.domains[0].blob.name}"
        (kept / name).write_bytes(b"damaged")
        console.status = 503
        with following(tmp_path, console) as edge:
            assert edge.says() == (200, b"one")
            assert edge.noted("bundle-passed-over")[0]["generation"] == 101
            assert any("bundle 101 was passed over" in each for each in edge.trouble())
            assert edge.metric("console_generation") == 100
            assert edge.metric("trouble") >= 1
            console.status = 0
            wait_until(lambda: edge.says() == (200, b"two"))
            wait_until(lambda: edge.trouble() == [])


def test_blobs_that_are_wrong_on_their_way_are_not_kept(tmp_path):
    with Console() as console, following(tmp_path, console, wait=False) as edge:
        console.acked(console.publish(100, shop=says("one")))
        code = seal(STORE_KEY, compiled(says("two"))).ref.name
        for held in (b"else", b"", lambda handler: handler.answer(404), lambda handler: handler.answer(302)):
            console.held[code] = held
            generation = console.publish(shop=says("two"))
            console.report(lambda report: report.error != "")
            assert edge.says() == (200, b"one")
        console.held.clear()
        console.acked(generation)
        assert edge.says() == (200, b"two")


def test_a_token_that_is_not_taken_any_more(tmp_path):
    with Console() as console, following(tmp_path, console, wait=False) as edge:
        console.acked(console.publish(100, shop=says("one")))
        console.taken = False
        wait_until(lambda: any("does not take the token" in each for each in edge.trouble()))
        generation = console.publish(101, shop=says("two"))
        assert edge.says() == (200, b"one")
        assert edge.ready()
        console.taken = True
        console.acked(generation)
        assert edge.says() == (200, b"two")


def test_a_full_disk_keeps_what_is_served_and_is_said(tmp_path):
    with Console() as console, following(tmp_path, console, wait=False) as edge:
        console.acked(console.publish(100, shop=says("one")))
        # No file of more than 50 bytes can be written from now on; EFBIG and ENOSPC are met alike.
        follower = edge.follower()
        resource.prlimit(follower, resource.RLIMIT_FSIZE, (50, resource.RLIM_INFINITY))
        generation = console.publish(101, shop=says("two"))
        report = console.report(lambda report: "bundles cannot be kept" in report.error)
        assert any("bundles cannot be kept" in each for each in report.trouble)
        assert edge.says() == (200, b"one")
        assert any("bundles cannot be kept" in each for each in edge.trouble())
        resource.prlimit(follower, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        console.acked(generation)
        assert edge.says() == (200, b"two")
        wait_until(lambda: edge.trouble() == [])


def test_a_state_directory_that_takes_nothing_keeps_no_change_from_being_served(tmp_path):
    (tmp_path / "state").write_text("no directory")
    with Console() as console, following(tmp_path, console, wait=False) as edge:
        for generation, text in ((100, "one"), (101, "two")):
            console.acked(console.publish(generation, shop=says(text)))
            assert edge.says() == (200, text.encode())
        assert edge.admin("GET", "/readyz")[0] == 200
        assert any("served from memory" in each for each in edge.trouble())
        assert edge.metric("trouble") >= 1
        console.report(lambda report: any("served from memory" in each for each in report.trouble))
        assert edge.noted("bundles-in-memory")
        # The process that follows comes back with what it put there.
        console.status = 503
        os.kill(edge.follower(), signal.SIGKILL)
        wait_until(lambda: edge.noted("follower-ended"))
        assert edge.admin("POST", "/reload")[0] == 200
        assert edge.says() == (200, b"two")
        assert edge.end() == 0


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 256 KiB where the node's state is."""
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k,mode=700", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("file systems cannot be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_file_system_keeps_no_change_from_being_served(tmp_path, small_disk):
    with Console() as console:
        with following(tmp_path, console, wait=False) as edge:
            console.acked(console.publish(100, shop=says("one")))
            filling = small_disk / "else"
            with contextlib.suppress(OSError), filling.open("wb", buffering=0) as file:
                while True:
                    file.write(bytes(4096))
            console.acked(console.publish(101, shop=says("two")))
            assert edge.says() == (200, b"two")
            assert any("no space left on device" in each for each in edge.trouble())
            edge.end(signal.SIGKILL)
        console.status = 503
        with following(tmp_path, console) as edge:  # nothing of the newer one could be kept
            assert edge.says() == (200, b"one")
            console.status = 0
            wait_until(lambda: edge.says() == (200, b"two"))
            filling.unlink()
            console.acked(console.publish(102, shop=says("three")))
            wait_until(lambda: edge.trouble() == [])
            edge.end()
        console.status = 503
        with following(tmp_path, console) as edge:
            assert edge.says() == (200, b"three")


def test_keys_change_and_stay_changed_after_a_restart(tmp_path):
    with Console() as console:
        console.keys = (OTHER_KEY.public_key,)
        console.publish(100, shop=says("one"))
        console.signers = (OTHER_KEY,)
        with following(tmp_path, console) as edge:
            console.acked(100)
            console.acked(console.publish(101, shop=says("two")))
            edge.end()
        with following(tmp_path, console) as edge:
            console.acked(console.publish(102, shop=says("three")))
            console.say(envelope(103, console.domains, by=(KEY,)), 103)
            console.report(lambda report: report.error.startswith("unsigned"))
            assert edge.says() == (200, b"three")


def test_a_node_of_ours_relays_blobs_and_manifests(tmp_path):
    """Two nodes behind one cache: each blob is asked of the console once, and both follow."""
    (tmp_path / "relay").mkdir()
    with Console() as console, node(tmp_path / "relay", origin=console.url) as relay:
        url = f"http://127.0.0.1:{relay.port}"
        for number in (1, 2):
            folder = tmp_path / str(number)
            folder.mkdir()
            with following(folder, None, url=url, wait=False, node_name=f"edge-{number}") as edge:
                if number == 1:
                    console.publish(100, shop=says("one"))
                console.report(
                    lambda report, number=number: report.node == f"edge-{number}" and report.generation > 0
                )
                generation = console.publish(shop=says(f"new {number}"))
                console.report(lambda report, generation=generation: report.generation == generation)
                assert edge.says() == (200, f"new {number}".encode())
        blobs = console.requests("/blobs/")
        assert len(blobs) == len(set(blobs)) == 6


# --- the command line -------------------------------------------------------------------------------------------


def serve(*arguments):
    result = run_command("serve", "--check-config", *arguments)
    return result.status, result.stderr


WRONG = {
    "no state directory": (["--console", "http://c", "--node-token", TOKEN.text], "--state DIR"),
    "no token": (["--console", "http://c", "--state", "s"], "EDGESCRIPT_NODE_TOKEN"),
    "a token that is none": (
        ["--console", "http://c", "--state", "s", "--node-token", "secret"],
        "not a node's token",
    ),
    "no console": (["--origin", "http://o", "--node-token", TOKEN.text], "want --console"),
    "a console that is no URL": (
        ["--console", "c", "--state", "s", "--node-token", TOKEN.text],
        "http://host",
    ),
    "credentials in the URL": (
        ["--console", "http://u:p@c", "--state", "s", "--node-token", TOKEN.text],
        "http://host",
    ),
    "a name with a slash": (
        ["--console", "http://c", "--state", "s", "--node-token", TOKEN.text, "--node-name", "a/b"],
        "node_name",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_flags_that_do_not_fit(case, tmp_path):
    arguments, expected = WRONG[case]
    arguments = [str(tmp_path / each) if each == "s" else each for each in arguments]
    status, text = serve(*arguments)
    assert status != 0
    assert expected in text
    assert TOKEN.secret not in text


def test_flags_that_do_and_the_environment(tmp_path, monkeypatch):
    state = str(tmp_path / "s")
    assert serve("--console", "https://c.example/edge/", "--state", state, "--node-token", TOKEN.text)[0] == 0
    monkeypatch.setenv("EDGESCRIPT_CONSOLE", "https://c.example")
    monkeypatch.setenv("EDGESCRIPT_NODE_TOKEN", TOKEN.text)
    monkeypatch.setenv("EDGESCRIPT_NODE_NAME", "edge-7")
    assert serve("--state", state)[0] == 0
    monkeypatch.setenv("EDGESCRIPT_NODE_TOKEN", "none")
    assert serve("--state", state)[0] != 0
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - the names are all that is asked
