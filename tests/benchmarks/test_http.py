"""The benchmark over HTTP, run for a moment: the whole of it on SQLite."""

import json

import pytest
from click.testing import CliRunner

from benchmarks.__main__ import main

JOBS = set("live,submit 3,submit 100,status,read,search,poll 1,poll 100,mixed,cancel".split(","))


def test_an_unknown_benchmark_is_refused():
    result = CliRunner().invoke(main, ["nothing"])

    assert result.exit_code == 2
    assert "'nothing' is not one of" in result.output


@pytest.mark.soak
def test_it_measures_every_job_and_writes_its_figures(tmp_path):
    words = "http --seconds 3 --connections 2 --database sqlite --no-fhirstarter --markdown"

    result = CliRunner().invoke(main, [*words.split(), "--folder", str(tmp_path)])

    assert result.exit_code == 0, result.output
    figures = json.loads((tmp_path / "http.json").read_text())
    cells = {cell["job"]: cell for cell in figures["cells"]}
    assert cells.keys() == JOBS
    assert {job for job, cell in cells.items() if cell["gateway"]["unexpected"]} == set()
    assert {job for job, cell in cells.items() if not cell["gateway"]["count"]} == set()
    assert all(cells[job]["of_floor"] > 0 for job in JOBS - {"live", "mixed", "poll 1", "poll 100"})
    assert "| submit 100 |" in result.output
    assert (tmp_path / "http-sqlite.svg").read_text().startswith("<svg")
