"""What each kind of value finds, by row of the tables of the specification."""

from decimal import Decimal

import pytest

from app.domain.search.query import (
    Comparator,
    DateMatch,
    Has,
    NumberMatch,
    ReferenceMatch,
    TextMatch,
    TextMode,
    TokenMatch,
)
from tests.store.searching.world import date, day, link, number, token, words

CODED = {
    "coded": token("status", "active", "http://codes.test"),
    "bare": token("status", "active"),
    "other": token("status", "draft", "http://codes.test"),
    "system": token("status", "", "http://codes.test"),
}


@pytest.mark.parametrize(
    ("match", "found"),
    [
        (TokenMatch("active"), ["bare", "coded"]),
        (TokenMatch("active", ""), ["bare"]),
        (TokenMatch("active", "http://codes.test"), ["coded"]),
        (TokenMatch(None, "http://codes.test"), ["coded", "other", "system"]),
        (TokenMatch(None, None), ["bare", "coded", "other", "system"]),
        (TokenMatch("Active"), []),
        (TokenMatch("active", "http://elsewhere.test"), []),
        (TokenMatch("active\x00"), []),
        (TokenMatch("\ud800"), []),
    ],
    ids=str,
)
def test_a_token_is_found_by_code_and_system(world, match, found):
    for id, entry in CODED.items():
        world.add(f"Claim/{id}", entry)

    assert world.found("Claim", Has(("status",), (match,))) == found
    missed = sorted(set(CODED) - set(found))
    assert world.found("Claim", Has(("status",), (match,), is_negated=True)) == missed


@pytest.mark.parametrize(
    ("match", "found"),
    [
        (ReferenceMatch("Patient", "1"), ["a"]),
        (ReferenceMatch(None, "1"), ["a", "b"]),
        (ReferenceMatch("Patient", "3"), []),
        (ReferenceMatch("Patient", "1\x00"), []),
    ],
    ids=str,
)
def test_a_reference_is_found_by_its_target(world, match, found):
    world.add("Claim/a", link("patient", "Patient/1"))
    world.add("Claim/b", link("patient", "Group/1"))
    world.add("Claim/c", link("patient", "Patient/2"), link("provider", "Patient/1"))

    assert world.found("Claim", Has(("patient",), (match,))) == found


# Looked for is the time from the 10th to the 20th.
DATES = {"before": (1, 9), "into": (5, 10), "inside": (12, 13), "exact": (10, 20)} | {
    "out-of": (20, 25),
    "around": (5, 25),
    "after": (21, 25),
}


@pytest.mark.parametrize(
    ("comparator", "found"),
    [
        ("eq", {"inside", "exact"}),
        ("ne", {"before", "into", "out-of", "around", "after"}),
        ("gt", {"out-of", "around", "after"}),
        ("lt", {"before", "into", "around"}),
        ("ge", {"inside", "exact", "out-of", "around", "after"}),
        ("le", {"inside", "exact", "before", "into", "around"}),
        ("sa", {"after"}),
        ("eb", {"before"}),
        ("ap", {"into", "inside", "exact", "out-of", "around"}),
    ],
)
def test_a_date_is_found_by_comparing_intervals(world, comparator, found):
    for id, (low, high) in DATES.items():
        world.add(f"Claim/{id}", date("created", low, high))
    match = DateMatch(Comparator(comparator), day(10), day(20))

    assert world.found("Claim", Has(("created",), (match,))) == sorted(found)


NUMBERS = {"less": "99.4", "least": "99.5", "same": "100", "most": "100.4", "more": "100.6"}


@pytest.mark.parametrize(
    ("comparator", "found"),
    [
        ("eq", {"least", "same", "most"}),
        ("ne", {"less", "more"}),
        ("gt", {"most", "more"}),
        ("lt", {"less", "least"}),
        ("ge", {"same", "most", "more"}),
        ("le", {"less", "least", "same"}),
        ("sa", {"most", "more"}),
        ("eb", {"less", "least"}),
        ("ap", {"least", "same", "most"}),
    ],
)
def test_a_number_is_found_by_its_precision_or_exactly(world, comparator, found):
    for id, value in NUMBERS.items():
        world.add(f"Claim/{id}", number("total", Decimal(value)))
    exact, low, high = Decimal(100), Decimal("99.5"), Decimal("100.5")
    match = NumberMatch(Comparator(comparator), exact, low, high)

    assert world.found("Claim", Has(("total",), (match,))) == sorted(found)


