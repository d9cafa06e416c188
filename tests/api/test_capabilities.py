"""The CapabilityStatement is valid, needs no credential, and says what is so.

http://hl7.org/fhir/R4/capabilitystatement.html
"""

from dataclasses import replace

import pytest

from app import create_app
from app.fhir.offer.code_systems import published
from app.fhir.resource_types import RESOURCE_TYPES
from app.fhir.validation import check
from app.gateway.surface import TYPES
from tests.builders import a_claim
from tests.conformance.test_official_examples import EXAMPLES
from tests.wire import Wire


@pytest.fixture
def statement(http):
    """The CapabilityStatement as anybody reads it."""
    return Wire(http, None).get("metadata")


@pytest.fixture
def listed(statement):
    """Every listed resource type with its interactions."""
    [rest] = statement.document["rest"]
    return {
        one["type"]: {interaction["code"] for interaction in one["interaction"]}
        for one in rest["resource"]
    }


def test_it_is_valid_and_told_to_anybody(statement):
    document = statement.document

    assert (statement.status, check(document)) == (200, [])
    assert (document["fhirVersion"], document["kind"]) == ("4.0.1", "instance")
    assert document["format"] == ["json"]
    assert document["implementation"]["url"] == "http://gateway.test/fhir/r4"
    assert document["rest"][0]["mode"] == "server"


def test_it_has_a_version_that_a_client_may_hold(http, statement):
    again = Wire(http, None).get("metadata", If_None_Match=statement.headers["ETag"])

    assert again.status == 304


def test_its_tag_changes_with_the_content_only(installation, clock, statement):
    clock.forward(days=1)
    later = Wire(create_app(installation).test_client(), None).get("metadata")
    elsewhere = replace(installation, base_url="http://elsewhere.test/fhir/r4")
    other = Wire(create_app(elsewhere).test_client(), None).get("metadata")

    assert later.document["date"] != statement.document["date"]
    assert later.headers["ETag"] == statement.headers["ETag"]
    assert other.headers["ETag"] != statement.headers["ETag"]


@pytest.mark.parametrize(
    "query", ["mode=full", "mode=normative", "mode=terminology", "_pretty=true"]
)
def test_a_mode_is_let_pass(http, statement, query):
    assert Wire(http, None).get(f"metadata?{query}").document == statement.document


def test_its_invariants_hold(statement):
    """cpb-1 to cpb-14, as far as they speak of a server with resources."""
    document = statement.document
    [rest] = document["rest"]
    types = [resource["type"] for resource in rest["resource"]]

    assert {"software", "implementation"} <= document.keys()
    assert not {"messaging", "document"} & document.keys()
    assert len(types) == len(set(types)) == len(TYPES)
    for resource in rest["resource"]:
        names = [parameter["name"] for parameter in resource.get("searchParam", ())]
        operations = [operation["name"] for operation in resource["operation"]]
        assert len(names) == len(set(names))
        assert len(operations) == len(set(operations))


def test_what_is_not_listed_as_created_is_created_by_nobody(wire, core, listed):
    created = {}
    for path in sorted(EXAMPLES.glob("*.json")):
        type = path.name.partition("-")[0]
        if "create" not in listed.get(type, set()):
            statuses = {client.post(type, path.read_text()).status for client in (wire, core)}
            if not statuses <= {403, 405}:
                created[path.name] = statuses

    assert created == {}


def test_a_claim_is_read_as_it_is_listed(wire, listed):
    assert listed.keys() <= RESOURCE_TYPES
    claim = wire.post("Claim", a_claim()).reference
    assert wire.get(claim).status == wire.get(f"{claim}/_history/1").status == 200


def test_every_definition_of_ours_is_readable(wire, http):
    assert len(published()) > 0
    for type, id in published():
        read = wire.get(f"{type}/{id}")
        assert (read.status, check(read.document)) == (200, [])
        assert read.document["url"].endswith(f"/{type}/{id}")
        assert wire.get(f"{type}/{id}/_history/1").text == read.text
    assert Wire(http, None).get("CodeSystem/error").status == 401


@pytest.mark.parametrize("name", ["task-code", "task-input", "task-output", "error", "awaiting"])
def test_a_code_system_lists_its_codes(wire, name):
    system = wire.get(f"CodeSystem/{name}").document

    assert len(system["concept"]) >= 5
    assert all(concept["code"] and concept["display"] for concept in system["concept"])


@pytest.mark.parametrize(
    "name",
    ["predecessor", "reissue-reason", "expression", "retryable", "or-more", "delivery-count"],
)
def test_an_extension_of_ours_is_defined(wire, name):
    definition = wire.get(f"StructureDefinition/{name}").document

    assert definition["type"] == "Extension"
    assert definition["url"].endswith(f"/StructureDefinition/{name}")
