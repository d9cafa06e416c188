"""The thin path through all layers: a Claim in, decided, polled."""

from app.gateway.jobs.worker import Worker
from tests.builders import a_claim, a_coverage, a_task
from tests.wire import Wire


def test_a_claim_is_taken_decided_and_handed_over(wire: Wire, registry, http, worker: Worker):
    payer = Wire(http, registry.payer_client().token)
    assert payer.post("Coverage", a_coverage()).status == 201

    taken = wire.post("Claim", a_claim(prices=["100.00", "35.50"]))
    assert taken.status == 201
    assert worker.drain() == 1

    polled = wire.task(a_task("poll"))
    assert polled.document["status"] == "completed"
    decided = wire.get(polled.output("response")).document
    assert decided["outcome"] == "complete"
    assert "108.40" in wire.get(polled.output("response")).text
    assert polled.output("remaining") == 1
