"""Reports and tokens: what is said comes back, and nothing said is longer than it may be."""

import base64
import contextlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.bundles.node_token import read_node_token
from runtime.bundles.report import (
    MAX_COUNTERS,
    MAX_LOGS,
    MAX_REPORT_BYTES,
    MAX_SITES,
    MAX_TROUBLE,
    ReportAnswer,
    ScriptCounter,
    SiteCounter,
    decode_answer,
    decode_report,
    encode_answer,
    encode_report,
)
from runtime.bundles.wire import BundleError
from tests.bundles.made import REPORT, TOKEN


def test_a_report_comes_back():
    counter = ScriptCounter("shop", 2, "auth", 7, {"Exception": 1}, 100, 3.5)
    report = msgspec.structs.replace(REPORT, counters=(counter,), logs=({"domain": "shop", "status": 200},))
    assert decode_report(encode_report(report)) == report


def test_a_report_leaves_out_its_oldest_lines_where_it_were_too_long():
    lines = tuple({"domain": "shop", "n": number, "uri": "x" * 8_000} for number in range(MAX_LOGS))
    data = encode_report(msgspec.structs.replace(REPORT, logs=lines))
    kept = [line["n"] for line in decode_report(data).logs]
    assert 0.98 * MAX_REPORT_BYTES < len(data) <= MAX_REPORT_BYTES
    assert kept == list(range(MAX_LOGS - len(kept), MAX_LOGS))


def test_lines_beyond_the_most_are_left_out():
    data = encode_report(msgspec.structs.replace(REPORT, logs=tuple({"n": number} for number in range(500))))
    assert len(decode_report(data).logs) == MAX_LOGS


def test_the_largest_report_without_lines_fits():
    counter = ScriptCounter(
        "d" * 63, 10**9, "s" * 64, 10**9, dict.fromkeys(("a" * 17, "b", "c", "d"), 10**12), 10**15, 1e12
    )
    site = SiteCounter("d" * 63, 10**9, 10**12, 10**12, 10**12)
    most = {"counters": (counter,) * MAX_COUNTERS, "sites": (site,) * MAX_SITES, "error": "錯" * 2_000}
    trouble = ("錯" * 2_000,) * MAX_TROUBLE
    assert decode_report(encode_report(msgspec.structs.replace(REPORT, **most, trouble=trouble)))


OUT_OF_BOUNDS = {
    "too many counters": {"counters": (ScriptCounter("a", 1, "b", 1, {}),) * (MAX_COUNTERS + 1)},
    "a count below zero": {"counters": (ScriptCounter("a", 1, "b", 1, {"Exception": -1}),)},
    "a node's name with a slash": {"node": "a/b"},
    "an endless error": {"error": "e" * 2_001},
    "a time that is no number": {"started": float("nan")},
}


@pytest.mark.parametrize("case", OUT_OF_BOUNDS)
def test_a_report_out_of_bounds_is_refused(case):
    data = msgspec.msgpack.encode(msgspec.structs.replace(REPORT, **OUT_OF_BOUNDS[case]))
    with pytest.raises(BundleError, match="report"):
        decode_report(data)


@given(st.binary(max_size=100))
def test_any_bytes_are_an_answer_or_refused(data):
    with contextlib.suppress(BundleError):
        assert decode_answer(data).interval_s > 0


def test_an_answer_comes_back():
    answer = ReportAnswer(1.0, ("shop",))
    assert decode_answer(encode_answer(answer)) == answer


# --- tokens -----------------------------------------------------------------------------------------------------


def test_a_token_comes_back_from_its_text():
    assert read_node_token(TOKEN.text) == TOKEN
    assert TOKEN.text.startswith("esn_a1B2_ssss")


def test_a_token_does_not_show_its_secret():
    assert "sss" not in repr(TOKEN)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "est_a_" + "s" * 40,
        TOKEN.text[:-1],
        TOKEN.text + "\n",
        TOKEN.text.replace("_", "-"),
        "esn_a_short_AAAA",
        f"esn_a_{'s' * 40}_A",
        f"esn_a_{'s' * 40}_"
        + base64.urlsafe_b64encode(msgspec.msgpack.encode([b"k" * 31, "production"])).decode(),
        "esn_a_" + "s" * 40 + "_" + "A" * 2_000,
    ],
)
def test_what_is_no_token_is_refused_without_repeating_it(text):
    with pytest.raises(BundleError) as refused:
        read_node_token(text)
    assert "ssss" not in str(refused.value)
