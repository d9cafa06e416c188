"""Primitive types: one row, one rule; the value refused, the error, and the accepted twin."""

import json
from decimal import Decimal

import pytest

from app.domain.issues import ErrorCode
from app.fhir.validation import check
from app.fhir.validation.dates import is_after

E = ErrorCode


def findings(type_name, value):
    extension = {"url": "http://x", f"value{type_name}": value}
    document = {"resourceType": "Basic", "code": {"text": "x"}, "extension": [extension]}
    return [(issue.error, issue.expression) for issue in check(document)]


ROWS = [
    ("Boolean", "true", E.WRONG_TYPE, True),
    ("Boolean", 1, E.WRONG_TYPE, False),
    ("Boolean", None, E.EMPTY, False),
    ("Integer", "1", E.WRONG_TYPE, 1),
    ("Integer", True, E.WRONG_TYPE, 0),
    ("Integer", Decimal("1.5"), E.WRONG_TYPE, -1),
    ("Integer", Decimal("1.0"), E.WRONG_TYPE, 1),
    ("Integer", 2**31, E.VALUE, 2**31 - 1),
    ("Integer", -(2**31) - 1, E.VALUE, -(2**31)),
    ("PositiveInt", 0, E.VALUE, 1),
    ("UnsignedInt", -1, E.VALUE, 0),
    ("Decimal", "1.50", E.WRONG_TYPE, Decimal("1.50")),
    ("Decimal", True, E.WRONG_TYPE, 1),
    ("Decimal", 1.5, E.WRONG_TYPE, Decimal("1.5")),
    ("String", 7, E.WRONG_TYPE, "7"),
    ("String", "", E.EMPTY, "x"),
    ("String", " \n\t", E.EMPTY, " x\n\t"),
    ("String", "a\x01b", E.VALUE, "a\tb"),
    ("String", [], E.EMPTY, "x"),
    ("String", ["x"], E.WRONG_TYPE, "x"),
    ("Markdown", "\x0b# x", E.VALUE, "# x\r\n\r\ny\u00a0\u2003"),
    ("Code", " x", E.VALUE, "x"),
    ("Code", "x ", E.VALUE, "x-y_z.1"),
    ("Code", "x  y", E.VALUE, "x y"),
    ("Code", "x\n\ny", E.VALUE, "x\ty"),
    ("Id", "a" * 65, E.VALUE, "a" * 64),
    ("Id", "a_b", E.VALUE, "A-b.9"),
    ("Uri", "http://x/a b", E.VALUE, "http://x/a%20b"),
    ("Uri", "http://x/\n", E.VALUE, "relative/too#here"),
    ("Uri", "urn:oid:3.1", E.VALUE, "urn:oid:2.16.840.1"),
    ("Uri", "urn:oid:1.02", E.VALUE, "urn:oid:1.0.2"),
    (
        "Uri",
        "urn:uuid:1234",
        E.VALUE,
        "urn:uuid:C757873D-EC9A-4326-A141-556F43239520",
    ),
    (
        "Uuid",
        "urn:uuid:C757873D-EC9A-4326-A141-556F43239520",
        E.VALUE,
        "urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
    ),
    ("Oid", "1.2.3", E.VALUE, "urn:oid:1.2.3"),
    ("Canonical", "http://x y", E.VALUE, "http://x|4.0.1"),
    ("Url", "http://x y", E.VALUE, "mailto:a@example.org"),
    ("Base64Binary", "YQ", E.VALUE, "YQ=="),
    ("Base64Binary", "YQ==YQ==", E.VALUE, "YWFh\n  YQ=="),
    ("Base64Binary", "a-_b", E.VALUE, "a+/b"),
    ("Date", "2026-13", E.VALUE, "2026-12"),
    ("Date", "2026-02-29", E.VALUE, "2024-02-29"),
    ("Date", "1900-02-29", E.VALUE, "2000-02-29"),
    ("Date", "2026-04-31", E.VALUE, "2026-04-30"),
    ("Date", "0000", E.VALUE, "0001"),
    ("Date", "26-01-01", E.VALUE, "2026"),
    ("Date", "2026-1-1", E.VALUE, "2026-01-01"),
    ("Date", "20260101", E.VALUE, "2026-01-01"),
    ("Date", "2026-W01-1", E.VALUE, "2026-01-01"),
    ("Date", "2026-01-01T00:00:00Z", E.VALUE, "2026-01-01"),
    ("Date", "\u0662026-01-01", E.VALUE, "2026-01-01"),
    ("DateTime", "2026-01-01T10:00:00", E.VALUE, "2026-01-01T10:00:00Z"),
    ("DateTime", "2026-01-01T10:00Z", E.VALUE, "2026-01-01T10:00:00+14:00"),
    ("DateTime", "2026-01-01T24:00:00Z", E.VALUE, "2026-01-01T23:59:60Z"),
    ("DateTime", "2026-01-01 10:00:00Z", E.VALUE, "2026-01"),
    ("DateTime", "2026-01-01T10:00:00+14:30", E.VALUE, "2026-01-01T10:00:00.123456789-13:59"),
    ("DateTime", "2026-02-30T10:00:00Z", E.VALUE, "2026-02-28T10:00:00Z"),
    ("Instant", "2026-01-01", E.VALUE, "2026-01-01T10:00:00.000Z"),
    ("Instant", "2026-01-01T10:00:00", E.VALUE, "2026-01-01T10:00:00-05:00"),
    ("Time", "10:00", E.VALUE, "10:00:00"),
    ("Time", "10:00:00Z", E.VALUE, "10:00:00.5"),
    ("Time", "24:00:00", E.VALUE, "00:00:00"),
    ("Money", {"currency": "cad"}, E.CODE, {"currency": "CAD"}),
    ("Money", {"currency": "ZZZ"}, E.CODE, {"currency": "XXX"}),
    ("Quantity", {"value": 1, "comparator": "="}, E.CODE, {"value": 1, "comparator": ">="}),
    ("Identifier", {"value": "1", "use": "home"}, E.CODE, {"value": "1", "use": "usual"}),
    ("Coding", {}, E.EMPTY, {"display": "only a display"}),
    ("Coding", [], E.EMPTY, {"system": "http://x", "code": "x"}),
    ("Coding", "x", E.WRONG_TYPE, {"code": "x"}),
    ("CodeableConcept", {"coding": []}, E.EMPTY, {"coding": [{"code": "x"}]}),
    ("CodeableConcept", {"coding": {"code": "x"}}, E.WRONG_TYPE, {"text": "x"}),
    (
        "Expression",
        {"expression": "1", "language": " "},
        E.VALUE,
        {
            "expression": "1",
            "language": "text/anything",
        },
    ),
]


