"""POST [base]: what is refused whole, batches, and bags of requests.

http://hl7.org/fhir/R4/http.html#transaction
"""

from base64 import b64encode

import pytest

from app.domain.lifecycle import State
from app.fhir import json_text
from app.store import tables
from tests.builders import a_claim, a_communication, a_coverage, a_task, an_eligibility_request
from tests.bundles import (
    a_patient,
    asked,
    batch,
    bundle,
    errors,
    posted,
    put,
    references,
    statuses,
    transaction,
)
from tests.conftest import BASE_URL
from tests.wire import Wire

STAT = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/processpriority", "code": "stat"}]
}
POLL = a_task("poll")


def a_patch(*operations):
    data = b64encode(json_text.write(list(operations)).encode()).decode()
    return {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": data}


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
        (bundle("batch", asked("POST", "Patient", 5)), "ECG-WRONG-TYPE"),
        (bundle("batch", asked("POST", "Patient", {})), "ECG-EMPTY"),
        (bundle("batch", *[asked("GET", "Patient/1")] * 501), "ECG-TOO-COMPLEX"),
        (bundle("transaction", *[asked("GET", "Patient/1")] * 501), "ECG-TOO-COMPLEX"),
        (bundle("collection", *[{"resource": POLL}] * 501), "ECG-TOO-COMPLEX"),
        (bundle("collection", {"resource": a_claim()}, {"resource": a_patient()}),
         "ECG-BUNDLE-TYPE"),
        (bundle("collection", {"resource": {"resourceType": 5}}), "ECG-BUNDLE-TYPE"),
        (bundle("collection", {"fullUrl": "http://x.test/Claim/1"}), "ECG-INVARIANT"),
        (bundle("collection", posted(a_claim())), "ECG-INVARIANT"),
        ({"resourceType": "Patient"}, "ECG-RESOURCE-TYPE"),
        (bundle("batch") | {"entry": 5}, "ECG-WRONG-TYPE"),
        (bundle("batch") | {"entry": [5]}, "ECG-WRONG-TYPE"),
        (bundle("batch") | {"type": ["batch"]}, "ECG-WRONG-TYPE"),
    ],
)  # fmt: skip
def test_a_bundle_that_cannot_be_worked_on_is_refused_whole(wire, rows, document, error):
    before = rows.counts()

    reply = wire.post("", document)

    assert (reply.status, reply.errors[0]) == (400, error)
    assert rows.counts() == before


def test_it_is_asked_with_a_credential_and_in_json(wire, http):
    assert batch(Wire(http, None)).status == 401
    assert batch(wire, Content_Type="text/plain").status == 415
    assert batch(wire, Accept="application/fhir+xml").status == 406
    assert batch(wire, Prefer="dry-run").status == 400
    assert batch(wire, If_None_Exist="identifier=a|b").status == 400
    assert batch(wire, Idempotency_Key="K" * 201).status == 400
    assert batch(wire, Idempotency_Key="K" * 200).status == 200


@pytest.mark.parametrize("path", ["", "?_format=json", "/"])
def test_the_base_is_meant_with_and_without_its_slash(http, wire, path):
    reply = http.post(
        f"/fhir/r4{path}",
        json=bundle("batch", posted(a_patient())),
        headers={"Authorization": f"Bearer {wire.token}"},
    )

    assert (reply.status_code, reply.json["entry"][0]["response"]["status"]) == (200, "201")


def test_500_entries_are_taken(wire):
    reply = batch(wire, *[asked("HEAD", "Patient/none")] * 500)

    assert statuses(reply) == ["404"] * 500


# --- batch


def test_an_empty_batch_is_answered_by_an_empty_one(wire):
    reply = batch(wire)

    assert statuses(reply) == []
    assert reply.document == {"resourceType": "Bundle", "type": "batch-response"}


