"""What clients hear at the same time could have happened one after the other, Claim by Claim."""

from collections import Counter
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any

import pytest

from tests.builders import a_claim, a_coverage, a_task
from tests.reliability.linear.clients import Histories
from tests.reliability.linear.life import DECIDE, EFFECTS, SUBMIT, Life, Question, lives
from tests.reliability.linear.search import Call, order_of
from tests.reliability.middle import in_the_middle
from tests.rows import Rows

histories = pytest.mark.parametrize(
    "histories", [20, pytest.param(10_000, marks=pytest.mark.soak)], ids="{} histories".format
)


@histories
def test_every_history_has_an_order(app, wire, core, installation, registry, histories, figures):
    registry.settle_rules(pays_daily=False)
    assert core.post("Coverage", a_coverage()).status == 201
    played = Histories(app, wire, installation, Rows(installation.store))
    told: Counter[str] = Counter()

    for seed in range(histories):
        for claim in played.play(seed):
            calls = sorted(claim.calls, key=lambda call: call.called_at)
            lines = "\n".join(map(str, [f"history {seed}, {claim.use}:", *calls]))
            assert order_of(calls, Life(claim.use), lives) is not None, lines
            told["Claims"] += 1
            told["calls"] += len(calls)
            told["at the same time"] += _overlapping(calls)
            told.update(call.asked.code for call in calls if isinstance(call.asked, Question))

    figures |= {"histories": histories, **told}
    assert told["at the same time"] > histories, figures


def _overlapping(calls: list[Call]) -> int:
    """How many calls began before the one before them was answered."""
    return sum(later.called_at < earlier.returned_at for earlier, later in pairwise(calls))


def _calls(*told: tuple[Any, Any, int, int]) -> list[Call]:
    """A Claim that was decided, then these calls about it."""
    begun = [Call(Question(SUBMIT), 201, 0, 1), Call(DECIDE, None, 2, 3)]
    return [*begun, *(Call(*one) for one in told)]


CANCEL, STATUS = Question("cancel"), Question("status")
POLL = Question("poll", count=2)
CANCELLED = ("completed", None, True)
ALLOWED = ("completed", None, ("cancel", "deliver", "nullify", "poll", "reprocess", "status"))
GIVEN = ("completed", None, ("ClaimResponse", "ExplanationOfBenefit"), 0)
REVERSED = ("completed", None, ("ClaimResponse",), 0)
TWICE = ("rejected", "ECG-CANCEL-ALREADY-CANCELLED")


# The second of each pair differs from the first in one thing, and cannot have happened.
@pytest.mark.parametrize(
    ("calls", "has_an_order"),
    [
        (_calls((CANCEL, CANCELLED, 4, 7), (STATUS, ALLOWED, 5, 6)), True),
        (_calls((CANCEL, CANCELLED, 4, 5), (STATUS, ALLOWED, 6, 7)), False),
        (_calls((CANCEL, CANCELLED, 4, 7), (CANCEL, TWICE, 5, 6)), True),
        (_calls((CANCEL, CANCELLED, 4, 7), (CANCEL, CANCELLED, 5, 6)), False),
        (_calls((POLL, GIVEN, 4, 7), (CANCEL, CANCELLED, 5, 6)), True),
        (_calls((POLL, ("completed", None, (), 1), 4, 7), (CANCEL, CANCELLED, 5, 6)), False),
        (_calls((POLL, GIVEN, 4, 5), (CANCEL, CANCELLED, 6, 7), (POLL, REVERSED, 8, 9)), True),
        (_calls((POLL, GIVEN, 4, 5), (CANCEL, CANCELLED, 6, 7), (POLL, GIVEN, 8, 9)), False),
        (_calls((EFFECTS, ("create", "decide"), 4, 5)), True),
        (_calls((EFFECTS, ("decide", "create"), 4, 5)), False),
    ],
    ids=[
        f"{what}, {how}"
        for what in (
            "a late status",
            "two cancels",
            "a poll beside a cancel",
            "a poll after it",
            "the audit",
        )
        for how in ("possible", "impossible")
    ],
)
def test_a_history_that_cannot_have_happened_has_no_order(calls, has_an_order):
    found = order_of(calls, Life("claim"), lives)

    assert (found is not None) == has_an_order
    assert found is None or sorted(found, key=calls.index) == calls


# On SQLite a writer is alone with the file from its first statement on.
@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_what_is_withdrawn_in_the_middle_of_a_poll_lets_the_next_go(
    app, wire, core, worker, store, rows
):
    assert core.post("Coverage", a_coverage()).status == 201
    first, second = (wire.post("Claim", a_claim()).reference for _ in range(2))
    worker.drain()
    cancel = partial(replace(wire, http=app.test_client()).task, a_task("cancel", focus=first))

    # It saw the answer to the first, and did not yet take it.
    with in_the_middle(store, "pended.deliveries \nFROM pended", cancel) as cancelled:
        poll = wire.task(a_task("poll"))

    assert [reply.document["status"] for reply in cancelled] == ["completed"]
    answer = wire.get(poll.output("response")).document
    assert answer["request"]["reference"] == second
