"""What is only read leaves a row in the audit, before it is given; else it is not given."""

from dataclasses import replace

import pytest

from app import create_app
from app.domain.auditing import ACCESSES
from app.store import tables
from app.store.database.engine import Busy, Store
from tests.builders import a_claim, a_task, an_input
from tests.bundles import asked, batch, transaction
from tests.wire import Wire

MISSING = "0196f3a0-0000-7000-8000-000000000000"


@pytest.fixture
def looked(rows):
    """What the audit tells of accesses: action, outcome, type, id and number."""

    def told():
        found = [row for action in sorted(ACCESSES) for row in rows.of(tables.audit, action=action)]
        names = ("action", "outcome", "type", "resource_id", "number")
        ordered = sorted(found, key=lambda row: row["seq"])
        return [tuple(row[name] for name in names) for row in ordered]

    return told


@pytest.fixture
def claim(wire):
    return wire.post("Claim", a_claim())


def test_what_is_not_there_and_what_is_foreign_leave_the_same_row(wire, other, claim, rows):
    wire.get(f"Claim/{MISSING}")
    other.get(claim.reference)

    missing, foreign = rows.of(tables.audit, action="read")
    assert missing["resource_id"] == MISSING
    assert foreign["resource_id"] == claim.document["id"]
    same = ("action", "outcome", "type", "number", "task_id")
    assert [missing[name] for name in same] == [foreign[name] for name in same]
    assert missing["outcome"] == "ECG-NOT-FOUND"


def test_of_what_somebody_typed_for_an_id_a_keyed_hash_is_kept(wire, rows):
    for typed in ("943-476-5919", "943-476-5919", "943-476-5918"):
        assert wire.get(f"Patient/{typed}").status == 404

    first, same, other = (row["resource_id"] for row in rows.of(tables.audit, action="read"))
    assert first == same != other
    assert first.startswith("hash.")


def test_a_search_that_cannot_be_asked_leaves_no_row(wire, looked):
    assert wire.get("Claim?created=yesterday").status == 400

    assert looked() == []


def test_a_read_and_a_version_are_told_with_who_and_which(wire, claim, rows, registry, looked):
    read = wire.get(claim.reference)
    wire.get(f"{claim.reference}/_history/1")
    wire.get(f"{claim.reference}/_history/2")

    id = claim.document["id"]
    assert looked() == [
        ("read", "shown", "Claim", id, 1),
        ("vread", "shown", "Claim", id, 1),
        ("vread", "ECG-NOT-FOUND", "Claim", id, None),
    ]
    [row] = rows.of(tables.audit, action="read")
    assert row["actor"] == registry.issued["Happy Valley"].client.id
    assert row["request_id"] == read.headers["X-Request-Id"]


def test_a_search_is_one_row_for_each_page_and_never_tells_what_was_asked(wire, looked):
    for _ in range(3):
        wire.post("Claim", a_claim())

    first = wire.get("Claim?_count=2&use=claim")
    [onwards] = [link["url"] for link in first.document["link"] if link["relation"] == "next"]
    wire.get(onwards.partition("/fhir/r4/")[2])
    wire.get("Claim?_summary=count")

    assert looked() == [
        ("search-type", "shown", "Claim", None, 2),
        ("search-type", "shown", "Claim", None, 1),
        ("search-type", "shown", "Claim", None, 0),
    ]


def test_histories_are_told_with_how_many_versions(wire, claim, looked):
    wire.get(f"{claim.reference}/_history")
    wire.get("Claim/_history")
    wire.get("_history?_count=1")
    wire.get(f"Claim/{MISSING}/_history")

    assert looked() == [
        ("history-instance", "shown", "Claim", claim.document["id"], 1),
        ("history-type", "shown", "Claim", None, 1),
        ("history-system", "shown", None, None, 1),
        ("history-instance", "ECG-NOT-FOUND", "Claim", MISSING, None),
    ]


def test_a_poll_tells_how_many_answers_it_gave_and_its_bundle_too(wire, claim, worker, rows):
    worker.drain()
    poll = wire.task(a_task("poll", inputs=[an_input("count", valuePositiveInt=10)]))
    wire.get(poll.output("response"))
    wire.task(a_task("poll"))

    first, second = rows.of(tables.audit, action="poll")
    [bundle] = rows.of(tables.audit, action="read")
    assert first["number"] == bundle["number"] == len(rows.of(tables.handed_over)) > 0
    assert second["number"] == 0
    assert (bundle["type"], bundle["resource_id"]) == ("Bundle", poll.document["id"])


def test_what_is_published_and_what_is_only_checked_leave_no_row(wire, claim, looked):
    for path in ("metadata", "openapi.json", "CodeSystem/error", "CodeSystem?_count=1"):
        assert wire.get(path).status == 200
    assert wire.get(f"{claim.reference}/$validate").status == 200

    assert looked() == []


@pytest.mark.parametrize("writes", [False, True], ids=["that reads", "that writes"])
def test_the_reads_of_a_transaction_are_told_with_it(wire, claim, looked, writes):
    added = [asked("POST", "Claim", a_claim())] if writes else []
    entries = [asked("GET", claim.reference), asked("GET", "Claim?_count=1"), *added]

    assert transaction(wire, *entries).status == 200

    assert looked() == [
        ("read", "shown", "Claim", claim.document["id"], 1),
        ("search-type", "shown", "Claim", None, 1),
    ]


def test_of_a_transaction_that_is_refused_only_the_refusal_is_told(wire, claim, looked):
    entries = [asked("GET", claim.reference), asked("GET", f"Claim/{MISSING}")]

    assert transaction(wire, *entries).status == 404

    assert looked() == [("read", "ECG-NOT-FOUND", "Claim", MISSING, None)]


def test_each_read_of_a_batch_is_told(wire, claim, looked):
    entries = [asked("GET", claim.reference), asked("GET", f"Claim/{MISSING}")]

    assert batch(wire, *entries).status == 200

    assert [row[:2] for row in looked()] == [("read", "shown"), ("read", "ECG-NOT-FOUND")]


def test_without_the_setting_what_is_only_read_leaves_no_row(installation, claim, wire, looked):
    silent = create_app(replace(installation, audits_reads=False)).test_client()

    assert Wire(silent, wire.token).get(claim.reference).text == claim.text
    assert looked() == []


class Unwritable(Store):
    """A database that can be read, and no longer takes a row of the audit."""

    def noted(self, work, note, wall, *, by_itself=False):
        def noted(_connection, _found):
            raise Busy

        return super().noted(work, noted, wall, by_itself=by_itself)


def test_what_cannot_be_audited_is_not_given(database, installation, wire, claim, looked):
    store = Unwritable(database)
    failing = create_app(replace(installation, store=store))
    failing.testing = False
    http = Wire(failing.test_client(), wire.token)
    try:
        for path in (claim.reference, f"{claim.reference}/_history", "Claim"):
            reply = http.get(path)
            assert reply.status == 503
            assert claim.document["id"] not in reply.text
    finally:
        store.close()

    assert looked() == []
    assert wire.get(claim.reference).text == claim.text
