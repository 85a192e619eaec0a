"""What options take, and what files of entries and rules hold."""

import json

import click
import pytest

from edgescript.cli.remote.commands.dictionaries import read_entries
from edgescript.cli.remote.commands.domains import read_settings
from edgescript.cli.remote.commands.rules import read_rules
from edgescript.cli.remote.values import (
    DurationType,
    GrantType,
    PercentType,
    ScriptAt,
    ScriptAtType,
    StepsType,
    StickyType,
)

GOOD = [
    (ScriptAtType(), "auth", ScriptAt("auth", None)),
    (ScriptAtType(), "auth.v2@7", ScriptAt("auth.v2", 7)),
    (ScriptAtType(), "门", ScriptAt("门", None)),
    (PercentType(), "5%", 5),
    (PercentType(), "100", 100),
    (StepsType(), "5%,25,100", [5, 25, 100]),
    (DurationType(), "90", 90.0),
    (DurationType(), "90s", 90.0),
    (DurationType(), "10m", 600.0),
    (DurationType(), "12h", 43200.0),
    (DurationType(), "30d", 2592000.0),
    (StickyType(), "client_ip", "client_ip"),
    (StickyType(), "cookie:sid", "cookie:sid"),
    (GrantType(), "shop:publish", ("shop", "publish")),
    (GrantType(), "*:admin", ("*", "admin")),
]
BAD = [
    *(
        (ScriptAtType(), text)
        for text in ("", ".", "..", "a/b", "a@", "a@0", "a@x", "a@1@2", "x" * 65, "a@9999999999")
    ),
    *((PercentType(), text) for text in ("", "0", "101", "-5", "5.5", "five", "5%%", "\u0665")),
    *((StepsType(), text) for text in ("", "25,5", "5,5", "5,", "5;25")),
    *((DurationType(), text) for text in ("", "0", "5w", "-5", "1.5h", "9999999999")),
    *((StickyType(), text) for text in ("", "colour", "cookie", "cookie:", "cookie:a b", "client_ip:a")),
    *((GrantType(), text) for text in ("", "shop", ":read", "shop:", "shop:all")),
]


@pytest.mark.parametrize(("kind", "text", "value"), GOOD)
def test_value(kind, text, value):
    assert kind.convert(text, None, None) == value
    assert kind.convert(value, None, None) == value


@pytest.mark.parametrize(("kind", "text"), BAD)
def test_what_is_none(kind, text):
    with pytest.raises(click.BadParameter, match="want"):
        kind.convert(text, None, None)


ENTRIES = {
    "flags.json": ('{"a": "1", "b": "x=y"}', {"a": "1", "b": "x=y"}),
    "flags.csv": ('a,1\n"b,c","x ""y"""\n', {"a": "1", "b,c": 'x "y"'}),
    "flags.txt": ("# on since May\na=1\n\nb=x=y\nc=\n", {"a": "1", "b": "x=y", "c": ""}),
    "bom.txt": ("\ufeffa=中\n", {"a": "中"}),
    "empty.json": ("{}", {}),
}


@pytest.mark.parametrize("name", ENTRIES)
def test_entries(name, person):
    text, entries = ENTRIES[name]
    assert read_entries(person.write(name, text)) == entries


NO_ENTRIES = {
    "a.json": ('{"a": 1}', "values are texts"),
    "b.json": ("[1]", "values are texts"),
    "c.json": ('{"a": "1", "a": "2"}', "'a' is there twice"),
    "d.json": ("[" * 100_000, "recursion"),
    "e.csv": ("a\n", "line 1: want two columns"),
    "f.txt": ("a=1\n=2\n", "line 2: want KEY=VALUE"),
    "g.txt": ("a=1\na=2\n", "'a' is there twice"),
    "h.txt": ("x" * (1 << 20) + "=1", "larger than"),
}


@pytest.mark.parametrize("name", NO_ENTRIES)
def test_no_entries(name, person):
    text, wanted = NO_ENTRIES[name]
    with pytest.raises(click.ClickException) as raised:
        read_entries(person.write(name, text))
    assert wanted in raised.value.message


ONE = {"pos": "head", "pri": "0", "enable": "on", "name": "auth", "rule": "x = 1\n"}
PAIRS = [{"argName": key, "argValue": value} for key, value in ONE.items()]
RULES = {
    "one rule": (json.dumps(ONE), [ONE]),
    "an array": (json.dumps([ONE, ONE]), [ONE, ONE]),
    "one a line": (f"{json.dumps(ONE)}\n\n{json.dumps(ONE)}\n", [ONE, ONE]),
    "Functions of a call": (
        json.dumps([{"functionId": 180, "functionName": "edge_function", "functionArgs": PAIRS}]),
        [ONE],
    ),
    "a query of staging": (
        json.dumps(
            {
                "DomainConfigs": [
                    {
                        "ConfigId": 5,
                        "FunctionArgs": [{"ArgName": key, "ArgValue": value} for key, value in ONE.items()],
                    }
                ]
            }
        ),
        [ONE],
    ),
    "a query of production": (
        json.dumps(
            {
                "DomainConfigs": {
                    "DomainConfig": [
                        {
                            "Status": "success",
                            "FunctionArgs": {
                                "FunctionArg": [
                                    {"ArgName": key, "ArgValue": value} for key, value in ONE.items()
                                ]
                            },
                        }
                    ]
                }
            }
        ),
        [ONE],
    ),
    "values that are no texts, keys of the vendor's API": (
        json.dumps(
            {
                "pri": 0,
                "enable": True,
                "brk": False,
                "name": "a",
                "rule": "x",
                "configid": 7,
                "grammar": "es2",
            }
        ),
        [{"pri": "0", "enable": "on", "brk": "off", "name": "a", "rule": "x"}],
    ),
    "rule_path beside the file": (
        json.dumps({"pos": "foot", "rule_path": "a.es"}),
        [{"pos": "foot", "name": "a", "rule": "say('中')\n"}],
    ),
}


@pytest.mark.parametrize("case", RULES)
def test_rules(case, person):
    text, rules = RULES[case]
    person.write("there/a.es", "say('中')\n")
    assert read_rules(person.write("there/rules.json", text)) == rules


NO_RULES = {
    '{"rule": "x = 1"}': "it must be called something",
    '{"rule": "x = 1", "name": "a", "grammar": "js"}': "'js' is another language",
    "": "Expecting value",
    "7": "want a rule",
    '[{"pos": "head"}]': "objects with rule or rule_path",
    '{"rule_path": 7}': "want the script's file name",
    '{"rule_path": "gone.es"}': "cannot read",
    "[" * 100_000: "recursion",
}


@pytest.mark.parametrize("text", NO_RULES)
def test_no_rules(text, person):
    with pytest.raises(click.ClickException) as raised:
        read_rules(person.write("rules.json", text))
    assert NO_RULES[text] in raised.value.message


def test_settings_are_toml_or_json(person):
    wanted = {"hosts": ["shop.example"], "origin": "http://127.0.0.1:8000"}
    toml = 'hosts = ["shop.example"]\norigin = "http://127.0.0.1:8000"\n'
    assert read_settings(person.write("a.toml", toml)) == wanted
    assert read_settings(person.write("a.json", json.dumps(wanted))) == wanted


@pytest.mark.parametrize(
    ("name", "text"), [("a.toml", "hosts ="), ("a.json", "[]"), ("b.toml", "at = 2026-01-01")]
)
def test_what_are_no_settings(name, text, person):
    with pytest.raises(click.ClickException, match=name):
        read_settings(person.write(name, text))
