"""Whether the patient of a Claim is the one whom the payer's Coverage insures."""

from functools import partial

import pytest

from app.domain.lifecycle import State
from app.fhir import json_text
from app.gateway import reference_data
from app.gateway.beneficiaries import is_beneficiary
from tests.builders import a_claim, a_coverage, identifier

ANA = identifier("http://registry.test/person", "ana")
BEA = identifier("http://registry.test/person", "bea")
ELSEWHERE = identifier("http://clinic.test/chart", "77")


def a_patient(*identifiers, **elements):
    return {"resourceType": "Patient", "identifier": list(identifiers), **elements}


@pytest.fixture
def agrees(desk):
    """Whether a patient is a beneficiary."""

    def asked(patient, beneficiary, **elements):
        policy, claim = a_coverage(beneficiary=beneficiary), a_claim(patient=patient, **elements)
        base = desk.installation.base_url
        return desk.see(lambda work: is_beneficiary(claim, policy, base, work))

    return asked


SAID = {
    "the same": ({"identifier": ANA}, True),
    "another": ({"identifier": BEA}, False),
    "of another system": ({"identifier": ELSEWHERE}, True),
    "of no system": ({"identifier": {"value": "bea"}}, True),
    "a name": ({"display": "Ana"}, True),
    "a resource that is not there": ({"reference": "Patient/nobody"}, True),
}


@pytest.mark.parametrize(("patient", "is_theirs"), SAID.values(), ids=SAID)
def test_only_identifiers_of_one_system_contradict(agrees, patient, is_theirs):
    assert agrees(patient, {"identifier": ANA}) is is_theirs
    assert agrees({"identifier": ANA}, patient) is is_theirs


def test_the_same_reference_is_the_same_patient(agrees):
    patient = {"reference": "Patient/1", "identifier": BEA}

    assert agrees(patient, {"reference": "Patient/1", "identifier": ANA}) is True
    assert agrees(patient, {"reference": "Patient/2", "identifier": ANA}) is False


@pytest.mark.parametrize(("own", "is_theirs"), [((BEA,), False), ((BEA, ANA), True)], ids=str)
def test_a_contained_patient_and_the_payers_are_compared(core, agrees, own, is_theirs):
    kept = a_patient(ANA, ELSEWHERE, id="payers-1")
    core.do(partial(reference_data.keep, kept, json_text.write(kept), "core"))

    contained = [a_patient(*own, id="p")]
    found = agrees({"reference": "#p"}, {"reference": "Patient/payers-1"}, contained=contained)

    assert found is is_theirs


@pytest.mark.parametrize(
    ("patient", "state"), [(BEA, State.DECIDED), (ANA, State.PAYABLE)], ids=["another", "the same"]
)
def test_a_claim_about_somebody_else_is_denied(desk, core, worker, patient, state):
    core.create(a_coverage(beneficiary={"identifier": ANA}))
    taken = desk.create(a_claim(patient={"identifier": patient}))

    worker.drain()

    assert desk.submission(taken).state is state
