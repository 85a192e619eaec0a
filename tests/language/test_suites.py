"""Runs the Markdown suites of this folder."""

import pytest

import stdlib
from edgescript.compiler import Compiled, compile_source
from edgescript.context import Context
from edgescript.diagnostics.render import as_text
from edgescript.program import load
from edgescript.request import Request
from edgescript.source import Source, as_utf8
from tests.language.suite import Case, Marker, cases, markers

CASES = list(cases())
QUIET = {"hint", "compat"}
"""Severities that count only in blocks that ask for them."""


def say_all(found: list[Marker]) -> str:
    return "\n".join(f"line {each.line}: {each.severity}[{each.code}] {each.text}" for each in found)


def findings(source: Source, compiled: Compiled, case: Case) -> list[Marker]:
    return [
        Marker(source.position(each.span.start).line, each.severity, each.code, each.message)
        for each in compiled.diagnostics
        if each.severity not in QUIET or each.severity in case.options
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case):
    source = Source.from_bytes("script.es", case.source.encode())
    compiled = compile_source(source, stdlib.registry())
    if case.text is not None:
        shown = [
            each
            for each in compiled.diagnostics
            if each.severity not in QUIET or each.severity in case.options
        ]
        assert "\n".join(as_text(source, each) for each in shown) == case.text
        return
    rest = findings(source, compiled, case)
    for wanted in markers(case.source):
        match = [each for each in rest if each[:3] == wanted[:3] and wanted.text in each.text]
        assert match, f"not said: {say_all([wanted])}\nsaid:\n{say_all(rest)}"
        rest.remove(match[0])
    assert not rest, f"said but not marked:\n{say_all(rest)}"
    if case.result is not None:
        assert compiled.code is not None
        program = load(compiled.code, stdlib.registry())
        for run in (program.run, program.interpret):
            context = Context(Request(target=case.options.get("url", "/")))
            run(context)
            assert as_utf8("".join(context.effects.output)) == case.result
