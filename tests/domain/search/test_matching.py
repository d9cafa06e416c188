"""Which entries meet which conditions."""

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
from app.domain.search.matching import AnyLocal, local, matches, meets
from app.domain.search.query import (
    AnyOf,
    Chained,
    Comparator,
    DateMatch,
    Has,
    Missing,
    NumberMatch,
    ReferenceMatch,
    ReferredTo,
    TextMatch,
    TextMode,
    TokenMatch,
)

SYSTEM = "http://s.example"
CODED = TokenEntry("n", "c", SYSTEM)
BARE = TokenEntry("n", "c")
OURS = ReferenceEntry("n", "Patient", "1")
TEXT = StringEntry("n", "Müller Straße")
URL = StringEntry("n", "http://a.example/b")


def day(number):
    return datetime(2024, 5, number, tzinfo=UTC)


def dates(comparator):
    """The tenth to the twentieth."""
    return DateMatch(Comparator(comparator), day(10), day(20))


def number(comparator, code=None, system=None):
    """100, which is 99.5 to 100.5."""
    bounds = Decimal("99.5"), Decimal("100.5")
    return NumberMatch(Comparator(comparator), Decimal(100), *bounds, code, system)


@pytest.mark.parametrize(
    ("entry", "match", "expected"),
    [
        (CODED, TokenMatch("c"), True),
        (CODED, TokenMatch("d"), False),
        (CODED, TokenMatch("C"), False),
        (CODED, TokenMatch("c", SYSTEM), True),
        (CODED, TokenMatch("c", "http://t.example"), False),
        (CODED, TokenMatch("c", ""), False),
        (CODED, TokenMatch(None, SYSTEM), True),
        (CODED, TokenMatch(None, "http://t.example"), False),
        (BARE, TokenMatch("c"), True),
        (BARE, TokenMatch("c", ""), True),
        (BARE, TokenMatch("c", SYSTEM), False),
        (BARE, TextMatch("c"), False),
        (OURS, ReferenceMatch("Patient", "1"), True),
        (OURS, ReferenceMatch(None, "1"), True),
        (OURS, ReferenceMatch("Group", "1"), False),
        (OURS, ReferenceMatch("Patient", "2"), False),
        (OURS, TokenMatch("1"), False),
        (TEXT, TextMatch("muller"), True),
        (TEXT, TextMatch("strasse"), False),
        (TEXT, TextMatch("STRASSE", TextMode.CONTAINS), True),
        (TEXT, TextMatch("weg", TextMode.CONTAINS), False),
        (TEXT, TextMatch("Müller Straße", TextMode.EXACT), True),
        (TEXT, TextMatch("müller straße", TextMode.EXACT), False),
        (URL, TextMatch("http://a.example", TextMode.BELOW), True),
        (URL, TextMatch("http://A.example", TextMode.BELOW), False),
        (URL, TextMatch("http://a.example/b/c", TextMode.ABOVE), True),
        (URL, TextMatch("http://a.example/", TextMode.ABOVE), False),
        (URL, TokenMatch("http://a.example/b"), False),
    ],
)
def test_an_entry_meets_what_is_looked_for(entry, match, expected):
    assert meets(entry, match) is expected


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (12, 15, "eq ge le ap"),
        (10, 20, "eq ge le ap"),
        (5, 15, "ne lt le ap"),
        (15, 25, "ne gt ge ap"),
        (5, 25, "ne gt lt ge le ap"),
        (1, 5, "ne lt le eb"),
        (1, 10, "ne lt le ap"),
        (25, 28, "ne gt ge sa"),
        (20, 28, "ne gt ge ap"),
    ],
)
def test_a_date_is_before_after_or_within_as_its_prefix_asks(low, high, expected):
    entry = DateEntry("n", day(low), day(high))

    met = [each for each in Comparator if meets(entry, dates(each))]

    assert set(met) == set(expected.split())
    assert not meets(entry, number("eq"))


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        ("100", "100", "eq ge le ap"),
        ("100.2", "100.2", "eq gt ge sa ap"),
        ("99.7", "99.7", "eq lt le eb ap"),
        ("101", "101", "ne gt ge sa"),
        ("99", "99", "ne lt le eb"),
        ("99", "101", "ne gt lt ge le ap"),
    ],
)
def test_a_number_is_less_more_or_the_same_as_its_prefix_asks(low, high, expected):
    entry = NumberEntry("n", Decimal(low), Decimal(high))

    assert {each for each in Comparator if meets(entry, number(each))} == set(expected.split())


@pytest.mark.parametrize(
    ("entry", "match", "expected"),
    [
        ((SYSTEM, "mg"), (None, None), True),
        ((SYSTEM, "mg"), ("mg", None), True),
        ((SYSTEM, "mg"), ("mg", SYSTEM), True),
        ((SYSTEM, "mg"), ("g", None), False),
        ((SYSTEM, "mg"), ("mg", "http://t.example"), False),
        ((None, None), (None, None), True),
        ((None, None), ("mg", None), False),
        ((None, None), (None, ""), False),
    ],
)
def test_a_number_has_the_unit_that_is_asked_for(entry, match, expected):
    assert meets(NumberEntry("n", Decimal(100), Decimal(100), *entry), number("eq", *match)) is (
        expected
    )


# --- conditions

HAS = Has(("n",), (TokenMatch("d"), TokenMatch("c")))


@pytest.mark.parametrize(
    ("entries", "condition", "expected"),
    [
        ([CODED], HAS, True),
        ([], HAS, False),
        ([TokenEntry("m", "c")], HAS, False),
        ([TokenEntry("m", "c")], Has(("n", "m"), (TokenMatch("c"),)), True),
        ([CODED], Has(("n",), HAS.matches, is_negated=True), False),
        ([TokenEntry("n", "e")], Has(("n",), HAS.matches, is_negated=True), True),
        ([], Has(("n",), HAS.matches, is_negated=True), True),
        ([CODED], Missing("n", is_missing=True), False),
        ([CODED], Missing("n", is_missing=False), True),
        ([TokenEntry("n:identifier", "c")], Missing("n", is_missing=True), False),
        ([TokenEntry("n:text", "c")], Missing("n", is_missing=True), True),
        ([CODED], Missing("m", is_missing=True), True),
        ([CODED], Missing("m", is_missing=False), False),
        ([CODED], AnyLocal((Missing("n", is_missing=True), HAS)), True),
        ([CODED], AnyLocal((Missing("n", is_missing=True), Missing("m", is_missing=False))), False),
        ([], AnyLocal(()), False),
    ],
)
def test_a_resource_meets_a_condition_by_its_entries(entries, condition, expected):
    assert matches(iter(entries), condition) is expected


CHAINED = Chained("n", ("Patient",), (HAS,))


@pytest.mark.parametrize(
    "condition", [CHAINED, ReferredTo("Claim", "n", (HAS,)), AnyOf((HAS, CHAINED))]
)
def test_what_asks_of_other_resources_is_not_decided_by_entries(condition):
    assert local(condition) is None


def test_what_asks_of_one_resource_is_decided_by_its_entries():
    missing = Missing("n", is_missing=True)

    assert local(HAS) is HAS
    assert local(missing) is missing
    assert local(AnyOf((HAS, AnyOf((missing,))))) == AnyLocal((HAS, AnyLocal((missing,))))
