"""The second wall: what PostgreSQL shows and takes, whatever a statement says.

Statements here name no payer and no submitter, as one would that has forgotten them.
"""

import ast
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

import app
from app.domain.parties import Scope
from app.gateway.administering.new_payer import new_payer
from app.store import schema
from app.store.database import standing_walls
from app.store.database.engine import Store
from app.store.database.walls import EVERYBODY, around
from app.store.tables import metadata
from tests.builders import a_claim
from tests.rows import Rows
from tests.wire import Wire

APP = Path(app.__file__).parent
# Tables under no policy, and why.
OPEN = {
    "alembic_version": "the schema's own",
    "calendar_slot": "which jobs of the calendar were enqueued: its keys are jobs and days",
    "rate_bucket": "how often somebody asked: its keys are hashes, also of addresses",
    "signing_key": "the gateway's own, sealed under the installation's secret",
    "wrapping_key": "which keys there are; what they are is in no database",
}
# Plans are the payer's own, which its submitters may read.
TEXTS = text("SELECT count(*) FROM resource_version WHERE type = 'Claim'")
CLAIMS = select(func.count()).select_from(metadata.tables["submission"])


@pytest.fixture(params=["postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    """SQLite has no second wall."""
    name: str = request.param
    return name


@pytest.fixture
def world(http, registry, installation):
    """Three Claims of three submitters, two of them of one payer; the submitters' scopes."""
    stranger = new_payer(installation, "Another payer")
    issued = [
        registry.submitter("Mine"),
        registry.submitter("Theirs"),
        registry.submitter("Foreign", payer=stranger),
    ]
    for one in issued:
        Wire(http, one.token).post("Claim", a_claim())
    return [one.client.scope for one in issued]


def counted(store: Store, statement: Any, scope: Scope | None) -> int:
    wall = EVERYBODY if scope is None else around(scope)
    return store.read(lambda rows: rows.execute(statement).scalar_one(), wall)


@pytest.mark.parametrize("statement", [CLAIMS, TEXTS])
def test_a_statement_that_forgot_its_scope_sees_no_foreign_row(store, world, statement):
    all_of_them = counted(store, statement, None)
    per_claim = all_of_them // len(world)

    assert [counted(store, statement, scope) for scope in world] == [per_claim] * len(world)
    assert counted(store, statement, Scope(world[0].payer_id)) == 2 * per_claim
    assert all_of_them == 3 * per_claim > 0


def test_no_table_shows_a_payer_the_rows_of_another(store, world):
    """Every table that has rows, and the rows of each payer add up to all of them."""
    payers = {scope.payer_id for scope in world}
    filled = 0
    for name in sorted(metadata.tables.keys() - OPEN.keys()):
        statement = select(func.count()).select_from(metadata.tables[name])
        every = counted(store, statement, None)
        seen = [counted(store, statement, Scope(one)) for one in payers]
        assert sum(seen) == every, name
        filled += all(seen)
    assert filled > 10


def test_who_tells_nothing_sees_nothing(store, world):
    with store.engine.begin() as connection:
        assert connection.execute(CLAIMS).scalar_one() == 0


def test_a_wall_lasts_no_longer_than_its_transaction(store, world):
    """On the one connection that has just been told another scope."""
    for scope in (*world, *world):
        assert counted(store, CLAIMS, scope) == 1
        with store.engine.connect() as connection:
            assert connection.execute(CLAIMS).scalar_one() == 0


def test_a_read_by_one_statement_stands_behind_the_wall(store, world):
    def ask(rows):
        return rows.connection.dbapi_connection.execute(str(CLAIMS)).fetchone()[0]

    assert [store.glance(ask, around(scope)) for scope in world] == [1, 1, 1]
    assert store.glance(ask, EVERYBODY) == 3


def a_row(scope: Scope) -> dict:
    return {"payer_id": scope.payer_id, "submitter_id": scope.submitter_id}


INSERT = text("INSERT INTO queue_head (payer_id, submitter_id) VALUES (:payer_id, :submitter_id)")


def inserted(connection, row):
    connection.execute(INSERT, row)


def test_a_foreign_row_is_not_written(store, world, rows):
    mine, *others = [Scope(one.payer_id, f"{one.submitter_id}-new") for one in world]
    for other in others:
        with pytest.raises(DBAPIError) as refused:
            store.write(partial(inserted, row=a_row(other)), around(mine))
        assert refused.value.orig.sqlstate == "42501"

    store.write(partial(inserted, row=a_row(mine)), around(mine))

    written = store.read(
        lambda connection: connection.execute(
            text("SELECT submitter_id FROM queue_head WHERE submitter_id LIKE '%-new'")
        ).all()
    )
    assert written == [(mine.submitter_id,)]


@pytest.mark.parametrize(
    "change", ["UPDATE submission SET epoch = epoch + 1", "DELETE FROM submission"]
)
def test_a_change_that_forgot_its_scope_hits_no_foreign_row(store, world, change):
    hit = store.write(lambda on: on.execute(text(change)).rowcount, around(world[0]))

    assert hit == 1


def test_a_row_is_not_given_to_somebody_else(store, world):
    give = text("UPDATE submission SET submitter_id = :to")
    for other in world[1:]:
        with pytest.raises(DBAPIError):
            store.write(
                lambda on, to=other.submitter_id: on.execute(give, {"to": to}), around(world[0])
            )

    own = {"to": world[0].submitter_id}
    assert store.write(lambda on: on.execute(give, own).rowcount, around(world[0])) == 1


def test_what_is_the_payers_own_is_seen_and_not_written_by_a_submitter(installation, world, store):
    mine = world[0]
    payers = text(
        "UPDATE business_identifier SET submitter_id = NULL WHERE payer_id = :payer_id"
    ).bindparams(payer_id=mine.payer_id)

    with pytest.raises(DBAPIError):
        store.write(lambda on: on.execute(payers), around(mine))
    assert store.write(lambda on: on.execute(payers).rowcount, around(Scope(mine.payer_id))) > 1
    assert (
        counted(
            store, select(func.count()).select_from(metadata.tables["business_identifier"]), mine
        )
        > 1
    )


def test_the_payers_side_of_a_unit_of_work_sees_its_submitters_and_no_other_payer(
    installation, world
):
    def seen(work):
        def claims():
            return work._connection.execute(CLAIMS).scalar_one()  # noqa: SLF001  past every scope

        before = claims()
        work.on_the_payers_side()
        return before, claims()

    assert installation.write(world[0], seen) == (1, 2)


def test_every_table_is_behind_a_wall_or_on_the_list(store):
    query = text("SELECT relname FROM pg_class WHERE oid IN (SELECT polrelid FROM pg_policy)")
    walled = set(store.read(lambda on: on.execute(query).scalars().all()))
    there = set(
        store.read(
            lambda on: (
                on.execute(
                    text("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
                )
                .scalars()
                .all()
            )
        )
    )

    assert there - walled == OPEN.keys()
    assert walled <= metadata.tables.keys()


def test_every_wall_is_up_in_a_new_database_and_its_user_does_not_pass(store):
    assert standing_walls.look(store) == standing_walls.Walls((), is_passed=False)


def test_walls_go_down_and_up_again(store, database, world):
    mine = world[0]
    standing_walls.put(store, up=False)
    down = standing_walls.look(store)
    assert (len(down.down), counted(store, CLAIMS, mine)) == (
        len(metadata.tables.keys() - OPEN.keys()),
        3,
    )

    standing_walls.put(store, up=True)

    assert (standing_walls.look(store).holds, counted(store, CLAIMS, mine)) == (True, 1)


def test_a_superuser_is_told_to_pass_every_wall(cluster, database):
    superuser = Store(cluster.as_superuser(database))
    found = standing_walls.look(superuser)
    superuser.close()

    assert (found.down, found.is_passed, found.holds) == ((), True, False)


def test_an_upgrade_of_a_database_in_use_leaves_the_walls_down(store, database, payer):
    """The version before still runs on it, and tells the database nothing."""
    schema.downgrade(store, "0014")
    schema.upgrade(store)

    assert not standing_walls.look(store).holds
    assert Rows(store).of(metadata.tables["payer"]) != []


def calls_of_the_store(source: str) -> list[ast.Call]:
    """Calls of `….store.read`, `write` and `glance`, or of a `store` of that name."""

    def is_store(one: ast.expr) -> bool:
        return getattr(one, "attr", getattr(one, "id", None)) in {"store", "_store"}

    return [
        one
        for one in ast.walk(ast.parse(source))
        if isinstance(one, ast.Call)
        and isinstance(one.func, ast.Attribute)
        and one.func.attr in {"read", "write", "glance"}
        and is_store(one.func.value)
    ]


def test_who_asks_the_store_says_for_whom():
    found = {
        f"{file.relative_to(APP)}: {ast.unparse(call)}"
        for file in APP.rglob("*.py")
        for call in calls_of_the_store(file.read_text())
        if len(call.args) < 2
    }

    assert found == set()
    assert len(calls_of_the_store("self._store.read(a)\nstore.write(b, EVERYBODY)\nx.read(c)")) == 2
