"""`eclaims restore`, `eclaims tombstones`: what is restored, and what stays gone."""

import json
from pathlib import Path
from shutil import copytree

import pytest
from sqlalchemy import text

from app import create_app, create_installation, settings
from app.cli.restore import KEPT
from app.gateway.administering import backups
from app.gateway.tasks.withdrawals import ACTOR
from app.store import schema, tables
from app.store.backups import postgresql
from app.store.backups.postgresql import Programs
from tests.builders import a_claim, a_communication, a_task
from tests.cli.installations import PROGRAMS, database_of, everything, everything_of
from tests.cli.processes import Processes
from tests.rows import Rows, texts_of
from tests.security.keyed import KID, a_set, ec, public
from tests.wire import Wire

pytestmark = pytest.mark.usefixtures("database")

NONE = "--no-tombstones"
MARKER = "zzmarkerzz"


@pytest.fixture
def claims(wire, worker):
    """Three decided Claims, of which a poll handed over the first answer; their references."""
    taken = [wire.post("Claim", a_claim()).reference for _ in range(3)]
    assert worker.drain() == 3
    assert wire.task(a_task("poll")).output("response") is not None
    return taken


@pytest.fixture
def copy(beside_the_wire, claims, tmp_path):
    """A backup of them."""
    beside_the_wire.json("backup", tmp_path / "copy", *PROGRAMS)
    return tmp_path / "copy"


def nullified(wire, reference):
    done = wire.task(a_task("nullify", focus=reference))
    assert done.document["status"] == "completed", done.text


def asked_there(eclaims, token):
    """A client of the gateway on another installation, and the store to close."""
    installation = create_installation(settings.read(eclaims.instance))
    return Wire(create_app(installation).test_client(), token), installation


# --- what is refused


def test_a_database_with_something_in_it_is_replaced_only_when_told(
    beside_the_wire, wire, store, copy
):
    later = wire.post("Claim", a_claim())
    store.close()

    refused = beside_the_wire("restore", copy, NONE, *PROGRAMS)

    assert refused.exit_code == 1
    assert "not empty" in refused.stderr
    assert "--replace" in refused.stderr
    assert wire.get(later.reference).status == 200
    store.close()
    assert beside_the_wire("restore", copy, "--replace", *PROGRAMS).exit_code == 0
    assert wire.get(later.reference).status == 404


def test_whoever_uses_the_database_is_in_the_way(
    beside_the_wire, backend, wire, store, database, copy
):
    before = everything(store)
    busy = store.engine.connect()
    busy.execute(text("SELECT count(*) FROM payer"))

    refused = beside_the_wire("restore", copy, "--replace", *PROGRAMS)

    assert refused.exit_code == 1
    assert "Somebody else uses the database" in refused.stderr
    assert list(beside_the_wire.instance.glob("withdrawn-*")) == []
    busy.close()
    assert everything(store) == before
    store.close()
    assert beside_the_wire("restore", copy, "--replace", *PROGRAMS).exit_code == 0


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_server_that_runs_is_in_the_way(beside_the_wire, store, copy, processes):
    store.close()
    gateway = processes.serve()

    refused = processes.run("restore", str(copy), "--replace")

    assert refused.returncode == 1
    assert "Another `eclaims serve` or `eclaims work` runs" in refused.stderr
    gateway.process.terminate()
    gateway.process.wait(60)
    assert processes.run("restore", str(copy), "--replace").returncode == 0


