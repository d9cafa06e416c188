import base64
import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.fhir.json_text import read
from app.fhir.validation import MAX_ISSUES, check

LIMIT = 10 * 2**20
FOLDER = Path(__file__).parents[1] / "fhir_examples"
EXAMPLES = sorted(FOLDER.glob("*.json"))
PROBES = [
    json.loads(line)
    for line in (FOLDER / "validation-probes.jsonl").read_text(encoding="utf-8").splitlines()
]


def a_claim(**members):
    return {
        "resourceType": "Claim",
        "status": "active",
        "type": {"text": "oral"},
        "use": "claim",
        "patient": {"reference": "Patient/1"},
        "created": "2026-03-01",
        "provider": {"reference": "Organization/1"},
        "priority": {"text": "normal"},
        "insurance": [{"sequence": 1, "focal": True, "coverage": {"reference": "Coverage/1"}}],
    } | members


def findings(document):
    return [(issue.error, issue.expression) for issue in check(document)]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_official_example_is_accepted(path):
    assert check(read(path.read_bytes(), LIMIT)) == []


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe["name"])
def test_a_probe_is_judged_as_it_should_be(probe):
    is_text = probe["encoding"] == "text"
    body = probe["body"].encode() if is_text else base64.b64decode(probe["body"])

    try:
        document = read(body, LIMIT)
        is_refused = check(document) != [] or document["resourceType"] != probe["post_to"]
    except Unacceptable as unacceptable:
        is_refused = unacceptable.status == 400

    if probe["expect"] != "either, never 5xx":
        assert ("refuse" if is_refused else "accept") == probe["expect"]


def test_every_problem_is_told_at_its_place_and_nothing_else():
    document = a_claim(
        status="bogus",
        colour="red",
        item=[
            {"sequence": 1, "productOrService": {"text": "x"}},
            {
                "sequence": 0,
                "productOrService": {"coding": [{"code": " x"}]},
                "quantity": {"value": "1"},
                "servicedDate": "2026-02-30",
                "servicedPeriod": {"start": "2026-02-02", "end": "2026-02-01"},
            },
        ],
        diagnosis=[{"sequence": 1}],
    )
    del document["priority"]

    assert sorted(findings(document), key=lambda each: each[1]) == [
        (ErrorCode.UNKNOWN_ELEMENT, "Claim.colour"),
        (ErrorCode.REQUIRED, "Claim.diagnosis[0].diagnosis[x]"),
        (ErrorCode.VALUE, "Claim.item[1].productOrService.coding[0].code"),
        (ErrorCode.WRONG_TYPE, "Claim.item[1].quantity.value"),
        (ErrorCode.VALUE, "Claim.item[1].sequence"),
        (ErrorCode.VALUE, "Claim.item[1].servicedDate"),
        (ErrorCode.INVARIANT, "Claim.item[1].servicedPeriod"),
        (ErrorCode.CHOICE, "Claim.item[1].serviced[x]"),
        (ErrorCode.REQUIRED, "Claim.priority"),
        (ErrorCode.CODE, "Claim.status"),
    ]
    assert findings(a_claim()) == []


@pytest.mark.parametrize(
    "name", [None, "", 7, "Klaim", "claim", "Resource", "ClaimItem", "Coding", "NutritionProduct"]
)
def test_what_is_no_resource_type_is_refused(name):
    assert findings(a_claim(resourceType=name))[0] == (
        ErrorCode.RESOURCE_TYPE,
        "Resource.resourceType",
    )


def test_a_document_without_a_resource_type_is_refused():
    document = a_claim()
    del document["resourceType"]

    assert findings(document) == [(ErrorCode.RESOURCE_TYPE, "Resource.resourceType")]
    assert findings({}) == [(ErrorCode.EMPTY, "Resource")]


def test_no_issue_repeats_what_the_document_says():
    secret = "Jane Q. Example was here"
    document = a_claim(
        **{
            secret: {secret: secret},
            "status": secret,
            "created": secret,
            "identifier": [{"system": secret, "value": {secret: secret}, "use": secret}],
            "text": {"status": "generated", "div": f"<div onclick='{secret}'>{secret}</div>"},
            "patient": {"reference": f"#{secret}"},
            "total": {"currency": secret, "value": secret},
            "resourceType": "Claim",
        }
    )

    issues = check(document)

    assert len(issues) >= 8
    assert secret not in str(issues)


def test_a_small_body_does_not_cause_an_endless_answer():
    issues = check(a_claim(identifier=[{} for _ in range(3 * MAX_ISSUES)]))

    assert len(issues) == MAX_ISSUES


def test_nesting_without_end_is_refused():
    deep = {"url": "http://x", "valueBoolean": True}
    for _ in range(5_000):
        deep = {"url": "http://x", "extension": [deep]}
    shallow = {"url": "http://x", "extension": [{"url": "http://x", "valueBoolean": True}]}

    assert [issue.error for issue in check(a_claim(extension=[deep]))] == [ErrorCode.TOO_COMPLEX]
    assert check(a_claim(extension=[shallow])) == []


