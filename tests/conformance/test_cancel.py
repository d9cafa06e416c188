"""What a cancel does: stops what is unfinished, reverses what is finished, and keeps the copy.

http://hl7.org/fhir/R4/financial-module.html#cancel
"""

from decimal import Decimal

import pytest

from app.store import tables
from app.store.tables import Delivery
from tests.builders import a_claim, a_communication, a_coverage, a_task, an_eligibility_request
from tests.conformance.standings import related
from tests.fhir.business.test_default_plan import default_plan

CANONICAL = "https://eclaims-gateway.org/fhir"
PREDECESSOR = f"{CANONICAL}/StructureDefinition/predecessor"
REISSUE_REASON = f"{CANONICAL}/StructureDefinition/reissue-reason"
PLAN = f"{CANONICAL}/CodeSystem/plan"
COVERAGE_CLASS = "http://terminology.hl7.org/CodeSystem/coverage-class"


def cancel(wire, focus):
    return wire.task(a_task("cancel", focus=focus))


def polled(wire, **options):
    """The references that polls hand over until nothing is left."""
    found = []
    for _ in range(50):
        answer = wire.task(a_task("poll", **options)).output("response")
        if answer is None:
            return found
        found.append(answer)
    raise AssertionError("the queue does not end")


def amounts(document):
    """Every amount of items, totals and payment, by category, in the document's order."""
    rows = [row for item in document["item"] for row in item["adjudication"]]
    told = [
        (row["category"]["coding"][0]["code"], row["amount"]["value"])
        for row in rows + document["total"]
    ]
    paid = document.get("payment")
    return [*told, *([("payment", paid["amount"]["value"])] if paid else [])]


def a_plan_with_a_deductible(amount):
    plan = default_plan()
    kind = {"coding": [{"system": PLAN, "code": "deductible-individual"}]}
    cost = {"value": Decimal(amount), "currency": "EUR"}
    plan["plan"][0]["generalCost"] = [{"type": kind, "cost": cost}]
    plan["identifier"] = [{"system": "http://payer.test/plan", "value": "with-deductible"}]
    return plan


def total(wire, claim, category):
    """One total of the ClaimResponse to a Claim; zero where it is not told."""
    [row] = [
        one
        for one in wire.get(related(claim)).document["total"]
        if one["category"]["coding"][0]["code"] == category
    ] or [{"amount": {"value": Decimal(0)}}]
    return row["amount"]["value"]


def test_a_queued_claim_is_never_decided_after_its_cancel(standings, wire, worker, core):
    core.post("Coverage", a_coverage())
    taken, twin = wire.post("Claim", a_claim()), wire.post("Claim", a_claim())

    done = cancel(wire, taken.reference)

    assert done.outputs == []
    assert worker.drain() == 1
    assert wire.get(taken.reference).document["status"] == "cancelled"
    response = wire.get(related(taken)).document
    assert (response["status"], response["outcome"]) == ("cancelled", "queued")
    assert wire.get(related(twin)).document["outcome"] == "complete"
    assert polled(wire, focus=taken.reference) == []


@pytest.mark.parametrize("is_delivered", [False, True], ids=["undelivered", "delivered"])
def test_a_decided_claim_is_reversed(standings, wire, rows, is_delivered):
    claim = standings.claim("payable")
    originals = polled(wire) if is_delivered else []

    done = cancel(wire, claim)

    original = wire.get(related_response(rows, claim)).document
    reversal = wire.get(done.output("response")).document
    assert wire.get(claim).document["meta"]["versionId"] == "2"
    assert (original["status"], original["meta"]["versionId"]) == ("cancelled", "3")
    assert (reversal["status"], reversal["outcome"]) == ("active", "complete")
    assert reversal["id"] != original["id"]
    assert amounts(reversal) == [(name, -value) for name, value in amounts(original)]
    assert dict(amounts(reversal))["benefit"] == Decimal("-80.00")
    assert '"value":-80.00' in wire.get(done.output("response")).text
    extensions = {one["url"]: one for one in reversal["extension"]}
    assert extensions[PREDECESSOR]["valueReference"]["reference"] == (
        f"ClaimResponse/{original['id']}/_history/3"
    )
    assert REISSUE_REASON in extensions
    assert polled(wire) == [done.output("response")]
    assert len(originals) == (2 if is_delivered else 0)
    assert [wire.get(one).document["status"] for one in originals] == ["active"] * len(originals)


def related_response(rows, claim):
    [row] = rows.of(tables.submission, id=claim.partition("/")[2])
    return f"ClaimResponse/{row['response_id']}"


def test_the_explanation_of_benefit_is_cancelled_too(standings, wire, rows):
    claim = standings.claim("payable")
    [row] = rows.of(tables.submission, id=claim.partition("/")[2])
    explanation = f"ExplanationOfBenefit/{row['benefit_id']}"
    assert wire.get(explanation).document["status"] == "active"

    cancel(wire, claim)

    cancelled = wire.get(explanation).document
    assert (cancelled["status"], cancelled["meta"]["versionId"]) == ("cancelled", "2")
    assert wire.get(f"{explanation}/_history/1").document["status"] == "active"


