"""Changes of one resource by many at the same moment: each counts, or is told that it does not."""

from collections import Counter
from dataclasses import replace
from functools import partial

import pytest

from app.domain.lifecycle import State
from app.store import tables
from app.store.tables import Delivery
from tests.builders import a_claim, a_coverage, a_task, identifier
from tests.reliability.crowd import together

SENDERS = 8
SYSTEM = "http://happyvalley.test/patient"
ONE = f"identifier={SYSTEM}|1"


def a_patient(**elements):
    return {"resourceType": "Patient", "identifier": [identifier(SYSTEM, "1")], **elements}


def clients(app, wire, count=SENDERS):
    return [replace(wire, http=app.test_client()) for _ in range(count)]


def until_answered(ask, *what, **headers):
    """As often as it is told to come back: the store was busy, and nothing was changed."""
    for _ in range(100):
        reply = ask(*what, **headers)
        if reply.status != 503:
            return reply
    raise AssertionError("never answered")


def statuses(replies):
    return dict(Counter(reply.status for reply in replies))


def puts(app, wire, own, **headers):
    """Each client puts a name of its own."""
    return together(
        [
            partial(
                until_answered,
                client.put,
                own.reference,
                {**own.document, "name": [{"family": f"N{number}"}]},
                **headers,
            )
            for number, client in enumerate(clients(app, wire))
        ]
    )


def test_updates_without_a_condition_follow_each_other(app, wire):
    own = wire.post("Patient", a_patient())

    replies = puts(app, wire, own)

    assert statuses(replies) == {200: SENDERS}
    versions = [int(reply.document["meta"]["versionId"]) for reply in replies]
    assert sorted(versions) == list(range(2, SENDERS + 2))
    last = max(replies, key=lambda reply: int(reply.document["meta"]["versionId"]))
    assert wire.get(own.reference).text == last.text
    for reply in replies:
        version = reply.document["meta"]["versionId"]
        assert wire.get(f"{own.reference}/_history/{version}").text == reply.text


def test_of_updates_of_one_version_one_counts(app, wire, rows):
    own = wire.post("Patient", a_patient())

    replies = puts(app, wire, own, If_Match='W/"1"')

    assert statuses(replies) == {200: 1, 412: SENDERS - 1}
    [changed] = [reply for reply in replies if reply.status == 200]
    assert wire.get(own.reference).text == changed.text
    assert len(rows.of(tables.resource_version, id=own.document["id"])) == 2


def test_every_patch_finds_what_the_others_left(app, wire):
    own = wire.post("Patient", a_patient())
    media = {"Content_Type": "application/json-patch+json"}
    bodies = [
        f'[{{"op": "add", "path": "/identifier/-", "value": {{"value": "V{number}"}}}}]'
        for number in range(SENDERS)
    ]

    replies = together(
        [
            partial(until_answered, partial(client.ask, "PATCH"), own.reference, body, **media)
            for client, body in zip(clients(app, wire), bodies, strict=True)
        ]
    )

    assert statuses(replies) == {200: SENDERS}
    values = [one["value"] for one in wire.get(own.reference).document["identifier"]]
    assert sorted(values) == sorted(["1", *(f"V{number}" for number in range(SENDERS))])


@pytest.mark.parametrize("body_meets_it", [True, False])
def test_the_same_conditional_create_makes_one(app, wire, rows, body_meets_it):
    document = a_patient() if body_meets_it else a_patient(identifier=None)
    document = {name: value for name, value in document.items() if value is not None}

    replies = together(
        [
            partial(until_answered, client.post, "Patient", document, If_None_Exist=ONE)
            for client in clients(app, wire)
        ]
    )

    made = len(rows.of(tables.resource, type="Patient"))
    if body_meets_it:
        assert statuses(replies) == {201: 1, 200: SENDERS - 1}
        assert len({reply.reference for reply in replies}) == made == 1
    else:
        assert statuses(replies) == {201: SENDERS}
        assert made == SENDERS


def test_the_same_conditional_update_makes_one(app, wire, rows):
    replies = together(
        [
            partial(until_answered, client.put, f"Patient?{ONE}", a_patient(language=f"x-{number}"))
            for number, client in enumerate(clients(app, wire))
        ]
    )

    assert statuses(replies) == {201: 1, 200: SENDERS - 1}
    assert {reply.document["language"] for reply in replies} == {
        f"x-{number}" for number in range(SENDERS)
    }
    [kept] = rows.of(tables.resource, type="Patient")
    assert kept["version"] == SENDERS


def test_a_resource_is_deleted_once(app, wire, rows):
    own = wire.post("Patient", a_patient())

    replies = together(
        [partial(until_answered, client.delete, own.reference) for client in clients(app, wire)]
    )

    assert statuses(replies) == {204: SENDERS}
    assert sorted("ETag" in reply.headers for reply in replies) == [False] * (SENDERS - 1) + [True]
    assert len(rows.of(tables.resource_version, id=own.document["id"])) == 2
    assert len(rows.of(tables.audit, action="delete")) == 1


def test_the_payer_puts_one_id_once(app, core, rows):
    coverage = a_coverage()

    replies = together(
        [
            partial(until_answered, client.put, f"Coverage/{coverage['id']}", coverage)
            for client in clients(app, core)
        ]
    )

    assert statuses(replies) == {201: 1, 200: SENDERS - 1}
    assert len({reply.text for reply in replies}) == 1
    assert len(rows.of(tables.resource_version, type="Coverage")) == 1


def test_a_claim_is_cancelled_once_by_whichever_way(app, wire, core, worker, rows):
    core.post("Coverage", a_coverage())
    claim = wire.post("Claim", a_claim())
    worker.drain()
    by_put = {**claim.document, "status": "cancelled"}
    by_task = a_task("cancel", focus=claim.reference)

    replies = together(
        [
            partial(until_answered, client.put, claim.reference, by_put)
            if number % 2
            else partial(until_answered, client.task, by_task)
            for number, client in enumerate(clients(app, wire))
        ]
    )

    assert statuses(replies) == {200: SENDERS // 2, 201: SENDERS // 2}
    [submission] = rows.of(tables.submission)
    assert (submission["state"], wire.get(claim.reference).document["status"]) == (
        State.CANCELLED,
        "cancelled",
    )
    reversals = rows.of(tables.pended, state=Delivery.UNDELIVERED)
    assert len(reversals) == 1
