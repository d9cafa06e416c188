"""Indexing again: everything in order, in parts, and only what is wrong is changed."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

from sqlalchemy import select, update

from app.domain.search.query import Has, Search, TokenMatch
from app.store import tables
from app.store.search.reindexing import Reindexed
from app.store.unit_of_work import UnitOfWork
from tests.builders import NOW
from tests.store.scopes import FOREIGN, MINE, PAYERS, THEIRS
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


def test_requests_that_change_what_is_indexed_meanwhile_are_found_by_what_they_left(
    installation, store
):
    texts = {str(number): (token("status", f"code-{number}"),) for number in range(40)}

    def work_of(connection):
        return UnitOfWork(connection, MINE, NOW, installation.hasher, installation.new_id, indexer)

    def indexer(_type, text):
        return texts[text]

    def add(connection):
        return [
            work_of(connection).resources.add("Claim", id, "0", (), MINE.submitter_id)
            for id in "abc"
        ]

    def next_part(last, connection):
        return work_of(connection).reindexing.next(last, 2)

    def amend(one, text, connection):
        return work_of(connection).resources.amend(one, text)

    def index_again(_round):
        last = None
        for _ in range(9):
            part = store.write(partial(next_part, last))
            if part is None:
                return
            last = part.last

    kept = store.write(add)
    with ThreadPoolExecutor(2) as threads:
        running = threads.submit(lambda: [index_again(each) for each in range(20)])
        for number in range(1, 40):
            kept = [store.write(partial(amend, one, str(number))) for one in kept]
        running.result()

    assert [one.version for one in kept] == [40] * 3
    search = Search("Claim", (Has(("status",), (TokenMatch("code-39"),)),))
    page = store.read(lambda connection: work_of(connection).search.page(search, 9))
    assert [stored.id for stored, _ in page.found] == list("abc")
    again = store.write(lambda connection: work_of(connection).reindexing.next(None, 9))
    assert again == Reindexed(("Claim", "c"), 3, 0)
