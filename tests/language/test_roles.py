"""What checks know of builtins by name: of builtins there are, of arguments they have, and no key left out."""

import ast

import pytest

import stdlib
from edgescript.builtins import Kind
from edgescript.checking import roles
from tests.architecture.imports import dotted_name, modules

REGISTRY = stdlib.registry()
TABLES = {
    name: table
    for name, table in vars(roles).items()
    if name.isupper() and name != "TYPE_NAMES" and not isinstance(table, int)
}
"""All but those of types, whose sets are numbers."""
SECRETIVE = ("ciphers", "digests", "integrity", "tokens")
"""The families whose functions are given keys, or text with one in it."""
KEYLESS = {
    "aes_enc": "has the key in its object",
    "aes_dec": "has the key in its object",
    "secure_eq": "what it compares are results as often as secrets, on either side",
}
"""Those of their functions in which no literal is looked at, and why."""
NO_SECRET = {
    "dict_get": "what an entry is found under",
    "limit_conn": "what it counts by",
    "limit_req": "what it counts by",
    "set_cache_key": "what a response is found under",
}
"""Functions with a parameter named as a key that is none."""


def names_in(table: object) -> set[str]:
    """The names a table is about: itself, its members, its keys."""
    return {table} if isinstance(table, str) else set(table)


def exists(name: str) -> bool:
    if name.startswith("$"):
        return name[1:] in REGISTRY.prefixes or REGISTRY.variable(name[1:]) is not None
    return name in REGISTRY.functions


@pytest.mark.parametrize("table", TABLES)
def test_builtins_exist(table):
    assert {name for name in names_in(TABLES[table]) if not exists(name)} == set()


@pytest.mark.parametrize("table", [roles.ALIASES, roles.PREFIX_ALIASES], ids=["ALIASES", "PREFIX_ALIASES"])
def test_what_they_stand_for_exists(table):
    assert {name for name in table.values() if not exists(name)} == set()


def test_narrower_tables_are_about_members_of_the_wider():
    for narrower in (roles.ALL_OR_NONE, roles.FIRST_ALWAYS, roles.NUMBERED):
        assert narrower <= roles.SOURCES.keys()
    assert roles.ALGORITHMS.keys() <= roles.KEYED.keys()


def param(function: str, index: int):
    params = REGISTRY.functions[function].params
    assert index < len(params)
    return params[index]


def test_indices_are_those_of_the_arguments():
    positions = [param(name, index) for name, indices in roles.POSITIONS.items() for index in indices]
    assert {each.kind for each in positions} == {Kind.INTEGER}
    assert {param(name, index).name for name, index in roles.KEYED.items()} == {"k", "key"}
    assert {param(name, index).name for name, index in roles.ALGORITHMS.items()} == {"alg"}
    assert all(param(name, late.param) for name, late in roles.TOO_LATE.items())


def test_entries_with_keys_are_those_of_the_page():
    for name, entries in roles.KEY_ENTRIES.items():
        page = REGISTRY.functions[name]
        assert page.params[0].kind is Kind.DICTIONARY
        assert all(any(f"'{entry}' =" in each.call for each in page.examples) for entry in entries)


def test_every_function_given_a_secret_is_known():
    known = {*roles.KEYED, *roles.KEY_ENTRIES, *roles.DIGESTS}
    given = {name for name, builtin in REGISTRY.functions.items() if builtin.family in SECRETIVE}
    assert given == known | KEYLESS.keys()
    assert known.isdisjoint(KEYLESS)


def test_every_parameter_named_as_a_key_is_one():
    named = {
        name
        for name, builtin in REGISTRY.functions.items()
        if any(each.name in {"key", "secret", "password"} for each in builtin.params)
    }
    assert named - roles.KEYED.keys() == NO_SECRET.keys()


def test_no_check_has_the_name_of_a_builtin_in_its_own_text():
    told = {
        f"{dotted_name(path)}:{node.lineno}: {node.value}"
        for path in modules("edgescript.checking")
        if path.stem != "roles"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value in REGISTRY.functions
    }
    assert told == set()


def test_the_names_of_all_types_are_known():
    examples = [example.result for example in REGISTRY.functions["type"].examples]
    assert {text.strip("'") for text in examples} <= roles.TYPE_NAMES.keys()
