"""Financial resources do not change once they are there, but by the change that cancels them.

http://hl7.org/fhir/R4/http.html#rejecting-updates
"""

import pytest

from app.domain.lifecycle import State
from app.store import tables
from tests.builders import (
    a_claim,
    a_communication,
    a_communication_request,
    a_coverage,
    a_task,
    an_eligibility_request,
    an_enrollment_request,
    identifier,
)
from tests.conformance.standings import related
from tests.conformance.test_cancel import polled

REQUESTS = {
    "Claim": (a_claim, "cancelled"),
    "CoverageEligibilityRequest": (an_eligibility_request, "cancelled"),
    "EnrollmentRequest": (an_enrollment_request, "cancelled"),
    "Communication": (a_communication, "entered-in-error"),
}


def put(wire, stored, **elements):
    changed = {**stored.document, **elements}
    document = {name: value for name, value in changed.items() if value is not None}
    return wire.put(stored.reference, document)


@pytest.mark.parametrize("type", REQUESTS)
@pytest.mark.parametrize(
    "elements",
    [
        {"language": "en"},
        {"identifier": [identifier("http://happyvalley.test", "another")]},
        {"status": "draft"},
        {
            "text": {
                "status": "generated",
                "div": '<div xmlns="http://www.w3.org/1999/xhtml">A</div>',
            }
        },
        {"meta": {"tag": [{"code": "mine"}]}},
    ],
    ids=lambda elements: next(iter(elements)),
)
def test_any_other_change_is_refused(wire, rows, type, elements):
    build, final = REQUESTS[type]
    request = wire.post(type, build())
    wrong = {
        **elements,
        **(
            {"status": "not-done"}
            if elements == {"status": "draft"} and type == "Communication"
            else {}
        ),
    }
    before = rows.counts()

    refused = put(wire, request, **wrong)

    assert (refused.status, refused.errors) == (422, ["ECG-IMMUTABLE"])
    assert rows.counts() == before
    assert wire.get(request.reference).text == request.text
    also = put(wire, request, **{**wrong, "status": final})
    assert also.status == (200 if "status" in elements else 422)


@pytest.mark.parametrize("type", REQUESTS)
def test_what_does_not_change_stays_as_it_is(wire, rows, type):
    request = wire.post(type, REQUESTS[type][0]())
    before = rows.counts()

    same = put(wire, request, meta=None)

    assert (same.status, same.text, same.headers["ETag"]) == (200, request.text, 'W/"1"')
    assert rows.counts() == before


@pytest.mark.parametrize("type", REQUESTS)
def test_the_status_that_cancels_is_a_cancel(wire, other, rows, type):
    build, final = REQUESTS[type]
    request = wire.post(type, build())

    cancelled = put(wire, request, status=final)

    assert (cancelled.status, cancelled.headers["ETag"]) == (200, 'W/"2"')
    assert cancelled.document["status"] == final
    assert wire.get(request.reference).text == cancelled.text
    [submission] = rows.of(tables.submission)
    assert submission["state"] == State.CANCELLED
    [event] = rows.of(tables.audit, action="cancel")
    told = (event["outcome"], event["type"], event["resource_id"], event["task_id"])
    assert told == ("completed", type, request.document["id"], None)
    assert event["request_id"]
    again = put(wire, request, status=final)
    assert (again.status, again.text) == (200, cancelled.text)
    back = put(wire, request)
    assert (back.status, back.errors) == (422, ["ECG-IMMUTABLE"])


def test_a_cancel_by_put_does_what_the_task_does(wire, core, worker, rows):
    core.post("Coverage", a_coverage())
    by_task, by_put = wire.post("Claim", a_claim()), wire.post("Claim", a_claim())
    worker.drain()
    polled(wire)

    wire.task(a_task("cancel", focus=by_task.reference))
    put(wire, by_put, status="cancelled")

    told = [
        (
            wire.get(claim.reference).document["status"],
            wire.get(related(claim)).document["status"],
            [one["state"] for one in rows.of(tables.submission, id=claim.document["id"])],
        )
        for claim in (by_task, by_put)
    ]
    assert told[0] == told[1] == ("cancelled", "cancelled", [State.CANCELLED])
    reversals = [wire.get(one).document for one in polled(wire)]
    assert {one["request"]["reference"] for one in reversals if "request" in one} == {
        by_task.reference,
        by_put.reference,
    }


