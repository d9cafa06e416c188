"""Lines 74 to 82: batch and transaction.

http://hl7.org/fhir/R4/http.html#transaction
"""

import json
from uuid import uuid4

import pytest

from app.fhir.validation import check
from tests.builders import a_claim, a_coverage
from tests.conformance.r4.asking import SYSTEM, a_patient, created, found, numbered, put

BOTH = pytest.mark.parametrize("kind", ["batch", "transaction"])
BY_NUMBER = f"identifier={SYSTEM}|7"


def a_bundle(kind, *entries):
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def an_entry(method, url, resource=None, *, at=None, **conditions):
    entry = {"request": {"method": method, "url": url, **conditions}}
    if at is not None:
        entry["fullUrl"] = at
    if resource is not None:
        entry["resource"] = resource
    return entry


def a_create(resource, *, at=None, **conditions):
    return an_entry("POST", resource["resourceType"], resource, at=at, **conditions)


def an_address():
    return f"urn:uuid:{uuid4()}"


def sent(wire, bundle):
    """The entries of the answer; the request must have gone well as a whole."""
    reply = wire.post("", bundle)
    assert reply.status == 200, reply.text
    assert reply.document["type"] == f"{bundle['type']}-response"
    assert check(reply.document) == []
    return reply.document.get("entry", [])


def statuses(entries):
    return [int(entry["response"]["status"][:3]) for entry in entries]


def place(entry):
    """Type and id of what an entry's response is located at."""
    location = entry["response"]["location"].partition("/_history")[0]
    return "/".join(location.split("/")[-2:])


def refused(wire, rows, bundle):
    """The failed answer to a Bundle, which left nothing behind."""
    before = rows.counts()
    reply = wire.post("", bundle)
    assert 400 <= reply.status < 500, reply.text
    assert reply.document["resourceType"] == "OperationOutcome"
    assert rows.counts() == before
    return reply


