"""One family's deductible, drawn on by many workers at once: never used twice, never lost."""

from collections import Counter
from dataclasses import replace
from functools import partial
from random import Random

import pytest

from app import create_worker
from app.domain.lifecycle import State
from app.store import tables
from tests.builders import a_task
from tests.reliability.crowd import together
from tests.reliability.families import (
    DEDUCTIBLE_OF_A_FAMILY,
    DEDUCTIBLE_OF_A_MEMBER,
    enrolled,
    recomputed,
    used,
)

WORKERS = 6

claims = pytest.mark.parametrize(
    "claims", [120, pytest.param(2_000, marks=pytest.mark.soak)], ids="{} claims".format
)


def _prices(count: int, seed: int) -> list[str]:
    """Odd amounts, so that the deductible ends in the middle of a Claim."""
    drawn = Random(seed)
    return [f"{drawn.randrange(300, 9_000) / 100:.2f}" for _ in range(count)]


@claims
def test_a_family_deductible_is_used_once_however_many_decide(
    wire, core, installation, rows, claims, figures
):
    members = enrolled(core, families=1)
    for number, price in enumerate(_prices(claims, seed=7)):
        assert wire.post("Claim", members[number % len(members)].claim(price)).status == 201

    workers = [create_worker(installation) for _ in range(WORKERS)]
    worked_on = together([worker.drain for worker in workers])

    counters = used(rows)
    by_kind = Counter()
    for (_, kind, _), amount in counters.items():
        by_kind[kind] += amount
    figures |= {"jobs by worker": worked_on, "leased again": sum(worked_on) - claims}
    assert rows.of(tables.job) == [], figures
    assert min(sorted(worked_on)[-2:]) > 0, figures
    assert counters == recomputed(members, installation, rows), figures
    assert by_kind["deductible-family"] == DEDUCTIBLE_OF_A_FAMILY
    assert by_kind["deductible-individual"] == DEDUCTIBLE_OF_A_FAMILY
    for member in members:
        assert counters[(member.own, "deductible-individual", "")] <= DEDUCTIBLE_OF_A_MEMBER


def test_what_is_given_back_while_others_decide_is_neither_lost_nor_doubled(
    wire, core, installation, rows, app, figures
):
    members = enrolled(core, families=1)
    decided = [
        wire.post("Claim", members[number % len(members)].claim(price)).reference
        for number, price in enumerate(_prices(40, seed=11))
    ]
    create_worker(installation).drain()
    for number, price in enumerate(_prices(80, seed=13)):
        assert wire.post("Claim", members[number % len(members)].claim(price)).status == 201

    cancels = [partial(_cancelled, wire, app, decided[at::2]) for at in range(2)]
    drains = [create_worker(installation).drain for _ in range(4)]
    together([*cancels, *drains])

    states = Counter(row["state"] for row in rows.of(tables.submission, type="Claim"))
    figures |= states
    assert states[State.CANCELLED] == len(decided)
    assert states[State.PAYABLE] + states[State.DECIDED] == 80
    assert used(rows) == recomputed(members, installation, rows)


def _cancelled(wire, app, claims) -> None:
    own = replace(wire, http=app.test_client())
    for claim in claims:
        assert own.task(a_task("cancel", focus=claim)).document["status"] == "completed"
