"""What the model test came upon, each told by itself."""

from app.domain.parties import Scope
from app.gateway.jobs.expire_preauthorizations import expire
from app.gateway.jobs.kinds import EXPIRE_PREAUTHORIZATION
from app.store import tables
from app.store.jobs.work_queue import Job
from tests.builders import a_claim, a_coverage, a_task
from tests.reliability.model.documents import ASKED_ABOUT, an_attachment_rule
from tests.wire import Reply


def _asked_about(core, wire, worker) -> Reply:
    """A Claim that was decided before its payer asked for attachments."""
    core.post("Coverage", a_coverage())
    claim = a_claim()
    claim["item"][0]["productOrService"]["coding"][0]["code"] = ASKED_ABOUT
    sent = wire.post("Claim", claim)
    assert worker.drain() == 1
    assert core.post("ChargeItemDefinition", an_attachment_rule()).status == 201
    return sent


def _questions(wire, rows) -> list[tuple[str, str]]:
    """Status and delivery of each question, in the order in which they were asked."""
    return [
        (wire.get(f"{row['type']}/{row['resource_id']}").document["status"], row["state"])
        for row in rows.of(tables.pended, type="CommunicationRequest")
    ]


def test_a_reprocess_that_overtakes_another_closes_what_that_one_asked(wire, core, worker, rows):
    claim = _asked_about(core, wire, worker).reference
    wire.task(a_task("reprocess", focus=claim))
    worker.drain()
    assert _questions(wire, rows) == [("active", "undelivered")]

    wire.task(a_task("reprocess", focus=claim))
    assert _questions(wire, rows) == [("revoked", "superseded")]
    worker.drain()

    assert _questions(wire, rows) == [("revoked", "superseded"), ("active", "undelivered")]


def test_a_reservation_whose_night_is_worked_off_twice_expires_once(
    wire, core, worker, installation, payer, clock, rows
):
    core.post("Coverage", a_coverage())
    period = {"start": "2026-03-01", "end": "2026-03-31"}
    sent = wire.post("Claim", a_claim("preauthorization", billablePeriod=period))
    worker.drain()
    id, [submission] = sent.document["id"], rows.of(tables.submission)
    clock.forward(days=150)

    # The second is the job of a worker that died after its effect, and before it said so.
    job = Job(
        1, payer.id, EXPIRE_PREAUTHORIZATION, "Claim", id, submission["submitter_id"], 1, 1, "T"
    )
    for _ in range(2):
        expire(installation, job, payer)

    assert [row["resource_id"] for row in rows.of(tables.audit, action="expire")] == [id]
    held = installation.read(Scope(payer.id), lambda work: work.reservations.find(id))
    assert (held.amount.expired, held.amount.open) == (8000, 0)
