"""Which resource each step of a transaction is about, before the first of them is carried out.

http://hl7.org/fhir/R4/http.html#trules
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from app.domain.issues import ErrorCode, Issue, ScopeMissing, Unacceptable
from app.domain.search.matching import local
from app.fhir import json_text
from app.fhir.bundle import within
from app.fhir.documents import Document
from app.fhir.tasks.reading import read_task
from app.gateway.batch.brought import Brought
from app.gateway.batch.reading import MOST_ENTRIES, Step
from app.gateway.batch.references import References
from app.gateway.changes.conditional import condition_of, id_of, matches_of
from app.gateway.changes.target import Target
from app.gateway.intake import intake
from app.gateway.received import Keys, Received, keys_of
from app.store.unit_of_work import UnitOfWork

CHANGES = frozenset({"PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True)
class _Identity:
    """The resource of one step; `key` sorts steps, and `keys` are what nobody else may take."""

    step: Step
    id: str | None
    is_there: bool
    keys: frozenset[str] = frozenset()
    key: str = ""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A step that speaks of what is stored; `key` is the same for the same content anywhere.

    `id` is what others were told that it is about; None where it was about nothing.
    """

    step: Step
    key: str
    id: str | None = None


def prepared(steps: Sequence[Step], base: str, work: UnitOfWork) -> list[Prepared]:
    """The steps with ids and with their references followed; raises Unacceptable.

    That is so where two are about one resource, or a conditional reference is not about one.
    """
    _require_named_apart(steps)
    identities = [_identity(step, base, work) for step in steps]
    _require_apart(identities)
    addresses = {
        one.step.full_url: f"{one.step.type}/{one.id}"
        for one in identities
        if one.step.full_url is not None and one.id is not None and one.step.method != "DELETE"
    }
    resolve = _Conditions(identities, work)
    references = References(addresses, resolve.reference)
    return [Prepared(_rewritten(one, references), one.key, one.id) for one in identities]


def _require_named_apart(steps: Iterable[Step]) -> None:
    """No two entries may have one fullUrl: it could not be told which of them is referred to.

    bdl-7 lets them pass where they are versions of one resource.
    """
    names: set[str] = set()
    for step in steps:
        if step.full_url is None:
            continue
        if step.full_url in names:
            text = "Another entry has the same fullUrl."
            raise Unacceptable(Issue(ErrorCode.BUNDLE_TWICE, text, f"{step.place}.fullUrl"))
        names.add(step.full_url)


def _rewritten(identity: _Identity, references: References) -> Step:
    step = identity.step
    if step.document is None or step.method not in {"POST", "PUT"}:
        return step
    with _at(step):
        document = references.rewritten(step.document, step.full_url)
    return replace(step, document=document, sent=step.document, id=identity.id)


def _identity(step: Step, base: str, work: UnitOfWork) -> _Identity:
    with _at(step):
        if step.method == "POST":
            return _created(step, base, work)
        if step.method in CHANGES:
            return _changed(step, work)
    return _Identity(step, None, is_there=False)


def _created(step: Step, base: str, work: UnitOfWork) -> _Identity:
    if step.document is None or step.document.get("resourceType") != step.type:
        # No resource, or one for another address: its own request will be refused.
        return _Identity(step, None, is_there=False)
    received = _received(step, step.document, step.headers.get("If-None-Exist"))
    if step.type == "Task":
        keys = _task_keys(received, base, work)
        kept = keys.found(work.replay_keys)
        there = kept.resource_id if kept is not None else None
    else:
        keys = intake.replay_keys(received, work)
        earlier = intake.earlier(received, work)
        there = earlier.stored.id if earlier is not None else None
    key = keys.condition or keys.by_content or keys.fingerprint
    return _Identity(step, there or work.new_id(), there is not None, frozenset(keys.all), key)


