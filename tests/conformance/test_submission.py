"""Submitting requests: what is refused and leaves nothing, and what is answered as invalid.

http://hl7.org/fhir/R4/http.html#create, http://hl7.org/fhir/R4/claim.html
"""

import pytest

from app.domain.references import Identifier
from app.fhir.validation import check
from app.gateway.new_payer import new_payer
from app.store import tables
from tests.builders import (
    a_claim,
    a_communication,
    a_task,
    an_eligibility_request,
    identifier,
    money,
)
from tests.conformance.standings import related
from tests.wire import Wire

INSURER = {"identifier": identifier("pid", "12345")}
OTHER_INSURER = {"identifier": identifier("pid", "67890")}
STRANGER = {"identifier": identifier("sid", "Sad Mountain")}
OWN = {"identifier": identifier("sid", "Happy Valley")}
REQUESTS = {
    "Claim": a_claim,
    "CoverageEligibilityRequest": an_eligibility_request,
}


@pytest.fixture
def insured(http, registry, installation) -> Wire:
    """A submitter of a payer that has an identifier."""
    payer = new_payer(installation, "Insurer", (Identifier("pid", "12345"),))
    return Wire(http, registry.submitter(payer=payer).token)


@pytest.fixture
def narrow(http, registry) -> Wire:
    """Happy Valley, which acts for nobody else."""
    return Wire(http, registry.submitter(acts_for_anybody=False).token)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"insurance": None}, "ECG-REQUIRED"),
        ({"created": "02.03.2026"}, "ECG-VALUE"),
        ({"use": "order"}, "ECG-CODE"),
        ({"item": []}, "ECG-EMPTY"),
        ({"itemCount": 1}, "ECG-UNKNOWN-ELEMENT"),
    ],
)
def test_what_is_not_r4_is_refused(wire, rows, changes, error):
    before = rows.counts()

    refused = wire.post("Claim", a_claim(**changes))

    assert (refused.status, refused.errors) == (400, [error])
    assert rows.counts() == before
    assert wire.post("Claim", a_claim()).status == 201


def test_what_was_refused_is_found_by_nobody(wire):
    refused = a_claim(status="draft", number="1")
    assert wire.post("Claim", refused).status == 422
    focus = {"identifier": refused["identifier"][0]}

    answers = [wire.task(a_task(code, focus=focus)) for code in ("status", "cancel", "poll")]

    assert {answer.output("error") for answer in answers} == {"ECG-FOCUS-NOT-FOUND"}
    assert wire.task(a_task("poll")).outputs == [("remaining", 0)]
    assert wire.post("Claim", {**refused, "status": "active"}).status == 201
    assert wire.task(a_task("status", focus=focus)).output("status") == "queued"


@pytest.mark.parametrize("status", ["draft", "cancelled", "entered-in-error"])
@pytest.mark.parametrize("type", REQUESTS)
def test_a_request_is_sent_active(wire, rows, type, status):
    before = rows.counts()

    refused = wire.post(type, REQUESTS[type](status=status))

    assert (refused.status, refused.errors) == (422, ["ECG-NOT-ACTIVE"])
    assert refused.expressions == [f"{type}.status"]
    assert rows.counts() == before
    assert wire.post(type, REQUESTS[type](status="active")).status == 201


@pytest.mark.parametrize("type", REQUESTS)
def test_another_payers_request_is_refused(insured, rows, type):
    request = REQUESTS[type]
    before = rows.counts()

    refused = insured.post(type, request(insurer=OTHER_INSURER))

    assert (refused.status, refused.errors) == (422, ["ECG-FOREIGN-PAYER"])
    assert refused.expressions == [f"{type}.insurer"]
    assert rows.counts() == before
    assert insured.post(type, request(insurer=INSURER)).status == 201
    assert insured.post(type, request(insurer={"display": "Some insurer"})).status == 201


def test_a_claim_without_an_insurer_is_this_payers(insured):
    assert insured.post("Claim", a_claim(insurer=None)).status == 201


