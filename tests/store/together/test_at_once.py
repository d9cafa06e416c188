"""Rows of many tables by one statement: what is undone, and that each stands as it was given."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, event, select
from sqlalchemy.exc import IntegrityError

from app.domain.codes import TaskCode, TaskStatus
from app.store import schema, tables
from app.store.statements import inserting_if_absent
from app.store.together.at_once import at_once
from app.store.together.transaction import Outrun, hits, insert_rows, together
from tests.builders import NOW

KEY = {"payer_id": "P", "type": "Task"}
BODY = "Ünïcode \U0001f600 'quoted' \"twice\" back\\slash\n%s ? $1 {}".encode()


def a_resource(id="1"):
    stamps = {"created_at": NOW, "updated_at": NOW}
    return {**KEY, "id": id, "submitter_id": "S", "version": 1, "label": None, **stamps}


def a_version(id="1", body=BODY):
    kept = {"body_format": 0, "key_id": None, "body": body, "method": None}
    return {**KEY, "id": id, "version": 1, "updated_at": NOW, **kept}


def a_token(position, **values):
    key = {**KEY, "resource_id": "1", "name": "status", "position": position}
    return {**key, "submitter_id": None, "code_hash": "c", "system_hash": "", **values}


def a_task(id="1"):
    status = {"code": TaskCode.STATUS, "status": TaskStatus.COMPLETED}
    focus = {"focus_type": None, "focus_id": None}
    return {"payer_id": "P", "submitter_id": "S", "id": id, **status, **focus, "created_at": NOW}


def add(rows, id="1"):
    """A resource, fenced by its id, with what belongs to it."""
    hits(rows, inserting_if_absent(tables.resource, rows), a_resource(id))
    insert_rows(rows, tables.resource_version, (a_version(id),))
    insert_rows(rows, tables.task, (a_task(id),))


def kept(store, table):
    query = select(table).order_by(*table.primary_key)
    return store.read(lambda rows: [dict(row._mapping) for row in rows.execute(query)])


def written(store, *given):
    def work(rows):
        with at_once(rows, puts_off=True):
            for table, of_table in given:
                insert_rows(rows, table, of_table)

    store.write(work)


def test_a_resource_whose_id_is_taken_is_told_and_nothing_of_it_is_kept(store):
    def work(rows):
        with at_once(rows, puts_off=True):
            add(rows)

    store.write(work)
    with pytest.raises(Outrun):
        store.write(work)

    assert [row["id"] for row in kept(store, tables.task)] == ["1"]


def test_a_resource_of_another_id_is_kept_beside_it(store):
    def work(rows):
        for id in "12":
            with at_once(rows, puts_off=True):
                add(rows, id)

    store.write(work)

    assert [row["id"] for row in kept(store, tables.resource)] == ["1", "2"]


def test_any_other_key_that_is_taken_is_a_fault(store):
    with pytest.raises(IntegrityError):
        written(store, (tables.task, (a_task(), a_task())))

    assert kept(store, tables.task) == []


def test_what_is_raised_inside_lets_the_rows_go_and_the_transaction_goes_on(store):
    def work(rows):
        with suppress(ValueError), at_once(rows, puts_off=True):
            insert_rows(rows, tables.task, (a_task("1"),))
            raise ValueError
        insert_rows(rows, tables.task, (a_task("2"),))

    store.write(work)

    assert [row["id"] for row in kept(store, tables.task)] == ["2"]


@pytest.mark.parametrize(
    ("table", "rows"),
    [
        pytest.param(tables.resource_version, (a_version(),), id="bytes"),
        pytest.param(
            tables.resource_version,
            (a_version("1", bytes(range(256))), a_version("2", b""), a_version("3")),
            id="bytes-of-several",
        ),
        pytest.param(
            tables.resource_version,
            tuple(a_version(str(nth), bytes(range(256)) * (nth % 2)) for nth in range(17)),
            id="bytes-of-more-than-have-places",
        ),
        pytest.param(
            tables.search_token,
            tuple(a_token(nth, sort_key=None if nth % 2 else "é") for nth in range(16)),
            id="as-many-as-have-places",
        ),
        pytest.param(
            tables.search_token,
            tuple(a_token(nth, sort_key=None if nth % 2 else 'é"') for nth in range(17)),
            id="more-than-have-places",
        ),
        pytest.param(
            tables.search_token,
            (a_token(0, sort_key="it's \"x\" \\ é"), a_token(2**31 - 1, sort_key=None)),
            id="text-and-numbers",
        ),
        pytest.param(
            tables.search_date,
            ({**KEY, "resource_id": "1", "name": "authored-on", "position": 0, "submitter_id": "S"}
            | {"low": datetime(1, 1, 1, tzinfo=UTC), "high": datetime(9999, 12, 31, tzinfo=UTC)},),
            id="instants",
        ),
        pytest.param(tables.task, (a_task(),), id="codes"),
    ],
)  # fmt: skip
def test_each_row_stands_as_it_would_by_a_statement_of_its_own(store, table, rows):
    store.write(lambda connection: insert_rows(connection, table, rows))
    expected = kept(store, table)
    store.write(lambda connection: connection.execute(table.delete()))

    written(store, (table, rows), (tables.audit, (an_event(),)))

    assert kept(store, table) == expected
    assert len(expected) == len(rows)


def an_event():
    names = ("actor", "action", "outcome", "digest")
    others = dict.fromkeys(("type", "resource_id", "task_id", "request_id"))
    return {"payer_id": "P", "at": NOW, **dict.fromkeys(names, "x"), **others}


def test_it_is_one_statement_whatever_the_tables(store):
    given = (
        (tables.task, (a_task("1"), a_task("2"))),
        (tables.resource_version, (a_version(),)),
        (tables.search_token, (a_token(0, sort_key=None),)),
    )
    written(store, *given)
    store.write(lambda rows: [rows.execute(table.delete()) for table, _ in given])
    sent = []

    def note(_connection, _cursor, statement, *_):
        sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    written(store, *given)
    event.remove(Engine, "before_cursor_execute", note)

    assert len([one for one in sent if not one.startswith("BEGIN")]) == 1
    assert len(kept(store, tables.task)) == 2


def test_after_a_transaction_that_was_undone_the_next_writes_the_same_way(store):
    def undone(rows):
        with at_once(rows, puts_off=True):
            insert_rows(rows, tables.task, (a_task("1"),))
            insert_rows(rows, tables.audit, (an_event(),))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.write(undone)

    written(store, (tables.task, (a_task("2"),)), (tables.audit, (an_event(),)))

    assert [row["id"] for row in kept(store, tables.task)] == ["2"]


def test_in_a_transaction_for_many_it_is_written_with_theirs(store):
    def work(rows):
        begun = together(rows, is_view=False)
        with at_once(rows, puts_off=True):
            add(rows)
        before = rows.scalar(select(tables.task.c.id))
        begun.flush()
        return before, rows.scalar(select(tables.task.c.id))

    assert store.write(work) == (None, "1")


@pytest.mark.usefixtures("database")
def test_a_schema_goes_down_and_up_after_rows_were_written(store):
    written(store, (tables.task, (a_task(),)), (tables.audit, (an_event(),)))

    schema.downgrade(store, "-1")
    schema.upgrade(store)

    written(store, (tables.task, (a_task("2"),)), (tables.audit, (an_event(),)))
    assert [row["id"] for row in kept(store, tables.task)] == ["1", "2"]
