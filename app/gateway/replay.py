"""A decision made again from what it was made from: are the bytes the same?

For the payer's operator. Nothing of the Claim changes; that it was looked at is in the audit.
Docs: docs/replay.md.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.domain import reissue
from app.domain.adjudication import (
    AdjudicationRequest,
    Adjudicator,
    Answer,
    Decided,
    DecidedLine,
    Deferred,
)
from app.domain.parties import Payer, Scope
from app.domain.reissue import Path
from app.fhir import json_text
from app.fhir.claim_response import decided_part
from app.fhir.decision_reading import read_decision
from app.gateway.decisions import InputsLost, digest_of_decision, read_inputs
from app.gateway.installation import Installation
from app.store.audit import Event
from app.store.decisions import Kept
from app.store.unit_of_work import UnitOfWork

OPERATOR = "operator"
ACTION = "replay"


class NoDecision(Exception):
    """The payer has no such Claim, or no decision of this number is kept of it."""


class NoSuchAdjudicator(Exception):
    """No adjudicator of this name is installed."""


class NotReplayable(Exception):
    """It cannot be made again; the first argument is the Hindrance."""


class Hindrance(StrEnum):
    """Why a decision cannot be made again, as the audit has it."""

    EMPTIED = "emptied"
    DAMAGED = "damaged"
    UNREADABLE = "unreadable"
    NOT_INSTALLED = "not-installed"
    FAILED = "failed"


class Verdict(StrEnum):
    """What came of it."""

    SAME = "same"
    DIFFERS = "differs"


@dataclass(frozen=True, slots=True)
class LinePair:
    """One line as it was told and as it is decided now; None where there is none."""

    path: Path
    told: DecidedLine | None
    again: DecidedLine | None


@dataclass(frozen=True, slots=True)
class Replayed:
    """A decision beside the same made again by `rules`.

    `is_same_decision`: every byte that was decided, also notes and postings. `is_same_response`:
    the items and totals are, as text, those in the ClaimResponse. `waits`: what it waits for now.
    """

    kept: Kept
    rules: str
    is_same_decision: bool
    is_same_response: bool
    lines: tuple[LinePair, ...]
    notes: tuple[str, ...] = ()
    waits: Deferred | None = None

    @property
    def verdict(self) -> Verdict:
        """Whether nothing at all differs."""
        is_same = self.is_same_decision and self.is_same_response
        return Verdict.SAME if is_same else Verdict.DIFFERS


@dataclass(frozen=True, slots=True)
class _Found:
    kept: Kept
    response: str


class Replays:
    """Decisions made again; `adjudicators` by the name that a payer's settings use."""

    def __init__(self, installation: Installation, adjudicators: Mapping[str, Adjudicator]) -> None:
        self._installation = installation
        self._adjudicators = adjudicators

    def replay(
        self, payer: Payer, claim_id: str, number: int | None = None, name: str | None = None
    ) -> Replayed:
        """Make a decision again, the last one without a number.

        `name` is an adjudicator to ask instead of the one that has the rules it was made by. Raises
        NoDecision, NoSuchAdjudicator, or NotReplayable.
        """
        if name is not None and name not in self._adjudicators:
            raise NoSuchAdjudicator(name)
        scope = Scope(payer.id)
        found = self._installation.read(scope, lambda work: _found(claim_id, number, work))
        try:
            replayed = self._replayed(found, payer, name)
        except NotReplayable as fault:
            self._tell(scope, claim_id, str(fault.args[0]))
            raise
        self._tell(scope, claim_id, replayed.verdict)
        return replayed

    def _replayed(self, found: _Found, payer: Payer, name: str | None) -> Replayed:
        inputs = self._inputs(found.kept)
        adjudicator = self._asked(found.kept, payer, name)
        answer = _answer(adjudicator, inputs, found.kept.decision.rules)
        told = read_decision(json_text.parsed(found.response))
        if isinstance(answer, Deferred):
            pairs = tuple(_pairs(told.lines, ()))
            return Replayed(found.kept, adjudicator.rules, False, False, pairs, waits=answer)
        digest = digest_of_decision(answer, self._installation.hasher)
        return Replayed(
            found.kept,
            adjudicator.rules,
            digest == found.kept.decision.decision_digest,
            decided_part(answer) in found.response,
            tuple(_pairs(told.lines, answer.lines)),
            tuple(f"{note.number}. {note.text}" for note in answer.notes),
        )

    def _inputs(self, kept: Kept) -> AdjudicationRequest:
        try:
            return read_inputs(kept, self._installation.hasher)
        except InputsLost as fault:
            raise NotReplayable(Hindrance(fault.args[0])) from None

    def _asked(self, kept: Kept, payer: Payer, name: str | None) -> Adjudicator:
        """The named adjudicator, else the one that has the rules; the payer's own before others."""
        if name is not None:
            return self._adjudicators[name]
        own = payer.settings.adjudicator
        for each in sorted(self._adjudicators, key=lambda one: (one != own, one)):
            if self._adjudicators[each].rules == kept.decision.rules:
                return self._adjudicators[each]
        raise NotReplayable(Hindrance.NOT_INSTALLED, kept.decision.rules)

    def _tell(self, scope: Scope, claim_id: str, outcome: str) -> None:
        event = Event(OPERATOR, ACTION, outcome, "Claim", claim_id)
        self._installation.write(scope, lambda work: work.audit.add(event))


def _found(claim_id: str, number: int | None, work: UnitOfWork) -> _Found:
    kept = work.decisions.find(claim_id, number)
    if kept is None:
        raise NoDecision(claim_id)
    response = work.resources.find("ClaimResponse", kept.decision.response_id)
    if response is None or response.text is None:
        raise LookupError("a decision that is kept has its response")
    return _Found(kept, response.text)


def _answer(adjudicator: Adjudicator, inputs: AdjudicationRequest, rules: str) -> Answer:
    """What it answers, with the notes of a reissue; raises NotReplayable where it raises."""
    try:
        answer = adjudicator.adjudicate(inputs)
        if isinstance(answer, Decided) and inputs.reissue is not None:
            return reissue.told(inputs.reissue, answer, rules)
    except Exception as fault:  # noqa: BLE001  a payer's adjudicator may raise anything
        # Without its cause: a message may quote the Claim.
        raise NotReplayable(Hindrance.FAILED, type(fault).__name__) from None
    return answer


def _pairs(told: tuple[DecidedLine, ...], again: tuple[DecidedLine, ...]) -> Iterator[LinePair]:
    """Every line of either decision, a group before the lines below it."""
    old, new = ({line.path: line for line in lines} for lines in (told, again))
    for path in sorted(old.keys() | new.keys()):
        before, after = old.get(path), new.get(path)
        yield LinePair(path, before, after)
        yield from _pairs(before.lines if before else (), after.lines if after else ())
