"""Every example of every declaration holds, and so does every line of the case files, in both tiers."""

import pytest

from stdlib import FAMILIES
from tests.stdlib.cases import Case, read_cases
from tests.stdlib.harness import TIERS, Tier, evaluate, with_opaque_arguments

EXAMPLES = [
    pytest.param(Case(example.call, example.result), id=f"{member.name}:{number}")
    for family in FAMILIES
    for member in family.members
    for number, example in enumerate(member.examples, 1)
]


def check(case: Case, call: str, tier: Tier) -> None:
    outcome = evaluate(call, case.context(), tier)
    if case.result.startswith("error "):
        assert outcome.fault is not None, f"{call} gave {outcome.values}"
        assert f"error {int(outcome.fault.code)}" == case.result, outcome.fault.message
        return
    assert outcome.fault is None, outcome.fault
    if outcome.ended:
        # What ends the request gives no value to look at; its declaration says true.
        assert case.result == "true"
        return
    assert outcome.values == evaluate(case.result, case.context(), tier).values


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("case", [*EXAMPLES, *read_cases()])
def test_call_gives_the_stated_result(case: Case, tier: Tier) -> None:
    check(case, case.call, tier)


@pytest.mark.parametrize("case", [*EXAMPLES, *read_cases()])
def test_call_gives_the_same_with_arguments_known_only_at_run_time(case: Case) -> None:
    check(case, with_opaque_arguments(case.call), "translated")


@pytest.mark.parametrize("case", [*EXAMPLES, *read_cases()])
def test_both_tiers_agree_on_effects_and_fuel(case: Case) -> None:
    translated = evaluate(case.call, case.context(), "translated")
    interpreted = evaluate(case.call, case.context(), "interpreted")
    assert translated.summary == interpreted.summary
    assert translated.fuel == interpreted.fuel
