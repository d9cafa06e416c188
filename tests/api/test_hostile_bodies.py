"""Bodies that mean harm, or nothing at all: refused by name, never a fault.

http://hl7.org/fhir/R4/json.html
"""

import copy
import json
from decimal import Decimal

import pytest

from app.fhir import json_text
from tests.builders import a_claim, a_communication, a_task, an_eligibility_request, an_input

CLAIM = json_text.write(a_claim(number="hostile"))
DEEP = 100_000
UNUSABLE = {
    "nothing": b"",
    "white-space": b" \n\t",
    "null": b"null",
    "true": b"true",
    "number": b"1",
    "string": b'"Claim"',
    "array": b"[]",
    "array-of-objects": b'[{"resourceType": "Claim"}]',
    "empty-object": b"{}",
    "truncated": CLAIM[:200].encode(),
    "two-documents": (CLAIM + CLAIM).encode(),
    "trailing-comma": b'{"resourceType": "Claim",}',
    "single-quotes": b"{'resourceType': 'Claim'}",
    "comment": b'{"resourceType": "Claim" /* x */}',
    "unquoted-key": b'{resourceType: "Claim"}',
    "nan": b'{"resourceType": "Claim", "total": {"value": NaN}}',
    "infinity": b'{"resourceType": "Claim", "total": {"value": -Infinity}}',
    "byte-order-mark": b"\xef\xbb\xbf" + CLAIM.encode(),
    "utf-16": CLAIM.encode("utf-16"),
    "invalid-utf-8": b'{"resourceType": "Claim", "language": "\xff\xfe"}',
    "overlong-utf-8": b'{"resourceType": "Claim", "language": "\xc0\xaf"}',
    "nul": b'{"resourceType": "Claim", "language": "a\x00b"}',
    "escaped-nul": b'{"resourceType": "Claim", "language": "a\\u0000b"}',
    "lone-surrogate": b'{"resourceType": "Claim", "language": "\\ud800"}',
    "reversed-surrogates": b'{"resourceType": "Claim", "language": "\\udc00\\ud800"}',
    "control-character": b'{"resourceType": "Claim", "language": "a\x01b"}',
    "key-twice": b'{"resourceType": "Claim", "use": "claim", "use": "claim"}',
    "type-twice": b'{"resourceType": "Claim", "resourceType": "Task"}',
    "deep-arrays": b'{"resourceType": "Claim", "item": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "deep-objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "deep-and-open": b"[" * DEEP,
    "many-numbers": b'{"resourceType": "Claim", "item": [' + b"1," * 300_000 + b"1]}",
    "long-integer": b'{"resourceType": "Claim", "total": {"value": ' + b"9" * 5000 + b"}}",
    "large-exponent": b'{"resourceType": "Claim", "total": {"value": 1e999999999}}',
    "small-exponent": b'{"resourceType": "Claim", "total": {"value": 1e-999999999}}',
    "prototype": b'{"resourceType": "Claim", "__proto__": {"status": "active"}}',
    "type-is-a-number": b'{"resourceType": 1}',
    "type-is-an-array": b'{"resourceType": ["Claim"]}',
    "type-is-null": b'{"resourceType": null}',
    "type-is-a-path": b'{"resourceType": "../Task"}',
}


@pytest.mark.parametrize("body", UNUSABLE.values(), ids=UNUSABLE)
def test_a_body_that_is_no_fhir_is_refused_everywhere(wire, rows, body):
    before = rows.counts()

    for path in ("Claim", "Task", "Claim/$submit", "Patient", "Communication"):
        refused = wire.post(path, body)
        assert refused.status == 400, path
        assert refused.document["resourceType"] == "OperationOutcome"
        assert refused.errors != ["ECG-FAULT"]

    assert rows.counts() == before


NO_WORD = ({"a": 1}, ["Task"], 7, None)


@pytest.mark.parametrize("odd", NO_WORD, ids=str)
def test_what_is_no_word_where_a_word_decides_is_refused(wire, rows, odd):
    patient = wire.post("Patient", {"resourceType": "Patient", "gender": "male"}).reference
    entry = {"resource": {"resourceType": odd, "id": "1"}}
    bag = {"resourceType": "Bundle", "type": "collection", "entry": [entry]}
    change = [{"op": odd, "path": "/gender", "value": "other"}]
    before = rows.counts()

    in_a_bag = wire.post("", json.dumps(bag))
    in_a_patch = wire.ask(
        "PATCH", patient, json.dumps(change), Content_Type="application/json-patch+json"
    )

    assert (in_a_bag.status, in_a_patch.status) == (400, 400)
    assert rows.counts() == before


