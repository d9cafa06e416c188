"""What the payer's operator decides about purges: approval by a second person, legal holds."""

import pytest

from app.domain.codes import TaskStatus
from app.domain.lifecycle import State
from app.gateway.administering.new_payer import new_payer
from app.gateway.purging.purges import Approval, NotWaiting, Purges
from app.store import tables
from tests.builders import a_claim, a_communication, a_task
from tests.gateway.desk import under_rules_of_now


@pytest.fixture
def purges(installation):
    return Purges(installation)


@pytest.fixture
def waiting(desk, registry):
    """A Claim, and the id of the Task that waits for an approval to nullify it."""
    strict = under_rules_of_now(desk, registry, nullify_needs_approval=True)
    taken = strict.create(a_claim())
    task = strict.task(a_task("nullify", focus=taken.stored.reference, description="a word"))
    assert task["status"] == "in-progress"
    return taken, task["id"]


def told(document):
    """How a Task stands: its status, and the ids of its errors."""
    errors = [
        output["valueCodeableConcept"]["coding"][0]["code"]
        for output in document.get("output", ())
        if "valueCodeableConcept" in output
    ]
    return document["status"], errors


# --- refused


def test_what_does_not_wait_is_not_decided(desk, purges, payer, waiting):
    taken, task_id = waiting
    other = desk.task(a_task("status", focus=taken.stored.reference))

    for wrong in ("unknown", other["id"]):
        with pytest.raises(NotWaiting):
            purges.decide(payer, wrong, is_approved=True)

    assert desk.submission(taken).state is State.QUEUED
    assert purges.decide(payer, task_id, is_approved=True).status is TaskStatus.COMPLETED


def test_another_payer_decides_nothing(desk, purges, payer, installation, waiting):
    taken, task_id = waiting
    second = new_payer(installation, "Second")

    with pytest.raises(NotWaiting):
        purges.decide(second, task_id, is_approved=True)

    assert (purges.waiting(second), len(purges.waiting(payer))) == ([], 1)
    assert purges.hold(second, "Claim", taken.stored.id, is_held=True) is False
    assert desk.submission(taken).is_held is False


# --- done


def test_what_waits_is_shown(purges, payer, waiting):
    taken, task_id = waiting

    [row] = purges.waiting(payer)

    assert (row.id, row.focus_id) == (task_id, taken.stored.id)


def test_an_approved_one_is_carried_out_and_its_task_is_pended(desk, purges, payer, rows, waiting):
    taken, task_id = waiting

    assert purges.decide(payer, task_id, is_approved=True) == (
        Approval(task_id, TaskStatus.COMPLETED)
    )

    assert desk.submission(taken).state is State.NULLIFIED
    task = desk.document(f"Task/{task_id}")
    assert (told(task), task["meta"]["versionId"]) == (("completed", []), "2")
    assert task["output"][0]["valueString"].startswith("Purged: Claim 1, ClaimResponse 1; ")
    assert "description" not in task
    assert purges.waiting(payer) == []
    polled = desk.task(a_task("poll"))
    assert polled["output"][0]["valueReference"]["reference"] == f"Task/{task_id}/_history/2"
    [event] = rows.of(tables.audit, action="approve")
    assert (event["actor"], event["task_id"]) == ("operator", task_id)


def test_no_version_of_an_approved_task_tells_what_it_was_about(desk, purges, payer, waiting):
    _, task_id = waiting
    versions = [desk.see(lambda work: work.resources.find_version("Task", task_id, 1))]
    assert "a word" in versions[0].text

    purges.decide(payer, task_id, is_approved=True)

    for version in (1, 2):
        kept = desk.see(lambda work, v=version: work.resources.find_version("Task", task_id, v))
        assert "a word" not in kept.text


def test_a_refused_one_is_rejected_and_the_claim_stays(desk, purges, payer, rows, waiting):
    taken, task_id = waiting

    refused = purges.decide(payer, task_id, is_approved=False)

    told_to_the_operator = ("The payer did not approve that the focus is purged.",)
    assert refused == Approval(task_id, TaskStatus.REJECTED, told_to_the_operator)

    assert desk.submission(taken).state is State.QUEUED
    task = desk.document(f"Task/{task_id}")
    assert told(task) == ("rejected", ["ECG-NULLIFY-NOT-APPROVED"])
    assert [event["outcome"] for event in rows.of(tables.audit, action="refuse")] == ["rejected"]


def test_an_approval_is_carried_out_by_the_rules_of_now(desk, purges, payer, waiting):
    taken, task_id = waiting
    assert purges.hold(payer, "Claim", taken.stored.id, is_held=True) is True

    assert purges.decide(payer, task_id, is_approved=True).status is TaskStatus.REJECTED

    assert told(desk.document(f"Task/{task_id}")) == ("rejected", ["ECG-NULLIFY-LEGAL-HOLD"])
    assert desk.submission(taken).state is State.QUEUED


def test_an_approval_does_not_purge_an_attachment_that_is_held(desk, purges, payer, waiting):
    taken, task_id = waiting
    attached = desk.create(a_communication(about=[{"reference": taken.stored.reference}]))
    purges.hold(payer, "Communication", attached.stored.id, is_held=True)

    assert purges.decide(payer, task_id, is_approved=True).status is TaskStatus.REJECTED

    assert told(desk.document(f"Task/{task_id}")) == ("rejected", ["ECG-NULLIFY-LEGAL-HOLD"])
    assert desk.submission(taken).state is State.QUEUED
    assert [state for _, state, _, _ in desk.jobs()] == ["waiting"]


def test_an_approval_of_what_is_gone_meanwhile_fails(desk, registry, purges, payer, waiting):
    taken, task_id = waiting
    lenient = under_rules_of_now(desk, registry, nullify_needs_approval=False)
    lenient.task(a_task("nullify", focus=taken.stored.reference))

    assert purges.decide(payer, task_id, is_approved=True).status is TaskStatus.FAILED

    assert told(desk.document(f"Task/{task_id}")) == ("failed", ["ECG-FOCUS-GONE"])


def test_a_hold_is_kept_until_it_is_ended(desk, purges, payer, rows):
    taken = desk.create(a_claim())
    nullify = a_task("nullify", focus=taken.stored.reference)
    purges.hold(payer, "Claim", taken.stored.id, is_held=True)
    assert told(desk.task(nullify)) == ("rejected", ["ECG-NULLIFY-LEGAL-HOLD"])

    assert purges.hold(payer, "Claim", taken.stored.id, is_held=False) is True

    assert told(desk.task(nullify)) == ("completed", [])
    done = rows.of(tables.audit, outcome="done", type="Claim")
    held = [(event["action"], event["actor"]) for event in done]
    assert held == [("hold", "operator"), ("end-hold", "operator")]
    assert purges.hold(payer, "Claim", "unknown", is_held=True) is False


# --- twice


def test_a_decision_is_made_once(purges, payer, waiting):
    _, task_id = waiting
    purges.decide(payer, task_id, is_approved=False)

    for is_approved in (True, False):
        with pytest.raises(NotWaiting):
            purges.decide(payer, task_id, is_approved=is_approved)
