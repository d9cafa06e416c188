"""Operations: $validate, $submit of an eligibility request, and those that stand for a Task.

http://hl7.org/fhir/R4/operations.html
"""

import pytest

from app.fhir.validation import check
from app.store import tables
from tests.builders import (
    a_claim,
    a_coverage,
    a_task,
    an_eligibility_request,
    an_input,
    identifier,
    money,
)
from tests.conformance.standings import related

PATIENT = {"resourceType": "Patient", "gender": "female"}
BASE_PROFILE = "http://hl7.org/fhir/StructureDefinition/Patient"


def parameters(*given):
    return {"resourceType": "Parameters", "parameter": list(given)}


def asked(resource=None, mode=None, *profiles):
    given = [{"name": "resource", "resource": resource}] if resource else []
    given += [{"name": "mode", "valueCode": mode}] if mode else []
    return parameters(*given, *({"name": "profile", "valueUri": each} for each in profiles))


def found(reply):
    """What an OperationOutcome of $validate says: catalogue ids, none where nothing is wrong."""
    assert (reply.status, check(reply.document)) == (200, [])
    severities = {issue["severity"] for issue in reply.document["issue"]}
    assert severities in ({"error"}, {"information"})
    return [] if severities == {"information"} else reply.errors


# --- $validate


@pytest.mark.parametrize("wrapped", [False, True], ids=["bare", "Parameters"])
@pytest.mark.parametrize(
    ("document", "errors"),
    [
        ({**PATIENT, "gender": "f"}, ["ECG-CODE"]),
        ({**PATIENT, "sex": "female"}, ["ECG-UNKNOWN-ELEMENT"]),
        (a_claim(status=None, patient=None), ["ECG-REQUIRED", "ECG-REQUIRED"]),
        (PATIENT, []),
        (a_claim(), []),
    ],
)
def test_validate_tells_what_is_wrong_and_keeps_nothing(wire, rows, wrapped, document, errors):
    before = rows.counts()
    type = document["resourceType"]

    reply = wire.post(f"{type}/$validate", asked(document) if wrapped else document)

    assert found(reply) == errors
    assert all(expression.startswith(f"{type}.") for expression in reply.expressions if errors)
    assert rows.counts() == before


@pytest.mark.parametrize(
    ("profiles", "errors"),
    [
        (["http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient"], ["ECG-PROFILE"]),
        ([BASE_PROFILE, "http://nowhere.test/x"], ["ECG-PROFILE"]),
        ([BASE_PROFILE], []),
        ([f"{BASE_PROFILE}|4.0.1"], []),
    ],
)
def test_a_profile_that_is_not_known_is_never_called_fulfilled(wire, profiles, errors):
    assert found(wire.post("Patient/$validate", asked(PATIENT, None, *profiles))) == errors


def test_a_resource_of_another_type_is_told(wire):
    assert found(wire.post("Claim/$validate", PATIENT)) == ["ECG-RESOURCE-TYPE"]
    assert found(wire.post("Patient/$validate", PATIENT)) == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"<Patient/>", 400),
        (b"[]", 400),
        (asked(PATIENT, "guess"), 400),
        (asked(None, "create"), 400),
        (asked(PATIENT, "delete"), 400),
        (parameters({"name": "resource", "valueString": "x"}), 400),
        (parameters({"name": "resource", "resource": "x"}), 400),
        ({"resourceType": "Parameters", "parameter": "x"}, 400),
        ({"resourceType": "Parameters", "parameter": ["x"]}, 400),
        (asked(PATIENT, "create"), 200),
    ],
)
def test_what_cannot_be_asked_is_refused(wire, body, status):
    assert wire.post("Patient/$validate", body).status == status


def test_a_creation_is_tried_and_all_of_it_is_unwound(wire, core, rows):
    claim = a_claim(number="C1")
    wire.post("Claim", claim)
    before = rows.counts()
    other = {**claim, "created": "2026-03-01"}

    answers = {
        "business rule": wire.post("Claim/$validate", asked(a_claim(status="draft"), "create")),
        "duplicate": wire.post("Claim/$validate", asked(other, "create")),
        "not theirs": core.post("Claim/$validate", asked(a_claim(), "create")),
        "no creation": wire.post("Claim/$validate", asked(other)),
        "good": wire.post("Claim/$validate", asked(a_claim(), "create")),
    }

    assert {name: found(reply) for name, reply in answers.items()} == {
        "business rule": ["ECG-NOT-ACTIVE"],
        "duplicate": ["ECG-DUPLICATE"],
        "not theirs": ["ECG-FORBIDDEN"],
        "no creation": [],
        "good": [],
    }
    assert rows.counts() == before


