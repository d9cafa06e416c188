"""Whom the payer's Coverage insures: whether it is the patient of a Claim, and what is known."""

from datetime import date
from functools import partial

import pytest

from app.domain.claims import Days
from app.domain.lifecycle import State
from app.domain.persons import NOBODY_KNOWN, Person, Sex
from app.fhir import json_text
from app.gateway.administering import reference_data
from app.gateway.deciding.beneficiaries import insured_person, is_beneficiary
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


@pytest.fixture
def known(desk):
    """What is known of the patient of a Claim."""

    def asked(patient, beneficiary, **elements):
        policy, claim = a_coverage(beneficiary=beneficiary), a_claim(patient=patient, **elements)
        base = desk.installation.base_url
        return desk.see(lambda work: insured_person(claim, policy, base, work))

    return asked


@pytest.fixture
def payers(core):
    """Keeps a Patient of the payer's."""

    def kept(**elements):
        patient = a_patient(ANA, id="payers-1", **elements)
        core.do(partial(reference_data.keep, patient, json_text.write(patient), "core"))
        return {"reference": "Patient/payers-1"}

    return kept


BORN = Days(date(2008, 6, 1), date(2008, 6, 1))
IN_MAY = Days(date(2010, 5, 1), date(2010, 5, 31))


@pytest.mark.parametrize(
    ("kept", "person"),
    [
        ({"gender": "female", "birthDate": "2008-06-01"}, Person(BORN, Sex.FEMALE)),
        ({"gender": "unknown", "birthDate": "2008-06-01"}, Person(BORN, Sex.MALE)),
        ({"gender": "female"}, Person(IN_MAY, Sex.FEMALE)),
        ({}, Person(IN_MAY, Sex.MALE)),
    ],
    ids=["both", "the birth date", "the gender", "neither"],
)
def test_what_the_payer_knows_goes_before_what_was_sent(known, payers, kept, person):
    sent = [a_patient(id="p", gender="male", birthDate="2010-05")]

    assert known({"reference": "#p"}, payers(**kept), contained=sent) == person


def test_of_a_patient_that_is_only_named_nothing_is_known(known, payers):
    named = payers(gender="female", birthDate="2008-06-01")

    # The beneficiary is, and whoever else a sender names is not: it would learn of others.
    assert known({"display": "Ana"}, named) == Person(BORN, Sex.FEMALE)
    assert known(named, {"display": "Ana"}) == NOBODY_KNOWN


def test_a_patient_of_another_submitters_is_not_looked_at(desk, stranger, known):
    document = {"resourceType": "Patient", "gender": "male", "birthDate": "2010-05"}
    own, others = desk.create(document), stranger.create(document)

    assert known({"reference": own.stored.reference}, {}) == Person(IN_MAY, Sex.MALE)
    assert known({"reference": others.stored.reference}, {}) == NOBODY_KNOWN
