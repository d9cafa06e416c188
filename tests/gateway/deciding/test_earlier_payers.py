"""Earlier payers: which insurances come first, whose answers are found, and what they paid."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest

from app.domain.adjudication import Awaiting, EarlierAnswer, EarlierPayer
from app.domain.lifecycle import State
from app.domain.money import Money
from app.domain.references import Identifier
from app.fhir import json_text
from app.gateway.administering.new_payer import new_payer
from app.gateway.deciding.earlier_payers import earlier_payers
from app.gateway.intake import intake
from app.gateway.jobs.worker import Worker
from tests.builders import COVERAGE_SYSTEM, a_claim, identifier, money
from tests.gateway.desk import received
from tests.gateway.jobs.scripted import ScriptedAdjudicator, decide

HL7 = "http://terminology.hl7.org/CodeSystem/adjudication"
NAMED = {"identifier": identifier("http://first.test/response", "R1")}


def rows(amount, code="benefit", system=HL7):
    return [{"category": {"coding": [{"system": system, "code": code}]}, "amount": money(amount)}]


def a_response(**elements):
    """The answer of an earlier payer: 30.00 for item 1."""
    response = {
        "resourceType": "ClaimResponse",
        "identifier": [NAMED["identifier"]],
        "status": "active",
        "type": {"coding": [{"code": "oral"}]},
        "use": "claim",
        "patient": {"display": "Alex"},
        "created": "2026-03-01",
        "insurer": {"identifier": identifier("http://first.test", "first")},
        "outcome": "complete",
        "item": [{"itemSequence": 1, "adjudication": rows("30.00")}],
        **elements,
    }
    return {name: value for name, value in response.items() if value is not None}


def two_payers(response=NAMED, coverage=None, **elements):
    """A Claim of which another payer comes first and the one asked second."""
    first = {
        "sequence": 1,
        "focal": False,
        "coverage": coverage or {"display": "Another payer's"},
        **({"claimResponse": response} if response else {}),
    }
    own = {"identifier": identifier(COVERAGE_SYSTEM, "M1")}
    insurance = [first, {"sequence": 2, "focal": True, "coverage": own}]
    return a_claim(insurance=insurance, **elements)


def dollars(amount):
    return Money(Decimal(amount), "EUR")


@pytest.fixture
def payer(installation):
    """A payer that tells itself from others, so that an earlier one's answer is evidence."""
    named = (Identifier("http://payer.test", "payer"),)
    return new_payer(installation, "Payer", named, is_default=True)


@pytest.fixture
def told(desk):
    """What is read of a Claim."""

    def read(document):
        exact = json_text.parsed(json_text.write(document))
        base = desk.installation.base_url
        return desk.see(lambda work: earlier_payers(exact, base, work))

    return read


BY_LINE = (EarlierPayer(EarlierAnswer({(1,): dollars("30.00")})),)
MISSING = (EarlierPayer(None),)

UNUSABLE = {
    "cancelled": {"status": "cancelled"},
    "queued": {"outcome": "queued"},
    "in error": {"outcome": "error"},
}


@pytest.mark.parametrize("elements", UNUSABLE.values(), ids=UNUSABLE)
def test_an_answer_that_decides_nothing_is_missing(told, elements):
    contained = {"contained": [{**a_response(**elements), "id": "r"}]}
    decides = {"contained": [{**a_response(), "id": "r"}]}

    assert told(two_payers({"reference": "#r"}, **contained)) == MISSING
    assert told(two_payers({"reference": "#r"}, **decides)) == BY_LINE


def test_an_answer_that_nobody_named_or_sent_is_missing(desk, told):
    assert told(two_payers(None)) == MISSING
    assert told(two_payers()) == MISSING

    desk.create(a_response())
    assert told(two_payers()) == BY_LINE


def test_another_submitters_answer_is_not_seen(desk, stranger, told):
    taken = stranger.create(a_response())

    assert told(two_payers()) == MISSING
    assert told(two_payers({"reference": taken.stored.reference})) == MISSING


def test_an_answer_is_found_by_its_reference(desk, told):
    taken = desk.create(a_response())

    assert told(two_payers({"reference": taken.stored.reference})) == BY_LINE


def test_what_comes_after_the_focal_insurance_is_not_asked(told):
    claim = two_payers()
    claim["insurance"][0]["sequence"] = 3

    assert told(claim) == ()


@pytest.mark.parametrize(("value", "is_subrogated"), [(True, True), (False, False), (None, False)])
def test_a_subrogated_coverage_is_told(told, value, is_subrogated):
    coverage = {"resourceType": "Coverage", "id": "c", "status": "active"}
    if value is not None:
        coverage["subrogation"] = value
    claim = two_payers(None, {"reference": "#c"}, contained=[coverage])

    assert told(claim) == (EarlierPayer(None, is_subrogated),)