def test_where_nothing_tells_what_was_nullified_that_has_to_be_said(
    elsewhere, beside_the_wire, copy, tmp_path
):
    refused = elsewhere("restore", copy, *PROGRAMS)

    assert refused.exit_code == 1
    assert "name the latest list with --tombstones, or say --no-tombstones" in refused.stderr
    beside_the_wire.json("tombstones", "export", tmp_path / "list")
    known = elsewhere("restore", copy, "--tombstones", tmp_path / "list", *PROGRAMS)
    assert known.exit_code == 0, known.output


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda at: (at / "manifest.json").unlink(), "holds no manifest.json"),
        (lambda at: (at / "manifest.json").write_text("{"), "is damaged"),
        (lambda at: (at / "database.sqlite3").unlink(), "is missing"),
        (lambda at: (at / "database.sqlite3").write_bytes(b"other"), "its digest differs"),
        (lambda at: changed(at, format=2), "writes other backups"),
        (lambda at: changed(at, file="../settings.toml"), "manifest.json is damaged"),
        (lambda at: changed(at, database="postgresql"), "this installation of sqlite"),
        (lambda at: changed(at, revision="9999"), "which this version does not know"),
        (lambda at: changed(at, key_checks={"p": "another"}), "another index_key"),
    ],
)
def test_what_is_no_backup_for_here_changes_nothing(elsewhere, copy, tmp_path, spoil, told):
    spoilt = tmp_path / "spoilt"
    copytree(copy, spoilt)
    spoil(spoilt)

    refused = elsewhere("restore", spoilt, NONE)

    assert refused.exit_code == 1
    assert told in refused.stderr
    assert not Path(database_of(elsewhere).removeprefix("sqlite:///")).exists()
    assert elsewhere("restore", copy, NONE).exit_code == 0


def changed(folder, **told):
    file = folder / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | told))


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_list_that_was_cut_off_is_refused(elsewhere, beside_the_wire, copy, tmp_path):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    beside_the_wire.json("tombstones", "export", whole)
    cut.write_text("".join(whole.read_text().splitlines(keepends=True)[1:]))

    refused = elsewhere("restore", copy, "--tombstones", cut)

    assert refused.exit_code == 1
    assert "is no list of `eclaims tombstones export`, or cut off" in refused.stderr
    assert elsewhere("restore", copy, "--tombstones", whole).exit_code == 0


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_restore_that_fails_leaves_a_file_and_its_folders_as_they_were(
    beside_the_wire, wire, store, database, claims, copy
):
    """Somebody who reads the file is in the way at the last step, after all else was done."""
    nullified(wire, claims[0])
    file = Path(database.removeprefix("sqlite:///"))
    (file.parent / f".{file.name}-restoring").write_text("of one that was killed")
    busy = store.engine.connect()
    busy.execute(text("SELECT count(*) FROM payer"))

    refused = beside_the_wire("restore", copy, "--replace")

    assert refused.exit_code == 1
    assert list(beside_the_wire.instance.glob("withdrawn-*")) == []
    assert list(file.parent.glob(".*")) == []
    busy.close()
    store.close()
    assert beside_the_wire("restore", copy, "--replace").exit_code == 0


# --- what is done


def test_what_is_restored_is_what_was_there_in_every_table(elsewhere, store, copy):
    before = everything(store)

    told = elsewhere.json("restore", copy, NONE, *PROGRAMS)

    assert everything_of(database_of(elsewhere)) == before
    assert len(before["submission"]) == 3
    assert len(before["handed_over"]) == 1
    assert set(told["applied"].values()) == {0}
    assert elsewhere.json("db", "current")["revision"] == told["backup"]["revision"]
    assert list(elsewhere.instance.glob("withdrawn-*")) == []


def test_what_came_after_the_backup_is_gone_and_new_rows_get_new_numbers(
    elsewhere, copy, wire, registry
):
    token = registry.issued["Happy Valley"].token
    elsewhere.json("restore", copy, NONE, *PROGRAMS)

    there, installation = asked_there(elsewhere, token)
    taken = there.post("Claim", a_claim())

    assert taken.status == 201
    numbers = [row["seq"] for row in Rows(installation.store).of(tables.audit)]
    assert len(set(numbers)) == len(numbers)
    installation.store.close()


