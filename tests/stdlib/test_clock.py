"""Clock functions read the moment the context was given, and nothing else."""

import pytest

from edgescript.context import Context
from edgescript.request import Request
from tests.stdlib.harness import TIERS, Tier, run

# Moment, then what today, time, now, localtime and utctime give.
MOMENTS = (
    (0, ("1970-01-01", 0, 0, "1970-01-01 08:00:00", "1970-01-01 00:00:00")),
    # Local midnight comes eight hours before UTC's.
    (57599.9999, ("1970-01-01", 57599, 57599.999, "1970-01-01 23:59:59", "1970-01-01 15:59:59")),
    (57600, ("1970-01-02", 57600, 57600, "1970-01-02 00:00:00", "1970-01-01 16:00:00")),
    (951782400.5, ("2000-02-29", 951782400, 951782400.5, "2000-02-29 08:00:00", "2000-02-29 00:00:00")),
    (-0.5, ("1970-01-01", -1, -0.5, "1970-01-01 07:59:59", "1969-12-31 23:59:59")),
    (253402300799, (False, 253402300799, 253402300799, False, "9999-12-31 23:59:59")),
)
SCRIPT = "probe(today())\nprobe(time())\nprobe(now())\nprobe(localtime())\nprobe(utctime())\n"


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize(("now_s", "wanted"), MOMENTS)
def test_moment_as_text(now_s: float, wanted: tuple[object, ...], tier: Tier) -> None:
    outcome = run(SCRIPT, Context(Request(), now_s=now_s), tier)
    assert tuple(value for _, value in outcome.values) == wanted


@pytest.mark.parametrize("call", ["rand(1, 6)", "rand_hit(50)", "uuid()", "rand_bytes(4)", "randomseed()"])
def test_randomness_is_refused_where_none_was_given(call: str) -> None:
    fault = run(f"probe({call})\n", Context(Request())).fault
    assert fault is not None
    assert "no source of randomness" in fault.message
