import re
import shutil
import subprocess
from pathlib import Path

import pytest

from loadtest import origin
from loadtest.cases import CASES, KEY, OBJECT, SECRET, page
from loadtest.servers import PEER_SERVERS, Node, render, script_path

BY_NUMBER = {case.number: case for case in CASES}
DIRECTORY = Path("/private/dir")


def files_of(peer, number):
    return PEER_SERVERS[peer].launch(BY_NUMBER[number], 8001, 8002, DIRECTORY).files


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
    assert re.search(rf'"{KEY}"\) {{\s+set [\w.-]+ = "{SECRET}"', files_of("varnish", "3")["edge.vcl"])


def test_peers_get_the_page_of_the_node():
    text = page("auth").decode()
    assert text in files_of("varnish", "3")["edge.vcl"]
    assert text.replace("\n", "\\n") in files_of("nginx", "3")["auth.lua"]


def test_varnish_listens_where_it_is_told_and_works_in_its_directory():
    argv = PEER_SERVERS["varnish"].launch(BY_NUMBER["1"], 8001, 8002, DIRECTORY).argv
    assert "127.0.0.1:8001" in argv
    assert str(DIRECTORY / "work") in argv


def test_the_node_is_started_as_its_users_start_it():
    argv = Node(("edgescript", "serve")).launch(BY_NUMBER["1"], 8001, 8002, DIRECTORY).argv
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
    argv = Node(("edgescript", "serve")).launch(BY_NUMBER["2"], 8001, 8002, DIRECTORY).argv
    assert argv[-2] == "--script"
    assert argv[-1].endswith("examples/auth/auth.es")


def test_a_server_that_is_not_there_says_so():
    assert Node(("no-such-program-here",)).missing() == "no no-such-program-here"


def test_the_origin_gives_the_object():
    assert OBJECT.decode() in origin.launch(8002, DIRECTORY).files["nginx.conf"]


@pytest.mark.skipif(
    not shutil.which("nginx"), reason="nginx is not installed: its own check of the files is not made"
)
@pytest.mark.parametrize("number", sorted(BY_NUMBER))
def test_nginx_itself_accepts_its_configuration(number, tmp_path):
    peer = PEER_SERVERS["nginx"]
    if why := peer.missing():
        pytest.skip(f"{why}: its own check of the file is not made")
    launch = peer.launch(BY_NUMBER[number], 8001, 8002, tmp_path)
    for name, text in launch.files.items():
        (tmp_path / name).write_text(text)
    done = subprocess.run([*launch.argv, "-t"], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 0, done.stderr
