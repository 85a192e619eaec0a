"""A rule's settings, as the vendor's JSON, edge.toml and `--rule` give them: what is taken, and what is refused how."""

import pytest

from runtime.config import Config, ConfigError, read_config
from runtime.scripts.rule import Rule, RuleError, parse_rule

ACCEPTED = {
    "the vendor's strings": (
        {
            "rule_path": "a.es",
            "pos": "foot",
            "pri": "999",
            "enable": "off",
            "brk": "on",
            "testip": "192.0.2.7",
            "option": "_es_dbg=sesame",
            "name": "auth_1",
            "configid": "180",
        },
        Rule("a.es", "auth_1", "foot", 999, False, True, "192.0.2.7", "sesame", None, "180"),
    ),
    "numbers and booleans": (
        {"file": "a.es", "pri": 3, "enable": True, "brk": False, "configid": 7, "on_error": "continue"},
        Rule("a.es", priority=3, on_error="continue", id="7"),
    ),
    "a file alone": ({"file": "b.es"}, Rule("b.es")),
    "empty where the vendor's console leaves empty": (
        {"file": "b.es", "testip": "", "option": ""},
        Rule("b.es"),
    ),
    "an address in another spelling": (
        {"file": "b.es", "testip": "2001:DB8:0::1"},
        Rule("b.es", test_ip="2001:db8::1"),
    ),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_a_rule_is_read(case):
    settings, rule = ACCEPTED[case]
    assert parse_rule(settings) == rule


REFUSED = [
    ({}, "no rule_path: want the script's file name"),
    ({"file": ""}, "file: got '', want a file name"),
    ({"file": "a\0"}, "file: got 'a\\x00', want a file name"),
    ({"file": "a", "rule_path": "b"}, "rule_path and file: want one of them"),
    ({"file": "a", "pos": "middle"}, "pos: got 'middle', want 'head' or 'foot'"),
    ({"file": "a", "pos": 1}, "pos: got 1, want 'head' or 'foot'"),
    ({"file": "a", "pri": "1000"}, "pri: got '1000', want 0 to 999"),
    ({"file": "a", "pri": -1}, "pri: got -1, want 0 to 999"),
    ({"file": "a", "pri": True}, "pri: got true, want 0 to 999"),
    ({"file": "a", "pri": "9" * 5000}, f"pri: got '{'9' * 59}..., want 0 to 999"),
    ({"file": "a", "enable": "yes"}, "enable: got 'yes', want 'on' or 'off'"),
    ({"file": "a", "brk": []}, "brk: got a list, want 'on' or 'off'"),
    ({"file": "a", "testip": "1.2.3"}, "testip: got '1.2.3', want an IP address"),
    ({"file": "a", "testip": 16909060}, "testip: got 16909060, want an IP address"),
    ({"file": "a", "option": "dbg=1"}, "option: got 'dbg=1', want _es_dbg=SIGNATURE, without spaces"),
    (
        {"file": "a", "option": "_es_dbg=a\nb"},
        "option: got '_es_dbg=a\\nb', want _es_dbg=SIGNATURE, without spaces",
    ),
    ({"file": "a", "on_error": "ignore"}, "on_error: got 'ignore', want 'deny' or 'continue'"),
    ({"file": "a", "name": "a b"}, "name: got 'a b', want letters, digits, '_', '.' or '-'"),
    ({"file": "a", "priority": 1}, "'priority': unknown key, did you mean 'pri'?"),
    ({"file": "a", "enabel": "on"}, "'enabel': unknown key, did you mean 'enable'?"),
    (
        {"file": "a", "pos": "x", "pri": "y"},
        "pos: got 'x', want 'head' or 'foot'; pri: got 'y', want 0 to 999",
    ),
]


@pytest.mark.parametrize(("settings", "message"), REFUSED)
def test_a_refusal_names_every_key_that_is_wrong(settings, message):
    with pytest.raises(RuleError) as raised:
        parse_rule(settings)
    assert str(raised.value) == message


def test_edge_toml_takes_files_and_tables(tmp_path):
    path = tmp_path / "edge.toml"
    path.write_text('scripts = ["a.es", { file = "b.es", pos = "foot", pri = 5, option = "_es_dbg=x" }]\n')
    assert read_config(path).rules == (
        Rule(str(tmp_path / "a.es")),
        Rule(str(tmp_path / "b.es"), position="foot", priority=5, signature="x"),
    )
    path.write_text('[[scripts]]\nfile = "a.es"\nbrk = "on"\n[[scripts]]\nfile = "b.es"\nenable = false\n')
    assert [(rule.break_on_hit, rule.enabled) for rule in read_config(path).rules] == [
        (True, True),
        (False, False),
    ]


def test_an_error_names_the_entry():
    with pytest.raises(ConfigError, match=r"^scripts\[2\].pri: got -1, want 0 to 999$"):
        Config(scripts=("a.es", {"file": "b.es", "pri": -1})).check()
