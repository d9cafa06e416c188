"""Clients that ask about a few Claims at once, and write down what they asked and heard."""

from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from random import Random
from typing import Any

from flask import Flask

from app.adjudicators.standard import StandardAdjudicator
from app.domain.adjudication import AdjudicationRequest, Answer
from app.gateway.installation import Installation
from app.gateway.jobs.worker import Worker
from app.store import tables
from tests.builders import an_input
from tests.reliability.crowd import together
from tests.reliability.linear.life import DECIDE, EFFECTS, SUBMIT, Question
from tests.reliability.linear.search import Call
from tests.reliability.model import documents
from tests.reliability.retries import asked_until_answered, read_until_answered
from tests.rows import Rows
from tests.wire import Reply, Wire

CLIENTS = 8
WORKERS = 2
MOST_CLAIMS = 6
QUESTIONS_OF_EACH = 2
SENDER = "Happy Valley"
_CODES = (SUBMIT, "cancel", "nullify", "reprocess", "release", "status", "poll", "poll", "deliver")
_DONE = {"created", "complete", "completed", "in-progress"}
_END = 10**9


@dataclass
class Claim:
    """One Claim: the document that all send, its id once somebody heard it, and every call."""

    number: str
    use: str
    document: dict[str, Any]
    id: str | None = None
    calls: list[Call] = field(default_factory=list)


@dataclass
class Asked:
    """The standard adjudicator, and when it was asked about which Claim."""

    ticks: "count[int]"
    rules: str = "written down"
    questions: list[tuple[str, int]] = field(default_factory=list)

    def adjudicate(self, request: AdjudicationRequest) -> Answer:
        """The standard answer."""
        self.questions.append((request.claim.identifiers[0].value, next(self.ticks)))
        return StandardAdjudicator().adjudicate(request)


@dataclass
class Histories:
    """Plays histories on one installation; every one has Claims of its own."""

    app: Flask
    wire: Wire
    installation: Installation
    rows: Rows
    ticks: "count[int]" = field(default_factory=count)
    numbers: "count[int]" = field(default_factory=count)

    def play(self, seed: int) -> list[Claim]:
        """A few Claims, and what clients asked and heard of each, all at once."""
        random = Random(seed)
        claims = [self._claim(random) for _ in range(random.randint(1, MOST_CLAIMS))]
        for claim in claims:
            # Some are there, and perhaps decided, before the others come.
            if random.random() < 0.7:
                self._ask(self.wire, claim, Question(SUBMIT))
        if random.random() < 0.6:
            self._drain(claims)
        asks = [
            partial(self._ask_all, replace(self.wire, http=self.app.test_client()), drawn)
            for drawn in (
                [self._drawn(claims, random) for _ in range(QUESTIONS_OF_EACH)]
                for _ in range(CLIENTS - WORKERS)
            )
        ]
        together([*asks, *[partial(self._drain, claims)] * WORKERS])
        self._drain(claims)
        for claim in claims:
            self._ask(self.wire, claim, Question("status", by_number=True))
            claim.calls.append(Call(EFFECTS, self._effects(claim), _END, _END))
        return claims

    def _claim(self, random: Random) -> Claim:
        number = f"L{next(self.numbers)}"
        use = random.choice(("claim", "preauthorization"))
        ends = "2026-04-30" if use == "preauthorization" else None
        document = documents.claim(
            use,
            number,
            number,
            SENDER,
            member="M1",
            prices=["100.00"],
            services=[documents.PLAIN],
            ends=ends,
        )
        return Claim(number, use, document)

    def _drawn(self, claims: list[Claim], random: Random) -> tuple[Claim, Question]:
        code = random.choice(_CODES)
        asked = Question(code, random.random() < 0.5, random.randint(1, 3) if code == "poll" else 1)
        return random.choice(claims), asked

    def _ask_all(self, wire: Wire, drawn: list[tuple[Claim, Question]]) -> None:
        for claim, question in drawn:
            self._ask(wire, claim, question)

    def _ask(self, wire: Wire, claim: Claim, question: Question) -> None:
        if claim.id is None and question.code == "deliver":
            return
        by_number = question.code not in {SUBMIT, "deliver"} and (
            question.by_number or not claim.id
        )
        question = question._replace(by_number=by_number)
        called_at = next(self.ticks)
        answered = self._answer(wire, claim, question)
        claim.calls.append(Call(question, answered, called_at, next(self.ticks)))

    def _answer(self, wire: Wire, claim: Claim, asked: Question) -> Hashable:
        if asked.code == SUBMIT:
            reply, _ = asked_until_answered(wire, "Claim", claim.document)
            if reply.status in {200, 201}:
                claim.id = reply.document["id"]
            return reply.status
        reply, _ = asked_until_answered(wire, "Task", self._task(claim, asked))
        assert reply.status in {200, 201}, reply.text
        return self._told(wire, reply, asked)

    def _task(self, claim: Claim, asked: Question) -> dict[str, Any]:
        number = f"{asked.code}-{next(self.numbers)}"
        focus: Any = f"Claim/{claim.id}"
        if asked.code == "deliver":
            about = [{"reference": focus}]
            letter = documents.communication(number, number, SENDER, about=about)
            given, inside = documents.contained(letter)
            return documents.task("deliver", number, None, given, contained=[inside])
        if asked.by_number:
            focus = documents.by_number(claim.number)
        inputs = [an_input("count", valuePositiveInt=asked.count)] if asked.code == "poll" else []
        return documents.task(asked.code, number, focus, *inputs)

    def _told(self, wire: Wire, reply: Reply, asked: Question) -> Hashable:
        told = (reply.document["status"], reply.output("error"))
        if told[1] is not None or asked.code not in {"status", "poll", "cancel"}:
            return told
        if asked.code == "status":
            allowed = sorted(value for name, value in reply.outputs if name == "allowed")
            return (*told, tuple(allowed))
        response = reply.output("response")
        if asked.code == "cancel":
            return (*told, response is not None)
        return (*told, self._types(wire, response), reply.output("remaining"))

    def _types(self, wire: Wire, response: str | None) -> tuple[str, ...] | None:
        """Of what a poll handed over; None where it was purged before it was read."""
        if response is None:
            return ()
        bundle = read_until_answered(wire, response)
        # A Bundle whose answers were all purged since is there, and empty.
        if bundle.status != 200 or "entry" not in bundle.document:
            return None
        return tuple(entry["resource"]["resourceType"] for entry in bundle.document["entry"])

    def _drain(self, claims: list[Claim]) -> None:
        asked = Asked(self.ticks)
        Worker(self.installation, {"standard": asked}).drain()
        returned_at = next(self.ticks)
        by_number = {claim.number: claim for claim in claims}
        for number, called_at in asked.questions:
            by_number[number].calls.append(Call(DECIDE, None, called_at, returned_at))

    def _effects(self, claim: Claim) -> tuple[str, ...]:
        rows = self.rows.of(tables.audit, type="Claim", resource_id=claim.id) if claim.id else []
        known = {"create", DECIDE, "cancel", "nullify", "reprocess", "release", "deliver"}
        return tuple(
            row["action"] for row in rows if row["outcome"] in _DONE and row["action"] in known
        )
