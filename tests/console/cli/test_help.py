"""The help of every command that asks a console, and of each command within a group."""

import re

import click
import pytest

from edgescript.cli import COMMANDS, cli
from edgescript.cli.remote.refusals import RemoteCommand, RemoteGroup
from runtime.console.model.verdict import Margins
from tests.support.command import run_command

GROUPS = {name: group for name in COMMANDS if isinstance(group := cli.get_command(None, name), RemoteGroup)}
WITHIN = [(name, each) for name, group in GROUPS.items() for each in group.commands]
FIXED = [
    "login",
    "push",
    "publish",
    "rollback",
    "versions",
    "diff",
    "nodes",
    "logs",
    "purge",
    "tokens",
    "audit",
]


@pytest.mark.parametrize(("group", "name"), WITHIN)
def test_help_is_short_and_has_an_example(group, name):
    result = run_command(group, name, "--help")
    lines = result.stdout.splitlines()
    assert result.status == 0
    assert len(lines) < 40
    assert max(map(len, lines)) <= 80
    assert lines[-1].startswith(f"  Example: edgescript {group} {name}"), "it is one line, to be copied"


def test_every_client_the_design_names_is_there():
    assert [name for name in FIXED if name not in COMMANDS] == []


@pytest.mark.parametrize("name", FIXED)
def test_each_can_be_told_no(name):
    assert isinstance(cli.get_command(None, name), RemoteCommand | RemoteGroup)


@pytest.mark.parametrize(("group", "name"), WITHIN)
def test_within_a_group_each_can_be_told_no(group, name):
    assert isinstance(GROUPS[group].commands[name], RemoteCommand)


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_s_usual_command_is_one_of_its_own(group):
    assert GROUPS[group].usual in GROUPS[group].commands
    usual = GROUPS[group].commands[GROUPS[group].usual]
    assert [parameter.name for parameter in usual.params if parameter.required] == []


@pytest.mark.parametrize(("group", "name"), WITHIN)
def test_options_are_spelled_alike(group, name):
    """What several commands take has one name and one short name."""
    options = {
        long: sorted(each.opts)
        for each in GROUPS[group].commands[name].params
        if isinstance(each, click.Option)
        for long in each.opts
        if long.startswith("--")
    }
    spelled = {
        "--domain": ["--domain", "-d"],
        "--message": ["--message", "-m"],
        "--environment": ["--environment", "-e"],
    }
    assert {long: options[long] for long in spelled if long in options} == {
        long: spelled[long] for long in spelled if long in options
    }


def test_the_margins_of_a_rollout_are_those_of_the_console():
    text = " ".join(run_command("publish", "--help").stdout.split())
    told = re.findall(r"--abort-(\S+) \S+ [^[]*\[default: ([0-9.]+)\]", text)
    assert {name: float(value) for name, value in told} == {
        "exceptions": Margins().exceptions,
        "5xx": Margins().errors_5xx,
        "fuel": Margins().fuel,
        "min-requests": Margins().min_requests,
    }