def _changed(step: Step, work: UnitOfWork) -> _Identity:
    if step.target_id is not None:
        return _Identity(step, step.target_id, is_there=True, key=step.path)
    id = id_of(Target(step.type, condition=step.query), work)
    if id is not None or step.method != "PUT" or step.document is None:
        return _Identity(step, id, is_there=id is not None, key=f"{step.path}?{step.query}")
    received = _received(step, step.document, step.query)
    condition = keys_of(received, (), (), work.hasher).condition
    id = step.document.get("id") or work.new_id()
    return _Identity(
        step, id, is_there=False, keys=frozenset({str(condition)}), key=f"{step.path}?{step.query}"
    )


def _received(step: Step, document: Document, condition: str | None) -> Received:
    return Received(
        json_text.write(document),
        document,
        idempotency_key=step.headers.get("Idempotency-Key"),
        if_none_exist=condition,
    )


def _task_keys(received: Received, base: str, work: UnitOfWork) -> Keys:
    """As the gateway makes them; a Task that cannot be read will be refused and needs none."""
    task, _ = read_task(received.document, base, work.now)
    if task is None:
        return Keys(received.fingerprint(work.hasher))
    return keys_of(received, ("Task", task.code), task.identifiers, work.hasher)


def _require_apart(identities: Iterable[_Identity]) -> None:
    """No two steps may be about the same resource, unless both only find it there."""
    changed: dict[tuple[str, str | None], Step] = {}
    found: dict[tuple[str, str | None], Step] = {}
    taken: dict[str, Step] = {}
    for one in identities:
        place = (one.step.type, one.id)
        is_change = one.step.method in CHANGES
        other = changed.get(place) or (found.get(place) if is_change else None)
        other = other or next((taken[key] for key in sorted(one.keys) if key in taken), None)
        if other is not None and one.id is not None:
            text = f"It is about the same resource as {other.place}."
            raise Unacceptable(Issue(ErrorCode.BUNDLE_TWICE, text, one.step.place))
        if one.id is not None and (is_change or one.is_there):
            (changed if is_change else found)[place] = one.step
        taken |= dict.fromkeys(one.keys, one.step)


class _Conditions:
    """Conditional references, met by what is stored or by what the transaction itself brings."""

    def __init__(self, identities: Sequence[_Identity], work: UnitOfWork) -> None:
        self._identities = identities
        self._work = work
        self._known: dict[tuple[str, str], str] = {}
        self._brought = Brought((one.step for one in identities), work.base)
        self._ids = {one.step.position: one.id for one in identities}

    def reference(self, type: str, query: str) -> str:
        """The reference of the one match; raises Unacceptable for none, or several."""
        if (type, query) not in self._known:
            if len(self._known) == MOST_ENTRIES:
                text = f"More than {MOST_ENTRIES} different conditional references."
                raise Unacceptable(Issue(ErrorCode.TOO_COMPLEX, text))
            self._known[type, query] = self._one(type, query)
        return self._known[type, query]

    def _one(self, type: str, query: str) -> str:
        stored = {id for _, id in matches_of(type, query, self._work)}
        search = condition_of(type, query, self._work.base, self._work.now)
        asked = [local(condition) for condition in search.conditions]
        of_type = [one for one in self._identities if one.step.type == type]
        # What becomes of those is decided here; a PATCH is taken to leave the identifiers alone.
        stored -= {one.id for one in of_type if one.step.method in {"PUT", "DELETE"}}
        brought = {self._ids[position] for position in self._brought.meeting(type, asked)}
        met = sorted({*stored, *(id for id in brought if id is not None)})
        if len(met) != 1:
            text = f"The condition on a {type} is met by {len(met)} resources, not by one."
            raise Unacceptable(Issue(ErrorCode.BUNDLE_REFERENCE, text))
        return f"{type}/{met[0]}"


@contextmanager
def _at(step: Step) -> Iterator[None]:
    """What is Unacceptable inside is told of this entry."""
    try:
        yield
    except ScopeMissing as missing:
        raise ScopeMissing(
            missing.scope, within(step.place, missing.issues[0].expression)
        ) from None
    except Unacceptable as wrong:
        issues = (
            replace(issue, expression=within(step.place, issue.expression))
            for issue in wrong.issues
        )
        raise Unacceptable(*issues) from None
