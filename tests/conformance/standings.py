"""Claims brought into each state of the protocol, over the wire as far as anything leads there."""

from dataclasses import dataclass

from app.domain.lifecycle import State
from app.gateway.jobs.worker import Worker
from app.store import tables
from tests.builders import COVERAGE_SYSTEM, a_claim, a_coverage, a_task, identifier
from tests.rows import Rows
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
REACHABLE = tuple(
    state
    for state in STATES
    if state not in {"adjudicating", "preauthorization-in-use", "paid", "nullified"}
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

    def claim(self, state: str) -> str:
        """The reference of a Claim in this state."""
        return getattr(self, f"_{state.replace('-', '_')}")()

    def decided(self, use: str = "claim", **elements) -> str:
        """A Claim of a member that the payer knows, decided."""
        if not self.rows.of(tables.resource, type="Coverage"):
            self.core.post("Coverage", a_coverage())
        reference = self.wire.post("Claim", a_claim(use, **elements)).reference
        assert self.worker.drain() == 1
        return reference

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
        self.consume(reference, consumed=1000)
        return reference

    def consume(self, reference: str, *, consumed: int, restored: int = 0) -> None:
        """Let Claims have used a preauthorization of 80.00, in cents."""
        self.rows.change(
            tables.reservation,
            {"submission_id": reference.partition("/")[2]},
            consumed=consumed,
            restored=restored,
            open=8000 - consumed + restored,
        )

    def _paid(self) -> str:
        return self.put(self._payable(), state=State.PAID)

    def _cancelled(self) -> str:
        reference = self._payable()
        assert self.wire.task(a_task("cancel", focus=reference)).document["status"] == "completed"
        return reference

    def _nullified(self) -> str:
        return self.put(self._queued(), state=State.NULLIFIED)
