"""PATCH by JSON Patch: what it leaves is the next version, or nothing changes.

http://hl7.org/fhir/R4/http.html#patch
"""

import pytest

from app.fhir import json_text
from app.store import tables
from tests.builders import a_claim
from tests.conformance.test_updates import a_patient

MEDIA_TYPE = "application/json-patch+json"
GENDER = {"op": "add", "path": "/gender", "value": "other"}


def patch(wire, reference, *operations, **headers):
    body = json_text.write(list(operations))
    return wire.ask("PATCH", reference, body, **{"Content_Type": MEDIA_TYPE, **headers})


@pytest.mark.parametrize(
    "media_type", ["application/fhir+json", "application/json", "text/plain", ""]
)
def test_another_media_type_is_415(wire, media_type):
    own = wire.post("Patient", a_patient())

    refused = patch(wire, own.reference, GENDER, Content_Type=media_type)

    assert (refused.status, refused.errors) == (415, ["ECG-MEDIA-TYPE"])
    assert wire.get(own.reference).text == own.text


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("", "ECG-NOT-JSON"),
        ("{}", "ECG-WRONG-TYPE"),
        ("[", "ECG-NOT-JSON"),
        ("[1]", "ECG-PARAMETER"),
        ('["add"]', "ECG-PARAMETER"),
        ('[{"op": "add"}]', "ECG-PARAMETER"),
        ('[{"op": ["add"], "path": "/gender", "value": "other"}]', "ECG-PARAMETER"),
        ('[{"op": "put", "path": "/gender", "value": "other"}]', "ECG-PARAMETER"),
        ('[{"op": "add", "path": "/gender"}]', "ECG-PARAMETER"),
        ('[{"op": "add", "path": "gender", "value": "other"}]', "ECG-PARAMETER"),
        ('[{"op": "add", "path": "/a~2", "value": "other"}]', "ECG-PARAMETER"),
        ('[{"op": "add", "path": 1, "value": "other"}]', "ECG-PARAMETER"),
        ('[{"op": "move", "path": "/gender"}]', "ECG-PARAMETER"),
        ('[{"op": "copy", "path": "/gender", "from": null}]', "ECG-PARAMETER"),
        ('[{"op": "add", "op": "add", "path": "/gender", "value": "other"}]', "ECG-DUPLICATE-KEY"),
        (f"[{','.join(['{}'] * 1001)}]", "ECG-TOO-COMPLEX"),
        (f'[{{"op": "remove", "path": "/{"a" * 1000}"}}]', "ECG-PARAMETER"),
    ],
)
def test_what_is_no_patch_is_400(wire, rows, body, error):
    own = wire.post("Patient", a_patient())
    before = rows.counts()

    refused = wire.ask("PATCH", own.reference, body, Content_Type=MEDIA_TYPE)

    assert (refused.status, refused.errors) == (400, [error])
    assert rows.counts() == before


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/active", "value": False},
        {"op": "test", "path": "/active", "value": 1},
        {"op": "test", "path": "/birthDate", "value": "2001-01-01"},
        {"op": "remove", "path": "/birthDate"},
        {"op": "remove", "path": "/identifier/1"},
        {"op": "remove", "path": "/identifier/x"},
        {"op": "replace", "path": "/birthDate", "value": "2001-01-01"},
        {"op": "add", "path": "/identifier/2", "value": {"value": "2"}},
        {"op": "add", "path": "/name/0/family", "value": "Smith"},
        {"op": "add", "path": "/active/x", "value": "Smith"},
        {"op": "copy", "from": "/birthDate", "path": "/gender"},
        {"op": "move", "from": "/identifier", "path": "/identifier/0/x"},
        {"op": "remove", "path": ""},
        {"op": "replace", "path": "/resourceType", "value": "Location"},
        {"op": "replace", "path": "/id", "value": "1"},
        {"op": "remove", "path": "/id"},
        {"op": "replace", "path": "", "value": {"resourceType": "Patient"}},
        {"op": "replace", "path": "", "value": "Patient"},
        {"op": "add", "path": "/identifier/" + "9" * 900, "value": {"value": "2"}},
    ],
    ids=lambda one: f"{one['op']}-{one['path'][:30]}-{one.get('value', '')}"[:60],
)
def test_what_cannot_be_carried_out_is_422_and_none_of_it_is(wire, rows, operation):
    own = wire.post("Patient", a_patient())
    before = rows.counts()

    refused = patch(wire, own.reference, GENDER, operation)

    assert (refused.status, refused.errors) == (422, ["ECG-PATCH"])
    assert rows.counts() == before
    assert wire.get(own.reference).text == own.text
    assert patch(wire, own.reference, GENDER).status == 200


