"""Reads: one resource, one version, the Bundle of a hand-over, what the gateway publishes."""

import pytest
from sqlalchemy import update

from app.domain.issues import ErrorCode, Unacceptable
from app.fhir import json_text
from app.fhir.offer.code_systems import published
from app.fhir.validation import check
from app.store import tables
from tests.builders import NOW, a_claim, a_coverage, a_task, an_input
from tests.gateway.desk import Desk

COUNT = [an_input("count", valuePositiveInt=10)]


def refusal(read, *arguments):
    with pytest.raises(Unacceptable) as refused:
        read(*arguments)
    return [issue.error for issue in refused.value.issues]


@pytest.fixture
def bundle(desk, insured, worker):
    """The id of a hand-over of two answers."""
    desk.create(a_claim())
    worker.drain()
    return desk.task(a_task("poll", inputs=COUNT))["id"]


def test_a_stranger_reads_nothing_of_somebody_else(desk, stranger, reading, bundle):
    taken = desk.create(a_claim())
    targets = [("Claim", taken.stored.id), ("Bundle", bundle), ("Task", bundle)]

    for type, id in targets:
        assert reading.resource(desk.client, type, id).id == id
        assert refusal(reading.resource, stranger.client, type, id) == [ErrorCode.NOT_FOUND]
        assert refusal(reading.version, stranger.client, type, id, 1) == [ErrorCode.NOT_FOUND]
        unknown = refusal(reading.resource, stranger.client, type, "unknown")
        assert unknown == [ErrorCode.NOT_FOUND]


def test_the_payer_reads_what_its_submitters_sent(core, desk, reading):
    taken = desk.create(a_claim())

    assert reading.resource(core.client, "Claim", taken.stored.id) == taken.stored


def test_a_member_is_not_read_by_a_submitter(desk, core, reading):
    kept = core.create(a_coverage())

    assert refusal(reading.resource, desk.client, "Coverage", kept.stored.id) == [
        ErrorCode.NOT_FOUND
    ]
    assert reading.resource(core.client, "Coverage", kept.stored.id) == kept.stored


def test_what_is_gone_is_gone_and_not_missing(desk, reading):
    taken = desk.create(a_claim())
    gone = update(tables.resource).values(gone_at=NOW)
    desk.installation.store.write(lambda connection: connection.execute(gone))

    for read, more in ((reading.resource, ()), (reading.version, (1,))):
        assert refusal(read, desk.client, "Claim", taken.stored.id, *more) == [ErrorCode.GONE]


def test_a_version_is_read_as_it_was(desk, reading):
    taken = desk.create(a_claim())
    desk.task(a_task("cancel", focus=taken.stored.reference))

    statuses = [
        json_text.parsed(reading.version(desk.client, "Claim", taken.stored.id, number).text)[
            "status"
        ]
        for number in (1, 2)
    ]
    assert statuses == ["active", "cancelled"]
    assert refusal(reading.version, desk.client, "Claim", taken.stored.id, 3) == [
        ErrorCode.NOT_FOUND
    ]


def test_a_hand_over_is_a_bundle_as_often_as_it_is_read(desk, reading, bundle):
    first, again = (reading.resource(desk.client, "Bundle", bundle) for _ in range(2))

    document = json_text.parsed(first.text)
    assert first == again == reading.version(desk.client, "Bundle", bundle, 1)
    assert check(document) == []
    assert (document["type"], document["id"]) == ("collection", bundle)
    base = desk.installation.base_url
    types = []
    for entry in document["entry"]:
        resource = entry["resource"]
        types.append(resource["resourceType"])
        assert entry["fullUrl"] == f"{base}/{resource['resourceType']}/{resource['id']}"
    assert types == ["ClaimResponse", "ExplanationOfBenefit"]
    assert refusal(reading.version, desk.client, "Bundle", bundle, 2) == [ErrorCode.NOT_FOUND]


def test_a_bundle_holds_the_versions_that_were_handed_over(desk, reading, bundle):
    before = json_text.parsed(reading.resource(desk.client, "Bundle", bundle).text)
    claim = before["entry"][0]["resource"]["request"]["reference"]

    desk.task(a_task("cancel", focus=claim))

    assert json_text.parsed(reading.resource(desk.client, "Bundle", bundle).text) == before


def test_a_task_that_handed_nothing_over_has_no_bundle(desk, reading):
    task = desk.task(a_task("poll", inputs=COUNT))

    assert refusal(reading.resource, desk.client, "Bundle", task["id"]) == [ErrorCode.NOT_FOUND]


def test_what_the_gateway_publishes_is_read_by_everybody(
    desk: Desk, core: Desk, reading, installation
):
    for type, id in published():
        for client in (desk.client, core.client):
            stored = reading.resource(client, type, id)
            assert (stored.type, stored.id, stored.version) == (type, id, 1)
            assert reading.version(client, type, id, 1) == stored
            assert refusal(reading.version, client, type, id, 2) == [ErrorCode.NOT_FOUND]
