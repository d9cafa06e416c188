"""`Prefer: dry-run`: a Task is answered as it would be, and nothing is kept but a row of audit.

http://hl7.org/fhir/R4/http.html#ops
"""

import pytest

from app.store import tables
from tests.builders import a_claim, a_communication, a_delivery, a_task, an_input
from tests.rows import Rows
from tests.wire import Wire

DRY_RUN = {"Prefer": "dry-run"}
# What no two Tasks have in common.
OWN = frozenset({"id", "meta", "identifier"})
REFERENCES = frozenset({"valueReference"})


def everything(rows: Rows):
    """Every row of every table, but for the audit."""
    kept = [table for table in tables.metadata.sorted_tables if table is not tables.audit]
    return {table.name: rows.of(table) for table in kept}


def content(reply):
    """An answer without what is each Task's own; what it would create has no name yet."""
    document = {name: value for name, value in reply.document.items() if name not in OWN}
    outputs = [
        {name: value for name, value in output.items() if name not in REFERENCES}
        for output in document.get("output", ())
    ]
    return {**document, "output": [without_digest(output) for output in outputs]}


def without_digest(output):
    """A receipt tells the Tasks it scrubbed by a digest, and so each its own."""
    told = output.get("valueString", "")
    return {**output, "valueString": told.partition("; digest")[0]} if told else output


def cancelled(standings):
    return a_task("cancel", focus=standings.claim("payable"))


def nullified(standings):
    return a_task("nullify", focus=standings.claim("payable"))


def released(standings):
    return a_task("release", focus=standings.claim("preauthorization"))


def reprocessed(standings):
    items = [an_input("item", valuePositiveInt=1), an_input("reference", valueString="R1")]
    return a_task("reprocess", focus=standings.claim("payable"), inputs=items)


def urgently_reprocessed(standings):
    return a_task("reprocess", focus=standings.claim("payable"), priority="stat")


def polled(standings):
    return a_task("poll", focus=standings.claim("payable"))


def polled_by_count(standings):
    standings.claim("payable")
    return a_task("poll", inputs=[an_input("count", valuePositiveInt=5)])


def delivered(standings):
    claim = standings.claim("queued")
    return a_delivery(a_communication(about=[{"reference": claim}]))


def answered(standings):
    claim = standings.asking()
    return a_delivery(a_communication(about=[{"reference": claim}]))


DONE = {
    "cancel": cancelled,
    "nullify": nullified,
    "release": released,
    "reprocess": reprocessed,
    "poll": polled,
    "poll with a count": polled_by_count,
    "deliver": delivered,
    "deliver an answer": answered,
    "status": lambda standings: a_task("status", focus=standings.claim("payable")),
}
REFUSED = {
    "cancel": lambda standings: a_task("cancel", focus=standings.claim("invalid")),
    "nullify": lambda standings: a_task("nullify", focus=standings.claim("paid")),
    "release": lambda standings: a_task("release", focus=standings.claim("payable")),
    "reprocess": lambda standings: a_task("reprocess", focus=standings.claim("queued")),
    "poll": lambda _: a_task("poll", focus="Claim/unknown"),
    "deliver": lambda _: a_delivery(a_communication()),
}


@pytest.mark.parametrize("prepared", DONE.values(), ids=DONE)
def test_what_is_only_tried_is_answered_as_if_it_were_done(standings, wire, rows, prepared):
    task = prepared(standings)
    before, audited = everything(rows), len(rows.of(tables.audit))

    tried = wire.task(task, **DRY_RUN)

    assert everything(rows) == before
    assert len(rows.of(tables.audit)) == audited + 1
    done = wire.task(task)
    assert (tried.status, done.status) == (200, 201)
    assert content(tried) == content(done)
    assert tried.document["status"] in {"completed", "in-progress"}


@pytest.mark.parametrize("prepared", REFUSED.values(), ids=REFUSED)
def test_what_is_refused_is_refused_when_it_is_tried(standings, wire, rows, prepared):
    task = prepared(standings)
    before = everything(rows)

    tried = wire.task(task, **DRY_RUN)

    assert everything(rows) == before
    refused = wire.task(task)
    assert content(tried) == content(refused)
    assert tried.outputs == refused.outputs
    assert tried.document["status"] in {"rejected", "failed"}


