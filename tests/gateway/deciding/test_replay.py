"""A decision made again: what cannot be, what is the same to the last byte, and what is told."""

from dataclasses import dataclass, replace
from decimal import Decimal

import pytest

from app.adjudicators.standard import StandardAdjudicator
from app.domain.adjudication import Awaiting, Category, Deferred
from app.gateway.administering.new_payer import new_payer
from app.gateway.deciding.replay import (
    Hindrance,
    NoDecision,
    NoSuchAdjudicator,
    NotReplayable,
    Replays,
    Verdict,
)
from app.store import tables
from app.store.bodies import compressed
from tests.builders import a_claim, a_price, a_task
from tests.gateway.desk import on
from tests.gateway.jobs.scripted import decide
from tests.gateway.nullifications import nullifies


@dataclass
class Answers:
    """An adjudicator with a name for its rules and one way to answer."""

    rules: str
    answer: object

    def adjudicate(self, request):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer(request)


@pytest.fixture
def claim(desk, insured, worker):
    """A Claim of two lines, decided: 80.00 and 40.00."""
    taken = desk.create(a_claim(prices=["100.00", "50.00"]))
    worker.drain()
    return taken


@pytest.fixture
def replay(installation, desk):
    """Make a decision on a Claim again, as its payer."""

    def made_again(taken, *arguments, adjudicators=None):
        known = adjudicators or {"standard": StandardAdjudicator()}
        return Replays(installation, known).replay(desk.client.payer, taken.stored.id, *arguments)

    return made_again


def hindrance(replay, taken, *arguments, **options):
    with pytest.raises(NotReplayable) as told:
        replay(taken, *arguments, **options)
    return told.value.args


def audited(desk):
    audit = tables.audit.c
    rows = desk.installation.store.read(
        lambda c: c.execute(tables.audit.select().order_by(audit.seq)).all()
    )
    return [
        (row._mapping[audit.actor], row._mapping[audit.outcome], row._mapping[audit.resource_id])
        for row in rows
        if row._mapping[audit.action] == "replay"
    ]


def reduced(request):
    """As the standard adjudicator, but a cent less of each benefit."""
    decision = decide(request)
    lines = tuple(
        replace(line, amounts=tuple(_less(row) for row in line.amounts)) for line in decision.lines
    )
    return replace(decision, lines=lines)


def _less(row):
    if row.category is not Category.BENEFIT:
        return row
    return replace(row, money=replace(row.money, amount=row.money.amount - Decimal("0.01")))


# --- what cannot be made again


def test_a_claim_that_is_not_there_or_not_decided_has_nothing_to_make_again(desk, replay, claim):
    waiting = desk.create(a_claim())
    for taken in (waiting, replace(claim, stored=replace(claim.stored, id="none"))):
        with pytest.raises(NoDecision):
            replay(taken)
    with pytest.raises(NoDecision):
        replay(claim, 2)

    assert replay(claim, 1).verdict is Verdict.SAME
    assert audited(desk) == [("operator", "same", claim.stored.id)]


def test_another_payer_has_no_such_decision(installation, replay, claim):
    other = new_payer(installation, "Other")
    replays = Replays(installation, {"standard": StandardAdjudicator()})

    with pytest.raises(NoDecision):
        replays.replay(other, claim.stored.id)

    assert replay(claim).verdict is Verdict.SAME


def test_an_adjudicator_that_is_not_installed_is_not_asked(replay, claim):
    with pytest.raises(NoSuchAdjudicator):
        replay(claim, None, "ours")
    changed = {"standard": Answers("standard-0", decide)}

    assert hindrance(replay, claim, adjudicators=changed) == (
        Hindrance.NOT_INSTALLED,
        StandardAdjudicator.rules,
    )
    assert replay(claim, None, "standard", adjudicators=changed).verdict is Verdict.SAME
    # Under whatever name, the rules are asked that it was made by.
    renamed = {"standard": changed["standard"], "ours": StandardAdjudicator()}
    assert replay(claim, adjudicators=renamed).rules == StandardAdjudicator.rules


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("how", ["a digit", "no text", "another text"])
def test_inputs_that_somebody_changed_are_told(desk, replay, claim, how):
    row = desk.see(lambda work: work.decisions.find(claim.stored.id))
    tampered = row.inputs.replace('"100.00"', '"100.01"')
    assert tampered != row.inputs
    values = {
        "a digit": {"inputs": compressed(tampered).content},
        "no text": {"inputs": b"nothing"},
        "another text": {"inputs": compressed("inputs-1\n{}").content},
    }
    desk.change(tables.decision, **values[how])

    assert hindrance(replay, claim) == (Hindrance.DAMAGED,)

    desk.change(tables.decision, inputs=compressed(row.inputs).content)
    assert replay(claim).verdict is Verdict.SAME
    assert [outcome for _, outcome, _ in audited(desk)] == ["damaged", "same"]


@pytest.mark.usefixtures("plain")
def test_inputs_of_a_later_format_are_not_guessed_at(desk, replay, claim):
    text = "inputs-9\n{}"
    digest = desk.installation.hasher("decision-inputs", text)
    desk.change(tables.decision, inputs=compressed(text).content, inputs_digest=digest)

    assert hindrance(replay, claim) == (Hindrance.UNREADABLE,)


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("values", [{"body_format": 7}, {"key_id": "key-1"}], ids=str)
def test_bytes_of_a_later_form_are_not_called_damaged(desk, replay, claim, values):
    desk.change(tables.decision, **values)

    assert hindrance(replay, claim) == (Hindrance.UNREADABLE,)
    desk.change(tables.decision, body_format=1, key_id=None)
    assert replay(claim).verdict is Verdict.SAME
    assert [outcome for _, outcome, _ in audited(desk)] == ["unreadable", "same"]


