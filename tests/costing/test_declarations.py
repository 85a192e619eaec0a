"""What builtins declare of their charges and results holds for every call of the bench, large ones too."""

from itertools import groupby

import pytest

import stdlib
from edgescript import typeset
from edgescript.bounds import InputBounds
from edgescript.builtins import Kind
from edgescript.costing.statement import state_cost
from edgescript.faults import ScriptFault
from loadtest import fuel_bench
from loadtest.fuel_cases import LARGE, SETS

CASES = [case for case in fuel_bench.cases() if not case.name.startswith("[")]
GROUPS = [(name, list(group)) for name, group in groupby(CASES, key=lambda case: case.name)]


@pytest.mark.parametrize("cases", [cases for _, cases in GROUPS], ids=[name for name, _ in GROUPS])
def test_no_call_charges_more_than_stated(cases):
    for case in cases:
        inputs = InputBounds(head_bytes=max(len(case.data), 200), target_bytes=100, response_bytes=100)
        program = fuel_bench.program_of(case, case.timed)
        # What only limits bound is no part of a declaration: nothing here comes near them.
        statement = state_cost(program.linked, fuel_bench.UNBOUNDED, inputs)
        try:
            _, fuel = fuel_bench.runner(case, case.timed)
        except ScriptFault:
            continue
        assert fuel <= statement.fuel, case.what


def test_what_calls_functions_says_how_often():
    takes_function = {
        builtin.name
        for builtin in stdlib.registry().functions.values()
        if any(param.kind is Kind.FUNCTION for param in builtin.params)
    }
    declared = {
        builtin.name for builtin in stdlib.registry().functions.values() if builtin.cost.calls is not None
    }
    assert takes_function == declared == {"arr_sort", "foreach"}


def test_what_makes_strings_says_how_large():
    """But where the result is what stands in a dictionary among the arguments."""
    silent = {
        builtin.name
        for builtin in stdlib.registry().functions.values()
        if builtin.cost.makes is None and typeset.of_annotation(builtin.returns) & typeset.STRING
    }
    assert silent == {"arr_remove", "get"}


def test_the_cases_name_builtins():
    assert not (LARGE.keys() | SETS.keys()) - stdlib.registry().functions.keys()
