"""fhir.resources as the oracle: what it refuses we refuse; where we refuse more, we know why."""

import re
from pathlib import Path

import pytest
from fhir.resources.R4B import get_fhir_model_class
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from app.domain.issues import ErrorCode
from app.fhir.json_text import read
from app.fhir.validation import check
from app.fhir.validation.primitives import CHECKERS
from app.fhir.validation.schema import definition, is_resource_type
from tests.fhir.mutations import mutants

LIMIT = 10 * 2**20
EXAMPLES = sorted((Path(__file__).parents[1] / "fhir_examples").glob("*.json"))
MUTANTS = 40
RESOURCE_TYPES = sorted(
    {path.stem.split("-")[0] for path in EXAMPLES}
    | {
        "AuditEvent",
        "Bundle",
        "CapabilityStatement",
        "CodeSystem",
        "OperationDefinition",
        "OperationOutcome",
        "OrganizationAffiliation",
        "Parameters",
        "StructureDefinition",
        "Subscription",
    }
)
NAMES = (
    *("resourceType", "id", "url", "extension", "_id", "valueString", "valuePeriod", "resource"),
    *("reference", "fullUrl", "name", "part", "meta", "type", "start", "end", "use", "contained"),
)

# What the models are known not to check: emptiness, true JSON types, required codes, the lexical
# forms they are lax about, invariants, markup.
UNCHECKED = {
    ErrorCode.EMPTY,
    ErrorCode.WRONG_TYPE,
    ErrorCode.CODE,
    ErrorCode.VALUE,
    ErrorCode.INVARIANT,
    ErrorCode.NARRATIVE,
}
# They do not ask what is contained for an id either.
CONTAINED_ID = re.compile(r".*\.contained\[\d+\]\.id")


def is_accepted_by_model(document):
    model = get_fhir_model_class(document["resourceType"])
    try:
        model.model_validate(document)
    except (ValidationError, ValueError, TypeError, AttributeError, KeyError):
        # Content it is not prepared for makes some of its validators trip: a refusal as well.
        return False
    return True


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_checker_refuses_what_the_model_refuses_and_more_for_known_reasons(path):
    document = read(path.read_bytes(), LIMIT)
    too_lax = []
    unexplained = []

    for change, mutant in mutants(document, seed=path.stem, count=MUTANTS):
        issues = check(mutant)
        if not is_accepted_by_model(mutant):
            too_lax += [] if issues else [change]
        else:
            unexplained += [
                (change, issue)
                for issue in issues
                if issue.error not in UNCHECKED and not CONTAINED_ID.fullmatch(issue.expression)
            ]

    assert is_accepted_by_model(document)
    assert check(document) == []
    assert too_lax == []
    assert unexplained == []


@pytest.mark.parametrize("path", EXAMPLES[::7], ids=lambda path: path.stem)
def test_a_document_that_is_wrong_in_many_places_is_judged_without_a_fault(path):
    mutant = read(path.read_bytes(), LIMIT)

    for generation in range(12):
        mutant = next(mutants(mutant, f"{path.stem} {generation}", 1)).document

        assert is_accepted_by_model(mutant) or check(mutant) != []


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.decimals() | st.text(),
        lambda inside: st.lists(inside) | st.dictionaries(st.sampled_from(NAMES), inside),
        max_leaves=30,
    ),
    st.sampled_from(("Claim", "Bundle", "Parameters", "Task", "Patient")),
)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_whatever_stands_in_a_resource_is_judged_without_a_fault(content, type_name):
    document = {"resourceType": type_name, "contained": content, "entry": content}
    document |= {"parameter": content, "identifier": content, "extension": content}

    issues = check(document)

    assert issues
    assert all(issue.expression.startswith(type_name) for issue in issues)


@pytest.mark.parametrize("name", RESOURCE_TYPES)
def test_every_resource_type_has_a_checker_for_each_of_its_elements(name):
    waiting, seen = [name], set()
    while waiting:
        of = definition(waiting.pop())
        seen.add(of.name)
        assert of.elements
        for element in of.elements:
            assert not element.is_primitive or element.codes or element.type in CHECKERS
            if not element.is_primitive and element.type not in {*seen, "Resource"}:
                waiting.append(element.type)

    assert is_resource_type(name)
    assert check({"resourceType": name, "nosuch": True})


def test_mutants_are_the_same_for_the_same_seed_and_never_the_original():
    document = read(EXAMPLES[0].read_bytes(), LIMIT)

    first = list(mutants(document, "seed", 50))

    assert first == list(mutants(document, "seed", 50))
    assert first != list(mutants(document, "another", 50))
    assert all(mutant.document != document for mutant in first)
