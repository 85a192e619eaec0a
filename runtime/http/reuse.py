"""
When a stored response may answer a request (RFC 9111 §4): its age, and the decision.

What a stored response must carry for it is the protocol `Stored`; serving stale (RFC 5861) is more members there and
one more case in `decide_reuse`.

Measured (CPython 3.11): `decide_reuse` of a fresh response 0.4 µs.
"""

from typing import NamedTuple, Protocol, TypeAlias

from runtime.http.conditional import Validators
from runtime.http.dates import date_of
from runtime.http.directives import NO_DIRECTIVES, Directives, parse_delta
from runtime.http.fields import Fields, combined


def initial_age(fields: Fields, request_time: float, response_time: float) -> float:
    """`corrected_initial_age` of RFC 9111 §4.2.3: seconds, >= 0, that a response was old when it arrived."""
    apparent_age = max(0.0, response_time - date_of(fields, response_time))
    value = combined(fields, b"age")
    # RFC 9111 §5.1: the first of several is used; what is no number is ignored.
    age_value = parse_delta(value.partition(b",")[0].strip(b" \t")) if value is not None else None
    response_delay = max(0.0, response_time - request_time)
    return max(apparent_age, (age_value or 0) + response_delay)


class Stored(Protocol):
    """What reuse asks of a stored response."""

    @property
    def response_time(self) -> float:
        """Unix time at which it arrived or was last validated."""

    @property
    def initial_age_s(self) -> float:
        """Its age then."""

    @property
    def lifetime_s(self) -> float: ...
    @property
    def always_validate(self) -> bool: ...
    @property
    def must_revalidate(self) -> bool: ...
    @property
    def validators(self) -> Validators: ...


def current_age(stored: Stored, now: float) -> float:
    """Seconds, >= 0 (RFC 9111 §4.2.3); a clock set back makes nothing younger than when it arrived."""
    return stored.initial_age_s + max(0.0, now - stored.response_time)


class Reuse(NamedTuple):
    """Answer from the stored response."""

    age_s: int
    """The value of Age, whole seconds."""
    is_stale: bool = False
    """Past its lifetime, which the request accepts (max-stale)."""


class Revalidate(NamedTuple):
    """Ask the origin whether the stored response is current, with its validators."""

    reason: str


class Fetch(NamedTuple):
    """Fetch from the origin: nothing stored is of use."""

    reason: str


class Unsatisfied(NamedTuple):
    """Answer 504: the request wants no origin asked (only-if-cached, RFC 9111 §5.2.1.7)."""

    reason: str


ReuseDecision: TypeAlias = Reuse | Revalidate | Fetch | Unsatisfied


def decide_reuse(stored: Stored | None, request: Directives, now: float) -> ReuseDecision:
    """
    How to answer a GET or HEAD for which `stored` was selected, or nothing was (RFC 9111 §4).

    Give `NO_DIRECTIVES` for `request` where clients are not to steer the cache.
    """
    if stored is None:
        return _ask(None, request, "nothing stored")
    age = current_age(stored, now)
    if stored.always_validate:
        return _ask(stored, request, "response says no-cache")
    if request is NO_DIRECTIVES:
        return Reuse(int(age)) if age < stored.lifetime_s else _ask(stored, request, "stale")
    return _decide_with_directives(stored, request, age)


def _decide_with_directives(stored: Stored, request: Directives, age: float) -> ReuseDecision:
    """RFC 9111 §5.2.1, for requests that say something."""
    if request.no_cache:
        return _ask(stored, request, "request says no-cache")
    left = stored.lifetime_s - age
    may_be_stale = (
        request.max_stale is not None and not stored.must_revalidate and left + request.max_stale >= 0
    )
    if request.max_age is not None and age > request.max_age:
        return _ask(stored, request, "older than the request's max-age")
    if request.min_fresh is not None and left < request.min_fresh:
        return _ask(stored, request, "not fresh for the request's min-fresh")
    if left > 0:
        return Reuse(int(age))
    return Reuse(int(age), is_stale=True) if may_be_stale else _ask(stored, request, "stale")


def _ask(stored: Stored | None, request: Directives, reason: str) -> ReuseDecision:
    if request.only_if_cached:
        return Unsatisfied(reason)
    if stored is None or not stored.validators.usable:
        return Fetch(reason)
    return Revalidate(reason)
