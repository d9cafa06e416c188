"""ClaimResponses to the official Claims: what they say, and that what is written is R4."""

from datetime import date
from decimal import Decimal

import pytest

from app.domain.adjudication import Amount, Category, Decided, DecidedLine
from app.domain.claims import Days
from app.domain.codes import Coding
from app.domain.issues import ErrorCode, Issue
from app.domain.money import Money
from app.fhir import json_text
from app.fhir.answers.claim_response import decided, errors, queued, reversal
from tests.fhir.asked import (
    CARC,
    CLAIMS,
    a_decision,
    an_answering,
    example,
    findings,
    local_references,
)

CANONICAL = "https://eclaims-gateway.org/fhir"
HL7 = "http://terminology.hl7.org/CodeSystem/adjudication"
OURS = f"{CANONICAL}/CodeSystem/adjudication"


def row(category, amount, system=HL7, display="Submitted Amount", **more):
    return {
        "category": {"coding": [{"system": system, "code": category, "display": display}]},
        **more,
        "amount": {"value": Decimal(amount), "currency": "USD"},
    }


SUBMITTED = row("submitted", "135.57")
COINSURANCE = row(
    "coinsurance",
    "27.11",
    OURS,
    "Coinsurance",
    reason={"coding": [{"system": CARC, "code": "2"}]},
)
BENEFIT = row("benefit", "108.46", display="Benefit Amount")


def a_single_line_decision(benefit="10.00", currency="USD"):
    amount = Money(Decimal(benefit), currency)
    rows = (Amount(Category.SUBMITTED, amount), Amount(Category.BENEFIT, amount))
    return Decided((DecidedLine((1,), rows),), rows, "Decided.")


def test_errors_without_an_error_are_not_written():
    with pytest.raises(ValueError, match="names the errors"):
        errors(an_answering(example("Claim-100150")), [])


def test_an_error_names_code_place_and_line():
    issue = Issue(
        ErrorCode.CLAIM_NET,
        "The net is 350, expected 300.",
        "Claim.item[2].detail[1].net",
    )

    document = errors(an_answering(example("Claim-100151")), [issue])

    assert (document["outcome"], "item" in document) == ("error", False)
    assert document["error"] == [
        {
            "extension": [
                {
                    "url": f"{CANONICAL}/StructureDefinition/expression",
                    "valueString": "Claim.item[2].detail[1].net",
                }
            ],
            "itemSequence": 3,
            "detailSequence": 2,
            "code": {
                "coding": [
                    {
                        "system": f"{CANONICAL}/CodeSystem/error",
                        "code": "ECG-CLAIM-NET",
                        "display": ErrorCode.CLAIM_NET.entry.meaning,
                    }
                ],
                "text": "The net is 350, expected 300.",
            },
        }
    ]
    assert findings(document) == []


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (None, {}),
        ("Claim.insurance", {}),
        ("Claim.item[9].net", {}),
        ("Claim.item[0].net", {"itemSequence": 1}),
        (
            "Claim.item[0].detail[1].subDetail[0]",
            {"itemSequence": 1, "detailSequence": 2, "subDetailSequence": 1},
        ),
    ],
)
def test_an_error_names_the_line_by_its_sequences_where_it_is_in_one(expression, expected):
    issue = Issue(ErrorCode.CLAIM_REQUIRED, "Missing.", expression)

    (error,) = errors(an_answering(example("Claim-660152")), [issue])["error"]

    assert {name: error[name] for name in error if name.endswith("Sequence")} == expected


def test_queued_is_written_whole():
    document = queued(an_answering(example("Claim-100150")))

    assert document == {
        "resourceType": "ClaimResponse",
        "text": {
            "status": "generated",
            "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p>Claim 12345 is received and '
            "queued for adjudication.</p></div>",
        },
        "identifier": [{"system": "http://nationalinsurers.com/response", "value": "R-1"}],
        "status": "active",
        "type": {
            "coding": [
                {"system": "http://terminology.hl7.org/CodeSystem/claim-type", "code": "oral"}
            ]
        },
        "use": "claim",
        "patient": {"reference": "Patient/1"},
        "created": "2026-03-01T09:30:00+00:00",
        "insurer": {"reference": "Organization/2"},
        "requestor": {"reference": "Organization/1"},
        "request": {
            "reference": "Claim/100150",
            "type": "Claim",
            "identifier": {"system": "http://happyvalley.com/claim", "value": "12345"},
        },
        "outcome": "queued",
        "disposition": "Claim 12345 is received and queued for adjudication.",
        "payeeType": {"coding": [{"code": "provider"}]},
        "insurance": [{"sequence": 1, "focal": True, "coverage": {"reference": "Coverage/9876B1"}}],
    }


