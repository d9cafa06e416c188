"""Indexing again: everything in order, in parts, and only what is wrong is changed."""

from sqlalchemy import select, update

from app.store import tables
from app.store.reindexing import Reindexed
from tests.store.scopes import FOREIGN, PAYERS, THEIRS
from tests.store.searching.world import link, token, words


def index(connection):
    return [
        list(connection.execute(select(table).order_by(*table.primary_key)))
        for table in tables.SEARCH_TABLES
    ]


def filled(world):
    for number in range(5):
        world.add(f"Claim/{number}", token("identifier", str(number)), link("patient", "Patient/1"))
    world.add("Claim/theirs", words("name", "theirs"), scope=THEIRS)
    world.add("Patient/1", words("name", "payer's"), scope=PAYERS)
    resources = world.seen_by(PAYERS).resources
    resources.delete(resources.find("Claim", "3"))
    resources.purge("Claim", "4")
    for id in "12":
        amended = world.text(token("identifier", id), token("status", "amended"))
        resources.amend(resources.find("Claim", id), amended)


def all_parts(world, at_most, scope=PAYERS):
    parts, last = [], None
    for _ in range(20):
        part = world.seen_by(scope).reindexing.next(last, at_most)
        if part is None:
            return parts
        parts.append(part)
        last = part.last
    raise AssertionError("it does not end")


def test_a_wiped_index_is_written_as_it_was(world, connection):
    filled(world)
    before = index(connection)
    for table in tables.SEARCH_TABLES:
        connection.execute(table.delete())

    parts = all_parts(world, 3)

    assert index(connection) == before
    assert world.seen_by(PAYERS).reindexing.count() == 7
    rows = sum(map(len, before))
    assert [part.resources for part in parts] == [3, 3, 1]
    assert [part.last for part in parts] == [("Claim", "2"), ("Claim", "theirs"), ("Patient", "1")]
    assert sum(part.rows for part in parts) == rows == 2 + 2 + 2 + 1 + 1


def test_what_is_right_is_not_changed_and_what_is_deleted_is_not_found_again(world, connection):
    filled(world)
    before = index(connection)

    assert all_parts(world, 100) == [Reindexed(("Patient", "1"), 7, 0)]
    assert index(connection) == before


def test_only_the_payers_own_is_indexed(world, connection):
    filled(world)
    world.add("Claim/foreign", token("identifier", "1"), scope=FOREIGN)
    connection.execute(update(tables.search_token).values(code_hash="wrong"))

    all_parts(world, 100)

    wrong = select(tables.search_token.c.payer_id).where(tables.search_token.c.code_hash == "wrong")
    assert connection.scalars(wrong).all() == [FOREIGN.payer_id]
    assert world.seen_by(FOREIGN).reindexing.count() == 1
