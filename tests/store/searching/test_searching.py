"""Pages, totals, orders, and what belongs to what was found."""

from datetime import timedelta
from decimal import Decimal
from itertools import chain

import pytest
from sqlalchemy import event

from app.domain.search.query import (
    AnyOf,
    Has,
    Place,
    ReferenceMatch,
    Search,
    SortKey,
    SortKind,
    TokenMatch,
)
from app.store.searching.order import WrongPlace
from tests.builders import NOW
from tests.store.scopes import MINE, PAYERS, THEIRS
from tests.store.searching.world import date, link, number, token, words

ACTIVE = Has(("status",), (TokenMatch("active"),))
EITHER = Has(("status",), (TokenMatch("active"), TokenMatch("draft")))
IDS = [f"c{number:02d}" for number in range(10)]


def walked(world, search, limit, scope=MINE):
    """All pages forward, then back from the end: what each has; both ways the same resources."""
    searching = world.seen_by(scope).search
    pages, after = [], None
    for _ in range(50):
        page = searching.page(search, limit, after=after)
        pages.append([stored.id for stored, _ in page.found])
        if not page.has_more:
            break
        after = page.found[-1][1]
    assert not page.has_more
    forward = [id for each in pages for id in each]
    if forward:
        first, back = page.found[0][1], [pages[-1]]
        while len(back) < len(pages):
            page = searching.page(search, limit, before=first)
            back.insert(0, [stored.id for stored, _ in page.found])
            assert page.has_more is (len(back) < len(pages))
            first = page.found[0][1]
        assert back == pages
    return pages


@pytest.mark.parametrize("scope", [MINE, PAYERS], ids=["submitter", "payer"])
@pytest.mark.parametrize(
    "conditions", [(), (ACTIVE,), (EITHER,), (AnyOf((ACTIVE,)),)], ids=["none", "one", "two", "any"]
)
def test_pages_hold_each_match_once_forward_and_back(world, conditions, scope):
    for id in reversed(IDS):
        world.add(f"Claim/{id}", token("status", "active"), token("status", "active", "s"))
    world.add("Claim/c05x", token("status", "active"), scope=THEIRS)
    matches = sorted([*IDS, "c05x"]) if scope is PAYERS else IDS

    pages = walked(world, Search("Claim", conditions), 3, scope)

    assert pages == [matches[at : at + 3] for at in range(0, len(matches), 3)]
    for order in ((SortKey("_id", SortKind.TOKEN),), (SortKey("_id", SortKind.TOKEN, True),)):
        pages = walked(world, Search("Claim", conditions, order), 3, scope)
        expected = matches[::-1] if order[0].is_descending else matches
        assert [id for page in pages for id in page] == expected


def test_a_page_is_of_the_current_versions_and_nothing_is_a_page_too(world):
    first = world.add("Claim/a", token("status", "active"))
    amended = world.seen_by(MINE).resources.amend(first, world.text(token("status", "draft")))
    searching = world.seen_by(MINE).search

    page = searching.page(Search("Claim", (EITHER,)), 10)

    assert page.found == [(amended, Place((), "a"))]
    assert not page.has_more
    assert searching.page(Search("Claim", (ACTIVE,)), 10).found == []
    assert searching.page(Search("Claim", (EITHER,)), 0).found == []
    assert searching.page(Search("Claim", (EITHER,)), 0).has_more


def test_a_place_stays_where_it_is_while_others_come_and_go(world):
    for id in ("b", "d", "f"):
        world.add(f"Claim/{id}", token("status", "active"))
    work = world.seen_by(MINE)
    [_, (_, place)] = work.search.page(Search("Claim", (ACTIVE,)), 2).found
    work.resources.delete(work.resources.find("Claim", "d"))
    world.add("Claim/c", token("status", "active"))
    world.add("Claim/e", token("status", "active"))

    following = work.search.page(Search("Claim", (ACTIVE,)), 9, after=place)
    previous = work.search.page(Search("Claim", (ACTIVE,)), 9, before=place)

    assert [stored.id for stored, _ in following.found] == ["e", "f"]
    assert [stored.id for stored, _ in previous.found] == ["b", "c"]


ORDERS = {
    "token": SortKey("status", SortKind.TOKEN),
    "reference": SortKey("patient", SortKind.REFERENCE),
    "date": SortKey("created", SortKind.DATE),
    "string": SortKey("name", SortKind.STRING),
    "number": SortKey("total", SortKind.NUMBER),
}


