"""Whatever is done to reservations, their sums are those of their entries, and no entry changes."""

from contextlib import suppress

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.store.ledgers.reservations import Overdrawn
from app.store.ledgers.reserved import Grant
from tests.store.scopes import MINE
from tests.store.terms import TERMS, amount_of, kept, ledger, quantity_of, recomputed

RESERVATIONS, CLAIMS = st.sampled_from(["P1", "P2"]), st.sampled_from(["C1", "C2", "C3"])
LINES = st.integers(1, 2)
GRANTS = st.dictionaries(
    st.tuples(LINES), st.builds(Grant, st.integers(0, 300), st.integers(0, 300)), max_size=2
)
PARTS = st.builds(amount_of, RESERVATIONS, LINES, LINES) | st.builds(
    quantity_of, RESERVATIONS, LINES, LINES
)
MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("reserve"), RESERVATIONS, GRANTS, st.just(TERMS)),
        st.tuples(st.just("use"), CLAIMS, st.dictionaries(PARTS, st.integers(1, 120), max_size=4)),
        st.tuples(st.just("restore"), CLAIMS),
        st.tuples(st.sampled_from(["release", "expire", "cancel"]), RESERVATIONS),
    ),
    max_size=12,
)


@settings(
    max_examples=40,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(moves=MOVES)
def test_the_sums_are_always_those_of_the_entries(connection, view, moves):
    work = view(MINE)
    with connection.begin_nested() as example:
        for id in ("P1", "P2"):
            work.reservations.reserve(id, {(1,): Grant(100, 90), (2,): Grant(50, 70)}, TERMS)
        before = {id: ledger(connection, id) for id in ("P1", "P2")}
        for name, *arguments in moves:
            with suppress(Overdrawn):
                getattr(work.reservations, name)(*arguments)
                if name == "use":
                    assert work.reservations.used_by(arguments[0]) == arguments[1]
            for id in ("P1", "P2"):
                now = ledger(connection, id)
                assert now[: len(before[id])] == before[id]
                assert recomputed(connection, id) == kept(connection, id)
                before[id] = now
        example.rollback()
