"""Claims of a category that is paid on a preauthorization only: what they use, line by line."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest

from app.adjudicators.standard import StandardAdjudicator
from app.domain.canonical import PLAN, extension
from app.gateway.jobs.worker import Worker
from app.store import tables
from app.store.tables import Measure
from tests.builders import a_claim, a_coverage, a_price, a_quote, a_task, an_input, identifier
from tests.gateway.desk import under_rules_of_now
from tests.gateway.jobs.scripted import ScriptedAdjudicator, decide
from tests.store.terms import kept, recomputed

WAIT_SECONDS = 60
SERVED_ON = "2026-03-02"
COVERAGE_CLASS = "http://terminology.hl7.org/CodeSystem/coverage-class"


def a_bound_plan():
    """20 % of everything, on a preauthorization only."""
    general = {"coding": [{"system": PLAN, "code": "general"}]}
    percent = {"value": 20, "system": "http://unitsofmeasure.org", "code": "%"}
    share = {"type": {"coding": [{"system": PLAN, "code": "coinsurance"}]}, "value": percent}
    asked = {"url": extension("authorization-required"), "valueBoolean": True}
    return {
        "resourceType": "InsurancePlan",
        "identifier": [identifier("http://payer.test/plan", "bound")],
        "status": "active",
        "name": "On a preauthorization only",
        "coverage": [{"type": general, "benefit": [{"type": general, "extension": [asked]}]}],
        "plan": [
            {
                "specificCost": [
                    {"category": general, "benefit": [{"type": general, "cost": [share]}]}
                ]
            }
        ],
    }


@pytest.fixture
def bound(core):
    """Member M1 is insured under a plan that wants preauthorizations."""
    core.create(a_bound_plan())
    named = {"type": {"coding": [{"system": COVERAGE_CLASS, "code": "plan"}]}, "value": "bound"}
    core.create(a_coverage(**{"class": [named]}))
    return core


def asking(use, *quantities, price="100.00", kind="oral", serviced=SERVED_ON, **elements):
    """A request for so many units in each line, at 100.00 each unless told."""
    claim = a_claim(use, prices=[price] * len(quantities), serviced=serviced, **elements)
    for item, quantity in zip(claim["item"], quantities, strict=True):
        del item["net"]
        item["quantity"] = {"value": quantity}
    del claim["total"]
    claim["type"]["coding"][0]["code"] = kind
    return claim


@pytest.fixture
def ask(desk, bound, worker):
    """Sends a request and has it decided."""

    def decided(use, *quantities, **elements):
        taken = desk.create(asking(use, *quantities, **elements))
        worker.drain()
        return taken

    return decided


@pytest.fixture
def three(ask):
    """A preauthorization of three units: 300.00 less 20 %."""
    return ask("preauthorization", 3)


def held(desk, taken):
    """What is held of each line: money in cents, services in ten-thousandths."""
    id = taken.stored.id
    now = desk.installation.store.read(lambda connection: kept(connection, id))
    assert now == desk.installation.store.read(lambda connection: recomputed(connection, id))
    return {
        f"{line} {measure}": {name: units for name, units in sums.items() if units}
        for (line, measure), sums in now.items()
    }


def rows(desk, taken):
    """The rows of each item of the decision in force: 'contractual 100.00 (198)'."""
    response = desk.document(f"ClaimResponse/{desk.submission(taken).response_id}")
    return [[_row(row) for row in item["adjudication"]] for item in response["item"]]


def _row(row):
    category = row["category"]["coding"][0]["code"]
    reasons = ", ".join(coding["code"] for coding in row.get("reason", {}).get("coding", ()))
    told = f"{category} {row['amount']['value']:.2f}"
    return f"{told} ({reasons})" if reasons else told


ONE_LEFT = [
    "submitted 200.00",
    "eligible 100.00",
    "contractual 100.00 (198)",
    "coinsurance 20.00 (2)",
    "benefit 80.00",
]
NONE_LEFT = ["submitted 200.00", "contractual 200.00 (198)", "benefit 0.00"]
BOTH_PAID = [
    "submitted 200.00",
    "eligible 200.00",
    "coinsurance 40.00 (2)",
    "benefit 160.00",
]


def test_two_claims_use_one_and_what_is_given_back_is_released(desk, ask, three):
    quoted = a_quote(three.stored.id)
    first = ask("claim", 2, insurance=quoted)
    second = ask("claim", 2, insurance=quoted, kind="vision")
    third = ask("claim", 2, insurance=quoted, kind="pharmacy")

    assert [*rows(desk, first), *rows(desk, second), *rows(desk, third)] == [
        BOTH_PAID,
        ONE_LEFT,
        NONE_LEFT,
    ]
    assert held(desk, three) == {
        "1 amount": {"reserved": 24000, "consumed": 24000},
        "1 quantity": {"reserved": 30000, "consumed": 30000},
    }

    desk.task(a_task("cancel", focus=second.stored.reference))
    released = desk.task(a_task("release", focus=three.stored.reference))

    [amount] = released["output"]
    assert amount["valueMoney"] == {"value": 80, "currency": "EUR"}
    assert held(desk, three) == {
        "1 amount": {"reserved": 24000, "consumed": 24000, "restored": 8000, "released": 8000},
        "1 quantity": {"reserved": 30000, "consumed": 30000, "restored": 10000, "released": 10000},
    }
    # It cannot be taken back while a Claim holds a part, and a late Claim finds nothing.
    assert desk.task(a_task("cancel", focus=three.stored.reference))["status"] == "rejected"
    assert rows(desk, ask("claim", 2, insurance=quoted, kind="vision")) == [NONE_LEFT]


def test_a_claim_that_used_units_alone_holds_a_part(desk, bound, ask, three):
    # Of a price of nothing above the cent's half, a unit is used and no money.
    bound.create(a_price(fee="0.01"))
    using = ask("claim", 1, price="0.01", insurance=a_quote(three.stored.id))
    desk.task(a_task("release", focus=three.stored.reference))

    assert held(desk, three)["1 quantity"] == {
        "reserved": 30000,
        "consumed": 10000,
        "released": 20000,
    }
    assert desk.task(a_task("cancel", focus=three.stored.reference))["status"] == "rejected"
    desk.task(a_task("cancel", focus=using.stored.reference))
    assert desk.task(a_task("cancel", focus=three.stored.reference))["status"] == "completed"


def test_a_line_decided_again_leaves_the_others_what_they_use(desk, bound, ask):
    # 100 - 20 = 80 and a unit for each line; then the second line's units cost 50: 40.
    two = ask("preauthorization", 1, 1)
    using = ask("claim", 1, 1, insurance=a_quote(two.stored.id))
    before = used(desk, using)
    bound.create(a_price(fee="50.00"))

    again = a_task(
        "reprocess", focus=using.stored.reference, inputs=[an_input("item", valueString="2")]
    )
    desk.task(again)
    Worker(desk.installation, {"standard": StandardAdjudicator()}).drain()

    after = used(desk, using)
    assert before == {
        ((1,), "amount", (1,)): 8000,
        ((1,), "quantity", (1,)): 10000,
        ((2,), "amount", (2,)): 8000,
        ((2,), "quantity", (2,)): 10000,
    }
    # Taken from the first line that has something left: that is the second.
    assert after == {**before, ((2,), "amount", (2,)): 4000}
    assert held(desk, two)["2 amount"] == {
        "reserved": 8000,
        "consumed": 8000,
        "restored": 4000,
        "open": 4000,
    }


def used(desk, taken):
    found = desk.see(lambda work: work.reservations.used_by(taken.stored.id))
    return {(part.line, str(part.measure), path): units for (part, path), units in found.items()}


def test_a_preauthorization_decided_again_keeps_what_claims_use_and_its_number(desk, ask, three):
    ask("claim", 2, insurance=a_quote(three.stored.id))
    before = desk.document(f"ClaimResponse/{desk.submission(three).response_id}")["preAuthRef"]

    desk.task(a_task("reprocess", focus=three.stored.reference))
    Worker(desk.installation, {"standard": StandardAdjudicator()}).drain()

    now = desk.document(f"ClaimResponse/{desk.submission(three).response_id}")
    assert now["preAuthRef"] == before
    assert held(desk, three) == {
        "1 amount": {"reserved": 24000, "consumed": 16000, "open": 8000},
        "1 quantity": {"reserved": 30000, "consumed": 20000, "open": 10000},
    }


def test_nullified_it_keeps_its_amounts_alone(desk, three):
    desk.task(a_task("nullify", focus=three.stored.reference))

    assert held(desk, three) == {"1 amount": {"reserved": 24000, "released": 24000}}
    entries = desk.installation.store.read(
        lambda connection: connection.execute(tables.reservation_entry.select()).all()
    )
    assert {entry.measure for entry in entries} == {Measure.AMOUNT}


# --- its days

FIVE_DAYS = {"start": "2026-03-01", "end": "2026-03-05"}


def test_a_claim_that_comes_after_its_last_day_for_a_day_within_is_paid(ask, desk, clock):
    granted = ask("preauthorization", 3, billablePeriod=FIVE_DAYS)
    quoted = a_quote(granted.stored.id)
    clock.forward(days=20)

    within = ask("claim", 2, insurance=quoted)
    after = ask("claim", 2, insurance=quoted, serviced="2026-03-06")

    assert rows(desk, within) == [BOTH_PAID]
    assert rows(desk, after) == [["submitted 200.00", "contractual 200.00 (197)", "benefit 0.00"]]


@pytest.mark.parametrize("start", ["9999-12-31", "9999-11"])
def test_days_at_the_end_of_the_calendar_hold_to_its_last(ask, desk, start):
    granted = ask("preauthorization", 1, serviced="9999-12-31", billablePeriod={"start": start})

    answer = desk.document(f"ClaimResponse/{desk.submission(granted).response_id}")
    assert answer["preAuthPeriod"]["end"] == "9999-12-31"


def test_the_days_of_a_preauthorization_stay_what_they_were_when_it_is_decided_again(
    ask, desk, three, worker, clock
):
    clock.forward(days=5)
    desk.task(a_task("reprocess", focus=three.stored.reference))
    worker.drain()

    answer = desk.document(f"ClaimResponse/{desk.submission(three).response_id}")
    # Decided first on 2 March, for 90 days.
    assert answer["preAuthPeriod"] == {"start": "2026-03-02", "end": "2026-05-31"}
    assert rows(desk, ask("claim", 2, insurance=a_quote(three.stored.id))) == [BOTH_PAID]


# --- together


def test_a_release_while_a_claim_is_decided_is_seen(desk, three):
    def after_a_release(request):
        desk.task(a_task("release", focus=three.stored.reference))
        return decide(request)

    using = desk.create(asking("claim", 2, insurance=a_quote(three.stored.id)))
    adjudicator = ScriptedAdjudicator(after_a_release, decide)
    Worker(desk.installation, {"standard": adjudicator}).drain()

    left = [request.authorizations[0].lines[0].quantity for request in adjudicator.asked]
    assert left == [3, 0]
    assert rows(desk, using) == [NONE_LEFT]
    assert held(desk, three)["1 quantity"] == {"reserved": 30000, "released": 30000}


def test_a_decision_that_uses_more_than_is_there_is_a_failed_attempt(desk, three, worker):
    def greedy(request):
        decided = decide(request)
        return replace(
            decided, uses=tuple(replace(use, quantity=use.quantity + 2) for use in decided.uses)
        )

    using = desk.create(asking("claim", 2, insurance=a_quote(three.stored.id)))
    Worker(desk.installation, {"standard": ScriptedAdjudicator(greedy)}).drain()

    assert ("Overdrawn", 1) in {(fault, attempts) for _, _, attempts, fault in desk.jobs()}
    assert "consumed" not in held(desk, three)["1 quantity"]
    assert used(desk, using) == {}


def test_of_two_claims_at_once_neither_uses_what_the_other_has(desk, registry, three):
    """Both have read what is left before either is written."""
    sender = under_rules_of_now(desk, registry, real_time_budget=timedelta(seconds=25))
    quoted, together = a_quote(three.stored.id), Barrier(2)
    claims = [
        sender.create(asking("claim", 2, insurance=quoted, kind=kind))
        for kind in ("oral", "vision")
    ]

    def meeting(request):
        together.wait(WAIT_SECONDS)
        return decide(request)

    def settled(taken):
        worker = Worker(desk.installation, {"standard": ScriptedAdjudicator(meeting, decide)})
        worker.decide_now(("Claim", taken.stored.id), sender.client.payer)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(settled, claims))

    paid = sorted(rows(desk, taken)[0] for taken in claims)
    assert paid == sorted([BOTH_PAID, ONE_LEFT])
    assert held(desk, three) == {
        "1 amount": {"reserved": 24000, "consumed": 24000},
        "1 quantity": {"reserved": 30000, "consumed": 30000},
    }
