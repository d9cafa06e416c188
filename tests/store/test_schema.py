"""Migrations: they lead to what the code declares, and back, and keep what is there."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, select, text

from app.domain.parties import Payer, Scope
from app.store import schema
from app.store.database.engine import Busy, Store
from app.store.ledgers.reservations import Reservations
from app.store.ledgers.reserved import Part, Sums
from app.store.parties import Parties
from app.store.tables import Measure, metadata
from app.store.unit_of_work import UnitOfWork
from tests.builders import NOW
from tests.store.scopes import MINE
from tests.store.terms import TERMS, granted

# These take the schema apart: never on the database that others use. Its keys go with it.
pytestmark = pytest.mark.usefixtures("database", "plain")


@pytest.fixture
def empty(request, database, tmp_path):
    """A store on a database without any table, of the same kind as `database`."""
    cluster = None
    if database.startswith("sqlite"):
        url = f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    else:
        cluster = request.getfixturevalue("cluster")
        url = cluster.create_database()
    opened = Store(url)
    yield opened
    opened.close()
    if cluster is not None:
        cluster.drop(url)


def described(store):
    """Everything a database tells of its tables, as values that compare."""

    def read(connection):
        inspector = inspect(connection)
        return {
            name: (_columns(inspector, name), _rules(inspector, name), _numbered(connection, name))
            for name in inspector.get_table_names()
            if name != "alembic_version"
        }

    return store.read(read)


def _columns(inspector, table):
    return [
        (column["name"], str(column["type"]), column["nullable"], column["default"])
        for column in inspector.get_columns(table)
    ]


def _rules(inspector, table):
    return {
        "key": inspector.get_pk_constraint(table)["constrained_columns"],
        "foreign": [
            (key["name"], key["constrained_columns"], key["referred_table"])
            for key in inspector.get_foreign_keys(table)
        ],
        "unique": sorted(
            (one["name"], one["column_names"]) for one in inspector.get_unique_constraints(table)
        ),
        "checks": sorted(
            (one["name"], one["sqltext"]) for one in inspector.get_check_constraints(table)
        ),
        "indexes": sorted(
            (one["name"], one["column_names"], bool(one["unique"]), _options(one))
            for one in inspector.get_indexes(table)
        ),
    }


def _options(index):
    return sorted((name, str(value)) for name, value in index["dialect_options"].items())


def _numbered(connection, table):
    """Whether SQLite never gives a number twice; PostgreSQL tells it by the column's default."""
    if connection.dialect.name != "sqlite":
        return None
    query = text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :name")
    return "AUTOINCREMENT" in connection.scalar(query, {"name": table})


def differences(store):
    def compared(connection):
        options = {"compare_type": True, "compare_server_default": True}
        return compare_metadata(MigrationContext.configure(connection, opts=options), metadata)

    return store.read(compared)


def test_a_database_without_tables_differs(empty):
    assert len(differences(empty)) >= len(metadata.tables)
    assert schema.current(empty) is None


def test_the_newest_revision_is_what_the_tables_declare(empty):
    schema.upgrade(empty)

    assert differences(empty) == []
    assert schema.current(empty) == schema.newest()


def test_the_newest_revision_has_the_same_constraints_as_the_tables(store, empty):
    empty.write(metadata.create_all)

    assert described(store) == described(empty)


def test_a_constraint_that_is_gone_is_noticed(store, empty):
    empty.write(metadata.create_all)
    empty.write(lambda connection: connection.execute(text("DROP INDEX ix_job_due")))

    assert described(store) != described(empty)


def test_down_to_the_base_leaves_no_table(store):
    schema.downgrade(store, "base")

    assert described(store) == {}
    assert schema.current(store) is None


def test_up_down_and_up_again_is_the_same_schema(store):
    before = described(store)

    schema.downgrade(store, "base")
    schema.upgrade(store)

    assert described(store) == before
    assert differences(store) == []


# As they were written at the first revision: the code of today has more columns.
OF_THE_FIRST_REVISION = """
INSERT INTO payer
(id, name, is_default, identifiers, settings, key_check, reference_epoch, created_at)
VALUES ('p', 'Payer', true, '[]', '{}', '', 0, '2026-03-02T09:30:00+00:00');
INSERT INTO client
(id, payer_id, kind, name, identifiers, acts_for, hand_over, token_hash, created_at)
VALUES ('c', 'p', 'submitter', 'Old', '[]', '[]', 'on-handover', 'h', '2026-03-02T09:30:00+00:00')
"""


