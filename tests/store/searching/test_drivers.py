"""How long a statement a search becomes: as long as what is asked, not what it multiplies to."""

import pytest
from sqlalchemy import event
from sqlalchemy.engine.interfaces import CacheStats

from app.domain.search.query import (
    AnyOf,
    Chained,
    Comparator,
    DateMatch,
    Has,
    ReferenceMatch,
    ReferredTo,
    Search,
    TextMatch,
    TokenMatch,
)
from app.store.hashing import Hasher
from app.store.search.rows import SearchRows
from app.store.searching.arms import together
from app.store.searching.drivers import MOST_RANGES, Drivers
from app.store.searching.sight import Sight
from tests.store.scopes import MINE, PAYERS, THEIRS
from tests.store.searching.world import date, day, link, token, words

TYPES = tuple(f"Type{number}" for number in range(30))
NUMBER = Has(("identifier",), (TokenMatch("1"),))
# Of reference data, which is found in two ways: as one's own and as the payer's.
OPEN = ("Organization", "Location", "Practitioner", "PractitionerRole", "InsurancePlan")


def to_any(condition, types=TYPES):
    return Chained("focus", types, (condition,))


def names(number, of=10):
    return Has(("name",), tuple(TextMatch(f"name {number} {each}") for each in range(of)))


def numbers(count):
    return Has(("identifier",), tuple(TokenMatch(str(each)) for each in range(count)))


def length(*conditions, scope=MINE, type="Organization"):
    """How many characters the candidates' statement has."""
    arms = Drivers(Sight(scope), SearchRows(Hasher(b"k" * 32))).arms(type, conditions)
    return len(str(together(arms).select()))


@pytest.mark.parametrize("scope", [MINE, PAYERS], ids=["submitter", "payer"])
@pytest.mark.parametrize(
    "chain",
    [
        to_any(to_any(NUMBER)),
        to_any(to_any(to_any(NUMBER))),
        to_any(AnyOf((to_any(NUMBER), to_any(numbers(2))))),
        AnyOf((to_any(to_any(NUMBER)), NUMBER)),
        ReferredTo("Task", "focus", (to_any(to_any(NUMBER)),)),
        to_any(ReferredTo("Task", "focus", (to_any(NUMBER),))),
    ],
    ids=["two", "three", "either", "one of two", "back", "and back"],
)
def test_a_chain_through_everything_is_a_short_statement(scope, chain):
    assert length(chain, scope=scope, type="Task") < 20_000


def test_a_link_to_any_type_leads_from_the_index_and_so_do_many_values_of_it():
    drivers = Drivers(Sight(MINE), SearchRows(Hasher(b"k" * 32)))

    for chain in (to_any(NUMBER), to_any(numbers(16)), to_any(to_any(NUMBER, ("Task",)))):
        driver = drivers.driver(chain, "Task", 16)
        assert driver is not None
        assert driver.ranges <= MOST_RANGES
    assert drivers.driver(to_any(to_any(NUMBER)), "Task", 16) is None


def test_a_driver_says_how_many_ranges_it_has():
    drivers = Drivers(Sight(MINE), SearchRows(Hasher(b"k" * 32)))
    direct = (numbers(3), names(1), AnyOf((numbers(2), NUMBER)), Has(("_id",), (TokenMatch("1"),)))

    for condition in direct:
        driver = drivers.driver(condition, "Organization", 16)
        assert len(list(driver.arms())) == driver.ranges
    assert drivers.driver(to_any(numbers(4), OPEN), "Location", 16).ranges == 5 * 2 * (1 + 2)
    assert drivers.driver(to_any(numbers(3), OPEN), "Task", 16).ranges == 5 * (1 + 6)
    assert drivers.driver(to_any(numbers(3), OPEN[:1]), "Task", 16).ranges == 1 + 3 * 2


def test_further_conditions_are_not_repeated_for_each_value():
    lengths = [
        length(numbers(16), *(names(number) for number in range(count))) for count in (10, 20, 40)
    ]

    # Each condition adds as much as the one before it did, about 40 characters a value.
    added = [(lengths[1] - lengths[0]) / 10, (lengths[2] - lengths[1]) / 20]
    assert max(added) < 1.1 * min(added)
    assert max(added) < 2_000


def test_the_same_condition_again_adds_nothing():
    assert length(numbers(3), names(1), names(1)) == length(numbers(3), names(1))
    assert length(numbers(3), names(1), names(2)) > length(numbers(3), names(1))


def test_the_most_that_may_be_asked_is_a_statement_of_a_length_to_read():
    most = [names(number) for number in range(100)]

    assert 100_000 < length(*most) < 300_000


