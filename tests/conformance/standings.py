"""Claims brought into each state of the protocol, over the wire as far as anything leads there."""

from dataclasses import dataclass

from app.domain.lifecycle import State
from app.gateway.administering.administration import Administration
from app.gateway.installation import Installation
from app.gateway.jobs.reconcile_payments import reconciled, unsettled
from app.gateway.jobs.worker import Worker
from app.store import tables
from tests.builders import (
    COVERAGE_SYSTEM,
    a_claim,
    a_coverage,
    a_price,
    a_quote,
    a_task,
    identifier,
)
from tests.rows import Rows
from tests.store.terms import money
from tests.wire import FHIR, Wire

STATES = (
    "queued",
    "adjudicating",
    "awaiting",
    "invalid",
    "decided",
    "decided-predetermination",
    "payable",
    "preauthorization",
    "preauthorization-in-use",
    "paid",
    "cancelled",
    "nullified",
)


def related(reply) -> str:
    """The reference in the header Link."""
    return reply.headers["Link"].partition(">")[0].partition(f"{FHIR}/")[2]


@dataclass(frozen=True)
class Standings:
    """Submits Claims and leads them to a state."""

    wire: Wire
    core: Wire
    worker: Worker
    rows: Rows
    installation: Installation

    def claim(self, state: str) -> str:
        """The reference of a Claim in this state."""
        return getattr(self, f"_{state.replace('-', '_')}")()

    def decided(self, use: str = "claim", **elements) -> str:
        """A Claim of a member that the payer knows, decided."""
        if not self.rows.of(tables.resource, type="Coverage"):
            self.core.post("Coverage", a_coverage())
        reference = self.wire.post("Claim", a_claim(use, **elements)).reference
        self.worker.drain()
        return reference

    def need_attachments(self) -> None:
        """From now on the service of every Claim is paid with an attachment only."""
        self.core.post("Coverage", a_coverage())
        self.core.post("ChargeItemDefinition", a_price(needs_attachment=True))

    def asking(self, **elements) -> str:
        """A Claim that awaits the attachment which its service needs."""
        self.need_attachments()
        return self.decided(**elements)

    def using(self, preauthorization: str, price: str = "12.50") -> str:
        """A Claim decided with 80 % of its price, all of it of a preauthorization."""
        quote = a_quote(preauthorization)
        return self.decided(insurance=quote, prices=[price], serviced="2026-03-02")

    def state(self, reference: str) -> State:
        """How a submission stands."""
        type, _, id = reference.partition("/")
        [row] = self.rows.of(tables.submission, type=type, id=id)
        return row["state"]

    def pay(self) -> None:
        """Let the payment run of this moment pay what is owed."""
        for payer in Administration(self.installation).payers():
            for ledger in unsettled(self.installation, payer):
                for paid in reconciled(self.installation, payer, ledger.submitter_id, ledger.id):
                    assert paid.faults == {}

    def balance(self, reference: str) -> dict[str, int]:
        """The sums of a preauthorization, in cents, without those that are zero."""
        return money(
            self.rows.of(tables.reservation_line, submission_id=reference.partition("/")[2])
        )

    def put(self, reference: str, **values) -> str:
        """Put values into a submission's row."""
        type, _, id = reference.partition("/")
        self.rows.change(tables.submission, {"type": type, "id": id}, **values)
        return reference

    def _queued(self) -> str:
        return self.wire.post("Claim", a_claim()).reference

    def _adjudicating(self) -> str:
        return self.put(self._queued(), state=State.ADJUDICATING)

    def _awaiting(self) -> str:
        stranger = {"identifier": identifier(COVERAGE_SYSTEM, "M9")}
        return self.decided(coverage=stranger)

    def _invalid(self) -> str:
        return self.wire.post("Claim", a_claim(total={"value": 1, "currency": "EUR"})).reference

    def _decided(self) -> str:
        # Before the member's cover began, so that nothing is owed.
        return self.decided(serviced="2019-12-31")

    def _decided_predetermination(self) -> str:
        return self.decided("predetermination")

    def _payable(self) -> str:
        return self.decided()

    def _preauthorization(self) -> str:
        return self.decided("preauthorization")

    def _preauthorization_in_use(self) -> str:
        reference = self._preauthorization()
        self.using(reference)
        return reference

    def _paid(self) -> str:
        reference = self._payable()
        self.pay()
        assert self.state(reference) is State.PAID
        return reference

    def _cancelled(self) -> str:
        reference = self._payable()
        assert self.wire.task(a_task("cancel", focus=reference)).document["status"] == "completed"
        return reference

    def _nullified(self) -> str:
        reference = self._queued()
        nullified = self.wire.task(a_task("nullify", focus=reference))
        assert nullified.document["status"] == "completed"
        return reference
