"""Every function takes what the vendor's pages say, and answers another count or type with codes 401 to 406."""

from pathlib import Path
from typing import NamedTuple

import pytest

import stdlib
from edgescript.compiler import compile_source
from edgescript.source import Source
from tests.stdlib.harness import PRELUDE, REGISTRY, TIERS, run

LINES = Path(__file__).with_name("vendor_signatures.txt").read_text(encoding="utf-8").splitlines()

# An argument of each type, arguments that are not, and the error those raise (reference section 9.4).
FITTING = {
    "string": "'a'",
    "number": "1",
    "text": "'1'",
    "boolean": "true",
    "dictionary": "[]",
    "function": "visit",
    "any": "'a'",
}
WRONG = {
    "string": (402, ("1", "true", "[]", "$arg_absent")),
    "number": (403, ("'1'", "false", "[]", "$arg_absent")),
    "text": (402, ("true", "[]", "$arg_absent")),
    "boolean": (405, ("'true'", "0", "[]", "$arg_absent")),
    "dictionary": (404, ("'a'", "1", "false", "$arg_absent")),
    "function": (406, ("'visit'", "1", "[]", "$arg_absent")),
}


class Signature(NamedTuple):
    name: str
    types: tuple[str, ...]
    least: int
    most: int | None


def read(line: str) -> Signature:
    name, _, words = line.partition(":")
    types = words.split()
    least = sum(1 for word in types if not word.startswith("[") and not word.endswith("..."))
    most = None if types and types[-1].endswith("...") else len(types)
    return Signature(name, tuple(word.strip("[].") for word in types), least, most)


SIGNATURES = [read(line) for line in LINES if not line.startswith("#")]


def test_every_function_of_the_vendor_has_a_line() -> None:
    declared = {name for name, member in stdlib.registry().functions.items() if not member.extension}
    assert sorted(signature.name for signature in SIGNATURES) == sorted(declared)


def call(signature: Signature, arguments: list[str]) -> str:
    return f"{signature.name}({', '.join(arguments)})"


@pytest.mark.parametrize("signature", SIGNATURES, ids=lambda signature: signature.name)
def test_too_few_and_too_many_arguments_are_said_before_a_run(signature: Signature) -> None:
    fitting = [FITTING[type_] for type_ in signature.types]
    wrong = [fitting[: signature.least - 1]] if signature.least else []
    if signature.most is not None:
        wrong.append([*fitting, "'a'"])
    for arguments in wrong:
        source = Source("test.es", f"{PRELUDE}x = {call(signature, arguments)}\n")
        codes = {
            each.code for each in compile_source(source, REGISTRY).diagnostics if each.severity == "error"
        }
        assert "argument-count" in codes
    for count in range(signature.least, len(fitting) + 1):
        source = Source("test.es", f"{PRELUDE}x = {call(signature, fitting[:count])}\n")
        assert "argument-count" not in {each.code for each in compile_source(source, REGISTRY).diagnostics}


PLACES = [
    pytest.param(signature, place, id=f"{signature.name}:{place + 1}")
    for signature in SIGNATURES
    for place, type_ in enumerate(signature.types)
    if type_ in WRONG
]


@pytest.mark.parametrize(("signature", "place"), PLACES)
def test_argument_of_another_type_is_an_error_of_its_own(signature: Signature, place: int) -> None:
    code, values = WRONG[signature.types[place]]
    # Opaque, lest the compiler refuse their values before the run.
    fitting = [
        FITTING[type_] if type_ == "function" else f"opaque({FITTING[type_]})" for type_ in signature.types
    ]
    for value in values:
        # Arguments before the wrong one fit, and those behind it are not looked at.
        arguments = [*fitting[:place], f"opaque({value})", *fitting[place + 1 :]]
        for tier in TIERS:
            fault = run(f"probe({call(signature, arguments)})\n", tier=tier).fault
            assert fault is not None
            assert int(fault.code) == code
            assert f"argument {place + 1} of {signature.name}" in fault.message
