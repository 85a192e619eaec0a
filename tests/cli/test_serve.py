"""`edgescript serve` as a process: starts, answers, ends; refuses what it cannot serve."""

import contextlib
import http.client
import json
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from runtime.state.directory import StateDirectory
from tests.support.command import run_command
from tests.support.node_process import ask, serving
from tests.support.origin import RecordingOrigin
from tests.support.waiting import wait_until

TIMEOUT_S = 20


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_flags_alone_are_enough_and_signals_end_it(script, tmp_path, number):
    name = script("a.es", "if eq($uri, '/no') {\n    exit(403, 'no')\n}\n")
    with (
        RecordingOrigin(200, [], b"yes") as origin,
        serving(tmp_path, "--origin", origin.url, "--script", name) as (process, port),
    ):
        assert ask(port, "/no") == (403, b"no")
        assert ask(port, "/a") == (200, b"yes")
        process.send_signal(number)
        assert process.wait(TIMEOUT_S) == 0
    assert [asked.target for asked in origin.asked] == ["/a"]


def test_a_configuration_file_names_scripts_beside_it_and_flags_win(script, tmp_path):
    script("a.es", "exit(200, 'from the file')\n")
    script("edge.toml", 'listen = "127.0.0.1:1"\norigin = "http://127.0.0.1:1"\nscripts = ["a.es"]\n')
    with serving("/", "--config", str(tmp_path / "edge.toml")) as (_, port):
        assert ask(port, "/") == (200, b"from the file")


def test_an_error_in_a_script_keeps_the_node_from_starting(script):
    result = run_command("serve", "--origin", "http://127.0.0.1:1", "--script", script("a.es", "lenght()\n"))
    assert (result.status, result.stdout) == (1, "")
    assert "a.es:1:1: error[unknown-function]" in result.stderr


def test_an_address_in_use_is_one_line_and_status_1():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        result = run_command("serve", "--listen", address, "--origin", "http://127.0.0.1:1")
    assert result.status == 1
    assert result.stderr == f"edgescript: cannot listen on {address}: address already in use\n"


def test_two_nodes_do_not_share_an_address(tmp_path):
    with serving(tmp_path, "--origin", "http://127.0.0.1:1") as (_, port):
        address = f"127.0.0.1:{port}"
        result = run_command("serve", "--listen", address, "--origin", "http://127.0.0.1:1")
    assert (result.status, result.stderr) == (
        1,
        f"edgescript: cannot listen on {address}: address already in use\n",
    )


def events(process):
    """What is logged from now on, one object a line; other lines as they are."""
    for line in process.stderr:
        yield json.loads(line) if line.startswith("{") else line


def test_sighup_serves_the_scripts_as_they_are_now(script, tmp_path):
    name = script("a.es", "exit(200, 'old')\n")
    arguments = ["--origin", "http://127.0.0.1:1", "--script", name]
    with serving(tmp_path, *arguments) as (process, port):
        script("a.es", "exit(200, 'new')\n")
        assert ask(port, "/") == (200, b"old")
        process.send_signal(signal.SIGHUP)
        event = next(events(process))
        assert (event["event"], event["scripts"]) == ("reloaded", ["a.es"])
        assert ask(port, "/") == (200, b"new")


def test_sigusr1_and_a_reload_tell_how_often_each_state_was_reached(script, tmp_path):
    text = "if eq($uri, '/hit') {\n    exit(204)\n}\nif eq($uri, '/error') {\n    add_rsp_header('A', hmac('k', 'x', $uri))\n}\nexit(200, 'x')\n"
    first, second = script("a.es", text), script("b.es", "# position: foot\nexit(200)\n")
    config = script(
        "edge.toml",
        'origin = "http://127.0.0.1:1"\n'
        '[[scripts]]\nfile = "a.es"\n[[scripts]]\nfile = "b.es"\nname = "second"\n',
    )
    assert first
    assert second
    with serving(tmp_path, "--config", str(config)) as (process, port):
        assert [ask(port, path)[0] for path in ("/hit", "/hit", "/", "/error")] == [204, 204, 200, 500]
        log = events(process)
        assert next(log)["event"] == "script-fault"
        process.send_signal(signal.SIGUSR1)
        states = next(log)
        assert (states["event"], states["scripts"]["a.es"]) == (
            "script-states",
            {"NonExecution": 0, "ExecutedAndHit": 2, "ExecutedButNotHit": 1, "Exception": 1},
        )
        assert states["scripts"]["second"]["NonExecution"] == 4
        process.send_signal(signal.SIGHUP)
        assert next(log)["before"] == states["scripts"]
        process.send_signal(signal.SIGUSR1)
        assert set(next(log)["scripts"]["a.es"].values()) == {0}


