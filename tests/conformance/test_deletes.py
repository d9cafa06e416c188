"""DELETE: what is deleted is not found any more, and its versions stay.

http://hl7.org/fhir/R4/http.html#delete
"""

import pytest

from app.store import tables
from tests.builders import a_claim, a_coverage, a_task, identifier
from tests.conformance.test_cancel import COVERAGE_CLASS
from tests.conformance.test_updates import SYSTEM, a_patient, with_id
from tests.fhir.business.test_default_plan import default_plan


@pytest.mark.parametrize("type", ["Task", "Claim", "ClaimResponse", "InsurancePlan"])
def test_what_is_never_deleted_is_405(wire, rows, type):
    before = rows.counts()

    refused = wire.delete(f"{type}/1")

    assert (refused.status, refused.errors) == (405, ["ECG-METHOD"])
    assert "DELETE" not in refused.headers["Allow"]
    assert rows.counts() == before


def test_what_others_refer_to_stays(wire):
    patient = wire.post("Patient", a_patient())
    claim = wire.post("Claim", a_claim(patient={"reference": patient.reference}))

    refused = wire.delete(patient.reference)

    assert (refused.status, refused.errors) == (409, ["ECG-REFERENCED"])
    assert wire.get(patient.reference).text == patient.text
    assert wire.get(claim.reference).status == 200
    assert wire.delete(wire.post("Patient", a_patient()).reference).status == 204


def test_what_is_referred_to_where_nobody_searches_stays(wire):
    coverage = wire.post("Coverage", a_coverage()).reference
    spare = wire.post("Coverage", a_coverage("M2")).reference
    wire.post("Claim", a_claim(coverage={"reference": coverage}))

    refused, deleted = wire.ask("DELETE", coverage), wire.ask("DELETE", spare)

    assert (refused.status, refused.errors) == (409, ["ECG-REFERENCED"])
    assert wire.get(coverage).status == 200
    assert deleted.status == 204


def test_what_somebody_else_refers_to_is_deleted(wire, other):
    patient = wire.post("Patient", a_patient())
    other.post("Claim", a_claim(patient={"reference": patient.reference}))

    assert wire.delete(patient.reference).status == 204


@pytest.mark.parametrize(
    ("target", "element", "status"),
    [
        ({"resourceType": "Patient"}, "patient", 204),
        (a_coverage(), "coverage", 204),
        ({"resourceType": "Organization", "name": "Clinic"}, "provider", 409),
    ],
)
def test_a_submitter_holds_of_the_payers_only_what_it_sees(wire, core, target, element, status):
    kept = core.post(target["resourceType"], target).reference
    own = {"identifier": identifier("sid", "Happy Valley")} if element == "provider" else {}
    guess = {element: {"reference": kept, **own}}
    assert wire.post("Claim", a_claim(**guess)).status == 201

    assert wire.get(kept).status == (404 if status == 204 else 200)
    assert core.delete(kept).status == status


def test_what_the_payer_refers_to_itself_stays(wire, core):
    patient = core.post("Patient", {"resourceType": "Patient"}).reference
    coverage = core.post("Coverage", a_coverage(beneficiary={"reference": patient})).reference

    refused = core.delete(patient)

    assert (refused.status, refused.errors) == (409, ["ECG-REFERENCED"])
    assert [core.delete(each).status for each in (coverage, patient)] == [204, 204]


def test_what_the_payer_lets_be_read_is_not_deleted(wire, core):
    clinic = core.post("Organization", {"resourceType": "Organization", "name": "Clinic"})

    refused = wire.delete(clinic.reference)

    assert (refused.status, refused.errors) == (403, ["ECG-FORBIDDEN"])
    assert wire.get(clinic.reference).status == 200


@pytest.mark.parametrize("whose", ["nobodys", "anothers", "deleted"])
def test_what_is_not_there_is_no_error(wire, other, rows, whose):
    anothers = other.post("Patient", a_patient())
    gone = wire.post("Patient", a_patient()).reference
    wire.delete(gone)
    before = rows.counts()
    named = {"nobodys": "Patient/1", "anothers": anothers.reference, "deleted": gone}

    deleted = wire.delete(named[whose])

    assert (deleted.status, deleted.text) == (204, "")
    assert "ETag" not in deleted.headers
    assert rows.counts() == before
    assert other.get(anothers.reference).text == anothers.text


