"""What the gateway publishes of its own: that it is R4, and that it is what the code speaks."""

import pytest

from app.domain import canonical
from app.domain.adjudication import Awaiting, Category
from app.domain.codes import Cause, InputType, OutputType, TaskCode
from app.domain.issues import ErrorCode
from app.domain.plan import CostKind, LimitKind
from app.fhir.offer.code_systems import published
from app.fhir.plans import GeneralCost, ServiceLimit
from tests.fhir.asked import findings

PUBLISHED = published()
HL7_CATEGORIES = {"submitted", "copay", "eligible", "deductible", "tax", "benefit"}


def codes(name):
    return [concept["code"] for concept in PUBLISHED["CodeSystem", name]["concept"]]


@pytest.mark.parametrize("key", PUBLISHED, ids="/".join)
def test_what_is_published_is_valid_under_its_key(key):
    document = PUBLISHED[key]

    assert findings(document) == []
    assert (document["resourceType"], document["id"]) == key
    assert document["url"] == f"{canonical.CANONICAL}/{key[0]}/{key[1]}"


@pytest.mark.parametrize(
    ("name", "spoken"),
    [
        ("task-code", TaskCode),
        ("task-input", InputType),
        ("task-output", OutputType),
        ("awaiting", Awaiting),
        ("change-cause", Cause),
        ("error", [error.entry.id for error in ErrorCode]),
        ("adjudication", [each for each in Category if each not in HL7_CATEGORIES]),
    ],
)
def test_a_code_system_has_the_codes_that_are_spoken(name, spoken):
    assert codes(name) == [str(code) for code in spoken]


def test_the_plan_codes_are_those_of_the_profile():
    assert set(codes("plan")) == {
        *GeneralCost,
        *ServiceLimit,
        *LimitKind,
        *CostKind,
        "attachment-required",
        "general",
        "standard",
        "maintenance-of-benefits",
        "carve-out",
    }


def test_the_business_statuses_are_four():
    assert codes("business-status") == [
        "awaiting-adjudication",
        "purge-pending",
        "purge-verified",
        "awaiting-approval",
    ]


def test_no_code_stands_twice():
    for (type_, name), document in PUBLISHED.items():
        if type_ == "CodeSystem":
            assert len(set(codes(name))) == document["count"] == len(codes(name))


def test_an_error_tells_a_program_its_kind():
    concept = next(
        each
        for each in PUBLISHED["CodeSystem", "error"]["concept"]
        if each["code"] == ErrorCode.BUSY.entry.id
    )

    assert concept["property"] == [
        {"code": "issue-type", "valueCode": "lock-error"},
        {"code": "http-status", "valueInteger": 503},
        {"code": "retryable", "valueBoolean": True},
    ]


def test_every_canonical_that_is_ours_is_published():
    ours = {
        value
        for value in vars(canonical).values()
        if isinstance(value, str) and value.startswith(f"{canonical.CANONICAL}/")
    }

    assert ours <= {document["url"] for document in PUBLISHED.values()}


def test_an_extension_says_where_it_stands_and_what_it_holds():
    document = PUBLISHED["StructureDefinition", "predecessor"]

    assert document["context"] == [{"type": "element", "expression": "ClaimResponse"}]
    assert document["differential"]["element"][3] == {
        "id": "Extension.value[x]",
        "path": "Extension.value[x]",
        "min": 1,
        "type": [{"code": "Reference"}],
    }
