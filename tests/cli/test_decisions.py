"""`eclaims decisions`: the figures of a period as tables, JSON and CSV."""

import csv
import io
import json

import pytest

from app import create_app, create_installation, create_worker
from app.domain.decision_metrics import POPULATIONS
from app.fhir.plans import AUTHORIZATION_REQUIRED
from app.settings import read as read_settings
from tests.builders import NOW, a_claim, a_coverage
from tests.conftest import FixedClock
from tests.wire import Wire

TODAY = ("--from", "2026-03-02", "--to", "2026-03-02")
SURGERY = {"system": "urn:c", "code": "surgery", "display": 'Surgery, in "hospital"'}
PLAN = {
    "resourceType": "InsurancePlan",
    "id": "gold",
    "identifier": [{"value": "gold"}],
    "status": "active",
    "name": "Gold",
    "coverage": [
        {
            "type": {"text": "All"},
            "benefit": [
                {
                    "type": {"coding": [SURGERY]},
                    "extension": [{"url": AUTHORIZATION_REQUIRED, "valueBoolean": True}],
                }
            ],
        }
    ],
}


@pytest.fixture
def decided(on_sqlite, tmp_path):
    """Three standard preauthorizations of today: decided after 1, 2 and 6 hours, one denied."""
    for document in (PLAN, a_coverage()):
        file = tmp_path / f"{document['id']}.json"
        file.write_text(json.dumps(document))
        on_sqlite.json("load", file)
    told = on_sqlite.json("submitter", "add", "A", "--identifier", "sid|Happy Valley")
    clock = FixedClock(NOW)
    installation = create_installation(read_settings(on_sqlite.instance, {}), clock=clock)
    wire = Wire(create_app(installation).test_client(), told["token"])
    worker = create_worker(installation)
    for hours, serviced in ((1, "2026-02-01"), (2, "2026-02-02"), (6, "2019-12-31")):
        clock.now = NOW
        assert wire.post("Claim", a_claim("preauthorization", serviced=serviced)).status == 201
        clock.forward(hours=hours)
        worker.drain()
    installation.store.close()
    return on_sqlite


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("--from", "2026-03-03", "--to", "2026-03-02"), 1, "A period begins before it ends"),
        (("--from", "2026-03-02", "--to", "9999-12-31"), 1, "ends before 9999"),
        (("--from", "2026-03-02", "--to", "2026-02-30"), 2, "--to"),
        (("--from", "2026-03-02"), 2, "--to"),
        ((*TODAY, "--csv", "--json"), 2, "Either --csv or --json"),
        ((*TODAY, "--payer", "Nobody"), 1, "There is no payer 'Nobody'"),
    ],
)
def test_what_is_no_period_is_refused_and_its_twin_is_not(on_sqlite, words, code, why):
    result = on_sqlite("decisions", *words)

    assert (result.exit_code, why in result.stderr) == (code, True)
    assert on_sqlite("decisions", *TODAY).exit_code == 0


def test_a_period_in_which_nothing_was_decided_says_so(on_sqlite):
    shown = on_sqlite("decisions", *TODAY).output

    assert shown == "Default Payer, 2026-03-02 to 2026-03-02: nothing was decided.\n"


def test_a_script_reads_json(decided):
    [told] = decided.json("decisions", *TODAY)

    assert (told["payer"], told["from"], told["to"]) == (
        "Default Payer",
        "2026-03-02",
        "2026-03-02",
    )
    assert told["requires_authorization"] == [{"plan": "gold", **SURGERY}]
    figures = {
        metric["metric"]: metric
        for metric in told["metrics"]
        if metric["population"] == "prior-authorization"
    }
    share = {"population": "prior-authorization", "denominator": 3, "seconds": None}
    assert figures["standard-approved"] == share | {
        "metric": "standard-approved",
        "numerator": 2,
        "percent": "66.7",
    }
    assert figures["standard-denied"]["percent"] == "33.3"
    assert figures["standard-average-time"]["seconds"] == "10800.000"
    assert figures["standard-median-time"]["seconds"] == "7200.000"
    assert figures["expedited-approved"]["percent"] is None
    assert len(told["metrics"]) == len(POPULATIONS) * len(figures)


def test_a_spreadsheet_reads_csv_with_the_same_figures(decided):
    result = decided("decisions", *TODAY, "--csv")
    lines = list(csv.DictReader(io.StringIO(result.output)))
    [told] = decided.json("decisions", *TODAY)

    assert result.exit_code == 0
    day = {"payer": "Default Payer", "from": "2026-03-02", "to": "2026-03-02"}
    nothing = dict.fromkeys(("numerator", "denominator", "percent", "seconds"), "")
    where = {"population": "prior-authorization", "metric": "requires-authorization"}
    assert lines[0] == day | where | nothing | {"item": "gold urn:c|surgery"}
    expected = [
        day
        | {"item": ""}
        | {name: "" if value is None else str(value) for name, value in one.items()}
        for one in told["metrics"]
    ]
    assert lines[1:] == expected


def test_csv_holds_no_formula(on_sqlite, tmp_path):
    surgery = PLAN["coverage"][0]["benefit"][0] | {"type": {"coding": [{"code": "=1"}]}}
    coverage = [{"type": {"text": "All"}, "benefit": [surgery]}]
    plan = PLAN | {"identifier": [{"value": "=HYPERLINK(1)"}], "coverage": coverage}
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    on_sqlite.json("load", tmp_path / "plan.json")
    assert on_sqlite("payer", "add", "=cmd|' /C calc'!A0").exit_code == 0

    told = on_sqlite("decisions", *TODAY, "--csv").output

    lines = list(csv.DictReader(io.StringIO(told)))
    payers = {line["payer"]: line["item"] for line in reversed(lines)}
    assert payers == {
        "Default Payer": "'=HYPERLINK(1) |=1",
        "'=cmd|' /C calc'!A0": "",
    }


def test_a_person_reads_tables_of_what_there_is(decided):
    shown = decided("decisions", *TODAY, COLUMNS="200").output

    assert shown.startswith("Default Payer, 2026-03-02 to 2026-03-02: needs a ")
    assert "urn:c|surgery" in shown
    assert "2 of 3" in shown
    assert "66.7 %" in shown
    assert "7200.000" in shown
    assert "expedited" not in shown
