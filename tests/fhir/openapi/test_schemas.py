"""The schemas of R4's types: what each says, element by element."""

import jsonschema_rs
import pytest

from app.fhir.openapi.schemas import components
from app.fhir.validation import check
from tests.builders import a_claim, a_task

SCHEMAS = components({"Claim", "Patient", "Task"})


def is_valid(document):
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "components": {"schemas": SCHEMAS},
        "$ref": f"#/components/schemas/{document['resourceType']}",
    }
    # Decimals are numbers to a schema.
    return jsonschema_rs.is_valid(schema, document)


def a_patient(**elements):
    return {"resourceType": "Patient", **elements}


def a_task_with(**value):
    return a_task("poll", input=[{"type": {"text": "count"}, **value}])


REFUSED = {
    "unknown element": (a_patient(sex="male"), a_patient(gender="male")),
    "code": (a_patient(gender="m"), a_patient(gender="male")),
    "date": (a_patient(birthDate="1.2.2000"), a_patient(birthDate="2000-02-01")),
    "id": (a_patient(id="a_b"), a_patient(id="a-b")),
    "boolean": (a_patient(active="true"), a_patient(active=True)),
    "no list": (a_patient(name={"text": "x"}), a_patient(name=[{"text": "x"}])),
    "a list": (a_patient(gender=["male"]), a_patient(gender="male")),
    "empty list": (a_patient(name=[]), a_patient(name=[{"text": "x"}])),
    "empty object": (a_patient(maritalStatus={}), a_patient(maritalStatus={"text": "x"})),
    "blank": (a_patient(language=" "), a_patient(language="de")),
    "too low": (
        a_patient(telecom=[{"system": "phone", "value": "1", "rank": 0}]),
        a_patient(telecom=[{"system": "phone", "value": "1", "rank": 1}]),
    ),
    "mandatory": (a_claim(created=None), a_claim()),
    "two of a choice": (
        a_patient(deceasedBoolean=True, deceasedDateTime="2020"),
        a_patient(deceasedBoolean=True),
    ),
    "none of a mandatory choice": (a_task_with(), a_task_with(valueInteger=1)),
    "two of a mandatory choice": (
        a_task_with(valueInteger=1, valueString="1"),
        a_task_with(valueString="1"),
    ),
    "beside what is no primitive": (a_patient(_name=[{"id": "a"}]), a_patient(_gender={"id": "a"})),
}


@pytest.mark.parametrize(("wrong", "right"), REFUSED.values(), ids=REFUSED)
def test_a_schema_says_what_the_checker_says(wrong, right):
    assert (is_valid(wrong), check(wrong) == []) == (False, False)
    assert (is_valid(right), check(right) == []) == (True, True)


@pytest.mark.parametrize(
    "document",
    [
        a_patient(name=[{"given": ["A", None], "_given": [None, {"id": "x"}]}]),
        a_patient(_birthDate={"extension": [{"url": "http://x.test", "valueCode": "unknown"}]}),
    ],
    ids=["a list", "one"],
)
def test_what_stands_beside_a_primitive_is_let_in(document):
    assert check(document) == []
    assert is_valid({**document, "name": [{"given": ["A"], "_given": [None, {"id": "x"}]}]})


def test_every_type_that_is_used_has_its_schema():
    used = {
        reference.rpartition("/")[2]
        for schema in SCHEMAS.values()
        for member in schema.get("properties", {}).values()
        if (reference := member.get("items", member).get("$ref"))
    }

    assert used <= SCHEMAS.keys()
    assert {"ClaimItem", "Identifier", "Resource", "dateTime"} <= used