def test_codes_and_references_are_lists_however_many_there_are():
    patients = [
        Has(("patient",), tuple(ReferenceMatch("Patient", str(each)) for each in range(count)))
        for count in (50, 90)
    ]

    assert length(numbers(50)) == length(numbers(90))
    assert length(NUMBER, patients[0]) == length(NUMBER, patients[1])


@pytest.mark.parametrize(("count", "is_kept"), [(1, True), (20, False)])
def test_the_compiled_statement_of_a_long_search_is_not_kept(world, connection, count, is_kept):
    kept = []

    def note(_connection, _cursor, _statement, _parameters, context, _many):
        kept.append(context.cache_hit in {CacheStats.CACHE_HIT, CacheStats.CACHE_MISS})

    search = Search("Organization", tuple(names(number, 5) for number in range(count)))
    event.listen(connection, "before_cursor_execute", note)
    try:
        world.seen_by(PAYERS).search.page(search, 20)
        world.seen_by(PAYERS).search.total(search, None)
    finally:
        event.remove(connection, "before_cursor_execute", note)

    assert kept == [is_kept, is_kept]


@pytest.fixture
def hospitals(world):
    """Of six Organizations, one is deleted, one another submitter's and one the payer's."""
    world.add("Organization/above", words("name", "parent"))
    for number in range(6):
        scope = {4: THEIRS, 5: PAYERS}.get(number, MINE)
        own = (token("identifier", str(number % 5), "s"), words("name", f"hospital {number}"))
        up = (link("partof", "Organization/above"), date("opened", number + 1))
        world.add(f"Organization/o{number}", *own, *up, scope=scope)
    work = world.seen_by(MINE)
    work.resources.delete(work.resources.find("Organization", "o3"))
    return world


@pytest.mark.parametrize(
    ("scope", "expected"),
    [(MINE, ["o0", "o1", "o2", "o5"]), (PAYERS, ["o0", "o1", "o2", "o4", "o5"])],
    ids=["submitter", "payer"],
)
def test_what_is_asked_of_all_ranges_as_one_finds_the_same(hospitals, scope, expected):
    from_first = DateMatch(Comparator.GREATER_OR_EQUAL, day(1), day(1))
    many = [
        Has(("name",), (TextMatch("hospital"), *(TextMatch(f"{n} {each}") for each in range(9))))
        for n in range(30)
    ]
    conditions = (
        numbers(16),
        *many,
        Has(("opened",), (from_first,)),
        Chained("partof", OPEN, (Has(("name",), (TextMatch("parent"),)),)),
    )

    assert hospitals.found("Organization", *conditions, scope=scope) == expected
    assert hospitals.found("Organization", *conditions[:1], scope=scope) == expected
    last = Has(("opened",), (DateMatch(Comparator.EQUAL, day(2), day(2)),))
    assert hospitals.found("Organization", *conditions, last, scope=scope) == ["o1"]


@pytest.mark.parametrize("code", ["0", "9"])
def test_a_chain_through_everything_finds_what_it_leads_to(world, code):
    world.add("Type1/a", token("identifier", "0"))
    world.add("Type2/b", link("focus", "Type1/a"))
    world.add("Type3/c", link("focus", "Type2/b"))
    world.add("Task/d", link("focus", "Type3/c"))
    chain = to_any(to_any(to_any(Has(("identifier",), (TokenMatch(code),)))))

    assert world.found("Task", chain) == (["d"] if code == "0" else [])
    assert world.found("Task", chain, scope=THEIRS) == []


def test_many_values_with_and_without_a_system_are_told_apart(world):
    world.add("Claim/a", token("identifier", "1", "s"), token("status", "active"))
    world.add("Claim/b", token("identifier", "1", "t"), token("status", "active"))
    world.add("Claim/c", token("identifier", "2"), token("status", "active"))
    world.add("Claim/d", token("identifier", "3", "t"), token("status", "active"))
    none = tuple(TokenMatch(f"none {each}", "s") for each in range(20))
    active = Has(("status",), (TokenMatch("active"),))

    for matches, expected in {
        (TokenMatch("1", "s"), TokenMatch("2", "")): ["a", "c"],
        (TokenMatch("1", "s"), TokenMatch("2", "t")): ["a"],
        (TokenMatch(None, "t"),): ["b", "d"],
        (TokenMatch("2"), TokenMatch("1", "t"), TokenMatch("1\x00")): ["b", "c"],
    }.items():
        for more in ((), none):
            asked = Has(("identifier",), (*matches, *more))
            assert world.found("Claim", asked, active) == expected
            assert world.found("Claim", active, Has(asked.names, asked.matches, True)) == sorted(
                {*"abcd"} - {*expected}
            )