def test_what_was_nullified_since_stays_dead_here_and_in_backups_made_afterwards(
    elsewhere, beside_the_wire, wire, worker, registry, claims, copy, tmp_path
):
    token = registry.issued["Happy Valley"].token
    communication = wire.post("Communication", a_communication())
    beside_the_wire.json("backup", tmp_path / "second", *PROGRAMS)
    for reference in (claims[0], communication.reference):
        nullified(wire, reference)
    worker.drain()
    beside_the_wire.json("tombstones", "export", tmp_path / "list")

    elsewhere.json("restore", copy, "--tombstones", tmp_path / "list", *PROGRAMS)
    assert_dead(elsewhere, token, claims)
    elsewhere.json("backup", tmp_path / "third", *PROGRAMS)
    elsewhere.json("restore", tmp_path / "third", "--replace", *PROGRAMS)

    assert_dead(elsewhere, token, claims)
    elsewhere.json("tombstones", "export", tmp_path / "later")
    assert gone(tmp_path / "later") >= gone(tmp_path / "list")
    elsewhere.json("restore", tmp_path / "second", "--replace", *PROGRAMS)
    there, installation = asked_there(elsewhere, token)
    assert there.get(communication.reference).status == 410
    assert there.get(claims[1]).status == 200
    installation.store.close()


def gone(file):
    """Type and id of what a list tells to be nullified."""
    lines = (json.loads(line) for line in file.read_text().splitlines())
    stones = [line["nullified"] for line in lines if "nullified" in line]
    assert stones != []
    return {(one["type"], one["id"]) for one in stones}


def assert_dead(eclaims, token, claims):
    """The first Claim is nullified, the others stand."""
    there, installation = asked_there(eclaims, token)
    assert there.get(claims[0]).status == 410
    assert there.get(f"{claims[0]}/_history").status == 410
    assert there.get(f"{claims[0]}/_history/1").status == 410
    assert [there.get(one).status for one in claims[1:]] == [200, 200]
    rows, id = Rows(installation.store), claims[0].partition("/")[2]
    [row] = rows.of(tables.submission, id=id)
    assert (row["state"].value, row["disposition"], row["total"]) == ("nullified", None, None)
    for table in (tables.clock, tables.decision):
        assert rows.of(table, **{table.primary_key.columns.keys()[1]: id}) == []
    assert rows.of(tables.counter_entry, submission_id=id) == []
    repeated = rows.of(tables.audit, actor=ACTOR, resource_id=id)
    assert [(one["action"], one["outcome"]) for one in repeated] == [("nullify", "repeated")]
    installation.store.close()


def test_no_text_of_what_was_nullified_is_restored(
    elsewhere, beside_the_wire, wire, worker, registry, backend, tmp_path
):
    claim = wire.post("Claim", a_claim(provider={"display": MARKER})).reference
    worker.drain()
    wire.task(a_task("status", focus=claim, description=MARKER))
    beside_the_wire.json("backup", tmp_path / "copy", *PROGRAMS)
    nullified(wire, claim)
    beside_the_wire.json("tombstones", "export", tmp_path / "list")

    elsewhere.json("restore", tmp_path / "copy", NONE, *PROGRAMS)
    assert any(MARKER in one for one in texts(elsewhere))
    elsewhere.json("restore", tmp_path / "copy", "--replace", *the_list(tmp_path), *PROGRAMS)

    assert not any(MARKER in one for one in texts(elsewhere))
    if backend == "sqlite":
        file = Path(database_of(elsewhere).removeprefix("sqlite:///"))
        assert not any(
            MARKER.encode() in one.read_bytes() for one in file.parent.glob(f"{file.name}*")
        )


def the_list(folder):
    return ("--tombstones", folder / "list")


def texts(eclaims):
    database = everything_rows(eclaims)
    return [text for row in database for text in texts_of(row)]


def everything_rows(eclaims):
    from app.store.database.engine import Store

    store = Store(database_of(eclaims))
    rows = Rows(store)
    found = [row for table in tables.metadata.sorted_tables for row in rows.of(table)]
    store.close()
    return found


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_token_that_was_rotated_or_disabled_since_stays_so(
    elsewhere, beside_the_wire, registry, copy, tmp_path
):
    # The Claims were sent by "Happy Valley"; the other came later than the backup.
    old = registry.issued["Happy Valley"].token
    new = beside_the_wire.json("submitter", "rotate", "Happy Valley")["token"]
    beside_the_wire.json("tombstones", "export", tmp_path / "rotated")
    beside_the_wire.json("submitter", "disable", "Happy Valley")
    beside_the_wire.json("tombstones", "export", tmp_path / "disabled")

    def told(name, *options):
        elsewhere.json("restore", copy, "--tombstones", tmp_path / name, *options)
        there = [asked_there(elsewhere, token) for token in (old, new)]
        statuses = [wire.get("Claim?_count=1").status for wire, _ in there]
        for _, installation in there:
            installation.store.close()
        return statuses

    assert told("rotated") == [401, 200]
    assert told("disabled", "--replace") == [401, 401]


