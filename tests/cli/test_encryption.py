"""`eclaims encryption`: turned on for what is there, keys changed and destroyed, what is told."""

import json
import tomllib
from base64 import b64encode

import pytest

from app import create_app, create_installation, create_worker
from app.gateway.administering import encryption
from app.gateway.administering.backups import usable
from app.settings import read as read_settings
from app.store import tables
from app.store.encryption.sources import KeyFile
from tests.builders import a_claim, a_communication, a_task
from tests.cli.installations import PROGRAMS
from tests.gateway.jobs.test_verify_purge import a_reader
from tests.rows import Rows
from tests.wire import Wire


@pytest.fixture
def plain(eclaims, database):
    """The command, on an installation whose text is plain."""
    eclaims.json("init", "--no-encryption", "--database", database)
    return eclaims


@pytest.fixture
def opened(request):
    """Opens the installation of a command, as a server has it."""
    stores = []

    def open_(eclaims):
        found = create_installation(read_settings(eclaims.instance, {}))
        stores.append(found.store)
        return found

    yield open_
    for store in stores:
        store.close()


def sending(eclaims, installation):
    """A submitter of an installation, and its worker."""
    told = eclaims.json("submitter", "add", "A", "--identifier", "sid|Happy Valley")
    return Wire(create_app(installation).test_client(), told["token"]), create_worker(installation)


def everything_read(wire):
    """Every text that a submitter sees, by its reference."""
    found = {}
    for type in ("Claim", "ClaimResponse", "ExplanationOfBenefit", "Communication", "Task"):
        for entry in wire.get(f"{type}?_count=100").document.get("entry", ()):
            reference = f"{type}/{entry['resource']['id']}"
            found[reference] = wire.get(f"{reference}/_history").document["entry"]
    return found


def formats(rows):
    """In which formats texts are kept."""
    kept = {row["body_format"] for row in rows.of(tables.resource_version)}
    return kept | {row["body_format"] for row in rows.of(tables.decision)}


def keys_of(eclaims):
    return json.loads((eclaims.instance / "keys.json").read_text())


def some_story(wire, worker):
    """Some Claims that were decided, one cancelled, with a Communication; all that is read."""
    claims = [wire.post("Claim", a_claim()).reference for _ in range(3)]
    worker.drain()
    assert wire.task(a_task("cancel", focus=claims[0])).document["status"] == "completed"
    wire.post("Communication", a_communication(about=[{"reference": claims[1]}]))
    return claims, everything_read(wire)


# --- what is refused


def test_without_its_keys_no_command_works_and_says_so(installed):
    keys = installed.instance / "keys.json"
    kept = keys.read_bytes()
    keys.unlink()

    for words in (["payer", "list"], ["encryption", "status"], ["encryption", "rotate"]):
        result = installed(*words)
        assert result.exit_code == 1
        assert "ut them back from your copy" in result.stderr
        assert len(result.stderr.splitlines()) == 1
    # Not other ones in their place either.
    assert installed("encryption", "on").exit_code == 1
    assert not keys.exists()

    keys.write_bytes(kept)
    assert installed("payer", "list").exit_code == 0


def test_damaged_keys_are_told_in_one_line(on_sqlite):
    (on_sqlite.instance / "keys.json").write_text("{}")

    result = on_sqlite("payer", "list")

    assert result.exit_code == 1
    assert "keys.json is not the JSON of keys" in result.stderr


def test_another_key_by_the_right_name_is_none(installed):
    keys = installed.instance / "keys.json"
    kept = keys.read_text()
    told = json.loads(kept)
    told["keys"][0]["secret"] = b64encode(bytes(32)).decode()
    keys.write_text(json.dumps(told))

    for words in (["check"], ["payer", "list"], ["encryption", "status"]):
        result = installed(*words)
        assert result.exit_code == 1
        assert "ut them back from your copy" in result.stderr

    keys.write_text(kept)
    assert installed("check").exit_code == 0
    assert installed.json("encryption", "status")["missing"] == []


def test_a_program_that_gives_no_keys_is_to_be_mended(installed):
    result = installed("payer", "list", ECLAIMS_ENCRYPTION_KEYS_COMMAND="false")

    assert result.exit_code == 1
    assert result.stderr == "Error: false ended with exit code 1. Mend the program.\n"


def test_missing_keys_are_not_encryption_that_is_off(installed):
    (installed.instance / "keys.json").unlink()

    assert installed("encryption", "status").output.count("Encryption is off") == 0


