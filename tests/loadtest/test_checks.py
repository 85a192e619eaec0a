from dataclasses import replace

import pytest

from loadtest import load, origin
from loadtest.agree import Answer, differences
from loadtest.cases import CASES, LARGE_OBJECT, OBJECT, Mode, signed
from loadtest.machine import cpu_model
from loadtest.process import parse_stat

BY_NUMBER = {case.number: case for case in CASES}
CACHED, REFUSED, MISS = BY_NUMBER["1"], BY_NUMBER["3"], BY_NUMBER["6"]
HIT = Answer(200, {"x-cache": "HIT", "content-length": "1024", "etag": '"1k"'}, OBJECT)
LINE = '{"requests":100,"duration_us":2000000,"p50_us":7,"p99_us":9,"status_over_399":%d,"broken":2}'


def test_a_right_answer_differs_in_nothing():
    assert list(differences(CACHED, HIT, HIT)) == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (replace(HIT, status=206), "status is 206, want 200"),
        (replace(HIT, headers={**HIT.headers, "x-cache": "MISS"}), "x-cache is 'MISS', want 'HIT'"),
        (
            replace(HIT, headers={**HIT.headers, "etag": '"2k"'}),
            "etag is '\"2k\"', the first server has '\"1k\"'",
        ),
        (replace(HIT, body=b"other"), "body is 5 bytes, b'other', want 1024 bytes, "),
    ],
)
def test_each_difference_is_said(answer, said):
    assert [one for one in differences(CACHED, answer, HIT) if one.startswith(said)]


def test_a_field_the_case_does_not_name_may_differ():
    assert list(differences(CACHED, replace(HIT, headers={**HIT.headers, "via": "1.1 x"}), HIT)) == []


@pytest.mark.parametrize(
    ("case", "answered", "seen", "fine"),
    [(CACHED, 100, 0, True), (CACHED, 100, 1, False), (REFUSED, 100, 1, False), (MISS, 100, 100, True),
     (MISS, 100, 132, True), (MISS, 100, 99, False)],
)  # fmt: skip
def test_the_origin_must_see_what_the_case_says(case, answered, seen, fine):
    assert (origin.objection(case, answered, seen) is None) is fine


@pytest.mark.parametrize(
    ("case", "over_399", "unexpected"), [(CACHED, 0, 0), (CACHED, 3, 3), (REFUSED, 97, 3)]
)
def test_answers_of_the_wrong_kind_are_counted(case, over_399, unexpected):
    sample = load.parse("Running 2s test\n" + LINE % over_399, case, cpu_s=1.0, elapsed_s=2.0)
    assert (sample.unexpected, sample.broken) == (unexpected, 2)
    assert sample.rate == pytest.approx(50)


@pytest.mark.parametrize("output", ["", "unable to connect to 127.0.0.1"])
def test_a_load_generator_without_figures_is_an_error(output):
    with pytest.raises(load.LoadError, match="no figures"):
        load.parse(output, CACHED, 1.0, 2.0)


def test_processor_time_is_read_behind_a_name_with_spaces_and_parentheses():
    line = "42 (a) b (c) S 7 42 42 0 -1 4194560 1 0 0 0 150 50 20 30 20 0 1 0 100 0 0"
    account = parse_stat(line, ticks_per_s=100)
    assert (account.pid, account.parent, account.cpu_s) == (42, 7, 2.5)


def test_the_processor_is_named_from_cpuinfo():
    assert (
        cpu_model("processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\nmodel name\t: other\n")
        == "Some CPU @ 2 GHz"
    )


def test_case_numbers_are_unique_and_paths_distinct():
    assert len(BY_NUMBER) == len(CASES)
    assert all(len(set(case.paths)) == len(case.paths) for case in CASES)


def test_the_objects_are_1_kib_and_1_mib_and_need_no_quoting():
    assert len(OBJECT) == 1024
    assert len(LARGE_OBJECT) == 1 << 20
    assert not set(OBJECT) & set(b"\"'$\\{}@\n")


def test_the_first_mode_of_a_case_has_no_label_and_the_others_differ():
    for case in CASES:
        labels = [mode.label for mode in case.modes]
        assert labels[0] == ""
        assert len(set(labels)) == len(labels)


def test_an_entrant_is_called_after_its_server_and_its_mode():
    assert Mode().entrant("nginx") == "nginx"
    assert Mode(label="2 workers", workers=2).entrant("nginx") == "nginx, 2 workers"


def test_a_signed_url_is_the_one_of_the_examples():
    # examples/auth/README.md
    url = "/live/67d2ac71912c22f448589ef72a8e3704/ch1/0001.ts?key=2024&t=1700000600"
    assert signed("live", "ch1/0001.ts", expires="1700000600") == url