def test_a_decision_is_written_row_by_row():
    claim = example("Claim-100150")

    document = decided(an_answering(claim), a_decision(claim))

    assert (document["outcome"], document["disposition"]) == (
        "complete",
        "Decided as per contract & <policy>.",
    )
    assert document["item"] == [
        {
            "itemSequence": 1,
            "noteNumber": [1],
            "adjudication": [SUBMITTED, COINSURANCE, BENEFIT],
        }
    ]
    without_reason = {name: COINSURANCE[name] for name in ("category", "amount")}
    assert document["total"] == [SUBMITTED, without_reason, BENEFIT]
    assert document["payment"] == {
        "type": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/ex-paymenttype",
                    "code": "complete",
                    "display": "Complete",
                }
            ]
        },
        "amount": {"value": Decimal("108.46"), "currency": "USD"},
    }
    assert document["processNote"] == [
        {"number": 1, "type": "display", "text": "Coinsurance of 20 %."}
    ]


def test_the_narrative_is_escaped_and_tells_the_amounts():
    claim = example("Claim-100150")

    div = decided(an_answering(claim), a_decision(claim))["text"]["div"]

    assert "<p>Decided as per contract &amp; &lt;policy&gt;.</p>" in div
    assert "<li>Benefit Amount: 108.46 USD</li>" in div


def test_a_character_that_xhtml_cannot_hold_stays_out_of_the_narrative():
    claim = example("Claim-100150")
    decision = Decided((), (), "Paid\x0b.")

    assert "<p>Paid.</p>" in decided(an_answering(claim), decision)["text"]["div"]


def test_three_tiers_name_their_sequences():
    claim = example("Claim-660152")

    (item,) = decided(an_answering(claim), a_decision(claim))["item"]

    lens = item["detail"][1]
    assert (item["itemSequence"], lens["detailSequence"]) == (1, 2)
    assert lens["subDetail"][0]["subDetailSequence"] == 1
    assert [row["amount"]["value"] for row in item["adjudication"]] == [
        Decimal("235.40"),
        Decimal("47.08"),
        Decimal("188.32"),
    ]


@pytest.mark.parametrize(("use", "benefit"), [("preauthorization", "10.00"), ("claim", "0.00")])
def test_nothing_is_paid_where_nothing_is_owed(use, benefit):
    claim = {**example("Claim-100150"), "use": use}

    assert "payment" not in decided(an_answering(claim), a_single_line_decision(benefit))


def test_a_claim_with_a_benefit_is_paid():
    claim = example("Claim-100150")

    assert "payment" in decided(an_answering(claim), a_single_line_decision("0.01"))


def test_a_preauthorization_is_named_with_its_days():
    claim = example("Claim-100153")
    valid = Days(date(2026, 3, 1), date(2026, 5, 29))

    document = decided(an_answering(claim), a_decision(claim), "PA-1", valid)

    assert document["preAuthRef"] == "PA-1"
    assert document["fundsReserve"]["coding"][0]["code"] == "provider"
    assert document["preAuthPeriod"] == {"start": "2026-03-01", "end": "2026-05-29"}
    assert findings(document) == []


def test_a_preauthorization_without_a_benefit_holds_nothing_for_anybody():
    claim = {**example("Claim-100150"), "use": "preauthorization"}

    nothing = decided(an_answering(claim), a_single_line_decision("0.00"), "PA-1")
    claimed = decided(an_answering(example("Claim-100150")), a_single_line_decision("0.00"))

    assert nothing["fundsReserve"]["coding"][0]["code"] == "none"
    assert "fundsReserve" not in claimed


def test_a_decision_names_what_the_provider_was_asked_before():
    told, decision = an_answering(example("Claim-100150")), a_single_line_decision("1.00")

    document = decided(told, decision, question="CommunicationRequest/7")

    assert document["communicationRequest"] == [{"reference": "CommunicationRequest/7"}]
    assert "communicationRequest" not in decided(told, decision)
    assert findings(document) == []


def test_an_earlier_payers_answer_stays_with_its_insurance():
    claim = example("Claim-100150")
    claim["insurance"][0]["claimResponse"] = {"reference": "ClaimResponse/R3500"}

    [insurance] = decided(an_answering(claim), a_decision(claim))["insurance"]

    assert insurance["claimResponse"] == {"reference": "ClaimResponse/R3500"}


@pytest.mark.parametrize(
    ("amount", "currency"),
    [("100.00", "USD"), ("1234567890123456789.01", "USD"), ("0.500", "KWD"), ("1500", "JPY")],
)
def test_amounts_come_out_to_the_last_digit(amount, currency):
    claim = example("Claim-100150")

    text = json_text.write(decided(an_answering(claim), a_single_line_decision(amount, currency)))

    assert '"payment":{"type":{' in text
    assert text.count(f'{{"value":{amount},"currency":"{currency}"}}') == 5


def test_an_insurer_that_the_claim_does_not_name_is_the_payer():
    claim = example("Claim-100150")
    del claim["insurer"]

    named = queued(an_answering(claim))["insurer"]
    nameless = queued(an_answering(claim, payer_identifier=None))["insurer"]

    assert named == {
        "type": "Organization",
        "identifier": {"system": "http://nationalinsurers.com/identifiers", "value": "12345"},
        "display": "National Insurers",
    }
    assert nameless == {"type": "Organization", "display": "National Insurers"}


