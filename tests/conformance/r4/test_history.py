"""Lines 70 to 73: the history of a resource, a type, and all.

http://hl7.org/fhir/R4/http.html#history
"""

import pytest

from app.fhir.validation import check
from tests.builders import a_claim, a_coverage, a_task
from tests.conformance.r4.asking import a_patient, created, put, walked
from tests.conftest import BASE_URL


def told(reply):
    """Type, id and version of each entry of a history, but for the plan that every payer has."""
    assert reply.status == 200, reply.text
    assert (reply.document["resourceType"], reply.document["type"]) == ("Bundle", "history")
    listed = reply.document.get("entry", ())
    return [
        (entry["fullUrl"].removeprefix(f"{BASE_URL}/"), entry["response"]["etag"])
        for entry in listed
        if "/InsurancePlan/" not in entry["fullUrl"]
    ]


@pytest.fixture
def life(wire, patient, clock):
    """A Patient that was created, updated, deleted, and brought back, an hour after each other."""
    clock.forward(hours=1)
    put(wire, patient.reference, {**patient.document, "gender": "male"})
    clock.forward(hours=1)
    wire.ask("DELETE", patient.reference)
    clock.forward(hours=1)
    put(wire, patient.reference, {**patient.document, "gender": "female"})
    return patient.reference


VERSIONS = ['W/"4"', 'W/"3"', 'W/"2"', 'W/"1"']


def test_070_the_history_of_a_resource_is_newest_first(wire, life):
    history = wire.get(f"{life}/_history")

    assert told(history) == [(life, version) for version in VERSIONS]
    assert check(history.document) == []


def test_070_the_history_of_a_type_is_of_that_type(wire, life, clock):
    clock.forward(hours=1)
    other = created(wire, a_patient()).reference
    created(wire, a_coverage())

    of_type = wire.get("Patient/_history")

    assert told(of_type) == [(other, 'W/"1"'), *[(life, version) for version in VERSIONS]]
    assert check(of_type.document) == []


def test_070_the_history_of_all_is_of_every_type(wire, life, clock):
    clock.forward(hours=1)
    coverage = created(wire, a_coverage()).reference

    of_all = wire.get("_history")

    assert told(of_all) == [(coverage, 'W/"1"'), *[(life, version) for version in VERSIONS]]


def test_070_a_history_is_the_asker_s_own(wire, other, life):
    assert other.get(f"{life}/_history").status == 404
    assert told(other.get("Patient/_history")) == []
    assert told(other.get("_history")) == []
    assert len(told(wire.get("_history"))) == 4


def test_071_an_entry_tells_what_was_done(wire, life):
    entries = wire.get(f"{life}/_history").document["entry"]

    assert [entry["request"]["method"] for entry in entries] == ["PUT", "DELETE", "PUT", "POST"]
    assert [entry["request"]["url"] for entry in entries] == [life, life, life, "Patient"]
    assert ["resource" in entry for entry in entries] == [True, False, True, True]
    statuses = [entry["response"]["status"].partition(" ")[0] for entry in entries]
    assert statuses[1:] == [statuses[1], "200", "201"]
    assert statuses[0] in {"200", "201"}
    assert statuses[1] in {"200", "204"}
    assert [entry["response"]["etag"] for entry in entries] == VERSIONS
    hours = [entry["response"]["lastModified"][:16] for entry in entries]
    assert hours == [f"2026-03-02T{hour}:30" for hour in ("12", "11", "10", "09")]
    assert [entry["resource"]["meta"]["versionId"] for entry in entries if "resource" in entry] == [
        "4",
        "2",
        "1",
    ]


def test_072_since_is_inclusive(wire, life):
    for since, versions in {
        "2026-03-02T11:30:00Z": VERSIONS[:2],
        "2026-03-02T11:30:01Z": VERSIONS[:1],
        "2026-03-02T09:30:00Z": VERSIONS,
        "2026-03-02T12:31:00Z": [],
    }.items():
        expected = [(life, version) for version in versions]
        assert told(wire.get(f"{life}/_history?_since={since}")) == expected, since
        assert told(wire.get(f"Patient/_history?_since={since}")) == expected, since


@pytest.mark.parametrize("level", ["instance", "type", "system"])
def test_072_count_limits_a_page(wire, life, level):
    path = {"instance": f"{life}/_history", "type": "Patient/_history", "system": "_history"}[level]

    pages = walked(wire, f"{path}?_count=3")

    assert [len(page.document["entry"]) <= 3 for page in pages] == [True, True]
    assert [version for page in pages for _, version in told(page)] == VERSIONS


@pytest.mark.parametrize("asked", ["_since=yesterday", "_count=few"])
def test_072_a_value_of_wrong_syntax_is_400(wire, life, asked):
    assert wire.get(f"{life}/_history?{asked}").status == 400
    assert wire.get(f"{life}/_history?_since=2026-03-02T09:30:00Z&_count=9").status == 200


def test_073_what_the_server_changes_is_a_version(wire, core, worker, clock):
    core.post("Coverage", a_coverage())
    claim = created(wire, a_claim())
    response = claim.headers["Link"].partition(">")[0].removeprefix(f"<{BASE_URL}/")
    clock.forward(minutes=1)
    worker.drain()
    clock.forward(minutes=1)
    wire.task(a_task("cancel", focus=claim.reference))

    claims = wire.get(f"{claim.reference}/_history").document["entry"]
    assert [one["resource"]["status"] for one in claims] == ["cancelled", "active"]
    answers = wire.get(f"{response}/_history").document["entry"]
    seen = [(one["resource"]["outcome"], one["resource"]["status"]) for one in answers]
    assert seen == [("complete", "cancelled"), ("complete", "active"), ("queued", "active")]
    assert [one["request"]["method"] for one in answers][:2] == ["PUT", "PUT"]