def test_the_answer_has_no_name_and_says_what_it_is(standings, wire, rows):
    claim = standings.claim("payable")

    tried = wire.task(a_task("cancel", focus=claim, number="T1"), **DRY_RUN)

    assert tried.document["meta"] == {
        "tag": [{"system": "https://eclaims-gateway.org/fhir/CodeSystem/tag", "code": "dry-run"}]
    }
    assert "id" not in tried.document
    assert [one["value"] for one in tried.document["identifier"]] == ["T1"]
    assert {"Location", "ETag", "Last-Modified", "Link"}.isdisjoint(tried.headers)
    unnamed = wire.task(a_task("cancel", focus=claim), **DRY_RUN)
    assert "identifier" not in unnamed.document


def test_the_row_of_audit_tells_who_tried_what(standings, wire, rows):
    claim = standings.claim("payable")

    wire.task(a_task("cancel", focus=claim), **DRY_RUN)

    event = rows.of(tables.audit)[-1]
    assert (event["action"], event["outcome"]) == ("dry-run", "completed")
    assert (event["type"], event["resource_id"]) == tuple(claim.split("/"))
    assert event["task_id"] is None


def test_what_was_tried_takes_no_key(standings, wire):
    task = a_task("cancel", focus=standings.claim("payable"), number="T1")
    tried = [wire.task(task, Idempotency_Key="K1", **DRY_RUN) for _ in range(2)]
    assert [one.status for one in tried] == [200, 200]

    done = wire.task(task, Idempotency_Key="K1")

    assert (done.status, done.document["status"]) == (201, "completed")
    # Tried once more, it is answered as it now would be anew.
    late = wire.task(task, **DRY_RUN)
    assert late.outputs == [("error", "ECG-CANCEL-ALREADY-CANCELLED")]


def test_an_urgent_reprocess_is_tried_without_asking_an_adjudicator(standings, wire, rows):
    task = urgently_reprocessed(standings)
    before = everything(rows)

    tried = wire.task(task, **DRY_RUN)

    assert everything(rows) == before
    assert (tried.document["status"], tried.output("response")) == ("in-progress", None)
    assert wire.task(task).document["status"] == "completed"


@pytest.mark.parametrize(
    "preference", ["dry-run", "return=minimal, dry-run", "dry-run; return=representation"]
)
def test_it_may_be_one_preference_among_others(standings, wire, rows, preference):
    task = a_task("cancel", focus=standings.claim("payable"))
    before = everything(rows)

    tried = wire.task(task, Prefer=preference)

    assert (tried.status, tried.document["status"]) == (200, "completed")
    assert everything(rows) == before


def test_what_is_unusable_is_unusable_when_it_is_tried(wire, rows):
    before = everything(rows)

    assert wire.task(a_task("cancel"), **DRY_RUN).errors == ["ECG-TASK-FOCUS"]
    assert everything(rows) == before


def test_a_stranger_learns_nothing_by_trying(standings, other, rows):
    claim = standings.claim("payable")
    before = everything(rows)

    tried = [
        other.task(a_task(code, focus=claim), **DRY_RUN)
        for code in ("cancel", "nullify", "release", "reprocess", "status", "poll")
    ]

    assert {one.document["status"] for one in tried} == {"failed"}
    assert [one.outputs for one in tried] == [[("error", "ECG-FOCUS-NOT-FOUND")]] * 6
    assert everything(rows) == before


def test_a_foreign_requester_is_refused_when_it_is_tried(standings, http, registry):
    named = registry.submitter("Named alone", acts_for_anybody=False)
    task = a_task("poll", requester={"identifier": {"system": "sid", "value": "Somebody else"}})

    tried = Wire(http, named.token).task(task, **DRY_RUN)

    assert (tried.status, tried.errors) == (403, ["ECG-FOREIGN-SENDER"])
    assert standings.rows.of(tables.audit, action="denied") != []


@pytest.mark.parametrize("path", ["Claim", "Claim/$submit"])
def test_what_is_no_task_is_not_tried(wire, rows, path):
    before = everything(rows)

    refused = wire.post(path, a_claim(), **DRY_RUN)

    assert (refused.status, refused.errors) == (400, ["ECG-PARAMETER"])
    assert everything(rows) == before
    assert wire.post(path, a_claim()).status in {200, 201}
