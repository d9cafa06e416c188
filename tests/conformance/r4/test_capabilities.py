"""Lines 83 to 86: the CapabilityStatement, and whether it is true.

http://hl7.org/fhir/R4/capabilitystatement.html
"""

import pytest

from app.fhir import json_text
from app.fhir.validation import check
from tests.builders import a_claim
from tests.conformance.r4.asking import SYSTEM, a_patient, created, numbered, put
from tests.conftest import BASE_URL
from tests.wire import Wire

OFTEN = {
    "token": "x|y",
    "reference": "Patient/x",
    "date": "2026",
    "string": "x",
    "number": "1",
    "quantity": "1",
    "uri": "http://x.test",
}


def statement(wire):
    reply = wire.get("metadata")
    assert reply.status == 200
    return reply.document


def resources(wire):
    return statement(wire)["rest"][0]["resource"]


def asked(wire, type, code):
    """The answer to an interaction with what is not there, which tells whether it is offered."""
    here, body = f"{type}/none", json_text.write({"resourceType": type, "id": "another"})
    requests = {
        "read": ("GET", here),
        "vread": ("GET", f"{here}/_history/1"),
        "history-instance": ("GET", f"{here}/_history"),
        "history-type": ("GET", f"{type}/_history"),
        "search-type": ("GET", f"{type}?_count=1"),
        "create": ("POST", type, b"{}"),
        "update": ("PUT", here, body),
        "patch": ("PATCH", here, b"[]"),
        "delete": ("DELETE", here),
    }
    headers = {"Content_Type": "application/json-patch+json"} if code == "patch" else {}
    return wire.ask(*requests[code], **headers)


OFFERED = {
    "read": {404},
    "vread": {404},
    "history-instance": {404},
    "history-type": {200},
    "search-type": {200},
    "create": {400},
    "update": {400, 404},
    "patch": {400, 404},
    "delete": {200, 204},
}


def test_083_the_statement_is_valid_and_told_to_anybody(http):
    told = statement(Wire(http, None))

    assert check(told) == []
    assert (told["resourceType"], told["status"]) == ("CapabilityStatement", "active")
    assert (told["kind"], told["fhirVersion"]) == ("instance", "4.0.1")
    assert told["implementation"]["url"] == BASE_URL
    assert {"date", "software"} <= told.keys()
    assert set(told["format"]) & {"json", "application/fhir+json"}
    assert [one["mode"] for one in told["rest"]] == ["server"]


def test_084_the_statement_has_an_etag(http):
    wire = Wire(http, None)
    told = wire.get("metadata")

    assert told.headers["ETag"]
    assert wire.get("metadata", If_None_Match=told.headers["ETag"]).status == 304
    assert wire.get("metadata", If_None_Match='W/"x"').status == 200
    assert wire.get("metadata?mode=full").document == told.document


def test_085_every_listed_interaction_works(wire, core):
    lacking = []
    for resource in resources(wire):
        for code in (one["code"] for one in resource["interaction"]):
            got = {asked(one, resource["type"], code).status for one in (wire, core)}
            if not got & OFFERED[code]:
                lacking.append((resource["type"], code, got))

    assert lacking == []


def test_085_nothing_works_that_is_not_listed(wire, core):
    beyond = []
    for resource in resources(wire):
        listed = {one["code"] for one in resource["interaction"]}
        for code in OFFERED.keys() - listed:
            got = {asked(one, resource["type"], code).status for one in (wire, core)}
            # What is wrong with the body may be told before who may send one.
            if not got <= {400, 403, 404, 405}:
                beyond.append((resource["type"], code, got))

    assert beyond == []


def test_085_every_listed_parameter_is_searched_by(wire, core):
    failed = []
    for resource in resources(wire):
        for parameter in resource.get("searchParam", ()):
            name, kind = parameter["name"], parameter["type"]
            value = resource_value(name, kind)
            query = f"{resource['type']}?{name}={value}"
            got = {one.get(query, Prefer="handling=strict").status for one in (wire, core)}
            if 200 not in got:
                failed.append((query, got))

    assert failed == []
    assert sum(len(one.get("searchParam", ())) for one in resources(wire)) > 100