def sortable(world):
    """Claims with one value of each kind, with two, with the same as another, with none."""
    values = {"a": (3,), "b": (1, 9), "c": (2,), "d": (2,), "e": (), "f": (5, 4), "g": ()}
    for id, numbers in values.items():
        entries = [
            entry
            for each in numbers
            for entry in (
                token("status", f"hidden-{each}", sort_key=f"code-{each}"),
                link("patient", f"Patient/{each}"),
                date("created", each, each + 1),
                words("name", f"Name {each}"),
                number("total", Decimal(each), Decimal(each) + 1),
            )
        ]
        world.add(f"Claim/{id}", *entries)


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
@pytest.mark.parametrize("kind", ORDERS)
def test_an_order_takes_the_least_or_the_greatest_and_nothing_comes_last(world, kind, limit):
    sortable(world)
    rising, key = Search("Claim", (), (ORDERS[kind],)), ORDERS[kind]
    falling = Search("Claim", (), (SortKey(key.name, key.kind, is_descending=True),))

    assert [*chain(*walked(world, rising, limit))] == list("bcdafeg")
    assert [*chain(*walked(world, falling, limit))] == list("bfacdeg")


def test_several_keys_order_one_after_the_other(world):
    for id, (status, day) in {
        "a": ("x", 2), "b": ("y", 1), "c": ("x", 1), "d": ("y", 3), "e": ("x", 2), "f": (None, 1)
    }.items():  # fmt: skip
        coded = () if status is None else (token("status", status, sort_key=status),)
        world.add(f"Claim/{id}", *coded, date("created", day))
    order = (
        SortKey("status", SortKind.TOKEN, is_descending=True),
        SortKey("created", SortKind.DATE),
    )

    assert [*chain(*walked(world, Search("Claim", (), order), 2))] == list("bdcaef")


def test_the_last_change_is_an_order(world):
    for minutes, id in enumerate("cab"):
        world.add(f"Claim/{id}", now=NOW + timedelta(minutes=minutes))
    newest = SortKey("_lastUpdated", SortKind.DATE, is_descending=True)

    assert walked(world, Search("Claim", (), (newest,)), 2) == [["b", "a"], ["c"]]


ORDERED = Search(
    "Claim", (), (SortKey("created", SortKind.DATE), SortKey("total", SortKind.NUMBER))
)


@pytest.mark.parametrize(
    "place",
    [
        Place((), "a"),
        Place(("2026-01-01T00:00:00+00:00",), "a"),
        Place(("yesterday", "1"), "a"),
        Place(("2026-01-01T00:00:00", "1"), "a"),
        Place(("2026-01-01T00:00:00+00:00", "one"), "a"),
        Place(("2026-01-01T00:00:00+00:00", "NaN"), "a"),
        Place((None, None), "a\x00"),
    ],
    ids=str,
)
def test_a_place_of_no_such_order_is_refused(world, place):
    searching = world.seen_by(MINE).search

    with pytest.raises(WrongPlace):
        searching.page(ORDERED, 1, after=place)
    with pytest.raises(WrongPlace):
        searching.page(ORDERED, 1, before=place)
    usable = Place(("2026-01-01T00:00:00+00:00", "1"), "a")
    assert searching.page(ORDERED, 1, after=usable).found == []


@pytest.mark.parametrize(
    ("at_most", "counted"), [(None, 10), (10, 10), (11, 10), (9, 10), (8, 9), (0, 1)]
)
@pytest.mark.parametrize("conditions", [(), (ACTIVE,), (EITHER,)], ids=["none", "one", "two"])
def test_a_total_counts_each_match_once_and_ends_after_the_most(
    world, conditions, at_most, counted
):
    for id in IDS:
        world.add(f"Claim/{id}", token("status", "active"), token("status", "draft"))
    world.add("Claim/theirs", token("status", "active"), scope=THEIRS)

    assert world.seen_by(MINE).search.total(Search("Claim", conditions), at_most) == counted


@pytest.fixture
def linked(world):
    """Claims of two submitters that refer to each other's and to their own."""
    for scope, own, other in ((MINE, "mine", "theirs"), (THEIRS, "theirs", "mine")):
        world.add(f"Patient/{own}", scope=scope)
        about = link("patient", f"Patient/{own}")
        world.add(f"Claim/{own}-1", about, link("entered", f"Patient/{own}"), scope=scope)
        world.add(f"Claim/{own}-2", about, link("entered", f"Patient/{other}"), scope=scope)
        world.add(f"Claim/{own}-3", link("related", f"Claim/{own}-1"), scope=scope)
        world.add(f"Claim/{own}-4", link("related", f"Claim/{own}-4"), scope=scope)
        world.add(f"Task/{own}", link("focus", f"Claim/{own}-1"), scope=scope)
    return world


