"""One Task POST that is understood: how it is answered, failed, rejected, and sent again.

http://hl7.org/fhir/R4/task.html
"""

import pytest

from app.domain.parties import DuplicateClaims
from app.fhir.validation import check
from tests.builders import CLAIM_SYSTEM, TASK_SYSTEM, a_claim, a_task, an_input, identifier
from tests.conformance.standings import related
from tests.conftest import BASE_URL

OUTPUTS = "https://eclaims-gateway.org/fhir/CodeSystem/task-output"
ERRORS = "https://eclaims-gateway.org/fhir/CodeSystem/error"
EXPRESSION = "https://eclaims-gateway.org/fhir/StructureDefinition/expression"


def claim_number(value):
    return {"identifier": identifier(CLAIM_SYSTEM, value)}


def a_reference(type, reference):
    return an_input(type, valueReference={"reference": reference})


def failure(answered):
    """How a Task ended without effect: its status, each error and where it lies."""
    assert answered.status == 201
    errors = [output["valueCodeableConcept"] for output in answered.document["output"]]
    assert answered.document["statusReason"] == errors[0]
    found = [error["extension"][0] for error in errors]
    assert {one["url"] for one in found} == {EXPRESSION}
    codes = [error["coding"][0]["code"] for error in errors]
    return answered.document["status"], codes, [one["valueString"] for one in found]


@pytest.mark.parametrize(
    "focus",
    [
        "Claim/none",
        "CoverageEligibilityRequest/none",
        claim_number("none"),
        {"type": "Claim", **claim_number("none")},
        "http://elsewhere.test/fhir/Claim/1",
        {"display": "The claim of last week"},
    ],
    ids=["id", "other-type", "identifier", "typed-identifier", "elsewhere", "words"],
)
@pytest.mark.parametrize("code", ["cancel", "status", "poll"])
def test_a_focus_that_is_not_known_fails(wire, code, focus):
    answered = wire.task(a_task(code, focus=focus))

    assert failure(answered) == ("failed", ["ECG-FOCUS-NOT-FOUND"], ["Task.focus"])


@pytest.mark.parametrize("code", ["cancel", "status", "poll"])
def test_a_focus_may_be_named_in_every_way(wire, code):
    claims = [wire.post("Claim", a_claim(number=f"way-{number}")) for number in range(4)]
    ways = [
        claims[0].reference,
        f"{BASE_URL}/{claims[1].reference}",
        claim_number("way-2"),
        {"type": "Claim", **claim_number("way-3")},
    ]

    answers = [wire.task(a_task(code, focus=way)) for way in ways]

    assert [answer.document["status"] for answer in answers] == ["completed"] * 4
    assert [answer.document["focus"] for answer in answers] == [
        {"reference": ways[0]},
        {"reference": ways[1]},
        *ways[2:],
    ]


@pytest.mark.parametrize("code", ["cancel", "status", "poll"])
def test_several_live_matches_are_counted_and_never_guessed_between(wire, registry, code):
    registry.settle_rules(duplicate_claim_identifier=DuplicateClaims.ACCEPT)
    claims = [wire.post("Claim", a_claim(number="12347", prices=[p])) for p in ("1", "2", "3")]

    answered = wire.task(a_task(code, focus=claim_number("12347")))

    assert failure(answered) == ("failed", ["ECG-FOCUS-MULTIPLE-MATCHES"], ["Task.focus"])
    assert answered.document["statusReason"]["text"].startswith("3 live")
    assert [wire.get(claim.reference).document["status"] for claim in claims] == ["active"] * 3
    for claim in claims[1:]:
        assert wire.task(a_task("cancel", focus=claim.reference)).status == 201
    left = wire.task(a_task(code, focus=claim_number("12347")))
    assert left.document["status"] == "completed"


def test_a_match_of_one_use_is_found_by_its_id_beside_the_other(wire):
    claim = wire.post("Claim", a_claim("claim", "both")).reference
    wire.post("Claim", a_claim("predetermination", "both"))

    both = wire.task(a_task("status", focus=claim_number("both")))

    assert failure(both)[1] == ["ECG-FOCUS-MULTIPLE-MATCHES"]
    assert wire.task(a_task("status", focus=claim)).document["status"] == "completed"


@pytest.mark.parametrize("code", ["cancel", "poll"])
def test_an_original_response_that_is_not_known_fails(wire, code):
    claim, another = wire.post("Claim", a_claim()), wire.post("Claim", a_claim())
    by_identifier = {"identifier": identifier("http://payer.test/responses", "R1")}
    unknown = [
        a_reference("origresponse", "ClaimResponse/none"),
        a_reference("origresponse", related(another)),
        an_input("origresponse", valueReference=by_identifier),
    ]

    for given in unknown:
        answered = wire.task(a_task(code, focus=claim.reference, inputs=[given]))
        expected = ("failed", ["ECG-ORIGRESPONSE-NOT-FOUND"], ["Task.input[0]"])
        assert failure(answered) == expected
    assert wire.get(claim.reference).document["status"] == "active"

    own = wire.get(related(claim)).document["identifier"][0]
    known = an_input("origresponse", valueReference={"identifier": own})
    done = wire.task(a_task(code, focus=claim.reference, inputs=[known]))
    assert done.document["status"] == "completed"


