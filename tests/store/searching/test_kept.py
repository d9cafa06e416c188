"""Statements that are made once: searches alike share one, and each finds what is its own."""

import pytest

from app.domain.search.query import (
    AnyOf,
    Comparator,
    DateMatch,
    Has,
    Place,
    ReferenceMatch,
    Search,
    TextMatch,
    TokenMatch,
)
from app.store.search.rows import SearchRows
from app.store.searching.kept import kept
from tests.store.scopes import MINE, PAYERS, THEIRS
from tests.store.searching.world import date, day, link, token


def numbered(code, system="s"):
    return Has(("identifier",), (TokenMatch(code, system),))


def on(number, last=None):
    return Has(("created",), (DateMatch(Comparator.EQUAL, day(number), day(last or number)),))


def of(patient):
    return Has(("patient",), (ReferenceMatch("Patient", patient),))


@pytest.fixture
def asked(installation):
    """The statement that is kept for a search; None where none is."""

    def ask(*conditions, scope=MINE, limit=20, place=None, order=()):
        search = Search("Claim", conditions, order)
        index = SearchRows(installation.hasher)
        found = kept(search, scope, index, limit, place, is_backward=False)
        return None if found is None else found.question

    return ask


@pytest.mark.parametrize(
    "condition",
    [
        Has(("_id",), (TokenMatch("1"),)),
        Has(("_lastUpdated",), (DateMatch(Comparator.EQUAL, day(1), day(1)),)),
        Has(("name",), (TextMatch("some"),)),
        numbered("a\x00b"),
        AnyOf((numbered("1"), Has(("_id",), (TokenMatch("1"),)))),
    ],
    ids=["id", "update", "text", "unkept", "any"],
)
def test_what_depends_on_its_value_has_a_statement_of_its_own(asked, condition):
    assert asked(condition) is None
    assert asked(numbered("1")) is not None


def test_only_what_makes_another_statement_tells_two_searches_apart(asked):
    one = asked(numbered("1"), of("p"))

    assert one is asked(numbered("2", "t"), of("q"))
    assert one is asked(numbered("1"), of("p"), scope=THEIRS)
    others = [
        asked(of("p"), numbered("1")),
        asked(numbered("1"), of("p"), scope=PAYERS),
        asked(numbered("1"), of("p"), limit=21),
        asked(numbered("1"), of("p"), place=Place((), "x")),
        # One mark for equal values: what is asked twice is asked once.
        asked(numbered("1"), numbered("1")),
        asked(numbered("1"), numbered("2")),
        asked(on(1)),
        # A wide date leads to too many, and is only probed.
        asked(on(1, 31)),
    ]
    assert len({id(each) for each in (one, *others)}) == 1 + len(others)
    assert asked(on(1)) is asked(on(2))


@pytest.fixture
def claims(world):
    """Two Claims of each patient, and one of another submitter."""
    for number in range(4):
        own = (token("identifier", str(number), "s"), date("created", number + 1))
        world.add(f"Claim/c{number}", *own, link("patient", f"Patient/p{number // 2}"))
    world.add("Claim/theirs", token("identifier", "0", "s"), scope=THEIRS)
    return world


def test_each_search_finds_by_its_own_values(claims):
    assert [claims.found("Claim", numbered(str(each))) for each in range(5)] == [
        ["c0"], ["c1"], ["c2"], ["c3"], [],
    ]  # fmt: skip
    assert [claims.found("Claim", of(each)) for each in ("p0", "p1")] == [
        ["c0", "c1"],
        ["c2", "c3"],
    ]
    assert [claims.found("Claim", on(each)) for each in (1, 4)] == [["c0"], ["c3"]]
    assert claims.found("Claim", on(2, 31)) == ["c1", "c2", "c3"]
    assert claims.found("Claim", of("p0"), numbered("1")) == ["c1"]
    assert claims.found("Claim", numbered("0", "other")) == []


def test_each_scope_finds_what_it_may_see(claims):
    for scope, found in [(MINE, ["c0"]), (THEIRS, ["theirs"]), (PAYERS, ["c0", "theirs"])]:
        assert claims.found("Claim", numbered("0"), scope=scope) == found


def test_a_page_goes_on_where_the_one_before_ended(claims):
    search = Search("Claim", (of("p1"),))
    first = claims.seen_by(MINE).search.page(search, 1)
    second = claims.seen_by(MINE).search.page(search, 1, after=first.found[-1][1])

    assert [[stored.id for stored, _ in page.found] for page in (first, second)] == [["c2"], ["c3"]]
    assert [(page.has_more, page.total) for page in (first, second)] == [
        (True, None),
        (False, None),
    ]


def test_a_page_that_is_all_tells_how_many_match(claims):
    search = Search("Claim", (of("p1"),))
    searching = claims.seen_by(MINE).search

    assert searching.page(search, 2).total == searching.total(search, None) == 2
    assert searching.page(search, 1).total is None
