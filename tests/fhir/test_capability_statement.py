"""The CapabilityStatement: valid, and nothing told that was not registered."""

import pytest
from fhir.resources.R4B.capabilitystatement import CapabilityStatement

from app.fhir import json_text
from app.fhir.capability_statement import capability_statement
from app.fhir.validation import check
from tests.builders import NOW

BASE = "http://gateway.test/fhir/r4"


def told(created=(), read=()):
    return capability_statement(BASE, NOW, created=created, read=read)


def resources(document):
    return {one["type"]: one for one in document["rest"][0].get("resource", ())}


def test_it_is_valid_r4():
    document = told(created={"Claim", "Patient"}, read={"ClaimResponse"})

    assert check(document) == []
    assert CapabilityStatement.model_validate_json(json_text.write(document)).kind == "instance"
    assert document["fhirVersion"] == "4.0.1"
    assert document["implementation"]["url"] == BASE
    assert document["date"] == json_text.instant(NOW)


@pytest.mark.parametrize(
    ("type", "interactions"),
    [
        ("ClaimResponse", ["read", "vread"]),
        ("Patient", ["read", "vread", "create"]),
        ("Claim", ["read", "vread", "create"]),
    ],
)
def test_a_type_offers_what_is_registered_for_it(type, interactions):
    found = resources(told(created={"Claim", "Patient"}, read={"ClaimResponse", "Patient"}))[type]

    assert [one["code"] for one in found["interaction"]] == interactions
    assert found["conditionalCreate"] is ("create" in interactions)
    assert ("operation" in found) is (type == "Claim")


def test_types_are_told_once_and_in_order():
    document = told(created={"Patient", "Claim"}, read={"Patient", "Bundle"})

    assert list(resources(document)) == ["Bundle", "Claim", "Patient"]
    assert len(document["rest"][0]["resource"]) == 3
