"""`eclaims backup`: a copy of all rows, as of one instant, while others write."""

import hashlib
import json
import stat
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.builders import NOW, a_claim
from tests.cli.installations import PROGRAMS, database_of, everything, everything_of
from tests.cli.processes import wait_for
from tests.wire import Wire

pytestmark = pytest.mark.usefixtures("database")

# Writers end by themselves where the backup never does.
MOST_CONFIRMED = 2_000


# --- what is refused


def test_a_folder_with_something_in_it_is_left_alone(beside_the_wire, payer, tmp_path):
    to = tmp_path / "copy"
    to.mkdir()
    (to / "letter").write_text("mine")

    refused = beside_the_wire("backup", to, *PROGRAMS)

    assert refused.exit_code == 1
    assert f"{to} is there already and not empty" in refused.stderr
    assert [one.name for one in tmp_path.glob("*copy*")] == ["copy"]
    (to / "letter").unlink()
    assert beside_the_wire("backup", to, *PROGRAMS).exit_code == 0


def test_a_place_that_is_not_there_is_told(beside_the_wire, payer, tmp_path):
    refused = beside_the_wire("backup", tmp_path / "nowhere" / "copy", *PROGRAMS)

    assert refused.exit_code == 1
    assert "is no directory" in refused.stderr
    assert beside_the_wire("backup", tmp_path / "copy", *PROGRAMS).exit_code == 0


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    ("program", "told"),
    [
        (None, "pg_dump was not found: install PostgreSQL's client programs"),
        ("echo 'pg_dump (PostgreSQL) 9.6'", "pg_dump is of version 9, the server of 18"),
        ("echo hello", "pg_dump does not tell its version"),
    ],
)
def test_a_pg_dump_that_is_missing_or_older_than_the_server_is_refused(
    beside_the_wire, payer, tmp_path, program, told
):
    folder = tmp_path / "programs"
    folder.mkdir()
    if program is not None:
        (folder / "pg_dump").write_text(f"#!/bin/sh\n{program}\n")
        (folder / "pg_dump").chmod(0o755)

    refused = beside_the_wire("backup", tmp_path / "copy", "--programs", folder)

    assert refused.exit_code == 1
    assert told in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert not (tmp_path / "copy").exists()


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_damaged_file_gives_no_backup(beside_the_wire, wire, store, database, tmp_path):
    assert wire.post("Claim", a_claim()).status == 201
    store.close()
    file = Path(database.removeprefix("sqlite:///"))
    pages = bytearray(file.read_bytes())
    middle = len(pages) * 3 // 4 // 4096 * 4096
    pages[middle : middle + 4096] = bytes(4096)
    file.write_bytes(pages)

    refused = beside_the_wire("backup", tmp_path / "copy")

    assert refused.exit_code == 1
    assert "is damaged" in refused.stderr
    assert not (tmp_path / "copy").exists()


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_a_backup_that_is_told_to_stop_ends_with_its_program_and_leaves_nothing(
    beside_the_wire, payer, processes, tmp_path
):
    folder = tmp_path / "programs"
    folder.mkdir()
    real = Path(PROGRAMS[1]) / "pg_dump"
    script = (
        f'case "$*" in *--version*) exec "{real}" "$@";; esac; kill -TERM $PPID; exec sleep 300'
    )
    (folder / "pg_dump").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "pg_dump").chmod(0o755)

    stopped = processes.run("backup", str(tmp_path / "copy"), "--programs", str(folder))

    assert (stopped.returncode, stopped.stderr) == (143, "")
    assert list(tmp_path.glob("*copy*")) == []
    assert beside_the_wire("backup", tmp_path / "copy", *PROGRAMS).exit_code == 0


# --- what is done