def test_every_unknown_acknowledgement_is_told_and_nothing_is_handed_over(wire):
    wire.post("Claim", a_claim(total={"value": 1, "currency": "EUR"}))
    unknown = [a_reference("ack", "Task/none"), a_reference("ack", "ClaimResponse/none")]

    failed = wire.task(a_task("poll", inputs=unknown))

    expressions = ["Task.input[0]", "Task.input[1]"]
    assert failure(failed) == ("failed", ["ECG-ACK-NOT-FOUND"] * 2, expressions)
    polled = wire.task(a_task("poll"))
    assert polled.output("response") is not None
    known = [
        a_reference("ack", polled.reference),
        a_reference("ack", polled.output("response")),
    ]
    empty = wire.task(a_task("poll", inputs=known))
    assert empty.outputs == [("remaining", 0)]
    own = wire.get(polled.output("response")).document["identifier"][0]
    named = [
        an_input("ack", valueReference={"identifier": own}),
        a_reference("ack", f"Bundle/{polled.document['id']}"),
        a_reference("ack", empty.reference),
    ]
    assert wire.task(a_task("poll", inputs=named)).outputs == [("remaining", 0)]


def test_the_payers_no_is_a_task_that_was_rejected(wire, rows):
    claim = wire.post("Claim", a_claim()).reference
    assert wire.task(a_task("cancel", focus=claim)).document["status"] == "completed"
    version = wire.get(claim).document["meta"]["versionId"]

    rejected = wire.task(a_task("cancel", focus=claim))

    assert failure(rejected) == ("rejected", ["ECG-CANCEL-ALREADY-CANCELLED"], ["Task.focus"])
    coding = rejected.document["statusReason"]["coding"][0]
    assert (coding["system"], bool(coding["display"])) == (ERRORS, True)
    assert wire.get(claim).document["meta"]["versionId"] == version
    assert wire.get(rejected.reference).text == rejected.text


@pytest.mark.parametrize("code", ["cancel", "status", "poll"])
def test_what_was_never_submitted_is_no_focus(wire, code):
    patient = wire.post("Patient", {"resourceType": "Patient"}).reference

    answered = wire.task(a_task(code, focus=patient))

    assert failure(answered) == ("rejected", ["ECG-FOCUS-TYPE"], ["Task.focus"])


def test_an_answer_keeps_what_was_asked_and_adds_what_is_ours(wire, clock):
    claim = wire.post("Claim", a_claim()).reference
    asked = a_task(
        "status",
        focus=claim,
        number="7",
        authoredOn="2026-03-02T10:00:00+02:00",
        description="How far is it?",
        priority="stat",
    )

    answered = wire.task(asked)

    kept = answered.document
    own = kept["identifier"][1]
    assert kept["identifier"] == [identifier(TASK_SYSTEM, "7"), own]
    assert own["value"] == kept["id"]
    assert {name: kept[name] for name in asked.keys() - {"identifier", "status"}} == {
        name: asked[name] for name in asked.keys() - {"identifier", "status"}
    }
    assert kept["lastModified"] == "2026-03-02T09:30:00.000Z"
    assert kept["meta"] == {"versionId": "1", "lastUpdated": "2026-03-02T09:30:00.000Z"}
    assert {one["type"]["coding"][0]["system"] for one in kept["output"]} == {OUTPUTS}
    assert answered.headers["Location"] == f"{BASE_URL}/Task/{kept['id']}/_history/1"
    assert answered.headers["ETag"] == 'W/"1"'
    assert wire.get(answered.reference).text == answered.text


@pytest.mark.parametrize(
    "ahead", ["2026-03-02T10:10:00Z", "2026-03-03T00:10:00+14:00", "2026-03-03"]
)
def test_an_answer_is_not_older_than_the_question(wire, clock, ahead):
    clock.forward(minutes=30)

    answered = wire.task(a_task("poll", authoredOn=ahead))

    assert answered.document["lastModified"] == ahead
    assert check(answered.document) == []


def test_every_kind_of_answer_is_a_valid_task(wire, standings):
    claims = [standings.claim(state) for state in ("payable", "awaiting", "cancelled")]
    answers = [
        *(wire.task(a_task(code, focus=claim)) for code in ("status", "poll") for claim in claims),
        *(wire.task(a_task("cancel", focus=claim)) for claim in claims),
        wire.task(a_task("cancel", focus="Claim/none")),
        wire.task(a_task("nullify", focus=claims[0])),
        wire.task(a_task("poll", inputs=[an_input("count", valuePositiveInt=9)])),
    ]

    assert [check(answer.document) for answer in answers] == [[]] * len(answers)
    statuses = {answer.document["status"] for answer in answers}
    assert statuses == {"completed", "rejected", "failed"}
