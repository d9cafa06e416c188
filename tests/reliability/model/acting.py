"""One step: done to the gateway and to the model, its answer compared, then the rows it left."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from app.domain.adjudication import AdjudicationRequest
from app.domain.auditing import ACCESSES
from app.fhir import json_text
from app.store.bodies import decoded
from tests.reliability.model import decisions, runs
from tests.reliability.model.asked import Op
from tests.reliability.model.model import Claim, Model
from tests.reliability.model.outcomes import Outcomes
from tests.reliability.model.world import SENDERS, Rows, World
from tests.wire import Reply

# Loading reference data and reading are no steps of a Claim; payments are compared by themselves.
_BESIDE = frozenset({"load", "pay"}) | ACCESSES


class Acting:
    """Does what the machine draws, and keeps the account."""

    def __init__(self, world: World, model: Model) -> None:
        self.world = world
        self.model = model
        self.known = {member.number for member in world.members}
        self.rows: Rows = world.rows()
        self._audited = max((row["seq"] for row in self.rows["audit"]), default=0)
        self._numbers = 0

    def number(self) -> str:
        """A number that nothing had before; a word that is in no other text."""
        self._numbers += 1
        return f"nr-{self._numbers}-x"

    def submit(self, claim: Claim, document: dict[str, Any]) -> None:
        """Send a Claim; the same as before is answered by the one that is there."""
        sender, use = claim["sender"], claim["use"]
        same = next((e for e in self.model.claims.values() if e["document"] == document), None)
        holder = self.model.holder(sender, use, claim["number"])
        if claim["is_stat"]:
            self.world.disarm()
        reply, is_again = self.world.posted(sender, "Claim", document)
        if same is not None:
            is_gone = same["state"] == "nullified"
            assert reply.status == (410 if is_gone else 200)
            assert reply.errors == (["ECG-NULLIFIED"] if is_gone else [])
            assert is_gone or reply.document["id"] == same["id"]
        elif holder is not None:
            assert (reply.status, reply.errors) == (409, ["ECG-DUPLICATE"])
        else:
            assert reply.status == 201 or (is_again and reply.status == 200)
            claim |= {"document": document, "sent_at": self.world.clock.now}
            self.model.taken(reply.document["id"], claim, is_valid=claim["is_valid"])
            if claim["is_stat"] and claim["is_valid"]:
                self.decide([claim], "standard")
        self.account()

    def task(self, op: Op) -> None:
        """Send a Task; exactly the same as before is answered by what is there."""
        claim = self.model.claims.get(op["claim"])
        if op["code"] == "reprocess" and (op["is_stat"] or (claim and claim["is_stat"])):
            # What a crash leaves of an answer at once is not this model's to tell.
            self.world.disarm()
        self.told(op, *self.world.posted(op["sender"], "Task", op["document"]))
        self.account()

    def told(self, op: Op, reply: Reply, is_again: bool) -> None:
        """Hold the answer to a Task against the model, and change that as the Task does."""
        now = self.world.clock.now
        held = self.model.held_answer(op["document"], op["sender"], now)
        if held is not None:
            task = self.model.tasks[held]
            seen = (reply.status, reply.document["id"], reply.document["status"])
            assert seen == (200, held, task["status"])
            return
        assert reply.status == 201 or (is_again and reply.status == 200), reply.text
        id = reply.document["id"]
        outcome = Outcomes(self.model, self.world, now).of(op, reply)
        assert reply.output("error") == outcome.error
        self.model.tasks[id] = {
            **op,
            "status": outcome.status,
            "has_key": outcome.has_key,
            "at": now,
            "about": outcome.focus,
        }
        self.model.events[(op["code"], outcome.status, outcome.focus, id)] += 1
        outcome.effect(id)
        if outcome.is_urgent:
            self.decide([self.model.claims[op["claim"]]], "standard")
        assert reply.document["status"] == self.model.tasks[id]["status"]
        if is_again and not outcome.has_key:
            self._lost = (op["code"], outcome.status, outcome.focus)

    def rehearse(self, ops: Sequence[Op]) -> None:
        """Only try some Tasks: the answers as they would be, and nothing done."""
        for op in ops:
            self._tried(op, *self._posted_to_try(op))
        self.account()

    def _posted_to_try(self, op: Op) -> tuple[Reply, bool]:
        return self.world.posted(op["sender"], "Task", op["document"], Prefer="dry-run")

    def _tried(self, op: Op, reply: Reply, is_again: bool) -> None:
        outcome = Outcomes(self.model, self.world, self.world.clock.now).of(op, reply)
        assert reply.status == 200
        assert "id" not in reply.document
        assert (reply.document["status"], reply.output("error")) == (outcome.status, outcome.error)
        self.model.events[("dry-run", outcome.status, outcome.focus, None)] += 1
        if is_again:
            self._lost = ("dry-run", outcome.status, outcome.focus)

    def drain(self, manner: str = "standard") -> None:
        """Work off what is due; every question is answered in this manner."""
        now = self.world.clock.now
        self.world.drained(decisions.MannerOf(manner, now))
        self.settled(manner)

    def pay(self) -> None:
        """A payment run for everybody."""
        has_crashed = self.world.paid()
        self.model.pay(SENDERS)
        self.model.payables.is_told_twice = has_crashed
        self.account()

    def drain_late(self, meant: Callable[[Claim], tuple[Sequence[Op], Op]]) -> None:
        """Work off what is due; while the first question is thought about, Tasks come in.

        Some are only tried, the last one counts.
        """
        self.world.disarm()
        tried: list[tuple[Op, Reply]] = []
        sent: list[tuple[Op, Reply]] = []

        def think(request: AdjudicationRequest) -> None:
            ops, last = meant(self._asked_about(request))
            tried.extend((op, self._posted_to_try(op)[0]) for op in ops)
            sent.append((last, self.world.posted(last["sender"], "Task", last["document"])[0]))

        self.world.drained(decisions.Thinking(think))
        [(last, answer)] = sent
        claim = self.model.claims[last["claim"]]
        if claim["state"] == "queued":
            self.model.move(claim, "adjudicating")
        for op, reply in tried:
            self._tried(op, reply, is_again=False)
        self.told(last, answer, is_again=False)
        self.settled("standard")

    def _asked_about(self, request: AdjudicationRequest) -> Claim:
        sender = request.claim.provider.identifier
        number = request.claim.identifiers[0]
        claim = self.model.holder(sender.value, request.claim.use, number.value)
        if claim is None:
            raise LookupError(number.value)
        return claim

    def settled(self, manner: str) -> None:
        """What was due is worked off: so must it be in the model."""
        decisions.night(self.world.clock.now.date(), self.model)
        due = self.model.undecided(self.world.clock.now)
        self.decide(due, manner)
        self.account()

    def decide(self, claims: list[Claim], manner: str) -> None:
        """These Claims were asked about."""
        for claim in claims:
            claim["is_member"] = claim["member"] in self.known
            decisions.settle(claim, manner, self.world.clock.now, self.known, self.model)

    def account(self) -> None:
        """Read every row, and let the model learn the ids and amounts that it cannot know."""
        self.rows = self.world.rows()
        new = [row for row in self.rows["audit"] if row["seq"] > self._audited]
        self._audited = max((row["seq"] for row in self.rows["audit"]), default=0)
        self._learn_pended()
        for row in new:
            self._learn_decided(row)
        runs.learn_runs(new, self.rows, self.model, self.world)
        self._compare_audit([row for row in new if row["action"] not in _BESIDE])
        for claim in self.model.claims.values():
            self._learn_until(claim)
        self.model.events.clear()
        self.model.expected.clear()
        self._lost = None

    _lost: tuple[str, str, str | None] | None = None

    def _learn_pended(self) -> None:
        """What was pended is what the step ought to pend, in its order for each Claim."""
        new = self.rows["pended"][len(self.model.pended) :]
        found: dict[str, list[str]] = defaultdict(list)
        for row in new:
            claim = row["submission_id"]
            if claim is None:
                found[runs.learn_payment(row, self.model, self.world)].append(row["type"])
                continue
            found[claim].append(row["type"])
            is_gone = self.model.claims[claim]["state"] == "nullified" and row["type"] != "Task"
            self.model.pended.append(
                {
                    "type": row["type"],
                    "id": row["resource_id"],
                    "version": row["version"],
                    "claim": claim,
                    "sender": self.model.claims[claim]["sender"],
                    "state": "purged" if is_gone else "undelivered",
                }
            )
        assert found == {claim: types for claim, types in self.model.expected.items() if types}

    def _learn_decided(self, row: dict[str, Any]) -> None:
        """Amounts are the adjudicator's; what is held and taken follows from them, in its order.

        When the files are found to be clean is the sweep's; that they are is told once.
        """
        if row["action"] == "expire":
            self.model.ledgers.expired(row["resource_id"])
        if row["action"] == "verify-purge":
            gone = self.model.claims[row["resource_id"]]
            self.model.events[("verify-purge", "verified", gone["id"], gone["verify"])] += 1
            gone["verify"] = None
        if row["action"] != "decide":
            return
        claim = self.model.claims[row["resource_id"]]
        before = claim["response"]
        submission = self.submission(claim)
        claim["response"] = self.document("ClaimResponse", submission["response_id"])
        items = {item["itemSequence"]: item for item in claim["response"]["item"]}
        is_partly = before is not None and claim["named"]
        lines = [
            {
                "number": number,
                "service": claim["services"][number - 1],
                "benefit": _benefit(item),
                "is_eligible": _is_eligible(item),
                "is_carried": bool(is_partly) and number not in claim["named"],
            }
            for number, item in sorted(items.items())
        ]
        self.model.ledgers.today = self.world.clock.now.date()
        decisions.weigh(claim, lines, self.model)
        if before is not None and claim["named"]:
            kept = {i["itemSequence"]: i for i in before["item"]}
            unnamed = kept.keys() - set(claim["named"])
            self.world.figures["lines carried over"] += len(unnamed)
            assert {n: items[n] for n in unnamed} == {n: kept[n] for n in unnamed}

    def _compare_audit(self, new: list[dict[str, Any]]) -> None:
        """Each effect has its row, and nothing else has one."""
        seen = Counter((r["action"], r["outcome"], r["resource_id"], r["task_id"]) for r in new)
        more = seen - self.model.events
        if self._lost is not None and more:
            # It was told twice what had no effect: once in the crash, once after it.
            [(action, outcome, focus, task)] = more.elements()
            assert (action, outcome, focus) == self._lost
            if task is not None:
                self.model.tasks[task] = {
                    "status": outcome,
                    "has_key": False,
                    "claim": None,
                    "about": focus,
                    "document": None,
                    "sender": None,
                    "code": action,
                }
            seen -= more
        assert seen == self.model.events, (seen - self.model.events, self.model.events - seen)

    def _learn_until(self, claim: Claim) -> None:
        """A crash may have moved the clock within a step."""
        if claim["until"] is None:
            return
        due_at = self.submission(claim)["due_at"]
        assert abs(due_at - claim["until"]) <= timedelta(minutes=2)
        if claim["due"] == claim["until"]:
            claim["due"] = due_at
        claim["until"] = due_at

    def submission(self, claim: Claim) -> dict[str, Any]:
        """The row of a Claim."""
        return next(row for row in self.rows["submission"] if row["id"] == claim["id"])

    def document(self, type: str, id: str) -> dict[str, Any]:
        """The current version of a resource."""
        versions = (r for r in self.rows["resource_version"] if (r["type"], r["id"]) == (type, id))
        newest = max(versions, key=lambda row: row["version"])
        return json_text.parsed(decoded(newest["body_format"], newest["key_id"], newest["body"]))


def _benefit(item: dict[str, Any]) -> int:
    """The benefit of a line in minor units."""
    amounts = [
        row["amount"]["value"]
        for row in item["adjudication"]
        if row["category"]["coding"][0]["code"] == "benefit"
    ]
    return int(sum(amounts) * 100)


def _is_eligible(item: dict[str, Any]) -> bool:
    """Whether anything of a line was."""
    codes = {row["category"]["coding"][0]["code"] for row in item["adjudication"]}
    return "eligible" in codes