def test_what_was_not_delivered_is_withdrawn_and_what_was_stays_delivered(standings, wire, rows):
    claim = standings.claim("payable")
    assert wire.task(a_task("poll")).output("response").startswith("ClaimResponse/")

    cancel(wire, claim)

    queue = rows.of(tables.pended, submission_id=claim.partition("/")[2])
    assert [(row["type"], row["state"]) for row in queue] == [
        ("ClaimResponse", Delivery.DELIVERED),
        ("ExplanationOfBenefit", Delivery.WITHDRAWN),
        ("ClaimResponse", Delivery.UNDELIVERED),
    ]


def test_the_deductible_is_given_back(wire, core, worker):
    plan = a_plan_with_a_deductible("50.00")
    named = {"coding": [{"system": COVERAGE_CLASS, "code": "plan"}]}
    assert core.post("InsurancePlan", plan).status == 201
    covered = a_coverage(**{"class": [{"type": named, "value": "with-deductible"}]})
    assert core.post("Coverage", covered).status == 201

    first, second = decided(wire, worker), decided(wire, worker)
    assert [total(wire, one, "deductible") for one in (first, second)] == [Decimal("50.00"), 0]
    cancel(wire, first.reference)
    third, fourth = decided(wire, worker), decided(wire, worker)

    assert [total(wire, one, "deductible") for one in (third, fourth)] == [Decimal("50.00"), 0]
    assert [total(wire, one, "benefit") for one in (second, third)] == [
        Decimal("80.00"),
        Decimal("40.00"),
    ]


def decided(wire, worker):
    claim = wire.post("Claim", a_claim())
    assert worker.drain() == 1
    return claim


def test_the_cancel_of_a_claim_frees_its_identifier(wire, standings):
    content = a_claim(number="again")
    first = wire.post("Claim", content)
    amended = a_claim(number="again", prices=["70.00"])
    assert wire.post("Claim", amended).status == 409

    cancel(wire, first.reference)

    assert wire.post("Claim", amended).status == 201
    status = wire.task(a_task("status", focus={"identifier": content["identifier"][0]}))
    assert status.output("resource-status") == "active"


@pytest.mark.parametrize(
    ("price", "used"), [("0.01", 1), ("100.00", 8000)], ids=["a-cent", "used-up"]
)
def test_a_preauthorization_is_cancelled_unless_claims_hold_a_part(standings, wire, price, used):
    preauthorization = standings.claim("preauthorization")
    using = standings.using(preauthorization, price)
    left = {"open": 8000 - used} if used < 8000 else {}

    refused = cancel(wire, preauthorization)

    assert refused.outputs == [("error", "ECG-CANCEL-CLAIMED")]
    held = {"reserved": 8000, "consumed": used, **left}
    assert standings.balance(preauthorization) == held
    assert wire.get(preauthorization).document["status"] == "active"

    cancel(wire, using)
    done = cancel(wire, preauthorization)

    assert wire.get(done.output("response")).document["use"] == "preauthorization"
    restored = {"reserved": 8000, "consumed": used, "restored": used, "released": 8000}
    assert standings.balance(preauthorization) == restored


def test_an_eligibility_request_is_cancelled_with_its_answer(wire, core):
    asked = wire.post("CoverageEligibilityRequest", an_eligibility_request())

    done = cancel(wire, asked.reference)

    assert (done.document["status"], done.outputs) == ("completed", [])
    assert wire.get(asked.reference).document["status"] == "cancelled"
    assert wire.get(related(asked)).document["status"] == "cancelled"
    assert polled(wire) == []
    again = cancel(wire, asked.reference)
    assert again.outputs == [("error", "ECG-CANCEL-ALREADY-CANCELLED")]


@pytest.mark.parametrize("status", ["in-progress", "completed"])
def test_a_communication_becomes_entered_in_error(wire, status):
    sent = wire.post("Communication", a_communication(status=status))

    done = cancel(wire, sent.reference)

    assert done.document["status"] == "completed"
    assert wire.get(sent.reference).document["status"] == "entered-in-error"
    told = wire.task(a_task("status", focus=sent.reference))
    assert told.output("resource-status") == "entered-in-error"


def test_a_communication_that_a_decision_used_is_not_cancelled(wire, standings):
    used = wire.post("Communication", a_communication()).reference
    unused = wire.post("Communication", a_communication()).reference
    standings.put(used, is_used=True)

    refused = cancel(wire, used)

    assert refused.document["status"] == "rejected"
    assert refused.outputs == [("error", "ECG-CANCEL-USED")]
    assert wire.get(used).document["status"] == "completed"
    assert cancel(wire, unused).document["status"] == "completed"


def test_the_text_of_the_claim_is_kept_but_for_its_status(wire):
    taken = wire.post("Claim", a_claim(prices=["100.10", "0.90"]))

    cancel(wire, taken.reference)

    kept = wire.get(taken.reference).text
    first = wire.get(f"{taken.reference}/_history/1").text
    assert (
        kept.replace('"status":"cancelled"', '"status":"active"').replace(
            '"versionId":"2"', '"versionId":"1"'
        )
        == first
    )
