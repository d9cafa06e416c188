"""Cancel, adjudication, nullify and reprocess of the same Claims at once: one story for each."""

import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from random import Random
from typing import Any

import pytest

from app.domain.codes import TaskCode, TaskStatus
from app.gateway.jobs.worker import Worker
from app.store import tables
from tests.builders import a_task
from tests.reliability.crowd import together
from tests.reliability.families import enrolled, recomputed, used
from tests.reliability.retries import asked_until_answered
from tests.reliability.stories import Stories, assert_ledgers_agree
from tests.reliability.unhurried import LONGEST_PAUSE_SECONDS, UnhurriedAdjudicator
from tests.rows import Rows, texts_of
from tests.wire import Wire

# So few at a time that the four meet at the same Claims.
PAIRS_AT_ONCE = 5
DRAINS = 4
# One that found something left looks again a little later, and then finds nothing.
SWEEPS = 3
_MARKER = re.compile(r"secret-\d+-x")

claims = pytest.mark.parametrize(
    "claims", [200, pytest.param(5_000, marks=pytest.mark.soak)], ids="{} claims".format
)
# The chances that an actor turns to a Claim at all: some are left in force.
CHANCES = {"cancel": 0.5, "nullify": 0.4, "reprocess": 0.7}


@dataclass
class Actor:
    """Sends one Task code about some Claims, at its own pace and in its own order."""

    code: str
    wire: Wire
    random: Random
    told: Counter[tuple[str, str | None]] = field(default_factory=Counter)
    numbers: Any = field(default_factory=count)

    def act(self, some: list[str]) -> None:
        """One Task, or two, about each."""
        drawn = [each for each in some if self.random.random() < CHANCES[self.code]]
        for claim in self.random.sample(drawn, len(drawn)):
            time.sleep(self.random.uniform(0, LONGEST_PAUSE_SECONDS))
            number = f"{self.code}-{next(self.numbers)}"
            task = a_task(self.code, focus=claim, number=number)
            reply, _ = asked_until_answered(self.wire, "Task", task)
            assert reply.status in {200, 201}, reply.text
            self.told[(reply.document["status"], reply.output("error"))] += 1


def _pairs(wire: Wire, members: list[Any], pairs: int, worker: Worker) -> list[list[str]]:
    """Preauthorizations that are decided, each with a Claim that quotes it and is not."""
    made: list[list[str]] = []
    for number in range(pairs):
        member = members[number % len(members)]
        reply = wire.post("Claim", _marked(member.claim("700.00", use="preauthorization"), number))
        assert reply.status == 201
        made.append([reply.reference])
    worker.drain()
    for number, pair in enumerate(made):
        member = members[number % len(members)]
        claim = _marked(member.claim(f"{number % 70 + 400}.50"), pairs + number)
        claim["insurance"][0]["preAuthRef"] = [f"PA-{pair[0].partition('/')[2]}"]
        reply = wire.post("Claim", claim)
        assert reply.status == 201
        pair.append(reply.reference)
    return made


def _marked(claim: dict[str, Any], number: int) -> dict[str, Any]:
    """A Claim with a word that is its own, and valid on the day that it is served."""
    claim["patient"]["display"] = f"secret-{number}-x"
    if claim["use"] == "preauthorization":
        claim["billablePeriod"] = {"start": "2026-03-01", "end": "2026-04-30"}
    return claim


def _adjudicated(worker: Worker, random: Random) -> None:
    for _ in range(DRAINS):
        worker.drain()
        time.sleep(random.uniform(0, LONGEST_PAUSE_SECONDS))


def _raced(actors: list[Actor], worker: Worker, random: Random, pairs: list[list[str]]) -> None:
    """All at the same few Claims, then all at the next."""
    for at in range(0, len(pairs), PAIRS_AT_ONCE):
        some = [claim for pair in pairs[at : at + PAIRS_AT_ONCE] for claim in pair]
        acts: list[Callable[[], None]] = [partial(actor.act, some) for actor in actors]
        together([*acts, partial(_adjudicated, worker, random)])


@claims
def test_each_claim_has_one_lawful_story(
    app, wire, core, installation, clock, rows, claims, figures
):
    members = enrolled(core, families=2)
    adjudicator = UnhurriedAdjudicator(Random(5))
    worker = Worker(installation, {"standard": adjudicator})
    pairs = _pairs(wire, members, claims // 2, worker)
    actors = [
        Actor(code, replace(wire, http=app.test_client()), Random(seed))
        for seed, code in enumerate(("cancel", "nullify", "reprocess", "reprocess"))
    ]

    actors[-1].numbers = count(claims)
    _raced(actors, worker, Random(7), pairs)
    for _ in range(SWEEPS):
        worker.drain()
        clock.forward(minutes=2)

    stories = Stories(rows)
    told = Counter(stories.of(claim.partition("/")[2]) for pair in pairs for claim in pair)
    answered: Counter[str] = Counter()
    for actor in actors:
        for answer, times in actor.told.items():
            answered[" ".join([actor.code, *filter(None, answer)])] += times
    figures |= {"asked of the adjudicator": len(adjudicator.asked), **told, **answered}
    figures |= assert_ledgers_agree(rows, stories)
    assert sum(told.values()) == claims
    assert {"cancelled", "verified", "reprocessed, decided"} <= told.keys(), figures
    _assert_each_win_is_one(actors, stories, rows, figures)
    assert rows.of(tables.job) == rows.of(tables.reissue) == []
    assert used(rows) == recomputed(members, installation, rows)
    assert _words_left(rows) == _words_expected(stories, pairs)


def _assert_each_win_is_one(
    actors: list[Actor], stories: Stories, rows: Rows, figures: dict[str, Any]
) -> None:
    """Whoever was told that it is done did it, and nobody else did."""
    effects = Counter(effect for story in stories.effects.values() for effect in story)
    for actor in actors[:2]:
        assert actor.told[("completed", None)] == effects[actor.code]
    begun = sum(actor.told[("in-progress", None)] for actor in actors[2:])
    assert begun == effects["reprocess"]
    ended = Counter(row["status"] for row in rows.of(tables.task, code=TaskCode.REPROCESS))
    figures["gave way"] = ended[TaskStatus.CANCELLED]
    assert ended[TaskStatus.CANCELLED] > 0, "no reprocess met anything that took its place"
    assert ended[TaskStatus.COMPLETED] > 0


def _words_left(rows: Rows) -> set[str]:
    """Every word of a Claim that is still in any row of any table."""
    found: set[str] = set()
    for table in tables.metadata.sorted_tables:
        for row in rows.of(table):
            for text in texts_of(row, rows.store):
                found |= set(_MARKER.findall(text))
    return found


def _words_expected(stories: Stories, pairs: list[list[str]]) -> set[str]:
    """Those of the Claims that were not nullified, in the order in which they were sent."""
    sent = [pair[0] for pair in pairs] + [pair[1] for pair in pairs]
    return {
        f"secret-{number}-x"
        for number, claim in enumerate(sent)
        if "nullify" not in stories.effects[claim.partition("/")[2]]
    }