def test_counts_of_limits_outlive_a_reload(script, tmp_path):
    name = script("a.es", "if not(limit_req('k', 0.001, 0)) {\n    exit(429)\n}\nexit(204)\n")
    with serving(tmp_path, "--origin", "http://127.0.0.1:1", "--script", name) as (process, port):
        assert ask(port, "/")[0] == 204
        process.send_signal(signal.SIGHUP)
        next(events(process))
        assert ask(port, "/")[0] == 429


SPOILED = {
    "a script with an error": (
        "a.es",
        "lenght()\n",
        "errors in scripts",
        "a.es:1:1: error[unknown-function]",
    ),
    "a script that is gone": ("a.es", None, "cannot read", None),
    "certificates of an origin that are gone": (
        "edge.toml",
        (
            "[[upstreams]]\nname = 'a'\nservers = ['https://a']\ntls = { ca_file = 'no.pem' }\n"
            "[[sites]]\nhosts = ['a']\norigin = 'a'\n"
        ),
        "upstreams[1].tls.ca_file: no such file or directory",
        None,
    ),
    "a configuration that is none": ("edge.toml", "drain_s = 'x'\n", "drain_s: got 'x', want a number", None),
}


@pytest.mark.parametrize("case", SPOILED)
def test_after_a_reload_that_fails_the_node_goes_on_as_before(script, tmp_path, case):
    file, text, reason, diagnostic = SPOILED[case]
    script("a.es", "exit(200, 'old')\n")
    script("edge.toml", 'origin = "http://127.0.0.1:1"\nscripts = ["a.es"]\n')
    with serving(tmp_path, "--config", str(tmp_path / "edge.toml")) as (process, port):
        if text is None:
            (tmp_path / file).unlink()
        else:
            script(file, text)
        process.send_signal(signal.SIGHUP)
        lines = []
        for line in events(process):
            lines.append(line)
            if isinstance(line, dict):
                break
        assert lines[-1]["event"] == "reload-failed"
        assert reason in lines[-1]["reason"]
        assert diagnostic is None or diagnostic in lines[0]
        assert ask(port, "/") == (200, b"old")
        process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT_S) == 0


def test_no_request_fails_while_scripts_are_reloaded(script, tmp_path):
    name = script("a.es", "exit(200, '0')\n")
    with serving(tmp_path, "--origin", "http://127.0.0.1:1", "--script", name) as (process, port):
        stop = threading.Event()

        def client(seen):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
            with contextlib.closing(connection):
                while not stop.is_set():
                    connection.request("GET", "/", headers={"Host": "www.example.com"})
                    response = connection.getresponse()
                    seen.append((response.status, int(response.read())))

        with ThreadPoolExecutor(3) as pool:
            answers = [[] for _ in range(3)]
            clients = [pool.submit(client, seen) for seen in answers]
            log = events(process)
            for number in range(1, 6):
                script("a.es", f"exit(200, '{number}')\n")
                process.send_signal(signal.SIGHUP)
                assert next(log)["event"] == "reloaded"
            wait_until(lambda: all(seen[-1][1] == 5 for seen in answers))
            stop.set()
            for each, seen in zip(clients, answers, strict=True):
                each.result(TIMEOUT_S)
                statuses, bodies = zip(*seen, strict=True)
                assert set(statuses) == {200}
                assert list(bodies) == sorted(bodies)
                assert bodies[-1] == 5


