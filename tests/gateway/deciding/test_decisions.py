"""What a decision was made from: kept with it, compared later, and never what is of others."""

from dataclasses import replace

import pytest

from app import create_worker
from app.domain.adjudication import Awaiting
from app.domain.changes import NOT_KEPT, Change
from app.domain.codes import Cause, ClaimUse
from app.domain.decision_inputs import request_of
from app.fhir import json_text
from app.fhir.validation import check
from app.gateway.jobs.worker import Worker
from app.store import tables
from tests.builders import a_claim, a_communication, a_price, a_quote, a_task
from tests.gateway.desk import on
from tests.gateway.jobs.scripted import ScriptedAdjudicator, decide
from tests.gateway.nullifications import nullifies
from tests.reliability.model.fragile import Crash, FragileStore
from tests.rows import texts_of

DAY = "2026-03-01"
CHANGE_CAUSE = "https://eclaims-gateway.org/fhir/StructureDefinition/change-cause"


@pytest.fixture
def earlier(desk, insured, worker):
    """A decided Claim of a service that the next one asks for, too."""
    taken = desk.create(a_claim(number="EARLIER", serviced=DAY))
    worker.drain()
    return taken


def kept(desk, taken, number=None):
    return desk.see(lambda work: work.decisions.find(taken.stored.id, number))


def every_text(installation, *tables_):
    rows = installation.store.read(
        lambda c: [dict(row._mapping) for each in tables_ for row in c.execute(each.select())]
    )
    return "\n".join(text for row in rows for text in texts_of(row, installation.store))


def notes(desk, taken):
    response = desk.document(f"ClaimResponse/{desk.submission(taken).response_id}")
    assert check(response) == []
    return [
        (
            note["text"].partition(" What changed: ")[2],
            [
                each["valueCoding"]["code"]
                for each in note.get("extension", [])
                if each["url"] == CHANGE_CAUSE
            ],
        )
        for note in response["processNote"]
        if note["text"].startswith("Line ")
    ]


# --- kept, or not at all


@pytest.mark.parametrize("use", ClaimUse)
def test_what_was_asked_is_kept_with_the_rules_and_the_plan(desk, insured, installation, use):
    taken = desk.create(a_claim(use))
    adjudicator = ScriptedAdjudicator(decide)
    Worker(installation, {"standard": adjudicator}).drain()

    found = kept(desk, taken)

    [asked] = adjudicator.asked
    assert request_of(found.inputs) == asked
    assert found.decision.rules == "scripted-1"
    assert found.decision.plan == (asked.plan.identifier, asked.plan.version)
    assert found.decision.response_id == desk.submission(taken).response_id
    assert (found.number, found.decided_at) == (1, installation.clock())


def test_what_waits_is_no_decision_until_it_is_decided(desk, insured, worker, clock):
    insured.create(a_price(needs_attachment=True))
    taken = desk.create(a_claim())

    worker.drain()

    assert desk.submission(taken).awaiting is Awaiting.INFORMATION
    assert kept(desk, taken) is None
    clock.forward(days=60)
    worker.drain()
    assert desk.submission(taken).awaiting is None
    assert request_of(kept(desk, taken).inputs).is_last_call


@pytest.mark.parametrize("step", [9, pytest.param(1, marks=pytest.mark.soak)])
def test_wherever_a_worker_dies_no_decision_is_without_its_inputs(
    desk, insured, installation, clock, database, step
):
    taken = desk.create(a_claim())
    died = 0
    for points in range(0, 200, step):
        fragile = FragileStore(database)
        fragile.die_after(points)
        try:
            create_worker(replace(installation, store=fragile)).drain()
        except Crash:
            died += 1
        is_dead = fragile.has_died
        fragile.close()
        is_decided = desk.submission(taken).decided_at is not None
        assert (kept(desk, taken) is not None) is is_decided
        if is_decided and not is_dead:
            break
        # Its lease lapses, and it is not given up however often its worker dies.
        clock.forward(minutes=2)
        desk.change(tables.job, attempts=0)
    else:
        raise AssertionError("it is never decided")

    assert died > 2
    assert kept(desk, taken).number == 1


# --- compared