def test_who_was_registered_before_the_right_to_enroll_has_it_not(store):
    schema.downgrade(store, "0001")
    statements = [text(one) for one in OF_THE_FIRST_REVISION.split(";")]
    store.write(lambda connection: [connection.execute(one) for one in statements])

    schema.upgrade(store)

    query = select(metadata.tables["client"].c.name, metadata.tables["client"].c.may_enroll)
    assert store.read(lambda c: [tuple(row) for row in c.execute(query)]) == [("Old", False)]


def test_an_upgrade_to_what_is_there_already_keeps_every_row(store, installation):
    def fill(connection):
        Parties(connection).add_payer(Payer(MINE.payer_id, "Payer"), NOW)
        work = UnitOfWork(
            connection, MINE, NOW, installation.hasher, installation.new_id, installation.indexer
        )
        work.resources.add("Claim", "1", '{"value":100.00}', [], MINE.submitter_id)
        work.reservations.reserve("1", granted(), TERMS)

    store.write(fill)
    before = rows(store)

    schema.upgrade(store)

    assert rows(store) == before
    assert {name for name, count in before.items() if count} == {
        "payer",
        "resource",
        "resource_version",
        "reservation",
        "reservation_entry",
        "reservation_line",
    }


def test_what_is_reserved_stays_while_its_index_comes_and_goes(store, installation):
    def reserve(connection):
        Parties(connection).add_payer(Payer(MINE.payer_id, "Payer"), NOW)
        work = UnitOfWork(
            connection, MINE, NOW, installation.hasher, installation.new_id, installation.indexer
        )
        work.reservations.reserve("1", granted(100), TERMS)

    def indexes():
        return store.read(
            lambda connection: {
                one["name"] for one in inspect(connection).get_indexes("reservation")
            }
        )

    store.write(reserve)
    before = rows(store), indexes()

    schema.downgrade(store, "0011")
    without = indexes()
    schema.upgrade(store)

    assert "ix_reservation_member" in before[1] - without
    assert (rows(store), indexes()) == before


def test_jobs_from_before_are_of_no_family_and_lose_nothing_with_it(empty):
    schema.upgrade(empty, "0012")
    insert = text(
        "INSERT INTO job (payer_id, submitter_id, kind, type, submission_id, epoch, state, due_at,"
        " attempts, created_at)"
        " VALUES ('P', 'S', 'adjudicate', 'Claim', 'C', 1, 'waiting', :now, 0, :now)"
    )
    empty.write(lambda connection: connection.execute(insert, {"now": str(NOW)}))

    schema.upgrade(empty)
    families = told(empty, "SELECT submission_id, family FROM job")
    empty.write(lambda connection: connection.execute(text("UPDATE job SET family = 'A'")))
    schema.downgrade(empty, "0012")

    assert families == {"C": None}
    assert told(empty, "SELECT submission_id, state FROM job") == {"C": "waiting"}


def test_leases_come_and_go_with_their_revision_and_lose_no_answer(empty, installation):
    answers = {
        "R1": ("undelivered", 0, "undelivered"),
        "R2": ("delivered", 1, "delivered"),
        "R3": ("leased", 0, "undelivered"),
        "R4": ("parked", 0, "undelivered"),
        "R5": ("withdrawn", 0, "withdrawn"),
    }
    schema.upgrade(empty, "0001")
    insert = text(
        "INSERT INTO pended (payer_id, submitter_id, state, type, resource_id, version, dated_from,"
        " dated_to, size, pended_at) VALUES ('P', 'S', :state, 'Task', :id, 1, :now, :now, 1, :now)"
    )
    given = [{"id": id, "state": one[0], "now": str(NOW)} for id, one in answers.items()]
    empty.write(lambda connection: connection.execute(insert, given))

    schema.upgrade(empty, "0003")
    deliveries = told(empty, "SELECT resource_id, deliveries FROM pended")
    schema.downgrade(empty, "0001")

    assert deliveries == {id: one[1] for id, one in answers.items()}
    states = told(empty, "SELECT resource_id, state FROM pended")
    assert states == {id: one[2] for id, one in answers.items()}


