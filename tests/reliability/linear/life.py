"""One Claim's life as a sequential object: a plain function from state and question to answer."""

from collections.abc import Callable, Hashable, Iterator
from typing import NamedTuple

from tests.reliability.model.table import DONE, FAILING, GONE, RUNS, TABLE, row_of

# What an adjudicator was asked about may be decided, or dropped because it came too late.
DECIDE = "decide"
# What the audit tells in the end: every effect, in its order.
EFFECTS = "effects"
SUBMIT = "submit"
_NOT_FOUND = "ECG-FOCUS-NOT-FOUND"
_ANSWERS = {
    "claim": ("ClaimResponse", "ExplanationOfBenefit"),
    "preauthorization": ("ClaimResponse",),
}


class Question(NamedTuple):
    """What is asked about a Claim; by its identifier alone, or by its id; of a poll, how many."""

    code: str
    by_number: bool = False
    count: int = 1


class Life(NamedTuple):
    """How a Claim stands."""

    use: str
    state: str = ""
    is_decided: bool = False
    is_running: bool = False
    waiting: tuple[str, ...] = ()
    # The types of what was handed over, each where its newest was.
    given: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()


# What an answer tells beside its status, and how the Claim stands then.
Told = tuple[tuple[Hashable, ...], Life]


def lives(life: Life, asked: Hashable, answered: Hashable) -> Iterator[Life]:
    """The lives that a Claim may have after this question and this answer."""
    if asked == DECIDE:
        yield life
        if life.state == "queued":
            yield _decided(life)
    elif asked == EFFECTS:
        if answered == life.effects:
            yield life
    else:
        assert isinstance(asked, Question)
        if (life.state, asked.by_number, answered) == ("nullified", True, ("failed", GONE)):
            # It was found by its identifier just before, and was gone once its turn had come.
            yield life
        told, after = _asked(life, asked)
        if answered in {told, _unread(told)}:
            yield after


def _unread(told: Hashable) -> Hashable:
    """A poll whose answers were purged before its Bundle was read tells of no types."""
    is_poll = isinstance(told, tuple) and len(told) == len(("status", "error", "types", "left"))
    return (*told[:2], None, told[3]) if is_poll and isinstance(told, tuple) else told


def _asked(life: Life, asked: Question) -> tuple[Hashable, Life]:
    if asked.code == SUBMIT:
        return _submitted(life)
    if life.state == "" or (life.state == "nullified" and asked.by_number):
        return ("failed", _NOT_FOUND), life
    row = TABLE[_row(life)]
    told = row[asked.code]
    if told not in {DONE, RUNS}:
        return ("failed" if told in FAILING else "rejected", told), life
    answer, after = _EFFECTS[asked.code](life, asked)
    return (told, None, *answer), after


def _row(life: Life) -> str:
    is_held = life.use == "preauthorization" and life.is_decided
    return row_of(
        life.state,
        life.use,
        is_reopened=life.is_decided,
        reserved=is_held,
        used=False,
        was_paid=False,
    )


def _submitted(life: Life) -> tuple[Hashable, Life]:
    if life.state == "":
        return 201, _effect(life._replace(state="queued"), "create")
    return 410 if life.state == "nullified" else 200, life


def _decided(life: Life) -> Life:
    """A new answer takes the place of an earlier one that nobody was handed."""
    answers = _ANSWERS[life.use]
    kept = tuple(type for type in life.waiting if type not in answers)
    done = ("Task",) if life.is_running else ()
    return _effect(
        life._replace(
            state="payable" if life.use == "claim" else "decided",
            is_decided=True,
            is_running=False,
            waiting=(*kept, *answers, *done),
        ),
        DECIDE,
    )


def _cancelled(life: Life, _asked: Question) -> Told:
    ended = _overtaken(life._replace(waiting=()))
    reversal = ("ClaimResponse",) if life.is_decided else ()
    after = ended._replace(state="cancelled", waiting=(*ended.waiting, *reversal))
    return (life.is_decided,), _effect(after, "cancel")


def _nullified(life: Life, _asked: Question) -> Told:
    return (), _effect(life._replace(state="nullified"), "nullify")


def _reopened(life: Life, _asked: Question) -> Told:
    return (), _effect(_overtaken(life)._replace(state="queued", is_running=True), "reprocess")


def _kept(life: Life, asked: Question) -> Told:
    """A release gives back money, and a delivery is kept: neither is told by anything here."""
    return (), _effect(life, asked.code)


def _stands(life: Life, _asked: Question) -> Told:
    row = TABLE[_row(life)]
    return (tuple(sorted(code for code, told in row.items() if told in {DONE, RUNS})),), life


def _polled(life: Life, asked: Question) -> Told:
    """What waits goes first; where nothing does, the newest of each type once more."""
    handed, rest = life.waiting[: asked.count], life.waiting[asked.count :]
    if not handed:
        return (life.given[: asked.count], 0), life
    given = life.given
    for type in handed:
        given = (*(each for each in given if each != type), type)
    return (handed, len(rest)), life._replace(waiting=rest, given=given)


def _overtaken(life: Life) -> Life:
    """The reprocess that runs ends without an answer."""
    told = ("Task",) if life.is_running else ()
    return life._replace(is_running=False, waiting=(*life.waiting, *told))


def _effect(life: Life, name: str) -> Life:
    return life._replace(effects=(*life.effects, name))


_EFFECTS: dict[str, Callable[[Life, Question], Told]] = {
    "cancel": _cancelled,
    "nullify": _nullified,
    "reprocess": _reopened,
    "release": _kept,
    "deliver": _kept,
    "status": _stands,
    "poll": _polled,
}