def test_the_price_the_rules_and_the_attachments_that_changed_are_told_by_line(
    desk, insured, installation, worker
):
    other = {"coding": [{"system": "http://codes.test", "code": "1300"}]}
    claim = a_claim(prices=["100.00", "50.00"])
    claim["item"][1]["productOrService"] = other
    taken = desk.create(claim)
    worker.drain()
    insured.create(a_price(fee="60.00"))
    desk.create(a_communication(about=[{"reference": taken.stored.reference}]))
    desk.ask(a_task("reprocess", focus=taken.stored.reference))
    adjudicator = ScriptedAdjudicator(decide)

    Worker(installation, {"standard": adjudicator}).drain()

    [request] = adjudicator.asked
    price = Change(Cause.PRICE, "the price of 1200 is new", ((1,),))
    came = Change(Cause.ATTACHMENTS, "attachments that came: 1")
    assert request.reissue.changes == (price, came)
    before = kept(desk, taken, 1).decision.rules
    assert request.reissue.rules == before
    assert notes(desk, taken) == [
        (
            f"the rules are scripted-1, were {before}; {price.text}; {came.text}.",
            ["rules", "price", "attachments"],
        )
    ]


@pytest.mark.parametrize("how", ["made before", "emptied", "damaged"])
def test_where_the_earlier_inputs_are_not_kept_that_is_told(desk, insured, worker, how):
    taken = desk.create(a_claim())
    worker.drain()
    if how == "made before":
        desk.do(lambda work: work.decisions.purge(taken.stored.id))
    else:
        desk.change(tables.decision, inputs=None if how == "emptied" else b"nothing")
    insured.create(a_price(fee="60.00"))
    desk.ask(a_task("reprocess", focus=taken.stored.reference))

    worker.drain()

    assert notes(desk, taken) == [(f"{NOT_KEPT.text}.", ["not-kept"])]
    assert kept(desk, taken).inputs is not None


# --- never of others


def test_inputs_that_hold_another_claim_are_emptied_with_it(desk, insured, worker, earlier):
    same = desk.create(a_claim(serviced=DAY))
    alone = desk.create(a_claim(serviced="2026-02-27"))
    worker.drain()
    assert "EARLIER" in kept(desk, same).inputs

    nullifies(desk, on(earlier))

    assert (kept(desk, same).inputs, kept(desk, same).is_damaged) == (None, False)
    assert kept(desk, alone).inputs is not None
    everything = every_text(desk.installation, tables.decision, tables.decision_source)
    assert earlier.stored.id not in everything
    assert "EARLIER" not in everything


def test_inputs_that_hold_a_preauthorization_are_emptied_with_it(desk, insured, worker):
    asked = desk.create(a_claim("preauthorization", prices=["10.00"]))
    worker.drain()
    quoting = desk.create(a_claim(insurance=a_quote(asked.stored.id)))
    other = desk.create(a_claim())
    worker.drain()
    assert request_of(kept(desk, quoting).inputs).authorizations != ()

    nullifies(desk, on(quoting))
    again = desk.create(a_claim(insurance=a_quote(asked.stored.id)))
    worker.drain()
    desk.task(a_task("cancel", focus=again.stored.reference))
    nullifies(desk, on(asked))

    assert kept(desk, quoting) is None
    assert kept(desk, again).inputs is None
    assert kept(desk, other).inputs is not None


def test_what_is_nullified_while_it_is_looked_at_is_not_kept(desk, insured, installation, earlier):
    same = desk.create(a_claim(serviced=DAY))

    def meanwhile(request):
        nullifies(desk, on(earlier))
        return decide(request)

    adjudicator = ScriptedAdjudicator(meanwhile, decide)
    Worker(installation, {"standard": adjudicator}).drain(limit=1)

    assert [len(request.earlier) for request in adjudicator.asked] == [1, 0]
    assert kept(desk, same).number == 1
    assert "EARLIER" not in kept(desk, same).inputs


def test_what_was_written_while_the_purge_was_under_way_is_emptied_before_it_is_verified(
    desk, insured, worker, earlier
):
    same = desk.create(a_claim(serviced=DAY))
    worker.drain()
    found = kept(desk, same)
    nullifies(desk, on(earlier))
    # As a transaction leaves it that began before, on a database where two write at once.
    desk.do(
        lambda work: work.decisions.add(
            same.stored.id, desk.client.id, found.decision, found.inputs, [earlier.stored.id]
        )
    )
    assert "EARLIER" in kept(desk, same).inputs

    worker.drain()

    assert kept(desk, same).inputs is None


def test_the_answer_names_no_other_claim(desk, insured, worker, earlier):
    same = desk.create(a_claim(serviced="2026-02-26"))
    worker.drain()
    desk.create(a_claim(serviced="2026-02-25"))
    worker.drain()
    insured.create(a_price(fee="60.00"))
    desk.ask(a_task("reprocess", focus=same.stored.reference))

    worker.drain()

    text = json_text.write(desk.document(f"ClaimResponse/{desk.submission(same).response_id}"))
    assert "the price of 1200 is new" in text
    assert earlier.stored.id not in text