@BOTH
def test_074_the_answer_has_the_entries_of_the_request(wire, patient, kind):
    gone = created(wire, a_patient()).reference
    bundle = a_bundle(
        kind,
        an_entry("GET", patient.reference),
        a_create(a_patient("New")),
        an_entry("DELETE", gone),
        an_entry("GET", "Patient?family=nobody"),
    )

    read, made, deleted, searched = entries = sent(wire, bundle)

    assert [status // 100 for status in statuses(entries)] == [2, 2, 2, 2]
    assert statuses([read, made]) == [200, 201]
    assert read["resource"]["id"] == patient.document["id"]
    assert made["response"]["etag"] == 'W/"1"'
    assert wire.get(place(made)).document["name"] == [{"family": "New"}]
    assert "resource" not in deleted or deleted["resource"]["resourceType"] == "OperationOutcome"
    assert wire.get(gone).status == 410
    assert (searched["resource"]["type"], searched["resource"]["total"]) == ("searchset", 0)


@BOTH
def test_074_an_empty_request_has_an_empty_answer(wire, kind):
    assert sent(wire, {"resourceType": "Bundle", "type": kind}) == []


BAD = {
    "invalid": a_create(a_patient(gender="x")),
    "forbidden": a_create({"resourceType": "InsurancePlan", "name": "Plan"}),
    "business": a_create(a_claim(status="draft")),
    "unknown": an_entry("GET", "Patient/none"),
}


@pytest.mark.parametrize("case", BAD)
def test_075_a_transaction_is_all_or_nothing(wire, rows, case):
    refused(wire, rows, a_bundle("transaction", a_create(a_patient()), BAD[case]))

    assert statuses(sent(wire, a_bundle("transaction", a_create(a_patient())))) == [201]


@pytest.mark.parametrize("is_reversed", [False, True], ids=["as-written", "reversed"])
def test_076_the_outcome_does_not_hang_on_the_order(wire, patient, is_reversed):
    old = created(wire, a_patient(gender="other")).reference
    work = [
        an_entry("GET", "Patient?gender=other"),
        an_entry("PUT", patient.reference, {**patient.document, "gender": "other"}),
        a_create(a_patient(gender="other")),
        an_entry("DELETE", old),
    ]

    entries = sent(wire, a_bundle("transaction", *(reversed(work) if is_reversed else work)))

    read, changed, made, _ = reversed(entries) if is_reversed else entries
    assert statuses([read, changed, made]) == [200, 200, 201]
    seen = {one["resource"]["id"] for one in read["resource"]["entry"]}
    assert seen == {patient.document["id"], place(made).partition("/")[2]}
    assert wire.get(old).status == 410


def test_077_the_same_resource_twice_fails_a_transaction(wire, rows, patient):
    change = an_entry("PUT", patient.reference, {**patient.document, "gender": "other"})
    for again in (change, an_entry("DELETE", patient.reference)):
        refused(wire, rows, a_bundle("transaction", change, again))

    assert wire.get(patient.reference).text == patient.text
    read = an_entry("GET", patient.reference)
    assert statuses(sent(wire, a_bundle("transaction", change, read))) == [200, 200]


def test_078_references_to_a_full_url_become_ids(wire):
    person, cover, claim, doctor = (an_address() for _ in range(4))
    bundle = a_bundle(
        "transaction",
        a_create(a_claim(patient={"reference": person}, coverage={"reference": cover}), at=claim),
        a_create(a_coverage(beneficiary={"reference": person}), at=cover),
        a_create(a_patient(generalPractitioner=[{"reference": doctor}]), at=person),
        a_create({"resourceType": "Practitioner", "active": True}, at=doctor),
    )

    made = [place(entry) for entry in sent(wire, bundle)]

    stored = [wire.get(one) for one in made]
    assert [one.status for one in stored] == [200] * 4
    assert "urn:uuid:" not in json.dumps([one.document for one in stored], default=str)
    kept, covered, patient, _ = (one.document for one in stored)
    assert kept["patient"]["reference"] == covered["beneficiary"]["reference"] == made[2]
    assert kept["insurance"][0]["coverage"]["reference"] == made[1]
    assert patient["generalPractitioner"] == [{"reference": made[3]}]


def test_078_a_text_that_is_no_reference_stays(wire):
    person = an_address()
    telling = a_patient("Told", at=None)
    del telling["at"]
    telling["telecom"] = [{"system": "url", "value": person}]

    [made] = sent(wire, a_bundle("transaction", a_create(telling, at=person)))

    assert wire.get(place(made)).document["telecom"][0]["value"] == person


def test_079_a_conditional_reference_needs_one_match(wire, rows):
    def about():
        return a_bundle(
            "transaction", a_create(a_claim(patient={"reference": f"Patient?{BY_NUMBER}"}))
        )

    refused(wire, rows, about())
    known = created(wire, a_patient(identifier=numbered("7"))).reference
    [made] = sent(wire, about())
    assert wire.get(place(made)).document["patient"]["reference"] == known
    created(wire, a_patient(identifier=numbered("7")))
    refused(wire, rows, about())


@BOTH
def test_080_if_none_exist_of_an_entry_acts_as_the_header(wire, kind):
    create = a_create(a_patient(identifier=numbered("7")), ifNoneExist=BY_NUMBER)

    first, again = (sent(wire, a_bundle(kind, create)) for _ in range(2))

    assert statuses(first + again) == [201, 200]
    assert found(wire, f"Patient?{BY_NUMBER}") == {place(first[0])}


def test_080_if_match_of_an_entry_acts_as_the_header(wire, rows, patient):
    put(wire, patient.reference, {**patient.document, "gender": "male"})
    body = {**patient.document, "gender": "female"}
    old, current = (
        an_entry("PUT", patient.reference, body, ifMatch=f'W/"{version}"') for version in (1, 2)
    )

    assert refused(wire, rows, a_bundle("transaction", old)).status == 412
    assert statuses(sent(wire, a_bundle("batch", old))) == [412]
    assert wire.get(patient.reference).document["gender"] == "male"
    assert statuses(sent(wire, a_bundle("transaction", current))) == [200]
    assert wire.get(patient.reference).document["gender"] == "female"


@BOTH
def test_080_if_none_match_of_an_entry_acts_as_the_header(wire, patient, kind):
    known = an_entry("GET", patient.reference, ifNoneMatch='W/"1"')
    stale = an_entry("GET", patient.reference, ifNoneMatch='W/"0"')

    entries = sent(wire, a_bundle(kind, known, stale))

    assert statuses(entries) == [304, 200]
    assert ["resource" in entry for entry in entries] == [False, True]


def test_081_the_entries_of_a_batch_fail_for_themselves(wire):
    entries = sent(wire, a_bundle("batch", *BAD.values(), a_create(a_patient("Kept"))))

    assert statuses(entries) == [400, 403, 422, 404, 201]
    for entry in entries[:4]:
        assert entry["response"]["outcome"]["resourceType"] == "OperationOutcome"
    assert found(wire, "Patient?family=kept") == {place(entries[4])}


@BOTH
def test_081_an_entry_without_request_is_400(wire, rows, kind):
    lacking = a_bundle(kind, a_create(a_patient()), {"resource": a_patient()})

    assert refused(wire, rows, lacking).status == 400
    assert statuses(sent(wire, a_bundle(kind, a_create(a_patient())))) == [201]


@pytest.mark.parametrize("kind", ["document", "message", "searchset", "history", "collection"])
def test_082_another_bundle_is_taken_or_refused_as_a_whole(wire, rows, kind):
    before = rows.counts()["resource"]
    people = [{"fullUrl": an_address(), "resource": a_patient()} for _ in range(2)]

    answer = wire.post("", a_bundle(kind, *people))

    if answer.status == 200:
        assert kind == "collection"
        assert rows.counts()["resource"] >= before + 2
    else:
        assert 400 <= answer.status < 500
        assert answer.document["resourceType"] == "OperationOutcome"
        assert rows.counts()["resource"] == before
    assert statuses(sent(wire, a_bundle("batch", a_create(a_patient())))) == [201]
