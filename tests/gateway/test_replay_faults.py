"""Whatever somebody did to a ClaimResponse or an adjudicator: a replay has a verdict, audited."""

import threading
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from app.adjudicators.standard import StandardAdjudicator
from app.gateway.deciding.replay import Hindrance, NoDecision, NotReplayable, Replays, Verdict
from app.store import tables
from tests.builders import a_claim
from tests.gateway.jobs.scripted import decide

RULES = StandardAdjudicator.rules


@dataclass
class Acts:
    """An adjudicator of the rules that made the decision, which does something else."""

    act: Any
    rules: str = RULES

    def adjudicate(self, request):
        return self.act(request)


@pytest.fixture
def claim(desk, insured, worker):
    taken = desk.create(a_claim())
    worker.drain()
    return taken


def replayed(desk, claim, number=None, *, act=None, timeout=timedelta(seconds=30)):
    adjudicator = StandardAdjudicator() if act is None else Acts(act)
    replays = Replays(desk.installation, {"standard": adjudicator}, timeout)
    return replays.replay(desk.client.payer, claim.stored.id, number)


def audited(desk):
    audit = tables.audit.c
    rows = desk.installation.store.read(
        lambda c: c.execute(
            tables.audit.select().where(audit.action == "replay").order_by(audit.seq)
        ).all()
    )
    return [row._mapping[audit.outcome] for row in rows]


BODIES = {
    "cut": lambda text: text[: len(text) // 2].encode(),
    "no text": lambda _: b"\xff\xfe",
    "no disposition": lambda text: text.replace('"disposition"', '"_disposition"').encode(),
    "an amount in words": lambda text: text.replace('"value":80.00', '"value":"Amy"').encode(),
    "nested without end": lambda _: b'{"a":' * 100_000,
}


@pytest.mark.parametrize("damage", BODIES.values(), ids=BODIES)
def test_a_response_that_nobody_can_read_differs(desk, claim, damage):
    response = desk.stored("ClaimResponse", desk.submission(claim).response_id)
    version = tables.resource_version
    is_it = (version.c.id == response.id, version.c.version == response.version)

    def put(body):
        changing = version.update().where(*is_it).values(body=body)
        desk.installation.store.write(lambda c: c.execute(changing))

    put(damage(response.text))
    damaged = replayed(desk, claim)
    put(response.text.encode())

    assert (damaged.is_same_decision, damaged.is_same_response) == (True, False)
    assert [pair.told for pair in damaged.lines] == [None]
    assert replayed(desk, claim).verdict is Verdict.SAME
    assert audited(desk) == ["differs", "same"]


def ends(_):
    raise SystemExit(0)


def decides_with_a_float(request):
    return replace(decide(request), disposition=80.0)


FAULTS = {
    "ends the process": (ends, "SystemExit"),
    "answers nothing": (lambda _: None, "TypeError"),
    "answers with a number for a sentence": (decides_with_a_float, "TypeError"),
}


@pytest.mark.parametrize(("act", "name"), FAULTS.values(), ids=FAULTS)
def test_whatever_an_adjudicator_does_is_told_by_its_class(desk, claim, act, name):
    with pytest.raises(NotReplayable) as told:
        replayed(desk, claim, act=act)

    assert told.value.args == (Hindrance.FAILED, name)
    assert audited(desk) == ["failed"]
    assert replayed(desk, claim).verdict is Verdict.SAME


def test_an_adjudicator_that_hangs_is_left_behind(desk, claim):
    may_go_on = threading.Event()

    def hangs(request):
        may_go_on.wait(60)
        return decide(request)

    with pytest.raises(NotReplayable) as told:
        replayed(desk, claim, act=hangs, timeout=timedelta(milliseconds=50))
    may_go_on.set()

    assert told.value.args == (Hindrance.TOO_SLOW,)
    assert audited(desk) == ["too-slow"]
    assert replayed(desk, claim, act=decide).is_same_response


def test_a_number_that_no_decision_has_is_none(desk, claim):
    for number in (2**31 - 1, 2**31, 10**30):
        with pytest.raises(NoDecision):
            replayed(desk, claim, number)

    assert replayed(desk, claim, 1).verdict is Verdict.SAME
