"""Invariants: one row, one rule; what breaks it, where, and the accepted twin."""

from decimal import Decimal

import pytest

from app.domain.issues import ErrorCode
from app.fhir.validation import check

CLAIM = {
    "resourceType": "Claim",
    "status": "active",
    "type": {"text": "oral"},
    "use": "claim",
    "patient": {"reference": "Patient/1"},
    "created": "2026-03-01",
    "provider": {"reference": "Organization/1"},
    "priority": {"text": "normal"},
    "insurance": [{"sequence": 1, "focal": True, "coverage": {"reference": "Coverage/1"}}],
}
TASK = {"resourceType": "Task", "status": "requested", "intent": "order"}
PATIENT = {"resourceType": "Patient", "id": "p"}
REQUEST = {"method": "POST", "url": "Claim"}
RESPONSE = {"status": "201"}
PLAIN = {"url": "http://x", "valueString": "x"}


def extended(name, value):
    return CLAIM | {"extension": [{"url": "http://x", f"value{name}": value}]}


def containing(entry, reference="#p"):
    return CLAIM | {"patient": {"reference": reference}, "contained": [entry]}


def timing(**repeat):
    return extended("Timing", {"repeat": repeat})


def bundle(kind, *entries, **members):
    entry = {"entry": list(entries)} if entries else {}
    return {"resourceType": "Bundle", "type": kind} | entry | members


def eligibility(**item):
    return {
        "resourceType": "CoverageEligibilityResponse",
        "status": "active",
        "purpose": ["benefits"],
        "patient": {"reference": "Patient/1"},
        "created": "2026-03-01",
        "request": {"reference": "CoverageEligibilityRequest/1"},
        "outcome": "complete",
        "insurer": {"reference": "Organization/1"},
        "insurance": [{"coverage": {"reference": "Coverage/1"}, "item": [item]}],
    }


def organization(**members):
    return {"resourceType": "Organization", "active": True} | members


def parameters(**parameter):
    return {"resourceType": "Parameters", "parameter": [{"name": "x"} | parameter]}


EXTENSION = "Claim.extension[0]"
REPEAT = f"{EXTENSION}.valueTiming.repeat"

