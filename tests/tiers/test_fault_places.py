"""The place of an error is looked up once, however deep the calls: it takes time by the length of the function."""

import pytest

import stdlib
from edgescript.compiler import compile_source
from edgescript.context import Context
from edgescript.faults import ScriptFault
from edgescript.program import load
from edgescript.request import Request
from edgescript.running import pycode
from edgescript.source import Source

DEEP = "def f(x) {\n    return f(x)\n}\nf(1)\n"


def test_of_an_error_many_calls_deep(monkeypatch):
    looked_up = []
    known = pycode.position_of
    monkeypatch.setattr(pycode, "position_of", lambda *at: looked_up.append(at) or known(*at))
    compiled = compile_source(Source("t.es", DEEP), stdlib.registry())
    program = load(compiled.code, stdlib.registry())
    with pytest.raises(ScriptFault) as raised:
        program.run(Context(Request(host="a.test")))
    assert (raised.value.line, raised.value.column, len(looked_up)) == (2, 14, 1)
