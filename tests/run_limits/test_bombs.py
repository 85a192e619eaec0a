"""Scripts made to hang a worker: each ends in a named limit, soon."""

import json

import pytest

from tests.support.command import run_command

DOUBLED = "for i, v in split('x,x,x,x,x,x,x,x,x,x,x,x', ',') { s = concat(s, s) }\n"
GROWN = "s = 'aaaaaaaa'\n" + DOUBLED
LOOPS = "l = split('1,2,3,4,5,6,7,8,9,10', ',')\nfor a, x in l {\n for b, y in l {\n  for c, z in l {\n%s\n  }\n }\n}\n"
NEW_PATTERN = (
    "match_re('aaaa', concat('x', tostring(a), '_', tostring(b), '_', tostring(c), '(a|b|c|d|e|f){1,500}'))"
)

BOMBS = {
    "a subject of a megabyte": (GROWN + "s = concat(s, s)\ngsub_re(s, '(x+x+)+y|a', '')", "regex_bytes"),
    "replacements one by one": (
        GROWN + "gsub_re(s, '(a+?)(b?)', '$2$1')\ngsub_re(s, '(x+x+)+y|a', '$0$0')",
        "fuel",
    ),
    "a result that grows": (
        "s = 'aaaaaaaa'\nfor i, v in split('x,x,x,x,x,x,x,x,x', ',') { s = gsub_re(s, 'a', '$0$0$0$0') }",
        "regex_bytes",
    ),
    "patterns never seen before": (LOOPS % NEW_PATTERN, "wall_clock_s"),
    "strings that double": (GROWN + DOUBLED * 3, "value_bytes"),
    "recursion": ("def f() {\n f()\n}\nf()", "call_depth"),
    "calls": (LOOPS.replace("%s", "   f()\n   f()") * 6 + "def f() {\n}\n", "calls"),
    "dictionaries": (
        LOOPS.replace("%s", "   d = split('a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u', ',')"),
        "dictionary_entries",
    ),
}
MESSAGES = {
    "regex_bytes": "more than 32768",
    "fuel": "fuel",
    "wall_clock_s": "longer than 50 ms",
    "value_bytes": "more than 1048576",
    "call_depth": "more than 50 deep",
    "calls": "function calls",
    "dictionary_entries": "dictionary entries",
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_ends_in_its_limit(bomb, tmp_path):
    source, limit = BOMBS[bomb]
    path = tmp_path / "bomb.es"
    path.write_text(source + "\n")
    result = run_command("run", str(path), "--url", "http://a.test/", "--json")
    script = json.loads(result.stdout)["scripts"][0]
    assert script["state"] == "Exception"
    assert MESSAGES[limit] in script["error"]["message"]
    # The wall clock's 50 ms, one slow builtin after it, and a machine that does other things as well.
    assert script["time_us"] < 500_000
