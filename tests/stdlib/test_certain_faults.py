"""Calls that can only fail when run are warned of and compile: both tiers raise the same fault, at the same price."""

import pytest

from tests.stdlib.harness import TIERS, run


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("probe(add($host, 1))\n", 403),
        ("probe(-$uri)\n", 403),
        ("probe(substr($uri, $host, 1.5))\n", 403),
        ("probe(upper(add(1, 2)))\n", 402),
        ("probe(get($uri, 1))\n", 404),
        ("for k, v in $uri {\n    probe([k, v])\n}\n", 404),
        ("for k, v in len($uri) {\n    probe([k, v])\n}\n", 404),
        ("add_rsp_header('a', 'b', $uri)\n", 405),
        ("a = [1]\narr_sort(a, $uri)\nprobe(a)\n", 406),
    ],
)
def test_certain_fault(script: str, code: int) -> None:
    translated, interpreted = (run(script, tier=tier) for tier in TIERS)
    for outcome in (translated, interpreted):
        assert outcome.fault is not None
        assert int(outcome.fault.code) == code
        assert outcome.values == ()
    assert str(translated.fault) == str(interpreted.fault)
    assert translated.fuel == interpreted.fuel
