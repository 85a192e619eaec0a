"""Places on the command line: `run` with stated places and databases, `serve` with databases and their reload."""

import json
import shutil
import signal

import pytest

from tests.geo.files import ASN, NESTED, OWN, write
from tests.support.command import run_command
from tests.support.node_process import ask, serving

TIMEOUT_S = 20
SHOW = """\
add_rsp_header('X-Client', concat(tostring(client_country()), ' ', tostring(client_region()), ' ',
    tostring(client_city()), ' ', tostring(client_isp())))
ip = tostring($arg_ip)
add_rsp_header('X-Asked', concat(tostring(ip_country(ip)), ' ', tostring(ip_isp(ip))))
exit(200)
"""
BLOCK = """\
if eq(client_region(), '440000') {
    exit(403, 'not from there')
}
exit(200, 'welcome')
"""


@pytest.fixture
def show(tmp_path):
    (tmp_path / "show.es").write_text(SHOW)
    return str(tmp_path / "show.es")


@pytest.fixture
def own(tmp_path):
    return write(tmp_path / "own.mmdb", OWN)


def shown(script, ip, *arguments):
    """What the script saw: of the client, of the address asked for."""
    result = run_command("run", script, "--url", f"http://example.com/?ip={ip}", "--json", *arguments)
    assert result.status == 0, result.stderr
    fields = dict(json.loads(result.stdout)["response"]["headers"])
    return fields["X-Client"], fields["X-Asked"]


NOTHING = "false false false false"


def test_without_a_database_every_place_is_unknown(show):
    assert shown(show, "10.0.0.1") == (NOTHING, "false false")


def test_the_client_is_where_geo_says(show):
    stated = ["--client-ip", "192.0.2.7", "--geo", "country=CN,region=440000,city=440100,isp=100017"]
    assert shown(show, "192.0.2.7", *stated) == ("CN 440000 440100 100017", "CN 100017")


@pytest.mark.parametrize(
    ("geo", "ip"),
    [
        ("223.5.5.5:country=CN,isp=1000323", "223.5.5.5"),
        ("223.5.5.5 : country = CN , isp = 1000323", "::ffff:223.5.5.5"),
        ("2001:db8::1:country=CN,isp=1000323", "2001:db8::1"),
        ("[2001:DB8::1]:country=CN,isp=1000323", "2001:db8::1"),
    ],
)
def test_geo_may_name_another_address(show, geo, ip):
    assert shown(show, ip, "--geo", "country=SG", "--geo", geo) == ("SG false false false", "CN 1000323")


def test_databases_answer_what_geo_does_not_say(show, own):
    stated = ["--geo", "country=SG", "--geo-database", own]
    assert shown(show, "192.0.2.1", *stated) == ("SG false false false", "CN 100017")


def test_the_client_is_looked_up_in_databases(show, tmp_path):
    files = [write(tmp_path / "city.mmdb", NESTED), write(tmp_path / "isp.mmdb", ASN)]
    databases = [word for file in files for word in ("--geo-database", file)]
    client = ["--client-ip", "223.5.5.5", *databases]
    assert shown(show, "nowhere", *client) == ("CN 330000 330100 1000323", "false false")
    assert shown(show, "10.0.0.1", *client)[1] == "IANA local"


WRONG = {
    "no address": (["--geo", "nowhere:country=CN"], "want an IP address before 'country', got 'nowhere'"),
    "an unknown field": (["--geo", "planet=mars"], "want country=CODE, region=CODE, city=CODE, isp=CODE"),
    "an address and nothing else": (["--geo", "192.0.2.1"], "want country=CODE"),
    "a client with a zone": (["--client-ip", "fe80::1%eth0"], "want an IP address without a zone"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_usage(show, case):
    arguments, message = WRONG[case]
    result = run_command("run", show, "--url", "http://example.com/", *arguments)
    assert (result.status, result.stdout) == (2, "")
    assert message in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("command", "key"),
    [
        (("run", "--url", "http://example.com/"), ""),
        (("serve", "--origin", "http://127.0.0.1:1"), "geo_databases: "),
    ],
)
def test_a_database_that_cannot_be_read_is_one_line(show, tmp_path, command, key):
    path = tmp_path / "a.mmdb"
    path.write_bytes(b"no database")
    name, *rest = command
    script = [show] if name == "run" else ["--script", show]
    result = run_command(name, *script, *rest, "--geo-database", str(path))
    assert (result.status, result.stdout) == (2, "")
    assert result.stderr == f"edgescript: {key}{path}: not a database in the MMDB format, or damaged\n"


def place_of_loopback(path, region):
    """A database of the one network that test clients come from; put in place whole, as operators should."""
    write(path.with_suffix(".new"), {"127.0.0.0/8": {"country": "CN", "region": region}})
    shutil.move(path.with_suffix(".new"), path)
    return str(path)


def end_of_reload(process):
    """The event that ends a reload; a node may log others before it."""
    return next(event for line in process.stderr if "reload" in (event := json.loads(line))["event"])


def test_a_served_node_blocks_by_its_database_and_a_reload_takes_a_new_one(tmp_path):
    (tmp_path / "block.es").write_text(BLOCK)
    place_of_loopback(tmp_path / "city.mmdb", "440000")
    (tmp_path / "edge.toml").write_text(
        'origin = "http://127.0.0.1:1"\nscripts = ["block.es"]\ngeo_databases = ["city.mmdb"]\n'
    )
    with serving(tmp_path, "--config", str(tmp_path / "edge.toml")) as (process, port):
        assert ask(port, "/") == (403, b"not from there")

        place_of_loopback(tmp_path / "city.mmdb", "110000")
        assert ask(port, "/") == (403, b"not from there")
        process.send_signal(signal.SIGHUP)
        assert end_of_reload(process)["event"] == "reloaded"
        assert ask(port, "/") == (200, b"welcome")

        (tmp_path / "city.mmdb").write_bytes(b"spoilt")
        process.send_signal(signal.SIGHUP)
        event = end_of_reload(process)
        assert event["event"] == "reload-failed"
        assert event["reason"].endswith("city.mmdb: not a database in the MMDB format, or damaged")
        assert ask(port, "/") == (200, b"welcome")


def test_a_flag_wins_over_the_configuration_file(tmp_path):
    (tmp_path / "block.es").write_text(BLOCK)
    flagged = place_of_loopback(tmp_path / "flag.mmdb", "440000")
    (tmp_path / "edge.toml").write_text(
        'origin = "http://127.0.0.1:1"\nscripts = ["block.es"]\ngeo_databases = ["none.mmdb"]\n'
    )
    with serving(tmp_path, "--config", str(tmp_path / "edge.toml"), "--geo-database", flagged) as (_, port):
        assert ask(port, "/") == (403, b"not from there")


@pytest.mark.parametrize(
    ("field", "code", "name"),
    [("region", "440000", "Guangdong"), ("city", "440400", "珠海"), ("isp", "100017", "China Telecom")],
)
def test_doc_lists_codes(field, code, name):
    plain = run_command("doc", "--codes", field)
    assert plain.status == 0
    (line,) = (line for line in plain.stdout.splitlines() if line.startswith(f"{code} "))
    assert name in line
    rows = json.loads(run_command("doc", "--codes", field, "--json").stdout)
    assert len(rows) == len(plain.stdout.splitlines())
    assert any(row["code"] == code and name in row["names"] for row in rows)


def test_doc_lists_codes_or_a_page():
    assert run_command("doc", "--codes", "isp", "substr").status == 2
    assert run_command("doc", "--codes", "planet").status == 2
