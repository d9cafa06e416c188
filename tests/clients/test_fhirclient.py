"""fhirclient, the client of SMART on FHIR with classes of its own for R4.

https://github.com/smart-on-fhir/client-py
"""

import time

import pytest
from fhirclient.client import FHIRClient
from fhirclient.models.bundle import Bundle
from fhirclient.models.claim import Claim
from fhirclient.models.patient import Patient
from fhirclient.models.task import Task
from fhirclient.server import FHIRNotFoundException, FHIRUnauthorizedException

from tests.clients.stories import (
    MOST_POLLS,
    ON_A_PAGE,
    PAUSE_SECONDS,
    PEOPLE,
    claim,
    handed_over,
    people,
    poll,
    types,
)


@pytest.fixture
def server(served):
    """The server as this client sees it: what it can do is read first."""
    connection = FHIRClient(settings={"app_id": "test", "api_base": served.base}).server
    # Nothing of the surroundings: no proxy, no stored credential.
    connection.session.trust_env = False
    connection.session.headers["Authorization"] = f"Bearer {served.token}"
    connection.get_capability()
    yield connection
    connection.session.close()


def polled(server):
    for _ in range(MOST_POLLS):
        bundle = handed_over(Task(poll()).create(server))
        if bundle is not None:
            return Bundle.read_from(bundle, server)
        time.sleep(PAUSE_SECONDS)
    raise AssertionError("nothing was handed over")


def test_fhirclient_creates_searches_sends_and_polls(server):
    made = [Patient(one).create(server)["id"] for one in people("Fhirclient")]
    sent = Claim(claim(made[0])).create(server)["id"]
    search = Patient.where({"family": "Fhirclient", "_sort": "_id", "_count": str(ON_A_PAGE)})

    pages = [[entry.resource.id for entry in page.entry] for page in search.perform_iter(server)]
    claims = Claim.where({"patient": f"Patient/{made[0]}"}).perform_resources_iter(server)
    bundle = polled(server)

    assert len(made) == PEOPLE
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [one for page in pages for one in page] == sorted(made)
    assert [one.id for one in claims] == [sent]
    assert types(bundle.as_json()) == ["ClaimResponse", "ExplanationOfBenefit"]


def test_fhirclient_changes_and_deletes(server):
    made = Patient(Patient(people("Changed")[0]).create(server))

    made.gender = "other"
    made.update(server)
    read = Patient.read(made.id, server)
    made.delete(server)

    assert (read.gender, read.meta.versionId) == ("other", "2")
    assert list(Patient.where({"family": "Changed"}).perform_resources_iter(server)) == []


def test_fhirclient_reads_what_the_server_can_do(server):
    capability = server.capabilityStatement

    offered = {
        one.type: {each.code for each in one.interaction} for one in capability.rest[0].resource
    }
    assert capability.fhirVersion == "4.0.1"
    assert {"create", "search-type", "read"} <= offered["Claim"] & offered["Task"]


def test_fhirclient_understands_what_is_refused(server):
    with pytest.raises(FHIRNotFoundException):
        Patient.read("none", server)
    server.session.headers["Authorization"] = "Bearer nobody"
    with pytest.raises(FHIRUnauthorizedException):
        Patient.read("none", server)