def test_without_keys_there_is_nothing_to_rotate(plain):
    for words in ([], ["--finish"]):
        result = plain("encryption", "rotate", *words)
        assert result.exit_code == 1
        assert "`eclaims encryption on` turns it on" in result.stderr


def test_two_commands_do_not_change_the_keys_at_once(on_sqlite):
    before = keys_of(on_sqlite)

    with KeyFile(on_sqlite.instance / "keys.json").alone():
        for words in (["rotate"], ["rotate", "--finish"]):
            result = on_sqlite("encryption", *words)
            assert result.exit_code == 1
            assert "Another command changes the keys" in result.stderr
            assert len(result.stderr.splitlines()) == 1
        # What changes none is not kept waiting.
        assert on_sqlite("encryption", "on").exit_code == 0
    assert keys_of(on_sqlite) == before

    rotated = on_sqlite.json("encryption", "rotate")
    assert [one["id"] for one in keys_of(on_sqlite)["keys"]] == [
        before["current"],
        rotated["current"],
    ]


def test_old_keys_are_not_destroyed_while_someone_reads_what_they_open(installed, opened, database):
    installation = opened(installed)
    wire, worker = sending(installed, installation)
    some_story(wire, worker)
    installed.json("encryption", "rotate")
    with a_reader(database):
        if database.startswith("sqlite"):
            # So that the reader needs the log.
            wire.post("Claim", a_claim())
        with pytest.raises(encryption.StillRead):
            encryption.finish(installation, lambda *_: None, lambda: False)
        assert len(keys_of(installed)["keys"]) == 2

    assert encryption.finish(installation, lambda *_: None, lambda: False) != []
    assert len(keys_of(installed)["keys"]) == 1


def test_a_schema_with_keys_is_not_taken_back(installed):
    result = installed("db", "downgrade", "0014", "--yes")

    assert result.exit_code == 1
    assert "text is encrypted with the keys that this revision keeps" in result.stderr
    # Nothing of what comes after it either.
    assert installed("payer", "list").exit_code == 0


def test_a_schema_with_keys_that_wrap_nothing_is_taken_back(plain):
    assert plain.json("db", "downgrade", "0014", "--yes")["revision"] == "0014"


# --- what is done


def test_a_new_installation_is_encrypted_under_keys_of_its_own(installed, opened):
    settings = tomllib.loads((installed.instance / "settings.toml").read_text())
    keys = installed.instance / "keys.json"

    assert settings["encryption"] is True
    assert keys.stat().st_mode & 0o777 == 0o600
    status = installed.json("encryption", "status")
    assert (status["current"], status["plain"], status["missing"]) == (
        keys_of(installed)["current"],
        0,
        [],
    )
    assert formats(Rows(opened(installed).store)) == {2}


def test_what_was_plain_is_encrypted_and_reads_as_before(plain, opened):
    installation = opened(plain)
    wire, worker = sending(plain, installation)
    _, before = some_story(wire, worker)
    rows = Rows(installation.store)
    assert formats(rows) == {0, 1}
    assert plain.json("encryption", "status")["plain"] > 20

    told = plain.json("encryption", "on")

    assert told["texts"] > 20
    assert formats(rows) == {2}
    assert everything_read(wire) == before
    assert read_settings(plain.instance, {}).encryption is True
    # The server that ran meanwhile goes on, and encrypts.
    assert wire.post("Claim", a_claim()).status == 201
    worker.drain()
    assert formats(rows) == {2}
    assert plain.json("encryption", "on")["texts"] == 0
    claim = next(reference for reference in before if reference.startswith("Claim/"))
    assert plain.json("replay", claim)["verdict"] == "same"


def test_rotated_keys_open_what_was_there_and_older_backups_as_long_as_they_are_kept(
    installed, opened, tmp_path
):
    installation = opened(installed)
    wire, worker = sending(installed, installation)
    _, before = some_story(wire, worker)
    first = keys_of(installed)["current"]
    options = () if installation.store.is_sqlite else PROGRAMS
    installed.json("backup", tmp_path / "backup", *options)

    rotated = installed.json("encryption", "rotate")

    assert rotated["destroyed"] == []
    assert rotated["current"] == keys_of(installed)["current"] != first
    assert everything_read(wire) == before
    usable(tmp_path / "backup", installation)
    # Not two at a time: the second goes on with the first.
    assert installed.json("encryption", "rotate")["current"] == rotated["current"]

    finished = installed.json("encryption", "rotate", "--finish")

    assert finished == {"current": rotated["current"], "destroyed": [first]}
    assert [one["id"] for one in keys_of(installed)["keys"]] == [rotated["current"]]
    assert everything_read(wire) == before
    assert wire.post("Claim", a_claim()).status == 201
    refused = installed("restore", tmp_path / "backup", "--replace", *options)
    assert refused.exit_code == 1
    assert f"encrypted under keys that are not here ({first})" in refused.stderr


