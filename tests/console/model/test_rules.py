"""Settings of scripts and the vendor's rule JSON (reference sections 10.1 and 10.2)."""

import pytest

from runtime.console.model.refusal import Refused
from runtime.console.model.rules import RuleSettings, read_rule, read_vendor_rules, vendor_rule

READ = [
    ({}, RuleSettings()),
    ({"pos": None, "on_error": None}, RuleSettings()),
    (
        {"pos": "foot", "pri": 5, "enable": False, "brk": True},
        RuleSettings(pos="foot", pri=5, enable=False, brk=True),
    ),
    (
        {"pos": "head", "pri": "5", "enable": "off", "brk": "on"},
        RuleSettings(pos="head", pri=5, enable=False, brk=True),
    ),
    ({"testip": "2001:DB8::1"}, RuleSettings(testip="2001:db8::1")),
    ({"option": "_es_dbg=sesame"}, RuleSettings(option="_es_dbg=sesame")),
    ({"on_error": "continue"}, RuleSettings(on_error="continue")),
]


@pytest.mark.parametrize(("given", "settings"), READ)
def test_settings(given, settings):
    assert read_rule(given) == settings


WRONG = [
    ({"pos": "middle"}, "rule.pos"),
    ({"pri": 1000}, "rule.pri"),
    ({"pri": -1}, "rule.pri"),
    ({"enable": "yes"}, "rule.enable"),
    ({"testip": "nowhere"}, "rule.testip"),
    ({"option": "debug"}, "rule.option"),
    ({"on_error": "ignore"}, "rule.on_error"),
    ({"prio": 1}, "rule.prio"),
    ({"name": "a"}, "rule.name"),
    ({"configid": 1}, "rule.configid"),
    ({"file": "/etc/passwd"}, "rule.file"),
    ({"pos": ["head"]}, "rule.pos"),
]


@pytest.mark.parametrize(("given", "where"), WRONG)
def test_settings_that_are_wrong_name_the_key(given, where):
    with pytest.raises(Refused) as refused:
        read_rule(given)
    assert refused.value.code == "invalid"
    assert where in [each["where"] for each in refused.value.extra["problems"]]


VENDOR = {
    "pos": "foot", "pri": "3", "enable": "off", "brk": "on", "testip": "192.0.2.7", "option": "_es_dbg=x",
    "name": "auth", "rule_path": "auth.es", "rule": "x = 1\n",
}  # fmt: skip


def test_a_vendors_rule_comes_back_as_it_went_in():
    [read] = read_vendor_rules([VENDOR])
    assert vendor_rule(read.name, read.source, read.settings, "head") == VENDOR


def test_the_payload_of_the_vendors_api_is_the_same_rule():
    arguments = [{"argName": name, "argValue": value} for name, value in VENDOR.items()]
    payload = {"functionId": 180, "functionName": "edge_function", "configId": 7, "functionArgs": arguments}
    assert read_vendor_rules([payload]) == read_vendor_rules([VENDOR])


NAMES = [
    ({"name": "auth"}, "auth"),
    ({"rule_path": "scripts/auth.es"}, "auth"),
    ({"rule_path": "my rule.es"}, "my_rule"),
    ({"rule_path": "a.es", "name": "b"}, "b"),
    ({"rule_path": "鉴权.es"}, "鉴权"),
]


@pytest.mark.parametrize(("stated", "name"), NAMES)
def test_what_an_imported_script_is_called(stated, name):
    [read] = read_vendor_rules([{**stated, "rule": "x = 1"}])
    assert read.name == name


REFUSED = [
    ({"name": "a"}, "[1].rule"),
    ({"rule": "x = 1"}, "[1].name"),
    ({"rule": "x = 1", "name": ".."}, "[1].name"),
    ({"rule": "x = 1", "name": "a", "pri": "high"}, "[1].pri"),
    ({"rule": "x = 1", "name": "a", "grammar": "js"}, "[1].grammar"),
    ({"rule": 1, "name": "a"}, "[1].rule"),
    ({"functionArgs": "x"}, "[1].rule"),
]


@pytest.mark.parametrize(("rule", "where"), REFUSED)
def test_an_import_names_the_rule_and_the_key_that_is_wrong(rule, where):
    with pytest.raises(Refused) as refused:
        read_vendor_rules([rule])
    assert [each["where"] for each in refused.value.extra["problems"]] == [where]


def test_two_rules_of_one_name_are_refused():
    with pytest.raises(Refused, match=r"\[2\]\.name"):
        read_vendor_rules([VENDOR, VENDOR])
