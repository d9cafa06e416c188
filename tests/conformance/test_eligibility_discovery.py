"""Eligibility: whose coverage is told, and which coverages of a patient are discovered.

http://hl7.org/fhir/R4/coverageeligibilityresponse.html
"""

from tests.builders import (
    a_coverage,
    an_eligibility_request,
    an_enrollment_request,
    identifier,
)
from tests.conformance.eligibility import ask
from tests.wire import Wire


def test_the_coverage_of_somebody_else_is_not_known(wire, core):
    named = {"beneficiary": {"identifier": identifier("http://people.test", "ANA")}}
    core.post("Coverage", a_coverage(**named))

    ana, boris = (
        ask(wire, patient={"identifier": identifier("http://people.test", name)})
        for name in ("ANA", "BORIS")
    )
    nobody = ask(wire, member="M9")

    assert ana["insurance"][0]["inforce"] is True
    assert boris["insurance"][0]["inforce"] is nobody["insurance"][0]["inforce"] is False
    assert boris["disposition"] == nobody["disposition"]
    assert "benefitPeriod" not in boris["insurance"][0]


def found(wire, patient, **elements):
    """The coverages that are discovered of a patient, by their identifiers' values."""
    elements = {"purpose": ["discovery"], "insurance": None, **elements}
    answer = ask(wire, patient=patient, **elements)
    return [each["coverage"]["identifier"]["value"] for each in answer.get("insurance", [])]


def people(name, system="http://people.test"):
    return {"identifier": identifier(system, name)}


def test_the_coverages_of_a_patient_are_discovered_by_its_identifiers(wire, core):
    patient = {"resourceType": "Patient", "id": "p7", "identifier": [people("ANA")["identifier"]]}
    core.put("Patient/p7", patient)
    core.post("Coverage", a_coverage("M1", beneficiary={"reference": "Patient/p7"}))
    core.post("Coverage", a_coverage("M2", beneficiary=people("ANA")))
    core.post("Coverage", a_coverage("M3", beneficiary=people("BORIS")))
    core.post("Coverage", a_coverage("M4", beneficiary=people("ANA"), status="cancelled"))
    own = wire.post("Patient", {name: value for name, value in patient.items() if name != "id"})

    assert found(wire, people("ANA")) == ["M1", "M2"]
    assert found(wire, {"reference": own.reference}) == ["M1", "M2"]
    assert found(wire, people("BORIS")) == ["M3"]
    # An id of the payer's own Patient could be guessed, and so could a value without a system.
    assert found(wire, {"reference": "Patient/p7"}) == []
    assert found(wire, {"identifier": {"value": "ANA"}}) == []
    assert found(wire, people("ANA", "http://elsewhere.test")) == []


def test_what_is_named_already_is_not_discovered_again(wire, core):
    core.post("Coverage", a_coverage("M1", beneficiary=people("ANA")))
    core.post("Coverage", a_coverage("M2", beneficiary=people("ANA")))
    named = an_eligibility_request("M1")["insurance"]

    assert found(wire, people("ANA"), insurance=named) == ["M1", "M2"]
    assert found(wire, people("ANA"), insurance=named, purpose=["validation"]) == ["M1"]


def test_a_patient_of_another_submitter_discovers_nothing(wire, other, core):
    core.post("Coverage", a_coverage("M1", beneficiary=people("ANA")))
    document = {"resourceType": "Patient", "identifier": [people("ANA")["identifier"]]}
    theirs = other.post("Patient", document)

    assert found(wire, {"reference": theirs.reference}) == []
    assert found(other, {"reference": theirs.reference}) == ["M1"]


def test_whom_a_submitter_enrolled_it_discovers_by_its_own_patient(http, registry, core):
    enrolling = Wire(http, registry.submitter("Enroller", may_enroll=True).token)
    stranger = Wire(http, registry.submitter("Stranger").token)
    patient = enrolling.post("Patient", {"resourceType": "Patient", "name": [{"text": "Ana"}]})
    coverage = a_coverage("M7", beneficiary={"display": "Ana"})
    request = an_enrollment_request(coverage, candidate={"reference": patient.reference})
    assert enrolling.post("EnrollmentRequest", request).status == 201

    assert found(enrolling, {"reference": patient.reference}) == ["M7"]
    assert found(stranger, {"reference": patient.reference}) == []


ANA = identifier("http://people.test", "ANA")


def test_only_who_shows_the_patient_is_told_of_a_coverage(wire, core):
    kept = {"resourceType": "Patient", "id": "p7", "identifier": [ANA], "birthDate": "2011-04-05"}
    core.put("Patient/p7", kept)
    core.put("Coverage/c7", a_coverage("M7", id="c7", beneficiary={"reference": "Patient/p7"}))
    own = wire.post("Patient", {"resourceType": "Patient", "identifier": [ANA]}).reference

    def insured(patient, coverage, contained=()):
        entry = [{"focal": True, "coverage": coverage}]
        answer = ask(wire, patient=patient, insurance=entry, contained=list(contained) or None)
        [insurance] = answer["insurance"]
        return insurance["inforce"], "benefitPeriod" in insurance, answer["disposition"]

    told, untold = (True, True), (False, False, "The payer knows no such coverage.")
    by_id, anybody = {"reference": "Coverage/c7"}, {"display": "Anybody"}
    by_subscriber = {
        "resourceType": "Coverage",
        "id": "c",
        "status": "active",
        "subscriberId": "S-M7",
        "beneficiary": anybody,
        "payor": [{"display": "Payer"}],
    }
    named = {"reference": "#c"}
    # Neither an id nor a number without a system shows anything, and the payer's Patient is
    # no more known by its id.
    assert insured(anybody, by_id) == insured(anybody, {"reference": "Coverage/c8"}) == untold
    assert insured({"reference": "Patient/p7"}, by_id) == untold
    assert insured({"identifier": {"value": "ANA"}}, by_id) == untold
    assert insured(anybody, named, [by_subscriber]) == untold
    assert insured({"identifier": ANA}, by_id)[:2] == told
    assert insured({"reference": own}, by_id)[:2] == told
    assert insured({"identifier": ANA}, named, [by_subscriber])[:2] == told
    member = identifier("http://payer.test/member", "M7")
    assert insured(anybody, {"identifier": member})[:2] == told
    assert insured(anybody, named, [by_subscriber | {"identifier": [member]}])[:2] == told


def test_a_patient_of_another_birth_date_or_gender_is_told_nothing(wire, core):
    kept = {"resourceType": "Patient", "id": "p7", "identifier": [ANA], "birthDate": "2011-04-05"}
    core.put("Patient/p7", {**kept, "gender": "female"})
    core.post("Coverage", a_coverage("M7", beneficiary={"reference": "Patient/p7"}))

    def told(**said):
        sent = {"resourceType": "Patient", "id": "p", "identifier": [ANA], **said}
        elements = {"patient": {"reference": "#p"}, "contained": [sent]}
        asked = ask(wire, member="M7", purpose=["validation", "discovery"], **elements)
        [insurance] = asked["insurance"]
        return insurance["inforce"], "benefitPeriod" in insurance

    assert told(birthDate="2011-04", gender="female") == (True, True)
    assert told(birthDate="2011-05") == told(gender="male") == (False, False)
