"""HL7's own examples: taken in, and read back as they were sent.

http://hl7.org/fhir/R4/claim-examples.html, http://hl7.org/fhir/R4/task-examples.html
"""

import re
from pathlib import Path

import pytest

from app.domain.parties import DuplicateClaims
from app.fhir import json_text
from tests.builders import a_claim, a_coverage

EXAMPLES = Path(__file__).parents[1] / "fhir_examples"
HOW_MANY = {
    "Claim": 17,
    "Communication": 3,
    "CoverageEligibilityRequest": 2,
    "EnrollmentRequest": 1,
    "Patient": 22,
    "RelatedPerson": 2,
    "Practitioner": 14,
    "PractitionerRole": 1,
    "Organization": 13,
    "Location": 6,
    "Coverage": 4,
    "VisionPrescription": 2,
    "Account": 2,
    "ChargeItem": 1,
}
# Two of three with the number 12347, and two of three with 7612345.
REPEATED = ["Claim-100154", "Claim-100155", "Claim-760151", "Claim-760152"]
HAPPY_VALLEY = "http://happyvalley.com/claim"

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_NUMBER = re.compile(r"-?\d[0-9.eE+-]*")


def examples(type):
    """The texts of one type by the name of their file."""
    return {path.stem: path.read_text() for path in sorted(EXAMPLES.glob(f"{type}-*.json"))}


def numbers(text):
    """Every number of a JSON text as it is written, in its order; digits in strings are none."""
    return _NUMBER.findall(_STRING.sub('""', text))


def content(text):
    """What the client owns of a document."""
    document = json_text.parsed(text)
    return {name: value for name, value in document.items() if name not in {"id", "meta"}}


def example_task(number):
    return (EXAMPLES / f"Task-fm-example{number}.json").read_text()


def meta(text):
    """What the client owns of meta."""
    owned = {"versionId", "lastUpdated"}
    received = json_text.parsed(text).get("meta", {})
    return {name: value for name, value in received.items() if name not in owned}


@pytest.mark.parametrize(("type", "number"), HOW_MANY.items(), ids=HOW_MANY.keys())
def test_every_example_is_taken_and_read_back_as_it_was_sent(wire, registry, type, number):
    registry.settle_rules(duplicate_claim_identifier=DuplicateClaims.ACCEPT)
    texts = examples(type)
    assert len(texts) == number

    taken = {name: wire.post(type, text) for name, text in texts.items()}

    assert {name: (one.status, one.errors) for name, one in taken.items()} == {
        name: (201, []) for name in texts
    }
    for name, text in texts.items():
        read = wire.get(taken[name].reference)
        assert content(read.text) == content(text), name
        assert meta(read.text) == meta(text), name
        assert numbers(read.text) == numbers(text), name


def test_the_numbers_of_the_examples_are_really_compared():
    texts = examples("Claim").values()

    assert sum(len(numbers(text)) for text in texts) > 100
    assert any(one.endswith(".00") for text in texts for one in numbers(text))
    assert numbers('{"a": 10.50, "b": "7", "c": [-1.0E+2, "\\"8"]}') == ["10.50", "-1.0E+2"]


def test_repeated_identifiers_are_refused_unless_the_payer_accepts_them(wire):
    answers = {name: wire.post("Claim", text) for name, text in examples("Claim").items()}

    refused = {name: one.errors for name, one in answers.items() if one.status != 201}
    assert refused == {name: ["ECG-DUPLICATE"] for name in REPEATED}
    assert {answers[name].status for name in REPEATED} == {409}


def test_every_example_claim_is_answered_by_a_claim_response(wire, registry, core, worker):
    registry.settle_rules(duplicate_claim_identifier=DuplicateClaims.ACCEPT)
    for text in examples("Claim").values():
        assert wire.post("Claim", text).status == 201

    worker.drain()

    outcomes = set()
    for name, text in examples("Claim").items():
        again = wire.post("Claim", text)
        assert again.status == 200, name
        related = again.headers["Link"].partition(">")[0].rpartition("/fhir/r4/")[2]
        outcomes.add(wire.get(related).document["outcome"])
    assert outcomes <= {"complete", "error"}
    assert "complete" in outcomes


def test_example_1_cancels_claim_1500(wire):
    assert wire.task(json_text.parsed(example_task(1))).outputs == [
        ("error", "ECG-FOCUS-NOT-FOUND")
    ]
    claim = wire.post("Claim", claim_1500()).reference

    cancelled = wire.post("Task", example_task(1))

    assert (cancelled.status, cancelled.document["status"]) == (201, "completed")
    assert wire.get(claim).document["status"] == "cancelled"
    again = wire.post("Task", example_task(1))
    assert (again.status, again.text) == (200, cancelled.text)


