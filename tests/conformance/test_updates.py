"""PUT: the next version of what a client owns; other clients' ids tell nothing.

http://hl7.org/fhir/R4/http.html#update
"""

import pytest

from app.store import tables
from tests.builders import a_claim, a_coverage, identifier
from tests.wire import FHIR

SYSTEM = "http://happyvalley.test/patient"


def a_patient(number="1", **elements):
    own = [identifier(SYSTEM, number)]
    return {"resourceType": "Patient", "identifier": own, "active": True, **elements}


def with_id(document, reference):
    return {**document, "id": reference.partition("/")[2]}


@pytest.mark.parametrize("whose", ["nobodys", "anothers"])
def test_an_id_that_is_not_the_clients_own_is_405_whoever_has_it(wire, other, rows, whose):
    anothers = other.post("Patient", a_patient()).reference
    reference = {"nobodys": "Patient/1", "anothers": anothers}[whose]
    before = rows.counts()

    refused = wire.put(reference, with_id(a_patient(), reference))

    told = (refused.status, refused.errors, refused.document["issue"][0]["details"]["text"])
    assert told == (405, ["ECG-METHOD"], "A client does not choose the id of a new Patient.")
    assert refused.headers["Allow"] == "GET, HEAD, PUT, PATCH, DELETE"
    assert rows.counts() == before
    assert other.put(anothers, with_id(a_patient(), anothers)).status == 200


def test_what_the_payer_keeps_is_audited_under_its_request(core, rows):
    replies = [core.post("Organization", {"resourceType": "Organization", "name": "Clinic"}),
               core.put("Coverage/coverage-M1", a_coverage())]  # fmt: skip

    loaded = rows.of(tables.audit, action="load")
    told = [row["request_id"] for row in loaded if row["type"] in {"Organization", "Coverage"}]
    assert told == [one.headers["X-Request-Id"] for one in replies]


@pytest.mark.parametrize("id", [None, "another"])
def test_the_body_has_the_id_of_the_address(wire, rows, id):
    own = wire.post("Patient", a_patient())
    before = rows.counts()

    refused = wire.put(own.reference, {**a_patient(), **({"id": id} if id else {})})

    assert (refused.status, refused.errors) == (400, ["ECG-VALUE"])
    assert refused.expressions == ["Patient.id"]
    assert rows.counts() == before
    assert wire.put(own.reference, with_id(a_patient(), own.reference)).status == 200


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ('{"resourceType": "Patient", "id": "%s", "gender": "x"}', "ECG-CODE"),
        ('{"resourceType": "Patient", "id": "%s", "foo": 1}', "ECG-UNKNOWN-ELEMENT"),
        ('{"resourceType": "Location", "id": "%s"}', "ECG-RESOURCE-TYPE"),
        ('{"resourceType": "Patient", "id": "%s"', "ECG-NOT-JSON"),
    ],
)
def test_what_is_not_valid_changes_nothing(wire, rows, body, error):
    own = wire.post("Patient", a_patient())
    before = rows.counts()

    refused = wire.put(own.reference, body % own.document["id"])

    assert (refused.status, refused.errors) == (400, [error])
    assert rows.counts() == before
    assert wire.get(own.reference).text == own.text


def test_what_the_payer_lets_be_read_is_not_changed(wire, core):
    clinic = core.post("Organization", {"resourceType": "Organization", "name": "Clinic"})

    refused = wire.put(clinic.reference, {**clinic.document, "name": "Mine"})

    assert (refused.status, refused.errors) == (403, ["ECG-FORBIDDEN"])
    assert wire.get(clinic.reference).text == clinic.text


def test_what_a_submitter_sent_is_not_the_payers_to_change(wire, core):
    own = wire.post("Patient", a_patient())

    refused = core.put(own.reference, {**own.document, "gender": "other"})

    assert (refused.status, refused.errors) == (403, ["ECG-FORBIDDEN"])
    assert wire.get(own.reference).text == own.text


def test_an_owner_puts_the_next_version(wire, clock, rows):
    first = wire.post("Patient", a_patient())
    clock.forward(minutes=5)
    believed = {"versionId": "77", "lastUpdated": "2001-01-01T00:00:00Z"}

    second = wire.put(first.reference, {**first.document, "meta": believed, "gender": "other"})

    assert (second.status, second.document["gender"]) == (200, "other")
    assert second.document["meta"] == {
        "versionId": "2",
        "lastUpdated": "2026-03-02T09:35:00.000Z",
    }
    assert second.headers["ETag"] == 'W/"2"'
    assert second.headers["Last-Modified"] == "Mon, 02 Mar 2026 09:35:00 GMT"
    assert "Location" not in second.headers
    assert wire.get(first.reference).text == second.text
    assert wire.get(f"{first.reference}/_history/1").text == first.text
    done = rows.of(tables.audit, action="update")
    told = [(one["outcome"], f"{one['type']}/{one['resource_id']}") for one in done]
    assert told == [("replaced", first.reference)]
    assert all(one["request_id"] for one in done)