ANSWERS = {
    "details instead of their item": (
        {
            "item": [
                {
                    "itemSequence": 1,
                    "adjudication": rows("30.00"),
                    "detail": [
                        {"detailSequence": 1, "adjudication": rows("10.00")},
                        {"detailSequence": 2, "adjudication": rows("20.00")},
                    ],
                }
            ]
        },
        EarlierAnswer({(1, 1): dollars("10.00"), (1, 2): dollars("20.00")}),
    ),
    "an item of which details tell a part": (
        {
            "item": [
                {
                    "itemSequence": 1,
                    "adjudication": rows("30.00"),
                    "detail": [
                        {"detailSequence": 1, "adjudication": rows("10.00")},
                        {"detailSequence": 2, "adjudication": rows("20.00", "eligible")},
                    ],
                }
            ]
        },
        EarlierAnswer({(1, 1): dollars("10.00"), (1,): dollars("20.00")}),
    ),
    "a total alone": (
        {"item": None, "total": rows("45.00")},
        EarlierAnswer({}, dollars("45.00")),
    ),
    "a payment alone": (
        {"item": None, "payment": {"type": {"text": "complete"}, "amount": money("44.00")}},
        EarlierAnswer({}, dollars("44.00")),
    ),
    "the total before the payment": (
        {
            "item": None,
            "total": rows("45.00"),
            "payment": {"type": {"text": "complete"}, "amount": money("44.00")},
        },
        EarlierAnswer({}, dollars("45.00")),
    ),
    "no benefit": (
        {"item": [{"itemSequence": 1, "adjudication": rows("30.00", "eligible")}]},
        EarlierAnswer({}),
    ),
    "a benefit of somebody's own code system": (
        {"item": [{"itemSequence": 1, "adjudication": rows("30.00", system="http://x.test")}]},
        EarlierAnswer({}),
    ),
    "a reversal": (
        {"item": [{"itemSequence": 1, "adjudication": rows("-30.00")}]},
        EarlierAnswer({(1,): dollars("0")}),
    ),
    "a reversal in total": (
        {"item": None, "total": rows("-45.00")},
        EarlierAnswer({}, dollars("0")),
    ),
    "a payment taken back": (
        {"item": None, "payment": {"type": {"text": "complete"}, "amount": money("-50.00")}},
        EarlierAnswer({}, dollars("0")),
    ),
}


@pytest.mark.parametrize(("elements", "answer"), ANSWERS.values(), ids=ANSWERS)
def test_what_an_answer_says_was_paid(told, elements, answer):
    contained = [{**a_response(**elements), "id": "r"}]

    assert told(two_payers({"reference": "#r"}, contained=contained)) == (EarlierPayer(answer),)


def test_a_claim_waits_for_the_answer_and_goes_on_once_it_is_sent(desk, insured, worker):
    taken = desk.create(two_payers())
    worker.drain()
    assert desk.submission(taken).awaiting is Awaiting.OTHER_PAYER

    desk.create(a_response())
    worker.drain()

    # 100 less 20 % is 80; 100 - 30 = 70 are left of the allowed amount.
    decided = desk.submission(taken)
    assert (decided.state, decided.total) == (State.PAYABLE, Decimal("70.00"))


def test_an_answer_that_comes_while_the_claim_is_looked_at_ends_the_wait(
    desk, insured, installation
):
    taken = desk.create(two_payers())

    def meanwhile(request):
        desk.create(a_response())
        return decide(request)

    asked = ScriptedAdjudicator(meanwhile, decide)
    Worker(installation, {"standard": asked}).drain()

    decided = desk.submission(taken)
    assert (decided.state, decided.total) == (State.PAYABLE, Decimal("70.00"))
    assert [one.earlier_payers for one in asked.asked] == [MISSING, BY_LINE]


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_an_answer_that_is_not_committed_yet_as_the_wait_is_written_ends_it(
    desk, insured, installation, worker
):
    taken = desk.create(two_payers())
    is_sent, is_written = threading.Event(), threading.Event()

    def send(work):
        intake.take(received(a_response()), desk.client, installation.base_url, work)
        is_sent.set()
        is_written.wait(0.5)

    sending = threading.Thread(target=lambda: desk.do(send))
    sending.start()
    assert is_sent.wait(30.0)
    worker.drain()
    is_written.set()
    sending.join(30.0)
    worker.drain()

    assert not sending.is_alive()
    assert desk.submission(taken).state is State.PAYABLE


@pytest.mark.parametrize(
    ("named", "asked_again"), [(NAMED, 1), ({"identifier": identifier("http://x.test", "R2")}, 0)]
)
def test_only_a_claim_that_names_the_answer_is_looked_at_again(
    desk, stranger, insured, installation, named, asked_again
):
    desk.create(two_payers(named))
    asked = ScriptedAdjudicator(decide)
    worker = Worker(installation, {"standard": asked})
    worker.drain()

    stranger.create(a_response())
    worker.drain()
    assert len(asked.asked) == 1

    desk.create(a_response())
    worker.drain()
    assert len(asked.asked) == 1 + asked_again


def test_where_no_answer_comes_in_time_it_is_denied(desk, insured, worker, clock):
    taken = desk.create(two_payers())
    worker.drain()

    clock.now += timedelta(days=400)
    worker.drain()

    decided = desk.submission(taken)
    assert (decided.state, decided.total) == (State.DECIDED, Decimal("0.00"))
