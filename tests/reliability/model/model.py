"""The model: what the gateway ought to know, in plain dicts, and how it ought to answer."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from tests.reliability.model.ledgers import Ledgers
from tests.reliability.model.payables import Payables
from tests.reliability.model.table import (
    DONE,
    FAILING,
    LIVE,
    RUNS,
    TABLE,
    UNDECIDED,
    row_of,
)

Claim = dict[str, Any]
# An audit row: action, outcome, whose it is, by which Task.
Event = tuple[str, str, str | None, str | None]

POLL_KEPT_FOR = timedelta(hours=24)
RECOVERABLE = "delivered"


class Model:
    """Every Claim, Communication, Task, answer and ledger that there ought to be."""

    def __init__(self) -> None:
        self.claims: dict[str, Claim] = {}
        self.communications: dict[str, dict[str, Any]] = {}
        self.tasks: dict[str, dict[str, Any]] = {}
        self.pended: list[dict[str, Any]] = []
        self.ledgers = Ledgers()
        self.payables = Payables()
        self.nights: set[Any] = set()
        self.events: Counter[Event] = Counter()
        # New answers that the last step ought to have pended: their types, by Claim, in order.
        self.expected: dict[str, list[str]] = {}
        self.moves: Counter[tuple[str, str]] = Counter()
        self.cells: Counter[tuple[str, str]] = Counter()

    def row(self, claim: Claim) -> str:
        """Which row of the protocol's table a Claim is in."""
        return row_of(
            claim["state"],
            claim["use"],
            is_reopened=claim["is_decided"],
            reserved=self.ledgers.reserved(claim["id"]),
            used=self.ledgers.used(claim["id"]),
            was_paid=claim["id"] in self.payables.paid,
        )

    def answer(self, code: str, claim: Claim) -> tuple[str, str | None]:
        """The status that a Task about a Claim is answered with, and the error if it is a no."""
        told = TABLE[self.row(claim)][code]
        self.cells[(self.row(claim), code)] += 1
        if told in {DONE, RUNS}:
            return told, None
        return ("failed" if told in FAILING else "rejected"), told

    def allowed(self, claim: Claim) -> list[str]:
        """The Task codes that would be accepted now."""
        return [code for code, told in TABLE[self.row(claim)].items() if told in {DONE, RUNS}]

    def taken(self, id: str, claim: Claim, *, is_valid: bool) -> None:
        """A Claim was taken in."""
        self.claims[id] = claim
        claim |= {
            "id": id,
            "state": "",
            "is_decided": False,
            "awaiting": None,
            "until": None,
            "due": None,
            "running": None,
            "is_asked": False,
            "response": None,
            "verify": None,
        }
        self.events[("create", "created", id, None)] += 1
        if is_valid:
            self.queued(claim, claim["sent_at"])
        else:
            self.move(claim, "invalid")
            self.expect(id, "ClaimResponse")

    def move(self, claim: Claim, state: str) -> None:
        """A Claim comes into another state."""
        if claim["state"] != state:
            self.moves[(claim["state"], state)] += 1
        claim["state"] = state

    def queued(self, claim: Claim, due: datetime) -> None:
        """A Claim is to be decided."""
        self.move(claim, "queued")
        claim |= {"due": due, "awaiting": None, "until": None}

    def expect(self, claim: str, *types: str) -> None:
        """The step pends answers to a Claim."""
        self.expected.setdefault(claim, []).extend(types)

    def close_question(self, claim: Claim) -> None:
        """What was asked about a Claim is asked no more."""
        if claim["is_asked"]:
            claim["is_asked"] = False
            self.end_answers(claim["id"], "superseded", {"CommunicationRequest"})

    def end_answers(self, claim: str, state: str, types: set[str] | None = None) -> None:
        """Answers that were not handed over never are."""
        for item in self.pended:
            is_open = item["claim"] == claim and item["state"] == "undelivered"
            if is_open and (types is None or item["type"] in types):
                item["state"] = state

    def overtake(self, claim: Claim) -> None:
        """The reprocess that runs on a Claim ends without an answer."""
        if claim["running"] is not None:
            self.tasks[claim["running"]]["status"] = "cancelled"
            claim["running"] = None
            self.expect(claim["id"], "Task")

    def stop(self, claim: Claim) -> None:
        """A Claim is not worked on any more, and gives back what it holds."""
        claim |= {"due": None, "awaiting": None, "until": None}
        self.end_answers(claim["id"], "withdrawn")
        self.close_question(claim)
        self.overtake(claim)
        self.ledgers.restored(claim["id"])
        self.payables.ended(claim["id"])
        if claim["use"] == "preauthorization":
            self.ledgers.cancelled(claim["id"])

    def cancel(self, claim: Claim) -> None:
        """A Claim is cancelled; if it was decided, that is reversed."""
        self.stop(claim)
        self.move(claim, "cancelled")
        if claim["is_decided"]:
            self.expect(claim["id"], "ClaimResponse")

    def nullify(self, claim: Claim, task: str, now: datetime) -> None:
        """A Claim and all that belongs to it is purged."""
        if claim["state"] in LIVE:
            self.stop(claim)
        self.move(claim, "nullified")
        claim |= {"verify": task, "due": None}
        for item in self.pended:
            # Its Tasks tell nothing of it any more, and are still answers to who sent them.
            if item["claim"] == claim["id"] and item["type"] != "Task":
                item["state"] = "purged"
        for each in self.communications.values():
            if claim["id"] in {each["claim"], each["names"] if each["claim"] is None else None}:
                each["state"] = "nullified"
        self.ledgers.forgotten(claim["id"])

    def pay(self, senders: Iterable[str]) -> None:
        """Pay each sender what its decided Claims are owed."""
        for sender in senders:
            own = [each for each in self.claims.values() if each["sender"] == sender]
            ready = [each["id"] for each in own if each["state"] not in UNDECIDED]
            owed = {id for id in ready if self.payables.owed(id)}
            if self.payables.run(sender, ready):
                self.expect(f"to {sender}", "PaymentReconciliation", "PaymentNotice")
                for each in own:
                    if each["id"] in owed and each["state"] == "payable":
                        self.move(each, "paid")

    def reopen(self, claim: Claim, task: str, lines: list[int], now: datetime) -> None:
        """A Claim is decided again, all of it or the named lines."""
        self.overtake(claim)
        self.close_question(claim)
        self.queued(claim, now)
        claim["running"] = task
        claim["named"] = lines

    def deliver(self, id: str, claim: Claim, document: dict[str, Any], now: datetime) -> None:
        """A Communication belongs to a Claim, which goes on if it awaited it."""
        self.communications[id] = {
            "state": "stored",
            "claim": claim["id"],
            "names": claim["id"],
            "is_used": False,
            "sender": claim["sender"],
            "document": document,
        }
        if claim["awaiting"] == "information":
            self.close_question(claim)
            self.queued(claim, now)

    def attachments(self, claim: Claim) -> int:
        """How many Communications that count belong to a Claim."""
        return sum(
            each["claim"] == claim["id"] and each["state"] == "stored"
            for each in self.communications.values()
        )

    def holder(self, sender: str, use: str, number: str) -> Claim | None:
        """The live Claim that holds a business identifier."""
        return next(
            (
                each
                for each in self.claims.values()
                if (each["sender"], each["use"], each["number"]) == (sender, use, number)
                and each["state"] in LIVE
            ),
            None,
        )

    def waiting(self, sender: str, claim: str | None, types: set[str] | None) -> list[Any]:
        """What a poll could hand over, oldest first."""
        return [
            item
            for item in self.pended
            if item["state"] == "undelivered"
            and item["sender"] == sender
            and claim in {None, item["claim"]}
            and (types is None or item["type"] in types)
        ]

    def recoverable(self, claim: str, types: set[str] | None) -> list[Any]:
        """The newest answer of each type that was handed over before."""
        newest: dict[str, Any] = {}
        for item in self.pended:
            if item["claim"] == claim and item["state"] == RECOVERABLE:
                newest[item["type"]] = item
        found = [item for item in self.pended if item is newest.get(item["type"])]
        return [item for item in found if types is None or item["type"] in types]

    def held_answer(self, document: dict[str, Any], sender: str, now: datetime) -> str | None:
        """The id of the Task that exactly the same Task was answered with before."""
        for id, task in self.tasks.items():
            if not task["has_key"] or (task["document"], task["sender"]) != (document, sender):
                continue
            if task["code"] != "poll" or now < task["at"] + POLL_KEPT_FOR:
                return id
        return None

    def undecided(self, now: datetime) -> list[Claim]:
        """The Claims that an adjudicator is due to be asked about."""
        return [
            each
            for each in self.claims.values()
            if each["state"] in UNDECIDED and each["due"] is not None and each["due"] <= now
        ]
