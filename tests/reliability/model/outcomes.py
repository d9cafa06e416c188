"""How each Task ought to be answered, and what it ought to do to the model."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from tests.reliability.model.model import Claim, Model
from tests.reliability.model.table import DONE, RUNS
from tests.reliability.model.world import World
from tests.wire import Reply


def nothing(_task: str) -> None:
    """No effect."""


@dataclass
class Outcome:
    """The answer, what the Task is then kept as being about, and its effect by the Task's id."""

    status: str
    error: str | None = None
    focus: str | None = None
    has_key: bool = True
    effect: Callable[[str], None] = nothing
    is_urgent: bool = False


class Outcomes:
    """The outcome of Tasks at one instant."""

    def __init__(self, model: Model, world: World, now: datetime) -> None:
        self._model = model
        self._world = world
        self._now = now

    def of(self, op: dict[str, Any], reply: Reply) -> Outcome:
        """What a Task ought to be answered; its outputs are looked at here."""
        claim = self._model.claims.get(op["claim"])
        if claim is None:
            return self._polled(op, None, reply)
        if op["sender"] != claim["sender"]:
            # A stranger's Claim is as if it were not there.
            error = "ECG-DELIVER-NO-MATCH" if op["code"] == "deliver" else "ECG-FOCUS-NOT-FOUND"
            return Outcome("failed", error, has_key=False)
        status, error = self._model.answer(op["code"], claim)
        if op.get("is_by_number") and claim["state"] == "nullified":
            error = "ECG-FOCUS-NOT-FOUND"
        if error is not None:
            return Outcome(status, error, has_key=False)
        outcome: Outcome = getattr(self, f"_{op['code']}")(op, claim, reply)
        return outcome

    def _cancel(self, op: dict[str, Any], claim: Claim, reply: Reply) -> Outcome:
        assert (reply.output("response") is not None) == claim["is_decided"]
        return Outcome(DONE, focus=claim["id"], effect=lambda _: self._model.cancel(claim))

    def _nullify(self, op: dict[str, Any], claim: Claim, reply: Reply) -> Outcome:
        assert reply.output("receipt").startswith("Purged: Claim 1, ")

        def effect(task: str) -> None:
            self._model.nullify(claim, task, self._now)

        return Outcome(DONE, focus=claim["id"], effect=effect)

    def _release(self, op: dict[str, Any], claim: Claim, reply: Reply) -> Outcome:
        held = self._model.ledgers.open_amount(claim["id"])
        amount = reply.output("amount")
        assert (amount["value"], amount["currency"]) == (Decimal(held) / 100, "EUR")

        def effect(_: str) -> None:
            self._model.ledgers.released(claim["id"])

        return Outcome(DONE, focus=claim["id"], effect=effect)

    def _reprocess(self, op: dict[str, Any], claim: Claim, reply: Reply) -> Outcome:
        if any(line > len(claim["services"]) for line in op["lines"]):
            return Outcome("failed", "ECG-ITEM-NOT-FOUND", has_key=False)
        is_urgent = claim["is_stat"] or op.get("is_stat", False)

        def effect(task: str) -> None:
            self._model.reopen(claim, task, op["lines"], self._now)

        return Outcome(RUNS, focus=claim["id"], effect=effect, is_urgent=is_urgent)

    def _status(self, op: dict[str, Any], claim: Claim, reply: Reply) -> Outcome:
        allowed = [value for name, value in reply.outputs if name == "allowed"]
        assert sorted(allowed) == sorted(self._model.allowed(claim))
        assert reply.output("awaiting") == claim["awaiting"]
        is_cancelled = claim["state"] == "cancelled"
        assert reply.output("resource-status") == ("cancelled" if is_cancelled else "active")
        return Outcome(DONE, focus=claim["id"], has_key=False)

    def _deliver(self, op: dict[str, Any], claim: Claim, reply: Reply) -> Outcome:
        def effect(_: str) -> None:
            id = reply.output("response").split("/")[1]
            self._model.deliver(id, claim, op["attachment"], self._now)
            self._model.events[("create", "created", id, None)] += 1

        return Outcome(DONE, focus=claim["id"], effect=effect)

    def _poll(self, op: dict[str, Any], claim: Claim, reply: Reply) -> Outcome:
        return self._polled(op, claim, reply)

    def _polled(self, op: dict[str, Any], claim: Claim | None, reply: Reply) -> Outcome:
        """What waits goes first; where nothing does, a focus brings the newest once more."""
        focus = None if claim is None else claim["id"]
        waiting = self._model.waiting(op["sender"], focus, op["types"])
        limit = op["count"] or 1
        items = waiting[:limit]
        if not items and focus is not None:
            items = self._model.recoverable(focus, op["types"])[:limit]
        assert reply.output("remaining") == max(len(waiting) - limit, 0)
        if "id" in reply.document:
            assert self._handed(op, reply) == [(i["type"], i["id"], i["version"]) for i in items]

        def effect(_: str) -> None:
            for item in items:
                assert item["state"] == "undelivered" or focus is not None
                item["state"] = "delivered"
            self._world.figures["handed over"] += len(items)

        return Outcome(DONE, focus=focus, has_key=bool(items), effect=effect)

    def _handed(self, op: dict[str, Any], reply: Reply) -> list[tuple[str, str, int]]:
        """What the answer to a poll refers to, and every one of them can be read."""
        response = reply.output("response")
        if response is None:
            return []
        if op["count"] is None:
            read = [self._world.read(op["sender"], response)]
            assert [each.status for each in read] == [200]
            documents = [each.document for each in read]
        else:
            bundle = self._world.read(op["sender"], response)
            documents = [entry["resource"] for entry in bundle.document["entry"]]
        return [
            (each["resourceType"], each["id"], int(each["meta"]["versionId"])) for each in documents
        ]