@pytest.mark.parametrize(
    ("path", "value", "error"),
    [
        ("/gender", "unknowable", "ECG-CODE"),
        ("/gender", None, "ECG-EMPTY"),
        ("/shoe", "42", "ECG-UNKNOWN-ELEMENT"),
    ],
)
def test_what_would_be_no_valid_resource_is_422_and_told(wire, path, value, error):
    own = wire.post("Patient", a_patient())

    refused = patch(wire, own.reference, {"op": "add", "path": path, "value": value})

    assert (refused.status, refused.errors) == (422, ["ECG-PATCH", error])
    assert refused.expressions[1] == f"Patient.{path[1:]}"
    assert wire.get(own.reference).text == own.text


def test_copies_of_copies_end(wire):
    own = wire.post("Patient", a_patient())
    doubling = [{"op": "copy", "from": "", "path": f"/x{n}"} for n in range(64)]

    refused = patch(wire, own.reference, *doubling)

    assert (refused.status, refused.errors) == (400, ["ECG-TOO-COMPLEX"])
    assert wire.get(own.reference).text == own.text


def test_what_is_nested_by_and_by_is_too_deep(wire):
    own = wire.post("Patient", a_patient())
    deep = [
        {"op": "add", "path": "/x", "value": {}},
        *[
            {"op": "move", "from": "/x", "path": "/y"},
            {"op": "add", "path": "/x", "value": {}},
            {"op": "move", "from": "/y", "path": "/x/y"},
        ]
        * 300,
    ]

    refused = patch(wire, own.reference, *deep)

    assert (refused.status, refused.errors) == (422, ["ECG-PATCH", "ECG-TOO-COMPLEX"])
    assert wire.get(own.reference).text == own.text


@pytest.mark.parametrize(("branches", "is_done"), [(0, True), (40, False)])
def test_what_is_nested_deeper_than_a_text_can_be_written_is_refused(wire, branches, is_done):
    own = wire.post("Patient", a_patient())
    value = "{}"
    for _ in range(60):
        value = f'{{"a":{value}}}'
    deep = [
        step
        for number in range(branches)
        for step in (
            {"op": "add", "path": f"/x{number}", "value": json_text.parsed(value)},
            {"op": "move", "from": f"/x{number - 1}", "path": f"/x{number}{'/a' * 61}"},
        )[: 2 if number else 1]
    ]

    answered = patch(wire, own.reference, GENDER, *deep)

    assert answered.status == (200 if is_done else 422)
    assert answered.errors == ([] if is_done else ["ECG-PATCH", "ECG-TOO-COMPLEX"])
    assert ("gender" in wire.get(own.reference).document) == is_done


def test_behind_the_last_name_there_is_none_to_copy(wire):
    own = wire.post("Patient", a_patient(name=[{"text": "Alex"}]))
    first, none = ({"op": "copy", "from": f"/name/{at}", "path": "/name/1"} for at in "0-")

    refused, done = (patch(wire, own.reference, each) for each in (none, first))

    assert (refused.status, refused.errors) == (422, ["ECG-PATCH"])
    assert (done.status, done.document["name"]) == (200, [{"text": "Alex"}] * 2)