@pytest.mark.parametrize("type", REQUESTS)
def test_a_payer_without_identifiers_is_every_insurer(wire, type):
    assert wire.post(type, REQUESTS[type](insurer=OTHER_INSURER)).status == 201


SENT = {
    "Claim": (a_claim, "provider"),
    "CoverageEligibilityRequest": (an_eligibility_request, "provider"),
    "Communication": (a_communication, "sender"),
}


@pytest.mark.parametrize("type", SENT)
def test_a_request_of_a_foreign_sender_is_refused_and_audited(narrow, rows, type):
    request, element = SENT[type]
    before = rows.counts()

    refused = narrow.post(type, request(**{element: STRANGER}))

    assert (refused.status, refused.errors) == (403, ["ECG-FOREIGN-SENDER"])
    assert refused.expressions == [f"{type}.{element}"]
    assert rows.counts() == before
    [denial] = rows.of(tables.audit, action="denied")
    assert (denial["type"], denial["outcome"]) == (type, "ECG-FOREIGN-SENDER")
    assert narrow.post(type, request(**{element: OWN})).status == 201


def test_a_communication_need_not_name_its_sender(narrow):
    assert narrow.post("Communication", a_communication(sender=None)).status == 201


def test_who_acts_for_anybody_sends_for_anybody(wire):
    assert wire.post("Claim", a_claim(provider=STRANGER)).status == 201
    assert wire.post("Claim", a_claim(provider={"reference": "Organization/9"})).status == 201


def test_everything_wrong_with_the_parties_is_told_at_once(http, registry, installation):
    payer = new_payer(installation, "Insurer", (Identifier("pid", "12345"),))
    wire = Wire(http, registry.submitter(payer=payer, acts_for_anybody=False).token)

    refused = wire.post("Claim", a_claim(provider=STRANGER, insurer=OTHER_INSURER, status="draft"))

    assert set(refused.errors) == {
        "ECG-NOT-ACTIVE",
        "ECG-FOREIGN-SENDER",
        "ECG-FOREIGN-PAYER",
    }


def an_insurance(sequence=1, *, focal=True):
    coverage = {"identifier": identifier("http://payer.test/member", "M1")}
    return {"sequence": sequence, "focal": focal, "coverage": coverage}


def items(*changes):
    """The items of a Claim of 100.00 each, with these changes."""
    lines = a_claim(prices=["100.00"] * len(changes))["item"]
    return [{**line, **change} for line, change in zip(lines, changes, strict=True)]


def born(day):
    patient = {"resourceType": "Patient", "id": "p", "birthDate": day}
    return {"contained": [patient], "patient": {"reference": "#p"}}


INVALID = {
    "no-focal-insurance": (
        {"insurance": [an_insurance(focal=False)]},
        {"insurance": [an_insurance()]},
        "ECG-CLAIM-INSURANCE",
        "Claim.insurance",
    ),
    "two-focal-insurances": (
        {"insurance": [an_insurance(1), an_insurance(2)]},
        {"insurance": [an_insurance(1), an_insurance(2, focal=False)]},
        "ECG-CLAIM-INSURANCE",
        "Claim.insurance",
    ),
    "sequence-twice": (
        {"item": items({}, {"sequence": 1}), "total": money("200.00")},
        {"item": items({}, {"sequence": 2}), "total": money("200.00")},
        "ECG-CLAIM-SEQUENCE",
        "Claim.item[1].sequence",
    ),
    "pointer-to-nothing": (
        {"item": items({"informationSequence": [2]})},
        {
            "item": items({"informationSequence": [2]}),
            "supportingInfo": [{"sequence": 2, "category": {"text": "x-ray"}}],
        },
        "ECG-CLAIM-SEQUENCE",
        "Claim.item[0].informationSequence[0]",
    ),
    "two-currencies": (
        {"item": items({"unitPrice": money("100.00", "USD"), "net": money("100.00")})},
        {"item": items({"unitPrice": money("100.00"), "net": money("100.00")})},
        "ECG-CLAIM-CURRENCY",
        "Claim.item[0].unitPrice",
    ),
    "service-of-tomorrow": (
        {"item": items({"servicedDate": "2026-03-03"})},
        {"item": items({"servicedDate": "2026-03-02"})},
        "ECG-CLAIM-DATE",
        "Claim.item[0].serviced",
    ),
    "service-before-birth": (
        born("2026-03-02"),
        born("2026-03-01"),
        "ECG-CLAIM-DATE",
        "Claim.item[0].serviced",
    ),
    "negative-quantity": (
        {"item": items({"quantity": {"value": -1}, "net": None})},
        {"item": items({"quantity": {"value": 1}})},
        "ECG-CLAIM-NEGATIVE",
        "Claim.item[0].quantity",
    ),
    "net-of-a-cent-more": (
        {"item": items({"net": money("100.01")}), "total": money("100.01")},
        {"item": items({"net": money("100.00")}), "total": money("100.00")},
        "ECG-CLAIM-NET",
        "Claim.item[0].net",
    ),
    "total-of-a-cent-less": (
        {"total": money("99.99")},
        {"total": money("100.00")},
        "ECG-CLAIM-TOTAL",
        "Claim.total",
    ),
}