def test_errors_that_a_claim_would_be_taken_with_are_told_as_warnings(wire, rows):
    wrong, right = a_claim(total=money("3.00")), a_claim()

    told = wire.post("Claim/$validate?mode=create", wrong)
    fine = wire.post("Claim/$validate?mode=create", right)

    assert (told.status, told.errors) == (200, ["ECG-CLAIM-TOTAL"])
    assert told.expressions == ["Claim.total"]
    assert told.document["issue"][0]["severity"] == "warning"
    assert fine.document["issue"][0]["severity"] == "information"
    assert rows.of(tables.submission) == []


@pytest.mark.parametrize(
    ("document", "errors"),
    [
        (a_task("cancel", focus="Claim/1", status="draft"), ["ECG-TASK-STATUS"]),
        (a_task("explode"), ["ECG-TASK-CODE"]),
        (a_task("poll", inputs=[an_input("count", valuePositiveInt=1000)]), ["ECG-INPUT-COUNT"]),
        (a_task("poll", inputs=[an_input("count", valuePositiveInt=10)]), []),
    ],
)
def test_of_a_task_what_is_wrong_on_its_face_is_told(wire, core, rows, document, errors):
    before = rows.counts()

    assert found(wire.post("Task/$validate", asked(document, "create"))) == errors
    assert found(core.post("Task/$validate", asked(document, "create"))) == ["ECG-METHOD"]
    assert rows.counts() == before


def test_an_update_and_a_deletion_are_tried_too(wire, other, rows):
    patient = wire.post("Patient", PATIENT)
    place = f"{patient.reference}/$validate"
    claim = wire.post("Claim", a_claim())
    changed = {**claim.document, "created": "2026-03-01"}
    before = rows.counts()

    assert found(wire.post(place, asked(patient.document, "update"))) == []
    assert found(wire.post(place, asked({**PATIENT, "id": "x"}, "update"))) == ["ECG-VALUE"]
    assert found(wire.post(f"{claim.reference}/$validate", asked(changed, "update"))) == [
        "ECG-IMMUTABLE"
    ]
    assert found(wire.post(place, asked(None, "delete"))) == []
    assert found(wire.post(f"{claim.reference}/$validate", asked(None, "delete"))) == ["ECG-METHOD"]
    assert wire.get(patient.reference).headers["ETag"] == 'W/"1"'
    assert rows.counts() == before


def test_an_update_of_what_has_no_id_lacks_it(wire):
    patient = wire.post("Patient", PATIENT)

    lacking = wire.post("Patient/$validate?mode=update", PATIENT)

    assert (found(lacking), lacking.expressions) == (["ECG-REQUIRED"], ["Patient.id"])
    named = {**PATIENT, "id": patient.document["id"]}
    assert found(wire.post("Patient/$validate?mode=update", named)) == []


def test_what_is_stored_is_validated_for_who_sees_it(wire, other):
    patient = wire.post("Patient", PATIENT).reference

    assert found(wire.get(f"{patient}/$validate")) == []
    assert found(wire.get(f"{patient}/$validate?mode=delete")) == []
    assert found(wire.get(f"{patient}/$validate?profile=http://nowhere.test/x")) == ["ECG-PROFILE"]
    assert other.get(f"{patient}/$validate").text == other.get("Patient/none/$validate").text
    assert other.get(f"{patient}/$validate").status == 404
    assert wire.get("Patient/$validate").status == 405


# --- CoverageEligibilityRequest/$submit


def test_an_eligibility_request_is_answered_now_and_not_polled_again(wire, core):
    core.post("Coverage", a_coverage())

    submitted = wire.post("CoverageEligibilityRequest/$submit", an_eligibility_request())

    assert submitted.status == 200
    assert submitted.document["resourceType"] == "CoverageEligibilityResponse"
    assert submitted.document["disposition"] == "The coverage is in force."
    assert check(submitted.document) == []
    assert wire.get(submitted.reference).text == submitted.text
    poll = wire.task(a_task("poll"))
    assert wire.get(f"Bundle/{poll.document['id']}").status == 404


