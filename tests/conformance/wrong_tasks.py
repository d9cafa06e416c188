"""Tasks that are wrong on their face, each with a twin that differs in the one thing refused."""

from tests.builders import a_claim, a_task, an_input

HL7_CODES = "http://terminology.hl7.org/CodeSystem/financialtaskcode"
OUR_CODES = "https://eclaims-gateway.org/fhir/CodeSystem/task-code"
HL7_INPUTS = "http://terminology.hl7.org/CodeSystem/financialtaskinputtype"
OUR_INPUTS = "https://eclaims-gateway.org/fhir/CodeSystem/task-input"

ABORT = ("http://hl7.org/fhir/CodeSystem/task-code", "abort")


def concept(*codings, **elements):
    spelled = [{"code": code, **({"system": system} if system else {})} for system, code in codings]
    return {"coding": spelled, **elements}


def a_poll(**elements):
    return a_task("poll", **elements)


def a_poll_with(*inputs):
    return a_task("poll", inputs=inputs)


def typed(system, code, **value):
    return {"type": concept((system, code)), **value}


def count(number, **value):
    return an_input("count", **(value or {"valuePositiveInt": number}))


def period(start, end):
    return an_input("period", valuePeriod={"start": start, "end": end})


INCLUDED = an_input("include", valueCode="ClaimResponse")
RESPONSE = an_input("origresponse", valueReference={"reference": "ClaimResponse/1"})
AN_OUTPUT = {"type": {"text": "status"}, "valueCode": "complete"}

