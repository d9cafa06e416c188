"""A transaction: all interactions of a Bundle, or none, in the order that R4 gives them.

Docs: docs/batch.md, docs/adr/0016-entries-are-requests.md. http://hl7.org/fhir/R4/http.html#trules
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from app.domain.auditing import DENIED, SHOWN
from app.domain.issues import ErrorCode, Issue, ScopeMissing, Unacceptable
from app.domain.parties import Client
from app.fhir.bundle import Answered
from app.gateway.administering.reference_data import ENDS_A_WAIT
from app.gateway.batch.deletions import in_turn
from app.gateway.batch.identities import CHANGES, Prepared, prepared
from app.gateway.batch.reading import Step
from app.gateway.batch.room import Room
from app.gateway.installation import Installation
from app.gateway.once import TakenMeanwhile
from app.gateway.ownership import OUTGOING, REQUESTS
from app.gateway.permitted import refuse
from app.gateway.reading.joined import Joined, Unwound
from app.gateway.real_time import AfterCommit, Decides
from app.store.audit import Event
from app.store.database.engine import Busy, CommitUnknown
from app.store.database.walls import around
from app.store.resources import Stored, VersionConflict
from app.store.unit_of_work import UnitOfWork

_ATTEMPTS = 8
_CREATED = 201
_READS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Part:
    """What one step is carried out with."""

    installation: Joined
    decides: Decides


# Carries one step out as the request that it stands for.
Perform = Callable[[Part, Step], Answered]


class FoundAnother(Exception):
    """One step was about another resource than it was before the first of them was done."""

    def __init__(self, step: Step) -> None:
        super().__init__(step.place)
        self.step = step


_Done = tuple[list[Answered], AfterCommit]


class StepFailed(Exception):
    """One step was refused, and so nothing was done."""

    def __init__(self, step: Step, answer: Answered) -> None:
        super().__init__(str(answer.status))
        self.step = step
        self.answer = answer


def carried_out(
    installation: Installation,
    client: Client,
    steps: Sequence[Step],
    perform: Perform,
    decides: Decides,
    request_id: str | None = None,
) -> list[Answered]:
    """Carry all steps out; the answers in the order of the entries.

    Raises StepFailed or Unacceptable, with nothing changed, Busy where a later try may succeed,
    and CommitUnknown where it cannot be told whether anything was.
    """
    _require_possible(steps)
    # What only reads takes no turn from those who write.
    is_read = all(step.method in _READS for step in steps)
    before: int | None = None
    for _ in range(_ATTEMPTS):
        accesses: list[Event] = []
        try:
            answers, urgent = _committed(
                installation, client, steps, perform, accesses, is_read=is_read
            )
        except (TakenMeanwhile, VersionConflict):
            continue
        except FoundAnother as found:
            if found.step.position == before:
                text = "What another entry creates or changes is what this one finds then."
                issue = Issue(ErrorCode.BUNDLE_TWICE, text, found.step.place)
                raise Unacceptable(issue) from None
            # Somebody else may have been just ahead; what happens twice is of its own making.
            before = found.step.position
            continue
        except ScopeMissing as missing:
            # As the transaction was looked through, before any step.
            refuse(installation, client, missing, "Bundle", request_id)
        except StepFailed as failed:
            _audit_denial(installation, client, failed, request_id)
            # Nothing was given of what was found; what was refused is told as if asked alone.
            _keep(installation, client, [one for one in accesses if _is_refused(one)])
            raise
        if is_read:
            _keep(installation, client, accesses)
        urgent.tried(decides, client.payer)
        return answers
    raise Busy


def _committed(
    installation: Installation,
    client: Client,
    steps: Sequence[Step],
    perform: Perform,
    accesses: list[Event],
    *,
    is_read: bool,
) -> _Done:
    """As `_all`, in a transaction of its own; raises CommitUnknown unless it is found done."""
    done = None

    def effect(connection: Any) -> _Done:
        nonlocal done
        accesses.clear()
        joined = Joined.to(installation, connection, accesses)
        done = _all(joined, client, steps, perform)
        if accesses and not is_read:
            joined.write(client.scope, lambda work: work.audit.note(accesses))
        return done

    run = installation.store.read if is_read else installation.store.write
    try:
        return run(effect, around(client.scope))
    except CommitUnknown:
        if done is None or not _is_there(installation, client, steps, done[0]):
            raise
        return done


def _is_there(
    installation: Installation, client: Client, steps: Sequence[Step], answers: Sequence[Answered]
) -> bool:
    """Whether a fresh connection finds what was created: nobody else knows its id, so all is."""
    for step, answer in zip(steps, answers, strict=True):
        if step.method == "POST" and answer.status == _CREATED and answer.location:
            type, id = answer.location.partition("/_history/")[0].rsplit("/", 2)[-2:]
            found = installation.read(client.scope, partial(_found, type, id))
            return found is not None
    return False


def _found(type: str, id: str, work: UnitOfWork) -> Stored | None:
    return work.resources.find(type, id)


def _all(joined: Joined, client: Client, steps: Sequence[Step], perform: Perform) -> _Done:
    urgent = AfterCommit()
    part = Part(joined, urgent)
    try:
        ready = joined.read(client.scope, lambda work: prepared(steps, joined.base_url, work))
        first = joined.read(client.scope, lambda work: in_turn(ready, work))
        then = sorted((one for one in ready if one.step.method != "DELETE"), key=_turn)
        room, answers = Room(), {}
        for one in (*first, *then):
            room.require(one.step)
            answers[one.step.position] = room.taken(_performed(part, one, perform))
    except Unwound as over:
        raise over.fault from None
    return [answers[step.position] for step in steps], urgent


def _turn(one: Prepared) -> tuple[Any, ...]:
    """What others refer to comes before those, and all transactions take keys in one order."""
    step = one.step
    if step.method == "POST":
        # What is to be created only where nothing meets its condition sees what is created anyway.
        wait = step.type not in ENDS_A_WAIT, step.type, "If-None-Exist" in step.headers
        return 1, _rank(step.type), *wait, one.key, step.position
    if step.method in CHANGES:
        return 2, 0, step.type not in ENDS_A_WAIT, step.type, False, one.key, step.position
    return 3, 0, False, "", False, "", step.position


def _rank(type: str) -> int:
    """Requests find their supporting resources, attachments their requests, Tasks their focus."""
    if type == "Task":
        return 3
    if type in OUTGOING:
        return 2
    return 1 if type in REQUESTS else 0


def _performed(part: Part, one: Prepared, perform: Perform) -> Answered:
    answer = perform(part, one.step)
    if not answer.is_success:
        raise StepFailed(one.step, answer)
    if answer.stored not in {None, f"{one.step.type}/{one.id}"}:
        raise FoundAnother(one.step)
    return answer


def _require_possible(steps: Sequence[Step]) -> None:
    """Pass where every step is one that a transaction can hold; raises Unacceptable."""
    issues = [
        Issue(
            ErrorCode.BUNDLE_STEP,
            "A transaction creates, reads, searches, changes and deletes: no operations. What it "
            "changes is named as Type/id, or as Type and a condition.",
            f"{step.place}.request.url",
        )
        for step in steps
        if not step.is_possible
    ]
    issues += _repeated(steps)
    if issues:
        raise Unacceptable(*issues)


def _repeated(steps: Iterable[Step]) -> Iterator[Issue]:
    """Every fullUrl that an earlier step has: what refers to it would not say which is meant."""
    addresses: set[str] = set()
    for step in steps:
        if step.full_url in addresses:
            text = "Another entry has the same fullUrl."
            yield Issue(ErrorCode.BUNDLE_TWICE, text, f"{step.place}.fullUrl")
        elif step.full_url is not None:
            addresses.add(step.full_url)


def _is_refused(access: Event) -> bool:
    return access.outcome != SHOWN and access.action != DENIED


def _keep(installation: Installation, client: Client, accesses: Sequence[Event]) -> None:
    """What was only read wrote nothing that the rows could be a part of."""
    if accesses:
        installation.write(client.scope, lambda work: work.audit.note(accesses))


def _audit_denial(
    installation: Installation, client: Client, failed: StepFailed, request_id: str | None
) -> None:
    """As when the step is asked alone; what was written of it went with the transaction."""
    by_id = {code.entry.id: code.entry.status for code in ErrorCode}
    denials = [id for id in failed.answer.errors if by_id.get(id) == 403]
    if failed.answer.status != 403 or not denials:
        return
    event = Event(client.id, "denied", denials[0], failed.step.type, request_id=request_id)
    installation.write(client.scope, lambda work: work.audit.add(event))
