"""One Task POST: what is wrong on its face is 4xx and leaves nothing, each with an accepted twin.

http://hl7.org/fhir/R4/task.html
"""

import pytest

from app.domain.codes import TaskCode
from tests.builders import a_claim, a_communication, a_task, an_input
from tests.conformance.wrong_tasks import (
    AN_OUTPUT,
    HL7_CODES,
    HL7_INPUTS,
    OUR_CODES,
    OUR_INPUTS,
    WRONG_ON_ITS_FACE,
    a_poll,
    a_poll_with,
    concept,
    count,
    typed,
)
from tests.wire import FHIR, Wire

CODE_SYSTEMS = [
    None,
    HL7_CODES,
    OUR_CODES,
    "http://nphies.sa/terminology/CodeSystem/task-code",
    "https://nrces.in/ndhm/fhir/r4/CodeSystem/ndhm-task-codes",
    "http://hl7.org/fhir/financialtaskcode",
    "http://hl7.org/fhir/CodeSystem/financialtaskcode",
]
INPUT_SYSTEMS = [
    None,
    HL7_INPUTS,
    OUR_INPUTS,
    "http://hl7.org/financial-taskinputtype",
    "http://hl7.org/fhir/ValueSet/financial-taskinputtype",
    "http://nphies.sa/terminology/CodeSystem/task-input-type",
    "http://nphies.sa/terminology/ValueSet/task-input-type",
    "https://nrces.in/ndhm/fhir/r4/CodeSystem/ndhm-task-input-type-code",
]
# A Communication that names no Claim belongs to nothing.
ANSWERS_ON_A_QUEUED_CLAIM = {
    TaskCode.CANCEL: "completed",
    TaskCode.NULLIFY: "completed",
    TaskCode.RELEASE: "rejected",
    TaskCode.REPROCESS: "rejected",
    TaskCode.STATUS: "completed",
    TaskCode.POLL: "completed",
    TaskCode.DELIVER: "failed",
}
NOT_REQUESTED = (
    "draft received accepted rejected ready cancelled in-progress on-hold failed completed "
    "entered-in-error"
).split()


@pytest.mark.parametrize(
    ("wrong", "twin", "error", "expression"),
    WRONG_ON_ITS_FACE.values(),
    ids=WRONG_ON_ITS_FACE.keys(),
)
def test_a_task_that_is_wrong_on_its_face_is_refused_and_its_twin_is_done(
    wire, rows, wrong, twin, error, expression
):
    before = rows.counts()

    refused = wire.post("Task", wrong)

    where = f"Task.input[{expression}]" if expression and expression.isdigit() else expression
    assert (refused.status, refused.errors, refused.expressions) == (400, [error], [where])
    assert rows.counts() == before

    done = wire.post("Task", twin)

    assert (done.status, done.document["status"]) == (201, "completed")
    assert rows.counts()["task"] == before["task"] + 1


@pytest.mark.parametrize("status", NOT_REQUESTED)
def test_a_task_is_sent_as_requested_and_in_no_other_status(wire, rows, status):
    before = rows.counts()

    refused = wire.task(a_poll(status=status))

    assert (refused.status, refused.errors) == (400, ["ECG-TASK-STATUS"])
    assert rows.counts() == before
    assert wire.task(a_poll(status="requested")).status == 201


@pytest.mark.parametrize("code", ["cancel", "nullify", "status"])
def test_a_code_that_needs_a_focus_is_refused_without_one(wire, rows, code):
    claim = wire.post("Claim", a_claim()).reference
    before = rows.counts()

    refused = wire.task(a_task(code))

    assert (refused.status, refused.errors) == (400, ["ECG-TASK-FOCUS"])
    assert rows.counts() == before
    assert wire.task(a_task(code, focus=claim)).document["status"] == "completed"


def test_an_input_of_cancel_is_given_once_and_none_is_taken_that_it_has_no_use_for(wire, rows):
    claim = wire.post("Claim", a_claim())
    response = claim.headers["Link"].partition(";")[0].strip("<>").partition(f"{FHIR}/")[2]
    answered = an_input("origresponse", valueReference={"reference": response})
    before = rows.counts()

    twice = wire.task(a_task("cancel", focus=claim.reference, inputs=[answered, answered]))
    counted = wire.task(a_task("cancel", focus=claim.reference, inputs=[count(1)]))

    assert (twice.status, twice.errors) == (400, ["ECG-INPUT-TWICE"])
    assert (counted.status, counted.errors) == (400, ["ECG-INPUT-TYPE"])
    assert rows.counts() == before
    once = wire.task(a_task("cancel", focus=claim.reference, inputs=[answered]))
    assert once.document["status"] == "completed"


