"""The search parameters that are offered, held against R4's elements and our own table of types."""

import re
from pathlib import Path

import pytest

from app.domain.parties import ClientKind
from app.fhir.search.definitions import ParameterType, parameters_of, searchable_types
from app.fhir.validation.schema import definition
from app.gateway.surface import TYPES, Interaction, offered

ALL = [
    (type, parameter)
    for type in sorted(searchable_types())
    for parameter in parameters_of(type).values()
]
COMMON = {"_id", "_lastUpdated", "_profile", "_security", "_source", "_tag"}


def led_to(type, path):
    """The types of the elements that a plain path of names leads to."""
    reached = [type]
    for name in path.split(".")[1:]:
        reached = [
            element.type
            for each in reached
            for element in definition(each).elements
            if name in {element.name, element.choice}
        ]
    return set(reached)


def test_a_type_that_is_not_held_has_no_parameters():
    assert parameters_of("Observation") == {}
    assert parameters_of("Bundle") == {}


def test_every_type_that_is_searched_has_parameters():
    searched = {type for type in TYPES if Interaction.SEARCH in offered(type, ClientKind.SUBMITTER)}

    assert searched == searchable_types()


@pytest.mark.parametrize("type", sorted(searchable_types()))
def test_a_type_has_the_common_parameters_and_each_by_its_own_code(type):
    assert parameters_of(type).keys() >= COMMON
    assert [each.code for each in parameters_of(type).values()] == list(parameters_of(type))


@pytest.mark.parametrize(
    ("type", "parameter"),
    [
        (type, each)
        for type, each in ALL
        if re.fullmatch(rf"{type}(\.\w+)+", each.expression) and each.code[0] != "_"
    ],
    ids=lambda each: getattr(each, "code", each),
)
def test_a_path_leads_to_elements_of_the_types_that_are_named(type, parameter):
    assert led_to(type, parameter.expression) == parameter.elements


def test_only_codes_imply_a_system_and_only_references_have_targets():
    for _, parameter in ALL:
        assert not parameter.systems or parameter.elements == {"code"}
        assert not parameter.targets or parameter.type is ParameterType.REFERENCE
        assert (parameter.components != ()) == (parameter.type is ParameterType.COMPOSITE)


def test_resources_are_ordered_by_codes_of_r4_and_not_by_what_tells_of_somebody():
    claim, patient = parameters_of("Claim"), parameters_of("Patient")

    assert not claim["identifier"].is_sortable
    assert not patient["telecom"].is_sortable
    assert not parameters_of("ChargeItemDefinition")["context-type-value"].is_sortable
    assert claim["status"].is_sortable
    assert claim["created"].is_sortable
    assert patient["family"].is_sortable


def test_a_reference_leads_to_its_targets_or_to_any_type():
    assert not parameters_of("Claim")["patient"].may_lead_to("Organization")
    assert not parameters_of("Claim")["status"].may_lead_to("Patient")
    assert parameters_of("Claim")["patient"].may_lead_to("Patient")
    assert parameters_of("Task")["focus"].may_lead_to("Claim")


def test_the_maiden_name_of_a_mother_is_found_in_hl7_s_own_extension():
    assert parameters_of("Patient")["mothersMaidenName"].expression == (
        "Patient.extension('http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName')"
        ".value"
    )


def test_the_page_lists_the_parameters_of_every_type_and_no_other():
    page = Path("docs/search.md").read_text(encoding="utf-8").partition("## Which parameters")[2]
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", page, re.MULTILINE)
    listed = {
        (type, kind, code)
        for type, cell in rows
        for part in cell.split("; ")
        for kind, codes in [part.split(": ")]
        for code in re.findall(r"`([^`]+)`", codes)
    }

    assert listed == {(type, each.type, each.code) for type, each in ALL if each.code not in COMMON}