def test_a_backup_of_before_a_rotation_is_restored_under_the_keys_of_now(
    installed, opened, tmp_path
):
    installation = opened(installed)
    wire, worker = sending(installed, installation)
    _, before = some_story(wire, worker)
    options = () if installation.store.is_sqlite else PROGRAMS
    installed.json("backup", tmp_path / "backup", *options)
    installed.json("encryption", "rotate")
    installation.store.close()

    installed.json("restore", tmp_path / "backup", "--replace", *options)

    again = opened(installed)
    wire = Wire(create_app(again).test_client(), wire.token)
    assert everything_read(wire) == before
    assert wire.post("Claim", a_claim()).status == 201
    assert len(installed.json("encryption", "rotate", "--finish")["destroyed"]) == 1
    assert everything_read(wire).keys() > before.keys()


def test_a_backup_of_before_is_told_to_be_plain_where_it_is_restored(plain, opened, tmp_path):
    installation = opened(plain)
    options = () if installation.store.is_sqlite else PROGRAMS
    installation.store.close()
    plain.json("backup", tmp_path / "before", *options)
    texts = plain.json("encryption", "on")["texts"]
    plain.json("backup", tmp_path / "after", *options)

    told = plain.json("restore", tmp_path / "before", "--replace", *options)

    assert told["plain"] == plain.json("encryption", "status")["plain"] == texts > 0
    again = plain("restore", tmp_path / "before", "--replace", *options)
    assert f"{texts} texts are plain" in again.stdout
    assert plain.json("encryption", "on")["texts"] == texts
    assert plain.json("restore", tmp_path / "after", "--replace", *options)["plain"] == 0


class BrokenOff(Exception):
    """A process that ends here."""


def breaking_off_after(calls):
    """Tells progress, and ends after so many parts."""
    left = [calls]

    def told(_done, _of):
        left[0] -= 1
        if left[0] == 0:
            raise BrokenOff

    return told


@pytest.mark.parametrize("parts", [1, 3])
def test_turning_on_and_rotating_go_on_where_they_were_broken_off(plain, opened, parts):
    installation = opened(plain)
    wire, worker = sending(plain, installation)
    _, before = some_story(wire, worker)
    encryption.begin(installation)

    with pytest.raises(BrokenOff):
        encryption.convert(installation, breaking_off_after(parts), at_a_time=2)
    assert formats(Rows(installation.store)) >= {0, 2}
    assert everything_read(wire) == before
    encryption.convert(installation, lambda *_: None)
    with pytest.raises(BrokenOff):
        encryption.rotate(installation, breaking_off_after(parts), at_a_time=2)
    assert everything_read(wire) == before
    with pytest.raises(BrokenOff):
        encryption.finish(installation, breaking_off_after(parts), lambda: True, at_a_time=2)
    assert len(keys_of(plain)["keys"]) == 2
    assert everything_read(wire) == before

    assert len(encryption.finish(installation, lambda *_: None, lambda: True)) == 1
    assert (formats(Rows(installation.store)), len(keys_of(plain)["keys"])) == ({2}, 1)
    assert everything_read(wire) == before


def test_a_key_that_a_killed_rotation_left_in_the_database_alone_does_no_harm(installed, opened):
    installation = opened(installed)
    current = keys_of(installed)["current"]
    left = {"id": "2026-01-01-left", "created_at": installation.clock()}
    Rows(installation.store).add(tables.wrapping_key, left)

    assert installed("payer", "list").exit_code == 0
    assert installed.json("encryption", "rotate", "--finish") == {
        "current": current,
        "destroyed": ["2026-01-01-left"],
    }


def test_keys_come_from_a_variable_or_a_program(installed, tmp_path):
    keys = installed.instance / "keys.json"
    given = keys.read_text()
    elsewhere = tmp_path / "elsewhere.json"
    keys.rename(elsewhere)

    assert installed("payer", "list").exit_code == 1
    assert installed("payer", "list", ECLAIMS_ENCRYPTION_KEYS=given).exit_code == 0
    program = f"cat '{elsewhere}'"
    assert installed("payer", "list", ECLAIMS_ENCRYPTION_KEYS_COMMAND=program).exit_code == 0
    assert installed("payer", "list", ECLAIMS_ENCRYPTION_KEYS_FILE=str(elsewhere)).exit_code == 0
    assert not keys.exists()
