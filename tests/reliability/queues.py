"""Full queues for pollers: answers put into the store as the gateway puts them, and read back."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.codes import ClaimUse
from app.domain.lifecycle import State
from app.domain.parties import Client, Scope
from app.gateway import answers
from app.gateway.installation import Installation
from app.store import tables
from app.store.resources import Stored
from app.store.submissions import Submission
from app.store.unit_of_work import UnitOfWork
from tests.rows import Rows

ANSWERS_OF_A_CLAIM = 4
_TOGETHER = 250
_CREATED = "2026-03-02"


@dataclass(frozen=True, order=True)
class Handed:
    """One answer as a poll hands it over."""

    type: str
    id: str
    version: int


def fill(installation: Installation, clients: Sequence[Client], claims: int) -> None:
    """Pend four answers to each of this many Claims of each client.

    The answers of one Claim lie as far apart as the queue allows, so that polls which overtake each
    other within a Claim are noticed.
    """
    submissions = [_submission(installation, client) for _ in range(claims) for client in clients]
    payer = clients[0].payer
    for at in range(0, len(submissions), _TOGETHER):
        some = submissions[at : at + _TOGETHER]
        installation.write(Scope(payer.id), lambda work, some=some: _respond(some, work))
    for step in (_decide, _explain, _reconsider, _reverse):
        for at in range(0, len(submissions), _TOGETHER):
            some = submissions[at : at + _TOGETHER]

            def pend(work: UnitOfWork, step=step, some=some) -> None:
                for submission in some:
                    answers.pend(step(submission, work), submission, payer, work)

            installation.write(Scope(payer.id), pend)


def queue_of(client: Client, rows: Rows) -> list[tuple[Handed, str]]:
    """Everything ever pended for a client, in the order of its queue, each with its Claim."""
    pended = rows.of(tables.pended, submitter_id=client.id)
    return [
        (Handed(row["type"], row["resource_id"], row["version"]), row["submission_id"])
        for row in pended
    ]


def handed_over_to(client: Client, rows: Rows) -> list[Handed]:
    """What the polls of a client were given, in the order in which those polls took place."""
    return [given for _, handed in polls_of(client, rows) for given in handed]


def polls_of(client: Client, rows: Rows) -> list[tuple[str, list[Handed]]]:
    """The polls of a client in the order in which they took place, each with what it was given.

    The audit tells that order: its rows are numbered while the poll holds the queue's head.
    """
    by_task: dict[str, list[Handed]] = {}
    for row in rows.of(tables.handed_over, submitter_id=client.id):
        given = Handed(row["type"], row["resource_id"], row["version"])
        by_task.setdefault(row["task_id"], []).append(given)
    polls = rows.of(tables.audit, actor=client.id, action="poll")
    return [(poll["task_id"], by_task.get(poll["task_id"], [])) for poll in polls]


def _submission(installation: Installation, client: Client) -> Submission:
    return Submission(
        type="Claim",
        id=installation.new_id(),
        submitter_id=client.id,
        state=State.DECIDED,
        epoch=1,
        created_at=installation.clock(),
        use=ClaimUse.CLAIM,
        response_type="ClaimResponse",
        response_id=installation.new_id(),
        benefit_id=installation.new_id(),
    )


def _respond(submissions: Sequence[Submission], work: UnitOfWork) -> None:
    for submission in submissions:
        work.submissions.add(submission)
        _added("ClaimResponse", submission.response_id, submission, work)


def _decide(submission: Submission, work: UnitOfWork) -> Stored:
    return _amended("ClaimResponse", submission.response_id, work)


def _explain(submission: Submission, work: UnitOfWork) -> Stored:
    return _added("ExplanationOfBenefit", submission.benefit_id, submission, work)


def _reconsider(submission: Submission, work: UnitOfWork) -> Stored:
    return _amended("ClaimResponse", submission.response_id, work)


def _reverse(submission: Submission, work: UnitOfWork) -> Stored:
    return _added("ClaimResponse", work.new_id(), submission, work)


def _added(type: str, id: str | None, submission: Submission, work: UnitOfWork) -> Stored:
    document = {"resourceType": type, "status": "active", "created": _CREATED}
    return answers.added(document, str(id), submission.submitter_id, work)


def _amended(type: str, id: str | None, work: UnitOfWork) -> Stored:
    current = work.resources.find(type, str(id))
    assert current is not None
    return answers.with_status(current, "active", work)
