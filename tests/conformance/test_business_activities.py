"""The table of business activities of the Financial Module: one test for each of its rows.

http://hl7.org/fhir/R4/financial-module.html#business
"""

from decimal import Decimal

import pytest

from app.store import tables
from tests.builders import (
    a_claim,
    a_communication,
    a_coverage,
    a_delivery,
    a_payment_notice,
    a_task,
    an_eligibility_request,
    an_input,
    identifier,
)
from tests.conformance.standings import related
from tests.wire import Wire

DISCIPLINES = ["oral", "vision", "pharmacy", "professional", "institutional"]


def polled(wire, type):
    """What a poll for one type hands over; None where nothing waits."""
    asked = a_task("poll", inputs=[an_input("include", valueCode=type)])
    answered = wire.task(asked)
    assert answered.document["status"] == "completed"
    reference = answered.output("response")
    return None if reference is None else wire.get(reference).document


def test_eligibility_check(wire, core):
    core.post("Coverage", a_coverage())

    asked = wire.post("CoverageEligibilityRequest", an_eligibility_request())

    assert asked.status == 201
    answer = polled(wire, "CoverageEligibilityResponse")
    assert answer == wire.get(related(asked)).document
    assert (answer["outcome"], answer["insurance"][0]["inforce"]) == ("complete", True)


def test_enrollment_update(http, registry, core):
    employer = Wire(http, registry.submitter("Employer", may_enroll=True).token)
    core.post("Coverage", a_coverage())
    request = {
        "resourceType": "EnrollmentRequest",
        "identifier": [identifier("http://happyvalley.test/enrollment", "N1")],
        "status": "active",
        "created": "2026-03-02",
        "provider": {"identifier": identifier("sid", "Happy Valley")},
        "candidate": {"reference": "Patient/1"},
        "coverage": {"identifier": identifier("http://payer.test/member", "M1")},
    }

    assert employer.post("EnrollmentRequest", request).status == 201
    assert polled(employer, "EnrollmentResponse")["outcome"] == "complete"


@pytest.mark.parametrize("discipline", DISCIPLINES)
@pytest.mark.parametrize("use", ["claim", "predetermination", "preauthorization"])
def test_claim_predetermination_and_preauthorization(wire, core, worker, use, discipline):
    core.post("Coverage", a_coverage())
    system = "http://terminology.hl7.org/CodeSystem/claim-type"
    kind = {"coding": [{"system": system, "code": discipline}]}

    taken = wire.post("Claim", a_claim(use, type=kind))
    queued = wire.get(related(taken)).document
    worker.drain()

    assert (taken.status, queued["outcome"]) == (201, "queued")
    answer = polled(wire, "ClaimResponse")
    assert answer == wire.get(related(taken)).document
    assert (answer["use"], answer["outcome"]) == (use, "complete")
    assert ("preAuthRef" in answer) == (use == "preauthorization")


def test_claim_with_attachments(wire, standings, worker):
    # A service that is not paid without an attachment, so that it counts whether one came.
    standings.need_attachments()
    address = "urn:uuid:0b7ce9d4-6d4e-4d5c-8e49-1f3f2b9f7a0{}".format
    attachment = a_communication(about=[{"reference": address(1)}])
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {"fullUrl": address(1), "resource": a_claim()},
            {"fullUrl": address(2), "resource": attachment},
        ],
    }

    submitted = wire.post("Claim/$submit", bundle)
    worker.drain()

    assert (submitted.status, submitted.document["outcome"]) == (200, "queued")
    assert str(polled(wire, "ClaimResponse")["payment"]["amount"]["value"]) == "80.00"


def test_reversal(wire, standings):
    claim = standings.claim("payable")

    cancelled = wire.task(a_task("cancel", focus=claim))

    assert cancelled.document["status"] == "completed"
    reversal = polled(wire, "ClaimResponse")
    assert cancelled.output("response") == f"ClaimResponse/{reversal['id']}/_history/1"
    assert str(reversal["payment"]["amount"]["value"]) == "-80.00"
    again = wire.task(a_task("cancel", focus=claim))
    assert (again.document["status"], [name for name, _ in again.outputs]) == (
        "rejected",
        ["error"],
    )


