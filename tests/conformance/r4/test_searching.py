"""Lines 43 to 50 and 65: what a search answers, and what it refuses.

http://hl7.org/fhir/R4/http.html#search
"""

from urllib.parse import parse_qs, urlsplit

import pytest

from app.domain.issues import Severity
from tests.builders import a_claim
from tests.conformance.r4.asking import (
    FORM,
    SYSTEM,
    a_patient,
    created,
    entries,
    found,
    link,
    numbered,
    references,
)
from tests.conftest import BASE_URL
from tests.wire import Wire


@pytest.fixture
def family(wire):
    """References of a mother, a father and a child of one name, in this order."""
    members = [("1970-05-17", "female"), ("1969-01-02", "male"), ("2001-11-30", "female")]
    return [
        created(
            wire,
            a_patient("Simpson", birthDate=born, gender=gender, identifier=numbered(str(index))),
        ).reference
        for index, (born, gender) in enumerate(members)
    ]


def test_043_get_and_post_answer_the_same(wire, family):
    asked = "family=simpson&gender=female&_sort=birthdate"

    got = wire.get(f"Patient?{asked}")
    posted = wire.post("Patient/_search", asked, Content_Type=FORM)

    assert references(got) == references(posted) == [family[0], family[2]]
    assert entries(got) == entries(posted)


def test_043_parameters_of_address_and_body_combine(wire, family):
    combined = wire.post("Patient/_search?family=simpson", "gender=male", Content_Type=FORM)

    assert references(combined) == [family[1]]


def test_043_a_search_by_post_takes_a_form(wire, family):
    assert wire.post("Patient/_search", a_patient()).status == 415
    assert wire.post("Patient/_search", "family=simpson", Content_Type=FORM).status == 200


@pytest.mark.parametrize("asked", ["family=nobody", f"identifier={SYSTEM}|99", "_id=none"])
def test_044_a_search_without_a_match_is_an_empty_searchset(wire, family, asked):
    nothing = wire.get(f"Patient?{asked}")

    assert (nothing.status, nothing.document["resourceType"]) == (200, "Bundle")
    assert (nothing.document["type"], nothing.document["total"]) == ("searchset", 0)
    assert references(nothing) == []


def test_045_the_self_link_holds_what_was_used(wire, family):
    searched = wire.get("Patient?family=simpson&gender=female&shoe-size=43&_count=5")

    address = urlsplit(link(searched, "self"))
    used = parse_qs(address.query)
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{BASE_URL}/Patient"
    assert (used["family"], used["gender"], used["_count"]) == (["simpson"], ["female"], ["5"])
    assert "shoe-size" not in used


def test_046_every_entry_tells_why_it_is_there(wire, patient):
    claim = created(wire, a_claim(patient={"reference": patient.reference}))

    searched = wire.get(f"Claim?_id={claim.document['id']}&_include=Claim:patient&shoe-size=43")

    modes = {entry["search"]["mode"] for entry in searched.document["entry"]}
    assert {"match", "include"} <= modes <= {"match", "include", "outcome"}
    assert references(searched) == [claim.reference]
    assert references(searched, "include") == [patient.reference]
    for entry in searched.document["entry"]:
        if entry["search"]["mode"] == "outcome":
            severities = {issue["severity"] for issue in entry["resource"]["issue"]}
            assert severities <= {Severity.WARNING, Severity.INFORMATION}
        else:
            resource = entry["resource"]
            address = f"{BASE_URL}/{resource['resourceType']}/{resource['id']}"
            assert entry["fullUrl"] == address


def test_047_the_total_counts_matches_alone(wire, patient):
    for _ in range(3):
        created(wire, a_claim(patient={"reference": patient.reference}))

    searched = wire.get("Claim?_count=2&_include=Claim:patient&_total=accurate")

    assert len(references(searched)) == 2
    assert references(searched, "include") == [patient.reference]
    assert searched.document["total"] == 3


