"""A Claim that is to be nullified, with a word in every place that takes one."""

from app.gateway.jobs.worker import Worker
from tests.builders import a_coverage, a_delivery, a_price, a_task, an_input
from tests.conformance.marked import (
    Markers,
    a_marked_claim,
    a_marked_communication,
    marked_task,
)
from tests.wire import Reply, Wire


class Story:
    """A Claim full of markers, all that a submitter can do with it, and everything kept of it."""

    def __init__(self, wire: Wire, core: Wire, worker: Worker, word: str = "Zebra") -> None:
        """`word` is in each of its markers."""
        self.mark = Markers(word)
        self.wire, self.core, self.worker = wire, core, worker
        self.number = self.mark.number()
        core.post("Coverage", a_coverage())
        core.post("ChargeItemDefinition", a_price(needs_attachment=True))
        self._before_it_is_known()
        self.document = a_marked_claim(self.mark, self.number)
        self.taken = wire.post("Claim", self.document, Idempotency_Key="of the claim")
        assert self.taken.status == 201, self.taken.text
        self.claim = self.taken.reference
        worker.drain()
        self._asked_and_answered()
        self._decided_and_decided_again()

    def _task(self, task, status):
        answered = self.wire.task(marked_task(self.mark, task))
        assert answered.status == 201, answered.text
        assert answered.document["status"] == status, answered.text
        return answered

    def _by_number(self):
        return {"type": "Claim", "identifier": self.number}

    def _before_it_is_known(self):
        self._task(a_task("status", focus=self._by_number(), number="T1"), "failed")
        self._task(a_task("cancel", focus={"identifier": self.number}), "failed")
        early = a_marked_communication(self.mark, about=[self._by_number()])
        self._task(a_delivery(early), "failed")
        # Not ready, so that it is not taken for an attachment once its Claim comes.
        unready = {**early, "status": "preparation"}
        self.loose = self.wire.post("Communication", unready).reference

    def _asked_and_answered(self):
        asked = self.wire.task(a_task("poll")).output("response")
        self.question = asked.partition("/_history")[0]
        assert self.question.startswith("CommunicationRequest/")
        answer = a_marked_communication(self.mark, basedOn=[{"reference": self.question}])
        stopped = a_delivery({**answer, "status": "stopped"})
        self._task(stopped, "rejected")
        delivered = self._task(a_delivery(answer), "completed")
        self.answer = delivered.output("response").partition("/_history")[0]
        posted = a_marked_communication(self.mark, about=[{"reference": self.claim}])
        self.posted = self.wire.post("Communication", posted).reference
        self._task(a_task("status", focus=self.posted), "completed")
        self._task(a_task("cancel", focus=self.posted), "completed")

    def _decided_and_decided_again(self):
        self.worker.drain()
        unknown = an_input("origresponse", valueReference={"reference": "ClaimResponse/unknown"})
        self._task(a_task("cancel", focus=self.claim, inputs=[unknown]), "failed")
        self._task(a_task("release", focus=self.claim), "rejected")
        self.polled = self._task(
            a_task("poll", focus=self.claim, inputs=[an_input("count", valuePositiveInt=9)]),
            "completed",
        )
        self.quoted = self.mark()
        again = [
            an_input("reference", valueString=self.quoted),
            an_input("item", valueString="2"),
        ]
        self._task(a_task("reprocess", focus=self.claim, inputs=again), "in-progress")
        self.worker.drain()
        self._task(a_task("status", focus=self._by_number()), "completed")
        rehearsed = marked_task(self.mark, a_task("cancel", focus=self.claim))
        assert self.wire.task(rehearsed, Prefer="dry-run").status == 200

    def nullify(self) -> Reply:
        """Nullify the Claim, by its business identifier."""
        return self._task(a_task("nullify", focus=self._by_number(), number="T9"), "completed")