def test_a_wrong_leaf_deep_down_is_found_once():
    deep = {"url": "http://x", "valueBoolean": "true"}
    for _ in range(40):
        deep = {"url": "http://x", "extension": [deep]}

    path = "Claim" + ".extension[0]" * 41 + ".valueBoolean"
    assert findings(a_claim(extension=[deep])) == [(ErrorCode.WRONG_TYPE, path)]


def test_names_that_only_the_model_classes_know_are_unknown():
    for name in ("fhir_comments", "status__ext", "resource_type", "for_fhir"):
        assert findings(a_claim(**{name: "x"}))[0][0] is ErrorCode.UNKNOWN_ELEMENT


REASON = {"extension": [{"url": "http://x/reason", "valueCode": "unknown"}]}


def test_a_mandatory_primitive_may_be_absent_for_a_reason():
    document = a_claim(_created=REASON)
    del document["created"]

    assert findings(document) == []
    assert findings(document | {"_created": {"id": "x"}}) == [(ErrorCode.REQUIRED, "Claim.created")]


def test_a_mandatory_complex_element_may_not():
    document = a_claim(_patient=REASON)
    del document["patient"]

    assert findings(document) == [
        (ErrorCode.REQUIRED, "Claim.patient"),
        (ErrorCode.UNKNOWN_ELEMENT, "Claim.patient"),
    ]


def test_the_extension_of_a_primitive_is_checked_under_its_name():
    patient = {"resourceType": "Patient", "birthDate": "1970-01-01"}
    named = patient | {"_birthDate": REASON}
    unnamed = patient | {"_birthDate": {"extension": [{"valueCode": "unknown"}]}}

    assert findings(named) == []
    assert findings(unnamed) == [(ErrorCode.REQUIRED, "Patient.birthDate.extension[0].url")]
    assert findings(patient | {"_birthDate": {}}) == [(ErrorCode.EMPTY, "Patient.birthDate")]


@pytest.mark.parametrize(
    ("given", "extensions", "expected"),
    [
        (["Ann", None], [None, REASON], []),
        ([None, "Ann"], [REASON], []),
        (["Ann"], [REASON], []),
        (["Ann", None], [REASON, None], ["Patient.name[0].given[1]"] * 2),
        (["Ann", None], [REASON], ["Patient.name[0].given[1]"]),
        ([None], None, ["Patient.name[0].given[0]"]),
        (None, [REASON], []),
        (None, [None], ["Patient.name[0].given[0]"]),
    ],
)
def test_a_null_stands_only_where_the_other_array_has_something(given, extensions, expected):
    name = {"given": given, "_given": extensions}
    name = {key: value for key, value in name.items() if value is not None}

    found = findings({"resourceType": "Patient", "name": [name]})

    assert found == [(ErrorCode.EMPTY, path) for path in expected]


def test_a_choice_may_be_given_by_its_extension_but_not_beside_another():
    item = {"sequence": 1, "productOrService": {"text": "x"}, "_servicedDate": REASON}

    assert findings(a_claim(item=[item])) == []
    assert findings(a_claim(item=[item | {"servicedDate": "2026-01"}])) == []
    assert findings(a_claim(item=[item | {"servicedPeriod": {"start": "2026"}}])) == [
        (ErrorCode.CHOICE, "Claim.item[0].serviced[x]")
    ]


def test_an_open_value_is_of_r4s_types():
    def extended(**value):
        return a_claim(extension=[{"url": "http://x"} | value])

    assert findings(extended(valueMeta={"source": "http://y"})) == []
    assert findings(extended(valueMoney={"value": Decimal("1.00"), "currency": "EUR"})) == []
    assert findings(extended(valueCodeableReference={"concept": {"text": "x"}}))[0] == (
        ErrorCode.UNKNOWN_ELEMENT,
        "Claim.extension[0].valueCodeableReference",
    )
    assert (ErrorCode.CHOICE, "Claim.extension[0].value[x]") in findings(
        extended(valueMeta={"source": "http://y"}, valueString="x")
    )


def test_resources_within_are_checked_with_their_whole_path():
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": a_claim()}, {"resource": a_claim(use="x")}, {"resource": {}}],
    }
    parameters = {
        "resourceType": "Parameters",
        "parameter": [{"name": "resource", "resource": a_claim(resourceType="Klaim")}],
    }

    assert findings(bundle) == [
        (ErrorCode.CODE, "Bundle.entry[1].resource.use"),
        (ErrorCode.EMPTY, "Bundle.entry[2].resource"),
    ]
    assert findings(parameters) == [
        (ErrorCode.RESOURCE_TYPE, "Parameters.parameter[0].resource.resourceType")
    ]


def test_an_issue_is_a_sentence_with_a_place():
    assert check(a_claim(use="x")) == [
        Issue(
            ErrorCode.CODE,
            "The code is not in the required value set "
            "(claim, preauthorization, predetermination).",
            "Claim.use",
        )
    ]


def test_importing_the_checker_does_not_load_the_models():
    program = "import sys, app.fhir.validation; print('pydantic' in sys.modules)"

    result = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )

    assert result.stdout.strip() == "False"
