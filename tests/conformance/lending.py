"""A submitter in acknowledged mode: its polls, its leases, its acknowledgements, over the wire."""

from dataclasses import dataclass
from typing import Any

from app.domain import leases
from app.store import tables
from tests.builders import a_task, an_eligibility_request, an_input
from tests.conformance.standings import Standings, related
from tests.conftest import FixedClock
from tests.rows import Rows
from tests.wire import Reply, Wire

DELIVERY_COUNT = "https://eclaims-gateway.org/fhir/StructureDefinition/delivery-count"
COUNT = an_input("count", valuePositiveInt=100)


def ack(reference: str | dict[str, Any]) -> dict[str, Any]:
    """The input `ack`, by a reference or its text."""
    given = {"reference": reference} if isinstance(reference, str) else reference
    return an_input("ack", valueReference=given)


def plain(reference: str) -> str:
    """The reference without its version."""
    return reference.partition("/_history/")[0]


@dataclass(frozen=True)
class Lending:
    """One submitter, on a clock that the test moves."""

    wire: Wire
    clock: FixedClock
    standings: Standings
    rows: Rows

    def poll(self, *inputs: dict[str, Any], **options: Any) -> Reply:
        """One poll, completed."""
        answered = self.wire.task(a_task("poll", inputs=inputs, **options))
        assert answered.document["status"] == "completed", answered.text
        return answered

    def handed(self, answered: Reply) -> list[tuple[str, int]]:
        """What a poll handed over, each with the so-manieth time that was told."""
        response = answered.output("response")
        if response is None:
            return []
        if not response.startswith("Bundle/"):
            return [(plain(response), _told(answered.document["output"][0]))]
        entries = self.wire.get(response).document["entry"]
        return [(_reference(entry["resource"]), _told(entry)) for entry in entries]

    def bundle(self, *inputs: dict[str, Any], **options: Any) -> list[tuple[str, int]]:
        """What one poll for up to a hundred hands over."""
        return self.handed(self.poll(*inputs, COUNT, **options))

    def acknowledge(self, answered: Reply) -> Reply:
        """POST Task/{id}/$acknowledge."""
        return self.wire.ask("POST", f"{answered.reference}/$acknowledge")

    def eligibility(self) -> str:
        """The pended answer to a question that belongs to no Claim."""
        return related(self.wire.post("CoverageEligibilityRequest", an_eligibility_request()))

    def claim(self) -> tuple[str, list[str]]:
        """A decided Claim, and its pended ClaimResponse and ExplanationOfBenefit."""
        claim = self.standings.decided()
        (row,) = self.rows.of(tables.submission, id=claim.partition("/")[2])
        answers = [
            f"ClaimResponse/{row['response_id']}",
            f"ExplanationOfBenefit/{row['benefit_id']}",
        ]
        return claim, answers

    def lapse(self, before: int = 0) -> None:
        """Let the lease pass that follows so many."""
        self.clock.now += leases.length(before)

    def park(self, answers: list[str]) -> list[Reply]:
        """Poll five times for these and never acknowledge; the polls."""
        polls = []
        for before in range(leases.MOST):
            polls.append(self.poll(COUNT))
            assert self.handed(polls[-1]) == [(one, before + 1) for one in answers]
            self.lapse(before)
        return polls


def _told(element: dict[str, Any]) -> int:
    """1 where nothing is told."""
    counts = [
        one["valueInteger"] for one in element.get("extension", []) if one["url"] == DELIVERY_COUNT
    ]
    assert 1 not in counts
    assert len(counts) <= 1
    return counts[0] if counts else 1


def _reference(resource: dict[str, Any]) -> str:
    return f"{resource['resourceType']}/{resource['id']}"
