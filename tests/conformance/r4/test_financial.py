"""Lines 96 to 100: Task, Claim and ClaimResponse as R4 itself defines them.

http://hl7.org/fhir/R4/task.html, http://hl7.org/fhir/R4/claim.html
"""

import pytest

from app.domain.references import Identifier
from app.gateway.administering.new_payer import new_payer
from tests.builders import (
    a_claim,
    a_coverage,
    a_payment_notice,
    a_task,
    an_eligibility_request,
    an_enrollment_request,
    an_input,
    identifier,
)
from tests.wire import Wire

OWN, EARLIER = identifier("http://payers.test", "own"), identifier("http://payers.test", "earlier")


@pytest.fixture
def insured(http, registry, installation):
    """A submitter of a payer that has an identifier, and so tells itself from an earlier payer."""
    own = (Identifier(OWN["system"], OWN["value"]),)
    named = new_payer(installation, "Named", identifiers=own)
    return Wire(http, registry.submitter("Insured", payer=named).token)


def a_response(**elements):
    """An earlier payer's ClaimResponse."""
    response = {
        "resourceType": "ClaimResponse",
        "status": "active",
        "type": {"text": "oral"},
        "use": "claim",
        "patient": {"reference": "Patient/1"},
        "created": "2026-03-01",
        "insurer": {"identifier": EARLIER},
        "outcome": "complete",
    }
    merged = {**response, **elements}
    return {name: value for name, value in merged.items() if value is not None}


@pytest.mark.parametrize(
    "broken",
    [
        {"status": None},
        {"intent": None},
        {"status": "sent"},
        {"intent": "wish"},
        {"priority": "whenever"},
    ],
    ids=str,
)
def test_096_a_task_has_status_and_intent_of_their_value_sets(wire, rows, broken):
    before = rows.counts()

    assert wire.task(a_task("poll", **broken)).status == 400

    assert rows.counts() == before
    assert wire.task(a_task("poll", priority="routine")).status == 201


def test_097_a_task_is_not_modified_before_it_is_authored(wire):
    authored = "2026-03-02T09:00:00Z"

    early = a_task("poll", authoredOn=authored, lastModified="2026-03-02T08:59:59Z")
    assert wire.task(early).status == 400
    same_day = a_task("poll", authoredOn=authored, lastModified="2026-03-02T09:00:00Z")
    assert wire.task(same_day).status == 201


COUNT = an_input("count", valuePositiveInt=5)
INPUTS = {
    "without-type": {"valuePositiveInt": 5},
    "without-value": {"type": COUNT["type"]},
    "with-two-values": {**COUNT, "valueString": "5"},
}


@pytest.mark.parametrize("case", INPUTS)
@pytest.mark.parametrize("element", ["input", "output"])
def test_098_a_task_s_input_and_output_have_a_type_and_one_value(wire, rows, case, element):
    before = rows.counts()

    refused = wire.task(a_task("poll", **{element: [INPUTS[case]]}))

    assert refused.status == 400
    assert any(f"Task.{element}[0]" in str(one) for one in refused.expressions)
    assert rows.counts() == before
    assert wire.task(a_task("poll", inputs=[COUNT])).status == 201


CLAIM = "status type use patient created provider priority insurance".split()
RESPONSE = "status type use patient created insurer outcome".split()


@pytest.mark.parametrize("element", CLAIM)
def test_099_a_claim_has_its_mandatory_elements(wire, rows, element):
    before = rows.counts()

    whole = a_claim()

    refused = wire.post("Claim", {name: whole[name] for name in whole if name != element})

    assert (refused.status, refused.expressions) == (400, [f"Claim.{element}"])
    assert rows.counts() == before
    assert wire.post("Claim", whole).status == 201


@pytest.mark.parametrize("element", RESPONSE)
def test_099_a_claim_response_has_its_mandatory_elements(insured, rows, element):
    before = rows.counts()

    refused = insured.post("ClaimResponse", a_response(**{element: None}))

    assert (refused.status, refused.expressions) == (400, [f"ClaimResponse.{element}"])
    assert rows.counts() == before
    assert insured.post("ClaimResponse", a_response()).status == 201


@pytest.mark.parametrize("outcome", ["queued", "complete", "error", "partial"])
def test_100_an_outcome_is_of_its_value_set(insured, outcome):
    assert insured.post("ClaimResponse", a_response(outcome=outcome)).status == 201
    assert insured.post("ClaimResponse", a_response(outcome=f"{outcome}d")).status == 400


FINANCIAL = {
    "Claim": a_claim,
    "CoverageEligibilityRequest": an_eligibility_request,
    "EnrollmentRequest": an_enrollment_request,
    "Coverage": a_coverage,
    "PaymentNotice": lambda **elements: a_payment_notice("PaymentReconciliation/1", **elements),
    "ClaimResponse": a_response,
}


@pytest.mark.parametrize("type", FINANCIAL)
def test_100_the_status_of_what_is_financial_is_of_its_value_set(insured, type):
    make = FINANCIAL[type]

    for status in ("active", "cancelled", "draft", "entered-in-error"):
        assert insured.post(type, make(status=status)).status != 400, status
    for status in ("completed", "Active", "unknown"):
        assert insured.post(type, make(status=status)).status == 400, status
