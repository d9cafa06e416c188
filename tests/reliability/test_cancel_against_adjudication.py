"""A cancel races the adjudication of the same Claim: one of them wins, and all of it."""

import time
from collections import Counter, defaultdict
from dataclasses import InitVar, dataclass, field, replace
from functools import partial
from random import Random
from typing import Any

import pytest

from app.domain.lifecycle import State
from app.gateway.jobs.worker import Worker
from app.store import tables
from app.store.tables import Delivery
from tests.builders import a_task
from tests.reliability.crowd import together
from tests.reliability.families import enrolled, recomputed, used
from tests.reliability.unhurried import LONGEST_PAUSE_SECONDS, UnhurriedAdjudicator
from tests.rows import Rows
from tests.wire import Reply, Wire

CANCELLERS = 4
WORKERS = 3
UNDECIDED, REVERSED = "cancelled undecided", "decided, then reversed"

claims = pytest.mark.parametrize(
    "claims", [300, pytest.param(5_000, marks=pytest.mark.soak)], ids="{} claims".format
)


@dataclass
class Canceller:
    """Cancels some Claims one after the other, at its own pace."""

    wire: Wire
    claims: list[str]
    random: Random

    def cancel_all(self) -> dict[str, Reply]:
        """What each cancel was answered with."""
        answers = {}
        for claim in self.claims:
            time.sleep(self.random.uniform(0, LONGEST_PAUSE_SECONDS))
            answers[claim] = self.wire.task(a_task("cancel", focus=claim))
        return answers


def _raced(app, wire, claims: list[str], workers: list[Worker]) -> dict[str, Reply]:
    """Cancel every Claim while workers decide them; who meets whom is drawn from a seed."""
    cancellers = []
    for number in range(CANCELLERS):
        some = claims[number::CANCELLERS]
        # Half of them go the way the workers go, half come towards them.
        own = replace(wire, http=app.test_client())
        cancellers.append(Canceller(own, some if number % 2 else some[::-1], Random(number)))
    answers = together(
        [
            *(canceller.cancel_all for canceller in cancellers),
            *(partial(_drained, worker) for worker in workers),
        ]
    )
    return {claim: reply for some in answers for claim, reply in some.items()}


def _drained(worker: Worker) -> dict[str, Reply]:
    worker.drain()
    return {}


@claims
def test_either_the_cancel_or_the_decision_wins(
    app, wire, core, installation, rows, claims, figures
):
    members = enrolled(core, families=4)
    sent = [
        wire.post("Claim", members[number % len(members)].claim(f"{number % 70 + 5}.50")).reference
        for number in range(claims)
    ]
    adjudicator = UnhurriedAdjudicator(Random(3))
    workers = [Worker(installation, {"standard": adjudicator}) for _ in range(WORKERS)]

    answers = _raced(app, wire, sent, workers)

    outcomes = {claim: (each.status, each.document["status"]) for claim, each in answers.items()}
    assert set(outcomes.values()) == {(201, "completed")}, Counter(outcomes.values())
    assert outcomes.keys() == set(sent)
    kept = Kept(rows)
    told = Counter(_story(claim, answers[claim], wire, kept) for claim in sent)
    figures |= {"asked of the adjudicator": len(adjudicator.asked), **told}
    assert told.keys() == {UNDECIDED, REVERSED}, figures
    assert rows.of(tables.job) == [], figures
    # Everything is cancelled, so nobody holds a part of any counter.
    assert used(rows) == recomputed(members, installation, rows) == {}
    assert _deductible_entries(rows), "decisions that were reversed did move counters"


@dataclass
class Kept:
    """What the store kept of every Claim, read once."""

    rows: InitVar[Rows]
    submissions: dict[str, dict[str, Any]] = field(init=False)
    audited: dict[str, list[str]] = field(init=False)
    pended: dict[str, list[tuple[str, str, int, Delivery]]] = field(init=False)

    def __post_init__(self, rows: Rows) -> None:
        """Read them."""
        self.submissions = {row["id"]: row for row in rows.of(tables.submission, type="Claim")}
        self.audited, self.pended = defaultdict(list), defaultdict(list)
        for row in rows.of(tables.audit, type="Claim"):
            self.audited[row["resource_id"]].append(row["action"])
        for row in rows.of(tables.pended):
            answer = (row["type"], row["resource_id"], row["version"], row["state"])
            self.pended[row["submission_id"]].append(answer)


def _story(claim: str, cancel: Reply, wire: Wire, kept: Kept) -> str:
    """What became of one cancelled Claim; anything in between the two stories is an error."""
    id = claim.partition("/")[2]
    submission = kept.submissions[id]
    assert submission["state"] is State.CANCELLED
    response = f"ClaimResponse/{submission['response_id']}"
    seen = [_seen(wire.get(f"{response}/_history/{version}").document) for version in (1, 2)]
    if cancel.output("response") is None:
        assert kept.audited[id] == ["create", "cancel"]
        assert kept.pended[id] == []
        assert seen == [("active", "queued"), ("cancelled", "queued")]
        assert wire.get(f"{response}/_history/3").status == 404
        assert submission["decided_at"] is submission["benefit_id"] is None
        return UNDECIDED
    assert kept.audited[id] == ["create", "decide", "cancel"]
    reversal = cancel.output("response").split("/")[1]
    assert kept.pended[id] == [
        ("ClaimResponse", submission["response_id"], 2, Delivery.WITHDRAWN),
        ("ExplanationOfBenefit", submission["benefit_id"], 1, Delivery.WITHDRAWN),
        ("ClaimResponse", reversal, 1, Delivery.UNDELIVERED),
    ]
    seen.append(_seen(wire.get(response).document))
    assert seen == [("active", "queued"), ("active", "complete"), ("cancelled", "complete")]
    return REVERSED


def _seen(document: dict[str, Any]) -> tuple[str, str]:
    return document["status"], document["outcome"]


def _deductible_entries(rows) -> list[dict[str, Any]]:
    return rows.of(tables.counter_entry, kind="deductible-individual")
