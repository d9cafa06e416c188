"""Lines 51 to 58: parameters of search by their kind, and chains of them.

http://hl7.org/fhir/R4/search.html#ptypes
"""

from urllib.parse import quote

import pytest

from tests.builders import a_claim, a_communication, a_coverage, identifier
from tests.conformance.r4.asking import (
    SYSTEM,
    a_patient,
    created,
    found,
    numbered,
)
from tests.conftest import BASE_URL


def test_051_an_id_is_exact_and_case_sensitive(wire, patient):
    id = patient.document["id"]
    created(wire, a_patient())

    assert found(wire, f"Patient?_id={id}") == {patient.reference}
    assert found(wire, f"Patient?_id={id.upper()}") == set()
    assert found(wire, f"Patient?_id={id[:-1]}") == set()


def test_051_last_updated_takes_prefixes(wire, patient, clock):
    clock.forward(hours=2)
    late = created(wire, a_patient())
    noon = "2026-03-02T10:00:00Z"

    assert found(wire, f"Patient?_lastUpdated=lt{noon}") == {patient.reference}
    assert found(wire, f"Patient?_lastUpdated=gt{noon}") == {late.reference}
    assert found(wire, "Patient?_lastUpdated=2026-03-02") == {patient.reference, late.reference}
    assert found(wire, f"Patient?_lastUpdated=ge{noon}&_lastUpdated=lt{noon}") == set()


def test_052_a_comma_is_or_and_a_repetition_and(wire):
    ann, bob, cat = (
        created(wire, a_patient(name, gender=gender)).reference
        for name, gender in (("Ann", "female"), ("Bob", "male"), ("Cat", "female"))
    )

    assert found(wire, "Patient?family=ann,bob") == {ann, bob}
    assert found(wire, "Patient?family=ann,bob,cat&gender=female") == {ann, cat}
    assert found(wire, "Patient?family=ann&family=bob") == set()
    assert found(wire, "Patient?birthdate:missing=true&gender=male") == {bob}


@pytest.mark.parametrize("value", ["a,b", "a|b", "a$b", "a\\b", "a\\,b"])
def test_052_a_backslash_escapes(wire, value):
    known = created(wire, a_patient(value, identifier=numbered(value)))
    created(wire, a_patient("b", identifier=numbered("b")))
    escaped = "".join(f"\\{one}" if one in ",|$\\" else one for one in value)

    by_identifier = f"Patient?identifier={quote(f'{SYSTEM}|{escaped}')}"
    assert found(wire, by_identifier) == {known.reference}
    assert found(wire, f"Patient?family:exact={quote(escaped)}") == {known.reference}


def test_053_a_token_has_four_forms(wire):
    here, there, bare = (
        created(wire, a_patient(identifier=numbered("7", system))).reference
        for system in (SYSTEM, "http://elsewhere.test", None)
    )
    eight = created(wire, a_patient(identifier=numbered("8"))).reference

    assert found(wire, "Patient?identifier=7") == {here, there, bare}
    assert found(wire, f"Patient?identifier={SYSTEM}|7") == {here}
    assert found(wire, "Patient?identifier=|7") == {bare}
    assert found(wire, f"Patient?identifier={SYSTEM}|") == {here, eight}


def test_053_codes_are_tokens_too(wire):
    ours, plan = (created(wire, a_claim(use)).reference for use in ("claim", "preauthorization"))

    normal = "http://terminology.hl7.org/CodeSystem/processpriority"
    assert found(wire, "Claim?use=preauthorization") == {plan}
    assert found(wire, f"Claim?priority={normal}|normal") == {ours, plan}
    assert found(wire, f"Claim?priority={normal}|stat") == set()
    assert found(wire, "Claim?priority=normal") == {ours, plan}


DAY = ("2024-05-10", "2024-05-10")
DATES = {
    "2024-05-10": True,
    "2024-05": True,
    "2024": True,
    "2024-06": False,
    "eq2024-05-10": True,
    "eq2024-05-11": False,
    "ne2024-05-10": False,
    "ne2024-05-11": True,
    "gt2024-05-09": True,
    "gt2024-05-10": False,
    "lt2024-05-11": True,
    "lt2024-05-10": False,
    "ge2024-05-10": True,
    "ge2024-05-11": False,
    "le2024-05-10": True,
    "le2024-05-09": False,
    "sa2024-05-09": True,
    "sa2024-05": False,
    "eb2024-05-11": True,
    "eb2024-05-10": False,
    "ap2024-05-10": True,
}


@pytest.mark.parametrize("value", DATES)
def test_054_a_date_is_compared_by_its_prefix(wire, value):
    born = created(wire, a_patient(birthDate="2024-05-10"))

    expected = {born.reference} if DATES[value] else set()
    assert found(wire, f"Patient?birthdate={value}") == expected


