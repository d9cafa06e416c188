"""The payer's own data: kept under its ids, replaced where it changed, found by its keys."""

from decimal import Decimal

import pytest

from app.domain.issues import ErrorCode, Unacceptable
from app.domain.references import Identifier
from app.fhir import json_text
from app.gateway.administering.reference_data import Change, keep, plan_key
from tests.builders import COVERAGE_SYSTEM, a_coverage, identifier


def a_plan(value="gold", **elements):
    plan = {
        "resourceType": "InsurancePlan",
        "id": "plan-1",
        "identifier": [identifier("http://payer.test/plan", value)],
        "status": "active",
        "name": value,
    }
    return {**plan, **elements}


def load(core, document):
    text = json_text.write(document)
    return core.do(lambda work: keep(json_text.parsed(text), text, "test", work))


def refusal(core, document):
    with pytest.raises(Unacceptable) as refused:
        load(core, document)
    return [issue.error for issue in refused.value.issues]


@pytest.mark.parametrize("type", ["Claim", "ClaimResponse", "Task", "Communication", "Account"])
def test_what_is_no_reference_data_is_refused(core, type):
    assert refusal(core, {"resourceType": type}) == [ErrorCode.FORBIDDEN]


def test_a_plan_value_belongs_to_one_plan(core):
    assert load(core, a_plan()).change is Change.ADDED

    assert refusal(core, a_plan(id="plan-2")) == [ErrorCode.DUPLICATE]
    assert load(core, a_plan("silver", id="plan-2")).change is Change.ADDED
    assert load(core, a_plan(name="Gold")).change is Change.REPLACED


@pytest.mark.parametrize("order", [("gold", "silver"), ("silver", "gold")])
def test_no_identifier_of_a_plan_is_another_plans(core, order):
    names = [identifier("http://payer.test/plan", value) for value in order]
    load(core, a_plan("gold"))

    assert refusal(core, a_plan(id="plan-2", identifier=names)) == [ErrorCode.DUPLICATE]
    assert load(core, a_plan(identifier=names)).change is Change.REPLACED
    assert refusal(core, a_plan("silver", id="plan-2")) == [ErrorCode.DUPLICATE]


def test_a_digit_more_is_another_version_and_the_order_of_elements_is_none(core):
    def organization(digits, name):
        tail = {"name": "Clinic"} if name == "last" else {}
        head = {"name": "Clinic"} if name == "first" else {}
        exact = [{"url": "http://payer.test/share", "valueDecimal": Decimal(digits)}]
        return {"resourceType": "Organization", "id": "o", **head, "extension": exact, **tail}

    done = [
        load(core, organization(*each)).change
        for each in (("10.5", "first"), ("10.5", "last"), ("10.50", "last"), ("10.50", "first"))
    ]

    assert done == [Change.ADDED, Change.UNCHANGED, Change.REPLACED, Change.UNCHANGED]
    assert "10.50" in core.stored("Organization", "o").text


def test_a_plan_that_cannot_be_read_is_refused(core):
    assert refusal(core, a_plan(identifier=[])) == [ErrorCode.PLAN_PROFILE]


def test_a_submitters_resource_is_not_taken_over(core, desk):
    taken = desk.create(a_coverage())

    assert refusal(core, a_coverage(id=taken.stored.id)) == [ErrorCode.DUPLICATE]
    assert load(core, a_coverage(id="own")).change is Change.ADDED


def test_ids_are_the_payers_and_are_kept(core):
    kept = load(core, a_coverage(id="M-1"))

    assert (kept.stored.reference, kept.stored.version) == ("Coverage/M-1", 1)
    assert load(core, a_coverage(id=None)).stored.id != "M-1"


def test_loading_twice_changes_nothing(core):
    first = load(core, a_coverage())

    again = load(core, {**a_coverage(), "meta": {"versionId": "7"}})

    assert (again.change, again.stored) == (Change.UNCHANGED, first.stored)


@pytest.mark.parametrize(
    "elements",
    [{"status": "cancelled"}, {"meta": {"tag": [{"code": "x"}]}}, {"period": {"start": "2020"}}],
    ids=["element", "tag", "precision"],
)
def test_other_content_is_the_next_version(core, elements):
    load(core, a_coverage())

    replaced = load(core, {**a_coverage(), **elements})

    assert (replaced.change, replaced.stored.version) == (Change.REPLACED, 2)


def test_what_is_replaced_is_found_by_its_new_identifiers(core):
    load(core, a_coverage())

    load(core, a_coverage("M2", id="coverage-M1"))

    def found(value):
        key = Identifier(COVERAGE_SYSTEM, value)
        return core.see(lambda work: work.reference_data.identified(["Coverage"], key))

    assert found("M1") == []
    assert found("M2") == [("Coverage", "coverage-M1")]


def test_a_plan_is_found_by_its_value_whatever_its_system(core):
    load(core, a_plan())

    found = core.see(
        lambda work: work.reference_data.identified(["InsurancePlan"], plan_key("gold"))
    )
    assert found == [("InsurancePlan", "plan-1")]
