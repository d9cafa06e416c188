"""Bundles of requests, and what their answers say."""

from typing import Any

from app.fhir.validation import check
from tests.builders import identifier
from tests.wire import Reply, Wire

URN = "urn:uuid:00000000-0000-4000-8000-00000000000{}"
PATIENT_SYSTEM = "http://happyvalley.test/patient"


def a_patient(number: str | None = None, **elements: Any) -> dict[str, Any]:
    """A Patient of a submitter's."""
    own = {"identifier": [identifier(PATIENT_SYSTEM, number)]} if number else {}
    return {"resourceType": "Patient", **own, "name": [{"text": "Alex"}], **elements}


def asked(
    method: str,
    url: str,
    resource: Any = None,
    full_url: str | None = None,
    **conditions: str,
) -> dict[str, Any]:
    """An entry; the conditions are those of Bundle.entry.request."""
    entry: dict[str, Any] = {"request": {"method": method, "url": url, **conditions}}
    if resource is not None:
        entry["resource"] = resource
    if full_url is not None:
        entry["fullUrl"] = full_url
    return entry


def posted(
    resource: dict[str, Any], full_url: str | None = None, **conditions: str
) -> dict[str, Any]:
    """An entry that creates."""
    return asked("POST", resource["resourceType"], resource, full_url, **conditions)


def put(resource: dict[str, Any], full_url: str | None = None, **conditions: str) -> dict[str, Any]:
    """An entry that updates under the id of the resource."""
    return asked(
        "PUT", f"{resource['resourceType']}/{resource['id']}", resource, full_url, **conditions
    )


def bundle(type: str, *entries: Any) -> dict[str, Any]:
    """A Bundle of this type."""
    return {"resourceType": "Bundle", "type": type} | ({"entry": list(entries)} if entries else {})


def batch(wire: Wire, *entries: Any, **headers: str) -> Reply:
    """POST [base], each for itself."""
    return wire.post("", bundle("batch", *entries), **headers)


def transaction(wire: Wire, *entries: Any, **headers: str) -> Reply:
    """POST [base], all or none."""
    return wire.post("", bundle("transaction", *entries), **headers)


def statuses(reply: Reply) -> list[str]:
    """The status of every entry; that the answer is valid and of its type is asserted."""
    assert reply.status == 200, reply.text
    assert reply.document["type"] in {"batch-response", "transaction-response"}
    assert check(reply.document) == []
    return [entry["response"]["status"] for entry in reply.document.get("entry", [])]


def errors(entry: dict[str, Any]) -> list[str]:
    """The catalogue ids in the outcome of one entry."""
    issues = entry["response"]["outcome"]["issue"]
    return [issue["details"]["coding"][0]["code"] for issue in issues]


def references(reply: Reply) -> list[str]:
    """Type and id of the resource of every entry that has one."""
    resources = [entry["resource"] for entry in reply.document["entry"] if "resource" in entry]
    return [f"{each['resourceType']}/{each['id']}" for each in resources]