@pytest.mark.parametrize(
    ("type_name", "refused", "error", "accepted"),
    ROWS,
    ids=[f"{row[0]}-{str(row[1])[:20]!a}" for row in ROWS],
)
def test_a_value_keeps_the_rules_of_its_type(type_name, refused, error, accepted):
    path = f"Basic.extension[0].value{type_name}"

    found = findings(type_name, refused)

    assert [each for each, _ in found] == [error]
    assert found[0][1].startswith(path)
    assert findings(type_name, accepted) == []


TASK = {"resourceType": "Task", "intent": "order"}
OUTCOME = {"severity": "error"}

CODES = [
    *(
        TASK | {"status": code}
        for code in ("requested", "rejected", "on-hold", "in-progress", "failed")
    ),
    *(
        {"resourceType": "OperationOutcome", "issue": [OUTCOME | {"code": code}]}
        for code in ("business-rule", "multiple-matches", "informational")
    ),
    {"resourceType": "Observation", "status": "corrected", "code": {"text": "x"}},
    {"resourceType": "Encounter", "status": "unknown", "class": {"code": "x"}},
]


@pytest.mark.parametrize("document", CODES, ids=str)
def test_every_code_of_a_value_set_is_known_and_no_other(document):
    text = json.dumps(document)
    code = document.get("status") or document["issue"][0]["code"]

    assert check(document) == []
    for wrong in ("+", code.upper(), f"{code}s"):
        changed = json.loads(text.replace(json.dumps(code), json.dumps(wrong)))
        assert [issue.error for issue in check(changed)] == [ErrorCode.CODE]


AFTER = [
    ("2026-01-02", "2026-01-01", True),
    ("2026-01-01", "2026-01-01", False),
    ("2026-02", "2026-01-31", True),
    ("2026-01", "2026-01-31", False),
    ("2026-01-31", "2026-01", False),
    ("2027", "2026-12-31", True),
    ("2026-01-01T10:00:00Z", "2026-01-01T10:30:00+01:00", True),
    ("2026-01-01T10:00:00+01:00", "2026-01-01T09:30:00Z", False),
    ("2026-01-01T10:00:00.0002Z", "2026-01-01T10:00:00.0001Z", True),
    ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z", True),
    # A day without a zone may have begun or ended elsewhere.
    ("2026-01-02", "2026-01-01T22:00:00Z", False),
    ("2026-01-02", "2026-01-01T09:00:00Z", True),
    ("2026-01-02T10:00:00Z", "2026-01-01", False),
    ("2026-01-03T10:00:00Z", "2026-01-01", True),
    ("2026-03-01T20:00:00Z", "2026-02", True),
    ("2025-12-31T20:00:00Z", "2026", False),
    ("9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00", True),
    ("0001", "9999-12-31T23:59:59Z", False),
    ("9999-12-31T23:59:59Z", "9999", False),
]


@pytest.mark.parametrize(("one", "other", "expected"), AFTER)
def test_a_date_is_after_another_only_if_it_certainly_is(one, other, expected):
    assert is_after(one, other) is expected
    assert not (expected and is_after(other, one))