def test_decisions_come_with_their_revision_and_of_those_made_before_none_is_kept(empty):
    schema.upgrade(empty, "0006")
    statements = [text(one) for one in OF_THE_FIRST_REVISION.split(";")[:1]]
    empty.write(lambda connection: [connection.execute(one) for one in statements])

    schema.upgrade(empty, "0008")
    kept = told(empty, "SELECT count(*), 0 FROM decision")
    schema.downgrade(empty, "0006")

    assert kept == {0: 0}
    assert not {"decision", "decision_source"} & described(empty).keys()
    assert told(empty, "SELECT id, name FROM payer") == {"p": "Payer"}


def test_what_came_before_there_were_clocks_has_none_and_stays(empty):
    schema.upgrade(empty, "0006")
    insert = text(
        "INSERT INTO submission (payer_id, type, id, submitter_id, state, epoch, is_used,"
        " created_at) VALUES ('P', 'Claim', 'C', 'S', 'queued', 1, false, :now)"
    )
    empty.write(lambda connection: connection.execute(insert, {"now": str(NOW)}))

    schema.upgrade(empty, "0009")

    assert told(empty, "SELECT id, state FROM submission") == {"C": "queued"}
    assert told(empty, "SELECT submission_id, epoch FROM clock") == {}
    schema.downgrade(empty, "0006")
    assert told(empty, "SELECT id, state FROM submission") == {"C": "queued"}


ONE_SUM = """
INSERT INTO reservation (payer_id, submission_id, currency, reserved, consumed, restored, released,
expired, open, services) VALUES ('P', 'A', 'EUR', 100, 50, 10, 20, 5, 35, '["s1", "s2"]');
INSERT INTO reservation_entry (payer_id, submission_id, kind, amount, claim_id, entered_at)
VALUES ('P', 'A', 'consume', 50, 'C', '2026-03-02T09:30:00+00:00')
"""


def test_what_was_reserved_as_one_sum_stays_usable_as_one(empty):
    schema.upgrade(empty, "0006")
    before = _in_any_order(empty)
    statements = [text(one) for one in ONE_SUM.split(";")]
    empty.write(lambda connection: [connection.execute(one) for one in statements])

    schema.upgrade(empty, "0007")
    carried = empty.read(lambda connection: list(_reservations(connection)))
    schema.downgrade(empty, "0006")

    assert _in_any_order(empty) == before
    services = frozenset({"s1", "s2"})
    [held] = carried
    assert held.terms.services == {(): services}
    assert held.parts == {Part("A", (), Measure.AMOUNT): Sums(100, 50, 10, 20, 5, 35)}
    assert told(empty, "SELECT submission_id, reserved - consumed + open FROM reservation") == {
        "A": 100 - 50 + 35
    }
    assert told(empty, "SELECT submission_id, services FROM reservation") == {"A": '["s1", "s2"]'}
    assert told(empty, "SELECT claim_id, amount FROM reservation_entry") == {"C": 50}


def _in_any_order(store):
    """What the tables are; a column that was given back stands last."""
    return {name: (sorted(of[0]), *of[1:]) for name, of in described(store).items()}


def _reservations(connection):
    """As the code of this revision reads them."""
    found = Reservations(connection, Scope("P"), NOW)
    yield from found.find_all(["A"], lock=False).values()
    assert found.used_by("C") == {(Part("A", (), Measure.AMOUNT), ()): 50}


# As revision 0006 has them: what is owed to one payee, of whom the last run was short of 40.00.
OF_PAYABLES = """
INSERT INTO payable_account (payer_id, id, submitter_id, payee, currency, reference, carried)
VALUES ('P', 'A1', 'S', 'hash', 'EUR', '{}', -4000);
INSERT INTO payable_entry
(payer_id, submitter_id, account_id, claim_id, epoch, kind, amount, response_id, entered_at)
VALUES ('P', 'S', 'A1', 'C1', 1, 'payment', -4000, 'R1', '2026-03-02T09:30:00+00:00');
INSERT INTO payment (payer_id, id, submitter_id, account_id, currency, amount, issued_on, issued_at)
VALUES ('P', 'P1', 'S', 'A1', 'EUR', 8000, '2026-03-02', '2026-03-02T09:30:00+00:00');
INSERT INTO payment_quarantine
(payer_id, claim_id, submitter_id, account_id, fault, quarantined_at)
VALUES ('P', 'C2', 'S', 'A1', 'sum', '2026-03-02T09:30:00+00:00')
"""