@pytest.mark.parametrize(
    ("unit", "found"),
    [
        ({}, ["bare", "eur", "mg", "usd"]),
        ({"code": "EUR"}, ["eur"]),
        ({"code": "EUR", "system": "urn:iso:std:iso:4217"}, ["eur"]),
        ({"code": "mg", "system": "urn:iso:std:iso:4217"}, []),
    ],
    ids=str,
)
def test_an_amount_is_found_by_its_unit_where_one_is_given(world, unit, found):
    money = "urn:iso:std:iso:4217"
    world.add("Claim/bare", number("total", Decimal(5)))
    world.add("Claim/eur", number("total", Decimal(5), system=money, code="EUR"))
    world.add("Claim/usd", number("total", Decimal(5), system=money, code="USD"))
    world.add("Claim/mg", number("total", Decimal(5), system="http://units.test", code="mg"))
    match = NumberMatch(Comparator.EQUAL, *3 * (Decimal(5),), **unit)

    assert world.found("Claim", Has(("total",), (match,))) == found


TEXTS = {"müller": "Müller", "plain": "Mullerson", "wild": "100%_\\", "uri": "http://a.test/b"}


@pytest.mark.parametrize(
    ("match", "found"),
    [
        (TextMatch("muller"), ["müller", "plain"]),
        (TextMatch("MÜLLER"), ["müller", "plain"]),
        (TextMatch("uller"), []),
        (TextMatch("ULLER", TextMode.CONTAINS), ["müller", "plain"]),
        (TextMatch("Müller", TextMode.EXACT), ["müller"]),
        (TextMatch("müller", TextMode.EXACT), []),
        (TextMatch("%", TextMode.CONTAINS), ["wild"]),
        (TextMatch("_", TextMode.CONTAINS), ["wild"]),
        (TextMatch("\\", TextMode.CONTAINS), ["wild"]),
        (TextMatch("100%"), ["wild"]),
        (TextMatch("1_0"), []),
        (TextMatch("http://a.test", TextMode.BELOW), ["uri"]),
        (TextMatch("HTTP://a.test", TextMode.BELOW), []),
        (TextMatch("http://a.test/b/c", TextMode.ABOVE), ["uri"]),
        (TextMatch("http://a.test/", TextMode.ABOVE), []),
        (TextMatch("muller\x00"), []),
        (TextMatch("mul\udfff"), []),
        (TextMatch("x" * 100_000, TextMode.CONTAINS), []),
        (TextMatch("%" * 100_000, TextMode.CONTAINS), []),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_a_text_is_found_as_its_mode_compares(world, match, found):
    for id, text in TEXTS.items():
        world.add(f"Claim/{id}", words("name", text))

    assert world.found("Claim", Has(("name",), (match,))) == sorted(found)


@pytest.mark.parametrize("last", ["\ud7ff", "\U0010ffff", "\U0010fffe"], ids=ascii)
def test_a_text_that_ends_where_characters_end_is_found_by_its_start(world, last):
    world.add("Claim/a", words("name", f"ab{last}cd"))
    world.add("Claim/b", words("name", "ac"))

    assert world.found("Claim", Has(("name",), (TextMatch(f"ab{last}"),))) == ["a"]
    assert world.found("Claim", Has(("name",), (TextMatch(f"ab{last}d"),))) == []


@pytest.mark.parametrize("how_many", [16, 17, 3000])
def test_many_values_are_asked_together(world, how_many):
    last = str(how_many - 1)
    world.add("Claim/a", token("status", last, "s"), link("patient", f"Patient/{last}"))
    world.add("Claim/b", token("status", "other", "s"), link("patient", f"Group/{last}"))
    world.add(f"Claim/{last}", token("status", last, "t"))
    numbers = [str(number) for number in range(how_many)]
    coded = Has(("status",), tuple(TokenMatch(number, "s") for number in numbers))
    refers = Has(("patient",), tuple(ReferenceMatch("Patient", number) for number in numbers))
    named = Has(("_id",), tuple(TokenMatch(number) for number in numbers))

    for condition, found in ((coded, ["a"]), (refers, ["a"]), (named, [last])):
        assert world.found("Claim", condition) == found
        negated = Has(condition.names, condition.matches, is_negated=True)
        assert world.found("Claim", negated) == sorted({"a", "b", last} - set(found))
    mixed = Has(("status", "patient"), (*coded.matches, *refers.matches))
    assert world.found("Claim", mixed) == ["a"]
