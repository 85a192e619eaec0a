"""The registry is complete, described, and named as the vendor names it."""

from pathlib import Path

import pytest

import stdlib
from edgescript import typeset
from edgescript.builtins import Builtin, Effect, Kind

VENDOR = Path(__file__).with_name("vendor_functions.txt")
NOT_YET = {"aes_new", "aes_enc", "aes_dec"}
EXTENSIONS = {"limit_req", "ab_group"}
VARIABLES = {
    "args",
    "host",
    "remote_addr",
    "request_method",
    "request_uri",
    "scheme",
    "server_protocol",
    "uri",
}
BUILTINS = [pytest.param(member, id=member.name) for member in stdlib.registry().functions.values()]


def vendor_names() -> set[str]:
    lines = [line for line in VENDOR.read_text().splitlines() if not line.startswith("#")]
    return {name for line in lines for name in line.partition(":")[2].split()}


def test_vendor_lists_121_functions() -> None:
    assert len(vendor_names()) == 121


def test_every_vendor_function_is_declared_but_those_named_here() -> None:
    declared = {name for name, member in stdlib.registry().functions.items() if not member.extension}
    assert vendor_names() - declared == NOT_YET
    assert declared - vendor_names() == set()


def test_extensions_are_marked() -> None:
    marked = {name for name, member in stdlib.registry().functions.items() if member.extension}
    assert marked == EXTENSIONS


def test_variables_are_those_of_the_reference() -> None:
    registry = stdlib.registry()
    assert set(registry.variables) == VARIABLES
    assert set(registry.prefixes) == {"arg_", "http_", "cookie_"}
    assert all(member.text for member in (*registry.variables.values(), *registry.prefixes.values()))


def test_registry_is_built_once() -> None:
    assert stdlib.registry() is stdlib.registry()


@pytest.mark.parametrize("member", BUILTINS)
def test_declaration_is_complete(member: Builtin) -> None:
    assert member.text.startswith(
        (
            "Return",
            "Append",
            "Insert",
            "Remove",
            "Call",
            "Sort",
            "Set",
            "Leave",
            "Add",
            "Change",
            "Limit",
            "End",
            "Count",
            "Seed",
        )
    )
    assert member.text.rstrip().endswith((".", ":"))
    assert member.examples
    assert member.cost.base >= 1
    names = [param.name for param in member.params]
    assert not member.cost.per or member.cost.per in names
    assert typeset.of_annotation(member.returns) != typeset.ANY or member.name in {
        "get",
        "arr_remove",
        "json_dec",
    }


@pytest.mark.parametrize("member", BUILTINS)
def test_effect_fits_what_the_body_is_given(member: Builtin) -> None:
    touches_request = member.effect in {Effect.READS, Effect.WRITES, Effect.AMBIENT}
    assert member.takes_run or not touches_request
    assert not member.may_end or member.effect is Effect.WRITES


@pytest.mark.parametrize("member", BUILTINS)
def test_what_check_is_told_fits_the_parameters(member: Builtin) -> None:
    kinds = {param.name: param.kind for param in member.params}
    assert member.ends_when is None or member.may_end
    assert {kinds[name] for name in member.ends_when or ()} <= {Kind.STRING}
    assert not member.comparison or (member.min_args, member.max_args) == (2, 2)
    assert Kind.REGEX_OPTIONS not in kinds.values() or Kind.PATTERN in kinds.values()