def test_contained_parties_are_carried_as_identifier_or_name():
    document = queued(an_answering(example("Claim-100152")))

    assert document["patient"] == {"type": "Patient", "display": "Duck Donald"}
    assert document["insurer"] == {
        "type": "Organization",
        "identifier": {"system": "http://www.bindb.com/bin", "value": "123456"},
    }
    assert document["insurance"][0]["coverage"] == {
        "type": "Coverage",
        "identifier": {"system": "http://benefitsinc.com/certificate", "value": "12345"},
    }


def test_a_reversal_turns_every_sign_and_names_what_it_reverses():
    claim = example("Claim-100150")
    original = decided(an_answering(claim), a_decision(claim))

    document = reversal(
        an_answering(claim), original, "ClaimResponse/1/_history/2", "The Claim was cancelled."
    )

    assert document["extension"] == [
        {
            "url": f"{CANONICAL}/StructureDefinition/predecessor",
            "valueReference": {"reference": "ClaimResponse/1/_history/2"},
        },
        {
            "url": f"{CANONICAL}/StructureDefinition/reissue-reason",
            "valueCodeableConcept": {
                "coding": [
                    {
                        "system": f"{CANONICAL}/CodeSystem/reissue-reason",
                        "code": "cancelled",
                        "display": "Cancelled",
                    }
                ],
                "text": "The Claim was cancelled.",
            },
        },
    ]
    assert document["disposition"] == (
        "Reverses ClaimResponse/1/_history/2: The Claim was cancelled."
    )
    assert document["item"][0]["adjudication"] == [
        row("submitted", "-135.57"),
        {**COINSURANCE, "amount": {"value": Decimal("-27.11"), "currency": "USD"}},
        row("benefit", "-108.46", display="Benefit Amount"),
    ]
    assert [total["amount"]["value"] for total in document["total"]] == [
        Decimal("-135.57"),
        Decimal("-27.11"),
        Decimal("-108.46"),
    ]
    assert document["payment"]["amount"] == {"value": Decimal("-108.46"), "currency": "USD"}
    assert findings(document) == []


def test_a_reversed_payment_has_no_date_and_the_original_is_untouched():
    claim, original = example("Claim-100150"), example("ClaimResponse-R3500")

    document = reversal(an_answering(claim), original, "ClaimResponse/R3500", "Cancelled.")

    assert set(document["payment"]) == {"type", "amount"}
    assert str(document["payment"]["amount"]["value"]) == "-100.47"
    assert document["item"][0]["adjudication"][2]["value"] == Decimal("80.00")
    assert original == example("ClaimResponse-R3500")
    assert findings(document) == []


def test_the_reversal_of_a_preauthorization_keeps_its_reference_and_pays_nothing_back():
    claim = example("Claim-100153")
    original = decided(an_answering(claim), a_decision(claim), "PA-1")

    document = reversal(an_answering(claim), original, "ClaimResponse/1", "Cancelled.")

    assert document["preAuthRef"] == "PA-1"
    assert "payment" not in document


def test_a_reversed_zero_has_no_sign_and_no_digit_is_lost():
    claim = example("Claim-100150")
    long = Decimal("12345678901234567890123456789.01")
    rows = (
        Amount(Category.SUBMITTED, Money(long, "USD")),
        Amount(Category.BENEFIT, Money(Decimal("0.00"), "USD")),
    )
    original = decided(
        an_answering(claim), Decided((DecidedLine((1,), rows),), rows, "Nothing is covered.")
    )

    text = json_text.write(reversal(an_answering(claim), original, "ClaimResponse/1", "Cancelled."))

    assert text.count('"value":-12345678901234567890123456789.01,') == 2
    assert text.count('"value":0.00,') == 2


@pytest.mark.parametrize("name", CLAIMS)
def test_every_answer_to_an_official_claim_is_valid_and_leaves_nothing_contained_behind(name):
    claim = example(name)
    answering = an_answering(claim)
    decision = decided(answering, a_decision(claim))
    issue = Issue(ErrorCode.CLAIM_TOTAL, "The total is <wrong>.", "Claim.total")

    for document in (
        queued(answering),
        errors(answering, [issue]),
        decision,
        reversal(answering, decision, "ClaimResponse/1/_history/2", "Cancelled."),
    ):
        assert findings(document) == []
        assert local_references(document) == []
        assert {"id", "meta", "contained"}.isdisjoint(document)


def test_a_reason_of_the_payer_is_written_with_its_words():
    claim = example("Claim-100150")
    amount = Money(Decimal("1.00"), "USD")
    reasons = (Coding(CARC, "45"), Coding(OURS, "fee", "Above the fee"))
    rows = (Amount(Category.CONTRACTUAL, amount, reasons), Amount(Category.BENEFIT, amount))

    (item,) = decided(an_answering(claim), Decided((DecidedLine((1,), rows),), rows, "D."))["item"]

    assert item["adjudication"][0]["reason"] == {
        "coding": [
            {"system": CARC, "code": "45"},
            {"system": OURS, "code": "fee", "display": "Above the fee"},
        ]
    }