def test_048_unknown_parameters_are_ignored_unless_strict(wire, family):
    asked = "Patient?family=simpson&shoe-size=43"

    strict = wire.get(asked, Prefer="handling=strict")

    assert (strict.status, strict.document["resourceType"]) == (400, "OperationOutcome")
    assert found(wire, asked) == set(family)
    assert set(references(wire.get(asked, Prefer="handling=lenient"))) == set(family)
    known = wire.get("Patient?family=simpson", Prefer="handling=strict")
    assert set(references(known)) == set(family)


@pytest.mark.parametrize(
    ("refused", "taken"),
    [
        ("Patient?birthdate=yesterday", "Patient?birthdate=1970"),
        ("Patient?birthdate=1970-13", "Patient?birthdate=1970-12"),
        ("Patient?birthdate=zz1970", "Patient?birthdate=ge1970"),
        ("Patient?_lastUpdated=x", "Patient?_lastUpdated=2026"),
        ("ChargeItem?factor-override=much", "ChargeItem?factor-override=1.5"),
        ("Patient?_count=few", "Patient?_count=1"),
        ("Patient?_count=-1", "Patient?_count=1"),
        ("Patient?active:missing=perhaps", "Patient?active:missing=true"),
        ("Patient?_summary=some", "Patient?_summary=text"),
    ],
)
def test_049_a_value_of_wrong_syntax_is_400(wire, refused, taken):
    answer = wire.get(refused)

    assert (answer.status, answer.document["resourceType"]) == (400, "OperationOutcome")
    assert wire.get(taken).status == 200


def test_049_an_unknown_code_or_reference_finds_nothing(wire, family, claim):
    for asked in (
        "Patient?gender=plenty",
        "Patient?gender=http://nowhere.test|female",
        "Claim?patient=none",
        "Claim?patient=Patient/none",
        "Claim?status=lost",
    ):
        assert found(wire, asked) == set(), asked
    assert found(wire, "Claim?status=active") == {claim.reference}


@pytest.mark.parametrize(
    ("refused", "taken"),
    [
        ("Patient?birthdate:contains=1970", "Patient?birthdate=1970"),
        ("Patient?gender:exact=female", "Patient?gender:not=female"),
        ("Patient?family:above=simpson", "Patient?family:exact=Simpson"),
        ("Patient?family:nonsense=simpson", "Patient?family:contains=simpson"),
        ("Claim?patient:exact=1", "Claim?patient:Patient=1"),
        ("Claim?patient:Practitioner=1", "Claim?patient:Patient=1"),
        ("ChargeItem?factor-override:not=1", "ChargeItem?factor-override:missing=true"),
    ],
)
def test_050_a_modifier_that_is_not_supported_is_400(wire, family, refused, taken):
    answer = wire.get(refused)

    assert (answer.status, answer.document["resourceType"]) == (400, "OperationOutcome")
    assert wire.get(taken).status == 200


@pytest.mark.parametrize(
    ("path", "statuses"),
    [
        ("Nothing?code=1", {404}),
        ("Patient?_sort=", {200, 400}),
        ("Patient?birthdate=never", {400}),
        ("Claim?_include=Claim", {400}),
        ("Claim?_has:ClaimResponse=1", {400}),
        ("Claim?patient.birthdate=never", {400}),
        ("AuditEvent?_id=1", {403, 405}),
    ],
)
def test_065_a_search_that_cannot_be_run_has_an_outcome(wire, path, statuses):
    answer = wire.get(path)

    assert answer.status in statuses
    shape = "Bundle" if answer.status == 200 else "OperationOutcome"
    assert answer.document["resourceType"] == shape


def test_065_a_search_without_a_credential_is_refused(wire, family):
    nobody = Wire(wire.http, None).get("Patient?family=simpson")

    assert (nobody.status, nobody.document["resourceType"]) == (401, "OperationOutcome")
    assert found(wire, "Patient?family=simpson") == set(family)


def test_065_a_search_finds_nothing_of_a_stranger(wire, other, family):
    assert found(other, "Patient?family=simpson") == set()
    assert found(wire, "Patient?family=simpson") == set(family)