def test_an_update_is_found_by_what_it_says_now(wire):
    own = wire.post("Patient", a_patient("1"))

    wire.put(own.reference, with_id(a_patient("2"), own.reference))

    found = wire.post("Patient", a_patient("2"), If_None_Exist=f"identifier={SYSTEM}|2")
    fresh = wire.post("Patient", a_patient("1"), If_None_Exist=f"identifier={SYSTEM}|1")
    assert (found.status, found.reference) == (200, own.reference)
    assert (fresh.status, fresh.reference == own.reference) == (201, False)


def test_a_deleted_one_is_brought_back(wire):
    first = wire.post("Patient", a_patient())
    wire.delete(first.reference)

    back = wire.put(first.reference, first.document)

    assert (back.status, back.headers["ETag"]) == (201, 'W/"3"')
    assert back.headers["Location"].endswith(f"{FHIR}/{first.reference}/_history/3")
    assert wire.get(first.reference).text == back.text


def test_the_payer_chooses_the_ids_of_its_own_data(core, rows):
    created = core.put("Coverage/coverage-M1", a_coverage())
    again = core.put("Coverage/coverage-M1", a_coverage())
    changed = core.put("Coverage/coverage-M1", a_coverage(status="cancelled"))

    assert (created.status, created.headers["ETag"]) == (201, 'W/"1"')
    assert created.headers["Location"].endswith("/Coverage/coverage-M1/_history/1")
    assert (again.status, again.text) == (200, created.text)
    assert (changed.status, changed.headers["ETag"]) == (200, 'W/"2"')
    kept = rows.of(tables.audit, type="Coverage")
    assert [one["outcome"] for one in kept] == ["added", "replaced"]


def test_a_plan_that_cannot_be_used_is_not_kept(core, rows):
    before = rows.counts()
    plan = {"resourceType": "InsurancePlan", "id": "p", "name": "A plan"}

    refused = core.put("InsurancePlan/p", plan)

    assert (refused.status, refused.errors) == (422, ["ECG-PLAN-PROFILE"])
    assert rows.counts() == before


def test_a_coverage_that_is_put_ends_the_wait_of_a_claim(core, wire, worker):
    claim = wire.post("Claim", a_claim())
    worker.drain()

    core.put("Coverage/coverage-M1", a_coverage())
    worker.drain()

    response = claim.headers["Link"].partition("/r4/")[2].partition(">")[0]
    assert wire.get(response).document["outcome"] == "complete"


@pytest.mark.parametrize("tag", ['W/"2"', '"2"', "*", 'W/"7", W/"2"'])
def test_a_version_that_is_named_and_current_is_changed(wire, tag):
    own = wire.post("Patient", a_patient())
    wire.put(own.reference, own.document)

    changed = wire.put(own.reference, {**own.document, "gender": "other"}, If_Match=tag)

    assert (changed.status, changed.headers["ETag"]) == (200, 'W/"3"')


@pytest.mark.parametrize("tag", ['W/"1"', '"1"', 'W/"3"', 'W/"other"', 'W/"02"'])
@pytest.mark.parametrize("verb", ["PUT", "PATCH", "DELETE"])
def test_a_version_that_is_not_current_is_not_changed(wire, rows, tag, verb):
    own = wire.post("Patient", a_patient())
    current = wire.put(own.reference, own.document)
    before = rows.counts()

    refused = asked(wire, verb, own, tag)

    assert (refused.status, refused.errors) == (412, ["ECG-VERSION-CONFLICT"])
    assert rows.counts() == before
    assert wire.get(own.reference).text == current.text
    assert asked(wire, verb, own, 'W/"2"').status in {200, 204}


@pytest.mark.parametrize("tag", ["2", "W/2", '"2', "", '"2" "2"', "**"])
@pytest.mark.parametrize("verb", ["PUT", "PATCH", "DELETE"])
def test_a_version_that_is_misspelled_is_not_guessed(wire, rows, tag, verb):
    own = wire.post("Patient", a_patient())
    before = rows.counts()

    refused = asked(wire, verb, own, tag)

    assert (refused.status, refused.errors) == (400, ["ECG-PARAMETER"])
    assert rows.counts() == before


def asked(wire, verb, own, tag):
    """Something that the owner may do, under a condition."""
    if verb == "PATCH":
        body = '[{"op": "add", "path": "/gender", "value": "other"}]'
        media = "application/json-patch+json"
        return wire.ask("PATCH", own.reference, body, If_Match=tag, Content_Type=media)
    if verb == "PUT":
        return wire.put(own.reference, {**own.document, "gender": "other"}, If_Match=tag)
    return wire.delete(own.reference, If_Match=tag)


def test_a_submitters_coverage_decides_no_money(wire, core, worker):
    core.post("Coverage", a_coverage())
    own = wire.post("Coverage", a_coverage("M2"))
    claim = wire.post("Claim", a_claim(coverage={"reference": own.reference}))
    worker.drain()
    response = claim.headers["Link"].partition("/r4/")[2].partition(">")[0]
    waiting = wire.get(response)

    moved = wire.put(own.reference, {**own.document, "period": {"start": "2001-01-01"}})
    worker.drain()

    assert (moved.status, waiting.document["outcome"]) == (200, "queued")
    assert wire.get(response).text == waiting.text
