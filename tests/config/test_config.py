"""`edge.toml` and the flags' values: what is accepted, and what a refusal says and where."""

from typing import Any

import pytest

from runtime.config import Config, ConfigError, Problem, parse_origin, read_config
from runtime.config.restart import RELOADED
from runtime.upstreams.upstream import Tls, Upstream


@pytest.fixture
def configured(tmp_path):
    """Reads a text as `edge.toml`."""

    def read(text):
        path = tmp_path / "edge.toml"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return read_config(path)

    return read


def test_what_a_reload_changes_are_keys_of_the_file():
    assert set(Config.__struct_fields__) >= RELOADED


def test_every_setting_has_a_default():
    assert Config().address == ("127.0.0.1", 8080)
    Config().check()


def test_settings_are_read_and_files_are_relative_to_the_file(configured, tmp_path):
    config = configured(
        """
        listen = "127.0.0.1:9000"
        origin = "http://127.0.0.1:8000"
        scripts = ["a.es", "sub/b.es"]
        state_dir = "state"
        access_log = "-"
        geo_databases = ["/geo.mmdb"]
        drain_s = 3
        certificates = [{ certificate = "a.pem", key = "k/a.key" }]
        [head_limits]
        fields = 20
        [script_limits]
        fuel = 1000
        [[sites]]
        hosts = ["a"]
        scripts = [{ file = "c.es" }]
        """
    )
    assert config.address == ("127.0.0.1", 9000)
    assert config.scripts == (str(tmp_path / "a.es"), str(tmp_path / "sub/b.es"))
    assert config.sites[0].scripts == ({"file": str(tmp_path / "c.es")},)
    assert (config.state_dir, config.access_log) == (str(tmp_path / "state"), "-")
    assert config.geo_databases == ("/geo.mmdb",)
    assert config.certificates[0].key == str(tmp_path / "k/a.key")
    assert (config.drain_s, config.head_limits.fields, config.script_limits.fuel) == (3, 20, 1000)
    assert config.head_limits.target_bytes == Config().head_limits.target_bytes


