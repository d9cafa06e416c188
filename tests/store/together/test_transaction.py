"""A transaction for many: what it knows ahead, what it puts off, and that nothing is half done."""

from decimal import Decimal

import pytest
from sqlalchemy import func, select

from app.domain.adjudication import Counter, Posting
from app.domain.parties import Scope
from app.store import tables
from app.store.audit import Event
from app.store.ledgers.counters import Counters
from app.store.together.transaction import Outrun, answered, insert_rows, lasting, put_off, together
from tests.builders import NOW

SCOPE = Scope("payer", "submitter")
HOLDER = Counter("member", "benefit", "", "2026")
HOLDER_2 = Counter("other", "benefit", "", "2026")
TAKEN = (Posting(HOLDER, Decimal("1.50")),)


def a_slot(kind, slot):
    return {"kind": kind, "slot": slot, "taken_at": NOW}


@pytest.fixture
def asked():
    """Answers with how often it was asked."""

    class Asked:
        times = 0

        def __call__(self):
            self.times += 1
            return self.times

    return Asked()


def test_a_row_that_is_no_longer_as_it_was_undoes_all(store):
    store.write(lambda rows: Counters(rows, SCOPE).post("before", TAKEN, {"member": 0}))

    def outrun(rows):
        begun = together(rows, is_view=False)
        counters = Counters(rows, SCOPE)
        assert counters.post("first", [Posting(HOLDER_2, Decimal(2))], {"other": 0})
        # Read before the other was counted.
        assert counters.post("second", TAKEN, {"member": 0})
        begun.flush()

    with pytest.raises(Outrun):
        store.write(outrun)

    assert held(store) == {HOLDER: Decimal("1.50")}


def test_a_row_that_is_as_it_was_is_written_with_the_others(store):
    store.write(lambda rows: Counters(rows, SCOPE).post("before", TAKEN, {"member": 0}))

    def both(rows):
        begun = together(rows, is_view=False)
        counters = Counters(rows, SCOPE)
        counters.post("first", [Posting(HOLDER_2, Decimal(2))], {"other": 0})
        counters.post("second", TAKEN, {"member": 1})
        begun.flush()

    store.write(both)

    assert held(store) == {HOLDER: Decimal("3.00"), HOLDER_2: Decimal(2)}


def test_a_view_asks_once(store, asked):
    def look(rows):
        together(rows, is_view=True)
        return [answered(rows, "key", asked) for _ in range(3)]

    assert store.read(look) == [1, 1, 1]


def test_what_is_written_is_seen_after_what_was_known_ahead(store):
    def write(rows):
        begun = together(rows, is_view=False)
        begun.tell("key", 0)
        count = select(func.count()).select_from(tables.calendar_slot)
        insert_rows(rows, tables.calendar_slot, [a_slot("a", "1"), a_slot("a", "2")])
        return [answered(rows, "key", lambda: rows.execute(count).scalar_one()) for _ in range(2)]

    assert store.write(write) == [0, 2]


def test_a_transaction_for_one_does_everything_at_once(store, asked):
    def write(rows):
        count = select(func.count()).select_from(tables.calendar_slot)
        done = []
        put_off(rows, "key", [1], done.extend)
        insert_rows(rows, tables.calendar_slot, [a_slot("a", "1")])
        made = [lasting(rows, "made", asked) for _ in range(2)]
        return [answered(rows, "key", lambda: rows.execute(count).scalar_one()), done, made]

    assert store.write(write) == [1, [1], [1, 2]]


def test_a_transaction_for_many_does_what_is_alike_once_and_in_its_order(store, asked):
    def write(rows):
        begun = together(rows, is_view=False)
        done = []
        for item in "abc":
            put_off(rows, "letters", item, done.append)
            put_off(rows, "again", item, lambda items: done.append(len(items)))
        assert done == []
        begun.flush()
        begun.flush()
        return done, [lasting(rows, "made", asked) for _ in range(2)]

    assert store.write(write) == ([["a", "b", "c"], 3], [1, 1])


def test_many_rows_are_the_same_as_one_after_the_other(view, connection):
    """Instants, what is not there, and letters of any kind; as many as are sent in one go."""
    events = [
        Event("actor", "decide", f"a \t\\N 'b' {nth}", "Claim" if nth % 2 else None, "Ü\n")
        for nth in range(25)
    ]
    for each in events:
        view(SCOPE).audit.add(each)
    columns = [column for column in tables.audit.c if column.name != "seq"]
    alone = connection.execute(select(*columns).order_by(tables.audit.c.seq)).all()
    begun = together(connection, is_view=False)
    for each in events:
        view(SCOPE).audit.add(each)
    begun.flush()

    assert connection.execute(select(*columns).order_by(tables.audit.c.seq)).all() == alone * 2


def held(store):
    """The sums of all counters."""
    return store.read(lambda rows: Counters(rows, SCOPE).read(["member", "other"]).sums)
