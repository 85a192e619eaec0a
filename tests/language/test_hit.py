"""What makes a script a hit (reference section 8.4, U-24), on both tiers."""

import pytest

import stdlib
from edgescript.compiler import compile_source
from edgescript.context import Context
from edgescript.program import load
from edgescript.request import Request
from edgescript.source import Source

HITS = {
    "a taken if": "if $arg_a {\n}\n",
    "an if that is always taken": "if true {\n}\n",
    "a taken if inside an else": "if $arg_b {\n} else {\n    if $arg_a {\n    }\n}\n",
    "a taken else if": "if $arg_b {\n} else if $arg_a {\n}\n",
    "a taken if inside a loop": "for k, v in ['x'] {\n    if v {\n    }\n}\n",
    "return true": "return true\n",
    "return true after an if not taken": "if $arg_b {\n}\nreturn true\n",
}
NO_HITS = {
    "nothing at all": "",
    "no if": "say('a')\n",
    "an if not taken": "if $arg_b {\n}\n",
    "an else": "if $arg_b {\n} else {\n    say('a')\n}\n",
    "an if in a function": "def f() {\n    if $arg_a {\n    }\n}\nf()\n",
    "return false after a taken if": "if $arg_a {\n}\nreturn false\n",
}
CASES = [(name, text, True) for name, text in HITS.items()] + [
    (name, text, False) for name, text in NO_HITS.items()
]


@pytest.mark.parametrize(("text", "hit"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_hit(text, hit):
    compiled = compile_source(Source("a.es", text), stdlib.registry())
    assert compiled.code is not None
    program = load(compiled.code, stdlib.registry())
    for run in (program.run, program.interpret):
        assert run(Context(Request(target="/?a=1"))) is hit
