"""`eclaims demo`: every step as it is written down, and nothing left behind."""

import json
import re
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from app.cli.demo import report
from app.cli.demo.actions import submitted
from app.cli.demo.care_cycle import CARE_CYCLE
from app.cli.demo.temporary import Served
from app.cli.demo.walk import Came, Outcome, Step, Walk, walked
from tests.cli.processes import free_port, wait_for


def servers_in(folder: Path) -> list[int]:
    """The processes whose command line names the folder."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                words = (process / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if str(folder) in words:
                found.append(int(process.name))
    return found


def came(back: str) -> Came:
    return Came("POST Claim", back, 201, 1.0)


def quiet(_text: str) -> None:
    pass


# --- what goes wrong


def test_a_difference_is_shown_in_its_row(capsys):
    step = Step("A claim", lambda _: came("201 queued"), "201 decided")
    outcomes = walked([step, replace(step, expected="201 queued")], Walk(Served(1, "")), quiet)

    report.as_table(outcomes)

    shown = capsys.readouterr().out
    assert [one.held for one in outcomes] == [False, True]
    assert "expected: 201 decided" in " ".join(shown.split())
    assert "expected: 201 queued" not in " ".join(shown.split())
    assert "1 of 2 steps went as expected." in shown


def test_a_gateway_that_does_not_answer_is_a_difference(capsys):
    step = Step("A claim", submitted(lambda _: {"resourceType": "Claim"}, "claim"), "201 queued")

    outcomes = walked([step, step], Walk(Served(free_port(), "")), quiet)

    assert [one.held for one in outcomes] == [False, False]
    assert "ConnectionRefusedError" in outcomes[0].came.back


def test_a_table_fits_into_80_columns(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    outcomes = [
        Outcome(number, step, came(step.expected)) for number, step in enumerate(CARE_CYCLE, 1)
    ]

    report.as_table(outcomes)

    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 80
    assert f"{len(CARE_CYCLE)} of {len(CARE_CYCLE)} steps" in shown
    assert "…" not in shown


def test_every_step_has_a_title_of_its_own():
    titles = [step.title for step in CARE_CYCLE]

    assert len(set(titles)) == len(titles)


# --- what goes well


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """Where the demo makes its temporary installation."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


def test_every_step_of_the_care_cycle_holds(processes, scratch):
    done = processes.run("demo", "--json", TMPDIR=str(scratch))

    steps = json.loads(done.stdout)
    differences = [
        (step["title"], step["came_back"], step["expected"]) for step in steps if not step["held"]
    ]
    assert differences == []
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert [step["title"] for step in steps] == [step.title for step in CARE_CYCLE]
    assert all(step["came_back"] == step["expected"] for step in steps)
    assert all(step["ids"] for step in steps if step["sent"].startswith("POST Task status"))
    assert list(scratch.iterdir()) == []
    assert servers_in(scratch) == []


def test_a_person_is_told_where_to_go_next_and_where_it_was_kept(processes, scratch):
    # The settings of an installation that somebody really runs are not those of the demo.
    done = processes.run(
        "demo", "--keep", TMPDIR=str(scratch), COLUMNS="80", ECLAIMS_DATABASE="postgresql://x@y/z"
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(CARE_CYCLE)} of {len(CARE_CYCLE)} steps went as expected." in done.stdout
    assert "make serve" in done.stdout
    folder = Path(re.search(r"stays in (\S+)", done.stderr)[1])
    assert folder.is_relative_to(scratch)
    assert (folder / "settings.toml").is_file()
    assert servers_in(scratch) == []


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "terminated"])
def test_an_interrupted_demo_leaves_nothing_behind(processes, scratch, asked):
    process = processes.start("demo", TMPDIR=str(scratch))
    # Its server has made its log: it runs, or is about to.
    wait_for(lambda: next(scratch.glob("*/serve.log"), None))

    process.send_signal(asked)
    out, err = process.communicate(timeout=120)

    assert (process.returncode, out, err) == (130, "", "")
    assert list(scratch.iterdir()) == []
    assert servers_in(scratch) == []
