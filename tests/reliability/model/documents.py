"""What the machine sends: Claims, Communications and Tasks, with words that tell them apart."""

from collections.abc import Sequence
from typing import Any

from app.domain.canonical import extension
from tests.builders import (
    CLAIM_SYSTEM,
    COVERAGE_SYSTEM,
    a_communication,
    a_service_of_its_own,
    a_task,
    an_input,
    identifier,
)

PLAIN, ASKED_ABOUT = "1200", "1300"
_SERVICES = "http://codes.test"
SERVED_ON = "2026-03-01"


def an_attachment_rule() -> dict[str, Any]:
    """The payer decides on one service only with an attachment."""
    return {
        "resourceType": "ChargeItemDefinition",
        "url": "http://payer.test/attachment",
        "status": "active",
        "extension": [{"url": extension("attachment-required"), "valueBoolean": True}],
        "code": {"coding": [{"system": _SERVICES, "code": ASKED_ABOUT}]},
    }


def claim(
    use: str,
    number: str,
    marker: str,
    sender: str,
    *,
    member: str,
    prices: Sequence[str],
    services: Sequence[str],
    is_stat: bool = False,
    is_valid: bool = True,
    quoted: str | None = None,
    ends: str | None = None,
) -> dict[str, Any]:
    """A Claim; `quoted` is a preauthorization, `ends` the last day of the one that it is itself."""
    document = a_service_of_its_own(
        use=use,
        number=number,
        prices=prices,
        coverage={"identifier": identifier(COVERAGE_SYSTEM, member)},
        provider={"identifier": identifier("sid", sender)},
        patient={"reference": "Patient/1", "display": marker},
    )
    for item, service in zip(document["item"], services, strict=True):
        item["productOrService"] = {
            "coding": [{"system": _SERVICES, "code": service}],
            "text": marker,
        }
    if is_stat:
        document["priority"]["coding"][0]["code"] = "stat"
    if not is_valid:
        document["total"]["value"] += 1
    if quoted is not None:
        document["insurance"][0]["preAuthRef"] = [f"PA-{quoted}"]
    if ends is not None:
        document["billablePeriod"] = {"start": SERVED_ON, "end": ends}
    return document


def communication(number: str, marker: str, sender: str, **about: Any) -> dict[str, Any]:
    """An attachment with a word of the Claim in its text."""
    return a_communication(
        identifier=[identifier("http://happyvalley.test/communication", number)],
        sender={"identifier": identifier("sid", sender)},
        payload=[{"contentString": f"An x-ray of {marker}."}],
        **about,
    )


def task(
    code: str,
    number: str,
    focus: str | dict[str, Any] | None = None,
    *inputs: dict[str, Any],
    marker: str | None = None,
    **elements: Any,
) -> dict[str, Any]:
    """A Task; `marker` puts a word of the Claim into its description."""
    told = None if marker is None else f"About {marker}."
    return a_task(code, focus=focus, inputs=inputs, number=number, description=told, **elements)


def by_number(number: str) -> dict[str, Any]:
    """A Claim named by its business identifier alone."""
    return {"type": "Claim", "identifier": identifier(CLAIM_SYSTEM, number)}


def contained(document: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a `deliver` Task carries: the input, and the resource that it points at."""
    return (
        an_input("resource", valueReference={"reference": "#1"}),
        {**document, "id": "1"},
    )