def test_no_signing_key_and_no_changed_keys_of_a_client_come_back(
    elsewhere, beside_the_wire, claims, tmp_path
):
    public_keys = tmp_path / "public.jwks.json"
    public_keys.write_text(a_set(public(ec())))
    added = ("--identifier", "sid|1", "--jwks", public_keys)
    for name in ("Changed", "Same"):
        beside_the_wire.json("submitter", "add", name, *added)
    retired = beside_the_wire.json("keys", "rotate")["kid"]
    beside_the_wire.json("backup", tmp_path / "copy", *PROGRAMS)
    beside_the_wire.json("keys", "retire", retired)
    beside_the_wire.json("submitter", "keys", "Changed", "--none")
    beside_the_wire.json("tombstones", "export", tmp_path / "since")

    elsewhere.json("restore", tmp_path / "copy", "--tombstones", tmp_path / "since", *PROGRAMS)

    assert elsewhere.json("keys", "list") == []
    assert elsewhere.json("submitter", "keys", "Changed")["kids"] == []
    assert elsewhere.json("submitter", "keys", "Same")["kids"] == [KID]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_the_newest_of_lists_backup_and_database_decides_on_a_token_in_whatever_order(
    elsewhere, beside_the_wire, registry, copy, tmp_path
):
    lists = {name: tmp_path / name for name in ("before", "rotated", "disabled")}
    old = registry.issued["Happy Valley"].token
    beside_the_wire.json("tombstones", "export", lists["before"])
    new = beside_the_wire.json("submitter", "rotate", "Happy Valley")["token"]
    beside_the_wire.json("tombstones", "export", lists["rotated"])

    def restored(backup, *names):
        named = [word for name in names for word in ("--tombstones", lists[name])]
        elsewhere.json("restore", backup, "--replace", NONE, *named)
        return [answered(elsewhere, token) for token in (old, new)]

    assert restored(copy) == [200, 401]
    # What was restored without the list is no newer for it.
    assert restored(copy, "rotated") == [401, 200]
    (tmp_path / "elsewhere.sqlite3").unlink()
    assert restored(copy, "rotated", "before") == [401, 200]
    beside_the_wire.json("submitter", "disable", "Happy Valley")
    beside_the_wire.json("backup", tmp_path / "later")
    (tmp_path / "elsewhere.sqlite3").unlink()
    # The list is older than the backup, which knows better.
    assert restored(tmp_path / "later", "rotated") == [401, 401]