def without_nothing(changes):
    """What a test took out of a line is no null in it."""
    lines = changes.get("item")
    if lines is None:
        return changes
    kept = [{name: value for name, value in line.items() if value is not None} for line in lines]
    return {**changes, "item": kept}


def findings(response):
    """The catalogue ids and places in ClaimResponse.error."""
    return [
        (one["code"]["coding"][0]["code"], one["extension"][0]["valueString"])
        for one in response["error"]
    ]


@pytest.mark.parametrize(
    ("wrong", "twin", "error", "expression"), INVALID.values(), ids=INVALID.keys()
)
def test_an_invalid_claim_is_taken_and_answered_with_its_error(
    wire, rows, wrong, twin, error, expression
):
    taken = wire.post("Claim", a_claim(**without_nothing(wrong)))
    fine = wire.post("Claim", a_claim(**without_nothing(twin)))

    assert (taken.status, fine.status) == (201, 201)
    response = wire.get(related(taken)).document
    assert (response["outcome"], response["status"]) == ("error", "active")
    assert (error, expression) in findings(response)
    assert "item" not in response
    assert check(response) == []
    assert wire.get(related(fine)).document["outcome"] == "queued"
    polled = wire.task(a_task("poll"))
    assert polled.outputs == [("response", f"{related(taken)}/_history/1"), ("remaining", 0)]


def test_every_error_is_listed_and_not_only_the_first(wire, worker):
    wrong = a_claim(
        insurance=[an_insurance(focal=False)],
        item=items({"net": money("90.00")}, {"sequence": 1, "servicedDate": "2027-01-01"}),
        total=money("1.00"),
    )

    taken = wire.post("Claim", wrong)

    response = wire.get(related(taken)).document
    assert findings(response) == [
        ("ECG-CLAIM-INSURANCE", "Claim.insurance"),
        ("ECG-CLAIM-SEQUENCE", "Claim.item[1].sequence"),
        ("ECG-CLAIM-DATE", "Claim.item[1].serviced"),
        ("ECG-CLAIM-NET", "Claim.item[0].net"),
        ("ECG-CLAIM-TOTAL", "Claim.total"),
    ]
    assert [one["itemSequence"] for one in response["error"] if "itemSequence" in one] == [1, 1, 1]
    assert worker.drain() == 0


def test_a_service_is_before_a_birth_that_the_sender_told_in_a_patient_of_its_own(wire):
    patient = wire.post("Patient", {"resourceType": "Patient", "birthDate": "2026-03-02"})

    taken = wire.post("Claim", a_claim(patient={"reference": patient.reference}))

    response = wire.get(related(taken)).document
    assert findings(response) == [("ECG-CLAIM-DATE", "Claim.item[0].serviced")]
