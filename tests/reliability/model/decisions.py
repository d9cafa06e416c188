"""What working off the queue ought to do to the model."""

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Any

from app.adjudicators.standard import StandardAdjudicator
from app.domain.adjudication import AdjudicationRequest, Answer, Awaiting, Deferred
from tests.reliability.model.documents import ASKED_ABOUT
from tests.reliability.model.model import Claim, Model

WAIT = timedelta(days=30)
A_DAY = timedelta(days=1)
# Longer than the clock stands still, and shorter than it ever moves.
_FAILED_FOR = timedelta(seconds=1)
MANNERS = ("standard", "leaves it to a person", "asks", "waits", "fails")


class MannerOf:
    """An adjudicator that answers every question in one manner."""

    rules = "in one manner"

    def __init__(self, manner: str, now: datetime) -> None:
        self._manner = manner
        self._now = now

    def adjudicate(self, request: AdjudicationRequest) -> Answer:
        """The standard answer, or one of those that are none yet."""
        match self._manner:
            case "leaves it to a person":
                return Deferred(Awaiting.OPERATOR, "A person must look.")
            case "asks":
                return Deferred(Awaiting.INFORMATION, "Please send what you have.")
            case "waits":
                return Deferred(Awaiting.OTHER_PAYER, "Another payer is first.", self._now + A_DAY)
            case "fails":
                raise RuntimeError(self._manner)
        return StandardAdjudicator().adjudicate(request)


class Thinking:
    """The standard adjudicator; while it thinks about its first question, something happens."""

    rules = "after a while"

    def __init__(self, meanwhile: Callable[[AdjudicationRequest], None]) -> None:
        self._meanwhile: Callable[[AdjudicationRequest], None] | None = meanwhile

    def adjudicate(self, request: AdjudicationRequest) -> Answer:
        """The standard answer, late."""
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile is not None:
            meanwhile(request)
        return StandardAdjudicator().adjudicate(request)


def settle(claim: Claim, manner: str, now: datetime, known: Iterable[str], model: Model) -> None:
    """One Claim was asked about and answered in this manner."""
    is_last_call = claim["until"] is not None and claim["until"] <= now
    awaiting, until = _awaited(claim, manner, is_last_call, now, set(known), model)
    if manner == "fails":
        if claim["state"] == "queued":
            model.move(claim, "adjudicating")
        claim["due"] = now + _FAILED_FOR
    elif awaiting is None:
        decide(claim, model)
    else:
        _wait(claim, "operator" if is_last_call else awaiting, until, model)


def decide(claim: Claim, model: Model) -> None:
    """A Claim is decided; what it comes to is read from the answer later."""
    claim |= {"due": None, "awaiting": None, "until": None, "is_decided": True, "is_new": True}
    model.end_answers(claim["id"], "superseded", {"ClaimResponse", "ExplanationOfBenefit"})
    model.close_question(claim)
    model.expect(claim["id"], "ClaimResponse")
    if claim["use"] == "claim":
        model.expect(claim["id"], "ExplanationOfBenefit")
    if claim["running"] is not None:
        model.tasks[claim["running"]]["status"] = "completed"
        model.expect(claim["id"], "Task")
        claim["running"] = None
    for each in model.communications.values():
        if each["claim"] == claim["id"] and each["state"] == "stored":
            each["is_used"] = True
    model.events[("decide", "complete", claim["id"], None)] += 1


def weigh(claim: Claim, lines: list[dict[str, Any]], model: Model) -> None:
    """The benefit of each line is known: the state that follows, and what is held or taken."""
    claim["benefit"] = total = sum(line["benefit"] for line in lines)
    is_owed = claim["use"] == "claim" and total > 0
    is_paid = is_owed and model.payables.is_paid(claim["id"], total)
    model.move(claim, "paid" if is_paid else "payable" if is_owed else "decided")
    if claim["use"] == "preauthorization":
        granted = [line for line in lines if line["is_eligible"]]
        benefits = {line["number"]: line["benefit"] for line in granted}
        services = {line["number"]: line["service"] for line in granted}
        model.ledgers.decided(claim["id"], benefits, terms_of(claim, services))
    if claim["use"] == "claim":
        model.payables.decided(claim["id"], total)
        _consume(claim, lines, model)


def terms_of(claim: Claim, services: dict[int, str]) -> dict[str, Any]:
    """Whose a preauthorization is, for what, and until when."""
    return {
        "member": claim["member"] if claim["is_member"] else None,
        "sender": claim["sender"],
        "services": services,
        "ends": date.fromisoformat(claim["ends"]),
    }


def night(today: date, model: Model) -> None:
    """Preauthorizations that ended before today expire, once a day."""
    if today in model.nights:
        return
    model.nights.add(today)
    for id in model.ledgers.ended(today):
        if model.claims[id]["state"] == "decided":
            model.events[("expire", "expired", id, None)] += 1


def _awaited(
    claim: Claim, manner: str, is_last_call: bool, now: datetime, known: set[str], model: Model
) -> tuple[str | None, datetime | None]:
    """What a Claim waits for and until when; None where it is decided."""
    match manner:
        case "leaves it to a person":
            awaiting = "operator"
        case "asks":
            awaiting = "information"
        case "waits":
            return "other-payer", now + A_DAY
        case _:
            awaiting = None if is_last_call else _missing(claim, known, model)
    return awaiting, None if awaiting is None else _until(claim, awaiting, now)


def _missing(claim: Claim, known: set[str], model: Model) -> str | None:
    """What the standard adjudicator waits for."""
    if claim["member"] not in known:
        return "coverage"
    return "information" if _lacks_attachment(claim, model) else None


def _until(claim: Claim, awaiting: str, now: datetime) -> datetime:
    """To wait for the same again makes no wait longer."""
    if claim["awaiting"] == awaiting and claim["until"] is not None:
        until: datetime = claim["until"]
        return until
    return now + WAIT


def _lacks_attachment(claim: Claim, model: Model) -> bool:
    named = claim["named"] if claim["running"] is not None else []
    asked = [
        number
        for number, service in enumerate(claim["services"], 1)
        if service == ASKED_ABOUT and (not named or number in named)
    ]
    return bool(asked) and not model.attachments(claim)


def _wait(claim: Claim, awaiting: str, until: datetime | None, model: Model) -> None:
    if awaiting == "operator":
        until = None
    if awaiting != "information":
        model.close_question(claim)
    if awaiting == "information" and claim["awaiting"] != awaiting:
        claim["is_asked"] = True
        model.expect(claim["id"], "CommunicationRequest")
    if claim["state"] != "awaiting":
        model.move(claim, "awaiting")
    claim |= {"awaiting": awaiting, "until": until, "due": until}


def _consume(claim: Claim, lines: list[dict[str, Any]], model: Model) -> None:
    """A Claim takes its benefit and its units from what it quotes, where that holds for it.

    Decided again it gives back what it does not need; lines that are carried over keep theirs.
    """
    id, ledgers = claim["quotes"], model.ledgers
    terms = ledgers.terms.get(id)
    if terms is None:
        return
    holds = claim["is_member"] and (terms["member"], terms["sender"]) == (
        claim["member"],
        claim["sender"],
    )
    asking = [line for line in lines if holds or line["is_carried"]]
    ledgers.used_instead(id, claim["id"], ledgers.wanted(id, claim["id"], asking))
