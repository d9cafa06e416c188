"""Whatever is done to reservations, their sums are those of their entries, and no entry changes."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.ledgers import TERMS, kept, ledger, recomputed
from tests.store.scopes import MINE

MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("reserve"), st.sampled_from(["P1", "P2"]), st.integers(0, 300)),
        st.tuples(
            st.just("use"),
            st.sampled_from(["P1", "P2"]),
            st.sampled_from(["C1", "C2", "C3"]),
            st.integers(0, 200),
        ),
        st.tuples(st.just("restore"), st.sampled_from(["C1", "C2", "C3"])),
        st.tuples(st.sampled_from(["release", "expire", "cancel"]), st.sampled_from(["P1", "P2"])),
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
            work.reservations.reserve(id, 100, TERMS)
        before = {id: ledger(connection, id) for id in ("P1", "P2")}
        for name, *arguments in moves:
            if name == "reserve":
                id, units = arguments
                work.reservations.reserve(id, units, TERMS)
            else:
                getattr(work.reservations, name)(*arguments)
            for id in ("P1", "P2"):
                now = ledger(connection, id)
                assert now[: len(before[id])] == before[id]
                assert recomputed(connection, id) == kept(connection, id)
                before[id] = now
        example.rollback()