@pytest.mark.parametrize(
    ("entry", "status", "error"),
    [
        (posted(a_claim(status="draft")), "422", "ECG-NOT-ACTIVE"),
        (posted({"resourceType": "Claim"}), "400", "ECG-REQUIRED"),
        (posted({"resourceType": "Nonsense"}), "404", "ECG-NOT-FOUND"),
        (asked("POST", "Claim", a_patient()), "400", "ECG-RESOURCE-TYPE"),
        (asked("POST", "Patient", {"name": [{"text": "Alex"}]}), "400", "ECG-RESOURCE-TYPE"),
        (asked("POST", "Patient"), "400", "ECG-NOT-JSON"),
        (posted(a_patient(), ifNoneExist="nonsense=1"), "400", "ECG-SEARCH-PARAMETER"),
        (asked("GET", "Claim/none"), "404", "ECG-NOT-FOUND"),
        (asked("GET", "Nonsense/1"), "404", "ECG-NOT-FOUND"),
        (asked("GET", "http://elsewhere.test/Claim/1"), "404", "ECG-NOT-FOUND"),
        (asked("GET", "../../health/live"), "404", "ECG-NOT-FOUND"),
        (asked("HEAD", "Claim/none"), "404", "ECG-NOT-FOUND"),
        (asked("DELETE", "Task/1"), "405", "ECG-METHOD"),
        (put(a_patient(id="p1")), "405", "ECG-METHOD"),
        (asked("PATCH", "Patient/1", {"resourceType": "Parameters"}), "415", "ECG-MEDIA-TYPE"),
        (asked("PATCH", "Patient/none", a_patch({"op": "remove", "path": "/name"})), "404",
         "ECG-NOT-FOUND"),
        (asked("POST", "Claim/1", a_claim()), "405", "ECG-METHOD"),
        (asked("POST", "/", bundle("batch")), "400", "ECG-BUNDLE-STEP"),
        (asked("GET", "openapi.json"), "400", "ECG-BUNDLE-STEP"),
        (asked("POST", f"{BASE_URL}/", bundle("transaction")), "400", "ECG-BUNDLE-STEP"),
    ],
)  # fmt: skip
def test_an_entry_that_fails_is_told_so_and_is_nothing_to_the_others(wire, entry, status, error):
    first, last = a_patient("first"), a_patient("last")

    reply = batch(wire, posted(first), entry, posted(last))

    assert statuses(reply) == ["201", status, "201"]
    failed = reply.document["entry"][1]
    assert errors(failed)[0] == error
    assert "resource" not in failed
    assert [wire.get(one).status for one in references(reply)] == [200, 200]


@pytest.mark.parametrize("ask", [batch, transaction])
def test_the_answers_to_a_bundle_have_an_end(wire, ask):
    photos = [{"contentType": "image/png", "data": "A" * 1_000_000} for _ in range(9)]
    read = asked("GET", wire.post("Patient", a_patient(photo=photos)).reference)

    enough, reply = ask(wire, *[read] * 3), ask(wire, *[read] * 4, asked("GET", "metadata"))

    assert statuses(enough) == ["200"] * 3
    if ask is transaction:
        assert (reply.status, reply.errors) == (400, ["ECG-TOO-COMPLEX"])
        assert reply.expressions == ["Bundle.entry[3]"]
        return
    assert statuses(reply) == ["200", "200", "200", "400", "400"]
    assert [errors(each) for each in reply.document["entry"][3:]] == [["ECG-TOO-COMPLEX"]] * 2


def test_what_there_is_no_room_to_answer_is_not_done(wire):
    photos = [{"contentType": "image/png", "data": "A" * 1_000_000} for _ in range(9)]
    large = wire.post("Patient", a_patient(photo=photos)).reference
    small = wire.post("Patient", a_patient()).reference

    kept = batch(wire, *[asked("GET", large)] * 3, asked("DELETE", small))
    still_there = wire.get(small).status
    gone = batch(wire, *[asked("GET", large)] * 2, asked("DELETE", small))

    assert (statuses(kept)[3], still_there) == ("400", 200)
    assert (statuses(gone)[2], wire.get(small).status) == ("204", 410)