def test_a_backup_tells_what_it_holds_and_is_its_owner_s_alone(
    beside_the_wire, wire, clock, backend, store, tmp_path
):
    assert wire.post("Claim", a_claim()).status == 201

    told = beside_the_wire.json("backup", tmp_path / "copy", *PROGRAMS)

    rows = {name: len(found) for name, found in everything(store).items()}
    file = tmp_path / "copy" / told["file"]
    assert told["database"] == backend
    assert told["rows"] == rows
    assert rows["submission"] == 1
    assert told["revision"] == beside_the_wire.json("db", "current")["revision"]
    assert told["digest"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert told["bytes"] == file.stat().st_size
    modes = {stat.S_IMODE(one.stat().st_mode) for one in (tmp_path / "copy").iterdir()}
    assert modes == {0o600}
    assert stat.S_IMODE((tmp_path / "copy").stat().st_mode) == 0o700
    manifest = json.loads((tmp_path / "copy" / "manifest.json").read_text())
    assert manifest["rows"] == rows
    assert "index_key" not in manifest


def test_a_backup_is_read_from_end_to_end_by_a_check(beside_the_wire, wire, tmp_path):
    to = tmp_path / "copy"
    beside_the_wire.json("backup", to, *PROGRAMS)
    before = sorted(one.name for one in to.iterdir())

    sound = beside_the_wire("restore", to, "--check", *PROGRAMS)
    assert sound.exit_code == 0, sound.output
    assert sound.output.startswith("Sound: ")
    assert sorted(one.name for one in to.iterdir()) == before

    [file] = to.glob("database.*")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    damaged = beside_the_wire("restore", to, "--check", *PROGRAMS)
    assert damaged.exit_code == 1
    assert "its digest differs" in damaged.stderr


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_person_is_told_in_one_line(beside_the_wire, payer, tmp_path):
    told = beside_the_wire("backup", tmp_path / "copy")

    assert told.output.startswith(f"{tmp_path / 'copy'}: sqlite at revision ")
    assert told.output.count("\n") == 1
    assert NOW.isoformat() not in told.output


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_a_password_stands_in_no_argument(beside_the_wire, payer, database, tmp_path):
    folder, seen = tmp_path / "programs", tmp_path / "seen"
    folder.mkdir()
    real = Path(PROGRAMS[1]) / "pg_dump"
    (folder / "pg_dump").write_text(f'#!/bin/sh\necho "$@" >> {seen}\nexec {real} "$@"\n')
    (folder / "pg_dump").chmod(0o755)
    url = database.replace("postgres@", "postgres:secret-word@")
    settings = beside_the_wire.instance / "settings.toml"
    settings.write_text(settings.read_text().replace(database, url))

    beside_the_wire.json("backup", tmp_path / "copy", "--programs", folder)

    assert "--format=custom" in seen.read_text()
    assert "secret-word" not in seen.read_text()


# --- what happens twice


def test_two_backups_of_the_same_rows_hold_the_same(beside_the_wire, wire, tmp_path):
    first = beside_the_wire.json("backup", tmp_path / "one", *PROGRAMS)
    second = beside_the_wire.json("backup", tmp_path / "two", *PROGRAMS)

    assert first["rows"] == second["rows"]
    assert first["key_checks"] == second["key_checks"] != {}


def test_the_programs_of_the_tests_are_the_server_s_own():
    told = subprocess.run(
        [Path(PROGRAMS[1]) / "pg_restore", "--version"], capture_output=True, check=True
    )
    assert b"(PostgreSQL) 18" in told.stdout


# --- together


def test_what_was_confirmed_before_the_restore_point_is_in_a_backup_under_load(
    beside_the_wire, elsewhere, processes, app, registry, tmp_path
):
    token, confirmed, ended = registry.submitter().token, [], threading.Event()

    def send():
        wire = Wire(app.test_client(), token)
        while not ended.is_set() and len(confirmed) < MOST_CONFIRMED:
            taken = wire.post("Claim", a_claim())
            assert taken.status == 201
            confirmed.append((taken.document["id"], datetime.now(UTC)))

    with ThreadPoolExecutor(3) as pool:
        sending = [pool.submit(send) for _ in range(3)]
        try:
            wait_for(lambda: len(confirmed) > 20 or None)
            # A process of its own, as an operator's is.
            done = processes.run("backup", str(tmp_path / "copy"), *PROGRAMS, "--json")
            so_far = len(confirmed)
            wait_for(lambda: len(confirmed) > so_far or None)
        finally:
            ended.set()
        for each in sending:
            each.result()
    told = json.loads(done.stdout)
    elsewhere.json("restore", tmp_path / "copy", "--no-tombstones", *PROGRAMS)

    held = everything_of(database_of(elsewhere))
    claims = {row[2] for row in held["submission"]}
    before = {id for id, at in confirmed if at <= datetime.fromisoformat(told["made_at"])}
    assert len(before) > 20
    assert before <= claims
    assert claims < {id for id, _ in confirmed}
    # Of each Claim all or nothing: its text, its answer and its job.
    assert len(held["job"]) == len(claims)
    assert len(held["resource_version"]) == len(held["resource"])
    assert {row[2] for row in held["resource"] if row[1] == "Claim"} == claims
    assert len([row for row in held["resource"] if row[1] == "ClaimResponse"]) == len(claims)