ODD = (
    None,
    True,
    -1,
    "",
    "#",
    "Claim/1",
    "\U0001f600" * 300,
    [],
    [[]],
    [{}],
    {},
    {"reference": "#x"},
    {"coding": [{}]},
    {"extension": [{"url": "x"}]},
)
ODD_VALUES_IN_A_PLACE = 3
TASK = a_task(
    "poll",
    focus={"identifier": {"system": "s", "value": "v"}},
    number="1",
    inputs=[
        an_input("include", valueCode="Claim"),
        an_input("origresponse", valueReference={"reference": "ClaimResponse/1"}),
        an_input("period", valuePeriod={"start": "2026-01-01", "end": "2026-02-01"}),
        an_input("count", valuePositiveInt=1),
    ],
    requester={"reference": "Organization/1"},
    owner={"display": "x"},
    authoredOn="2026-03-02T09:00:00Z",
)
WHOLE = {
    "Claim": a_claim(
        number="1",
        billablePeriod={"start": "2026-03-01", "end": "2026-03-01"},
        contained=[{"resourceType": "Patient", "id": "p", "birthDate": "1970-01-01"}],
        patient={"reference": "#p"},
    ),
    "Task": TASK,
    "CoverageEligibilityRequest": an_eligibility_request(servicedDate="2026-03-01"),
    "Communication": a_communication(about=[{"reference": "Claim/1"}]),
    "Claim/$submit": {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Patient"}},
            {"fullUrl": "urn:uuid:2", "resource": a_claim(number="2")},
        ],
    },
}


def places(value, path=()):
    """Every place in a document, as the keys that lead there."""
    children = value.items() if isinstance(value, dict) else enumerate(value)
    for key, child in children:
        yield (*path, key)
        if isinstance(child, dict | list):
            yield from places(child, (*path, key))


def with_odd(document, path, odd):
    changed = copy.deepcopy(document)
    target = changed
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = odd
    return changed


@pytest.mark.parametrize("path", WHOLE)
def test_no_odd_value_anywhere_is_a_fault(wire, path):
    document = WHOLE[path]
    statuses = {}

    for start, place in enumerate(places(document)):
        # Each place meets some of the values, each value many places.
        for index in range(start, start + ODD_VALUES_IN_A_PLACE):
            odd = ODD[index % len(ODD)]
            body = json.dumps(with_odd(document, place, odd), default=float)
            statuses[(place, index % len(ODD))] = wire.post(path, body).status

    assert {key: status for key, status in statuses.items() if status >= 500} == {}
    assert list(statuses.values()).count(400) > 10


EXTREMES = [
    "0001-01-01",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31",
    "9999-12-31T23:59:59-12:00",
    "9999-12-31T23:59:59.999999999-12:00",
    "9999-12",
    "0001",
    "2026-03-02T23:59:60Z",
    "2026-03-02T24:00:00Z",
]


@pytest.mark.parametrize("text", EXTREMES)
def test_the_ends_of_time_are_no_fault(wire, core, worker, text):
    bodies = [
        ("Claim", a_claim(created=text)),
        ("Claim", a_claim(serviced=text)),
        ("Claim", a_claim("preauthorization", billablePeriod={"start": text, "end": text})),
        ("CoverageEligibilityRequest", an_eligibility_request(servicedDate=text)),
        ("CoverageEligibilityRequest", an_eligibility_request(created=text)),
        ("Task", a_task("poll", authoredOn=text)),
        ("Task", a_task("poll", inputs=[an_input("period", valuePeriod={"start": text})])),
        ("Task", a_task("poll", inputs=[an_input("period", valuePeriod={"end": text})])),
        ("Patient", {"resourceType": "Patient", "birthDate": text}),
    ]

    statuses = [(type, wire.post(type, body).status) for type, body in bodies]

    assert [one for one in statuses if one[1] not in {201, 400}] == []
    worker.drain()


@pytest.mark.parametrize(
    "amount", ["0", "0.00", "1e29", "999999999999999999999999.99", "0.000000001", "-0.00"]
)
def test_amounts_of_every_size_are_no_fault(wire, core, worker, amount):
    claim = json_text.write(a_claim(total={"value": Decimal("987.65"), "currency": "EUR"}))

    taken = wire.post("Claim", claim.replace("100.00", amount).replace("987.65", amount))

    assert taken.status in {201, 400}
    worker.drain()
    assert wire.task(a_task("poll")).status == 201


def test_a_name_of_a_mebibyte_is_kept_or_refused(wire):
    long = "x" * (1024 * 1024)
    number = {"system": "http://s.test", "value": long}

    assert wire.post("Patient", {"resourceType": "Patient", "identifier": [number]}).status == 201
    assert wire.post("Claim", a_claim(identifier=[number])).status == 201
    larger = {"system": "http://s.test", "value": long + "x"}
    assert wire.post("Claim", a_claim(identifier=[larger])).status == 400
