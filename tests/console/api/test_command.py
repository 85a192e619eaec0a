"""`edgescript console`: what it says of wrong usage and of what cannot be opened, and what is done offline."""

import json
import re
import socket
import sqlite3
import stat

import pytest
from click.testing import CliRunner

from edgescript.cli import cli
from tests.console.api.conftest import SETTINGS, Clock, Running
from tests.support.certificates import Authority


def run(*arguments):
    return CliRunner().invoke(cli, ["console", *arguments])


@pytest.fixture
def data(tmp_path):
    """A data directory with an operator and a domain."""
    folder = tmp_path / "data"
    folder.mkdir()
    with Running(folder, Clock()) as running:
        running.domain()
    return folder


def test_a_check_makes_what_is_missing_and_no_token(tmp_path):
    found = run("--data", str(tmp_path / "new"), "--check")
    assert (found.exit_code, found.stdout) == (0, "sqlite: the console can start\n")
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    assert not (tmp_path / "new" / "operator.token").exists()


USAGE = {
    "no port": ["--listen", "127.0.0.1"],
    "a path": ["--listen", "127.0.0.1:80/x"],
    "a port that is none": ["--listen", "127.0.0.1:99999"],
    "a certificate alone": ["--tls-certificate", "a.pem"],
}


@pytest.mark.parametrize("case", USAGE)
def test_wrong_usage(tmp_path, case):
    found = run("--data", str(tmp_path / "data"), *USAGE[case])
    assert found.exit_code == 2
    assert "Traceback" not in found.output


@pytest.mark.parametrize(
    ("certificate", "key", "said"),
    [
        ("none.pem", "cert.key", "cannot read '.*none.pem': no such file or directory"),
        ("cert.pem", "none.key", "cannot read '.*none.key': no such file or directory"),
        ("cert.key", "cert.key", "are no certificate and its key"),
        ("cert.pem", "other.key", "are no certificate and its key"),
        ("cert.pem", "cert.key", ""),
    ],
)
def test_a_check_looks_at_the_certificate(tmp_path, certificate, key, said):
    authority = Authority(tmp_path)
    authority.issue("cert", "localhost")
    authority.issue("other", "localhost")
    files = [str(tmp_path / name) for name in (certificate, key)]
    tls = ["--tls-certificate", files[0], "--tls-key", files[1]]
    found = run("--data", str(tmp_path / "data"), *tls, "--check")
    assert bool(found.exit_code) == bool(said)
    assert re.search(said, found.stderr)
    assert (tmp_path / "data").exists() == (not said)


def test_a_database_that_does_not_answer_is_named_without_its_password(tmp_path):
    url = "postgresql://user:tulip@127.0.0.1:1/none"
    found = run("--data", str(tmp_path / "data"), "--database", url, "--check")
    assert found.exit_code == 1
    assert "tulip" not in found.output
    assert "Traceback" not in found.output


def test_a_directory_that_cannot_be_one(tmp_path):
    (tmp_path / "file").write_text("")
    found = run("--data", str(tmp_path / "file" / "data"), "--check")
    assert found.exit_code == 1
    assert len(found.stderr.splitlines()) == 1


def test_keys_of_another_console(data, tmp_path):
    run("--data", str(tmp_path / "other"), "--check")
    (data / "keys" / "store.key").write_bytes((tmp_path / "other" / "keys" / "store.key").read_bytes())
    found = run("--data", str(data), "--check")
    assert found.exit_code == 1
    assert "key" in found.stderr
    assert "Traceback" not in found.output


def test_an_address_that_is_taken(data):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        found = run("--data", str(data), "--listen", f"127.0.0.1:{port}")
    assert found.exit_code != 0
    assert f"cannot listen on 127.0.0.1:{port}" in str(found.exception) + found.output


def test_a_backup_is_whole_and_overwrites_nothing(data, tmp_path):
    copy = tmp_path / "copy.db"
    assert run("--data", str(data), "backup", str(copy)).exit_code == 0
    with sqlite3.connect(copy) as connection:
        assert connection.execute("SELECT name FROM domains").fetchall() == [("shop",)]
    connection.close()
    assert run("--data", str(data), "backup", str(copy)).exit_code != 0


def test_a_token_after_a_loss(data):
    text = run("--data", str(data), "token", "after a loss").stdout.strip()
    with Running(data, Clock()) as running:
        assert running.get("domains/shop", text).json()["settings"]["hosts"] == SETTINGS["hosts"]
        newest = running.get("audit?limit=1", text).json()["items"][0]
    assert (newest["action"], newest["who"]) == ("token.create", "console")


def test_keys_are_changed_in_two_steps(data):
    first = run("--data", str(data), "rotate").stdout.splitlines()
    assert len(first) == 2
    assert first[1].endswith("signs from now on")
    second = run("--data", str(data), "rotate", "--drop-old").stdout.splitlines()
    assert second == [first[1]]
    assert run("--data", str(data), "rotate", "--drop-old").exit_code == 1


def test_help_names_the_commands():
    found = run("--help")
    for name in ("--listen", "--data", "--database", "backup", "rotate", "token"):
        assert name in found.stdout
    assert json.dumps(found.stdout).count("Traceback") == 0
