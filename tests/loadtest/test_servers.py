import re
import subprocess
from pathlib import Path

import pytest

from loadtest import origin
from loadtest.cases import CASES, KEY, LARGE_OBJECT, MANY_SITES, OBJECT, PLAIN, SECRET, Mode, page, site_host
from loadtest.peer_servers import PEER_SERVERS
from loadtest.servers import Node, render, script_path
from runtime.config import read_config

BY_NUMBER = {case.number: case for case in CASES}
DIRECTORY = Path("/private/dir")


LOGGED = Mode(label="access log", access_log=True)
TWO = Mode(label="2 workers", workers=2)


def launched(peer, number, mode=PLAIN, directory=DIRECTORY):
    return PEER_SERVERS[peer].launch(BY_NUMBER[number], mode, 8001, 8002, directory)


def files_of(peer, number, mode=PLAIN):
    return launched(peer, number, mode).files


def node_argv(number, mode=PLAIN):
    return Node(("edgescript", "serve")).launch(BY_NUMBER[number], mode, 8001, 8002, DIRECTORY).argv


def test_render_fills_in_what_stands_between_at_signs():
    assert render("listen @PORT@; mail a@b.c; @PORT@", {"PORT": "80"}) == "listen 80; mail a@b.c; 80"


def test_render_refuses_a_name_without_a_value():
    with pytest.raises(KeyError, match="ORIGIN"):
        render("@ORIGIN@", {"PORT": "80"})


@pytest.mark.parametrize("peer", sorted(PEER_SERVERS))
@pytest.mark.parametrize("number", sorted(BY_NUMBER))
def test_a_configuration_has_no_placeholder_left_and_names_its_origin(peer, number):
    files = files_of(peer, number)
    assert not re.search(r"@[A-Z]+@", "".join(files.values()))
    assert any("8002" in text for text in files.values())


def test_nginx_runs_logic_only_in_cases_that_have_some():
    assert "access_by_lua" not in files_of("nginx", "1")["nginx.conf"]
    assert 'access_by_lua_block { require "auth"() }' in files_of("nginx", "2")["nginx.conf"]


def test_nginx_limits_with_its_own_module():
    assert "limit_req zone=clients" in files_of("nginx", "5")["nginx.conf"]


@pytest.mark.parametrize("logic", ["redirect", "limit"])
def test_the_benchmarks_own_scripts_are_there(logic):
    assert script_path(logic).read_text().startswith("# position: head")


def test_every_server_knows_the_key_and_the_secret():
    assert f"'{KEY}' = '{SECRET}'" in script_path("auth").read_text()
    assert f'["{KEY}"] = "{SECRET}"' in files_of("nginx", "3")["auth.lua"]
    assert re.search(
        rf"str\({SECRET}\) if segment .* -m str {KEY} }}", files_of("haproxy", "3")["haproxy.cfg"]
    )
    assert re.search(rf'"{KEY}"\) {{\s+set [\w.-]+ = "{SECRET}"', files_of("varnish", "3")["edge.vcl"])


def test_peers_get_the_page_of_the_node():
    text = page("auth").decode()
    assert text in files_of("varnish", "3")["edge.vcl"]
    assert text == files_of("haproxy", "3")["page.html"]
    assert text.replace("\n", "\\n") in files_of("nginx", "3")["auth.lua"]


def test_varnish_listens_where_it_is_told_and_works_in_its_directory():
    argv = launched("varnish", "1").argv
    assert "127.0.0.1:8001" in argv
    assert str(DIRECTORY / "work") in argv


def test_the_node_is_started_as_its_users_start_it():
    argv = node_argv("1")
    assert argv[:6] == (
        "edgescript",
        "serve",
        "--listen",
        "127.0.0.1:8001",
        "--origin",
        "http://127.0.0.1:8002",
    )
    assert "--script" not in argv


def test_the_node_runs_the_example_script():
    argv = node_argv("2")
    assert argv[-2] == "--script"
    assert argv[-1].endswith("examples/auth/auth.es")


def test_a_server_that_is_not_there_says_so():
    assert Node(("no-such-program-here",)).missing() == "no no-such-program-here"


def test_the_origin_gives_the_objects():
    files = origin.launch(8002, DIRECTORY).files
    assert OBJECT.decode() in files["nginx.conf"]
    assert files["large"] == LARGE_OBJECT.decode()


@pytest.mark.parametrize("peer", sorted(PEER_SERVERS))
def test_a_peer_writes_an_access_log_only_where_it_is_to(peer):
    assert launched(peer, "1").log == ""
    assert launched(peer, "1", LOGGED).log


def test_varnish_has_a_program_beside_it_that_writes_its_log():
    assert launched("varnish", "1").beside == ()
    assert launched("varnish", "1", LOGGED).beside[0] == "varnishncsa"


@pytest.mark.parametrize(
    ("peer", "file", "said"),
    [("nginx", "nginx.conf", "worker_processes 2;"), ("haproxy", "haproxy.cfg", "nbthread 2\n")],
)
def test_a_peer_has_as_many_workers_as_the_mode_says(peer, file, said):
    assert said in files_of(peer, "2", TWO)[file]
    assert said not in files_of(peer, "2")[file]


def test_varnish_has_a_thread_pool_for_each_core():
    assert "thread_pools=2" in launched("varnish", "2", TWO).argv


def test_nginx_sends_large_bodies_by_sendfile():
    assert "sendfile on;" in files_of("nginx", "7")["nginx.conf"]
    assert "sendfile off;" in files_of("nginx", "1")["nginx.conf"]


def test_the_node_has_the_flags_of_its_mode():
    assert node_argv("2", TWO)[4:] == (
        "--origin", "http://127.0.0.1:8002", "--workers", "2", "--script", str(script_path("auth"))
    )  # fmt: skip
    assert node_argv("1", LOGGED)[-2:] == ("--access-log", str(DIRECTORY / "access.log"))


def test_the_node_of_many_sites_is_configured_by_a_file_it_accepts(tmp_path):
    launch = Node(("edgescript", "serve")).launch(BY_NUMBER["sites"], Mode(sites=3), 8001, 8002, tmp_path)
    (tmp_path / "edge.toml").write_text(launch.files["edge.toml"])
    config = read_config(tmp_path / "edge.toml")
    assert [site.hosts for site in config.sites] == [(site_host(0),), (site_host(1),), (site_host(2),)]
    assert all(site.scripts == (str(script_path("auth")),) for site in config.sites)
    assert launch.argv[-2:] == ("--config", str(tmp_path / "edge.toml"))


def test_the_case_of_many_sites_asks_for_one_of_them():
    case = BY_NUMBER["sites"]
    assert [mode.sites for mode in case.modes] == [1, MANY_SITES]
    assert case.ask["Host"] == site_host(0)


def accepted(peer, number, directory, *check):
    """What the server itself says of its configuration."""
    server = PEER_SERVERS[peer]
    if why := server.missing():
        pytest.skip(f"{why}: its own check of the file is not made")
    launch = launched(peer, number, directory=directory)
    for name, text in launch.files.items():
        (directory / name).write_text(text)
    return subprocess.run(
        [*launch.argv, *check], cwd=directory, capture_output=True, text=True, timeout=20, check=False
    )


@pytest.mark.parametrize("number", sorted(BY_NUMBER))
def test_nginx_itself_accepts_its_configuration(number, tmp_path):
    done = accepted("nginx", number, tmp_path, "-t")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("number", sorted(BY_NUMBER))
def test_haproxy_itself_accepts_its_configuration(number, tmp_path):
    done = accepted("haproxy", number, tmp_path, "-c")
    assert done.returncode == 0, done.stderr