def resource_value(name, kind):
    """A value that a listed parameter of this kind takes."""
    own = {"_id": "x", "_lastUpdated": "2026"}
    return own.get(name) or OFTEN.get(kind, "x$2026")


def test_085_every_listed_include_is_taken(wire, core):
    failed = []
    for resource in resources(wire):
        for listed in ("searchInclude", "searchRevInclude"):
            name = "_include" if listed == "searchInclude" else "_revinclude"
            for value in resource.get(listed, ()):
                query = f"{resource['type']}?{name}={value}"
                got = {one.get(query, Prefer="handling=strict").status for one in (wire, core)}
                if 200 not in got:
                    failed.append((query, got))

    assert failed == []


def test_085_every_listed_operation_answers(wire, core):
    failed, listed = [], []
    for resource in resources(wire):
        for operation in resource.get("operation", ()):
            listed.append(operation["name"])
            paths = [f"{resource['type']}{id}/${operation['name']}" for id in ("", "/none")]
            got = {one.post(path, b"{").status for path in paths for one in (wire, core)}
            if not got & {400, 422}:
                failed.append((paths, got))

    assert failed == []
    assert {"submit", "validate"} <= set(listed)


def flags(wire, type):
    return next(one for one in resources(wire) if one["type"] == type)


def test_086_versions_are_told_truthfully(wire, patient):
    told = flags(wire, "Patient")
    put(wire, patient.reference, {**patient.document, "gender": "other"})

    old = wire.get(f"{patient.reference}/_history/1")
    assert told["versioning"] in {"versioned", "versioned-update"}
    late = put(wire, patient.reference, patient.document)
    assert (late.status == 200) == (told["versioning"] == "versioned")
    assert (old.status == 200) == told["readHistory"]


@pytest.mark.parametrize("type", ["Organization", "VisionPrescription", "Claim"])
def test_086_ids_may_be_chosen_where_it_is_told(wire, core, type):
    bodies = {
        "Organization": {"name": "Own"},
        "Claim": a_claim(),
        "VisionPrescription": {
            "status": "active",
            "created": "2026-03-01",
            "patient": {"reference": "Patient/1"},
            "dateWritten": "2026-03-01",
            "prescriber": {"reference": "Practitioner/1"},
            "lensSpecification": [{"product": {"text": "lens"}, "eye": "right"}],
        },
    }
    body = {**bodies[type], "resourceType": type, "id": "own"}

    got = [put(one, f"{type}/own", body).status for one in (wire, core)]

    assert (201 in got) == flags(wire, type)["updateCreate"], got


def test_086_conditional_interactions_are_told_truthfully(wire):
    told, query = flags(wire, "Patient"), f"Patient?identifier={SYSTEM}|7"
    body = a_patient(identifier=numbered("7"))

    made = [wire.post("Patient", body, If_None_Exist=query.partition("?")[2]) for _ in range(2)]
    changed = put(wire, query, body)
    known = wire.get(made[0].reference, If_None_Match=f'W/"{2 if changed.status == 200 else 1}"')

    assert ([one.status for one in made] == [201, 200]) == told["conditionalCreate"]
    assert (changed.status == 200) == told["conditionalUpdate"]
    assert (known.status == 304) == (told["conditionalRead"] in {"not-match", "full-support"})


def test_086_includes_and_references_are_told_truthfully(wire, patient):
    claims = flags(wire, "Claim")
    created(wire, a_claim(patient={"reference": patient.reference}))
    taken = created(wire, a_claim(patient={"identifier": numbered("7")[0]}))

    searched = wire.get("Claim?_include=Claim:patient&_revinclude=ClaimResponse:request")

    kinds = {one["resource"]["resourceType"] for one in searched.document["entry"]}
    includes = set(claims.get("searchInclude", ()))
    assert ("Patient" in kinds) == bool(includes & {"*", "Claim:patient", "Claim:*"})
    back = set(claims.get("searchRevInclude", ()))
    assert ("ClaimResponse" in kinds) == bool(back & {"*", "ClaimResponse:request"})
    assert taken.status == 201
    assert {"literal", "logical", "local"} <= set(claims["referencePolicy"])
    assert "enforced" not in claims["referencePolicy"]
