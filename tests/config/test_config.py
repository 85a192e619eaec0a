"""`edge.toml` and the flags' values: what is accepted, and what a refusal says."""

from pathlib import Path
from typing import Any

import pytest

from runtime.config import Config, ConfigError, parse_origin, read_config
from runtime.upstreams.upstream import Upstream


def write(folder: Path, text: str) -> Path:
    path = folder / "edge.toml"
    path.write_text(text)
    return path


def test_every_setting_has_a_default() -> None:
    assert Config().address == ("127.0.0.1", 8080)


def test_settings_are_read_and_scripts_are_relative_to_the_file(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
        listen = "127.0.0.1:9000"
        origin = "http://127.0.0.1:8000"
        scripts = ["a.es", "sub/b.es"]
        drain_s = 3
        [head_limits]
        fields = 20
        [script_limits]
        fuel = 1000
        """,
    )
    config = read_config(path)
    assert config.address == ("127.0.0.1", 9000)
    assert config.scripts == (str(tmp_path / "a.es"), str(tmp_path / "sub/b.es"))
    assert (config.drain_s, config.head_limits.fields, config.script_limits.fuel) == (3, 20, 1000)
    assert config.head_limits.target_bytes == Config().head_limits.target_bytes


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("lisen = 'x'", ": unknown key 'lisen', did you mean 'listen'?"),
        ("colour = 1", ": unknown key 'colour'"),
        ("script = ['a.es']", ": unknown key 'script', did you mean 'scripts'?"),
        ("scripts = 'a.es'", ": scripts: got 'a.es', want a list of file names or tables"),
        ("scripts = [1]", ": scripts: got a list, want a list of file names or tables"),
        ("cache_bytes = '64M'", ": cache_bytes: got '64M', want an integer"),
        ("cache_bytes = 1.5", ": cache_bytes: got 1.5, want an integer"),
        ("cache_bytes = true", ": cache_bytes: got true, want an integer"),
        ("drain_s = 'long'", ": drain_s: got 'long', want a number"),
        ("drain_s = nan", ": drain_s: got nan, want a number above 0"),
        ("drain_s = inf", ": drain_s: got inf, want at most 9007199254740992"),
        ("drain_s = 0x" + "f" * 5000, ": drain_s: got a number of 20000 bits, want at most 9007199254740992"),
        ("drain_s = " + "9" * 5000, ": a number is too long"),
        ("max_connections = -1", ": max_connections: got -1, want a number above 0"),
        ("head_limits = 1", ": head_limits: got 1, want a table"),
        ("[head_limits]\nfield = 1", ": unknown key 'field' in [head_limits], did you mean 'fields'?"),
        ("[script_limits]\nfuel = '1'", ": script_limits.fuel: got '1', want an integer"),
        ("[script_limits]\nfuel = 0", ": script_limits.fuel: got 0, want a number above 0"),
        ("cache_bytes = '1'\nspeed = 1", ": cache_bytes: got '1', want an integer; unknown key 'speed'"),
        ("listen = x", ":1:10: invalid value"),
        ("listen = 'x'\ndrain_s = '", ':2:12: expected "\'"'),
        ("listen = '\xff'", ": not UTF-8 at byte 11"),
        ("a = " + "[" * 100_000, ": nested too deeply"),
        ("listen = ':80'", ": listen: got ':80', want host:port, such as"),
        ("origin = 'a'", ": origin: got 'a', want http://host[:port]"),
    ],
)
def test_a_refusal_names_what_is_wrong(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "edge.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigError) as refused:
        read_config(path)
    assert str(refused.value).startswith(f"{path}{says}")
    assert len(str(refused.value)) < len(str(path)) + 150


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"drain_s": -1}, "drain_s: got -1, want a number above 0"),
        (
            {"cache_bytes": 0, "idle_timeout_s": 0},
            "cache_bytes: got 0, want a number above 0; idle_timeout_s: got 0",
        ),
        ({"listen": "8080"}, "listen: got '8080'"),
        ({"origin": "ftp://a"}, "origin: got 'ftp://a'"),
    ],
)
def test_settings_from_elsewhere_are_checked_the_same(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError) as refused:
        Config(**settings).check()
    assert str(refused.value).startswith(says)


def test_a_missing_file_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: no such file"):
        read_config(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://127.0.0.1:8000", Upstream.single("127.0.0.1", 8000)),
        ("http://origin.example", Upstream.single("origin.example", 80)),
        ("http://origin.example/", Upstream.single("origin.example", 80)),
        ("HTTP://[::1]:81", Upstream.single("::1", 81)),
        ("http://[::1]", Upstream.single("::1", 80)),
    ],
)
def test_origins(url: str, address: Upstream) -> None:
    assert parse_origin(url) == address


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:8000",
        "https://a",
        "http://",
        "http://a:b",
        "http://a:0",
        "http://a/path",
        "http://u@a",
        "http://a:99999",
        "http://a b",
        "http://a\nb",
        f"http://{'a' * 64}",
    ],
)
def test_origins_that_are_none(url: str) -> None:
    with pytest.raises(ConfigError, match=r"want http://host\[:port\]"):
        parse_origin(url)


@pytest.mark.parametrize(
    "listen", ["8080", "a:b", "a:70000", "", ":8080", "::1:80", "a b:1", f"{'a' * 64}:1"]
)
def test_addresses_that_are_none(listen: str) -> None:
    with pytest.raises(ConfigError, match=r"want host:port, such as 127\.0\.0\.1:8080"):
        _ = Config(listen=listen).address


@pytest.mark.parametrize(
    ("listen", "address"),
    [("0.0.0.0:80", ("0.0.0.0", 80)), ("[::1]:80", ("::1", 80)), ("localhost:0", ("localhost", 0))],
)
def test_addresses(listen: str, address: tuple[str, int]) -> None:
    assert Config(listen=listen).address == address


def test_an_object_may_take_a_quarter_of_the_cache_at_most() -> None:
    assert Config(cache_bytes=1000).max_object_bytes == 250
    assert Config(cache_bytes=1000, max_object_bytes=10).max_object_bytes == 10