def test_nullify(wire, standings):
    claim = standings.claim("payable")

    nullified = wire.task(a_task("nullify", focus=claim))

    assert nullified.document["status"] == "completed"
    assert wire.get(claim).status == 410
    assert polled(wire, "ClaimResponse") is None
    again = wire.task(a_task("nullify", focus=claim))
    assert (again.document["status"], again.outputs) == ("failed", [("error", "ECG-FOCUS-GONE")])


def test_release(wire, standings):
    claim = standings.claim("preauthorization")

    released = wire.task(a_task("release", focus=claim))

    assert released.document["status"] == "completed"
    assert standings.balance(claim) == {"reserved": 8000, "released": 8000}
    refused = wire.task(a_task("release", focus=standings.claim("payable")))
    assert [name for name, _ in refused.outputs] == ["error"]


def test_re_adjudication(wire, standings, worker):
    claim = standings.claim("payable")

    begun = wire.task(a_task("reprocess", focus=claim))
    worker.drain()

    task = polled(wire, "Task")
    assert (task["id"], task["status"]) == (begun.document["id"], "completed")
    [output] = task["output"]
    decided = wire.get(output["valueReference"]["reference"]).document
    assert decided == polled(wire, "ClaimResponse")
    assert decided["extension"][0]["url"].endswith("/predecessor")


def test_status_check(wire, standings):
    told = wire.task(a_task("status", focus=standings.claim("payable")))

    assert told.document["status"] == "completed"
    assert told.output("status") == "complete"


def test_pended_check_polling(wire, standings):
    claim = standings.claim("payable")

    answered = wire.task(a_task("poll"))

    answer = wire.get(answered.output("response")).document
    assert (answer["resourceType"], answer["request"]["reference"]) == ("ClaimResponse", claim)
    assert answered.output("remaining") == 1


def test_payment_notice(wire, standings):
    standings.claim("paid")
    payment = polled(wire, "PaymentReconciliation")
    assert payment is not None

    answered = wire.task(a_delivery(a_payment_notice(f"PaymentReconciliation/{payment['id']}")))

    assert answered.document["status"] == "completed"


def test_a_payment_notice_of_a_payment_that_was_never_issued(wire, rows):
    notice = a_payment_notice("PaymentReconciliation/unknown")

    answered = wire.task(a_delivery(notice))
    posted = wire.post("PaymentNotice", notice)

    assert answered.document["status"] == "rejected"
    assert answered.outputs == [("error", "ECG-PAYMENT-UNKNOWN")]
    assert (posted.status, posted.errors) == (422, ["ECG-PAYMENT-UNKNOWN"])
    assert rows.of(tables.resource, type="PaymentNotice") == []


def test_payment_reconciliation(wire, standings):
    claim = standings.claim("paid")

    payment = polled(wire, "PaymentReconciliation")

    assert payment["paymentAmount"] == {"value": Decimal("80.00"), "currency": "EUR"}
    [detail] = payment["detail"]
    assert detail["request"] == {"reference": claim, "type": "Claim"}
    notice = polled(wire, "PaymentNotice")
    assert notice["payment"]["reference"] == f"PaymentReconciliation/{payment['id']}"


def test_send_attachments(wire, standings):
    claim = standings.claim("queued")
    attachment = a_communication(about=[{"reference": claim}])

    sent = wire.task(a_delivery(attachment))

    assert sent.document["status"] == "completed"
    assert wire.get(sent.output("response")).document["payload"] == attachment["payload"]
    refused = wire.task(a_delivery(a_communication(about=[{"reference": "Claim/unknown"}])))
    assert [name for name, _ in refused.outputs] == ["error"]


def test_request_attachments(wire, standings):
    claim = standings.asking()

    request = polled(wire, "CommunicationRequest")

    assert request["about"][0]["reference"] == claim
    assert "line 1" in request["payload"][0]["contentString"]
    answer = a_communication(basedOn=[{"reference": f"CommunicationRequest/{request['id']}"}])
    assert wire.task(a_delivery(answer)).document["status"] == "completed"
    standings.worker.drain()
    assert polled(wire, "ClaimResponse")["outcome"] == "complete"


def test_request_an_explanation_of_benefits(wire, standings):
    claim = standings.claim("payable")

    explanation = polled(wire, "ExplanationOfBenefit")

    assert explanation["claim"]["reference"] == claim
