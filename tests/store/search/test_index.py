"""The index follows its resource: written once, changed where it differs, gone with it."""

from decimal import Decimal

import pytest
from sqlalchemy import event, insert, select, update

from app.domain.search.entries import ReferenceEntry, StringEntry, TokenEntry
from app.domain.search.query import Has, TextMatch, TextMode, TokenMatch
from app.store import tables
from app.store.search.index import Indexed
from tests.store.scopes import MINE, THEIRS
from tests.store.searching.world import date, link, number, token, words

ENTRIES = (
    token("status", "active", "s", "active"),
    token("identifier", "1"),
    link("patient", "Patient/1"),
    date("created", 1),
    words("name", "Müller"),
    number("total", Decimal("1.0000000000009")),
    number("total", Decimal(2), system="urn:iso:std:iso:4217", code="EUR"),
)


@pytest.fixture
def statements(connection):
    """What is sent to the database, the first word and the table of each."""
    sent = []

    def note(_connection, _cursor, statement, _parameters, _context, _many):
        sent.append(" ".join(statement.split()[:3]))

    event.listen(connection, "before_cursor_execute", note)
    yield sent
    event.remove(connection, "before_cursor_execute", note)


def rows(connection, type="Claim", id="1"):
    """What a resource is found by, without the places that the rows happen to have."""
    return {
        table.name: sorted(
            tuple(str(value) for name, value in row._mapping.items() if name != "position")
            for row in connection.execute(
                select(table).where(table.c.type == type, table.c.resource_id == id)
            )
        )
        for table in tables.SEARCH_TABLES
    }


def replaced(world, before, after):
    """A resource that was found by some entries and now is by others."""
    stored = world.add("Claim/1", *before)
    return world.seen_by(MINE).resources.amend(stored, world.text(*after))


def test_equal_entries_are_one_row_and_one_statement_writes_a_table(world, connection, statements):
    world.seen_by(MINE).index.add("Claim", "1", "submitter-1", world.text(*ENTRIES, *ENTRIES))

    assert sorted(statements) == sorted(
        f"INSERT INTO {table.name}" for table in tables.SEARCH_TABLES
    )
    assert [len(of_table) for of_table in rows(connection).values()] == [2, 1, 1, 1, 2]


def test_nothing_to_be_found_by_is_no_statement(world, connection, statements):
    world.seen_by(MINE).index.add("Claim", "1", None, world.text())

    assert statements == []


def test_what_is_the_same_is_read_once_and_not_written(world, connection, statements):
    world.seen_by(MINE).index.add("Claim", "1", "submitter-1", world.text(*ENTRIES))
    before = rows(connection)
    statements.clear()

    world.seen_by(MINE).index.replace(
        "Claim", "1", "submitter-1", world.text(*reversed(ENTRIES), ENTRIES[0])
    )

    assert len(statements) == 1
    assert statements[0].startswith("SELECT")
    assert rows(connection) == before


def test_one_value_that_changes_is_one_statement_more(world, connection, statements):
    world.seen_by(MINE).index.add("Claim", "1", "submitter-1", world.text(*ENTRIES))
    statements.clear()
    changed = (token("status", "cancelled", "s", "cancelled"), *ENTRIES[1:])

    world.seen_by(MINE).index.replace("Claim", "1", "submitter-1", world.text(*changed))

    assert [each.split()[0] for each in statements] == ["SELECT", "INSERT"]
    assert world.seen_by(MINE).index.replace_each("Claim", []) == 0


@pytest.mark.parametrize(
    "after",
    [(), ENTRIES[:3], ENTRIES[4:], (*ENTRIES, token("status", "more"), words("name", "Other"))],
    ids=["none", "fewer", "others", "more"],
)
@pytest.mark.parametrize("before", [(), ENTRIES, ENTRIES[2:]], ids=["none", "all", "some"])
def test_what_is_left_is_what_would_be_written_anew(world, connection, before, after):
    replaced(world, before, after)
    left = rows(connection)
    world.add("Claim/2", *after)

    assert left == {
        name: sorted(tuple("1" if value == "2" and at == 2 else value
                           for at, value in enumerate(row)) for row in of_table)
        for name, of_table in rows(connection, id="2").items()
    }  # fmt: skip


def test_an_index_that_is_wrong_is_mended(world, connection):
    world.add("Claim/1", *ENTRIES)
    expected = rows(connection)
    connection.execute(update(tables.search_token).values(code_hash="wrong", submitter_id="other"))
    connection.execute(tables.search_reference.delete())
    [kept] = connection.execute(select(tables.search_string)).all()
    connection.execute(insert(tables.search_string), [{**kept._mapping, "position": 7}])
    text = world.text(*ENTRIES)

    written = world.seen_by(MINE).index.replace_each("Claim", [Indexed("1", "submitter-1", text)])

    assert rows(connection) == expected
    assert written == 2 + 1 + 1


def test_only_the_resource_itself_is_touched(world, connection):
    for reference in ("Claim/1", "Claim/2", "Task/1"):
        world.add(reference, *ENTRIES)
    others = [rows(connection, "Claim", "2"), rows(connection, "Task", "1")]
    world.seen_by(MINE).index.replace("Claim", "1", "submitter-1", world.text())

    assert not any(rows(connection).values())
    assert [rows(connection, "Claim", "2"), rows(connection, "Task", "1")] == others
    world.seen_by(MINE).index.forget("Task", ["1"])
    assert not any(rows(connection, "Task", "1").values())
    assert rows(connection, "Claim", "2") == others[0]


def test_a_deleted_resource_comes_back_to_be_found(world, connection):
    first = world.add("Claim/1", *ENTRIES)
    before = rows(connection)
    resources = world.seen_by(MINE).resources
    deleted = resources.delete(first)
    assert not any(rows(connection).values())

    resources.replace(deleted, world.text(*ENTRIES), ())

    assert rows(connection) == before


def test_a_text_that_is_rewritten_is_found_by_what_it_says_now(world, connection):
    stored = world.add("Claim/1", words("name", "secret"))
    world.seen_by(MINE).resources.amend(stored, world.text(words("name", "secret too")))
    bare = world.text(words("name", "gone"))

    world.seen_by(MINE).resources.rewrite("Claim", ["1"], lambda _id, _text: bare)

    assert [row.normal for row in connection.execute(select(tables.search_string))] == ["gone"]
    assert world.found("Claim", Has(("name",), (TextMatch("secret"),)), scope=THEIRS) == []


@pytest.mark.parametrize("odd", ["\x00", "\ud800"], ids=ascii)
def test_what_no_database_can_hold_is_left_out_of_a_text(world, odd):
    world.add(
        "Claim/1",
        StringEntry("name", f"od{odd}d"),
        TokenEntry(f"code${odd}", f"a{odd}b", f"s{odd}", f"a{odd}b"),
        ReferenceEntry("patient", "Patient", "1"),
    )

    assert world.found("Claim", Has(("name",), (TextMatch("odd", TextMode.EXACT),))) == ["1"]
    assert world.found("Claim", Has((f"code${odd}",), (TokenMatch("ab", "s"),))) == ["1"]


def test_a_name_of_any_length_is_found(world):
    long = "context-type-value$" + "x" * 400
    world.add("Claim/1", token(long, "1"))
    world.add("Claim/2", token(long + "x", "1"))

    assert world.found("Claim", Has((long,), (TokenMatch("1"),))) == ["1"]
    assert world.found("Claim", Has((long,), (TokenMatch("1"),), is_negated=True)) == ["2"]
