"""No builtin makes more, walks longer or recurses deeper than the run's limits allow."""

import time

import pytest

from edgescript.context import Context
from edgescript.faults import FaultCode
from edgescript.meter import Limits
from edgescript.request import Request
from stdlib.example import example_context
from tests.stdlib.harness import TIERS, Tier, run

KILO = "k = 'aaaaaaaaaaaaaaaa'\n" + "k = concat(k, k)\n" * 6  # 1024 bytes
LIMITS = Limits(value_bytes=4096, total_bytes=1 << 20)

AES = "aes_new(['key' = 'k', 'cipher_len' = 128, 'cipher_mode' = 'ctr'])"

# Each makes just over 4096 bytes; the same with one `k` less stays within.
TOO_LARGE = {
    "concat": "concat(k, k, k, k, 'x')",
    "arr_concat": "arr_concat([k, k, k, k], 'x')",
    "format": "format('%s%s%s%s.', k, k, k, k)",
    "tohex": "tohex(concat(k, k, 'x'))",
    "base64_enc": "base64_enc(concat(k, k, k, 'x'))",
    "base64_enc_safe": "base64_enc_safe(concat(k, k, k, 'x'))",
    "url_escape": "url_escape(gsub_re(concat(k, k), 'a', '%'))",
    "encode_args": "encode_args(['k' = k, 'l' = k, 'm' = k, 'n' = k])",
    "gsub_re": "gsub_re(concat(k, k), 'a', 'bcd')",
    "json_enc": "json_enc([k, k, k, k])",
    "rand_bytes": "rand_bytes(4097)",
    "aes_enc": f"aes_enc({AES}, concat(k, k, k, k))",
    "aes_dec": f"aes_dec({AES}, concat(k, k, k, k, 'x'))",
}


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("call", TOO_LARGE.values(), ids=TOO_LARGE.keys())
def test_string_past_value_bytes_is_refused(call: str, tier: Tier) -> None:
    fault = run(f"{KILO}probe(len({call}))\n", example_context(LIMITS), tier).fault
    assert fault is not None
    assert fault.limit == "value_bytes"


@pytest.mark.parametrize("call", TOO_LARGE.values(), ids=TOO_LARGE.keys())
def test_same_string_is_made_under_a_larger_limit(call: str) -> None:
    assert run(f"{KILO}probe(len({call}))\n", example_context(Limits(value_bytes=8192))).fault is None


# Functions that copy a large string, run over and over: the copies count.
COPIES = (
    "upper(k)",
    "lower(k)",
    "reverse(k)",
    "substr(k, 2, -1)",
    "trim(k)",
    "concat(k, 'x')",
    "url_unescape(concat('+', k))",
    "split(k, ',')",
    "decode_args(k)",
    "capture_re(k, 'a+')",
    "gsub_re(k, 'b', 'c')",
    "json_dec(concat('[', tochar(34), k, tochar(34), ']'))",
    "base64_dec(k)",
    "tobin(k)",
)


@pytest.mark.parametrize("call", COPIES)
def test_copies_count_towards_total_bytes(call: str) -> None:
    script = f"{KILO}def copy(key, value, data) {{\nset(data, key, {call})\n}}\n"
    script += "foreach(split(k, ''), copy, [])\n"
    fault = run(script, example_context(Limits(total_bytes=100_000))).fault
    assert fault is not None
    assert fault.limit == "total_bytes"


ENTRIES = {
    "set": "def f(k, v, u) {\nset(u, concat('k', k), 1)\n}\nforeach(split(k, ''), f, [])",
    "arr_insert": "def f(k, v, u) {\narr_insert(u, 1)\n}\nforeach(split(k, ''), f, [])",
    "split": "split(concat(k, k), '')",
    "split at white space": "split(gsub_re(concat(k, k, k, k), 'a', 'a '))",
    "split_as_key": "split_as_key(concat(k, k), '')",
    "json_dec": "json_dec(concat('[', gsub_re(concat(k, k), 'a', '1,'), '1]'))",
    "decode_args": "f = decode_args(gsub_re(k, 'a', 'a=1&'))\ndecode_args(gsub_re(k, 'a', 'a=1&'))",
}


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("script", ENTRIES.values(), ids=ENTRIES.keys())
def test_entries_count(script: str, tier: Tier) -> None:
    fault = run(f"{KILO}{script}\n", example_context(Limits(dictionary_entries=1500)), tier).fault
    assert fault is not None
    assert fault.limit == "dictionary_entries"


@pytest.mark.parametrize("tier", TIERS)
def test_loops_of_foreach_and_arr_sort_are_bounded(tier: Tier) -> None:
    for call in ("foreach(d, visit, [])", "arr_sort(d, descending)"):
        fault = run(
            f"{KILO}d = split(k, '')\n{call}\n", example_context(Limits(loop_rounds=1000)), tier
        ).fault
        assert fault is not None
        assert fault.code == FaultCode.LOOP_LIMIT


@pytest.mark.parametrize("tier", TIERS)
def test_callbacks_count_as_calls(tier: Tier) -> None:
    for call in ("foreach(d, visit, [])", "arr_sort(d, descending)"):
        script = f"d = split('b c d e f g h i j k l m n o p')\n{call}\n".replace("descending", "after")
        script = "def after(x, y) {\nreturn eq(x, y)\n}\n" + script
        fault = run(script, example_context(Limits(calls=10)), tier).fault
        assert fault is not None
        assert fault.code == FaultCode.CALL_LIMIT


