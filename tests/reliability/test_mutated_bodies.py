"""Bodies with one thing wrong, everywhere a body is taken: refused by name, without any effect.

http://hl7.org/fhir/R4/http.html#Status-Codes
"""

import random
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from app.domain.issues import ErrorCode
from app.fhir import json_text
from app.gateway.ownership import REFERENCE_DATA
from app.gateway.surface import TYPES
from app.store import tables
from tests.builders import (
    a_claim,
    a_communication,
    a_coverage,
    a_delivery,
    a_task,
    an_eligibility_request,
    an_enrollment_request,
    an_input,
    identifier,
)
from tests.reliability.mutating import Body, mutated, mutated_bytes

EXAMPLES = Path(__file__).parents[1] / "fhir_examples"
IN_A_PART = 1_000
PARTS_OF_THE_LONG_FORM = 100
WHOLE_CONTENT_EVERY = 100
CATALOGUE = {code.entry.id for code in ErrorCode}
FORM = "application/x-www-form-urlencoded"
FHIR_JSON = "application/fhir+json"
JSON_PATCH = "application/json-patch+json"


class Sending(NamedTuple):
    """One way to send: how, where to, as what, and the good body."""

    method: str
    path: str
    media_type: str
    good: Any
    is_of_the_payer: bool = False


def documents():
    """Every official example of a type that is served, and our own of what has none."""
    found = {}
    for file in sorted(EXAMPLES.glob("*.json")):
        document = json_text.parsed(file.read_text(encoding="utf-8"))
        if document["resourceType"] in TYPES:
            found[file.stem] = document
    own = (a_claim(), a_coverage(), an_eligibility_request(), a_communication(),
           an_enrollment_request(a_coverage()))  # fmt: skip
    return [*found.values(), *own]


def tasks(claim):
    """A Task of every code."""
    named = {"identifier": identifier("http://s.test", "1")}
    count = an_input("count", valuePositiveInt=2)
    period = an_input("period", valuePeriod={"start": "2026-01-01", "end": "2027-01-01"})
    asked = an_input("include", valueCode="ClaimResponse")
    item = an_input("item", valuePositiveInt=1)
    focused = [a_task(code, focus=claim, number=code) for code in
               ("cancel", "nullify", "release", "reprocess", "status")]  # fmt: skip
    return [
        *focused,
        a_task("poll", inputs=[count, period, asked], authoredOn="2026-03-02T09:00:00Z"),
        a_task("status", focus=named, requester={"identifier": identifier("sid", "x")}),
        a_task("reprocess", focus=claim, inputs=[item]),
        a_delivery(a_communication(about=[{"reference": claim}])),
    ]


def bundles(patient, claim):
    """A request of every kind in a batch, a transaction, and a bag."""
    person = {"resourceType": "Patient", "name": [{"family": "A"}]}
    at = "urn:uuid:0b7ce9d4-6d4e-4d5c-8e49-1f3f2b9f7a01"
    entries = [
        {"request": {"method": "GET", "url": patient, "ifNoneMatch": 'W/"9"'}},
        {"request": {"method": "GET", "url": "Patient?family=a"}},
        {
            "fullUrl": at,
            "resource": person,
            "request": {"method": "POST", "url": "Patient", "ifNoneExist": "identifier=s|v"},
        },
        {
            "resource": a_claim(patient={"reference": at}),
            "request": {"method": "POST", "url": "Claim"},
        },
        {
            "resource": a_coverage(beneficiary={"reference": "Patient?identifier=s|v"}),
            "request": {"method": "POST", "url": "Coverage"},
        },
        {
            "resource": {**person, "id": patient.partition("/")[2]},
            "request": {"method": "PUT", "url": patient, "ifMatch": 'W/"1"'},
        },
        {"request": {"method": "DELETE", "url": "Patient/none"}},
    ]
    bag = [{"fullUrl": at, "resource": person}, {"resource": a_task("status", focus=claim)}]
    kinds = {"batch": entries, "transaction": entries, "collection": bag}
    return [
        {"resourceType": "Bundle", "type": kind, "entry": listed} for kind, listed in kinds.items()
    ]


PATCHES = [
    [{"op": "add", "path": "/gender", "value": "other"}],
    [
        {"op": "test", "path": "/name/0/family", "value": "A"},
        {"op": "replace", "path": "/name/0/family", "value": "B"},
        {"op": "copy", "from": "/name/0", "path": "/name/-"},
        {"op": "move", "from": "/name/1", "path": "/name/0"},
        {"op": "remove", "path": "/name/1"},
    ],
]
FORMS = [
    "identifier=http://s.test|1&_count=2&_sort=-_lastUpdated",
    "birthdate=ge1970-01-01&family:contains=a&gender:not=male",
    "_id=1,2&_include=Patient:organization&_summary=true",
    "general-practitioner:Practitioner.family=a&_has:Claim:patient:status=active",
    "_lastUpdated=gt2026&_elements=name,gender&_total=accurate&address:missing=true",
]


