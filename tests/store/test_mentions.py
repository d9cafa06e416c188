"""What resources name: found by what is named, and never readable."""

from sqlalchemy import select

from app.store import tables
from tests.store.scopes import FOREIGN, MINE, THEIRS

CLAIM, NUMBER = "Claim/C1", "http://happyvalley.test/claim|1500"


def test_who_names_something_is_found_by_it(work):
    work.mentions.add("Task", "T1", [CLAIM, NUMBER])
    work.mentions.add("Task", "T2", [NUMBER])
    work.mentions.add("Communication", "M1", [CLAIM])
    work.mentions.add("Task", "T3", ["Claim/C2"])

    assert work.mentions.of([CLAIM]) == [("Communication", "M1"), ("Task", "T1")]
    assert work.mentions.of([NUMBER]) == [("Task", "T1"), ("Task", "T2")]
    assert work.mentions.of([NUMBER, CLAIM, CLAIM]) == [
        ("Communication", "M1"),
        ("Task", "T1"),
        ("Task", "T2"),
    ]
    assert work.mentions.of(["claim/c1", "1500"]) == []
    assert work.mentions.of([]) == []


def test_what_is_named_twice_is_kept_once_and_nothing_is_kept_of_nothing(work, connection):
    work.mentions.add("Task", "T1", [CLAIM, CLAIM])
    work.mentions.add("Task", "T2", [])

    assert len(connection.execute(select(tables.mention)).all()) == 1


def test_what_is_forgotten_is_not_found_any_more(work):
    for id in ("T1", "T2"):
        work.mentions.add("Task", id, [CLAIM, NUMBER])

    work.mentions.forget("Task", ["T1"])

    assert work.mentions.of([CLAIM, NUMBER]) == [("Task", "T2")]


def test_each_submitter_finds_its_own_alone(view):
    view(MINE).mentions.add("Task", "T1", [CLAIM])
    view(THEIRS).mentions.add("Task", "T2", [CLAIM])
    view(FOREIGN).mentions.add("Task", "T3", [CLAIM])

    assert view(MINE).mentions.of([CLAIM]) == [("Task", "T1")]
    assert view(THEIRS).mentions.of([CLAIM]) == [("Task", "T2")]
    assert view(FOREIGN).mentions.of([CLAIM]) == [("Task", "T3")]


def test_another_payer_forgets_nothing_of_ours(view):
    view(MINE).mentions.add("Task", "T1", [CLAIM])

    view(FOREIGN).mentions.forget("Task", ["T1"])

    assert view(MINE).mentions.of([CLAIM]) == [("Task", "T1")]


def test_no_row_holds_what_is_named(work, connection):
    work.mentions.add("Task", "T1", [NUMBER])

    [row] = connection.execute(select(tables.mention)).all()

    assert not any("1500" in str(value) or "happyvalley" in str(value) for value in row)