def test_what_is_deleted_is_gone_and_its_versions_stay(wire, rows):
    first = wire.post("Patient", a_patient())

    deleted = wire.delete(first.reference)

    assert (deleted.status, deleted.text, deleted.headers["ETag"]) == (204, "", 'W/"2"')
    gone = wire.get(first.reference)
    assert (gone.status, gone.errors) == (410, ["ECG-GONE"])
    assert wire.get(f"{first.reference}/_history/1").text == first.text
    assert wire.get(f"{first.reference}/_history/2").status == 410
    assert wire.get(f"{first.reference}/_history/3").status == 404
    [event] = rows.of(tables.audit, action="delete")
    assert (event["outcome"], event["resource_id"]) == ("deleted", first.document["id"])
    assert event["request_id"]


def test_nothing_finds_what_is_deleted(wire):
    condition = f"identifier={SYSTEM}|1"
    first = wire.post("Patient", a_patient(), If_None_Exist=condition)
    wire.delete(first.reference)

    again = wire.post("Patient", a_patient(), If_None_Exist=condition)

    assert (again.status, again.reference == first.reference) == (201, False)


def test_a_deleted_one_is_not_patched(wire):
    own = wire.post("Patient", a_patient())
    wire.delete(own.reference)

    refused = wire.ask("PATCH", own.reference, "[]", Content_Type="application/json-patch+json")

    assert (refused.status, refused.errors) == (410, ["ECG-GONE"])


def test_a_deleted_coverage_is_as_one_that_is_not_there(wire, core, worker):
    core.put("Coverage/kept", with_id(a_coverage("M2"), "Coverage/kept"))
    core.put("Coverage/coverage-M1", a_coverage())

    deleted = core.delete("Coverage/coverage-M1")
    claim = wire.post("Claim", a_claim())
    worker.drain()

    response = claim.headers["Link"].partition("/r4/")[2].partition(">")[0]
    assert deleted.status == 204
    assert wire.get(response).document["outcome"] == "queued"
    core.put("Coverage/coverage-M1", a_coverage())
    worker.drain()
    assert wire.get(response).document["outcome"] == "complete"


def test_one_coverage_of_two_is_deleted_and_the_other_decides(wire, core, worker):
    core.put("Coverage/coverage-M1", a_coverage())
    core.put("Coverage/twice", with_id(a_coverage(), "Coverage/twice"))
    claim = wire.post("Claim", a_claim())
    worker.drain()
    response = claim.headers["Link"].partition("/r4/")[2].partition(">")[0]
    assert wire.get(response).document["outcome"] == "queued"

    core.delete("Coverage/twice")
    worker.drain()

    assert wire.get(response).document["outcome"] == "complete"


def test_a_deleted_plan_is_as_one_that_is_not_there(wire, core, worker):
    value = identifier("http://payer.test/plan", "gold")
    plan = {**default_plan(), "id": "gold", "identifier": [value]}
    kind = {"coding": [{"system": COVERAGE_CLASS, "code": "plan"}]}
    core.put("Coverage/coverage-M1", a_coverage(**{"class": [{"type": kind, "value": "gold"}]}))
    core.put("InsurancePlan/gold", plan)

    deleted = core.delete("InsurancePlan/gold")
    claim = wire.post("Claim", a_claim())
    worker.drain()

    response = claim.headers["Link"].partition("/r4/")[2].partition(">")[0]
    assert (deleted.status, wire.get(response).document["outcome"]) == (204, "queued")
    assert core.put("InsurancePlan/gold", plan).status == 201
    worker.drain()
    assert wire.get(response).document["outcome"] == "complete"


def test_an_idempotency_key_of_what_is_deleted_makes_no_second(wire, rows):
    first = wire.post("Patient", a_patient(), Idempotency_Key="K")
    wire.delete(first.reference)
    before = rows.counts()

    again = wire.post("Patient", a_patient(), Idempotency_Key="K")

    assert (again.status, again.errors) == (410, ["ECG-GONE"])
    assert rows.counts() == before


def test_a_cancelled_claim_still_refers_to_its_patient(wire):
    patient = wire.post("Patient", a_patient())
    claim = wire.post("Claim", a_claim(patient={"reference": patient.reference}))
    wire.task(a_task("cancel", focus=claim.reference))

    assert wire.delete(patient.reference).status == 409
