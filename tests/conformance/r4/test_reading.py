"""Lines 14 to 19: read and version read.

http://hl7.org/fhir/R4/http.html#read
"""

from datetime import datetime
from email.utils import parsedate_to_datetime

import pytest

from tests.conformance.r4.asking import a_patient, created, is_subsetted, put


def test_014_a_read_is_the_asked_resource(wire, patient):
    read = wire.get(patient.reference)

    assert read.status == 200
    assert read.document["resourceType"] == "Patient"
    assert read.document["id"] == patient.reference.partition("/")[2]


def test_015_the_headers_of_a_read_are_those_of_its_meta(wire, patient, clock):
    clock.forward(minutes=7)
    put(wire, patient.reference, {**patient.document, "gender": "other"})

    for path in (patient.reference, f"{patient.reference}/_history/1"):
        read = wire.get(path)
        meta = read.document["meta"]
        changed = datetime.fromisoformat(meta["lastUpdated"]).replace(microsecond=0)
        assert read.headers["ETag"] == f'W/"{meta["versionId"]}"'
        assert parsedate_to_datetime(read.headers["Last-Modified"]) == changed


def test_016_an_unknown_id_is_404_and_a_deleted_one_410(wire, patient):
    wire.ask("DELETE", patient.reference)

    assert wire.get("Patient/none").status == 404
    deleted = wire.get(patient.reference)
    assert (deleted.status, deleted.document["issue"][0]["code"]) == (410, "deleted")


def test_017_what_the_client_has_is_304(wire, patient):
    current = patient.headers["ETag"]
    known = wire.get(patient.reference, If_None_Match=current)
    put(wire, patient.reference, {**patient.document, "gender": "other"})

    assert (known.status, known.text) == (304, "")
    changed = wire.get(patient.reference, If_None_Match=current)
    assert (changed.status, changed.document["gender"]) == (200, "other")


def test_018_a_version_read_gives_that_version(wire, patient):
    put(wire, patient.reference, {**patient.document, "gender": "other"})
    wire.ask("DELETE", patient.reference)

    versions = [wire.get(f"{patient.reference}/_history/{number}") for number in (1, 2, 3, 4)]

    assert [one.status for one in versions] == [200, 200, 410, 404]
    assert [one.document["meta"]["versionId"] for one in versions[:2]] == ["1", "2"]
    assert "gender" not in versions[0].document
    assert versions[1].document["gender"] == "other"


@pytest.mark.parametrize("part", ["_summary=true", "_summary=data", "_elements=gender"])
def test_019_a_part_of_a_resource_is_tagged(wire, part):
    text = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">A</div>'}
    patient = created(wire, a_patient(gender="male", text=text))

    read = wire.get(f"{patient.reference}?{part}")

    assert (read.status, read.document["gender"]) == (200, "male")
    assert "text" not in read.document
    assert is_subsetted(read.document)
    assert not is_subsetted(wire.get(f"{patient.reference}?_summary=false").document)
    assert wire.get(f"{patient.reference}?_summary=false").text == patient.text