def test_every_problem_is_told_and_not_only_the_first(wire, rows):
    before = rows.counts()

    refused = wire.task(
        a_poll(
            status="completed",
            output=[AN_OUTPUT],
            authoredOn="2026-03-02T10:00:00Z",
            input=[count(101), typed("http://other.test", "count", valuePositiveInt=1), count(2)],
        )
    )

    assert refused.status == 400
    assert sorted(refused.errors) == [
        "ECG-INPUT-TWICE",
        "ECG-INPUT-TYPE",
        "ECG-TASK-FUTURE",
        "ECG-TASK-OUTPUT",
        "ECG-TASK-STATUS",
    ]
    assert rows.counts() == before


def test_a_task_of_more_than_two_mebibytes_is_refused(wire, rows):
    before = rows.counts()
    limit = 2 * 1024 * 1024
    note = {"text": "x" * 1024}
    small = wire.task(a_poll(note=[note] * 2000))

    assert small.status == 201
    assert rows.counts() != before
    before = rows.counts()

    large = wire.task(a_poll(note=[note] * 2100))

    assert len(small.text) < limit
    assert (large.status, large.errors) == (413, ["ECG-BODY-TOO-LARGE"])
    assert rows.counts() == before


@pytest.mark.parametrize(
    ("header", "value", "twin"),
    [
        ("Content-Type", "application/fhir+xml", "application/fhir+json"),
        ("Content-Type", "text/plain", "application/json"),
        ("Content-Type", "application/x-www-form-urlencoded", "text/json"),
        ("Content-Type", "application/fhir+json; fhirVersion=5.0", "application/fhir+json"),
        ("Content-Encoding", "gzip", ""),
    ],
    ids=["xml", "text", "form", "r5", "compressed"],
)
def test_a_body_of_another_kind_is_refused(wire: Wire, rows, header, value, twin):
    name = header.replace("-", "_")
    before = rows.counts()

    refused = wire.task(a_poll(), **{name: value})

    assert (refused.status, refused.errors) == (415, ["ECG-MEDIA-TYPE"])
    assert rows.counts() == before
    assert wire.task(a_poll(), **{name: twin}).status == 201


@pytest.mark.parametrize("system", CODE_SYSTEMS, ids=lambda system: system or "no-system")
def test_every_code_is_known_under_every_accepted_system(wire, system):
    delivered = wire.post("Communication", a_communication()).reference
    resource = an_input("resource", valueReference={"reference": delivered})

    for code, answer in ANSWERS_ON_A_QUEUED_CLAIM.items():
        claim = wire.post("Claim", a_claim()).reference
        inputs = [resource] if code is TaskCode.DELIVER else []
        task = a_task(code, focus=claim, inputs=inputs, code=concept((system, code)))
        answered = wire.task(task)
        assert (answered.status, answered.document["status"]) == (201, answer), code
        assert answered.document["code"] == concept((system, code))


@pytest.mark.parametrize("system", INPUT_SYSTEMS, ids=lambda system: system or "no-system")
def test_every_input_type_is_known_under_every_accepted_system(wire, system):
    inputs = [
        typed(system, "include", valueCode="ClaimResponse"),
        typed(system, "exclude", valueCode="Communication"),
        typed(system, "period", valuePeriod={"start": "2018-10-01", "end": "2018-10-12"}),
        typed(system, "count", valuePositiveInt=5),
    ]
    claim = wire.post("Claim", a_claim()).reference
    unused = [typed(system, name, valueString="1") for name in ("reference", "item", "status")]

    assert wire.task(a_poll_with(*inputs)).status == 201
    assert wire.task(a_task("status", focus=claim, inputs=unused)).status == 201


def test_an_input_type_may_be_told_in_words_alone(wire):
    told = {"type": {"text": "count"}, "valuePositiveInt": 100}

    assert wire.task(a_poll(input=[told])).outputs == [("remaining", 0)]
    unknown = {"type": {"text": "as many as you like"}, "valuePositiveInt": 100}
    assert wire.task(a_poll(input=[unknown])).errors == ["ECG-INPUT-TYPE"]
