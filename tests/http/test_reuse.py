"""
Answering from a stored response (RFC 9111 §4, §5.2.1).

A row is: how the stored response stands (age of lifetime, `v` with a validator, `n` no-cache, `m` must-revalidate, `w` with
30 s of stale-while-revalidate, `e` with 30 s of stale-if-error), the request's Cache-Control -> the decision.
"""

from hypothesis import given
from hypothesis import strategies as st

from runtime.cache.store import StoredResponse
from runtime.http.conditional import Validators
from runtime.http.directives import NO_DIRECTIVES, parse_directives
from runtime.http.reuse import Fetch, Reuse, Revalidate, Unsatisfied, decide_reuse, may_stand_in
from tests.http.notation import NOW, table


def stored(state):
    standing, _, flags = state.partition(" ")
    age, _, lifetime = standing.partition("/")
    return StoredResponse(
        200,
        (),
        b"",
        request_time=NOW,
        response_time=NOW,
        initial_age_s=float(age),
        lifetime_s=float(lifetime),
        always_validate="n" in flags,
        must_revalidate="m" in flags,
        stale_while_revalidate_s=30.0 if "w" in flags else 0.0,
        stale_if_error_s=30.0 if "e" in flags else 0.0,
        validators=Validators(b'"a"') if "v" in flags else None,
    )


@table(
    "state asked decision",
    [
        ("4.2 fresh", "0/60", "", Reuse(0)),
        ("4.2 fresh", "59.9/60", "", Reuse(59)),
        ("4.2 lifetime > age", "60/60 v", "", Revalidate("stale")),
        ("4.2.4", "61/60 v", "", Revalidate("stale")),
        ("4.3.1 no validator", "61/60", "", Fetch("stale")),
        ("5.2.2.4", "0/60 nv", "", Revalidate("response says no-cache")),
        ("5.2.2.4 whatever is asked", "0/60 nv", "max-stale", Revalidate("response says no-cache")),
        ("5.2.1.4", "0/60 v", "no-cache", Revalidate("request says no-cache")),
        ("5.2.1.4 no validator", "0/60", "no-cache", Fetch("request says no-cache")),
        ("5.2.1.1", "10/60", "max-age=10", Reuse(10)),
        ("5.2.1.1", "11/60 v", "max-age=10", Revalidate("older than the request's max-age")),
        ("5.2.1.1", "0/60", "max-age=0", Reuse(0)),
        ("5.2.1.1 no more than lifetime", "61/60 v", "max-age=100", Revalidate("stale")),
        ("5.2.1.3", "50/60", "min-fresh=10", Reuse(50)),
        ("5.2.1.3", "51/60 v", "min-fresh=10", Revalidate("not fresh for the request's min-fresh")),
        ("5.2.1.2", "65/60", "max-stale=5", Reuse(65, is_stale=True)),
        ("5.2.1.2", "66/60 v", "max-stale=5", Revalidate("stale")),
        ("5.2.1.2 any", "9999/60", "max-stale", Reuse(9999, is_stale=True)),
        ("5.2.1.2 fresh is not stale", "50/60", "max-stale=5", Reuse(50)),
        ("5.2.2.2", "65/60 mv", "max-stale=5", Revalidate("stale")),
        (
            "5.2.1.1 with max-stale",
            "65/60 v",
            "max-stale=5, max-age=60",
            Revalidate("older than the request's max-age"),
        ),
        ("5.2.1.7", "0/60", "only-if-cached", Reuse(0)),
        ("5.2.1.7 stale", "61/60 v", "only-if-cached", Unsatisfied("stale")),
        ("5.2.1.7 with max-stale", "61/60", "only-if-cached, max-stale", Reuse(61, is_stale=True)),
        ("RFC 5861 3", "89/60 wv", "", Reuse(89, is_stale=True, refresh=True)),
        ("RFC 5861 3 fresh", "59/60 wv", "", Reuse(59)),
        ("RFC 5861 3 window closed", "90/60 wv", "", Revalidate("stale")),
        ("RFC 5861 3 beside other wishes", "61/60 w", "no-transform", Reuse(61, is_stale=True, refresh=True)),
        ("RFC 5861 3 max-stale needs no fetch", "61/60 w", "max-stale", Reuse(61, is_stale=True)),
        ("RFC 5861 3 below max-age", "61/60 wv", "max-age=100", Revalidate("stale")),
        ("RFC 5861 3 below must-revalidate", "61/60 wmv", "", Revalidate("stale")),
        ("RFC 5861 3 below no-cache", "61/60 wnv", "", Revalidate("response says no-cache")),
        ("5.2.1.6 means nothing here", "0/60", "no-transform", Reuse(0)),
    ],
)
def test_reuse(state, asked, decision):
    directives = parse_directives(asked.encode()) if asked else NO_DIRECTIVES
    assert decide_reuse(stored(state), directives, NOW) == decision


