"""Bundles that are wrong in one place: told so, never a fault, and without effect where refused.

http://hl7.org/fhir/R4/http.html#transaction
"""

import random

import pytest

from tests.api.test_bundles import a_patch
from tests.builders import a_claim, a_coverage, a_task
from tests.bundles import PATIENT_SYSTEM, URN, a_patient, asked, bundle, posted, put
from tests.fhir.mutations import mutants

counts = pytest.mark.parametrize("count", [60, pytest.param(2_000, marks=pytest.mark.soak)])
ADDRESSES = [
    "", "/", "?", "//", "Claim", "Claim/", "Claim?", "Claim/1/", "Claim//1", "Claim/$submit", "$x",
    "Claim/1/_history", "_history", "Claim/1/_history/x", "metadata", "%00", "Claim/%2e%2e", "%ff",
    "Claim?identifier=%ff|%00", "Patient?identifier=a|b&identifier=c|d", "Task/1/$acknowledge",
    "http://x.test", "urn:uuid:1", "Clâim/é", "Claim?_page=x", "Patient/1/Claim", "Claim/_search",
    "Claim#x", "OperationOutcome/1", "../metadata", "Bundle", "CodeSystem/error", "Patient?_id=1",
]  # fmt: skip
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]


def a_bundle(type):
    """One entry of every kind."""
    number = f"identifier={PATIENT_SYSTEM}|1"
    one, two = URN.format(1), URN.format(2)
    return bundle(
        type,
        posted(a_patient("1"), one, ifNoneExist=number),
        posted(a_claim(patient={"reference": one}), two),
        posted(a_coverage(beneficiary={"reference": f"Patient?{number}"})),
        posted(a_task("status", focus=two)),
        asked("GET", "Patient?name=Alex", ifNoneMatch='W/"1"'),
        asked("PUT", f"Patient?identifier={PATIENT_SYSTEM}|2", a_patient("2"), URN.format(3)),
        asked("DELETE", "Patient/none"),
    )


def lawful(reply):
    """Whether the answer is one that a client can do something with."""
    if reply.status == 200:
        statuses = [each["response"]["status"] for each in reply.document.get("entry", [])]
        return all(status < "500" for status in statuses)
    return reply.status < 500 and reply.document["resourceType"] == "OperationOutcome"


@counts
@pytest.mark.parametrize("type", ["transaction", "batch"])
def test_a_bundle_with_one_fault_is_no_fault_of_ours(wire, rows, type, count):
    good = wire.post("", a_bundle(type))
    assert good.status == 200
    refused = 0

    for mutant in mutants(a_bundle(type), f"bundle {type}", count):
        before = rows.counts()
        reply = wire.post("", mutant.document)
        assert lawful(reply), (mutant.change, reply.text)
        if reply.status != 200:
            refused += 1
            assert rows.counts() == before, mutant.change
    assert count * 0.3 < refused <= count


@counts
@pytest.mark.parametrize("type", ["transaction", "batch"])
def test_an_entry_with_any_address_and_method_is_no_fault_of_ours(wire, rows, type, count):
    chance = random.Random(type)
    there = wire.post("Patient", a_patient()).document
    resources = [None, a_patient(), there, a_claim(), a_task("status"), a_patch(), bundle("batch")]
    refused = 0

    for _ in range(count):
        entry = asked(
            chance.choice(METHODS),
            chance.choice(ADDRESSES),
            chance.choice(resources),
            chance.choice([None, URN.format(1)]),
            **chance.choice([{}, {"ifMatch": 'W/"1"'}, {"ifMatch": "x"}, {"ifNoneExist": "?x"}]),
        )
        before = rows.counts()
        reply = wire.post("", bundle(type, entry, put(there)))
        assert lawful(reply), (entry, reply.text)
        if reply.status != 200:
            assert rows.counts() == before, entry
        entries = reply.document.get("entry", [])
        refused += reply.status != 200 or entries[0]["response"]["status"] >= "400"
    assert refused > count * 0.3
