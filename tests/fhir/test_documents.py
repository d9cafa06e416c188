"""References, identifiers, codings and money as they stand in a document."""

from datetime import date
from decimal import Decimal

import pytest

from app.domain.claims import Days
from app.domain.codes import Coding
from app.domain.money import NO_CURRENCY, Money
from app.domain.references import Identifier, Reference
from app.fhir.documents import (
    codings_of,
    days_of,
    extension_of,
    identifier_of,
    identifiers_of,
    money_of,
    reference_of,
    resolved,
)
from tests.fhir.asked import BASE, example


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("Claim/1", Reference("Claim", "1")),
        ("Claim/1/_history/2", Reference("Claim", "1", 2)),
        (f"{BASE}/Claim/1", Reference("Claim", "1")),
        (f"{BASE}/Claim/1/_history/12", Reference("Claim", "1", 12)),
        ("Claim/1/_history/x", Reference(foreign="Claim/1/_history/x")),
        ("claim/1", Reference(foreign="claim/1")),
        ("Claim/1 ", Reference(foreign="Claim/1 ")),
        ("Claim?identifier=1", Reference(foreign="Claim?identifier=1")),
        (f"{BASE}4/Claim/1", Reference(foreign=f"{BASE}4/Claim/1")),
        ("http://elsewhere.org/Claim/1", Reference(foreign="http://elsewhere.org/Claim/1")),
        ("urn:uuid:c757873d", Reference(foreign="urn:uuid:c757873d")),
        ("#patient-1", Reference(foreign="#patient-1")),
        ("#", Reference(foreign="#")),
    ],
    ids=str,
)
def test_a_literal_reference_is_ours_or_foreign(address, expected):
    assert reference_of({"reference": address}, BASE) == expected


def test_a_base_with_a_trailing_slash_is_the_same_base():
    assert reference_of({"reference": f"{BASE}/Claim/1"}, f"{BASE}/") == Reference("Claim", "1")


def test_a_reference_keeps_its_identifier_type_and_display():
    value = {
        "type": "Claim",
        "identifier": {"system": "http://happyvalley.com/claim", "value": "1500"},
        "display": "Claim 1500",
    }

    assert reference_of(value, BASE) == Reference(
        type="Claim",
        identifier=Identifier("http://happyvalley.com/claim", "1500"),
        display="Claim 1500",
    )


def test_a_contained_resource_is_told_by_its_type_and_first_identifier():
    claim = example("Claim-100152")

    assert resolved(claim, claim["provider"], BASE) == Reference(
        type="Organization",
        identifier=Identifier("http://www.jurisdiction.com/oralhealthoffices", "3456"),
    )


def test_a_contained_resource_without_identifier_keeps_its_place_in_the_container():
    claim = example("Claim-100152")

    assert resolved(claim, claim["patient"], BASE) == Reference("Patient", foreign="#patient-1")


def test_a_reference_to_nothing_contained_stays_as_it_is():
    assert resolved({}, {"reference": "#lost"}, BASE) == Reference(foreign="#lost")


def test_identifiers_without_a_value_are_none():
    document = {"identifier": [{"system": "a"}, {"value": "1"}, {"system": "b", "value": "2"}]}

    assert identifiers_of(document) == (Identifier(None, "1"), Identifier("b", "2"))


def test_a_single_identifier_element_is_read_too():
    assert identifiers_of({"identifier": {"system": "a", "value": "1"}}) == (Identifier("a", "1"),)


def test_there_is_no_identifier_in_nothing():
    assert identifier_of(None) is None
    assert identifiers_of({}) == ()


def test_codings_without_a_code_are_none():
    concept = {"coding": [{"display": "?"}, {"system": "s", "code": "c", "display": "d"}]}

    assert codings_of(concept) == (Coding("s", "c", "d"),)
    assert codings_of({"text": "only words"}) == ()
    assert codings_of(None) == ()


def test_money_is_exact_to_the_last_zero():
    money = money_of({"value": Decimal("135.50"), "currency": "USD"})

    assert money == Money(Decimal("135.50"), "USD")
    assert str(money.amount) == "135.50"
    assert money_of({"value": 3, "currency": "JPY"}) == Money(Decimal(3), "JPY")


def test_money_without_an_amount_is_none_and_without_a_currency_has_none():
    assert money_of(None) is None
    assert money_of({"currency": "USD"}) is None
    assert money_of({"value": 1}) == Money(Decimal(1), NO_CURRENCY)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("2024", Days(date(2024, 1, 1), date(2024, 12, 31))),
        ("2024-02", Days(date(2024, 2, 1), date(2024, 2, 29))),
        ("2024-02-03T23:00:00-07:00", Days(date(2024, 2, 3), date(2024, 2, 3))),
        ({"start": "2024-02", "end": "2024-02"}, Days(date(2024, 2, 1), date(2024, 2, 29))),
        ({"start": "2024-02"}, Days(date(2024, 2, 1), None)),
        ({"end": "2024-02"}, Days(None, date(2024, 2, 29))),
    ],
    ids=str,
)
def test_a_partial_date_covers_all_of_its_days(value, expected):
    assert days_of(value) == expected


def test_an_extension_is_found_by_its_address():
    element = {"extension": [{"url": "a", "valueCode": "x"}, {"url": "b", "valueCode": "y"}]}

    assert extension_of(element, "b") == {"url": "b", "valueCode": "y"}
    assert extension_of(element, "c") is None
    assert extension_of({}, "b") is None