LISTEN = "want host:port, such as 127.0.0.1:8080, or 0.0.0.0:8080 for every address"
ORIGIN = "want http://host[:port] or https://host[:port]"
REFUSALS = [
    ("lisen = 'x'", "1:1: lisen: unknown key, did you mean 'listen'?"),
    ("colour = 1", "1:1: colour: unknown key"),
    ("script = ['a.es']", "1:1: script: unknown key, did you mean 'scripts'?"),
    ("scripts = 'a.es'", "1:11: scripts: got 'a.es', want a list of file names or tables"),
    ("scripts = [1]", "1:12: scripts[1]: got 1, want a string or a table"),
    ("scripts = ['']", "1:12: scripts[1]: got no file name"),
    ("scripts = [{ file = 'a', pri = 'x' }]", "1:32: scripts[1].pri: got 'x', want 0 to 999"),
    (
        "scripts = [{ file = 'a', pry = 1 }]",
        "1:26: scripts[1].pry: unknown key, did you mean 'pri'?",
    ),
    ("cache_bytes = '64M'", "1:15: cache_bytes: got '64M', want an integer"),
    ("cache_bytes = 1.5", "1:15: cache_bytes: got 1.5, want an integer"),
    ("cache_bytes = true", "1:15: cache_bytes: got true, want an integer"),
    ("drain_s = 'long'", "1:11: drain_s: got 'long', want a number"),
    ("drain_s = nan", "1:11: drain_s: got nan, want a number above 0"),
    ("drain_s = inf", "1:11: drain_s: got inf, want at most 9007199254740992"),
    (
        "drain_s = 0x" + "f" * 5000,
        "1:11: drain_s: got a number of 20000 bits, want at most 9007199254740992",
    ),
    ("max_connections = -1", "1:19: max_connections: got -1, want a number above 0"),
    ("disk_cache_bytes = -1", "1:20: disk_cache_bytes: got -1, want 0 or more"),
    ("head_limits = 1", "1:15: head_limits: got 1, want a table"),
    ("[head_limits]\nfield = 1", "2:1: head_limits.field: unknown key, did you mean 'fields'?"),
    ("[script_limits]\nfuel = '1'", "2:8: script_limits.fuel: got '1', want an integer"),
    ("[script_limits]\nfuel = 0", "2:8: script_limits.fuel: got 0, want a number above 0"),
    (
        "cache_bytes = '1'\nspeed = 1",
        "1:15: cache_bytes: got '1', want an integer; 2:1: speed: unknown key",
    ),
    ("listen = x", "1:10: invalid value"),
    ("listen = 'é' x", "1:14: expected newline or end of document after a statement"),
    ("listen = 'x'\ndrain_s = '", '2:12: expected "\'"'),
    ("listen = ':80'", f"1:10: listen: got ':80', {LISTEN}"),
    (
        "listen = '127.0.0.1:80'\nadmin = '0.0.0.0:80'",
        "2:9: admin: '0.0.0.0:80' is where clients come in, want an address of its own",
    ),
    ("admin = 'x'", f"1:9: admin: got 'x', {LISTEN}; '' for none"),
    ("origin = 'a'", f"1:10: origin: got 'a', {ORIGIN}"),
    ("forwarded = 'yes'", "1:13: forwarded: got 'yes', want 'x' or 'rfc7239' or 'both' or 'off'"),
    ("tls_min = '1.1'", "1:11: tls_min: got '1.1', want '1.2' or '1.3'"),
    (
        "trusted_proxies = ['10.0.0.1/8']",
        (
            "1:20: trusted_proxies[1]: got '10.0.0.1/8',"
            " want an address or a network, such as 10.0.0.0/8, without host bits"
        ),
    ),
    (
        "redis = 'host:1'",
        "1:9: redis: got 'host:1', want redis://host[:port][/number], rediss:// or unix://path",
    ),
    ("listeners = [{ tls = true }]", f"1:14: listeners[1]: no 'address': {LISTEN}"),
    (
        "listeners = [{ address = '[::]:443', tls = true }]",
        "1:44: listeners[1].tls: want [[certificates]] for it",
    ),
    (
        "[[listeners]]\naddress = 'a:1'\n[[listeners]]\naddress = 'a:1'",
        "4:11: listeners[2].address: got 'a:1' a second time",
    ),
    (
        "listeners = [{ address = 'a:1', proxy_protocol = true }]",
        "1:50: listeners[1].proxy_protocol: want 'trusted_proxies': others are refused there",
    ),
    ("tag_headers = ['a b']", "1:16: tag_headers[1]: got 'a b', want a field name"),
]


@pytest.mark.parametrize(("text", "says"), REFUSALS)
def test_a_refusal_names_place_key_and_what_is_wanted(configured, tmp_path, text, says):
    with pytest.raises(ConfigError) as refused:
        configured(text)
    assert str(refused.value) == f"{tmp_path / 'edge.toml'}:{says}"


WHOLE = [
    (b"listen = '\xff'", "not UTF-8 at byte 11"),
    (b"a = " + b"[" * 100_000, "nested too deeply"),
    (b"drain_s = " + b"9" * 5000, "a number is too long"),
    (b"\n" * ((32 << 20) + 1), "longer than 33554432 bytes"),
]


@pytest.mark.parametrize(("data", "says"), WHOLE, ids=[says for _, says in WHOLE])
def test_a_file_that_is_none(configured, tmp_path, data, says):
    with pytest.raises(ConfigError) as refused:
        configured(data)
    assert str(refused.value) == f"{tmp_path / 'edge.toml'}: {says}"


@pytest.mark.parametrize(
    "text",
    [
        "listen = '127.0.0.1:9180'",
        "listen = '127.0.0.1:0'\nadmin = '127.0.0.1:0'",
        "listen = '127.0.0.1:80'\nadmin = '127.0.0.2:80'",
        "listen = '127.0.0.1:80'\nadmin = ''",
        "listen = '127.0.0.1:80'\n[[listeners]]\naddress = '127.0.0.1:81'",
    ],
)
def test_addresses_that_are_different_or_given_up(configured, text):
    assert [*configured(text).contradictions()] == []


