"""The OpenAPI document: valid, told to anybody, of the routes that are there and of R4's types.

https://spec.openapis.org/oas/v3.1.0
"""

import json
import re

import jsonschema_rs
import pytest
import schemathesis

from app.fhir import json_text
from app.fhir.validation import check
from app.gateway.surface import TYPES
from tests.conformance.test_official_examples import EXAMPLES
from tests.fhir.mutations import mutants
from tests.wire import FHIR, Wire

# Bytes; more would be a burden to whoever generates a client.
LARGEST = 2 * 1024 * 1024


@pytest.fixture(scope="module")
def validators():
    """The validator of each type, made when it is first asked for."""
    return {}


@pytest.fixture
def told(http):
    """The document as anybody reads it."""
    return Wire(http, None).get("openapi.json")


def schema_of(document, name):
    """A schema of the document on its own."""
    whole = {"components": document["components"], "$ref": f"#/components/schemas/{name}"}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **whole}


def references(value):
    if isinstance(value, list):
        return {one for each in value for one in references(each)}
    if not isinstance(value, dict):
        return set()
    found = {one for each in value.values() for one in references(each)}
    return found | ({value["$ref"]} if isinstance(value.get("$ref"), str) else set())


def at(document, reference):
    for name in reference.removeprefix("#/").split("/"):
        document = document[name]
    return document


def test_it_is_valid_and_told_to_anybody(told):
    assert told.status == 200
    assert told.headers["Content-Type"] == "application/json"
    assert told.document["openapi"] == "3.1.0"
    assert len(told.text) < LARGEST
    schemathesis.openapi.from_dict(told.document).validate()
    for name in told.document["components"]["schemas"]:
        jsonschema_rs.meta.validate(schema_of(told.document, name))


@pytest.mark.parametrize(
    "broken",
    [
        lambda document: document.pop("info"),
        lambda document: document["paths"]["/Claim"]["post"].update(responses=7),
        lambda document: document["components"]["parameters"]["id"].pop("in"),
    ],
    ids=["without info", "without responses", "a parameter that is nowhere"],
)
def test_a_document_that_is_not_valid_would_be_noticed(told, broken):
    broken(told.document)

    with pytest.raises(jsonschema_rs.ValidationError):
        schemathesis.openapi.from_dict(told.document).validate()


def test_every_reference_leads_to_something(told):
    found = references(told.document)

    assert len(found) > 200
    assert all(isinstance(at(told.document, one), dict) for one in found)


def test_it_is_told_once_to_a_client_that_holds_it(http, told):
    again = Wire(http, None).get("openapi.json", If_None_Match=told.headers["ETag"])
    other = Wire(http, None).get("openapi.json", If_None_Match='W/"another"')

    assert (again.status, again.text) == (304, "")
    assert (other.status, other.text) == (200, told.text)


def test_its_paths_are_those_that_are_routed(app, told):
    adapter = app.url_map.bind("gateway.test")
    for path, operations in told.document["paths"].items():
        place = FHIR + re.sub(r"\{version\}", "1", path.replace("{id}", "1"))
        for method in operations:
            endpoint, _ = adapter.match(place, method=method.upper())
            assert not endpoint.endswith("_otherwise"), (method, path)
    ids = [each["operationId"] for one in told.document["paths"].values() for each in one.values()]
    assert len(ids) == len(set(ids)) >= 250


def test_it_tells_of_every_interaction_that_metadata_lists(http, told):
    [rest] = Wire(http, None).get("metadata").document["rest"]
    listed = {
        f"{interaction['code']}-{resource['type']}"
        for resource in rest["resource"]
        for interaction in resource["interaction"]
    }
    ids = {each["operationId"] for one in told.document["paths"].values() for each in one.values()}

    assert listed <= ids


def test_only_what_is_public_needs_no_credential(told):
    open_paths = {
        path
        for path, operations in told.document["paths"].items()
        for operation in operations.values()
        if operation.get("security") == []
    }

    assert open_paths == {"/metadata", "/openapi.json"}
    assert told.document["security"] == [{"bearer": []}]


# --- the schemas, beside the checker that is made of the same tables


PATHS = sorted(path for path in EXAMPLES.glob("*.json") if path.name.partition("-")[0] in TYPES)


def validator_of(type, told, validators):
    if type not in validators:
        validators[type] = jsonschema_rs.validator_for(schema_of(told.document, type))
    return validators[type]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_every_official_example_is_valid_by_its_schema(told, validators):
    refused = {}
    for path in PATHS:
        document = json.loads(path.read_text(encoding="utf-8"))
        validator = validator_of(document["resourceType"], told, validators)
        errors = [str(each) for each in validator.iter_errors(document)]
        if errors:
            refused[path.name] = errors[:3]

    assert refused == {}
    assert len(PATHS) >= 120


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_what_a_schema_refuses_the_checker_refuses_too(told, validators):
    counts = {"refused by both": 0, "refused by the checker": 0}
    for path in PATHS[::3]:
        original = json_text.parsed(path.read_text(encoding="utf-8"))
        validator = validator_of(original["resourceType"], told, validators)
        for change, document in mutants(original, path.name, 25):
            if document.get("resourceType") != original["resourceType"]:
                continue
            by_schema = not validator.is_valid(json.loads(json_text.write(document)))
            by_checker = check(document) != []
            counts["refused by the checker"] += by_checker
            counts["refused by both"] += by_schema and by_checker
            # A mandatory primitive given by an extension alone is what only the checker lets pass.
            assert by_checker or not by_schema or change.startswith("underline"), (path, change)

    # Most of what is wrong at all a schema can say.
    assert counts["refused by both"] >= 0.8 * counts["refused by the checker"] >= 200