def test_what_an_adjudicator_raises_is_told_by_its_class_alone(replay, claim):
    failing = {"standard": Answers(StandardAdjudicator.rules, ValueError("Amy Shaw"))}

    assert hindrance(replay, claim, adjudicators=failing) == (Hindrance.FAILED, "ValueError")


# --- what is made again


@pytest.mark.parametrize("use", ["claim", "preauthorization", "predetermination"])
def test_a_decision_is_the_same_to_the_last_byte(desk, insured, worker, replay, use):
    insured.create(a_price(fee="60.00"))
    taken = desk.create(a_claim(use, prices=["100.00", "35.50"]))
    worker.drain()
    response = desk.stored("ClaimResponse", desk.submission(taken).response_id)

    replayed = replay(taken)

    assert (replayed.is_same_decision, replayed.is_same_response) == (True, True)
    assert (replayed.kept.number, replayed.rules) == (1, StandardAdjudicator.rules)
    assert replayed.kept.decision.response_id == response.id
    assert [pair.told for pair in replayed.lines] == [pair.again for pair in replayed.lines]
    # 35.50 is below the price: 20 % of 60.00 and of 35.50 are the member's.
    assert [str(_benefit(pair.again)) for pair in replayed.lines] == ["48.00", "28.40"]


def _benefit(line):
    [row] = [row for row in line.amounts if row.category is Category.BENEFIT]
    return row.money.amount


def test_each_decision_of_a_claim_is_made_again_by_its_number(desk, insured, worker, replay, claim):
    insured.create(a_price(fee="60.00"))
    desk.ask(a_task("reprocess", focus=claim.stored.reference))
    worker.drain()

    first, second = replay(claim, 1), replay(claim, 2)

    assert [each.verdict for each in (first, second)] == [Verdict.SAME, Verdict.SAME]
    assert [str(_benefit(each.lines[0].again)) for each in (first, second)] == ["80.00", "48.00"]
    assert second.notes[-1].endswith("What changed: the price of 1200 is new.")
    assert replay(claim).kept.number == 2
    desk.task(a_task("cancel", focus=claim.stored.reference))
    assert replay(claim).verdict is Verdict.SAME


def test_a_cent_less_is_told_line_by_line(desk, replay, claim):
    cheaper = {"standard": Answers(StandardAdjudicator.rules, reduced)}

    replayed = replay(claim, adjudicators=cheaper)

    assert replayed.verdict is Verdict.DIFFERS
    assert (replayed.is_same_decision, replayed.is_same_response) == (False, False)
    assert [
        (pair.path, str(_benefit(pair.told)), str(_benefit(pair.again))) for pair in replayed.lines
    ] == [((1,), "80.00", "79.99"), ((2,), "40.00", "39.99")]
    assert audited(desk) == [("operator", "differs", claim.stored.id)]


def test_another_sentence_alone_is_told_of_the_decision_and_not_of_the_lines(replay, claim):
    worded = Answers(
        StandardAdjudicator.rules, lambda request: replace(decide(request), disposition="Paid.")
    )

    replayed = replay(claim, adjudicators={"standard": worded})

    assert (replayed.is_same_decision, replayed.is_same_response) == (False, True)
    assert replayed.verdict is Verdict.DIFFERS


def test_a_response_that_somebody_changed_is_told(desk, replay, claim):
    response = desk.stored("ClaimResponse", desk.submission(claim).response_id)
    assert '"value":80.00' in response.text
    version = tables.resource_version
    is_it = version.c.id == response.id
    tampered = response.text.replace('"value":80.00', '"value":80.0').encode()
    desk.installation.store.write(
        lambda c: c.execute(version.update().where(is_it).values(body=tampered))
    )

    replayed = replay(claim)

    assert (replayed.is_same_decision, replayed.is_same_response) == (True, False)
    assert replayed.verdict is Verdict.DIFFERS


def test_other_rules_that_would_wait_are_told(replay, claim):
    patient = Answers("ours-1", lambda _: Deferred(Awaiting.OPERATOR, "A person has to look."))

    replayed = replay(claim, None, "ours", adjudicators={"ours": patient})

    assert replayed.verdict is Verdict.DIFFERS
    assert (replayed.waits.awaiting, replayed.rules) == (Awaiting.OPERATOR, "ours-1")
    assert [pair.again for pair in replayed.lines] == [None, None]


def test_nothing_is_left_of_a_nullified_claim(desk, replay, claim):
    assert replay(claim).verdict is Verdict.SAME

    nullifies(desk, on(claim))

    with pytest.raises(NoDecision):
        replay(claim)
    assert desk.installation.store.read(lambda c: c.execute(tables.decision.select()).all()) == []


# --- twice


def test_made_again_twice_changes_nothing(desk, replay, claim):
    before = desk.submission(claim), desk.pended()

    replays = [replay(claim) for _ in range(2)]

    assert replays[0] == replays[1]
    assert (desk.submission(claim), desk.pended()) == before