WRONG = {
    "no origin": ([], "no origin"),
    "an origin that is none": (["--origin", "ftp://a"], "want http://host[:port]"),
    "an address that is none": (["--origin", "http://a", "--listen", "here"], "want host:port"),
    "no host": (["--origin", "http://a", "--listen", ":80"], "want host:port, such as 127.0.0.1:8080"),
    "an empty address": (["--origin", "http://a", "--listen", ""], "want host:port"),
    "no workers": (["--origin", "http://a", "--workers", "0"], "workers: got 0, want a number above 0"),
    "a script and no origin": (
        ["--config", "sites.toml", "--script", "a.es"],
        "--script: want --origin with it",
    ),
    "JSON of a start": (["--origin", "http://a", "--json"], "--json: want --check-config"),
    "a script that is not there": (["--origin", "http://a", "--script", "none.es"], "cannot read 'none.es'"),
    "a file that is not there": (["--config", "none.toml"], "none.toml"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_usage_is_one_line_and_status_2(script, case):
    script("sites.toml", "[[sites]]\nhosts = ['a']\norigin = 'http://a'\n")
    arguments, words = WRONG[case]
    result = run_command("serve", *arguments)
    assert (result.status, result.stdout) == (2, "")
    assert words in result.stderr
    assert result.stderr.count("\n") == 1


IN_THE_FILE = {
    "no TOML": ("= 1\n", "edge.toml:1:1: error: invalid statement\n  |\n1 | = 1\n  | ^\n"),
    "an unknown key": (
        "speed = 1\n",
        "edge.toml:1:1: error: speed: unknown key\n  |\n1 | speed = 1\n  | ^^^^^\n",
    ),
}


@pytest.mark.parametrize("case", IN_THE_FILE)
def test_what_is_wrong_in_the_file_is_shown_there(script, case):
    text, says = IN_THE_FILE[case]
    script("edge.toml", text)
    result = run_command("serve", "--config", "edge.toml")
    assert (result.status, result.stdout, result.stderr) == (2, "", says)


def test_a_configuration_that_is_in_order_is_said_so(script):
    script("a.es", "say('a')\n")
    script(
        "edge.toml",
        "origin = 'http://a'\nscripts = ['a.es']\n[[sites]]\nhosts = ['a', 'b']\nscripts = ['a.es', 'a.es']\n",
    )
    result = run_command("serve", "--config", "edge.toml", "--check-config")
    assert (result.status, result.stdout) == (0, "")
    assert result.stderr == "the configuration is in order: 2 sites, 3 scripts\n"
    result = run_command("serve", "--config", "edge.toml", "--check-config", "--json")
    assert (result.status, result.stderr) == (0, "")
    assert json.loads(result.stdout) == {"ok": True, "problems": [], "scripts": [], "warnings": []}


@pytest.mark.parametrize("there", [False, True])
def test_a_check_leaves_nothing_in_the_state_directory_nor_makes_it(script, there):
    script("edge.toml", "origin = 'http://a'\nstate_dir = 'one/two'\n")
    if there:
        Path("one/two").mkdir(parents=True, mode=0o755)
    result = run_command("serve", "--config", "edge.toml", "--check-config")
    assert (result.status, "warning" in result.stderr) == (0, False)
    assert [str(path) for path in Path("one").rglob("*")] == (["one/two"] if there else [])
    assert Path("one").exists() is there
    assert not there or Path("one/two").stat().st_mode & 0o777 == 0o755


def test_a_state_directory_that_cannot_be_written_is_warned_of(script):
    script("edge.toml", "origin = 'http://a'\nstate_dir = 'file/two'\n")
    script("file", "no directory")
    result = run_command("serve", "--config", "edge.toml", "--check-config")
    assert result.status == 0
    assert "warning: state_dir: the node would serve from memory alone; it cannot write " in result.stderr
    assert "not a directory" in result.stderr
    result = run_command("serve", "--config", "edge.toml", "--check-config", "--json")
    (warning,) = json.loads(result.stdout)["warnings"]
    assert warning.startswith("state_dir: ")


def test_the_state_directory_of_a_node_that_runs_is_in_order(script):
    script("edge.toml", "origin = 'http://a'\nstate_dir = 'state'\n")
    taken = StateDirectory.taken(Path("state"))
    result = run_command("serve", "--config", "edge.toml", "--check-config")
    assert (result.status, "warning" in result.stderr) == (0, False)
    taken.close()


def test_another_users_state_directory_is_a_problem(script, monkeypatch):
    script("edge.toml", "origin = 'http://a'\nstate_dir = '.'\n")
    monkeypatch.setattr("runtime.state.directory.os.geteuid", lambda: -1)
    result = run_command("serve", "--config", "edge.toml", "--check-config")
    assert result.status == 1
    assert "edge.toml:2:13: error: state_dir: " in result.stderr
    assert "belongs to another user" in result.stderr


CHECKED = {
    "a key": ("drain_s = 'x'", "edge.toml:1:11: error: drain_s: got 'x', want a number"),
    "a script": ("origin = 'http://a'\nscripts = ['bad.es']", "bad.es:1:1: error[unknown-function]"),
    "a certificate": (
        "origin = 'http://a'\ncertificates = [\n  { certificate = 'no.pem', key = 'no.key' },\n]",
        "edge.toml:3:3: error: certificates[1]",
    ),
    "an origin's certificates": (
        (
            "[[upstreams]]\nname = 'a'\nservers = ['https://a']\ntls = { ca_file = 'no.pem' }\n"
            "[[sites]]\nhosts = ['a']\norigin = 'a'"
        ),
        "edge.toml:4:19: error: upstreams[1].tls.ca_file: no such file or directory",
    ),
    "a script that cannot be read": (
        "origin = 'http://a'\n[[sites]]\nhosts = ['a']\nscripts = [\n  { file = 'none.es' },\n]",
        "edge.toml:5:3: error: sites[1].scripts[1]: cannot read 'none.es': no such file or directory",
    ),
    "a database of addresses": (
        "origin = 'http://a'\ngeo_databases = ['no.mmdb']",
        "edge.toml:2:17: error: geo_databases: ",
    ),
}


@pytest.mark.parametrize("case", CHECKED)
def test_everything_that_a_start_would_read_is_checked(script, case):
    text, says = CHECKED[case]
    script("bad.es", "lenght()\n")
    script("edge.toml", text)
    result = run_command("serve", "--config", "edge.toml", "--check-config")
    assert (result.status, result.stdout) == (1, "")
    assert says in result.stderr
    result = run_command("serve", "--config", "edge.toml", "--check-config", "--json")
    record = json.loads(result.stdout)
    (found,) = record["problems"] + record["scripts"]
    assert (result.status, record["ok"]) == (1, False)
    assert (found["file"], found["line"]) == (says.partition(":")[0], int(says.split(":")[1]))


@pytest.mark.parametrize("flags", [["--config", "edge.toml"], []])
def test_a_node_without_an_origin_is_told_so_in_every_form(script, flags):
    script("edge.toml", "workers = 2\n")
    result = run_command("serve", *flags, "--check-config")
    assert (result.status, result.stdout) == (1, "")
    assert "no origin: want" in result.stderr
    result = run_command("serve", *flags, "--check-config", "--json")
    (problem,) = json.loads(result.stdout)["problems"]
    assert result.status == 1
    assert (problem["line"], problem["key"]) == (None, "")
    assert problem["message"].startswith("no origin: want")


def test_sites_are_served_by_host_each_with_its_scripts_rules_and_limits(script, tmp_path):
    script("a.es", "add_rsp_header('X-Scripts', concat('a', get_rsp_header('x-none')))\n")
    script("who.es", "add_rsp_header('X-Who', $host)\nif eq($uri, '/other') {\n    set_origin('other')\n}\n")
    script("long.es", "i = 0\nfor k, v in ['a', 'b', 'c'] {\n    i = add(i, 1)\n}\nexit(200, tostring(i))\n")
    with RecordingOrigin(404, [], b"web") as web, RecordingOrigin(200, [], b"other") as other:
        script(
            "edge.toml",
            f"""
            [[upstreams]]
            name = "web"
            servers = ["{web.url}"]
            [[upstreams]]
            name = "other"
            servers = ["{other.url}"]
            [[sites]]
            hosts = ["www.example.com"]
            origin = "web"
            scripts = ["who.es"]
            [[sites.cache]]
            path = "/kept/*"
            negative_ttl_s = 60
            ignore_query = ["utm_*"]
            [[sites.headers]]
            path = "/kept/*"
            request.set = {{ X-From = "edge" }}
            response.set = {{ X-Kept = "yes" }}
            [[sites]]
            hosts = ["*.example.com"]
            origin = "other"
            upstreams = []
            scripts = ["who.es", "long.es"]
            [sites.script_limits]
            loop_rounds = 2
            """,
        )
        with serving(tmp_path, "--config", str(tmp_path / "edge.toml")) as (_, port):

            def get(host, target):
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
                with contextlib.closing(connection):
                    connection.request("GET", target, headers={"Host": host})
                    response = connection.getresponse()
                    return response.status, response.headers, response.read()

            status, headers, body = get("www.example.com", "/kept/a?utm_source=x&b=1")
            assert (status, headers["X-Cache"], headers["X-Kept"], body) == (404, "MISS", "yes", b"web")
            assert (web.asked[0].target, web.asked[0].values("X-From")) == (
                "/kept/a?utm_source=x&b=1",
                ["edge"],
            )
            status, headers, _ = get("www.example.com", "/kept/a?utm_source=y&b=1")
            assert (status, headers["X-Cache"], headers["X-Who"]) == (404, "HIT", "www.example.com")
            assert get("www.example.com", "/a")[1]["X-Kept"] is None
            assert get("www.example.com", "/other")[2] == b"other"
            status, _, _ = get("a.example.com", "/")  # three rounds where two are allowed
            assert status == 500
            assert get("example.org", "/")[0] == 421