def test_054_precision_is_an_interval_on_both_sides(wire):
    month, day = (
        created(wire, a_patient(birthDate=date)).reference for date in ("2024-05", "2024-05-10")
    )

    assert found(wire, "Patient?birthdate=2024-05") == {month, day}
    # The whole of May does not lie within its tenth day.
    assert found(wire, "Patient?birthdate=2024-05-10") == {day}
    assert found(wire, "Patient?birthdate=ge2024-05-20") == {month}


def test_054_times_compare_by_instant(wire):
    sent = created(wire, a_communication(sent="2026-03-01T23:30:00-05:00"))

    for same in (
        "2026-03-02T04:30:00Z",
        "2026-03-01T23:30:00-05:00",
        "2026-03-02T10:00:00%2B05:30",
    ):
        assert found(wire, f"Communication?sent={same}") == {sent.reference}, same
    assert found(wire, "Communication?sent=2026-03-01T23:30:00Z") == set()
    assert found(wire, "Communication?sent=gt2026-03-02T04:00:00Z") == {sent.reference}


def test_055_a_string_matches_by_its_start(wire):
    umlaut, plain, inner = (
        created(wire, a_patient(name)).reference for name in ("Müller", "Muller", "Schmuller")
    )

    for start in ("Müller", "muller", "MUL", "mül"):
        assert found(wire, f"Patient?family={quote(start)}") == {umlaut, plain}, start
    assert found(wire, f"Patient?family:exact={quote('Müller')}") == {umlaut}
    assert found(wire, "Patient?family:exact=muller") == set()
    assert found(wire, "Patient?family:contains=ULLE") == {umlaut, plain, inner}


def test_056_a_reference_is_searched_in_every_form(wire, patient):
    own = created(wire, a_claim(patient={"reference": patient.reference})).reference
    created(wire, a_claim(patient={"reference": "Patient/another"}))
    id = patient.document["id"]

    for form in (
        f"patient={id}",
        f"patient=Patient/{id}",
        f"patient:Patient={id}",
        f"patient={BASE_URL}/Patient/{id}",
    ):
        assert found(wire, f"Claim?{form}") == {own}, form
    assert found(wire, f"Claim?patient=Practitioner/{id}") == set()


def test_056_a_reference_is_found_by_the_identifier_in_it(wire):
    named = {"identifier": identifier(SYSTEM, "member-7")}
    own = created(wire, a_claim(patient=named)).reference
    created(wire, a_claim())

    assert found(wire, f"Claim?patient:identifier={SYSTEM}|member-7") == {own}
    assert found(wire, "Claim?patient:identifier=member-7") == {own}
    assert found(wire, f"Claim?patient:identifier={SYSTEM}|member-8") == set()


def test_057_missing_works_on_every_kind(wire):
    without = created(wire, {"resourceType": "Patient", "active": True}).reference
    practitioner = {"reference": "Practitioner/1"}
    full = created(
        wire,
        a_patient(birthDate="1970-05-17", gender="male", generalPractitioner=[practitioner]),
    ).reference

    for name in ("birthdate", "gender", "family", "general-practitioner"):
        assert found(wire, f"Patient?{name}:missing=true") == {without}, name
        assert found(wire, f"Patient?{name}:missing=false") == {full}, name


def test_057_not_includes_what_lacks_the_element(wire):
    male, female, unsaid = (
        created(wire, a_patient(**one)).reference
        for one in ({"gender": "male"}, {"gender": "female"}, {})
    )

    assert found(wire, "Patient?gender:not=male") == {female, unsaid}
    assert found(wire, "Patient?gender=male") == {male}


def test_058_a_chain_looks_at_what_is_referred_to(wire):
    first, second = (created(wire, a_claim(number=number)) for number in ("58-1", "58-2"))
    system = first.document["identifier"][0]["system"]

    for claim, number in ((first, "58-1"), (second, "58-2")):
        [answer] = found(wire, f"ClaimResponse?request.identifier={system}|{number}")
        assert wire.get(answer).document["request"]["reference"].startswith(claim.reference)
        typed = f"ClaimResponse?request:Claim.identifier={system}|{number}"
        assert found(wire, typed) == {answer}
    assert found(wire, f"ClaimResponse?request.identifier={system}|58-3") == set()


def test_058_a_reverse_chain_looks_at_what_refers(wire, core, worker):
    core.post("Coverage", a_coverage())
    decided = created(wire, a_claim()).reference
    worker.drain()
    queued = created(wire, a_claim()).reference

    assert found(wire, "Claim?_has:ClaimResponse:request:outcome=queued") == {queued}
    assert found(wire, "Claim?_has:ClaimResponse:request:outcome=complete") == {decided}
    assert found(wire, "Claim?_has:ClaimResponse:request:outcome=partial") == set()


def test_058_a_chain_ends_at_what_the_caller_may_read(wire, other):
    stranger = created(other, a_patient("Stranger"))
    own = created(wire, a_patient("Own"))
    for one in (stranger, own):
        created(wire, a_claim(patient={"reference": one.reference}))

    assert found(wire, "Claim?patient.family=stranger") == set()
    assert len(found(wire, "Claim?patient.family=own")) == 1
