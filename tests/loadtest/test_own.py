"""The programs that measure our node alone: what they measure is what they say."""

import asyncio

import pytest

from loadtest import path_bench, vm_bench
from loadtest.servers import script_path


@pytest.fixture(autouse=True)
def short(monkeypatch):
    for bench in (path_bench, vm_bench):
        monkeypatch.setattr(bench, "BATCHES", 2)
        monkeypatch.setattr(bench, "BATCH", 3)


@pytest.mark.parametrize("row", path_bench.ROWS, ids=lambda row: row.name)
@pytest.mark.parametrize("access_log", [False, True], ids=["unlogged", "logged"])
def test_a_request_of_the_path_is_answered_as_its_row_says(row, access_log):
    with path_bench.built(row.logic) as sites:
        request_us, line_us = asyncio.run(path_bench.measure(row, sites, access_log=access_log))
    assert request_us > 0
    assert (line_us < float("inf")) is access_log


def test_a_row_that_is_answered_otherwise_ends_the_program():
    row = path_bench.Row("a wrong digest", target=path_bench.WRONG, logic="auth")
    with (
        path_bench.built("auth") as sites,
        pytest.raises(SystemExit, match=r"a wrong digest: got b'HTTP/1\.1 403"),
    ):
        asyncio.run(path_bench.measure(row, sites, access_log=False))


def test_a_script_has_a_line_of_figures(capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["vm_bench", str(script_path("limit"))])
    assert vm_bench.main() == 0
    headings, line = capsys.readouterr().out.splitlines()[1:3]
    assert headings.split()[0] == "script"
    name, *figures = line.split()
    assert name == "loadtest/scripts/limit.es"
    assert len(figures) == len(vm_bench.HEADINGS) - 1
    assert all(float(figure) > 0 for figure in figures)