def test_dictionary_that_doubles_at_each_level_is_stopped() -> None:
    script = "d = ['x']\n" + "d = [d, d]\n" * 60 + "probe(json_enc(d))\n"
    fault = run(script).fault
    assert fault is not None
    assert fault.code == FaultCode.TIMEOUT


def test_dictionary_that_holds_itself_has_no_json() -> None:
    assert run("d = []\nset(d, 'self', d)\nprobe(json_enc(d))\n").value == ("boolean", False)


@pytest.mark.parametrize(("levels", "fits"), [(100, True), (101, False), (5000, False)])
def test_json_depth_is_bounded(levels: int, fits: bool) -> None:
    text = "[" * levels + "]" * levels
    assert run(f"probe(type(json_dec('{text}')))\n").value == ("string", "table" if fits else "boolean")


@pytest.mark.parametrize(("levels", "fits"), [(100, True), (101, False)])
def test_json_is_written_to_the_same_depth(levels: int, fits: bool) -> None:
    script = "d = []\n" + "d = [d]\n" * (levels - 1) + "probe(type(json_enc(d)))\n"
    assert run(script).value == ("string", "string" if fits else "boolean")


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("call", ["say", "print"])
def test_output_is_charged_by_its_length(call: str, tier: Tier) -> None:
    text = f"{KILO}t = concat(k, k, k, k)\nt = concat(t, t, t, t)\n"
    long, short = (run(f"{text}{call}({value})\n", tier=tier).fuel for value in ("t", "'t'"))
    assert long > short


def test_output_is_bounded() -> None:
    limits = Limits(output_bytes=1500)
    for script in ("print(k)\nsay(k)\n", "exit(200, concat(k, k))\n"):
        fault = run(KILO + script, example_context(limits)).fault
        assert fault is not None
        assert fault.limit == "output_bytes"


def test_header_operations_are_bounded() -> None:
    fault = run("add_rsp_header('A', '1')\n" * 4, example_context(Limits(header_operations=3))).fault
    assert fault is not None
    assert fault.limit == "header_operations"


# A set of addresses as text of 64 KiB, and as dictionary of 5000 values; then one more.
SETS = {
    "gsub_re(concat(k, k, k, k), 'a', '10.0.0.0/8, 1.1.')": False,
    "gsub_re(concat(k, k, k, k), 'a', '10.0.0.0/8     ,')": True,
    "concat(gsub_re(concat(k, k, k, k), 'a', '10.0.0.0/8     ,'), ' ')": False,
    "split(substr(gsub_re(concat(k, k, k, k, k), 'a', '1.1.1.1,'), 1, 39999), ',')": True,
    "split(substr(gsub_re(concat(k, k, k, k, k), 'a', '1.1.1.1,'), 1, 40007), ',')": False,
}


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize(("blocks", "fits"), SETS.items())
def test_sets_of_addresses_are_bounded(blocks: str, fits: bool, tier: Tier) -> None:
    fault = run(f"{KILO}probe(type(ip_in('10.0.0.1', {blocks})))\n", tier=tier).fault
    assert (fault is None) is fits


HARD = {
    "many array inserts in front": "def f(k, v, u) {\narr_insert(u, v, 1)\n}\nforeach(split(k, ''), f, [])",
    "many array removals in front": (
        "d = split(k, '')\ndef f(k, v, u) {\narr_remove(u, 1)\n}\nforeach(split(k, ''), f, d)"
    ),
    "del and set in turn": (
        "d = split(k, '')\ndef f(k, v, u) {\ndel(u, 1)\nset(u, 1, v)\n}\nforeach(split(k, ''), f, d)"
    ),
    "a long number": "tonumber(gsub_re(concat(k, k), 'a', '12345678'))",
    "a long number with an exponent": "tonumber(concat(gsub_re(k, 'a', '99999'), 'e', gsub_re(k, 'a', '9')))",
    "a long JSON number": "json_dec(gsub_re(concat(k, k), 'a', '99999999'))",
    "a long date": "parse_http_time(concat(k, k, k, k))",
    "white space and no end": "trim(gsub_re(concat(k, k, k, k), 'a', ' '))",
    "a large set of networks": "ip_in('1.2.3.4', gsub_re(concat(k, k, k, k), 'a', '10.0.0.0/8 '))",
    "a long IPv6 address": "ip_in(gsub_re(concat(k, k, k, k), 'a', '::::::::'), '::/0')",
    "a long text for a slow checksum": "crc32c(concat(k, k, k, k))",
    "a long AES key": "aes_new(['key' = concat(k, k, k, k), 'cipher_len' = 256, 'cipher_mode' = 'ecb'])",
    "a token of dots": "jwt_verify(gsub_re(concat(k, k, k, k), 'a', '.'), 'kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk', 'HS256')",
    "a public key that is none": "jwt_verify('a.b.c', concat(k, k, k, k), 'HS256')",
    "a format of percent signs": "format(gsub_re(concat(k, k, k, k), 'a', '%%'))",
}


@pytest.mark.parametrize("script", HARD.values(), ids=HARD.keys())
def test_hard_input_ends_soon(script: str) -> None:
    # No limit of fuel stands in the way of the work here: what is charged must cover what is done.
    context = Context(Request(), limits=Limits(calls=100_000))
    started = time.perf_counter()
    outcome = run(f"{KILO}{script}\n", context)
    elapsed_s = time.perf_counter() - started
    # A unit is 50 ns of work; ten times that leaves room for a busy machine and for compiling the script.
    assert elapsed_s < 0.5 + outcome.fuel * 500e-9