def test_an_entry_is_answered_as_the_request_alone(wire):
    claim = wire.post("Claim", a_claim())
    alone = wire.get(claim.reference)

    reply = batch(wire, asked("GET", claim.reference), asked("GET", f"{BASE_URL}/Claim/none"))

    found, missing = reply.document["entry"]
    assert found == {
        "fullUrl": f"{BASE_URL}/{claim.reference}",
        "resource": alone.document,
        "response": {"status": "200", "etag": 'W/"1"', "lastModified": "2026-03-02T09:30:00.000Z"},
    }
    assert alone.text in reply.text
    assert missing["response"]["outcome"] == wire.get("Claim/none").document


def test_every_kind_of_read_may_be_an_entry(wire):
    claim = wire.post("Claim", a_claim()).reference

    reply = batch(
        wire,
        asked("GET", claim),
        asked("GET", claim),
        asked("HEAD", claim),
        asked("GET", f"{claim}/_history/1"),
        asked("GET", f"{claim}/_history?_count=5"),
        asked("GET", "_history"),
        asked("GET", "Claim?status=active&_count=1"),
        asked("POST", "Claim/_search?status=cancelled"),
        asked("GET", claim, ifNoneMatch='W/"1"'),
        asked("GET", claim, ifModifiedSince="2026-03-02T09:30:00Z"),
        asked("GET", "metadata"),
    )

    assert statuses(reply) == [*["200"] * 8, "304", "304", "200"]
    without = [
        place for place, each in enumerate(reply.document["entry"]) if "resource" not in each
    ]
    assert without == [2, 8, 9]
    answers = [each.get("resource", {}) for each in reply.document["entry"]]
    assert [answers[place].get("type") for place in (4, 5, 6, 7)] == [
        *["history"] * 2,
        *["searchset"] * 2,
    ]
    assert [answers[place]["total"] for place in (6, 7)] == [1, 0]


def test_every_kind_of_change_may_be_an_entry(wire):
    one, two, three = (wire.post("Patient", a_patient(number)).document for number in "123")

    reply = batch(
        wire,
        put(one | {"active": True}, ifMatch='W/"1"'),
        put(one | {"active": False}, ifMatch='W/"1"'),
        asked("PATCH", f"Patient/{two['id']}",
              a_patch({"op": "add", "path": "/active", "value": True})),
        asked("DELETE", f"Patient/{three['id']}"),
        posted(a_patient("1"), ifNoneExist="identifier=http://happyvalley.test/patient|1"),
        asked("PUT", "Patient?identifier=http://happyvalley.test/patient|2", a_patient("2")),
    )  # fmt: skip

    assert statuses(reply) == ["200", "412", "200", "204", "200", "200"]
    assert wire.get(f"Patient/{one['id']}").document["active"] is True
    assert wire.get(f"Patient/{two['id']}").headers["ETag"] == 'W/"3"'
    assert wire.get(f"Patient/{three['id']}").status == 410


def test_an_operation_may_be_an_entry_of_a_batch(wire, core):
    core.post("Coverage", a_coverage())
    claim = a_claim()

    reply = batch(wire, asked("POST", "Claim/$submit", claim), posted(POLL))

    poll = reply.document["entry"][1]["resource"]
    told = batch(wire, asked("POST", f"Task/{poll['id']}/$acknowledge"))
    assert statuses(reply) == ["200", "201"]
    assert reply.document["entry"][0]["resource"]["resourceType"] == "ClaimResponse"
    assert statuses(told) == ["200"]
    assert told.document["entry"][0]["resource"]["resourceType"] == "OperationOutcome"


def test_entries_do_not_refer_to_each_other(wire):
    urn = "urn:uuid:00000000-0000-4000-8000-000000000001"

    reply = batch(wire, posted(a_patient(), urn), posted(a_claim(patient={"reference": urn})))

    assert reply.document["entry"][1]["resource"]["patient"] == {"reference": urn}


def test_the_answer_to_a_request_is_linked(wire):
    reply = batch(wire, posted(a_claim()))

    [link] = reply.document["entry"][0]["link"]
    assert link["relation"] == "related"
    assert wire.get(link["url"].removeprefix(f"{BASE_URL}/")).document["outcome"] == "queued"


