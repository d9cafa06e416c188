"""Purge a submission: every copy of it and of what answers it; that it was there stays.

http://hl7.org/fhir/R4/financial-module.html#nullify, docs/nullify.md
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from app.domain.codes import TaskCode
from app.domain.issues import ErrorCode, Issue, Refused
from app.domain.lifecycle import LIVE, State
from app.domain.parties import Payer
from app.fhir import json_text
from app.fhir.documents import identifiers_of
from app.fhir.tasks import writing as task_writing
from app.gateway.administering import enrollment
from app.gateway.jobs.kinds import VERIFY_PURGE
from app.gateway.tasks.cancellation import stopped
from app.gateway.tasks.focus import FOCUS
from app.store.resources import VersionConflict
from app.store.submissions import Submission
from app.store.unit_of_work import UnitOfWork

# A late duplicate is refused for as long as anybody may still have it.
DUPLICATES_REFUSED_FOR = timedelta(days=100 * 365)

_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was purged: resources by type, versions, Tasks that were scrubbed, and a digest."""

    resources: tuple[tuple[str, int], ...]
    versions: int
    tasks: int
    digest: str

    def __str__(self) -> str:
        counts = ", ".join(f"{type} {count}" for type, count in self.resources)
        return (
            f"Purged: {counts}; {self.versions} versions; {self.tasks} Tasks scrubbed;"
            f" digest {self.digest}"
        )


def nullified(submission: Submission, task_id: str, payer: Payer, work: UnitOfWork) -> Receipt:
    """Nullify a submission whose row is locked; raises VersionConflict if it was moved first.

    Raises Refused, with nothing done, where an attachment of it is held by law.
    """
    attachments = _attachments(submission, work)
    if any(each.is_held for each in attachments):
        text = "An attachment of the focus is under legal hold and has to be kept."
        raise Refused(Issue(ErrorCode.NULLIFY_HELD, text, FOCUS))
    # What holds content of it goes whosever row it is, which the wall would hide from a submitter.
    work.on_the_payers_side()
    if submission.state in LIVE:
        stopped(submission, payer, work)
    own = [submission.key, *(each.key for each in attachments)]
    family = list(dict.fromkeys([*own, *_answers(submission, work)]))
    names = work.mentions.hashes(_names(family, work))
    tasks = _tasks(names, family, submission.key, work)
    for each in (submission, *attachments):
        _blank(each, work)
    work.replay_keys.outlive(submission.type, submission.id, DUPLICATES_REFUSED_FOR)
    for type, id in family[1:]:
        # An amended submission may come with the same attachments, and be asked the same.
        work.replay_keys.forget_of(type, id)
    versions = {key: work.resources.purge(*key) for key in family}
    for key in (key for key, count in versions.items() if count):
        work.tombstones.add(*key, task_id, names if key == submission.key else ())
    versions |= enrollment.purged(submission.id, task_id, work)
    work.pended.purge(submission.key)
    work.counters.purge(submission.id)
    work.clocks.forget(submission.id)
    work.reservations.forget(submission.id)
    work.decisions.purge(submission.id)
    _scrub(tasks, work)
    work.jobs.add(work.scope, VERIFY_PURGE, submission.key, submission.epoch + 1, work.now)
    return _receipt(versions, tasks, work)


def scrub_late(key: _Key, task_id: str, work: UnitOfWork) -> bool:
    """Scrub what was recorded while it was being nullified, Tasks and inputs; whether any was."""
    work.on_the_payers_side()
    emptied = work.decisions.empty(key[1])
    return emptied + _scrub(_tasks(work.tombstones.names(task_id), [key], key, work), work) > 0


def _scrub(tasks: Mapping[str, _Key], work: UnitOfWork) -> int:
    """Scrub every version of these Tasks, each with its focus; how many were not yet."""

    def scrubbed(id: str, text: str) -> str:
        bare = task_writing.scrubbed(text, tasks[id])
        return text if json_text.parsed(text) == json_text.parsed(bare) else bare

    work.mentions.forget("Task", tasks)
    return work.resources.rewrite("Task", tasks, scrubbed) if tasks else 0


def _attachments(submission: Submission, work: UnitOfWork) -> list[Submission]:
    """The Communications that belong to it, and those that name it and belong to nothing else."""
    attached = work.submissions.attached(submission.id) if submission.type == "Claim" else []
    answered = [submission.key, *_answers(submission, work)]
    named = work.mentions.of(_names(answered, work))
    loose = (work.submissions.find(*key) for key in named if key[0] == "Communication")
    found = {each.id: each for each in attached}
    found |= {each.id: each for each in loose if each is not None and each.about_id is None}
    found.pop(submission.id, None)
    return [each for each in found.values() if each.state is not State.NULLIFIED]


def _answers(submission: Submission, work: UnitOfWork) -> list[_Key]:
    """Everything that ever answered it: also what was superseded, reversed or never handed over."""
    answers = [key for key in work.pended.answers_to(submission.key) if key[0] != "Task"]
    if submission.response_type is not None and submission.response_id is not None:
        answers.append((submission.response_type, submission.response_id))
    return answers


def _tasks(
    names: Iterable[str], family: list[_Key], key: _Key, work: UnitOfWork
) -> dict[str, _Key]:
    """The Tasks that are about it, that brought it, or that name it and are about nothing else.

    Each with the focus it is left with. A poll about nothing in particular tells no content.
    """
    tasks = dict.fromkeys(work.tasks.about(family), key)
    named = {id for type, id in work.mentions.of_hashes(names) if type == "Task"} - tasks.keys()
    for row in work.tasks.find_all(named) if named else ():
        if row.focus_type is not None and row.focus_id is not None:
            if row.code is TaskCode.DELIVER:
                tasks[row.id] = (row.focus_type, row.focus_id)
        elif row.code is not TaskCode.POLL:
            tasks[row.id] = key
    return tasks


def _names(keys: Iterable[_Key], work: UnitOfWork) -> set[str]:
    """What resources may be named by: their references and their business identifiers."""
    names = set()
    for type, id in keys:
        names.add(f"{type}/{id}")
        stored = work.resources.find(type, id)
        if stored is not None and stored.text is not None:
            names |= {each.key for each in identifiers_of(json_text.parsed(stored.text))}
    return names


def _blank(submission: Submission, work: UnitOfWork) -> None:
    """Keep of its row that it was there."""
    moved = work.submissions.move(
        submission,
        state=State.NULLIFIED,
        epoch=submission.epoch + 1,
        disposition=None,
        total=None,
        currency=None,
        awaiting=None,
        awaiting_text=None,
        due_at=None,
        rules=None,
        plan_version=None,
        providers=None,
        review=None,
    )
    if moved is None:
        raise VersionConflict(f"{submission.type}/{submission.id}")
    work.submissions.free_identifiers(submission.id)
    work.mentions.forget(submission.type, [submission.id])


def _receipt(versions: dict[_Key, int], tasks: Mapping[str, _Key], work: UnitOfWork) -> Receipt:
    purged = {key: count for key, count in versions.items() if count}
    kinds = Counter(type for type, _ in purged)
    told = (f"{type}/{id} {count}" for (type, id), count in sorted(purged.items()))
    digest = work.hasher("receipt", *told, *sorted(tasks))
    return Receipt(tuple(sorted(kinds.items())), sum(purged.values()), len(tasks), digest)
