"""When a release does worse than the one before: rows of what was counted before and after, margins, and why it ends."""

import pytest

from runtime.console.model.verdict import Margins, Seen, reasons_to_abort


def seen(text):
    """`1000 requests, 5 errors_5xx` and so on; `runs` are executions. One run a request unless stated."""
    counts = {}
    for part in text.split(", "):
        if part:
            number, name = part.split()
            counts[{"runs": "executions"}.get(name, name)] = int(number)
    counts.setdefault("executions", counts.get("requests", 0))
    return Seen(**counts)


OFF = Margins(exceptions=None, errors_5xx=None, fuel=None)
VERDICTS = [
    # name, before, after, margins, codes of the reasons
    ("nothing seen", "", "", Margins(), []),
    ("alike", "1000 requests, 5 errors_5xx", "1000 requests, 5 errors_5xx", Margins(), []),
    ("too few requests to say", "1000 requests", "99 requests, 99 exceptions", Margins(), []),
    ("enough to say", "1000 requests", "100 requests, 100 exceptions", Margins(), ["exceptions"]),
    ("within the margin", "1000 requests", "1000 requests, 10 exceptions", Margins(), []),
    ("just beyond it", "1000 requests", "1000 requests, 11 exceptions", Margins(), ["exceptions"]),
    (
        "the old one had them too",
        "1000 requests, 50 exceptions",
        "1000 requests, 60 exceptions",
        Margins(),
        [],
    ),
    (
        "and more of them",
        "1000 requests, 50 exceptions",
        "1000 requests, 61 exceptions",
        Margins(),
        ["exceptions"],
    ),
    ("fewer errors", "1000 requests, 900 exceptions", "1000 requests, 1 exceptions", Margins(), []),
    ("5xx", "1000 requests, 1 errors_5xx", "200 requests, 10 errors_5xx", Margins(), ["errors_5xx"]),
    ("5xx of a bad origin", "1000 requests, 500 errors_5xx", "200 requests, 100 errors_5xx", Margins(), []),
    (
        "shares, not numbers",
        "100000 requests, 100 errors_5xx",
        "100 requests, 2 errors_5xx",
        Margins(),
        ["errors_5xx"],
    ),
    ("fuel at the margin", "1000 requests, 10000 fuel", "1000 requests, 15000 fuel", Margins(), []),
    ("fuel beyond it", "1000 requests, 10000 fuel", "1000 requests, 15001 fuel", Margins(), ["fuel"]),
    ("fuel by runs", "1000 requests, 10000 fuel", "1000 requests, 2000 runs, 20000 fuel", Margins(), []),
    ("no fuel before", "1000 requests", "1000 requests, 99999 fuel", Margins(), []),
    (
        "all of it",
        "1000 requests, 1000 fuel",
        "100 requests, 50 exceptions, 50 errors_5xx, 900 fuel",
        Margins(),
        ["exceptions", "errors_5xx", "fuel"],
    ),
    (
        "no baseline: the margins alone",
        "",
        "100 requests, 2 exceptions, 2 errors_5xx",
        Margins(),
        ["exceptions", "errors_5xx"],
    ),
    ("no baseline: within them", "", "100 requests, 1 exceptions, 1 errors_5xx", Margins(), []),
    ("no baseline: nothing of fuel", "", "100 requests, 100000 fuel", Margins(), []),
    (
        "too small a baseline is none",
        "10 requests, 10 errors_5xx",
        "100 requests, 50 errors_5xx",
        Margins(),
        ["errors_5xx"],
    ),
    ("no script ran", "1000 requests, 0 runs", "1000 requests, 0 runs", Margins(), []),
    ("nothing matters", "1000 requests", "1000 requests, 1000 exceptions, 1000 errors_5xx", OFF, []),
    (
        "no margin at all",
        "1000 requests",
        "1000 requests, 1 errors_5xx",
        Margins(errors_5xx=0),
        ["errors_5xx"],
    ),
    (
        "asked for little",
        "5 requests",
        "5 requests, 1 exceptions",
        Margins(min_requests=5),
        ["exceptions"],
    ),
]


@pytest.mark.parametrize(
    ("name", "before", "after", "margins", "codes"), VERDICTS, ids=[row[0] for row in VERDICTS]
)
def test_verdict(name, before, after, margins, codes):
    reasons = reasons_to_abort(seen(before), seen(after), margins)
    assert [reason.code for reason in reasons] == codes, name


def test_a_reason_has_both_shares_and_the_margin():
    [reason] = reasons_to_abort(seen("1000 requests"), seen("200 requests, 10 errors_5xx"), Margins())
    assert reason.parameters == {"now": 0.05, "was": 0.0, "margin": 0.01}
    assert str(reason) == "5xx: 5 % against 0 % before, more than 1 % above"