ROWS = {
    "ref-1": (
        CLAIM | {"insurer": {"reference": "#o"}},
        "Claim.insurer.reference",
        CLAIM
        | {
            "insurer": {"reference": "#o"},
            "contained": [{"resourceType": "Organization", "id": "o", "name": "x"}],
        },
    ),
    "ref-1 in an entry of a bundle": (
        bundle("collection", {"resource": containing(PATIENT, "#q")}),
        "Bundle.entry[0].resource.patient.reference",
        bundle("collection", {"resource": containing(PATIENT)}),
    ),
    "ref-1 from within": (
        containing(PATIENT | {"managingOrganization": {"reference": "#o"}}),
        "Claim.contained[0].managingOrganization.reference",
        containing(PATIENT | {"generalPractitioner": [{"reference": "#"}]}),
    ),
    "dom-2": (
        containing(PATIENT | {"contained": [PATIENT | {"id": "q"}]}),
        "Claim.contained[0].contained",
        containing(PATIENT),
    ),
    "dom-4": (
        containing(PATIENT | {"meta": {"versionId": "1"}}),
        "Claim.contained[0].meta",
        containing(PATIENT | {"meta": {"source": "http://x"}}),
    ),
    "dom-5": (
        containing(PATIENT | {"meta": {"security": [{"code": "R"}]}}),
        "Claim.contained[0].meta.security",
        containing(PATIENT | {"meta": {"tag": [{"code": "R"}]}}),
    ),
    "ext-1, neither": (
        CLAIM | {"extension": [{"url": "http://x"}]},
        EXTENSION,
        CLAIM | {"extension": [{"url": "http://x", "_valueCode": {"extension": [PLAIN]}}]},
    ),
    "ext-1, both": (
        CLAIM | {"extension": [PLAIN | {"extension": [PLAIN]}]},
        EXTENSION,
        CLAIM | {"extension": [{"url": "http://x", "extension": [PLAIN]}]},
    ),
    "per-1": (
        CLAIM | {"billablePeriod": {"start": "2026-03-02", "end": "2026-03-01"}},
        "Claim.billablePeriod",
        CLAIM | {"billablePeriod": {"start": "2026-03-01", "end": "2026-03-01"}},
    ),
    "qty-3": (
        extended("Quantity", {"value": 1, "code": "mg"}),
        f"{EXTENSION}.valueQuantity",
        extended("Quantity", {"value": 1, "code": "mg", "system": "http://unitsofmeasure.org"}),
    ),
    "rng-2": (
        extended("Range", {"low": {"value": Decimal("2.5")}, "high": {"value": 2}}),
        f"{EXTENSION}.valueRange",
        extended("Range", {"low": {"value": 2}, "high": {"value": Decimal("2.0")}}),
    ),
    "rat-1": (
        extended("Ratio", {"numerator": {"value": 1}}),
        f"{EXTENSION}.valueRatio",
        extended("Ratio", {"numerator": {"value": 1}, "denominator": {"value": 2}}),
    ),
    "att-1": (
        extended("Attachment", {"data": "YQ=="}),
        f"{EXTENSION}.valueAttachment",
        extended("Attachment", {"data": "YQ==", "contentType": "text/plain"}),
    ),
    "cpt-2": (
        extended("ContactPoint", {"value": "1"}),
        f"{EXTENSION}.valueContactPoint",
        extended("ContactPoint", {"value": "1", "system": "phone"}),
    ),
    "exp-1": (
        extended("Expression", {"language": "text/fhirpath"}),
        f"{EXTENSION}.valueExpression",
        extended("Expression", {"language": "text/fhirpath", "expression": "true"}),
    ),
    "tim-1": (timing(duration=1), REPEAT, timing(duration=1, durationUnit="h")),
    "tim-2": (timing(period=1), REPEAT, timing(period=1, periodUnit="d")),
    "tim-4": (
        timing(duration=-1, durationUnit="h"),
        REPEAT,
        timing(duration=0, durationUnit="h"),
    ),
    "tim-5": (
        timing(period=Decimal("-0.5"), periodUnit="h"),
        REPEAT,
        timing(period=Decimal("0.5"), periodUnit="h"),
    ),
    "tim-6": (timing(periodMax=2), REPEAT, timing(period=1, periodMax=2, periodUnit="d")),
    "tim-7": (
        timing(durationMax=2),
        REPEAT,
        timing(duration=1, durationMax=2, durationUnit="d"),
    ),
    "tim-8": (timing(countMax=2), REPEAT, timing(count=1, countMax=2)),
    "tim-9": (timing(offset=5, when=["C"]), REPEAT, timing(offset=5, when=["AC"])),
    "tim-10": (
        timing(timeOfDay=["10:00:00"], when=["AC"]),
        REPEAT,
        timing(timeOfDay=["10:00:00"]),
    ),
    "inv-1 of Task": (
        TASK | {"authoredOn": "2026-03-02", "lastModified": "2026-03-01"},
        "Task.lastModified",
        TASK | {"authoredOn": "2026-03-01", "lastModified": "2026-03-01T10:00:00Z"},
    ),
    "ces-1, neither": (
        eligibility(name="x"),
        "CoverageEligibilityResponse.insurance[0].item[0]",
        eligibility(category={"text": "x"}),
    ),
    "ces-1, both": (
        eligibility(category={"text": "x"}, productOrService={"text": "x"}),
        "CoverageEligibilityResponse.insurance[0].item[0]",
        eligibility(productOrService={"text": "x"}),
    ),
    "org-1": (organization(), "Organization", organization(name="x")),
    "org-2": (
        organization(name="x", address=[{"use": "home", "city": "x"}]),
        "Organization.address",
        organization(name="x", address=[{"use": "work", "city": "x"}]),
    ),
    "org-3": (
        organization(name="x", telecom=[{"use": "home", "system": "phone"}]),
        "Organization.telecom",
        organization(identifier=[{"value": "x"}], telecom=[{"use": "work", "system": "phone"}]),
    ),
    "pat-1": (
        PATIENT | {"contact": [{"gender": "female"}]},
        "Patient.contact[0]",
        PATIENT | {"contact": [{"gender": "female", "name": {"text": "x"}}]},
    ),
    "ipn-1": (
        {"resourceType": "InsurancePlan", "status": "active"},
        "InsurancePlan",
        {"resourceType": "InsurancePlan", "status": "active", "name": "x"},
    ),
    "inv-1 of Parameters, neither": (
        parameters(),
        "Parameters.parameter[0]",
        parameters(valueString="x"),
    ),
    "inv-1 of Parameters, both": (
        parameters(valueString="x", part=[{"name": "y", "valueString": "z"}]),
        "Parameters.parameter[0]",
        parameters(part=[{"name": "y", "valueString": "z"}]),
    ),
    "bdl-1": (bundle("collection", total=0), "Bundle.total", bundle("searchset", total=0)),
    "bdl-2": (
        bundle("collection", {"resource": PATIENT, "search": {"mode": "match"}}),
        "Bundle.entry[0].search",
        bundle("searchset", {"resource": PATIENT, "search": {"mode": "match"}}),
    ),
    "bdl-3, missing": (
        bundle("batch", {"resource": PATIENT, "request": REQUEST}, {"resource": PATIENT}),
        "Bundle.entry[1].request",
        bundle("batch", {"resource": PATIENT, "request": REQUEST}),
    ),
    "bdl-3, too much": (
        bundle("collection", {"resource": PATIENT, "request": REQUEST}),
        "Bundle.entry[0].request",
        bundle("transaction", {"resource": PATIENT, "request": REQUEST}),
    ),
    "bdl-4": (
        bundle("collection", {"resource": PATIENT, "response": RESPONSE}),
        "Bundle.entry[0].response",
        bundle("batch-response", {"resource": PATIENT, "response": RESPONSE}),
    ),
    "bdl-5": (
        bundle("collection", {"fullUrl": "urn:oid:1.2"}),
        "Bundle.entry[0]",
        bundle("collection", {"fullUrl": "urn:oid:1.2", "resource": PATIENT}),
    ),
    "bdl-7": (
        bundle("collection", *({"fullUrl": "http://x/1", "resource": PATIENT},) * 2),
        "Bundle.entry[1].fullUrl",
        bundle(
            "collection",
            {"fullUrl": "http://x/1", "resource": PATIENT | {"meta": {"versionId": "1"}}},
            {"fullUrl": "http://x/1", "resource": PATIENT | {"meta": {"versionId": "2"}}},
        ),
    ),
    "bdl-8": (
        bundle("collection", {"fullUrl": "http://x/1/_history/2", "resource": PATIENT}),
        "Bundle.entry[0].fullUrl",
        bundle("collection", {"fullUrl": "http://x/1", "resource": PATIENT}),
    ),
    "sev-1": (
        {
            "resourceType": "AuditEvent",
            "type": {"code": "rest"},
            "recorded": "2026-03-01T10:00:00Z",
            "agent": [{"requestor": True}],
            "source": {"observer": {"display": "x"}},
            "entity": [{"name": "x", "query": "YQ=="}],
        },
        "AuditEvent.entity[0]",
        {
            "resourceType": "AuditEvent",
            "type": {"code": "rest"},
            "recorded": "2026-03-01T10:00:00Z",
            "agent": [{"requestor": True}],
            "source": {"observer": {"display": "x"}},
            "entity": [{"query": "YQ=="}],
        },
    ),
    "csd-1": (
        {
            "resourceType": "CodeSystem",
            "status": "active",
            "content": "complete",
            "concept": [{"code": "a"}, {"code": "a"}],
        },
        "CodeSystem.concept",
        {
            "resourceType": "CodeSystem",
            "status": "active",
            "content": "complete",
            "concept": [{"code": "a"}, {"code": "A"}],
        },
    ),
}


