"""Reads of resources and versions, and what their headers say.

http://hl7.org/fhir/R4/http.html#read
"""

import pytest
from werkzeug.http import http_date

from app.fhir import json_text
from tests.builders import a_claim, a_task
from tests.wire import Wire


def test_a_read_tells_its_version(wire):
    taken = wire.post("Claim", a_claim())

    read = wire.get(taken.reference)

    assert (read.status, read.text) == (200, taken.text)
    assert read.headers["ETag"] == 'W/"1"' == f'W/"{read.document["meta"]["versionId"]}"'
    assert read.headers["Last-Modified"] == "Mon, 02 Mar 2026 09:30:00 GMT"
    assert taken.headers["Last-Modified"] == read.headers["Last-Modified"]


def test_every_version_stays_readable(wire, clock):
    claim = wire.post("Claim", a_claim())
    clock.forward(minutes=5)
    wire.task(a_task("cancel", focus=claim.reference))

    current = wire.get(claim.reference)
    first, second = (wire.get(f"{claim.reference}/_history/{one}") for one in (1, 2))

    assert first.text == claim.text
    assert second.text == current.text
    assert [one.document["meta"]["versionId"] for one in (first, second)] == ["1", "2"]
    assert [one.headers["ETag"] for one in (first, second)] == ['W/"1"', 'W/"2"']
    assert [one.headers["Last-Modified"][17:22] for one in (first, second)] == ["09:30", "09:35"]
    assert wire.get(f"{claim.reference}/_history/3").status == 404


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ('W/"1"', 304),
        ('"1"', 304),
        ('W/"0", W/"1"', 304),
        ("*", 304),
        ('W/"2"', 200),
    ],
)
def test_what_a_client_has_is_not_sent_again(wire, condition, status):
    claim = wire.post("Claim", a_claim())

    read = wire.get(claim.reference, If_None_Match=condition)

    assert (read.status, read.text) == (status, "" if status == 304 else claim.text)
    assert read.headers["ETag"] == 'W/"1"'


def test_head_is_get_without_the_body(wire):
    claim = wire.post("Claim", a_claim())
    read = wire.get(claim.reference)

    head = wire.ask("HEAD", claim.reference)

    told = ("ETag", "Last-Modified", "Content-Type", "Content-Length")
    assert (head.status, head.text) == (200, "")
    assert {name: head.headers[name] for name in told} == {
        name: read.headers[name] for name in told
    }
    assert wire.ask("HEAD", "Claim/none").status == 404
    assert wire.ask("HEAD", "metadata").status == 200


def test_ids_are_case_sensitive(wire, other):
    claim = wire.post("Claim", a_claim()).reference

    assert wire.get(claim.upper().replace("CLAIM", "Claim")).status == 404
    assert wire.get(claim).status == 200


def test_an_id_belongs_to_its_type(wire):
    claim = wire.post("Claim", a_claim()).reference

    assert wire.get(claim.replace("Claim", "Patient")).status == 404


def test_the_host_header_is_never_believed(wire, http, registry):
    liar = Wire(http, registry.submitter("Liar").token, {"Host": "evil.test"})

    taken = liar.post("Claim", a_claim())

    assert "evil.test" not in str(taken.headers) + taken.text
    assert taken.headers["Location"].startswith("http://gateway.test/fhir/r4/Claim/")


@pytest.mark.parametrize(
    ("since", "tag", "status"),
    [
        ("Mon, 02 Mar 2026 09:30:00 GMT", None, 304),
        ("Mon, 02 Mar 2026 09:30:01 GMT", None, 304),
        ("Mon, 02 Mar 2026 09:29:59 GMT", None, 200),
        ("yesterday", None, 200),
        ("Mon, 02 Mar 2026 09:30:00 GMT", 'W/"2"', 200),
        ("Mon, 02 Mar 2026 09:29:59 GMT", 'W/"1"', 304),
    ],
)
def test_what_has_not_changed_since_is_not_sent_again(wire, since, tag, status):
    claim = wire.post("Claim", a_claim())
    headers = {"If_Modified_Since": since} | ({"If_None_Match": tag} if tag else {})

    read = wire.get(claim.reference, **headers)

    assert (read.status, read.text) == (status, "" if status == 304 else claim.text)
    assert read.headers["ETag"] == 'W/"1"'


def test_what_was_deleted_is_gone_by_head_too(wire):
    own = wire.post("Patient", {"resourceType": "Patient"})
    wire.delete(own.reference)

    assert wire.ask("HEAD", own.reference).status == wire.get(own.reference).status == 410
    assert wire.get(own.reference, If_None_Match='W/"2"').status == 410
    assert wire.ask("HEAD", f"{own.reference}/_history/1").status == 200


def test_a_part_has_no_version_that_the_whole_could_be_taken_for(wire):
    claim = wire.post("Claim", a_claim()).reference

    part, whole = wire.get(f"{claim}?_elements=item"), wire.get(claim)

    assert "ETag" not in part.headers
    assert whole.headers["ETag"] == 'W/"1"'
    assert wire.get(f"{claim}?_elements=item", If_None_Match='W/"1"').status == 200
    assert wire.get(claim, If_None_Match='W/"1"').status == 304


def test_a_change_within_the_same_second_is_not_missed(wire, clock):
    patient = wire.post("Patient", {"resourceType": "Patient"})
    known = patient.headers["Last-Modified"]
    assert wire.get(patient.reference, If_Modified_Since=known).status == 304

    changed = patient.document | {"active": True}
    assert wire.ask("PUT", patient.reference, json_text.write(changed)).status == 200

    assert wire.get(patient.reference, If_Modified_Since=known).status == 200
    clock.forward(seconds=5)
    later = http_date(clock.now)
    assert wire.get(patient.reference, If_Modified_Since=later).status == 304


@pytest.mark.parametrize("path", ["Patient/1/$everything", "$export", "Claim/1/$submit"])
def test_an_operation_that_is_not_there_is_told_as_one(wire, payer, path):
    refused = wire.get(path)

    assert (refused.status, refused.errors) == (404, ["ECG-NOT-FOUND"])
    assert "no such operation" in refused.document["issue"][0]["details"]["text"]
