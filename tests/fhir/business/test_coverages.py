"""Coverages: the payer's own, and those submitted."""

from datetime import date

from app.domain.adjudication import Coverage
from app.domain.plan import Plan
from app.domain.references import Identifier
from app.fhir.business.coverages import Member, member_of, plan_identifier, read_coverage
from tests.fhir.asked import example


def test_a_coverage_names_its_plan_and_days():
    document = example("Coverage-9876B1")

    assert plan_identifier(document) == "B37FC"
    assert read_coverage(document, "9876B1") == Coverage(
        "9876B1", "9876B1", date(2011, 5, 23), date(2012, 5, 23)
    )


def test_a_coverage_that_names_no_plan_has_none():
    assert plan_identifier(example("Coverage-SP1234")) is None


def test_a_family_is_one_plan_and_one_subscriber():
    document = example("Coverage-9876B1") | {"subscriberId": "S-1"}
    sibling = document | {"id": "other", "dependent": "2"}
    stranger = {**document, "class": []}

    families = [
        read_coverage(each, key).family
        for each, key in ((document, "a"), (sibling, "b"), (stranger, "c"))
    ]

    assert families == ["B37FC|S-1", "B37FC|S-1", "|S-1"]


def test_the_plan_of_a_family_is_the_one_found_and_not_how_it_was_named():
    document = example("Coverage-9876B1") | {"subscriberId": "S-1"}
    alone = {name: value for name, value in document.items() if name != "subscriberId"}
    found = Plan(identifier="gold", version="1")

    assert read_coverage(document, "a", found).family == "gold|S-1"
    assert read_coverage(document | {"class": []}, "a", found).family == "gold|S-1"
    assert read_coverage(alone, "a", found).family == "a"


def test_a_member_is_matched_by_what_the_submitted_coverage_says():
    document = example("Coverage-9876B1") | {"subscriberId": "S-1"}

    assert member_of(document) == Member(
        (Identifier("http://benefitsinc.com/certificate", "12345"),), "S-1", "0"
    )
    assert member_of({}) == Member()


def test_a_plan_of_another_code_system_is_not_the_plan():
    document = example("Coverage-9876B1")
    for entry in document["class"]:
        entry["type"]["coding"][0]["system"] = "http://example.org/classes"

    assert plan_identifier(document) is None
