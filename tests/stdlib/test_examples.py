"""Every example of every declaration holds, and so does every line of the case files, in both tiers."""

import pytest

from stdlib import FAMILIES
from tests.stdlib.cases import Case, read_cases
from tests.stdlib.harness import TIERS, Run, evaluate, is_refused, with_opaque_arguments

EXAMPLES = [
    pytest.param(Case(example.call, example.result), id=f"{member.name}:{number}")
    for family in FAMILIES
    for member in family.members
    for number, example in enumerate(member.examples, 1)
]


CASES = [*EXAMPLES, *read_cases()]


def check(case: Case, outcome: Run) -> None:
    if case.result.startswith("error "):
        assert outcome.fault is not None, f"gave {outcome.values}"
        assert f"error {int(outcome.fault.code)}" == case.result, outcome.fault.message
        return
    assert outcome.fault is None, outcome.fault
    if outcome.ended:
        # What ends the request gives no value to look at; its declaration says true.
        assert case.result == "true"
        return
    assert outcome.values == evaluate(case.result, case.context()).values


@pytest.mark.parametrize("case", CASES)
def test_call_gives_the_stated_result(case: Case) -> None:
    if case.result.startswith("error ") and is_refused(case.call):
        return  # said at compile time; the same call with unknown arguments raises, as the next test shows
    translated, interpreted = (evaluate(case.call, case.context(), tier) for tier in TIERS)
    check(case, translated)
    check(case, interpreted)
    # The tiers agree on what happened and on its price.
    assert translated.summary == interpreted.summary
    assert translated.fuel == interpreted.fuel


@pytest.mark.parametrize("case", CASES)
def test_call_gives_the_same_with_arguments_known_only_at_run_time(case: Case) -> None:
    check(case, evaluate(with_opaque_arguments(case.call), case.context()))
