import json
from dataclasses import replace

import pytest

from loadtest.cases import CASES
from loadtest.report import CaseResult, Setting, Start, added, as_json, markdown, terminal_case, terminal_head
from loadtest.stats import Sample
from loadtest.tables import Table, TableError

SLOW = Sample(
    requests=30_000,
    duration_s=3.0,
    p50_us=800,
    p99_us=2_040,
    unexpected=0,
    broken=0,
    cpu_s=2.97,
    elapsed_s=3.0,
)
TABLE = Table("Scripts", ("script", "µs"), (("auth.es", "3.45"), ("block.es", "0.28")), ("In microseconds.",))
FAST = replace(SLOW, requests=60_000)
SETTING = Setting(
    date="2026-01-02 03:04 UTC",
    machine="Some CPU, 2 cores",
    load_average="0.1",
    versions={"edgescript": "0.1.0", "nginx + Lua": "1.22.1"},
    absent={"Varnish": "no varnishd; apt-get install varnish"},
    rounds=2,
    seconds=3,
    warm_up=1,
    connections=32,
    cores=(0, 1),
)


@pytest.fixture
def result():
    return CaseResult(
        CASES[1],
        samples={"edgescript": [SLOW, SLOW], "nginx + Lua": [FAST, SLOW]},
        cannot={"HAProxy": "no MD5"},
    )


def test_the_table_has_a_line_a_server_and_one_a_ratio(result):
    assert terminal_case(result, "edgescript").splitlines()[3:] == [
        "                                req/s  p50 ms  p99 ms  CPU µs/req   core  errors",
        "edgescript                     10,000    0.80    2.04        99.0    99%       0",
        "nginx + Lua                    15,000    0.80    2.04        74.2    99%       0",
        "HAProxy                     NOT MEASURED  no MD5",
        "edgescript / nginx + Lua: 0.50 1.00, median 0.75; by CPU 0.75",
    ]


def test_the_table_fits_80_columns(result):
    assert max(map(len, terminal_case(result, "edgescript").splitlines())) <= 80


def test_a_server_that_did_not_use_its_core_is_named(result):
    result.samples["nginx + Lua"] = [replace(FAST, cpu_s=1.0)] * 2
    last = terminal_case(result, "edgescript").splitlines()[-1]
    assert last == "less than 95% of a core, so not at its limit: nginx + Lua; compare by CPU"


def test_an_aborted_case_shows_every_line_of_the_reason_and_no_figure(result):
    result.aborted = "Varnish answers otherwise\nGET /a: status is 500, want 200"
    text = terminal_case(result, "edgescript")
    assert "ABORTED  Varnish answers otherwise\nABORTED  GET /a: status is 500, want 200" in text
    assert "req/s" not in text


def test_a_missing_peer_is_said_before_any_figure():
    assert (
        terminal_head(SETTING).splitlines()[-1]
        == "NOT MEASURED  Varnish: no varnishd; apt-get install varnish"
    )


def test_without_our_node_there_are_figures_and_no_ratios(result):
    del result.samples["edgescript"]
    text = terminal_case(result, "edgescript")
    assert "15,000" in text
    assert "median" not in text


def test_markdown_states_method_versions_absent_peers_and_ratios(result):
    text = markdown(SETTING, [result], [], "edgescript")
    assert "- nginx + Lua 1.22.1" in text
    assert "- **not measured**: Varnish: no varnishd; apt-get install varnish" in text
    assert "3. 2 rounds, the servers in turn in each; a measurement is 3 s. Before the first one" in text
    assert "| edgescript | 10,000 | 0.80 | 2.04 | 99.0 | 99% | 0 |" in text
    assert "| HAProxy | not measured: no MD5 | | | | | |" in text
    assert "| edgescript / nginx + Lua | 0.50 1.00 | **0.75** | 0.75 |" in text


def test_markdown_of_an_aborted_case_has_the_reason(result):
    result.aborted = "Varnish answers otherwise"
    assert "**Aborted:**\n\n```\nVarnish answers otherwise\n```" in markdown(
        SETTING, [result], [], "edgescript"
    )


def test_json_has_every_sample(result):
    found = json.loads(as_json(SETTING, [result], [TABLE], "edgescript"))
    case = found["cases"][0]
    assert case["servers"]["nginx + Lua"]["samples"][0]["requests"] == 60_000
    assert case["ratios"]["edgescript / nginx + Lua"]["by_rate"] == [0.5, 1.0]
    assert found["tables"][0]["rows"] == [["auth.es", "3.45"], ["block.es", "0.28"]]


def test_a_mode_is_compared_between_servers_and_with_the_first_mode():
    case = next(one for one in CASES if one.number == "log")
    ours = {"edgescript": [SLOW], "edgescript, access log": [SLOW]}
    theirs = {"nginx, as packaged": [FAST], "nginx, as packaged, access log": [SLOW]}
    ratios = dict(CaseResult(case, samples=ours | theirs).ratios("edgescript"))
    assert {title: ratio.rate for title, ratio in ratios.items()} == {
        "edgescript / nginx, as packaged": 0.5,
        "edgescript / nginx, as packaged, access log": 1.0,
        "edgescript, access log / edgescript": 1.0,
        "nginx, as packaged, access log / nginx, as packaged": 0.5,
    }


def test_an_aborted_case_and_a_wrong_answer_are_not_good(result):
    assert result.is_good
    result.samples["edgescript"] = [replace(SLOW, unexpected=1)]
    assert not result.is_good
    assert not CaseResult(CASES[0], aborted="no").is_good


def test_notes_and_starts_are_shown(result):
    result.notes = ["Varnish, access log: 90% of the lines were written"]
    result.starts = {"edgescript": Start(1.25, 51.0)}
    lines = terminal_case(result, "edgescript").splitlines()
    assert lines[-2:] == ["edgescript: first answer 1.2 s after its start, 51 MiB", *result.notes]
    text = markdown(SETTING, [result], [], "edgescript")
    assert "| edgescript | 1.2 | 51 |" in text
    assert "Varnish, access log: 90% of the lines were written." in text


def test_what_a_script_adds_is_the_difference_by_processor_time():
    plain = CaseResult(CASES[0], samples={"edgescript": [FAST], "HAProxy": [FAST]})
    signed = CaseResult(CASES[1], samples={"edgescript": [SLOW]})
    table = added([plain, signed])
    assert table.headings == ("server", "signed-URL check, µs")
    assert table.rows == (("edgescript", "+49.5"), ("HAProxy", "-"))
    assert added([signed]) is None
    assert added([plain]) is None


def test_a_table_comes_back_from_its_json():
    assert Table.from_json(TABLE.to_json()) == TABLE


@pytest.mark.parametrize(
    "text",
    ["", "Traceback", "[]", '{"title": "x"}', '{"title": "x", "headings": 1, "rows": [1], "notes": []}'],
)
def test_what_is_no_table_is_an_error(text):
    with pytest.raises(TableError, match="no table"):
        Table.from_json(text)


def test_a_table_has_names_to_the_left_and_figures_to_the_right():
    assert TABLE.text().splitlines() == [
        "Scripts",
        "script      µs",
        "auth.es   3.45",
        "block.es  0.28",
        "In microseconds.",
    ]


def test_markdown_has_the_tables_after_the_cases(result):
    text = markdown(SETTING, [result], [TABLE], "edgescript")
    assert text.endswith(
        "## Scripts\n\n| script | µs |\n| --- | ---: |\n| auth.es | 3.45 |\n| block.es | 0.28 |\n\nIn microseconds.\n"
    )
