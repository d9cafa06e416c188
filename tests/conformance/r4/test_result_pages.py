"""Lines 59 to 64 and 67: order, pages, includes, parts, compartments.

http://hl7.org/fhir/R4/search.html#Summary
"""

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.builders import a_claim, a_task
from tests.conformance.r4.asking import (
    a_patient,
    created,
    entries,
    follow,
    found,
    is_subsetted,
    link,
    references,
    walked,
)


@pytest.fixture
def five(wire, clock):
    """References of five patients, in the order of their creation."""
    people = [("Ann", "1970"), ("Bob", "1960"), ("Cat", "1970"), ("Dan", "1980"), ("Eve", "1960")]
    made = []
    for name, born in people:
        made.append(created(wire, a_patient(name, birthDate=f"{born}-01-01")).reference)
        clock.forward(minutes=1)
    return made


def test_059_the_asked_order_is_kept(wire, five):
    ann, bob, cat, dan, eve = five

    orders = {
        "family": [ann, bob, cat, dan, eve],
        "-family": [eve, dan, cat, bob, ann],
        "birthdate,-family": [eve, bob, cat, ann, dan],
        "-birthdate,family": [dan, ann, cat, bob, eve],
        "-_lastUpdated": [eve, dan, cat, bob, ann],
        "_id": sorted(five),
    }
    for keys, expected in orders.items():
        assert references(wire.get(f"Patient?_sort={keys}")) == expected, keys


def test_059_an_order_is_stable_over_pages(wire, five):
    pages = walked(wire, "Patient?_sort=birthdate&_count=1")

    at_once = references(wire.get("Patient?_sort=birthdate"))
    assert [one for page in pages for one in references(page)] == at_once
    assert sorted(at_once) == sorted(five)


def test_059_an_unknown_key_is_ignored_or_refused_if_strict(wire, five):
    assert found(wire, "Patient?_sort=shoe-size") == set(five)
    strict = wire.get("Patient?_sort=shoe-size", Prefer="handling=strict")
    assert (strict.status, strict.document["resourceType"]) == (400, "OperationOutcome")
    assert wire.get("Patient?_sort=family", Prefer="handling=strict").status == 200


@pytest.mark.parametrize("count", [1, 2, 5, 7])
def test_060_no_page_has_more_than_was_asked_for(wire, five, count):
    pages = walked(wire, f"Patient?_count={count}")

    sizes = [len(references(page)) for page in pages]
    assert max(sizes) <= count
    assert sum(sizes) == len(five)
    assert {page.document["total"] for page in pages} == {len(five)}


def test_060_page_links_repeat_the_count(wire, five):
    first = wire.get("Patient?_count=2")

    second = follow(wire, link(first, "next"))

    assert len(references(second)) == 2
    assert parse_qs(urlsplit(link(first, "self")).query)["_count"] == ["2"]


@pytest.mark.parametrize("asked", ["_count=0", "_summary=count"])
def test_060_a_count_is_the_total_alone(wire, five, asked):
    counted = wire.get(f"Patient?{asked}&birthdate=1970")

    assert (counted.status, counted.document["total"]) == (200, 2)
    assert "entry" not in counted.document
    assert {one["relation"] for one in counted.document["link"]} == {"self"}


def test_061_walking_the_pages_gives_each_match_once(wire, five):
    pages = walked(wire, "Patient?_count=2")

    met = [one for page in pages for one in references(page)]
    assert sorted(met) == sorted(five)
    assert len(pages) == 3
    assert link(pages[-1], "next") is None


def test_061_a_walk_is_not_disturbed_by_what_is_created_meanwhile(wire, five):
    first = wire.get("Patient?_count=2&_sort=family")
    created(wire, a_patient("Aaron"))

    met, page = references(first), first
    for _ in range(4):
        if (url := link(page, "next")) is None:
            break
        page = follow(wire, url)
        met += references(page)

    assert [one for one in met if one in five] == five
    assert len(met) == len(set(met))


def test_061_a_page_is_the_asker_s_alone(wire, other, five):
    url = link(wire.get("Patient?_count=2"), "next")

    stranger = follow(other, url)

    assert stranger.status in {400, 403, 404, 410} or references(stranger) == []
    assert len(references(follow(wire, url))) == 2


@pytest.fixture
def story(wire):
    """References of a clinic, its patient and the patient's claim, whose coverage is unknown."""
    clinic = created(wire, {"resourceType": "Organization", "name": "Clinic"}).reference
    patient = created(wire, a_patient(managingOrganization={"reference": clinic})).reference
    claim = created(
        wire,
        a_claim(patient={"reference": patient}, coverage={"reference": "Coverage/unknown"}),
    ).reference
    return clinic, patient, claim