def test_the_ledger_of_a_payee_keeps_what_is_owed_under_its_new_name_and_its_old(empty):
    schema.upgrade(empty, "0006")
    statements = [text(one) for one in OF_PAYABLES.split(";")]
    empty.write(lambda connection: [connection.execute(one) for one in statements])

    schema.upgrade(empty, "0010")

    assert told(empty, "SELECT id, payee FROM payee_ledger") == {"A1": "hash"}
    assert told(empty, "SELECT ledger_id, amount FROM payable_entry") == {"A1": -4000}
    assert told(empty, "SELECT ledger_id, id FROM payment") == {"A1": "P1"}
    assert told(empty, "SELECT ledger_id, claim_id FROM payment_quarantine") == {"A1": "C2"}
    # Of which entries it was the sum, was not kept: the next run finds the same anew.
    assert told(empty, "SELECT id, carried FROM payee_ledger") == {"A1": 0}
    schema.downgrade(empty, "0006")
    assert told(empty, "SELECT id, currency FROM payable_account") == {"A1": "EUR"}
    assert told(empty, "SELECT account_id, amount FROM payable_entry") == {"A1": -4000}


def told(store, query):
    return dict(store.read(lambda c: [tuple(row) for row in c.execute(text(query))]))


def rows(store):
    def counted(connection):
        return {
            name: [tuple(row) for row in connection.execute(table.select())]
            for name, table in metadata.tables.items()
        }

    return store.read(counted)


def test_tasks_stay_while_their_index_by_age_comes_and_goes(store):
    insert = text(
        "INSERT INTO task (payer_id, id, submitter_id, code, status, created_at)"
        " VALUES ('P', :id, 'S', :code, 'completed', :now)"
    )
    given = [{"id": code, "code": code, "now": str(NOW)} for code in ("poll", "cancel")]
    store.write(lambda connection: connection.execute(insert, given))

    def indexes():
        return store.read(lambda rows: {one["name"] for one in inspect(rows).get_indexes("task")})

    before = rows(store), indexes()
    schema.downgrade(store, "0012")
    without = indexes()
    schema.upgrade(store)

    assert before[1] - without == {"ix_task_asked"}
    assert (rows(store), indexes()) == before


# --- together


def test_of_two_that_upgrade_at_once_one_does_and_the_other_finds_it_done(empty):
    stores = [Store(empty.url.render_as_string(False)) for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        done = [pool.submit(schema.upgrade, each) for each in stores]
        for each in done:
            each.result()

    assert {schema.current(each) for each in stores} == {schema.newest()}
    assert differences(empty) == []
    for each in stores:
        each.close()


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_a_revision_does_not_queue_up_before_others_behind_a_table_that_is_held(store):
    schema.downgrade(store, "0010")
    reader = store.engine.connect()
    # An upgrade begins with a new pool, and this one must not go back to the one of before.
    reader.detach()
    reader.execute(text("SELECT count(*) FROM submission"))

    with pytest.raises(Busy):
        schema.upgrade(store)
    kept = schema.current(store)
    reader.close()
    schema.upgrade(store)

    assert (kept, schema.current(store)) == ("0010", schema.newest())
    limits = store.read(lambda rows: rows.execute(text("SHOW lock_timeout")).scalar_one())
    assert limits == "5s"


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_an_index_that_was_left_half_built_is_built_anew(store):
    schema.downgrade(store, "0012")
    spoil = "CREATE INDEX ix_task_asked ON task (payer_id)"
    store.write(lambda connection: connection.execute(text(spoil)))

    schema.upgrade(store)

    assert differences(store) == []


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_one_that_had_to_wait_for_its_turn_builds_an_index(store):
    schema.downgrade(store, "0012")
    with store.engine.connect() as other, ThreadPoolExecutor(1) as pool:
        # As above: the upgrade begins with a new pool.
        other.detach()
        other.execute(text(f"SELECT pg_advisory_xact_lock({schema.ADVISORY_LOCK})"))
        waiting = pool.submit(schema.upgrade, store)
        # What the driver is asked for the sixth time it prepares, which then holds its view longer.
        time.sleep(2)
        is_waiting = not waiting.done()
        other.rollback()
        waiting.result()

    assert is_waiting
    assert schema.current(store) == schema.newest()
