"""Claims that cannot be adjudicated: taken, and answered with every error they have.

http://hl7.org/fhir/R4/claimresponse-definitions.html#ClaimResponse.error
"""

import pytest

from app.fhir.validation import check
from tests.builders import a_claim, a_task, identifier, money
from tests.conformance.standings import related


def an_insurance(sequence=1, *, focal=True):
    coverage = {"identifier": identifier("http://payer.test/member", "M1")}
    return {"sequence": sequence, "focal": focal, "coverage": coverage}


def items(*changes):
    """The items of a Claim of 100.00 each, with these changes."""
    lines = a_claim(prices=["100.00"] * len(changes))["item"]
    return [{**line, **change} for line, change in zip(lines, changes, strict=True)]


def born(day):
    patient = {"resourceType": "Patient", "id": "p", "birthDate": day}
    served = {"serviced": "2026-03-01"}
    return {"contained": [patient], "patient": {"reference": "#p"}, **served}


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