def test_what_is_referred_to_is_there_and_seen(linked):
    ids = ["mine-1", "mine-2", "mine-3", "theirs-1"]
    to = linked.seen_by(MINE).search.referred_to

    assert to("Claim", ids, None, None, 9) == [("Claim", "mine-1"), ("Patient", "mine")]
    assert to("Claim", ids, None, None, 1) == [("Claim", "mine-1")]
    assert to("Claim", ids, "patient", None, 9) == [("Patient", "mine")]
    assert to("Claim", ids, "entered", "Patient", 9) == [("Patient", "mine")]
    assert to("Claim", ids, "entered", "Group", 9) == []
    assert to("Claim", [], None, None, 9) == []
    everything = linked.seen_by(PAYERS).search.referred_to("Claim", ids, "entered", None, 9)
    assert everything == [("Patient", "mine"), ("Patient", "theirs")]


def test_what_refers_is_seen(linked):
    by = linked.seen_by(MINE).search.referring

    assert by("Claim", ["mine-1"], "Claim", None, 9) == [("Claim", "mine-3")]
    assert by("Claim", ["mine-1"], "Task", "focus", 9) == [("Task", "mine")]
    assert by("Claim", ["mine-1"], "Task", "owner", 9) == []
    assert by("Patient", ["mine", "theirs"], "Claim", None, 9) == [
        ("Claim", "mine-1"),
        ("Claim", "mine-2"),
    ]
    assert by("Patient", ["mine", "theirs"], "Claim", None, 1) == [("Claim", "mine-1")]
    assert ("Claim", "theirs-2") in linked.seen_by(PAYERS).search.referring(
        "Patient", ["mine"], "Claim", None, 9
    )


def test_includes_of_many_are_asked_in_parts(world):
    world.add("Patient/p")
    ids = [f"{number:04d}" for number in range(1200)]
    world.add("Claim/1199", link("patient", "Patient/p"))

    assert world.seen_by(MINE).search.referred_to("Claim", ids, None, None, 5) == [("Patient", "p")]
    keys = [("Claim", id) for id in ids]
    assert [one.id for one in world.seen_by(MINE).search.find_each(keys)] == ["1199"]


def test_whatever_else_refers_to_a_resource_is_noticed(linked):
    search = linked.seen_by(MINE).search

    assert search.is_referred_to("Claim", "mine-1")
    assert not search.is_referred_to("Claim", "mine-2")
    assert not search.is_referred_to("Claim", "mine-4"), "by itself alone"
    assert not search.is_referred_to("Patient", "theirs-1")
    assert not search.is_referred_to("Task", "mine-1")
    work = linked.seen_by(MINE)
    for id in ("mine-3",):
        work.resources.delete(work.resources.find("Claim", id))
    work.resources.delete(work.resources.find("Task", "mine"))
    assert not search.is_referred_to("Claim", "mine-1")


def test_several_types_are_found_at_once_and_only_what_is_seen(linked):
    keys = [("Patient", "mine"), ("Claim", "mine-1"), ("Claim", "theirs-1"), ("Claim", "none")]

    found = linked.seen_by(MINE).search.find_each([*keys, *keys])

    assert [one.reference for one in found] == ["Claim/mine-1", "Patient/mine"]


def test_a_reference_to_mine_from_a_stranger_is_not_told(world):
    world.add("Patient/p")
    world.add("Claim/spy", link("patient", "Patient/p"), scope=THEIRS)

    assert not world.seen_by(MINE).search.is_referred_to("Patient", "p")
    assert world.seen_by(MINE).search.referring("Patient", ["p"], "Claim", None, 9) == []
    refers = Has(("patient",), (ReferenceMatch("Patient", "p"),))
    assert world.found("Claim", refers) == []
    told = world.seen_by(PAYERS).search.referring("Patient", ["p"], "Claim", None, 9)
    assert told == [("Claim", "spy")]


def test_what_goes_away_between_two_statements_of_a_page_is_left_out(world, connection):
    for id in ("a", "b"):
        world.add(f"Claim/{id}", token("status", "active"))
    work = world.seen_by(MINE)
    going = [work.resources.find("Claim", "a")]

    def end(*_):
        if going:
            work.resources.delete(going.pop())

    # As another writer would: a write of PostgreSQL sees what was committed before each statement.
    event.listen(connection, "after_cursor_execute", end)
    try:
        page = work.search.page(Search("Claim", (ACTIVE,)), 10)
    finally:
        event.remove(connection, "after_cursor_execute", end)

    assert [stored.id for stored, _ in page.found] == ["b"]
    assert not going
