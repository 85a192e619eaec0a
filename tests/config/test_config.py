"""`edge.toml` and the flags' values: what is accepted, and what a refusal says."""

from pathlib import Path

import pytest

from runtime.config import Config, ConfigError, parse_origin, read_config
from runtime.scripts.site import OriginAddress


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
        ("lisen = 'x'", "lisen"),
        ("drain_s = 'long'", "drain_s"),
        ("[head_limits]\nfield = 1", "field"),
        ("listen = x", "line 1"),
        ("max_connections = -1", "max_connections"),
        ("drain_s = nan", "drain_s"),
        ("cache_bytes = 1000", "max_object_bytes"),
    ],
)
def test_a_refusal_names_what_is_wrong(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as refused:
        read_config(write(tmp_path, text))
    assert "edge.toml" in str(refused.value)


def test_a_missing_file_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: No such file"):
        read_config(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://127.0.0.1:8000", OriginAddress("127.0.0.1", 8000)),
        ("http://origin.example", OriginAddress("origin.example", 80)),
        ("http://origin.example/", OriginAddress("origin.example", 80)),
        ("HTTP://[::1]:81", OriginAddress("::1", 81)),
        ("http://[::1]", OriginAddress("::1", 80)),
    ],
)
def test_origins(url: str, address: OriginAddress) -> None:
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
    ],
)
def test_origins_that_are_none(url: str) -> None:
    with pytest.raises(ConfigError, match=r"want http://host\[:port\]"):
        parse_origin(url)


@pytest.mark.parametrize("listen", ["8080", "a:b", "a:70000", ""])
def test_addresses_that_are_none(listen: str) -> None:
    with pytest.raises(ConfigError, match="want host:port"):
        _ = Config(listen=listen).address