def test_an_eligibility_request_that_is_created_is_polled(wire):
    wire.post("CoverageEligibilityRequest", an_eligibility_request())

    poll = wire.task(a_task("poll"))

    [entry] = wire.get(f"Bundle/{poll.document['id']}").document["entry"]
    assert entry["resource"]["resourceType"] == "CoverageEligibilityResponse"


PLACE = "urn:uuid:0b7ce9d4-6d4e-4d5c-8e49-1f3f2b9f7a01"


def a_bundle(*resources):
    entries = [{"fullUrl": PLACE, "resource": resources[0]}]
    entries += [{"resource": each} for each in resources[1:]]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def test_it_travels_with_its_patient_and_refers_to_it(wire):
    request = an_eligibility_request(patient={"reference": PLACE})

    submitted = wire.post(
        "CoverageEligibilityRequest/$submit",
        parameters({"name": "resource", "resource": a_bundle(PATIENT, request)}),
    )

    assert submitted.status == 200
    patient = submitted.document["patient"]["reference"]
    assert wire.get(patient).document["gender"] == "female"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (a_claim(), "ECG-RESOURCE-TYPE"),
        (a_bundle(PATIENT), "ECG-BUNDLE"),
        (a_bundle(PATIENT, an_eligibility_request(), an_eligibility_request()), "ECG-BUNDLE"),
        (a_bundle(PATIENT, an_eligibility_request(), a_claim()), "ECG-BUNDLE"),
        (parameters({"name": "resource", "resource": a_claim()}), "ECG-RESOURCE-TYPE"),
    ],
    ids=["claim", "no request", "two requests", "with a claim", "claim in Parameters"],
)
def test_what_is_no_eligibility_request_is_refused(wire, rows, body, error):
    before = rows.counts()

    refused = wire.post("CoverageEligibilityRequest/$submit", body)

    assert (refused.status, refused.errors[0]) == (400, error)
    assert rows.counts() == before


# --- Claim/{id}/$cancel and Claim/{id}/$reprocess


def outputs(task):
    return [each["type"]["coding"][0]["code"] for each in task.document.get("output", ())]


@pytest.mark.parametrize("body", [b"", {"resourceType": "Parameters"}], ids=["none", "empty"])
def test_cancel_does_what_the_task_does(wire, body):
    by_operation, by_task = (wire.post("Claim", a_claim()).reference for _ in range(2))

    cancelled = wire.post(f"{by_operation}/$cancel", body)
    task = wire.task(a_task("cancel", focus=by_task))

    assert (cancelled.status, cancelled.document["status"]) == (201, "completed")
    assert (cancelled.status, cancelled.document["status"]) == (
        task.status,
        task.document["status"],
    )
    assert outputs(cancelled) == outputs(task)
    assert cancelled.document["focus"] == {"reference": by_operation}
    assert check(cancelled.document) == []
    assert wire.get(cancelled.reference).text == cancelled.text
    statuses = {wire.get(each).document["status"] for each in (by_operation, by_task)}
    assert statuses == {"cancelled"}


def test_a_second_cancel_is_rejected_and_one_of_a_stranger_fails(wire, other):
    claim = wire.post("Claim", a_claim()).reference

    strange = other.ask("POST", f"{claim}/$cancel")
    wire.ask("POST", f"{claim}/$cancel")
    again = wire.ask("POST", f"{claim}/$cancel")
    missing = other.ask("POST", "Claim/none/$cancel")

    assert (again.status, again.document["status"]) == (201, "rejected")
    assert strange.document["status"] == missing.document["status"] == "failed"
    assert [each["valueCodeableConcept"]["text"] for each in strange.document["output"]] == [
        each["valueCodeableConcept"]["text"] for each in missing.document["output"]
    ]


def test_the_same_key_has_one_effect(wire, rows):
    claim = wire.post("Claim", a_claim()).reference

    first = wire.ask("POST", f"{claim}/$cancel", Idempotency_Key="k1")
    again = wire.ask("POST", f"{claim}/$cancel", Idempotency_Key="k1")
    another = wire.post("Claim", a_claim()).reference
    misused = wire.ask("POST", f"{another}/$cancel", Idempotency_Key="k1")

    assert (first.status, again.status, again.text) == (201, 200, first.text)
    assert (misused.status, misused.errors) == (422, ["ECG-IDEMPOTENCY"])
    assert len(rows.of(tables.resource, type="Task")) == 1