@pytest.mark.parametrize(
    ("state", "error"),
    [
        ("invalid", "ECG-CANCEL-INVALID"),
        ("preauthorization-in-use", "ECG-CANCEL-CLAIMED"),
        ("cancelled", None),
        ("decided", None),
    ],
)
def test_what_a_cancel_refuses_is_refused(standings, wire, rows, state, error):
    reference = standings.claim(state)
    claim, before = wire.get(reference), rows.counts()

    answered = put(wire, claim, status="cancelled")

    if error is None:
        assert (answered.status, answered.document["status"]) == (200, "cancelled")
        return
    assert (answered.status, answered.errors) == (422, [error])
    assert answered.expressions == ["Claim.status"]
    assert rows.counts() == before
    assert wire.get(reference).text == claim.text


def test_what_was_nullified_is_gone(standings, wire):
    reference = standings.claim("nullified")
    document = a_claim(id=reference.partition("/")[2])

    refused = wire.put(reference, document)

    assert (refused.status, refused.errors) == (410, ["ECG-GONE"])


def test_an_answer_of_the_payers_is_not_changed_by_who_reads_it(wire, core, worker):
    core.post("Coverage", a_coverage())
    claim = wire.post("Claim", a_claim())
    worker.drain()
    response = wire.get(related(claim))

    assert put(wire, response, status="cancelled").errors == ["ECG-IMMUTABLE"]
    assert put(wire, response, disposition="Everything").status == 422
    assert put(wire, response).text == response.text
    deleted = wire.delete(response.reference)
    assert (deleted.status, deleted.errors) == (405, ["ECG-METHOD"])
    assert wire.get(response.reference).text == response.text


def test_what_the_payer_sent_is_not_a_submitters_to_cancel(wire, core):
    recipient = [{"identifier": identifier("sid", "Happy Valley")}]
    question = core.post("CommunicationRequest", a_communication_request(recipient=recipient))
    message = core.post("Communication", a_communication(sender=None, recipient=recipient))

    assert put(wire, question, status="revoked").errors == ["ECG-IMMUTABLE"]
    assert put(wire, message, status="entered-in-error").errors == ["ECG-IMMUTABLE"]


@pytest.mark.parametrize("reference", ["Claim/1", "ClaimResponse/1"])
def test_an_id_that_is_nobodys_is_405_as_anothers_is(wire, other, reference):
    claim = other.post("Claim", a_claim())
    unknown = a_claim(id="1")
    if reference.startswith("ClaimResponse"):
        unknown = {**wire.get(related(wire.post("Claim", a_claim()))).document, "id": "1"}

    refused = wire.put(reference, unknown)
    anothers = wire.put(claim.reference, claim.document)

    assert (refused.status, refused.errors) == (405, ["ECG-METHOD"])
    assert (anothers.status, anothers.errors) == (405, ["ECG-METHOD"])
    assert other.put(claim.reference, claim.document).status == 200


@pytest.mark.parametrize("verb", ["PUT", "PATCH", "DELETE"])
def test_a_task_is_not_changed(wire, verb):
    task = wire.task(a_task("poll"))

    refused = wire.ask(verb, task.reference, task.text)

    assert (refused.status, refused.errors) == (405, ["ECG-METHOD"])
    assert refused.headers["Allow"] == "GET, HEAD"
    assert wire.get(task.reference).text == task.text


def test_the_payer_changes_no_request(wire, core):
    claim = wire.post("Claim", a_claim())

    refused = core.put(claim.reference, {**claim.document, "status": "cancelled"})

    assert (refused.status, refused.errors) == (405, ["ECG-METHOD"])
    assert refused.headers["Allow"] == "GET, HEAD"
    assert wire.get(claim.reference).text == claim.text
