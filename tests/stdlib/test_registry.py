"""The registry is complete, described, and named as the vendor names it."""

from pathlib import Path

import pytest

import stdlib
from edgescript import typeset
from edgescript.builtins import Builtin, Effect, Kind
from edgescript.cli.author.doc import EXTENSION
from edgescript.compiler import compile_source
from edgescript.source import Source
from stdlib.vendor import PAGES
from tests.support.command import run_command

VENDOR = Path(__file__).with_name("vendor_functions.txt")
EXTENSIONS = {
    "ab_group",
    "add_cache_tag",
    "cache_bypass",
    "crc32c",
    "dict_get",
    "ip_in",
    "jwt_verify",
    "limit_conn",
    "limit_req",
    "metric_incr",
    "secure_eq",
    "set_cache_grace",
    "set_cache_key",
    "set_origin",
    "sha3",
}
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
PREFIXES = {"arg_", "http_", "cookie_"}
BUILTINS = [pytest.param(member, id=member.name) for member in stdlib.registry().functions.values()]


def vendor_pages() -> dict[str, list[str]]:
    """Functions by page, in the published order."""
    lines = [line for line in VENDOR.read_text().splitlines() if not line.startswith("#")]
    pages = (line.partition(":") for line in lines)
    return {page.removesuffix("-functions").replace("-", " "): names.split() for page, _, names in pages}


def vendor_names() -> list[str]:
    return [name for names in vendor_pages().values() for name in names]


def test_vendor_lists_121_functions() -> None:
    assert len(vendor_names()) == len(set(vendor_names())) == 121


def test_every_vendor_function_is_declared_and_nothing_else_passes_for_one() -> None:
    declared = {name for name, member in stdlib.registry().functions.items() if not member.extension}
    assert declared == set(vendor_names())


def test_functions_are_arranged_as_the_vendor_arranges_them() -> None:
    assert {page: list(names) for page, names in PAGES.items()} == vendor_pages()


def test_doc_lists_everything_by_page_and_the_extensions_apart() -> None:
    listed: dict[str, list[str]] = {}
    title = ""
    for line in run_command("doc", "--list").stdout.splitlines():
        if line.startswith("  "):
            listed[title] += line.split()
        elif line:
            title = line
            listed[title] = []
    extensions = {title: listed.pop(title) for title in list(listed) if title.startswith(EXTENSION)}
    variables = listed.pop("variables")
    assert listed == vendor_pages()
    assert {name for names in extensions.values() for name in names} == EXTENSIONS
    assert sorted(variables) == sorted(
        [*(f"${name}" for name in VARIABLES), *(f"${prefix}NAME" for prefix in PREFIXES)]
    )


def test_extensions_are_marked() -> None:
    marked = {name for name, member in stdlib.registry().functions.items() if member.extension}
    assert marked == EXTENSIONS


@pytest.mark.parametrize("name", sorted(EXTENSIONS))
def test_every_call_of_an_extension_is_reported_by_compat(name: str) -> None:
    for example in stdlib.registry().functions[name].examples:
        source = Source("test.es", f"x = {example.call}\n")
        reported = [
            each
            for each in compile_source(source, stdlib.registry()).diagnostics
            if each.code == "compat-extension"
        ]
        assert any(name in each.message for each in reported)


def test_variables_are_those_of_the_reference() -> None:
    registry = stdlib.registry()
    assert set(registry.variables) == VARIABLES
    assert set(registry.prefixes) == PREFIXES
    assert len(registry.variables) + len(registry.prefixes) == 11
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
    assert not member.may_end or member.effect is Effect.WRITES or member.awaits_response


@pytest.mark.parametrize("member", BUILTINS)
def test_what_check_is_told_fits_the_parameters(member: Builtin) -> None:
    kinds = {param.name: param.kind for param in member.params}
    assert member.ends_when is None or member.may_end
    assert {kinds[name] for name in member.ends_when or ()} <= {Kind.STRING}
    assert not member.comparison or (member.min_args, member.max_args) == (2, 2)
    assert Kind.REGEX_OPTIONS not in kinds.values() or Kind.PATTERN in kinds.values()
