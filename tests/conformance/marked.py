"""Requests whose every string field holds a marker of its own, to be looked for afterwards."""

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

from tests.builders import a_claim, a_communication, a_quote, identifier

# Of a Coding, an Identifier or an Attachment the rest is read by machines, and is not free text.
_FREE = frozenset({"display", "text", "title", "valueString", "contentString", "description"})
_NARRATIVE = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'


class Markers:
    """Gives out markers, and knows every one that it gave."""

    def __init__(self, word: str = "Zebra") -> None:
        """`word` ends each of them."""
        self._word = word
        self.given: list[str] = []
        self._numbers = count(1)

    def __call__(self) -> str:
        """A marker that no other place has."""
        self.given.append(f"Marker{next(self._numbers):03d}{self._word}")
        return self.given[-1]

    def told(self, text: str = "") -> dict[str, Any]:
        """A CodeableConcept that holds one in its text and one in its display."""
        coding = {"system": "http://codes.test/other", "code": "1", "display": self()}
        return {"coding": [coding], "text": f"{text} {self()}".strip()}

    def extension(self) -> list[dict[str, Any]]:
        """An extension that holds one."""
        return [{"url": "http://happyvalley.test/extension", "valueString": self()}]

    def narrative(self) -> dict[str, Any]:
        """A narrative that holds one."""
        return {"status": "additional", "div": _NARRATIVE.format(self())}

    def annotation(self) -> list[dict[str, Any]]:
        """A note that holds two."""
        return [{"authorString": self(), "text": self()}]

    def number(self) -> dict[str, Any]:
        """A business identifier whose value is one, assigned by another."""
        spelled = identifier("http://happyvalley.test/number", self())
        return {**spelled, "assigner": {"display": self()}}


def a_marked_claim(mark: Markers, number: dict[str, Any]) -> dict[str, Any]:
    """A Claim that passes intake, with a marker wherever R4 takes words."""
    document = a_claim(identifier=[number], prices=["100.00", "50.00"], serviced="2026-03-02")
    first, second = document["item"]
    first["productOrService"] |= {"text": mark()}
    first["modifier"] = [mark.told()]
    first["bodySite"] = mark.told()
    first["locationAddress"] = {"line": [mark()], "city": mark(), "text": mark()}
    first["extension"] = mark.extension()
    second["revenue"] = mark.told()
    second["programCode"] = [mark.told()]
    second["encounter"] = [{"reference": "Encounter/1", "display": mark()}]
    document["insurance"] = a_quote("unknown")
    document["insurance"][0] |= {"businessArrangement": mark(), "preAuthRef": [mark()]}
    document["insurance"][0]["coverage"]["display"] = mark()
    return {
        **document,
        "meta": {"source": f"urn:{mark()}", "tag": [{"system": "urn:t", "display": mark()}]},
        "text": mark.narrative(),
        "extension": mark.extension(),
        "patient": {"reference": "#patient", "display": mark()},
        "contained": [a_marked_patient(mark)],
        "enterer": {"display": mark()},
        "facility": {"display": mark()},
        "referral": {"identifier": mark.number()},
        "fundsReserve": mark.told(),
        "payee": {"type": mark.told(), "party": {"display": mark()}},
        "careTeam": [{"sequence": 1, "provider": {"display": mark()}, "role": mark.told()}],
        "diagnosis": [{"sequence": 1, "diagnosisCodeableConcept": mark.told()}],
        "procedure": [{"sequence": 1, "procedureCodeableConcept": mark.told()}],
        "related": [{"reference": {"value": mark()}, "relationship": mark.told()}],
        "accident": {"date": "2026-03-01", "locationAddress": {"text": mark()}},
        "supportingInfo": [
            {"sequence": 1, "category": mark.told(), "valueString": mark()},
            {"sequence": 2, "category": mark.told(), "reason": mark.told(), "code": mark.told()},
        ],
    }


def a_marked_patient(mark: Markers) -> dict[str, Any]:
    """A contained Patient."""
    return {
        "resourceType": "Patient",
        "id": "patient",
        "identifier": [mark.number()],
        "name": [{"family": mark(), "given": [mark()], "text": mark()}],
        "telecom": [{"system": "email", "value": f"{mark()}@example.test"}],
        "address": [{"line": [mark()], "city": mark()}],
    }


def a_marked_communication(mark: Markers, **elements: Any) -> dict[str, Any]:
    """An attachment with a marker wherever R4 takes words."""
    attachment = {"contentType": "text/plain", "title": mark(), "url": f"http://h.test/{mark()}"}
    return a_communication(
        identifier=[mark.number()],
        text=mark.narrative(),
        extension=mark.extension(),
        category=[mark.told()],
        topic=mark.told(),
        subject={"display": mark()},
        reasonCode=[mark.told()],
        note=mark.annotation(),
        payload=[{"contentString": mark()}, {"contentAttachment": attachment}],
        **elements,
    )


def marked_task(mark: Markers, task: Mapping[str, Any]) -> dict[str, Any]:
    """A Task with a marker wherever R4 takes words, but for the identifiers it is known by."""
    marked = {
        **task,
        "text": mark.narrative(),
        "extension": mark.extension(),
        "description": mark(),
        "note": mark.annotation(),
        "reasonCode": mark.told(),
        "requester": {"display": mark()},
        "owner": {"display": mark()},
        "for": {"display": mark()},
        "performerType": [mark.told()],
        "groupIdentifier": mark.number(),
        "code": {**task["code"], "text": mark()},
        "input": [_marked_input(mark, one) for one in task.get("input", ())],
    }
    if "focus" in marked:
        marked["focus"] = {**marked["focus"], "display": mark()}
    return {name: value for name, value in marked.items() if value}


def _marked_input(mark: Markers, given: Mapping[str, Any]) -> dict[str, Any]:
    spelled = {**given, "type": {**given["type"], "text": mark()}}
    if "valueReference" in spelled:
        spelled["valueReference"] = {**spelled["valueReference"], "display": mark()}
    return spelled


def free_texts(value: Any) -> Iterator[str]:
    """Every string of a document that people write, at any depth."""
    if isinstance(value, list):
        for each in value:
            yield from free_texts(each)
    elif isinstance(value, Mapping):
        for name, each in value.items():
            if isinstance(each, str) and name in _FREE:
                yield each
            else:
                yield from free_texts(each)