@pytest.mark.parametrize("whose", ["nobodys", "anothers"])
def test_what_is_not_the_clients_own_is_404(wire, other, whose):
    anothers = other.post("Patient", a_patient())
    reference = {"nobodys": "Patient/1", "anothers": anothers.reference}[whose]

    refused = patch(wire, reference, GENDER)

    assert (refused.status, refused.errors) == (404, ["ECG-NOT-FOUND"])
    assert other.get(anothers.reference).text == anothers.text
    assert patch(other, anothers.reference, GENDER).status == 200


def test_every_operation_has_its_effect(wire, rows):
    own = wire.post("Patient", a_patient(name=[{"family": "Smith"}], gender="male"))

    changed = patch(
        wire,
        own.reference,
        {"op": "test", "path": "/name/0/family", "value": "Smith"},
        {"op": "replace", "path": "/gender", "value": "other"},
        {"op": "add", "path": "/name/-", "value": {"family": "Jones"}},
        {"op": "copy", "from": "/name/1", "path": "/name/0"},
        {"op": "move", "from": "/active", "path": "/deceasedBoolean"},
        {"op": "remove", "path": "/name/2"},
    )

    assert (changed.status, changed.headers["ETag"]) == (200, 'W/"2"')
    expected = {**own.document, "gender": "other", "deceasedBoolean": True}
    expected["name"] = [{"family": "Jones"}, {"family": "Smith"}]
    del expected["active"]
    meta = expected.pop("meta") | {"versionId": "2"}
    assert {**changed.document} == {**expected, "meta": meta}
    assert wire.get(own.reference).text == changed.text
    [event] = rows.of(tables.audit, action="patch")
    assert (event["outcome"], event["resource_id"]) == ("replaced", own.document["id"])
    [_, version] = rows.of(tables.resource_version, id=own.document["id"])
    assert version["method"] == "PATCH"


def test_every_number_keeps_its_digits(wire):
    body = """{"resourceType": "Location", "position": {
        "longitude": 10.50, "latitude": 1.2300E+1, "altitude": 0.00000000000000000000000001}}"""
    own = wire.post("Location", body)
    altitude = {"op": "add", "path": "/position/altitude", "value": 1}

    untouched = patch(wire, own.reference, {"op": "add", "path": "/name", "value": "Here"})
    changed = wire.ask(
        "PATCH",
        own.reference,
        json_text.write([altitude]).replace("1}", "12.3400}"),
        Content_Type=MEDIA_TYPE,
    )

    position = untouched.document["position"]
    assert {name: str(number) for name, number in position.items()} == {
        "longitude": "10.50",
        "latitude": "12.300",
        "altitude": "1E-26",
    }
    assert '"longitude":10.50' in untouched.text
    assert '"altitude":12.3400' in changed.text


def test_the_payer_patches_what_it_keeps(core, wire):
    clinic = core.post("Organization", {"resourceType": "Organization", "name": "Clinic"})
    renamed = {"op": "replace", "path": "/name", "value": "Hospital"}

    refused = patch(wire, clinic.reference, renamed)
    changed = patch(core, clinic.reference, renamed)

    assert (refused.status, refused.errors) == (403, ["ECG-FORBIDDEN"])
    assert (changed.status, changed.document["name"]) == (200, "Hospital")
    assert wire.get(clinic.reference).text == changed.text


def test_a_claim_is_cancelled_by_a_patch_of_its_status(wire):
    claim = wire.post("Claim", a_claim())

    refused = patch(
        wire,
        claim.reference,
        {"op": "replace", "path": "/use", "value": "claim"},
        {"op": "replace", "path": "/created", "value": "2026-03-01"},
    )
    cancelled = patch(
        wire, claim.reference, {"op": "replace", "path": "/status", "value": "cancelled"}
    )

    assert (refused.status, refused.errors) == (422, ["ECG-IMMUTABLE"])
    assert (cancelled.status, cancelled.document["status"]) == (200, "cancelled")
    assert wire.get(claim.reference).text == cancelled.text
