"""`eclaims pay`: what is owed, told before and after it is paid."""

import json

import pytest

from app import create_app, create_installation
from app.settings import read as read_settings
from tests.builders import a_claim, a_coverage
from tests.wire import Wire


@pytest.fixture
def wire(installed, tmp_path):
    """A submitter of the installation, without a server; the payer knows member M1."""
    file = tmp_path / "coverage.json"
    file.write_text(json.dumps(a_coverage()))
    installed.json("load", file)
    told = installed.json("submitter", "add", "A", "--identifier", "sid|Happy Valley")
    installation = create_installation(read_settings(installed.instance, {}))
    yield Wire(create_app(installation).test_client(), told["token"])
    installation.store.close()


def test_a_payer_that_is_not_there_is_refused(installed):
    result = installed("pay", "--payer", "Nobody")

    assert result.exit_code == 1
    assert "There is no payer 'Nobody'" in result.stderr
    assert installed.json("pay", "--payer", "Default Payer") == []


def test_where_nothing_is_owed_that_is_said(installed):
    assert installed.json("pay") == []
    assert installed("pay").output == "Nothing is owed.\n"


def test_what_would_be_paid_is_told_and_then_paid_once(installed, wire):
    for price in ("100.00", "35.50"):
        assert wire.post("Claim", a_claim(prices=[price])).status == 201
    installed.json("work", "--once")

    tried = installed.json("pay", "--dry-run")
    assert wire.get("PaymentReconciliation").document["total"] == 0
    [paid] = installed.json("pay")

    expected = {
        "payer": "Default Payer",
        "submitter": "A",
        "outcome": "paid",
        "amount": "108.40",
        "currency": "EUR",
        "claims": 2,
        "quarantined": {},
    }
    assert tried == [expected | {"payment": None}]
    assert paid == expected | {"payment": paid["payment"]}
    assert wire.get(f"PaymentReconciliation/{paid['payment']}").status == 200
    assert installed.json("pay") == []


def test_a_person_reads_a_table_with_what_was_left_out(installed, wire):
    payee = {"type": {"coding": [{"code": "subscriber"}]}, "party": {"reference": "Patient/1"}}
    left_out = wire.post("Claim", a_claim(payee=payee)).document["id"]
    wire.post("Claim", a_claim())
    installed.json("work", "--once")

    assert "What would be paid" in installed("pay", "--dry-run", COLUMNS="200").output
    shown = installed("pay", COLUMNS="200")

    assert shown.exit_code == 0
    assert f"Claim/{left_out}: payee" in shown.output
    assert "80.00" in shown.output
    assert installed.json("queue")["quarantined"] == [
        {"payer": "Default Payer", "fault": "payee", "count": 1}
    ]
    assert "Claims in quarantine" in installed("queue", COLUMNS="200").output
    assert installed.json("requeue", "quarantined") == [
        {
            "payer": "Default Payer",
            "submitter": "A",
            "reference": f"Claim/{left_out}",
            "fault": "payee",
        }
    ]
    assert installed("requeue", "quarantined").output == "Nothing is quarantined.\n"


def test_payments_are_turned_off_for_the_night(installed, wire):
    assert installed.json("payer", "list")[0]["pays_daily"] is True
    assert installed.json("payer", "set", "--no-pay-daily")["pays_daily"] is False
    assert installed.json("payer", "set", "--zone", "UTC")["pays_daily"] is False
    assert installed.json("payer", "set", "--pay-daily")["pays_daily"] is True


# --- the proof of a payment


def test_of_what_was_never_paid_there_is_no_proof(installed, wire):
    wire.post("Claim", a_claim())
    installed.json("work", "--once")
    result = installed("pay", "proof", "unknown")
    assert (result.exit_code, result.stderr) == (1, "Error: There is no payment 'unknown'.\n")

    [paid] = installed.json("pay")
    assert installed("pay", "proof", paid["payment"]).exit_code == 0


BEFORE = [["--payer", "Second"], ["--json"], ["--dry-run"], ["--instance", "."]]


@pytest.mark.parametrize("before", BEFORE, ids=lambda before: before[0])
def test_what_is_said_before_proof_is_not_passed_over(on_sqlite, before):
    refused = on_sqlite("pay", *before, "proof", "unknown")
    asked = on_sqlite("pay", "proof", "unknown")

    assert refused.exit_code == 2
    assert f"Say {before[0]} after `pay proof`" in refused.stderr
    assert (asked.exit_code, asked.stderr) == (1, "Error: There is no payment 'unknown'.\n")


def test_of_another_payer_there_is_no_proof(installed, wire):
    installed("payer", "add", "Second")
    wire.post("Claim", a_claim())
    installed.json("work", "--once")
    [paid] = installed.json("pay", "--payer", "Default Payer")

    theirs = installed("pay", "proof", paid["payment"], "--payer", "Second")

    assert (theirs.exit_code, theirs.output) == (1, theirs.stderr)
    assert "There is no payment" in theirs.stderr
    own = installed.json("pay", "proof", paid["payment"], "--payer", "Default Payer")
    assert own["payer"] == "Default Payer"


def test_a_payment_is_proven_on_the_screen_and_on_paper(installed, wire, tmp_path):
    payee = {"type": {"coding": [{"code": "subscriber"}]}, "party": {"reference": "Patient/1"}}
    wire.post("Claim", a_claim(payee=payee))
    claim = wire.post("Claim", a_claim()).reference
    installed.json("work", "--once")
    payment = next(line["payment"] for line in installed.json("pay") if line["payment"])
    csv, pdf = tmp_path / "proof.csv", tmp_path / "proof.pdf"

    told = installed.json("pay", "proof", payment)
    shown = installed("pay", "proof", f"PaymentReconciliation/{payment}", COLUMNS="200")
    written = installed("pay", "proof", payment, "--csv", csv, "--pdf", pdf)

    assert told["equation"] == {
        "carried_forward_before": "0.00",
        "of_that_withdrawn": "0.00",
        "payments": "80.00",
        "adjustments": "0.00",
        "paid": "80.00",
        "carried_on": "0.00",
    }
    assert [line["claim"] for line in told["details"]] == [claim]
    assert (told["payee"], told["currency"]) == ("Happy Valley", "EUR")
    assert claim in shown.output
    assert written.output == ""
    assert f"Details,1,{claim},payment,80.00,0.00" in csv.read_text()
    assert pdf.read_bytes().startswith(b"%PDF-")