def test_a_missing_file_is_said_so(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.toml: no such file"):
        read_config(tmp_path / "none.toml")


def test_a_report_shows_the_line_of_each_problem(configured, tmp_path):
    with pytest.raises(ConfigError) as refused:
        configured("lisen = 1\n\n[head_limits]\nfields = 'x'  # 中\n")
    path = tmp_path / "edge.toml"
    assert refused.value.report() == (
        f"{path}:1:1: error: lisen: unknown key, did you mean 'listen'?\n"
        "  |\n1 | lisen = 1\n  | ^^^^^\n"
        f"{path}:4:10: error: head_limits.fields: got 'x', want an integer\n"
        "  |\n4 | fields = 'x'  # 中\n  |          ^^^\n"
    )
    assert refused.value.records()[1] == {
        "file": str(path),
        "line": 4,
        "column": 10,
        "key": "head_limits.fields",
        "message": "got 'x', want an integer",
    }


def test_of_very_many_problems_a_hundred_are_shown(configured):
    with pytest.raises(ConfigError) as refused:
        configured("".join(f"key{n} = 1\n" for n in range(300)))
    assert refused.value.report().count("unknown key") == 100
    assert refused.value.report().endswith("200 more problems are not shown\n")
    assert str(refused.value).endswith("; and 200 more")
    assert len(refused.value.records()) == 300


def test_a_problem_without_a_place_has_the_file_s_name():
    error = ConfigError([Problem((), "no such file")], "edge.toml")
    assert (str(error), error.report()) == ("edge.toml: no such file", "edge.toml: error: no such file\n")


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"drain_s": -1}, "drain_s: got -1, want a number above 0"),
        (
            {"cache_bytes": 0, "idle_timeout_s": 0},
            "cache_bytes: got 0, want a number above 0; idle_timeout_s: got 0, want a number above 0",
        ),
        ({"listen": "8080"}, f"listen: got '8080', {LISTEN}"),
        ({"origin": "ftp://a"}, f"origin: got 'ftp://a', {ORIGIN}"),
    ],
)
def test_settings_from_elsewhere_are_checked_the_same(settings: dict[str, Any], says: str):
    with pytest.raises(ConfigError) as refused:
        Config(**settings).check()
    assert str(refused.value) == says
    with pytest.raises(ConfigError) as refused:
        Config().override(settings)
    assert str(refused.value) == says


def test_flags_take_the_place_of_settings():
    config = Config(origin="http://a", workers=2)
    config.override({"workers": 3, "admin": ""})
    assert (config.origin, config.workers, config.admin) == ("http://a", 3, "")


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
def test_origins(url: str, address: Upstream):
    assert parse_origin(url) == address


def test_an_origin_may_speak_tls():
    found = parse_origin("https://[::1]")
    assert (found.name, found.servers[0].port, found.tls) == ("[::1]:443", 443, Tls())


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:8000",
        "ftp://a",
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
def test_origins_that_are_none(url: str):
    with pytest.raises(ConfigError, match=r"want http://host\[:port\]"):
        parse_origin(url)


@pytest.mark.parametrize("listen", ["8080", "a:b", "a:70000", ":8080", "::1:80", "a b:1", f"{'a' * 64}:1"])
def test_addresses_that_are_none(listen: str):
    with pytest.raises(ConfigError, match=r"want host:port, such as 127\.0\.0\.1:8080"):
        _ = Config(listen=listen).address


@pytest.mark.parametrize(
    ("listen", "address"),
    [("0.0.0.0:80", ("0.0.0.0", 80)), ("[::1]:80", ("::1", 80)), ("localhost:0", ("localhost", 0))],
)
def test_addresses(listen: str, address: tuple[str, int]):
    assert Config(listen=listen).address == address


def test_an_object_may_take_a_quarter_of_the_cache_at_most():
    assert Config(cache_bytes=1000).max_object_bytes == 250
    assert Config(cache_bytes=1000, max_object_bytes=10).max_object_bytes == 10
