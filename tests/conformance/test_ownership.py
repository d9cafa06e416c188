"""Who may write and read what: what is somebody else's is answered like what does not exist."""

import pytest

from app.domain.references import Identifier
from app.gateway.administering.new_payer import new_payer
from tests.builders import (
    a_claim,
    a_coverage,
    a_task,
    an_eligibility_request,
    an_enrollment_request,
    identifier,
)
from tests.conformance.standings import related
from tests.conformance.test_official_examples import examples
from tests.wire import Wire

PAYER_AUTHORED = {
    type: next(iter(examples(type).values()))
    for type in (
        "ClaimResponse",
        "CoverageEligibilityResponse",
        "EnrollmentResponse",
        "ExplanationOfBenefit",
        "PaymentReconciliation",
        "CommunicationRequest",
        "InsurancePlan",
        "ChargeItemDefinition",
        "Contract",
    )
}
SUPPORTING = {
    type: next(iter(examples(type).values()))
    for type in (
        "Patient",
        "RelatedPerson",
        "Practitioner",
        "PractitionerRole",
        "Organization",
        "Location",
        "Coverage",
        "VisionPrescription",
        "Account",
        "ChargeItem",
    )
}
READABLE = ("Organization", "Practitioner", "PractitionerRole", "Location")
UNREADABLE = ("Patient", "RelatedPerson", "Coverage")


@pytest.fixture
def insurer(installation):
    """A payer that has an identifier."""
    return new_payer(installation, "Insurer", (Identifier("pid", "12345"),))


def response_of(insurer):
    """An answer to some Claim, written by this insurer."""
    return {
        "resourceType": "ClaimResponse",
        "status": "active",
        "type": {"text": "oral"},
        "use": "claim",
        "patient": {"reference": "Patient/1"},
        "created": "2026-03-01",
        "insurer": insurer,
        "outcome": "complete",
    }


@pytest.mark.parametrize("type", sorted(PAYER_AUTHORED.keys() - {"ClaimResponse"}))
def test_a_submitter_writes_nothing_that_the_payer_authors(wire, rows, type):
    before = rows.counts()

    refused = wire.post(type, PAYER_AUTHORED[type])

    assert (refused.status, refused.errors) == (403, ["ECG-FORBIDDEN"])
    assert rows.counts() == before


@pytest.mark.parametrize("type", SUPPORTING)
def test_a_submitter_writes_and_reads_supporting_resources_of_its_own(wire, other, core, type):
    stored = wire.post(type, SUPPORTING[type])

    assert stored.status == 201
    assert wire.get(stored.reference).text == stored.text
    assert core.get(stored.reference).text == stored.text
    assert other.get(stored.reference).status == 404


@pytest.mark.parametrize(
    ("insurer_named", "status"),
    [
        ({"identifier": identifier("pid", "12345")}, 403),
        ({"display": "Some insurer"}, 403),
        ({"identifier": identifier("pid", "67890")}, 201),
    ],
    ids=["this-payers", "nobodys", "an-earlier-payers"],
)
def test_only_an_earlier_payers_response_is_handed_in(
    http, registry, insurer, insurer_named, status
):
    wire = Wire(http, registry.submitter(payer=insurer).token)

    answered = wire.post("ClaimResponse", response_of(insurer_named))

    assert answered.status == status
    assert wire.task(a_task("poll")).outputs == [("remaining", 0)]


def test_an_earlier_payers_response_is_no_focus(http, registry, insurer):
    wire = Wire(http, registry.submitter(payer=insurer).token)
    named = {"identifier": identifier("pid", "67890")}
    evidence = wire.post("ClaimResponse", response_of(named)).reference

    refused = wire.task(a_task("cancel", focus=evidence))

    assert refused.document["status"] == "rejected"
    assert refused.outputs == [("error", "ECG-FOCUS-TYPE")]
    assert wire.get(evidence).document["status"] == "active"


@pytest.mark.parametrize(
    ("type", "request_of"),
    [
        ("Claim", a_claim),
        ("CoverageEligibilityRequest", an_eligibility_request),
        ("EnrollmentRequest", an_enrollment_request),
    ],
)
def test_a_payer_client_sends_no_requests(core, wire, rows, type, request_of):
    before = rows.counts()

    refused = core.post(type, request_of())

    assert (refused.status, refused.errors) == (403, ["ECG-FORBIDDEN"])
    assert rows.counts() == before
    assert wire.post(type, request_of()).status == 201


