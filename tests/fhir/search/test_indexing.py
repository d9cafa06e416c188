"""What a resource is found by: the entries of each kind of element."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from app.domain.search.entries import (
    DateEntry,
    NumberEntry,
    ReferenceEntry,
    StringEntry,
    TokenEntry,
)
from app.fhir import json_text
from app.fhir.search.definitions import searchable_types
from app.fhir.search.indexing import MAX_ENTRIES, entries_of
from app.fhir.search.ranges import CURRENCY, FIRST, FURTHEST, LAST
from tests.fhir.asked import BASE, EXAMPLES, example

NAMES = sorted(path.stem for path in EXAMPLES.glob("*-*.json"))
ONE_OF_EACH = sorted({name.partition("-")[0]: name for name in NAMES}.values())
WRONG = [None, True, 7, "x", "", [], {}, [[]], [None], [7], {"value": {}}, {"coding": 7}]


def entries(type, name, /, **members):
    """The entries under one name and those derived from it, of a resource of these members."""
    found = entries_of(type, members, BASE)
    return [each for each in found if each.name.partition(":")[0].partition("$")[0] == name]


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


# --- what has no entry


@pytest.mark.parametrize("type", [*sorted(searchable_types()), "Observation", "Bundle", ""])
@pytest.mark.parametrize("document", [{}, {"value": 1}, {"resourceType": 3, "identifier": "x"}])
def test_a_fragment_has_no_entries(type, document):
    # Whoever is not said to be dead lives.
    found = [each for each in entries_of(type, document, BASE) if each.name != "deceased"]

    assert found == []


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_a_member_of_any_shape_leaves_the_entries_of_the_others(name):
    document = example(name)
    type = document["resourceType"]
    for member in document:
        others = {key: value for key, value in document.items() if key != member}
        untouched = [each for each in entries_of(type, others, BASE) if each.name != "deceased"]
        for wrong in WRONG:
            found = entries_of(type, document | {member: wrong}, BASE)
            assert [each for each in untouched if each not in found] == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2024-13",
        "2023-02-29",
        "24",
        "2024-1",
        "2024-01-01T25:00:00Z",
        "1-1-1-1-1",
        "2024-01-01T",
    ],
)
def test_what_is_no_date_has_no_entry(text):
    assert entries("Claim", "created", created=text) == []


def test_a_text_is_no_number_and_a_truth_value_neither():
    assert entries("ChargeItem", "factor-override", factorOverride="1.5") == []
    assert entries("ChargeItem", "factor-override", factorOverride=True) == []
    assert entries("ChargeItem", "factor-override", factorOverride=Decimal("1.50")) == [
        NumberEntry("factor-override", Decimal("1.50"), Decimal("1.50"))
    ]


# --- tokens


def test_a_code_is_a_token_that_can_be_ordered():
    assert entries("Claim", "status", status="active") == [
        TokenEntry("status", "active", None, "active")
    ]


def test_a_truth_value_is_a_token():
    assert entries("Patient", "active", active=False) == [
        TokenEntry("active", "false", None, "false")
    ]


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({}, "false"),
        ({"deceasedBoolean": False}, "false"),
        ({"deceasedBoolean": True}, "true"),
        ({"deceasedDateTime": "2024"}, "true"),
    ],
)
def test_a_patient_is_dead_or_not(members, code):
    assert [each.code for each in entries("Patient", "deceased", gender="male", **members)] == [
        code
    ]


def test_a_concept_has_the_tokens_of_its_codings_and_the_words_beside_them():
    concept = {
        "coding": [
            {"system": "http://s.example", "code": "A", "display": "Letter A"},
            {"code": "a"},
        ],
        "text": "The first letter",
    }

    assert entries("Task", "code", code=concept) == [
        TokenEntry("code", "A", "http://s.example"),
        StringEntry("code:text", "Letter A"),
        TokenEntry("code", "a"),
        StringEntry("code:text", "The first letter"),
    ]


def test_a_concept_of_words_alone_is_not_missing():
    assert entries("Task", "code", code={"text": "cancel"}) == [
        TokenEntry("code", ""),
        StringEntry("code:text", "cancel"),
    ]


def test_an_identifier_is_found_by_its_value_and_by_its_type():
    identifier = {
        "system": "http://s.example",
        "value": "1",
        "type": {"coding": [{"system": "http://t.example", "code": "MR"}], "text": "Record"},
    }

    assert entries("Claim", "identifier", identifier=[identifier, {"value": "2"}]) == [
        TokenEntry("identifier", "1", "http://s.example"),
        StringEntry("identifier:text", "Record"),
        TokenEntry("identifier:of-type", "MR|1", "http://t.example"),
        TokenEntry("identifier", "2"),
    ]


def test_a_number_to_call_is_found_by_its_use_and_by_its_kind():
    phone = {"system": "phone", "value": "555", "use": "home"}
    mail = {"system": "email", "value": "a@b.example"}

    assert entries("Patient", "telecom", telecom=[phone, mail]) == [
        TokenEntry("telecom", "555", "home"),
        TokenEntry("telecom", "555", "phone"),
        TokenEntry("telecom", "a@b.example"),
        TokenEntry("telecom", "a@b.example", "email"),
    ]
    assert {each.code for each in entries("Patient", "email", telecom=[phone, mail])} == {
        "a@b.example"
    }


def test_a_tag_and_a_profile_are_found():
    meta = {"tag": [{"system": "http://s.example", "code": "t"}], "profile": ["http://p.example|2"]}

    assert entries("Claim", "_tag", meta=meta) == [TokenEntry("_tag", "t", "http://s.example")]
    assert entries("Claim", "_profile", meta=meta) == [
        StringEntry("_profile", "http://p.example|2"),
        StringEntry("_profile", "http://p.example"),
    ]


def test_id_and_time_of_change_are_no_entries():
    found = entries_of("Claim", {"id": "1", "meta": {"lastUpdated": "2024-01-01T00:00:00Z"}}, BASE)

    assert found == []


# --- references


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("Patient/1", ReferenceEntry("patient", "Patient", "1")),
        (f"{BASE}/Patient/1", ReferenceEntry("patient", "Patient", "1")),
        ("Patient/1/_history/2", ReferenceEntry("patient", "Patient", "1")),
        ("http://x.example/Patient/1", TokenEntry("patient", "http://x.example/Patient/1")),
        ("urn:uuid:1", TokenEntry("patient", "urn:uuid:1")),
        ("Nothing/1", TokenEntry("patient", "Nothing/1")),
        ("#p", TokenEntry("patient", "")),
    ],
)
def test_a_reference_is_ours_or_an_address(address, expected):
    assert entries("Claim", "patient", patient={"reference": address}) == [expected]


def test_a_reference_by_identifier_is_found_by_that_and_one_by_nothing_is_not_missing():
    reference = {"identifier": {"system": "http://s.example", "value": "1"}}

    assert entries("Claim", "insurer", insurer=reference) == [
        TokenEntry("insurer:identifier", "1", "http://s.example"),
    ]
    assert entries("Claim", "insurer", insurer={"display": "Some payer"}) == [
        TokenEntry("insurer", "")
    ]


def test_a_subject_that_is_no_patient_is_no_patient():
    assert entries("Invoice", "patient", subject={"reference": "Group/1"}) == []
    assert entries("Invoice", "patient", subject={"reference": "Patient/1"}) == [
        ReferenceEntry("patient", "Patient", "1")
    ]


def test_a_canonical_is_found_with_and_without_its_version():
    name = "instantiates-canonical"

    assert entries("Communication", name, instantiatesCanonical=["http://c.example|1"]) == [
        TokenEntry(name, "http://c.example|1"),
        TokenEntry(name, "http://c.example"),
    ]


# --- dates


DAY = DateEntry("occurrence", at(2024, 5, 1), at(2024, 5, 1, 23, 59, 59, 999999))


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"occurrenceDateTime": "2024-05-01"}, [DAY]),
        (
            {"occurrenceDateTime": "2024-05-01T10:00:00+02:00"},
            [DateEntry("occurrence", at(2024, 5, 1, 8), at(2024, 5, 1, 8, 0, 0, 999999))],
        ),
        (
            {"occurrenceDateTime": "2024-05-01T10:00:00"},
            [DateEntry("occurrence", at(2024, 5, 1, 10), at(2024, 5, 1, 10, 0, 0, 999999))],
        ),
        ({"occurrencePeriod": {"start": "2024-05-01", "end": "2024-05-01"}}, [DAY]),
        ({"occurrencePeriod": {"start": "2024-05-01"}}, [DateEntry("occurrence", DAY.low, LAST)]),
        ({"occurrencePeriod": {"end": "2024-05-01"}}, [DateEntry("occurrence", FIRST, DAY.high)]),
        ({"occurrencePeriod": {"id": "x"}}, []),
        ({"occurrenceTiming": {"event": ["2024-05-01", "2024-05-01"]}}, [DAY]),
        (
            {"occurrenceTiming": {"repeat": {"boundsPeriod": {"start": "2024-05-01"}}}},
            [DateEntry("occurrence", DAY.low, LAST)],
        ),
        ({"occurrenceTiming": {"repeat": {"frequency": 2}}}, []),
    ],
)
def test_a_date_covers_what_it_names(members, expected):
    assert entries("ChargeItem", "occurrence", **members) == expected


# --- texts


def test_each_part_of_a_name_is_a_text_of_its_own():
    name = {"family": "Chalmers", "given": ["Peter", "James"], "use": "official", "prefix": ["Dr"]}

    found = entries("Patient", "name", name=[name, {"text": "Jim"}])

    assert [each.text for each in found] == ["Chalmers", "Peter", "James", "Dr", "Jim"]
    assert entries("Patient", "family", name=[name]) == [StringEntry("family", "Chalmers")]


def test_each_part_of_an_address_is_a_text_of_its_own():
    address = {"line": ["1 Street", "Flat 2"], "city": "Town", "country": "NL", "use": "home"}

    found = entries("Patient", "address", address=[address])

    assert [each.text for each in found] == ["1 Street", "Flat 2", "Town", "NL"]


def test_a_name_is_found_by_its_sound():
    found = entries("Patient", "phonetic", name=[{"text": "Robert Smith"}])

    assert [each.text for each in found] == ["r163 s530", "r163", "s530"]


def test_a_long_text_is_cut():
    found = entries("ClaimResponse", "disposition", disposition="x" * 2000)

    assert [len(each.text) for each in found] == [1000]


# --- numbers


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [
        ({"value": 5}, [(5, 5, None, None)]),
        (
            {"value": 5, "unit": "mg", "system": "http://u.example", "code": "MG"},
            [(5, 5, "http://u.example", "MG"), (5, 5, None, "mg")],
        ),
        ({"value": 5, "unit": "mg"}, [(5, 5, None, "mg")]),
        ({"value": 5, "comparator": "<"}, [(-FURTHEST, 5, None, None)]),
        ({"value": 5, "comparator": ">="}, [(5, FURTHEST, None, None)]),
        ({"unit": "mg"}, []),
        ({"value": "5"}, []),
        ({"value": float("nan")}, []),
        (7, []),
    ],
)
def test_a_quantity_has_its_number_under_its_code_and_its_unit(quantity, expected):
    found = entries("ChargeItem", "quantity", quantity=quantity)

    assert [(each.low, each.high, each.system, each.code) for each in found] == expected


def test_an_amount_is_a_quantity_of_its_currency():
    amount = {"value": Decimal("10.50"), "currency": "EUR"}

    assert entries("Invoice", "totalnet", totalNet=amount) == [
        NumberEntry("totalnet", Decimal("10.50"), Decimal("10.50"), CURRENCY, "EUR")
    ]


@pytest.mark.parametrize(
    ("bounds", "low", "high"),
    [
        ({"low": {"value": 1}, "high": {"value": 2}}, 1, 2),
        ({"low": {"value": 1}}, 1, FURTHEST),
        ({"high": {"value": 2}}, -FURTHEST, 2),
    ],
)
def test_a_range_may_be_open(bounds, low, high):
    found = entries("ChargeItemDefinition", "context-quantity", useContext=[{"valueRange": bounds}])

    assert found == [NumberEntry("context-quantity", low, high)]


# --- composites


def test_a_composite_is_found_by_both_its_parts_together():
    contexts = [
        {"code": {"system": "http://c.example", "code": "age"}, "valueQuantity": {"value": 5}},
        {"code": {"code": "task"}, "valueCodeableConcept": {"coding": [{"code": "a"}]}},
    ]

    found = entries("ChargeItemDefinition", "context-type-quantity", useContext=contexts)

    assert found == [
        TokenEntry("context-type-quantity", "age", "http://c.example"),
        NumberEntry("context-type-quantity$age", 5, 5),
        NumberEntry("context-type-quantity$http://c.example|age", 5, 5),
        NumberEntry("context-type-quantity$http://c.example|", 5, 5),
        TokenEntry("context-type-quantity", "task"),
    ]
    assert TokenEntry("context-type-value$task", "a") in entries(
        "ChargeItemDefinition", "context-type-value", useContext=contexts
    )


# --- how many


def test_what_is_said_twice_is_kept_once():
    identifier = {"system": "http://s.example", "value": "1"}

    assert len(entries("Claim", "identifier", identifier=[identifier, identifier])) == 1


def test_a_thousand_lines_do_not_hide_whose_claim_it_is():
    devices = [{"udi": [{"reference": f"Device/{number}"}]} for number in range(3000)]
    claim = {"item": devices, "patient": {"reference": "Patient/1"}, "use": "claim"}

    found = entries_of("Claim", claim, BASE)

    assert len(found) == MAX_ENTRIES
    assert {each.name for each in found} == {"item-udi", "patient", "use"}


@pytest.mark.parametrize("length", [3, 240, 1000])
def test_a_composite_has_its_entries_however_long_its_code(length):
    code = "x" * length
    context = {
        "code": {"system": "http://c.example", "code": code},
        "valueQuantity": {"value": 5},
    }

    found = entries("ChargeItemDefinition", "context-type-quantity", useContext=[context])

    assert {each.name for each in found} == {
        "context-type-quantity",
        f"context-type-quantity${code}",
        f"context-type-quantity$http://c.example|{code}",
        "context-type-quantity$http://c.example|",
    }
    assert TokenEntry("context-type-quantity", code, "http://c.example") in found


@pytest.mark.parametrize("name", NAMES)
def test_an_example_has_an_entry_for_each_of_its_identifiers(name):
    document = json.loads(json.dumps(example(name), default=float))
    found = entries_of(document["resourceType"], document, BASE)
    identifiers = document.get("identifier", []) if found else []

    for each in identifiers if isinstance(identifiers, list) else [identifiers]:
        assert TokenEntry("identifier", each.get("value", ""), each.get("system")) in found


# --- the same by the text


@pytest.mark.parametrize("name", NAMES)
def test_with_its_text_a_resource_has_the_same_entries(name):
    document = example(name)
    type = document["resourceType"]
    whole = entries_of(type, document, BASE)

    for text in (json_text.write(document), json.dumps(document, default=str, indent=2)):
        found = entries_of(type, document, BASE, text)
        assert (len(found), set(found)) == (len(whole), set(whole))


@pytest.mark.parametrize(
    "text",
    [
        '{"note":[{"authorReference":{"reference" : "Patient/1"}}]}',
        '{"note":[{"authorReference":{"reference":"Patient\\/1"}}]}',
        '{"note":[{"authorReference":{"\\u0072eference":"Patient/1"}}]}',
    ],
)
def test_however_it_is_spelled_a_reference_is_found_in_the_text(text):
    document = json.loads(text)

    found = entries_of("Coverage", document, BASE, text)

    assert list(found) == [ReferenceEntry("*", "Patient", "1")]


def test_what_only_looks_like_a_reference_is_none():
    document = {"note": [{"text": '"reference":"Patient/1"'}], "reference": ["Patient/2"]}

    assert list(entries_of("Coverage", document, BASE, json.dumps(document))) == []
