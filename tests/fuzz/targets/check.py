"""Any bytes as a script: code or diagnostics, each with a place in the text, in every form they are shown in."""

from edgescript.compiler import compile_source
from edgescript.diagnostics import render
from edgescript.diagnostics.findings import has_errors
from edgescript.source import Source
from tests.fuzz.soundness import REGISTRY

CORPUS = "scripts"


def run(data: bytes) -> None:
    source = Source.from_bytes("fuzz.es", data)
    compiled = compile_source(source, REGISTRY)
    assert (compiled.code is None) == has_errors(compiled.diagnostics)
    for diagnostic in compiled.diagnostics:
        assert 0 <= diagnostic.span.start <= diagnostic.span.end <= len(source.text), diagnostic
        assert render.as_text(source, diagnostic)
    reports = [(source, compiled.diagnostics)]
    for form in (render.as_json, render.as_sarif, render.as_github):
        form(reports).encode()