def test_a_rehearsal_tells_and_does_nothing(wire, rows):
    claim = wire.post("Claim", a_claim()).reference
    before = rows.counts()

    tried = wire.ask("POST", f"{claim}/$cancel", Prefer="dry-run")

    assert (tried.status, tried.document["status"]) == (200, "completed")
    assert "id" not in tried.document
    assert rows.counts() == before
    assert wire.get(claim).document["status"] == "active"


def test_reprocess_takes_its_lines_as_parameters(wire, core, worker):
    core.post("Coverage", a_coverage())
    claim = wire.post("Claim", a_claim(prices=("10.00", "20.00")))
    worker.drain()
    given = {"name": "item", "valuePositiveInt": 2}

    asked_again = wire.post(f"{claim.reference}/$reprocess", parameters(given))
    worker.drain()

    assert (asked_again.status, asked_again.document["status"]) == (201, "in-progress")
    assert asked_again.output("disposition") == "To be decided again: line 2."
    done = wire.get(asked_again.reference)
    assert done.document["status"] == "completed"
    assert done.output("response") != related(claim)


@pytest.mark.parametrize(
    ("given", "error", "expression"),
    [
        ({"name": "colour", "valueString": "red"}, "ECG-INPUT-TYPE", "Parameters.parameter[0]"),
        ({"name": "count", "valueInteger": 1}, "ECG-INPUT-TYPE", "Parameters.parameter[0]"),
        ({"name": "item", "valueString": "two"}, "ECG-INPUT-VALUE", "Parameters.parameter[0]"),
        ({"name": "item", "resource": PATIENT}, "ECG-PARAMETER", "Parameters.parameter[0]"),
    ],
)
def test_parameters_that_the_task_would_not_take_are_refused(wire, rows, given, error, expression):
    claim = wire.post("Claim", a_claim()).reference
    before = rows.counts()

    refused = wire.post(f"{claim}/$reprocess", parameters(given))

    assert (refused.status, refused.errors, refused.expressions) == (400, [error], [expression])
    assert rows.counts() == before


@pytest.mark.parametrize("name", ["cancel", "reprocess"])
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_an_operation_with_an_effect_is_called_by_post_alone(wire, method, name):
    claim = wire.post("Claim", a_claim()).reference

    refused = wire.ask(method, f"{claim}/${name}")

    assert (refused.status, refused.headers["Allow"]) == (405, "POST")
    assert wire.get(claim).document["status"] == "active"


def test_only_submitters_cancel(core, wire):
    claim = wire.post("Claim", a_claim()).reference

    assert core.ask("POST", f"{claim}/$cancel").errors == ["ECG-FORBIDDEN"]
    assert wire.ask("POST", f"{claim}/$cancel").status == 201


def test_a_task_that_says_the_same_is_read_the_same(wire):
    claim = wire.post("Claim", a_claim()).reference
    quoted = identifier("http://payer.test/number", "4711")
    inputs = [an_input("reference", valueIdentifier=quoted)]

    by_task = wire.task(a_task("cancel", focus=claim, inputs=inputs), Prefer="dry-run")
    given = parameters({"name": "reference", "valueIdentifier": quoted})
    by_operation = wire.post(f"{claim}/$cancel", given, Prefer="dry-run")

    assert by_task.status == by_operation.status == 200
    assert by_operation.document["input"][0]["valueIdentifier"] == quoted
    assert by_task.document["status"] == by_operation.document["status"]


def test_operations_are_entries_of_a_batch(wire):
    claim = wire.post("Claim", a_claim()).reference
    asked_for = [
        ("POST", f"{claim}/$cancel", None),
        ("POST", "Patient/$validate", PATIENT),
        ("GET", f"{claim}/$validate", None),
        ("POST", "CoverageEligibilityRequest/$submit", an_eligibility_request()),
        ("GET", f"{claim}/$cancel", None),
    ]
    entries = [
        {"request": {"method": method, "url": url}, **({"resource": body} if body else {})}
        for method, url, body in asked_for
    ]

    answer = wire.post("", {"resourceType": "Bundle", "type": "batch", "entry": entries})

    told = [
        (entry["response"]["status"], entry.get("resource", {}).get("resourceType"))
        for entry in answer.document["entry"]
    ]
    assert told == [
        ("201", "Task"),
        ("200", "OperationOutcome"),
        ("200", "OperationOutcome"),
        ("200", "CoverageEligibilityResponse"),
        ("405", None),
    ]
    assert wire.get(claim).document["status"] == "cancelled"
