"""A decision made again from what it was made from: are the bytes the same?

For the payer's operator. Nothing of the Claim changes; that it was looked at is in the audit.
Docs: docs/replay.md.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
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
from app.fhir.answers.claim_response import decided_part
from app.fhir.business.decision_reading import read_decision
from app.fhir.validation import check
from app.gateway.deciding.decisions import InputsLost, digest_of_decision, read_inputs
from app.gateway.installation import Installation
from app.gateway.jobs.asking import AdjudicatorFailed, TooSlow
from app.gateway.jobs.asking import answer as asked
from app.gateway.jobs.worker import ADJUDICATOR_TIMEOUT
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
    TOO_SLOW = "too-slow"


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
    """`response` is empty, and nothing is `told`, where somebody left nothing to read of it."""

    kept: Kept
    response: str
    told: tuple[DecidedLine, ...] | None = None


class Replays:
    """Decisions made again; `adjudicators` by the name that a payer's settings use.

    `timeout` is what an adjudicator has for its answer, as it has with a worker.
    """

    def __init__(
        self,
        installation: Installation,
        adjudicators: Mapping[str, Adjudicator],
        timeout: timedelta = ADJUDICATOR_TIMEOUT,
    ) -> None:
        self._installation = installation
        self._adjudicators = adjudicators
        self._timeout = timeout

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
        told = found.told or ()
        answer = _answer(adjudicator, inputs, found.kept.decision.rules, self._timeout)
        if isinstance(answer, Deferred):
            pairs = tuple(_pairs(told, ()))
            return Replayed(found.kept, adjudicator.rules, False, False, pairs, waits=answer)
        digest, response = self._written(answer)
        return Replayed(
            found.kept,
            adjudicator.rules,
            digest == found.kept.decision.decision_digest,
            found.told is not None and response in found.response,
            tuple(_pairs(told, answer.lines)),
            tuple(f"{note.number}. {note.text}" for note in answer.notes),
        )

    def _written(self, answer: Decided) -> tuple[str, str]:
        """The digest of an answer, and what a ClaimResponse has of it; raises NotReplayable."""
        try:
            return digest_of_decision(answer, self._installation.hasher), decided_part(answer)
        except Exception as fault:  # noqa: BLE001  an answer may hold anything
            raise NotReplayable(Hindrance.FAILED, type(fault).__name__) from None

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
    try:
        response = work.resources.find("ClaimResponse", kept.decision.response_id)
    except ValueError:
        # Its bytes are no text any more, or none that this version reads.
        response = None
    if response is None or response.text is None:
        return _Found(kept, "")
    return _Found(kept, response.text, _told(response.text))


def _told(text: str) -> tuple[DecidedLine, ...] | None:
    """The lines of a ClaimResponse; None of one that is not as the gateway writes them."""
    try:
        document = json_text.parsed(text)
        return read_decision(document).lines if not check(document) else None
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError):
        return None


def _answer(
    adjudicator: Adjudicator, inputs: AdjudicationRequest, rules: str, timeout: timedelta
) -> Answer:
    """What it answers, with the notes of a reissue; raises NotReplayable where it raises."""
    try:
        answer = asked(adjudicator, inputs, timeout)
        if isinstance(answer, Decided) and inputs.reissue is not None:
            return reissue.told(inputs.reissue, answer, rules)
    except AdjudicatorFailed as fault:
        raise NotReplayable(Hindrance.FAILED, *fault.args) from None
    except TooSlow:
        raise NotReplayable(Hindrance.TOO_SLOW) from None
    except Exception as fault:  # noqa: BLE001  a payer's adjudicator may answer anything
        # Without its cause: a message may quote the Claim.
        raise NotReplayable(Hindrance.FAILED, type(fault).__name__) from None
    if not isinstance(answer, Decided | Deferred):
        raise NotReplayable(Hindrance.FAILED, "TypeError")
    return answer


def _pairs(told: tuple[DecidedLine, ...], again: tuple[DecidedLine, ...]) -> Iterator[LinePair]:
    """Every line of either decision, a group before the lines below it."""
    old, new = ({line.path: line for line in lines} for lines in (told, again))
    for path in sorted(old.keys() | new.keys()):
        before, after = old.get(path), new.get(path)
        yield LinePair(path, before, after)
        yield from _pairs(before.lines if before else (), after.lines if after else ())
