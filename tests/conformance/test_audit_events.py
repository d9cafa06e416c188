"""AuditEvents: what was done and refused, for the payer alone to read.

http://hl7.org/fhir/R4/auditevent.html
"""

import pytest
from fhir.resources.R4B.auditevent import AuditEvent

from app.fhir.validation import check
from app.gateway.administering.new_payer import new_payer
from app.store import tables
from tests.builders import a_claim, a_task
from tests.wire import Wire

INTERACTIONS = "http://hl7.org/fhir/restful-interaction"
TASK_CODES = "https://eclaims-gateway.org/fhir/CodeSystem/task-code"


@pytest.fixture
def last(core, rows):
    """Reads the newest event that there is."""

    def read():
        row = max(rows.of(tables.audit), key=lambda row: row["seq"])
        found = core.get(f"AuditEvent/{row['seq']}")
        assert (found.status, check(found.document)) == (200, [])
        AuditEvent.model_validate_json(found.text)
        return found.document

    return read


def test_a_creation_is_told(wire, registry, last):
    claim = wire.post("Claim", a_claim())

    event = last()

    client = registry.issued["Happy Valley"].client
    request = event["entity"][-1]
    assert event["type"]["code"] == "rest"
    assert event["subtype"] == [{"system": INTERACTIONS, "code": "create"}]
    assert (event["action"], event["outcome"], event["outcomeDesc"]) == ("C", "0", "created")
    assert event["recorded"] == "2026-03-02T09:30:00.000Z"
    assert [(one["who"]["identifier"]["value"], one["requestor"]) for one in event["agent"]] == [
        (client.id, True)
    ]
    assert event["entity"][0]["what"] == {"reference": claim.reference}
    assert request["type"]["code"] == "XrequestId"
    assert request["what"]["identifier"]["value"] == claim.headers["X-Request-Id"]


def test_a_task_is_told_with_its_focus(wire, last):
    claim = wire.post("Claim", a_claim()).reference
    task = wire.task(a_task("cancel", focus=claim))

    event = last()

    assert event["subtype"] == [{"system": TASK_CODES, "code": "cancel"}]
    assert (event["action"], event["outcome"]) == ("E", "0")
    named = [one["what"].get("reference") for one in event["entity"]]
    assert named == [claim, task.reference, "Patient/1", None]


def test_a_refusal_is_told_as_a_failure(wire, core, last):
    claim = wire.post("Claim", a_claim()).reference
    wire.task(a_task("cancel", focus=claim))
    wire.task(a_task("cancel", focus=claim))
    assert (last()["outcome"], last()["outcomeDesc"]) == ("4", "rejected")

    core.post("Claim", a_claim())

    event = last()
    assert (event["outcome"], event["outcomeDesc"]) == ("4", "ECG-FORBIDDEN")
    assert event["entity"][0]["what"] == {"type": "Claim"}


@pytest.mark.parametrize(
    ("change", "action"), [("PUT", "U"), ("DELETE", "D")], ids=["update", "delete"]
)
def test_a_change_is_told(wire, last, change, action):
    patient = wire.post("Patient", {"resourceType": "Patient", "active": True})

    wire.ask(change, patient.reference, patient.text.replace("true", "false"))

    event = last()
    assert (event["action"], event["outcome"]) == (action, "0")
    assert event["entity"][0]["what"] == {"reference": patient.reference}
    assert event["entity"][0]["role"]["display"] == "Patient"


def test_nobody_else_reads_it(wire, core, http, registry, installation, rows):
    wire.post("Claim", a_claim())
    stranger = new_payer(installation, "Another")
    theirs = Wire(http, registry.payer_client("Their system", stranger).token)
    place = "AuditEvent/{seq}".format(**rows.of(tables.audit, type="Claim")[-1])

    assert core.get(place).status == 200
    for client in (wire, theirs):
        assert client.get(place).status == 404
        assert client.get(place).text == client.get("AuditEvent/999").text


@pytest.mark.parametrize("id", ["0", "-1", "01", "1.0", "x", "9" * 18, "9" * 30])
def test_what_is_no_number_of_an_event_is_not_there(core, wire, id):
    wire.post("Claim", a_claim())

    assert core.get(f"AuditEvent/{id}").status == 404
    assert core.get("AuditEvent/1").status == 200


def test_nobody_writes_it(core):
    event = core.get("AuditEvent/1").document

    assert core.post("AuditEvent", event).status == 405
    assert core.put("AuditEvent/1", event).status == 405
    assert core.delete("AuditEvent/1").status == 405
