"""The CapabilityStatement: valid, and nothing told that is not offered."""

import pytest
from fhir.resources.R4B.capabilitystatement import CapabilityStatement

from app.fhir import json_text
from app.fhir.offer.capability_statement import capability_statement
from app.fhir.offer.interactions import Offer, OperationOffer, ParameterOffer, TypeOffer
from app.fhir.validation import check
from tests.builders import NOW

BASE = "http://gateway.test/fhir/r4"
PATIENT = ParameterOffer("patient", "reference", "http://hl7.org/x", ("Patient",))
STATUS = ParameterOffer("status", "token", "http://hl7.org/y")
SUBMIT = OperationOffer(
    "submit", "http://hl7.org/z", True, False, True, ("Claim",), ("ClaimResponse",)
)


def a_type(type="Claim", submitter=("read", "create"), payer=("read",), **options):
    by_role = (("submitter", frozenset(submitter)), ("payer client", frozenset(payer)))
    return TypeOffer(type, by_role, **options)


def told(*types, **options):
    return capability_statement(
        BASE, NOW, Offer(types, **options), "http://gateway.test/auth/token"
    )


def resources(document):
    return {one["type"]: one for one in document["rest"][0].get("resource", ())}


def test_it_is_valid_r4():
    document = told(a_type(parameters=(PATIENT,), operations=(SUBMIT,)), a_type("Patient"))

    assert check(document) == []
    assert CapabilityStatement.model_validate_json(json_text.write(document)).kind == "instance"
    assert document["fhirVersion"] == "4.0.1"
    assert document["implementation"]["url"] == BASE
    assert document["date"] == json_text.instant(NOW)


@pytest.mark.parametrize(
    ("payer", "told_of_read", "told_of_create"),
    [
        (("read",), None, "For a submitter only."),
        (("read", "create"), None, None),
        ((), "For a submitter only.", "For a submitter only."),
    ],
)
def test_an_interaction_says_whose_it_is(payer, told_of_read, told_of_create):
    [read, create] = resources(told(a_type(payer=payer)))["Claim"]["interaction"]

    assert (read["code"], create["code"]) == ("read", "create")
    assert (read.get("documentation"), create.get("documentation")) == (
        told_of_read,
        told_of_create,
    )


@pytest.mark.parametrize(
    ("option", "element", "otherwise", "value"),
    [
        ("has_update_create", "updateCreate", False, True),
        ("has_conditional_create", "conditionalCreate", False, True),
        ("has_conditional_update", "conditionalUpdate", False, True),
        ("has_conditional_delete", "conditionalDelete", "not-supported", "single"),
    ],
)
def test_what_may_be_done_on_a_condition_is_told(option, element, otherwise, value):
    without = resources(told(a_type()))["Claim"]
    with_it = resources(told(a_type(**{option: True})))["Claim"]

    assert (without[element], with_it[element]) == (otherwise, value)


def test_a_patch_is_told_with_its_format():
    assert "patchFormat" not in told(a_type())
    patched = told(a_type(submitter=("patch",)))
    assert patched["patchFormat"] == ["application/json-patch+json"]


def test_what_is_searched_by_is_told_where_there_is_a_search():
    searched = a_type(submitter=("search-type",), parameters=(PATIENT, STATUS))
    patient = a_type("Patient", submitter=("search-type",))
    found = resources(told(searched, patient))

    assert [one["name"] for one in found["Claim"]["searchParam"]] == ["patient", "status"]
    assert found["Claim"]["searchInclude"] == ["*", "Claim:patient"]
    assert found["Patient"]["searchRevInclude"] == ["Claim:patient"]
    assert "searchRevInclude" not in found["Claim"]
    alone = resources(told(a_type(parameters=(PATIENT,))))["Claim"]
    assert {"searchParam", "searchInclude", "searchRevInclude"} & alone.keys() == set()


def test_the_system_and_its_compartments_are_told_where_they_are_offered():
    [rest] = told(a_type(), system=frozenset({"batch"}), compartments=("Patient",))["rest"]
    [alone] = told(a_type())["rest"]

    assert rest["interaction"] == [{"code": "batch"}]
    assert rest["compartment"] == ["http://hl7.org/fhir/CompartmentDefinition/patient"]
    assert {"interaction", "compartment"} & alone.keys() == set()
