"""Claims of families that use up the same deductible, repeat services, and miss their coverage."""

import random
from datetime import date, timedelta

from sqlalchemy import select

from app.adjudicators.standard import StandardAdjudicator
from app.domain.canonical import PLAN
from app.gateway.administering.new_payer import new_payer
from app.gateway.jobs.worker import Worker
from app.store import tables
from tests.builders import COVERAGE_SYSTEM, a_claim, a_coverage, a_price, identifier, money
from tests.conftest import Registry, emptied
from tests.gateway.desk import Desk

MEMBERS, FAMILY = 6, 3
CLASS = "http://terminology.hl7.org/CodeSystem/coverage-class"
FIRST_DAY = date(2026, 2, 1)


def coded(system, code):
    return {"coding": [{"system": system, "code": code}]}


def a_family_plan():
    """A deductible of 50.00 each and 80.00 the family, then 20 %."""
    general = coded(PLAN, "general")
    costs = {"deductible-individual": "50.00", "deductible-family": "80.00"}
    share = {"type": coded(PLAN, "coinsurance"), "value": {"value": 20, "unit": "%"}}
    return {
        "resourceType": "InsurancePlan",
        "id": "family-plan",
        "identifier": [identifier("http://payer.test/plan", "family")],
        "status": "active",
        "coverage": [{"type": general, "benefit": [{"type": general}]}],
        "plan": [
            {
                "generalCost": [
                    {"type": coded(PLAN, kind), "cost": money(amount)}
                    for kind, amount in costs.items()
                ],
                "specificCost": [
                    {"category": general, "benefit": [{"type": general, "cost": [share]}]}
                ],
            }
        ],
    }


def a_family_coverage(nth):
    """Members 0 to 2 are one family, 3 to 5 another."""
    plan = {"type": coded(CLASS, "plan"), "value": "family"}
    return a_coverage(f"M{nth}", subscriberId=f"S{nth // FAMILY}", **{"class": [plan]})


def a_mix(seed, size):
    """Claims of few members; the member after the last has no coverage."""
    drawn = random.Random(seed)
    return [
        a_claim(
            drawn.choice(["claim"] * 5 + ["preauthorization"]),
            f"X{nth}",
            coverage={
                "identifier": identifier(COVERAGE_SYSTEM, f"M{drawn.randrange(MEMBERS + 1)}")
            },
            prices=drawn.choice([("30.00",), ("30.00", "75.50"), ("120.00",)]),
            serviced=str(FIRST_DAY + timedelta(days=drawn.randrange(12))),
        )
        for nth in range(size)
    ]


def decided_by(installation, claims, batch):
    """An installation anew, the Claims taken in and decided: how each stands, and all counts."""
    installation.store.write(emptied)
    payer = new_payer(installation, "Payer", is_default=True)
    registry = Registry(installation, payer)
    core = Desk(installation, registry.payer_client().client)
    for kept in (a_family_plan(), a_price(fee="100.00"), *map(a_family_coverage, range(MEMBERS))):
        core.create(kept)
    # Two senders in turn: a batch is of both.
    desks = [Desk(installation, registry.submitter(name).client) for name in ("East", "West")]
    taken = [desks[nth % 2].create(claim) for nth, claim in enumerate(claims)]
    Worker(installation, {"standard": StandardAdjudicator()}, batch=batch).drain()
    return [standing(desks[nth % 2], one) for nth, one in enumerate(taken)]


def standing(desk, taken):
    """State and documents of a Claim, with names in the place of ids that are drawn."""
    submission = desk.submission(taken)
    ids = {
        submission.id: "CLAIM",
        submission.response_id: "RESPONSE",
        submission.benefit_id: "EXPLANATION",
    }
    found = [desk.stored("ClaimResponse", submission.response_id).text]
    if submission.benefit_id:
        found.append(desk.stored("ExplanationOfBenefit", submission.benefit_id).text)
    for id, name in ids.items():
        found = [text.replace(id, name) for text in found] if id else found
    return (submission.state, submission.awaiting, submission.total, *found)


def ledger(installation):
    """Every counter that was moved and by how much, holders numbered as they come."""
    e = tables.counter_entry.c
    moved = (e.kind, e.category, e.period, e.line, e.amount)
    query = select(e.submission_id, e.holder, *moved).order_by(e.submission_id, *moved[:4])
    rows = installation.store.read(lambda connection: list(connection.execute(query)))
    names = {}
    for row in rows:
        for id in row[:2]:
            names.setdefault(id, len(names))
    return [(names[row[0]], names[row[1]], *row[2:]) for row in rows]