# What is refused, its twin, what it is told, and where the finding is.
WRONG_ON_ITS_FACE = {
    "not-json": (b'{"resourceType": "Task",', a_poll(), "ECG-NOT-JSON", None),
    "not-a-task": (a_claim(), a_poll(), "ECG-RESOURCE-TYPE", "resourceType"),
    "intent-missing": (a_poll(intent=None), a_poll(), "ECG-REQUIRED", "Task.intent"),
    "intent-unknown": (
        a_poll(intent="directive"),
        a_poll(intent="option"),
        "ECG-CODE",
        "Task.intent",
    ),
    "priority-unknown": (
        a_poll(priority="soon"),
        a_poll(priority="asap"),
        "ECG-CODE",
        "Task.priority",
    ),
    "element-unknown": (
        a_poll(color="red"),
        a_poll(description="red"),
        "ECG-UNKNOWN-ELEMENT",
        "Task.color",
    ),
    "modified-before-authored": (
        a_poll(authoredOn="2026-03-01T09:00:00Z", lastModified="2026-03-01T08:59:59Z"),
        a_poll(authoredOn="2026-03-01T09:00:00Z", lastModified="2026-03-01T09:00:00Z"),
        "ECG-INVARIANT",
        "Task.lastModified",
    ),
    "status-unknown": (a_poll(status="done"), a_poll(), "ECG-CODE", "Task.status"),
    "output": (
        a_poll(output=[AN_OUTPUT]),
        a_poll(input=[typed(None, "include", valueCode="Claim")]),
        "ECG-TASK-OUTPUT",
        "Task.output",
    ),
    "code-missing": (a_poll(code=None), a_poll(), "ECG-TASK-CODE", "Task.code"),
    "code-as-text": (
        a_poll(code={"text": "poll"}),
        a_poll(code=concept((None, "poll"), text="x")),
        "ECG-TASK-CODE",
        "Task.code",
    ),
    "code-unknown": (
        a_poll(code=concept((HL7_CODES, "fetch"))),
        a_poll(code=concept((HL7_CODES, "poll"))),
        "ECG-TASK-CODE",
        "Task.code",
    ),
    "code-of-another-case": (
        a_poll(code=concept((HL7_CODES, "Poll"))),
        a_poll(code=concept((HL7_CODES, "poll"))),
        "ECG-TASK-CODE",
        "Task.code",
    ),
    "code-of-a-foreign-system": (
        a_poll(code=concept(("http://hl7.org/fhir/CodeSystem/task-code", "poll"))),
        a_poll(code=concept((HL7_CODES, "poll"))),
        "ECG-TASK-CODE",
        "Task.code",
    ),
    "code-foreign-among-several": (
        a_poll(code=concept(ABORT, ("http://other.test/codes", "poll"))),
        a_poll(code=concept(ABORT, (HL7_CODES, "poll"))),
        "ECG-TASK-CODE",
        "Task.code",
    ),
    "code-ambiguous": (
        a_poll(code=concept((HL7_CODES, "poll"), (OUR_CODES, "status"))),
        a_poll(code=concept((HL7_CODES, "poll"), (OUR_CODES, "poll"))),
        "ECG-TASK-CODE",
        "Task.code",
    ),
    "input-without-type": (
        a_poll(input=[{"valueCode": "Claim"}]),
        a_poll_with(INCLUDED),
        "ECG-REQUIRED",
        "Task.input[0].type",
    ),
    "input-without-value": (
        a_poll(input=[typed(None, "include")]),
        a_poll_with(INCLUDED),
        "ECG-REQUIRED",
        "Task.input[0].value[x]",
    ),
    "input-of-two-values": (
        a_poll_with({**INCLUDED, "valueString": "Claim"}),
        a_poll_with(INCLUDED),
        "ECG-CHOICE",
        "Task.input[0].value[x]",
    ),
    "input-type-unknown": (
        a_poll_with(typed(HL7_INPUTS, "only", valueCode="Claim")),
        a_poll_with(typed(HL7_INPUTS, "include", valueCode="Claim")),
        "ECG-INPUT-TYPE",
        "Task.input[0].type",
    ),
    "input-type-of-a-foreign-system": (
        a_poll_with(INCLUDED, typed("http://other.test/inputs", "count", valuePositiveInt=1)),
        a_poll_with(INCLUDED, typed(OUR_INPUTS, "count", valuePositiveInt=1)),
        "ECG-INPUT-TYPE",
        "Task.input[1].type",
    ),
    "input-type-ambiguous": (
        a_poll(
            input=[
                {
                    "type": concept((HL7_INPUTS, "include"), (OUR_INPUTS, "exclude")),
                    "valueCode": "Claim",
                }
            ]
        ),
        a_poll(
            input=[
                {
                    "type": concept((HL7_INPUTS, "include"), (OUR_INPUTS, "include")),
                    "valueCode": "Claim",
                }
            ]
        ),
        "ECG-INPUT-TYPE",
        "Task.input[0].type",
    ),
    "input-type-that-poll-does-not-take": (
        a_poll_with(an_input("reference", valueString="BR12345")),
        a_poll_with(INCLUDED),
        "ECG-INPUT-TYPE",
        "Task.input[0]",
    ),
    "count-twice": (a_poll_with(count(1), count(1)), a_poll_with(count(1)), "ECG-INPUT-TWICE", "1"),
    "period-twice": (
        a_poll_with(period("2026-01-01", "2026-02-01"), period("2026-01-01", "2026-02-01")),
        a_poll_with(period("2026-01-01", "2026-02-01")),
        "ECG-INPUT-TWICE",
        "1",
    ),
    "include-no-resource-type": (
        a_poll_with(an_input("include", valueCode="Invoices")),
        a_poll_with(an_input("include", valueCode="Invoice")),
        "ECG-INPUT-VALUE",
        "0",
    ),
    "include-of-another-form": (
        a_poll_with(an_input("include", valueBoolean=True)),
        a_poll_with(an_input("include", valueString="Claim")),
        "ECG-INPUT-VALUE",
        "0",
    ),
    "count-0": (
        a_poll_with(count(0, valueInteger=0)),
        a_poll_with(count(1, valueInteger=1)),
        "ECG-INPUT-COUNT",
        "0",
    ),
    "count-0-as-positive": (
        a_poll_with(count(0)),
        a_poll_with(count(1)),
        "ECG-VALUE",
        "Task.input[0].valuePositiveInt",
    ),
    "count-101": (a_poll_with(count(101)), a_poll_with(count(100)), "ECG-INPUT-COUNT", "0"),
    "count-as-text": (
        a_poll_with(count(1, valueString="1")),
        a_poll_with(count(1)),
        "ECG-INPUT-VALUE",
        "0",
    ),
    "period-inverted": (
        a_poll_with(period("2026-03-02", "2026-03-01")),
        a_poll_with(period("2026-03-01", "2026-03-01")),
        "ECG-INVARIANT",
        "Task.input[0].valuePeriod",
    ),
    "authored-16-minutes-ahead": (
        a_poll(authoredOn="2026-03-02T09:46:00Z"),
        a_poll(authoredOn="2026-03-02T09:44:00Z"),
        "ECG-TASK-FUTURE",
        "Task.authoredOn",
    ),
    "authored-on-a-day-that-is-nowhere-yet": (
        a_poll(authoredOn="2026-03-03"),
        a_poll(authoredOn="2026-03-02"),
        "ECG-TASK-FUTURE",
        "Task.authoredOn",
    ),
    "authored-in-a-year-to-come": (
        a_poll(authoredOn="2027"),
        a_poll(authoredOn="2026"),
        "ECG-TASK-FUTURE",
        "Task.authoredOn",
    ),
    "authored-16-minutes-ahead-elsewhere": (
        a_poll(authoredOn="2026-03-02T19:46:00+10:00"),
        a_poll(authoredOn="2026-03-02T19:44:00+10:00"),
        "ECG-TASK-FUTURE",
        "Task.authoredOn",
    ),
}