@pytest.mark.parametrize(("broken", "path", "kept"), ROWS.values(), ids=ROWS.keys())
def test_an_invariant_is_kept(broken, path, kept):
    found = [(issue.error, issue.expression) for issue in check(broken)]

    assert found == [(ErrorCode.INVARIANT, path)]
    assert check(kept) == []


def test_what_is_contained_has_an_id():
    nameless = {"resourceType": "Patient", "gender": "female"}

    found = check(containing(nameless, "Patient/1"))

    assert [(issue.error, issue.expression) for issue in found] == [
        (ErrorCode.REQUIRED, "Claim.contained[0].id")
    ]
    assert check(containing(nameless | {"id": "x"}, "Patient/1")) == []


def test_a_reference_from_one_entry_does_not_reach_into_another():
    found = check(
        bundle(
            "collection",
            {"resource": containing(PATIENT)},
            {"resource": CLAIM | {"patient": {"reference": "#p"}}},
        )
    )

    assert [issue.expression for issue in found] == ["Bundle.entry[1].resource.patient.reference"]


def test_the_bare_sign_is_for_what_is_contained():
    assert [issue.expression for issue in check(CLAIM | {"patient": {"reference": "#"}})] == [
        "Claim.patient.reference"
    ]


def test_an_invariant_is_told_beside_what_is_wrong_elsewhere():
    document = TASK | {
        "authoredOn": "2026-03-02",
        "lastModified": "2026-03-01",
        "note": [{"text": 7}],
        "colour": "red",
    }

    assert {issue.error for issue in check(document)} == {
        ErrorCode.INVARIANT,
        ErrorCode.WRONG_TYPE,
        ErrorCode.UNKNOWN_ELEMENT,
    }


def test_an_invariant_is_silent_about_values_that_are_wrong_themselves():
    document = CLAIM | {"billablePeriod": {"start": "2026-99-99", "end": "2026-03-01"}}

    assert [(issue.error, issue.expression) for issue in check(document)] == [
        (ErrorCode.VALUE, "Claim.billablePeriod.start")
    ]