@table(
    "state asked on_error on_silence",
    [
        ("4.2.4", "61/60", "", False, True),
        ("4.2.4 no longer than a day", "86460/60", "", False, False),
        ("RFC 5861 4", "89/60 e", "", True, True),
        ("RFC 5861 4 window closed", "90/60 e", "", False, True),
        ("RFC 5861 4 a request's own", "89/60", "stale-if-error=30", True, True),
        ("RFC 5861 4 the longer one", "89/60 e", "stale-if-error=1", True, True),
        ("4 fresh, but asked about", "10/60", "max-age=0", True, True),
        ("5.2.1.4", "10/60 e", "no-cache", False, False),
        ("5.2.2.2", "61/60 em", "", False, False),
        ("5.2.2.2 fresh", "59/60 m", "max-age=0", True, True),
        ("5.2.2.4", "1/60 en", "", False, False),
    ],
)
def test_standing_in(state, asked, on_error, on_silence):
    directives = parse_directives(asked.encode()) if asked else NO_DIRECTIVES
    found = [may_stand_in(stored(state), directives, NOW, disconnected=silent) for silent in (False, True)]
    assert found == [on_error, on_silence]


def test_nothing_stored():
    assert decide_reuse(None, NO_DIRECTIVES, NOW) == Fetch("nothing stored")
    assert decide_reuse(None, parse_directives(b"only-if-cached"), NOW) == Unsatisfied("nothing stored")


ages = st.floats(0, 1000)


@given(ages, st.floats(0, 1000), st.booleans(), st.floats(-1000, 1000))
def test_the_two_ways_to_tell_freshness_agree(age, lifetime, always_validate, elapsed):
    response = StoredResponse(
        200,
        (),
        b"",
        request_time=NOW,
        response_time=NOW,
        initial_age_s=age,
        lifetime_s=lifetime,
        always_validate=always_validate,
    )
    now = NOW + elapsed
    decided = decide_reuse(response, NO_DIRECTIVES, now)
    assert not isinstance(decided, Unsatisfied)
    # Sums of doubles: within a microsecond of the end either answer is right.
    if abs(response.fresh_until - now) > 1e-6 and elapsed >= 0:
        assert isinstance(decided, Reuse) is (response.fresh_until > now)


@given(ages, ages, st.floats(0, 1000))
def test_what_is_not_reused_now_is_not_reused_later(age, lifetime, later):
    response = stored(f"{age}/{lifetime} v")
    if isinstance(decide_reuse(response, NO_DIRECTIVES, NOW), Revalidate):
        assert isinstance(decide_reuse(response, NO_DIRECTIVES, NOW + later), Revalidate)


@given(ages, ages, st.lists(st.sampled_from(["no-cache", "max-age=5", "min-fresh=9", "only-if-cached"])))
def test_restrictive_directives_never_widen_reuse(age, lifetime, said):
    response = stored(f"{age}/{lifetime} v")
    if isinstance(decide_reuse(response, parse_directives(", ".join(said).encode()), NOW), Reuse):
        assert isinstance(decide_reuse(response, NO_DIRECTIVES, NOW), Reuse)