def answered(eclaims, token):
    """The status of a search there."""
    there, installation = asked_there(eclaims, token)
    status = there.get("Claim?_count=1").status
    installation.store.close()
    return status


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_legal_hold_that_was_put_on_since_holds(
    elsewhere, beside_the_wire, registry, claims, copy, tmp_path
):
    token = registry.issued["Happy Valley"].token
    beside_the_wire.json("hold", claims[0])
    beside_the_wire.json("tombstones", "export", tmp_path / "list")

    told = elsewhere.json("restore", copy, *the_list(tmp_path))

    there, installation = asked_there(elsewhere, token)
    outcomes = [there.task(a_task("nullify", focus=one)).document["status"] for one in claims[:2]]
    installation.store.close()
    assert outcomes == ["rejected", "completed"]
    assert told["applied"]["holds"] == 1


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_damaged_database_is_replaced_with_the_list_that_is_named(
    beside_the_wire, wire, store, database, claims, copy, tmp_path
):
    nullified(wire, claims[0])
    beside_the_wire.json("tombstones", "export", tmp_path / "list")
    store.close()
    file = Path(database.removeprefix("sqlite:///"))
    file.write_bytes(b"nothing of a database")
    file.with_name(f"{file.name}-wal").write_bytes(b"nor of a log")

    without = beside_the_wire("restore", copy, *the_list(tmp_path))
    unlisted = beside_the_wire("restore", copy, "--replace")
    listed = beside_the_wire("restore", copy, "--replace", *the_list(tmp_path))

    assert (without.exit_code, unlisted.exit_code, listed.exit_code) == (1, 1, 0)
    assert "add --replace" in without.stderr
    assert "name the latest list" in unlisted.stderr
    assert [wire.get(one).status for one in claims] == [410, 200, 200]


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_what_a_restore_left_half_done_serves_nobody_and_is_finished_by_the_next(
    beside_the_wire, wire, store, claims, copy, tmp_path
):
    nullified(wire, claims[0])
    store.close()
    programs = tmp_path / "programs"
    programs.mkdir()
    real = Path(PROGRAMS[1]) / "pg_restore"
    # Ends as a kill would: after the rows came in, before the tombstones did.
    script = f'"{real}" "$@"; case "$*" in *--single-transaction*) kill -9 $PPID;; esac'
    (programs / "pg_restore").write_text(f"#!/bin/sh\n{script}\n")
    (programs / "pg_restore").chmod(0o755)
    processes = Processes(beside_the_wire.instance)
    broken = processes.run("restore", str(copy), "--replace", "--programs", str(programs))
    assert broken.returncode == -9

    refused = beside_the_wire("submitter", "list")
    assert refused.exit_code == 1
    assert "A restore of this database is not finished" in refused.stderr
    assert wire.get(claims[0]).status == 200
    store.close()
    assert beside_the_wire("restore", copy, "--replace", *PROGRAMS).exit_code == 0

    assert [wire.get(one).status for one in claims] == [410, 200, 200]


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_while_a_backup_of_an_earlier_revision_is_brought_up_no_command_opens_the_database(
    beside_the_wire, backend, store, registry, tmp_path
):
    """As a kill leaves it before, amid and after the upgrade of what was restored."""
    old, newest = registry.submitter().token, schema.newest()
    schema.downgrade(store, "0013")
    installation = create_installation(settings.read(beside_the_wire.instance))
    programs = Programs(Path(PROGRAMS[1]))
    made = backups.back_up(installation, tmp_path / "copy", programs, lambda *_: None)
    installation.store.close()
    schema.upgrade(store)
    beside_the_wire.json("submitter", "disable", "Happy Valley")
    beside_the_wire.json("tombstones", "export", beside_the_wire.instance / KEPT)
    store.close()
    postgresql.restore(store.url, tmp_path / "copy" / "database.dump", programs, replaces=True)

    closed(beside_the_wire)
    # Tables of later revisions go first.
    schema.drop_others(store, made.rows)
    closed(beside_the_wire)
    schema.tell(store, "0013", is_finished=False)
    closed(beside_the_wire)
    schema.upgrade(store, is_restoring=True)
    closed(beside_the_wire)
    store.close()
    told = beside_the_wire.json("restore", tmp_path / "copy", "--replace", *PROGRAMS)

    assert told["applied"]["tokens"] == 1
    assert beside_the_wire.json("db", "current")["revision"] == newest
    assert answered(beside_the_wire, old) == 401
    assert list(beside_the_wire.instance.glob("withdrawn-*")) == []


def closed(eclaims):
    """Nothing works with the database, and an upgrade does not open it."""
    for words in (
        ("db", "upgrade"),
        ("db", "downgrade", "0012", "--yes"),
        ("db", "current"),
        ("submitter", "list"),
        ("work", "--once"),
        ("serve",),
    ):
        refused = eclaims(*words)
        assert refused.exit_code == 1, words
        assert "A restore of this database is not finished" in refused.stderr


# --- what happens twice


def test_a_list_that_is_applied_twice_changes_nothing_the_second_time(
    beside_the_wire, wire, worker, store, claims, tmp_path
):
    nullified(wire, claims[0])
    worker.drain()
    before = everything(store)
    beside_the_wire.json("tombstones", "export", tmp_path / "list")

    told = beside_the_wire.json("tombstones", "apply", tmp_path / "list")

    assert told == {"purged": 0, "remembered": 0, "tokens": 0, "holds": 0, "rights": 0}
    assert everything(store) == before
