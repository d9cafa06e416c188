"""What a client prefers to have back of a change, and how an answer is laid out.

http://hl7.org/fhir/R4/http.html#prefer, http://hl7.org/fhir/R4/http.html#parameters
"""

import pytest

from app.fhir import json_text
from tests.builders import a_claim, a_task

PATIENT = {"resourceType": "Patient", "active": True}
MEDIA_TYPE = "application/json-patch+json"
INACTIVE = '[{"op": "replace", "path": "/active", "value": false}]'

PREFERENCES = [
    ("return=minimal", None),
    ("return=representation", "Patient"),
    ("return=OperationOutcome", "OperationOutcome"),
    ("handling=lenient, return=minimal", None),
    ("handling=strict; return=OperationOutcome", "OperationOutcome"),
    ("respond-async, return=minimal", None),
    ('return="minimal"', None),
    ("Return=Minimal", None),
    ("return=nothing", "Patient"),
    ("handling=strict", "Patient"),
    ("", "Patient"),
]


def changes(wire, prefer):
    """A create, an update and a patch, each with what the client prefers."""
    own = wire.post("Patient", PATIENT)
    yield wire.post("Patient", PATIENT, Prefer=prefer), 201, 'W/"1"'
    yield wire.put(own.reference, own.document, Prefer=prefer), 200, 'W/"2"'
    patched = wire.ask("PATCH", own.reference, INACTIVE, Prefer=prefer, Content_Type=MEDIA_TYPE)
    yield patched, 200, 'W/"3"'


@pytest.mark.parametrize(("prefer", "type"), PREFERENCES)
def test_a_change_is_answered_as_preferred(wire, prefer, type):
    for reply, status, tag in changes(wire, prefer):
        assert (reply.status, reply.headers["ETag"]) == (status, tag)
        assert reply.document.get("resourceType") == type
        assert ("Location" in reply.headers) == (status == 201)
        assert reply.headers["Last-Modified"]


@pytest.mark.parametrize(
    ("prefer", "status", "type"),
    [
        ("return=minimal", 204, None),
        ("return=representation", 204, None),
        ("return=OperationOutcome", 200, "OperationOutcome"),
        ("", 204, None),
    ],
)
def test_a_deletion_is_answered_as_preferred(wire, prefer, status, type):
    own = wire.post("Patient", PATIENT)

    deleted = wire.delete(own.reference, Prefer=prefer)

    assert (deleted.status, deleted.document.get("resourceType")) == (status, type)
    assert wire.get(own.reference).status == 410


def test_an_outcome_that_is_preferred_tells_of_no_error(wire):
    reply = wire.post("Patient", PATIENT, Prefer="return=OperationOutcome")

    assert [one["severity"] for one in reply.document["issue"]] == ["information"]


@pytest.mark.parametrize("prefer", [prefer for prefer, _ in PREFERENCES])
def test_a_failure_always_has_its_outcome(wire, prefer):
    own = wire.post("Patient", PATIENT)
    failures = (
        wire.post("Patient", {**PATIENT, "gender": "x"}, Prefer=prefer),
        wire.put(own.reference, PATIENT, Prefer=prefer),
        wire.put(own.reference, own.document, If_Match='W/"2"', Prefer=prefer),
        wire.delete(own.reference, If_Match='W/"2"', Prefer=prefer),
        wire.delete("Task/1", Prefer=prefer),
    )

    told = [(one.status, one.document["resourceType"]) for one in failures]
    assert told == [(status, "OperationOutcome") for status in (400, 400, 412, 412, 405)]
    assert all(one.document["issue"][0]["severity"] == "error" for one in failures)


def test_a_pretty_answer_has_lines_and_every_digit(wire):
    body = a_claim(prices=["100.00", "0.10"])
    plain = wire.post("Claim", body)

    pretty = wire.get(f"{plain.reference}?_pretty=true")

    assert pretty.text.startswith('{\n  "resourceType": "Claim",\n')
    assert '"value": 100.00' in pretty.text
    assert '"value": 100.10' in pretty.text
    assert json_text.write(json_text.parsed(pretty.text)) == json_text.write(plain.document)
    assert pretty.headers["ETag"] == plain.headers["ETag"]
    assert int(pretty.headers["Content-Length"]) == len(pretty.text.encode())


@pytest.mark.parametrize("query", ["", "?_pretty=false", "?_pretty=", "?_pretty=yes"])
def test_an_answer_that_is_not_asked_to_be_pretty_is_as_it_is_kept(wire, query):
    own = wire.post("Patient", PATIENT)

    assert wire.get(f"{own.reference}{query}").text == own.text


def test_every_answer_may_be_pretty(wire):
    replies = (
        wire.get("metadata?_pretty=true"),
        wire.get("Patient/none?_pretty=true"),
        wire.post("Task?_pretty=true", a_task("poll")),
        wire.post("Patient?_pretty=true", PATIENT),
    )

    assert [one.text[:4] for one in replies] == ["{\n  "] * 4


def test_a_pretty_head_is_as_long_as_its_get(wire):
    own = wire.post("Patient", PATIENT)
    path = f"{own.reference}?_pretty=true"

    head = wire.ask("HEAD", path)

    assert (head.status, head.text) == (200, "")
    assert head.headers["Content-Length"] == wire.get(path).headers["Content-Length"]


@pytest.mark.parametrize("path", ["{own}", "{own}/_history/1"])
def test_parameters_that_are_not_known_are_passed_over_unless_strictly_handled(wire, path):
    own = wire.post("Patient", PATIENT)
    asked = f"{path.format(own=own.reference)}?nonsense=1"

    lenient = [wire.get(asked), wire.get(asked, Prefer="handling=lenient")]
    strict = wire.get(asked, Prefer="handling=strict")
    known = wire.get(asked.replace("nonsense=1", "_pretty=false"), Prefer="handling=strict")

    assert [one.text for one in lenient] == [own.text] * 2
    assert (strict.status, strict.errors) == (400, ["ECG-PARAMETER"])
    assert (known.status, known.text) == (200, own.text)
