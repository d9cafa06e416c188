"""Any search of any resources finds what plain Python finds, for each who looks."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.search.entries import (
    DateEntry,
    NumberEntry,
    ReferenceEntry,
    StringEntry,
    TokenEntry,
)
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
    Search,
    SortKey,
    SortKind,
    TextMatch,
    TextMode,
    TokenMatch,
)
from app.domain.search.texts import normal
from app.store.visibility import READABLE_REFERENCE_DATA
from tests.store.scopes import FOREIGN, MINE, PAYERS, THEIRS
from tests.store.searching.oracle import Known, meets

EXAMPLES = 60
SCOPES = (MINE, THEIRS, PAYERS, FOREIGN)
TYPES = ("Claim", "Patient", "Organization")
# One name may have entries of every kind; few values, so that searches meet them often.
NAMES = st.sampled_from(["identifier", "status", "link"])
IDS = [f"{letter}{number}" for letter in "ab" for number in range(4)]
CODES = st.sampled_from(["", "one", "One", "two"])
SYSTEMS = st.sampled_from(["", "s", "S"])
TEXTS = st.text("aÀbB %_\\é'", max_size=4)
DAYS = st.integers(0, 4).map(lambda days: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days))
AMOUNTS = st.sampled_from([Decimal(each) for each in ("-1.5", "-1", "0", "0.5", "1", "20")])
MAYBE = st.none()


def ranges(values):
    return st.tuples(values, values).map(sorted)


def entries():
    units = {"system": MAYBE | SYSTEMS, "code": st.sampled_from(["EUR", "one"])}
    numbers = st.builds(lambda name, between, unit: NumberEntry(name, *between, **unit),
        NAMES, ranges(AMOUNTS), st.just({}) | st.fixed_dictionaries(units))  # fmt: skip
    return st.one_of(
        st.builds(TokenEntry, NAMES, CODES, MAYBE | SYSTEMS, MAYBE | CODES),
        st.builds(ReferenceEntry, NAMES, st.sampled_from(TYPES), st.sampled_from(IDS)),
        st.builds(lambda name, between: DateEntry(name, *between), NAMES, ranges(DAYS)),
        st.builds(StringEntry, NAMES, TEXTS),
        numbers,
    )


def matches():
    numbers = st.builds(
        lambda comparator, values, code, system: NumberMatch(
            comparator, values[1], values[0], values[2], code, system
        ),
        st.sampled_from(Comparator), st.tuples(AMOUNTS, AMOUNTS, AMOUNTS).map(sorted),
        MAYBE | st.sampled_from(["EUR", "one"]), MAYBE | SYSTEMS)  # fmt: skip
    return st.one_of(
        st.builds(TokenMatch, MAYBE | CODES, MAYBE | SYSTEMS),
        st.builds(ReferenceMatch, MAYBE | st.sampled_from(TYPES), st.sampled_from(IDS)),
        st.builds(lambda comparator, between: DateMatch(comparator, *between),
                  st.sampled_from(Comparator), ranges(DAYS)),
        st.builds(TextMatch, TEXTS, st.sampled_from(TextMode)),
        numbers,
    )  # fmt: skip


def several(conditions, least=1):
    return st.lists(conditions, min_size=least, max_size=2).map(tuple)


SIMPLE = st.one_of(
    st.builds(Has, st.lists(NAMES, min_size=1, max_size=2, unique=True).map(tuple),
              several(matches()), st.booleans()),
    st.builds(lambda ids, no: Has(("_id",), tuple(map(TokenMatch, ids)), no),
              st.lists(st.sampled_from(IDS), max_size=3), st.booleans()),
    st.builds(Missing, NAMES, st.booleans()),
)  # fmt: skip
CONDITIONS = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(
        st.builds(
            Chained,
            NAMES,
            st.lists(st.sampled_from(TYPES), min_size=1, max_size=2, unique=True).map(tuple),
            several(inner, 0),
        ),
        st.builds(ReferredTo, st.sampled_from(TYPES), NAMES, several(inner, 0)),
        st.builds(AnyOf, several(inner)),
    ),
    max_leaves=4,
)
RESOURCES = st.dictionaries(
    st.tuples(st.sampled_from(TYPES), st.sampled_from(IDS)),
    st.tuples(st.sampled_from([MINE, THEIRS, PAYERS]), st.lists(entries(), max_size=4)),
    min_size=1,
    max_size=10,
)
ORDERS = st.lists(st.builds(SortKey, NAMES, st.sampled_from(SortKind), st.booleans()), max_size=2)


def seen_by(scope, resources):
    def is_seen(type, owner):
        if scope.payer_id != MINE.payer_id:
            return False
        is_shown = owner is PAYERS and type in READABLE_REFERENCE_DATA
        return scope is PAYERS or owner is scope or is_shown

    return {
        (type, id): Known(type, id, tuple(of_it))
        for (type, id), (owner, of_it) in resources.items()
        if is_seen(type, owner)
    }


def value_of(entry, key):
    match key.kind, entry:
        case SortKind.TOKEN, TokenEntry():
            return entry.sort_key
        case SortKind.REFERENCE, ReferenceEntry():
            return f"{entry.type}/{entry.id}"
        case (SortKind.DATE, DateEntry()) | (SortKind.NUMBER, NumberEntry()):
            return entry.high if key.is_descending else entry.low
        case SortKind.STRING, StringEntry():
            return normal(entry.text)
    return None


def in_order(found, order):
    """Sorted by the last key first: Python's sort keeps what is equal where it is."""
    ordered = sorted(found, key=lambda known: known.id)
    for key in reversed(order):
        values = {
            known.id: [
                value
                for entry in known.entries
                if entry.name == key.name and (value := value_of(entry, key)) is not None
            ]
            for known in ordered
        }
        there = [known for known in ordered if values[known.id]]
        extreme = max if key.is_descending else min
        there.sort(key=lambda known: extreme(values[known.id]), reverse=key.is_descending)
        ordered = there + [known for known in ordered if not values[known.id]]
    return [known.id for known in ordered]


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(resources=RESOURCES, type=st.sampled_from(TYPES), conditions=several(CONDITIONS, 0),
       order=ORDERS, limit=st.integers(1, 4))  # fmt: skip
def test_a_search_finds_exactly_what_meets_it(
    world, connection, resources, type, conditions, order, limit
):
    part = connection.begin_nested()
    for (of_type, id), (owner, of_it) in resources.items():
        world.add(f"{of_type}/{id}", *of_it, scope=owner)
    search = Search(type, conditions, tuple(order))
    for scope in SCOPES:
        seen = seen_by(scope, resources)
        expected = in_order(
            [
                known
                for known in seen.values()
                if known.type == type and all(meets(each, known, seen) for each in conditions)
            ],
            search.order,
        )
        searching = world.seen_by(scope).search
        found, places, after = [], [], None
        for _ in range(len(IDS) + 1):
            page = searching.page(search, limit, after=after)
            found += [stored.id for stored, _ in page.found]
            places += [place for _, place in page.found]
            if not page.has_more:
                break
            after = places[-1]
        assert found == expected, scope
        assert searching.total(search, None) == len(expected)
        if places:
            back = searching.page(search, limit, before=places[-1])
            assert [stored.id for stored, _ in back.found] == expected[:-1][-limit:]
    part.rollback()