@pytest.mark.parametrize("type", ["Observation", "Bundle", "Task2"])
def test_a_type_that_is_not_taken_is_refused(wire, rows, type):
    before = rows.counts()
    bodies = {
        "Observation": {"status": "final", "code": {"text": "x"}},
        "Bundle": {"type": "collection"},
    }

    refused = wire.post(type, {"resourceType": type, **bodies.get(type, {})})

    assert refused.status == (404 if type == "Task2" else 405)
    assert rows.counts() == before


def test_a_payer_client_loads_reference_data_and_reads_everything(core, wire):
    loaded = core.post("Organization", {"resourceType": "Organization", "name": "Clinic"})
    claim = wire.post("Claim", a_claim())
    polled = wire.task(a_task("poll"))

    assert loaded.status == 201
    for reference in (loaded.reference, claim.reference, related(claim), polled.reference):
        assert core.get(reference).status == 200


@pytest.mark.parametrize("type", READABLE)
def test_what_the_payer_publishes_is_readable(core, wire, type):
    loaded = core.post(type, SUPPORTING[type])

    assert loaded.status == 201
    assert wire.get(loaded.reference).text == loaded.text


@pytest.mark.parametrize("type", UNREADABLE)
def test_what_the_payer_keeps_of_people_is_not_readable(core, wire, type):
    loaded = core.post(type, SUPPORTING[type])

    hidden, missing = wire.get(loaded.reference), wire.get(f"{type}/none")

    assert loaded.status == 201
    assert (hidden.status, hidden.document) == (404, missing.document)
    version = wire.get(f"{loaded.reference}/_history/1")
    assert (version.status, version.document) == (404, missing.document)


def test_what_is_foreign_looks_missing(wire, other, registry, http, insurer):
    claim = wire.post("Claim", a_claim())
    wire.task(a_task("poll"))
    missing = other.get("Claim/none")
    elsewhere = Wire(http, registry.submitter("Elsewhere", payer=insurer).token)
    elsewhere_core = Wire(http, registry.payer_client("Other core", payer=insurer).token)

    for stranger in (other, elsewhere, elsewhere_core):
        for reference in (claim.reference, related(claim)):
            foreign = stranger.get(reference)
            assert (foreign.status, foreign.document) == (404, missing.document)
            assert foreign.headers.keys() == missing.headers.keys()
            version = stranger.get(f"{reference}/_history/1")
            assert (version.status, version.document) == (404, missing.document)
    assert wire.get(claim.reference).status == 200


@pytest.mark.parametrize("code", ["cancel", "status", "poll"])
def test_a_foreign_focus_looks_missing(wire, other, code):
    sent = a_claim(number="1")
    claim = wire.post("Claim", sent)
    by_number = {"identifier": sent["identifier"][0]}

    answers = [
        other.task(a_task(code, focus=focus))
        for focus in (claim.reference, by_number, "Claim/none")
    ]

    assert {one.status for one in answers} == {201}
    assert len({str(one.document["output"]) for one in answers}) == 1
    assert answers[0].outputs == [("error", "ECG-FOCUS-NOT-FOUND")]
    assert wire.get(claim.reference).document["meta"]["versionId"] == "1"


def test_a_foreign_task_has_no_status(wire, other):
    task = wire.task(a_task("poll")).reference

    foreign, missing = (other.task(a_task("status", focus=one)) for one in (task, "Task/none"))

    assert foreign.document["output"] == missing.document["output"]
    assert wire.task(a_task("status", focus=task)).output("status") == "complete"


def test_a_foreign_response_is_no_original_response_and_no_acknowledgement(wire, other):
    claim, own = wire.post("Claim", a_claim()), other.post("Claim", a_claim())
    for type in ("origresponse", "ack"):
        outputs = []
        for reference in (related(claim), "ClaimResponse/none"):
            given = {"type": {"text": type}, "valueReference": {"reference": reference}}
            answered = other.task(a_task("poll", focus=own.reference, inputs=[given]))
            outputs.append(answered.document["output"])
        assert outputs[0] == outputs[1]


def test_the_payers_conditional_create_is_not_stopped_by_what_a_submitter_sent(core, wire):
    condition = "identifier=http://payer.test/member|M1"
    wire.post("Coverage", a_coverage("M1"))

    kept = core.post("Coverage", a_coverage("M1"), If_None_Exist=condition)

    assert kept.status == 201
    assert core.post("Coverage", a_coverage("M1"), If_None_Exist=condition).status == 200