@pytest.mark.parametrize(
    ("preference", "member"),
    [("minimal", None), ("representation", "resource"), ("OperationOutcome", "outcome")],
)
def test_a_preference_counts_for_every_entry(wire, preference, member):
    reply = batch(
        wire, posted(a_patient()), asked("GET", "Claim/no"), Prefer=f"return={preference}"
    )

    created, failed = reply.document["entry"]
    assert statuses(reply) == ["201", "404"]
    assert ("resource" in created) == (member == "resource")
    assert ("outcome" in created["response"]) == (member == "outcome")
    assert errors(failed) == ["ECG-NOT-FOUND"]


def test_a_stranger_learns_nothing_by_a_bundle(wire, other):
    claim = wire.post("Claim", a_claim()).reference

    foreign = batch(other, asked("GET", claim), asked("GET", f"{claim}/_history"))
    missing = batch(other, asked("GET", "Claim/no"), asked("GET", "Claim/no/_history"))

    assert foreign.text == missing.text
    assert statuses(batch(wire, asked("GET", claim))) == ["200"]


def test_every_row_of_the_audit_names_the_one_request(wire, rows):
    reply = batch(wire, posted(a_patient()), posted(a_claim()), posted(a_task("status")),
                  posted(a_coverage()))  # fmt: skip

    told = rows.of(tables.audit, request_id=reply.headers["X-Request-Id"])
    assert [row["type"] for row in told if row["action"] == "create"] == [
        "Patient", "Claim", "Coverage",
    ]  # fmt: skip


def test_a_denial_in_a_batch_is_audited(core, rows):
    reply = batch(core, posted(a_claim()))

    assert statuses(reply) == ["403"]
    [row] = rows.of(tables.audit, action="denied")
    assert (row["type"], row["outcome"]) == ("Claim", "ECG-FORBIDDEN")


# --- real time


def test_urgent_claims_of_a_batch_are_decided_while_the_sender_waits(wire, core, rows):
    core.post("Coverage", a_coverage())

    reply = batch(wire, posted(a_claim(priority=STAT)), posted(a_claim()))

    assert statuses(reply) == ["201", "201"]
    states = [row["state"] for row in rows.of(tables.submission, type="Claim")]
    assert sorted(states) == sorted([State.PAYABLE, State.QUEUED])


# --- a bag of requests


def test_a_bag_is_answered_by_one_entry_for_each_request(wire):
    requests = [a_claim(), an_eligibility_request(), a_claim(status="draft"), a_communication(),
                {"resourceType": "Claim"}, a_task("status")]  # fmt: skip

    reply = wire.post("", bundle("collection", *[{"resource": each} for each in requests]))

    assert statuses(reply) == ["201", "201", "422", "201", "400", "400"]
    types = [name.partition("/")[0] for name in references(reply)]
    assert types == ["Claim", "CoverageEligibilityRequest", "Communication"]


# --- the same again


def test_a_batch_sent_twice_is_its_parts_sent_twice(wire, rows):
    entries = [posted(a_claim()), posted(a_patient("1"))]

    first, second = batch(wire, *entries), batch(wire, *entries)

    assert (statuses(first), statuses(second)) == (["201", "201"], ["200", "201"])
    assert references(first)[0] == references(second)[0]
    assert references(first)[1] != references(second)[1]


def test_a_key_of_the_whole_is_a_key_of_each_part(wire, rows):
    entries = [posted(a_patient("1")), posted(a_patient("1")), posted(a_claim(status="draft"))]
    first = batch(wire, *entries, Idempotency_Key="K")

    again = batch(wire, *entries, Idempotency_Key="K")
    changed = batch(wire, posted(a_patient("2")), entries[1], Idempotency_Key="K")
    other = batch(wire, *entries, Idempotency_Key="L")

    assert (statuses(first), statuses(again)) == (["201", "201", "422"], ["200", "200", "422"])
    assert references(first) == references(again)
    assert len(set(references(first))) == 2
    assert statuses(changed) == ["422", "200"]
    assert errors(changed.document["entry"][0]) == ["ECG-IDEMPOTENCY"]
    assert statuses(other) == ["201", "201", "422"]