def test_example_2_polls_an_empty_queue(wire):
    polled = wire.post("Task", example_task(2))

    assert (polled.status, polled.document["status"]) == (201, "completed")
    assert polled.outputs == [("remaining", 0)]


def test_example_2_finds_what_was_answered_on_its_last_day(wire, clock):
    clock.now = clock.now.replace(year=2018, month=10, day=12, hour=23)
    wire.post("Claim", {**claim_1500(), "total": {"value": 1, "currency": "EUR"}})
    clock.forward(days=1)
    wire.post("Claim", a_claim(total={"value": 1, "currency": "EUR"}))

    polled = wire.post("Task", example_task(2))

    assert wire.get(polled.output("response")).document["outcome"] == "error"
    assert polled.output("remaining") == 0


def decided_1501(wire, core, worker):
    """The preauthorization that examples 3 and 4 are about, decided; its response's identifier."""
    core.post("Coverage", a_coverage())
    number = {"system": HAPPY_VALLEY, "value": "1501"}
    prices = ["100.00", "50.00", "25.00"]
    claim = wire.post("Claim", a_claim("preauthorization", identifier=[number], prices=prices))
    worker.drain()
    related = claim.headers["Link"].partition(">")[0].rpartition("/fhir/r4/")[2]
    return wire.get(related).document["identifier"][0]


def with_origresponse(number, identifier):
    """An example that names a response of ours in place of the one that only HL7 knows."""
    task = json_text.parsed(example_task(number))
    task["input"][0]["valueReference"]["identifier"] = identifier
    return task


@pytest.mark.parametrize("number", [3, 4], ids=["release", "reprocess"])
def test_examples_3_and_4_name_a_response_that_only_hl7_knows(wire, core, worker, number):
    decided_1501(wire, core, worker)

    failed = wire.post("Task", example_task(number))

    assert (failed.status, failed.document["status"]) == (201, "failed")
    assert failed.outputs == [("error", "ECG-ORIGRESPONSE-NOT-FOUND")]
    [where] = failed.document["statusReason"]["extension"]
    assert where["valueString"] == "Task.input[0]"


def test_example_3_releases_claim_1501(wire, core, worker):
    response = decided_1501(wire, core, worker)

    released = wire.post("Task", with_origresponse(3, response))

    assert (released.status, released.document["status"]) == (201, "completed")
    assert '"valueMoney":{"value":140.00,"currency":"EUR"}' in released.text


def test_example_4_reprocesses_two_lines_of_claim_1501(wire, core, worker):
    response = decided_1501(wire, core, worker)

    begun = wire.post("Task", with_origresponse(4, response))

    assert (begun.status, begun.document["priority"]) == (201, "stat")
    assert begun.document["status"] == "completed"
    decided = wire.get(begun.output("response")).document
    assert [note["text"] for note in decided["processNote"]][-2:] == [
        "Decided again, and nothing changed.",
        "Reference quoted by the submitter: BR12345",
    ]


def test_example_5_asks_for_the_status_of_claim_1500(wire, core, worker):
    core.post("Coverage", a_coverage())
    wire.post("Claim", claim_1500())
    queued = wire.post("Task", example_task(5))
    worker.drain()

    decided = wire.post("Task", example_task(5))

    assert [queued.status, decided.status] == [201, 201]
    assert [queued.output("status"), decided.output("status")] == ["queued", "complete"]
    assert decided.output("resource-status") == "active"


def test_example_6_is_an_answer_and_no_question(wire, rows):
    before = rows.counts()

    refused = wire.post("Task", example_task(6))

    assert refused.status == 400
    assert refused.errors == ["ECG-TASK-STATUS", "ECG-TASK-OUTPUT"]
    assert rows.counts() == before


def test_an_answer_keeps_the_official_task_but_for_what_is_ours(wire):
    wire.post("Claim", claim_1500())
    sent = json_text.parsed(example_task(5))

    answered = wire.post("Task", example_task(5)).document

    ours = {"id", "meta", "identifier", "status", "lastModified", "output"}
    assert {name: value for name, value in answered.items() if name not in ours} == {
        name: value for name, value in sent.items() if name not in ours
    }
    assert answered["identifier"][0] == sent["identifier"][0]


def claim_1500():
    number = {"system": HAPPY_VALLEY, "value": "1500"}
    return a_claim("preauthorization", identifier=[number], serviced="2018-10-04")
