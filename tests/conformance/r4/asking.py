"""What the tests of R4's lines ask with, and how they read what comes back."""

from collections.abc import Mapping
from typing import Any

from app.fhir import json_text
from tests.conftest import BASE_URL
from tests.wire import Reply, Wire

FORM = "application/x-www-form-urlencoded"
JSON_PATCH = "application/json-patch+json"
SYSTEM = "http://r4.test/id"


def a_patient(family: str = "Chalmers", **elements: Any) -> dict[str, Any]:
    """A Patient."""
    return {"resourceType": "Patient", "name": [{"family": family}], **elements}


def numbered(value: str, system: str | None = SYSTEM) -> list[dict[str, str]]:
    """The identifiers of a resource that has one."""
    return [{"value": value} if system is None else {"system": system, "value": value}]


def put(wire: Wire, path: str, document: Any, **headers: str) -> Reply:
    """PUT a document."""
    return wire.ask("PUT", path, json_text.write(document), **headers)


def patch(wire: Wire, path: str, *operations: Mapping[str, Any], **headers: str) -> Reply:
    """PATCH by JSON Patch."""
    headers.setdefault("Content_Type", JSON_PATCH)
    return wire.ask("PATCH", path, json_text.write(list(operations)), **headers)


def created(wire: Wire, document: Mapping[str, Any], **headers: str) -> Reply:
    """What a create answered; it must have gone well."""
    reply = wire.post(document["resourceType"], document, **headers)
    assert reply.status == 201, reply.text
    return reply


def entries(reply: Reply, mode: str = "match") -> list[dict[str, Any]]:
    """The resources of a searchset that are there for this reason."""
    assert reply.status == 200, reply.text
    assert (reply.document["resourceType"], reply.document["type"]) == ("Bundle", "searchset")
    listed = reply.document.get("entry", ())
    return [entry["resource"] for entry in listed if entry["search"]["mode"] == mode]


def references(reply: Reply, mode: str = "match") -> list[str]:
    """Type and id of the resources of a searchset that are there for this reason, in order."""
    return [f"{one['resourceType']}/{one['id']}" for one in entries(reply, mode)]


def found(wire: Wire, path: str) -> set[str]:
    """Type and id of what a search finds."""
    return set(references(wire.get(path)))


def link(reply: Reply, relation: str) -> str | None:
    """Where a link of a Bundle leads."""
    links = {one["relation"]: one["url"] for one in reply.document.get("link", ())}
    return links.get(relation)


def follow(wire: Wire, url: str) -> Reply:
    """GET what a link leads to; it must lie under the base."""
    assert url.startswith(BASE_URL), url
    return wire.get(url.removeprefix(BASE_URL).removeprefix("/"))


def walked(wire: Wire, path: str, *, at_most: int = 20) -> list[Reply]:
    """Every page of a search from its first on."""
    pages = [wire.get(path)]
    while (url := link(pages[-1], "next")) is not None:
        assert len(pages) < at_most, "the pages do not end"
        pages.append(follow(wire, url))
    return pages


def is_subsetted(document: Mapping[str, Any]) -> bool:
    """Whether a resource is marked as incomplete."""
    tags = document.get("meta", {}).get("tag", ())
    system = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"
    return any((one.get("system"), one.get("code")) == (system, "SUBSETTED") for one in tags)


def without_own(document: Mapping[str, Any]) -> dict[str, Any]:
    """A resource without what the server sets."""
    return {name: value for name, value in document.items() if name not in {"id", "meta", "text"}}
