"""The machine of a rollout: rows of plan, events, and where it is after each."""

import pytest

from runtime.console.model import rollout as rules
from runtime.console.model.refusal import Refused
from runtime.console.model.verdict import Margins

# Events: `+` a step on, `+N` to N percent, `abort`, `cancel`. States: percent, `r` for running, else the end's first letter.
COURSES = [
    ("all at once", {"steps": [100]}, "", "100c"),
    ("by steps to the end", {"steps": [5, 25, 100]}, "+ + ", "5r 25r 100c"),
    ("the last step is not stated", {"steps": [5]}, "+", "5r 100c"),
    ("a step is skipped by hand", {"steps": [5, 25, 100]}, "+50 +", "5r 50r 100c"),
    ("between two steps", {"steps": [5, 25, 100]}, "+10 +", "5r 10r 25r"),
    ("to the end by hand", {"steps": [5, 25]}, "+100", "5r 100c"),
    ("aborted on its way", {"steps": [5, 25]}, "+ abort", "5r 25r 25a"),
    ("cancelled", {"steps": [5]}, "cancel", "5r 5c!"),
    ("a pool first, then all", {"steps": [100], "pools": ["p"]}, "+", "100r 100c"),
    ("a region by steps, then all", {"steps": [50, 100], "regions": ["cn"]}, "+ +", "50r 100r 100c"),
    ("a pool, 100 again by number", {"steps": [100], "pools": ["p"]}, "+100", "100r 100c"),
    ("a pool, aborted at its end", {"steps": [100], "pools": ["p"]}, "abort", "100r 100a"),
]
ENDS = {"completed": "c", "running": "r", "aborted": "a", "cancelled": "c!"}


def moved(course, event):
    if event == "abort":
        return rules.abort(course, "why")
    if event == "cancel":
        return rules.cancel(course, "why")
    return rules.promote(course, int(event[1:]) if event[1:] else None, 10.0)


def shown(course):
    return f"{course.percent}{ENDS[course.state]}"


@pytest.mark.parametrize(("name", "plan", "events", "states"), COURSES, ids=lambda value: str(value)[:30])
def test_course(name, plan, events, states):
    course = rules.begin(rules.plan(**plan), 0.0)
    seen = [shown(course)]
    for event in events.split():
        course = moved(course, event)
        seen.append(shown(course))
    assert " ".join(seen) == states, name


@pytest.mark.parametrize("end", ["abort", "cancel", "+100"])
@pytest.mark.parametrize("event", ["+", "+50", "abort", "cancel"])
def test_an_end_is_final(end, event):
    ended = moved(rules.begin(rules.plan([5]), 0.0), end)
    with pytest.raises(Refused) as refused:
        moved(ended, event)
    assert refused.value.code == "conflict"


@pytest.mark.parametrize("percent", [0, 4, 5, 101, -1, True, 5.5, "9"])
def test_a_step_goes_on_and_never_back(percent):
    with pytest.raises(Refused):
        rules.promote(rules.begin(rules.plan([5]), 0.0), percent, 1.0)


def test_a_step_is_taken_from_where_it_was_seen_or_not_at_all():
    course = rules.promote(rules.begin(rules.plan([5, 25]), 0.0), None, 1.0, seen=5)
    assert shown(course) == "25r"
    for percent in (None, 50):
        with pytest.raises(Refused) as refused:
            rules.promote(course, percent, 2.0, seen=5)
        assert refused.value.code == "conflict"


WRONG = [
    ("no step", {"steps": []}, "steps"),
    ("a step of nothing", {"steps": [0, 5]}, "steps"),
    ("more than all", {"steps": [101]}, "steps"),
    ("a fraction", {"steps": [0.5]}, "steps"),
    ("a switch for a number", {"steps": [True]}, "steps"),
    ("steps that fall", {"steps": [25, 5]}, "steps"),
    ("a step twice", {"steps": [5, 5]}, "steps"),
    ("too many steps", {"steps": list(range(1, 23))}, "steps"),
    ("a key that is none", {"steps": [5], "sticky": "cookie"}, "sticky"),
    ("a key with a line end", {"steps": [5], "sticky": "cookie:a\nb"}, "sticky"),
    ("a pool without a name", {"steps": [5], "pools": [""]}, "pools"),
    ("a region with a slash", {"steps": [5], "regions": ["a/b"]}, "regions"),
    ("no time to hold", {"steps": [5], "hold_s": 0}, "hold_s"),
    ("no number to hold", {"steps": [5], "hold_s": float("nan")}, "hold_s"),
    ("a margin below none", {"steps": [5], "abort": Margins(exceptions=-0.1)}, "abort.exceptions"),
    ("a margin that is no number", {"steps": [5], "abort": Margins(fuel=float("nan"))}, "abort.fuel"),
    ("nothing to be seen", {"steps": [5], "abort": Margins(min_requests=0)}, "abort.min_requests"),
]


@pytest.mark.parametrize(("name", "plan", "where"), WRONG, ids=[row[0] for row in WRONG])
def test_a_plan_that_is_wrong_names_the_key(name, plan, where):
    with pytest.raises(Refused) as refused:
        rules.plan(**plan)
    assert refused.value.extra["problems"][0]["where"] == where, name


# Plan, percent now, seconds held: is the next step taken by itself?
DUE = [
    ([5, 25], 60, 5, 59.9, False),
    ([5, 25], 60, 5, 60.0, True),
    ([5, 25], None, 5, 1e9, False),
    ([5, 25], 60, 25, 1e9, False),  # the step to all was not stated
    ([5, 100], 60, 5, 60.0, True),
    ([5, 25], 60, 10, 60.0, True),
]


@pytest.mark.parametrize(("steps", "hold_s", "percent", "held_s", "due"), DUE)
def test_steps_that_are_due(steps, hold_s, percent, held_s, due):
    course = rules.begin(rules.plan(steps, hold_s=hold_s), 0.0)
    if percent != course.percent:
        course = rules.promote(course, percent, 0.0)
    assert rules.is_due(course, held_s) is due


def test_no_step_is_due_after_the_end():
    course = rules.abort(rules.begin(rules.plan([5, 25], hold_s=1), 0.0), "why")
    assert not rules.is_due(course, 1e9)
