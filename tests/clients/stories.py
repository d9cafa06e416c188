"""What each client sends, and what must have come of it; a client is only told how to say it."""

import json
from typing import Any

from tests.builders import a_claim, a_task, an_input

PEOPLE = 5
ON_A_PAGE = 2
MOST_POLLS = 600
PAUSE_SECONDS = 0.05


def plain(document: dict[str, Any]) -> dict[str, Any]:
    """A document without Decimals, as these clients write JSON."""
    plain_one: dict[str, Any] = json.loads(json.dumps(document, default=float))
    return plain_one


def people(family: str) -> list[dict[str, Any]]:
    """Patients of one family."""
    return [
        {"resourceType": "Patient", "name": [{"family": family, "given": [f"Nr. {number}"]}]}
        for number in range(PEOPLE)
    ]


def claim(patient_id: str) -> dict[str, Any]:
    """A Claim for a Patient."""
    return plain(a_claim(patient={"reference": f"Patient/{patient_id}"}))


def poll() -> dict[str, Any]:
    """A Task that asks for what is answered, as a Bundle."""
    return plain(a_task("poll", inputs=[an_input("count", valuePositiveInt=10)]))


def handed_over(task: dict[str, Any]) -> str | None:
    """The reference of the Bundle that a poll handed over; None where it had nothing."""
    for output in task.get("output", ()):
        if output["type"]["coding"][0]["code"] == "response":
            reference: str = output["valueReference"]["reference"]
            return reference.partition("/_history")[0]
    return None


def types(bundle: dict[str, Any]) -> list[str]:
    """The types of what a Bundle holds."""
    return sorted(entry["resource"]["resourceType"] for entry in bundle["entry"])
