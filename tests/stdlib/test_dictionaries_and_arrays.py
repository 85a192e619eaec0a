"""What dictionaries and arrays hold after a script has changed them."""

from typing import Any

import pytest

from tests.stdlib.harness import TIERS, Tier, run

# A script that changes `d`, and what `probe(d)` shows as `key value` pairs.
SCRIPTS = {
    "set overwrites": ("d = ['a' = 1]\nset(d, 'a', 2)", "a=2"),
    "undef removes the key": ("d = ['a' = 1]\nset(d, 'a', $arg_absent)", ""),
    "true and 1 are two keys": ("d = []\nset(d, 1, 'n')\nset(d, true, 'b')", "1=n true=b"),
    "'1' and 1 are two keys": ("d = ['x']\nset(d, '1', 's')", "1=x 1=s"),
    "1.0 and 1 are one key": ("d = ['x']\nset(d, 1.0, 'y')", "1=y"),
    "del leaves other keys where they are": ("d = ['a', 'b', 'c']\ndel(d, 2)", "1=a 3=c"),
    "a gap filled joins the array": ("d = ['a', 'b', 'c']\ndel(d, 2)\nset(d, 2, 'x')", "1=a 2=x 3=c"),
    "arr_remove moves elements down": ("d = ['a', 'b', 'c']\narr_remove(d, 1)", "1=b 2=c"),
    "arr_remove takes the last": ("d = ['a', 'b', 'c']\narr_remove(d)", "1=a 2=b"),
    "arr_insert appends": ("d = ['a']\narr_insert(d, 'b')", "1=a 2=b"),
    "arr_insert moves elements up": ("d = ['a', 'b']\narr_insert(d, 'x', 1)", "1=x 2=a 3=b"),
    "arr_insert in the middle": ("d = ['a', 'b']\narr_insert(d, 'x', 2)", "1=a 2=x 3=b"),
    "arr_insert before the last": ("d = ['a', 'b']\narr_insert(d, 'x', -2)", "1=a 2=x 3=b"),
    "arr_insert meets a key after a gap": ("d = [1 = 'a', 3 = 'c']\narr_insert(d, 'x', 1)", "1=x 2=a 3=c"),
    "arr_insert leaves other keys": ("d = ['k' = 'v']\narr_insert(d, 'a')", "1=a k=v"),
    "arr_sort by byte": ("d = ['b', 'a', 'B', 'é', '']\narr_sort(d)", "1= 2=B 3=a 4=b 5=é"),
    "arr_sort by size": ("d = [10, 9, 1.5, -1]\narr_sort(d)", "1=-1 2=1.5 3=9 4=10"),
    "arr_sort by a function": ("d = [1, 3, 2]\narr_sort(d, descending)", "1=3 2=2 3=1"),
    "arr_sort leaves other keys": ("d = ['b', 'a']\nset(d, 'k', 'v')\narr_sort(d)", "1=a 2=b k=v"),
    "arr_sort by a function that sees no order": (
        "def same(x, y) {\nreturn true\n}\nd = [1, 2]\narr_sort(d, same)\nd = [arr_len(d)]",
        "1=2",
    ),
    "a dictionary is passed by reference": (
        "def change(t) {\nset(t, 'a', 1)\n}\nd = []\nchange(d)",
        "a=1",
    ),
    "foreach goes over all entries": ("d = []\nforeach(['x', 'k' = 'v'], visit, d)", "1=x k=v"),
    "foreach stops at false": (
        "def stop(k, v, u) {\nset(u, k, v)\nreturn ne(v, 'b')\n}\nd = []\nforeach(['a', 'b', 'c'], stop, d)",
        "1=a 2=b",
    ),
    "foreach goes on after undef": (
        "def go(k, v, u) {\nset(u, k, v)\nreturn $arg_absent\n}\nd = []\nforeach(['a', 'b'], go, d)",
        "1=a 2=b",
    ),
    "foreach walks the entries of the start": (
        "def grow(k, v, u) {\narr_insert(u, v)\n}\nd = ['a', 'b']\nforeach(d, grow, d)",
        "1=a 2=b 3=a 4=b",
    ),
    "foreach may delete what it walks": (
        "def drop(k, v, u) {\ndel(u, k)\n}\nd = ['a', 'b', 'k' = 'v']\nforeach(d, drop, d)",
        "",
    ),
    "split gives an array": ("d = split('a b')\narr_insert(d, 'c')", "1=a 2=b 3=c"),
    "split_as_key keeps order and no doubles": ("d = split_as_key('b,a,b', ',')", "b=b a=a"),
    "capture_re numbers its groups": ("d = capture_re('ab', '(a)(x)?(b)')", "1=a 2=false 3=b 0=ab"),
    "req_uri_seg keeps the numbers": ("d = req_uri_seg(2)", "2=b.tar.gz"),
    "decode_args collects a repeated name": ("d = get(decode_args('a=1&a&a=3'), 'a')", "1=1 2=true 3=3"),
    "decode_args reads 1000 pairs": (
        "s = 'a=1&a=1&a=1&a=1&'\n" + "s = concat(s, s)\n" * 8 + "d = [arr_len(get(decode_args(s), 'a'))]",
        "1=1000",
    ),
    "json null is false": ("d = json_dec('[null,1]')", "1=false 2=1"),
}


def shown(value: Any) -> str:
    """Pairs of a comparable table in the order of iteration; UTF-8 read."""
    kind, pairs = value
    assert kind == "table"
    text = " ".join(f"{_word(key)}={_word(item)}" for key, item in pairs)
    return text.encode("latin-1").decode()


def _word(value: Any) -> str:
    kind, content = value
    return str(content).lower() if kind == "boolean" else f"{content}"


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize(("script", "entries"), SCRIPTS.values(), ids=SCRIPTS.keys())
def test_entries_after(script: str, entries: str, tier: Tier) -> None:
    assert shown(run(f"{script}\nprobe(d)\n", tier=tier).value) == entries


@pytest.mark.parametrize("tier", TIERS)
def test_sorting_function_may_not_change_the_array(tier: Tier) -> None:
    script = "d = [2, 1, 3]\ndef meddle(x, y) {\ndel(d, 1)\nreturn lt(x, y)\n}\narr_sort(d, meddle)\n"
    fault = run(script, tier=tier).fault
    assert fault is not None
    assert "changed the array" in fault.message


@pytest.mark.parametrize("tier", TIERS)
def test_fault_in_a_sorting_function_leaves_the_array(tier: Tier) -> None:
    script = (
        "d = [2, 1, 3]\nprobe(d)\ndef fail(x, y) {\nreturn add(x, opaque('1'))\n}\n"
        "arr_sort(d, fail)\nprobe(d)\n"
    )
    outcome = run(script, tier=tier)
    assert outcome.fault is not None
    assert len(outcome.values) == 1


@pytest.mark.parametrize("tier", TIERS)
def test_exit_in_a_callback_ends_the_walk(tier: Tier) -> None:
    script = (
        "def leave(k, v, u) {\nprobe(v)\nexit(403)\n}\nforeach(['a', 'b'], leave, [])\nprobe('unreached')\n"
    )
    outcome = run(script, tier=tier)
    assert outcome.ended
    assert outcome.values == (("string", "a"),)
