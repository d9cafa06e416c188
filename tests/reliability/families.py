"""Families under one plan, and their counters worked out anew from what was decided."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.domain.canonical import PLAN
from app.domain.codes import ClaimUse
from app.domain.lifecycle import State
from app.domain.parties import Scope
from app.fhir import json_text
from app.gateway.installation import Installation
from app.store import tables
from tests.builders import COVERAGE_SYSTEM, a_coverage, a_service_of_its_own, identifier, money
from tests.rows import Rows
from tests.wire import Wire

DEDUCTIBLE_OF_A_MEMBER = Decimal("300.00")
DEDUCTIBLE_OF_A_FAMILY = Decimal("500.00")
MEMBERS_OF_A_FAMILY = 3
_PLAN = "shared"
_CLASSES = "http://terminology.hl7.org/CodeSystem/coverage-class"
_CATEGORY = f"{PLAN}|general"
_IN_FORCE = {State.DECIDED, State.PAYABLE}
_KINDS = {
    "deductible": ("deductible",),
    "out-of-pocket": ("deductible", "copay", "coinsurance"),
}
# Holder, kind and category.
Key = tuple[str, str, str]


@dataclass(frozen=True)
class Member:
    """One insured person: the number on the card, and the keys of the counters."""

    number: str
    own: str
    family: str

    def claim(self, price: str, **elements: Any) -> dict[str, Any]:
        """A Claim about this member."""
        coverage = {"identifier": identifier(COVERAGE_SYSTEM, self.number)}
        return a_service_of_its_own(prices=[price], coverage=coverage, **elements)


def enrolled(core: Wire, families: int) -> list[Member]:
    """The members of new families under a plan with deductibles, known to the payer."""
    assert core.post("InsurancePlan", _plan()).status == 201
    return [
        joined(core, f"M{family}-{number}", f"F{family}")
        for family in range(families)
        for number in range(MEMBERS_OF_A_FAMILY)
    ]


def joined(core: Wire, number: str, family: str) -> Member:
    """A new member of a family under the plan, known to the payer."""
    kept = core.post("Coverage", _coverage(number, family))
    assert kept.status == 201
    return Member(number, kept.document["id"], f"{_PLAN}|{family}")


def used(rows: Rows) -> dict[Key, Decimal]:
    """What each counter of money stands at; those at zero are left out."""
    sums: Counter[Key] = Counter()
    for row in rows.of(tables.counter_entry):
        if row["kind"] not in {"visit", "copay"}:
            sums[(row["holder"], row["kind"], row["category"])] += row["amount"]
    return {key: amount for key, amount in sums.items() if amount}


def recomputed(
    members: Sequence[Member], installation: Installation, rows: Rows
) -> dict[Key, Decimal]:
    """What each counter of money ought to stand at, by the decisions that are in force."""
    by_number = {member.number: member for member in members}
    sums: Counter[Key] = Counter()
    for number, totals in _in_force(installation, rows):
        member = by_number[number]
        for kind, parts in _KINDS.items():
            borne = sum((totals.get(part, Decimal(0)) for part in parts), Decimal(0))
            sums[(member.own, f"{kind}-individual", "")] += borne
            sums[(member.family, f"{kind}-family", "")] += borne
        sums[(member.own, "benefit", "")] += totals["benefit"]
        # In its category a benefit counts for the year and for the lifetime.
        sums[(member.own, "benefit", _CATEGORY)] += 2 * totals["benefit"]
    return {key: amount for key, amount in sums.items() if amount}


def _in_force(installation: Installation, rows: Rows) -> Iterator[tuple[str, dict[str, Decimal]]]:
    """The member's number and the totals of each decision that counts and was not reversed."""
    for row in rows.of(tables.submission, type="Claim"):
        if row["state"] not in _IN_FORCE or row["use"] is not ClaimUse.CLAIM:
            continue
        scope, id = Scope(row["payer_id"]), row["response_id"]
        stored = installation.read(
            scope, lambda work, id=id: work.resources.find("ClaimResponse", id)
        )
        response = json_text.parsed(stored.text)
        assert (response["outcome"], response["status"]) == ("complete", "active")
        yield (
            response["insurance"][0]["coverage"]["identifier"]["value"],
            {
                total["category"]["coding"][0]["code"]: Decimal(total["amount"]["value"])
                for total in response["total"]
            },
        )


def _coverage(number: str, family: str) -> dict[str, Any]:
    kind = {"coding": [{"system": _CLASSES, "code": "plan"}]}
    belongs = {"class": [{"type": kind, "value": _PLAN}]}
    return a_coverage(number, subscriberId=family, dependent=number, **belongs)


def _plan() -> dict[str, Any]:
    general = _coded("general")
    percent = {"value": 20, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"}
    share = {"type": general, "cost": [{"type": _coded("coinsurance"), "value": percent}]}
    costs = {
        "deductible-individual": DEDUCTIBLE_OF_A_MEMBER,
        "deductible-family": DEDUCTIBLE_OF_A_FAMILY,
    }
    return {
        "resourceType": "InsurancePlan",
        "identifier": [identifier("http://payer.test/plan", _PLAN)],
        "status": "active",
        "name": "Shared deductible",
        "coverage": [{"type": general, "benefit": [{"type": general}]}],
        "plan": [
            {
                "generalCost": [
                    {"type": _coded(kind), "cost": money(str(amount))}
                    for kind, amount in costs.items()
                ],
                "specificCost": [{"category": general, "benefit": [share]}],
            }
        ],
    }


def _coded(code: str) -> dict[str, Any]:
    return {"coding": [{"system": PLAN, "code": code}]}