def ways(patient, claim):
    """Every way to send a body."""
    found = []
    for document in documents():
        type, is_payers = document["resourceType"], document["resourceType"] in REFERENCE_DATA
        whole = {"resourceType": "Parameters",
                 "parameter": [{"name": "resource", "resource": document}]}  # fmt: skip
        owned = {"Patient": patient, "Claim": claim}.get(type, f"{type}/{document.get('id', 'x')}")
        update = {**document, "id": owned.partition("/")[2]}
        found += [
            Sending("POST", type, FHIR_JSON, document),
            Sending("POST", type, FHIR_JSON, document, is_payers),
            Sending("PUT", owned, FHIR_JSON, update, is_payers and type != "Patient"),
            Sending("POST", f"{type}/$validate", FHIR_JSON, document),
            Sending("POST", f"{type}/$validate", FHIR_JSON, whole),
        ]
        if type in {"Claim", "CoverageEligibilityRequest"}:
            found += [Sending("POST", f"{type}/$submit", FHIR_JSON, one)
                      for one in (document, whole)]  # fmt: skip
    found += [Sending("POST", "Task", FHIR_JSON, one) for one in tasks(claim)] * 5
    found += [Sending("POST", "", FHIR_JSON, one) for one in bundles(patient, claim)] * 20
    found += [
        Sending("PATCH", to, JSON_PATCH, one) for one in PATCHES for to in (patient, claim)
    ] * 10
    found += [Sending("POST", "Patient/_search", FORM, one) for one in FORMS] * 5
    return found


def body_of(way, chance):
    if isinstance(way.good, str):
        return mutated_bytes(way.good.encode(), chance)
    return mutated(way.good, chance)


def content(rows):
    """Every row of every table but the audit's."""
    listed = [one for one in tables.metadata.sorted_tables if one is not tables.audit]
    return {table.name: rows.of(table) for table in listed}


def differing(before, after):
    """The tables that are not as they were."""
    return [name for name in before if before[name] != after[name]]


def wrongs(reply, changed):
    """What must not be so about one answer."""
    if reply.status >= 500:
        yield f"{reply.status}"
    if reply.status < 400:
        return
    if reply.document.get("resourceType") != "OperationOutcome" or not reply.errors:
        yield f"{reply.status} without an OperationOutcome"
    elif not set(reply.errors) <= CATALOGUE:
        yield f"{reply.errors} are not all of the catalogue"
    if changed:
        yield f"{reply.status}, and these tables changed: {sorted(changed)}"


def findings(wire, core, rows, part, figures):
    """Send a part of the mutants; everything that is wrong about an answer, with its request."""
    chance = random.Random(f"mutated bodies, part {part}")
    patient = wire.post("Patient", {"resourceType": "Patient", "name": [{"family": "A"}]}).reference
    claim = wire.post("Claim", a_claim()).reference
    listed, statuses, found = ways(patient, claim), Counter(), []
    counts = rows.counts()
    for number in range(IN_A_PART):
        way = chance.choice(listed)
        body: Body = body_of(way, chance)
        asker = core if way.is_of_the_payer else wire
        whole = content(rows) if number % WHOLE_CONTENT_EVERY == 0 else None
        reply = asker.ask(way.method, way.path, body.content, Content_Type=way.media_type)
        counted = rows.counts()
        if reply.status < 400:
            counts = counted
        changed = set(differing(counts, counted))
        if whole is not None and reply.status >= 400:
            changed |= set(differing(whole, content(rows)))
        statuses[f"{way.method} {reply.status}"] += 1
        told = (f"{way.method} {way.path}", body.change, number)
        found += [(wrong, *told) for wrong in wrongs(reply, changed)]
    figures |= {"mutants": IN_A_PART, **dict(sorted(statuses.items()))}
    return found


def test_a_mutated_body_is_refused_by_name_or_taken(wire, core, rows, figures):
    assert findings(wire, core, rows, 0, figures) == []
    refused = sum(count for name, count in figures.items() if " 4" in name)
    assert IN_A_PART // 2 < refused < IN_A_PART, figures


@pytest.mark.soak
@pytest.mark.parametrize("part", range(1, PARTS_OF_THE_LONG_FORM))
def test_no_mutated_body_of_many_is_a_fault(wire, core, rows, figures, part):
    assert findings(wire, core, rows, part, figures) == []