def test_062_what_matches_refer_to_is_included(wire, story):
    _, patient, claim = story

    for asked in ("Claim:patient", "Claim:patient:Patient", "Claim:*", "*"):
        searched = wire.get(f"Claim?_include={asked}")
        assert references(searched) == [claim], asked
        assert patient in references(searched, "include"), asked
    assert references(wire.get("Claim?_include=Claim:patient:Group"), "include") == []
    assert references(wire.get("Claim?_include=Claim:provider"), "include") == []


def test_062_what_does_not_resolve_is_left_out(wire, story):
    searched = wire.get("Claim?_include=Claim:patient&_include=Claim:coverage")

    assert references(searched, "include") == [story[1]]


def test_062_an_include_iterates_where_asked(wire, story):
    clinic, patient, _ = story
    asked = "Claim?_include=Claim:patient&_include{}=Patient:organization"

    assert set(references(wire.get(asked.format(":iterate")), "include")) == {patient, clinic}
    assert set(references(wire.get(asked.format("")), "include")) == {patient}


def test_062_what_refers_to_matches_is_included(wire, story):
    clinic, patient, claim = story

    searched = wire.get(f"Patient?_id={patient.partition('/')[2]}&_revinclude=Claim:patient")

    assert references(searched) == [patient]
    assert references(searched, "include") == [claim]
    answers = wire.get("Claim?_revinclude=ClaimResponse:request")
    assert [one.partition("/")[0] for one in references(answers, "include")] == ["ClaimResponse"]
    assert references(wire.get("Organization?_revinclude=Patient:organization")) == [clinic]


def test_062_each_page_has_the_includes_of_its_own_matches(wire):
    pairs = {}
    for name in ("Ann", "Bob", "Cat"):
        patient = created(wire, a_patient(name)).reference
        pairs[created(wire, a_claim(patient={"reference": patient})).reference] = patient

    pages = walked(wire, "Claim?_count=1&_include=Claim:patient")

    shown = {references(page)[0]: references(page, "include") for page in pages}
    assert shown == {claim: [patient] for claim, patient in pairs.items()}


NARRATIVE = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">A</div>'}
PARTS = {
    # In the summary of a Patient are its name and gender, not its marital status.
    "_summary=true": {"name", "gender"},
    "_summary=text": {"text"},
    "_summary=data": {"name", "gender", "maritalStatus"},
    "_elements=gender": {"gender"},
    "_elements=gender,maritalStatus": {"gender", "maritalStatus"},
}


@pytest.mark.parametrize("part", PARTS)
def test_063_a_part_is_tagged(wire, part):
    created(wire, a_patient(gender="male", text=NARRATIVE, maritalStatus={"text": "single"}))

    [shown] = entries(wire.get(f"Patient?{part}"))

    assert shown.keys() == {"resourceType", "id", "meta"} | PARTS[part]
    assert is_subsetted(shown)


def test_063_the_whole_is_not_tagged(wire):
    whole = created(wire, a_patient(gender="male", text=NARRATIVE)).document

    for asked in ("Patient", "Patient?_summary=false"):
        assert entries(wire.get(asked)) == [whole]


def test_063_mandatory_elements_are_kept(wire, claim):
    [shown] = entries(wire.get("Claim?_elements=status"))

    mandatory = {"type", "use", "patient", "created", "provider", "priority", "insurance"}
    assert mandatory | {"status"} <= shown.keys()
    assert "item" not in shown


@pytest.mark.parametrize("added", ["_include=Claim:patient", "_revinclude=ClaimResponse:request"])
def test_064_a_text_summary_has_no_includes(wire, claim, added):
    refused = wire.get(f"Claim?_summary=text&{added}")

    assert (refused.status, refused.document["resourceType"]) == (400, "OperationOutcome")
    assert wire.get("Claim?_summary=text").status == 200
    assert wire.get(f"Claim?{added}").status == 200


def test_067_a_compartment_holds_what_is_the_patient_s(wire, patient):
    own = created(wire, a_claim(patient={"reference": patient.reference})).reference
    created(wire, a_claim(patient={"reference": "Patient/another"}))

    assert found(wire, f"{patient.reference}/Claim") == {own}
    assert found(wire, f"{patient.reference}/Claim?use=preauthorization") == set()
    assert found(wire, "Patient/another/Claim?status=active").isdisjoint({own})


@pytest.mark.parametrize("type", ["Task", "PaymentNotice", "PaymentReconciliation"])
def test_067_some_types_are_in_no_patient_compartment(wire, patient, type):
    wire.task(a_task("status", focus=created(wire, a_claim()).reference, **{"for": None}))

    refused = wire.get(f"{patient.reference}/{type}")

    assert (refused.status, refused.document["resourceType"]) in {
        (400, "OperationOutcome"),
        (404, "OperationOutcome"),
    }
    assert wire.get(f"{patient.reference}/Claim").status == 200
