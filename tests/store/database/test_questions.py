"""Questions: a statement asked by the driver itself gives what SQLAlchemy would give."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, bindparam, delete, event, select, update
from sqlalchemy.exc import DBAPIError

from app.domain.codes import HandOver
from app.store import tables
from app.store.database.engine import Busy
from app.store.database.questions import Change, Question

_c = tables.client.c
BY_NAME = select(
    _c.id, _c.kind, _c.hand_over, _c.created_at, _c.may_enroll, _c.disabled_at.label("until")
).where(
    _c.name == bindparam("b_name"),
    _c.hand_over.in_(sorted(HandOver)),
    _c.kind == bindparam("b_kind"),
)


@pytest.fixture
def given(registry):
    """What finds the one submitter there is."""
    client = registry.submitter("Happy Valley").client
    return {"b_name": client.name, "b_kind": client.kind}


def test_a_fault_of_the_driver_has_the_name_it_has_elsewhere(store):
    question = Question(select(_c.id))

    def without_a_table(connection):
        connection.exec_driver_sql("ALTER TABLE client RENAME TO elsewhere")
        return question.rows(connection, {})

    with pytest.raises(DBAPIError) as fault:
        store.write(without_a_table)

    assert store.write(lambda connection: question.rows(connection, {})) == []
    assert fault.value.hide_parameters
    assert not fault.value.connection_invalidated


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_a_connection_that_breaks_is_busy_and_the_next_one_is_not(store, given):
    question = Question(BY_NAME)

    def broken(connection):
        connection.exec_driver_sql("SELECT 1")
        pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        store.write(lambda other: other.exec_driver_sql(f"SELECT pg_terminate_backend({pid})"))
        return question.rows(connection, given)

    with pytest.raises(Busy):
        store.read(broken)

    assert len(store.glance(lambda connection: question.rows(connection, given))) == 1


def test_its_rows_are_those_that_sqlalchemy_reads(store, given):
    question = Question(BY_NAME)

    read = store.read(lambda connection: connection.execute(BY_NAME, given).all())
    asked = store.glance(lambda connection: question.rows(connection, given))

    assert [row._asdict() for row in asked] == [row._asdict() for row in read]
    assert type(asked[0].kind) is type(read[0].kind)
    assert asked[0].created_at <= datetime.now(UTC)


@pytest.mark.parametrize("names", [[], ["A"], ["A", "C"], ["B", "A", "C"], ["A", "nobody"] * 5])
def test_a_list_has_room_for_any_number_of_values(store, registry, names):
    for name in "ABC":
        registry.submitter(name)
    among = select(_c.name).where(_c.name.in_(bindparam("b_names", expanding=True)))
    question = Question(among)

    read = store.read(lambda connection: connection.execute(among, {"b_names": names}).all())
    asked = store.glance(lambda connection: question.rows(connection, {"b_names": names}))

    assert sorted(row.name for row in asked) == sorted(row.name for row in read)
    assert {row.name for row in asked} == set(names) - {"nobody"}


def test_a_change_tells_how_many_rows_it_hit_and_goes_with_its_transaction(store, given):
    renaming = Change(
        update(_c.name.table).where(_c.name == bindparam("b_name")).values(name=bindparam("to"))
    )
    there, nobody = ({"b_name": name, "to": "Renamed"} for name in (given["b_name"], "Nobody"))

    def undone(connection):
        assert renaming.hits(connection, there) == 1
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.write(undone)
    assert store.write(lambda connection: renaming.hits(connection, nobody)) == 0
    assert store.write(lambda connection: renaming.hits(connection, there)) == 1
    assert store.write(lambda connection: renaming.hits(connection, there)) == 0


def test_one_change_with_several_values_hits_the_rows_of_each(store, registry):
    for name in "ABC":
        registry.submitter(name)
    renaming = Change(
        update(_c.name.table).where(_c.name == bindparam("b_name")).values(name=bindparam("to"))
    )
    rows = [{"b_name": name, "to": f"new {name}"} for name in ("A", "nobody", "B")]

    assert store.write(lambda connection: renaming.each_hits(connection, rows)) == 2
    names = store.read(lambda connection: connection.scalars(select(_c.name)).all())
    assert sorted(names) == ["C", "new A", "new B"]


def test_whoever_listens_hears_of_a_change_before_and_after_it(store, given):
    forgetting, heard = Change(delete(_c.name.table).where(_c.name == bindparam("b_name"))), []

    def note(_connection, _cursor, statement, *_):
        heard.append(statement.partition(" ")[0])

    events = ("before_cursor_execute", "after_cursor_execute")
    for name in events:
        event.listen(store.engine, name, note)
    try:
        store.write(lambda connection: forgetting.hits(connection, {"b_name": "Nobody"}))
    finally:
        for name in events:
            event.remove(store.engine, name, note)

    assert heard.count("DELETE") == 2


def test_the_same_question_with_other_values_has_another_answer(store, given):
    question = Question(BY_NAME)

    def ask(connection):
        return [
            question.row(connection, {**given, "b_name": name})
            for name in (given["b_name"], "Nobody", given["b_name"])
        ]

    there, nobody, again = store.glance(ask)

    assert nobody is None
    assert there == again
    assert there is not None


def test_a_transaction_sees_by_it_what_it_has_written(store, given):
    question = Question(BY_NAME)

    def renamed(connection):
        connection.execute(tables.client.update().values(name="Renamed"))
        return question.row(connection, {**given, "b_name": "Renamed"})

    assert store.write(renamed) is not None
    assert store.glance(lambda connection: question.row(connection, given)) is None


def test_a_glance_opens_no_transaction_and_leaves_none(store, given):
    question, begun = Question(BY_NAME), []

    def note(_connection):
        begun.append(1)

    event.listen(Engine, "begin", note)
    try:
        store.glance(lambda connection: question.rows(connection, given))
        assert begun == []
        store.read(lambda connection: question.rows(connection, given))
        assert begun == [1]
    finally:
        event.remove(Engine, "begin", note)

    # Whoever has the connection next works in a transaction as before.
    with pytest.raises(ZeroDivisionError):
        store.write(_renamed_and_failed)
    assert store.glance(lambda connection: question.row(connection, given)) is not None


def _renamed_and_failed(connection):
    connection.execute(tables.client.update().values(name="Renamed"))
    raise ZeroDivisionError
