"""A purge leaves no word: in no file of the database, no log, no backup that is made afterwards.

Docs: docs/nullify.md, docs/encryption.md.
"""

import os
import sys
from contextlib import closing

import pytest
import structlog

from app.domain.parties import Scope
from app.gateway.administering import encryption
from app.gateway.administering.backups import back_up, usable
from app.gateway.installation import Installation
from app.store import tables
from app.store.backups.manifest import NoBackup
from app.store.backups.postgresql import Programs
from app.store.database.engine import Store
from app.store.encryption.ring import KeyUnknown
from app.store.encryption.sources import Given, KeyFile
from app.store.encryption.vault import Vault
from tests.builders import NOW
from tests.cli.installations import PROGRAMS
from tests.conformance.nullified import Story
from tests.conftest import BASE_URL
from tests.gateway.jobs.test_verify_purge import a_reader, verified, word
from tests.rows import Rows
from tests.security.files import found_in, of_database, of_folder

LEAST_PLANTED = 300


@pytest.fixture
def keys(tmp_path):
    """The file of keys of this installation."""
    return KeyFile(tmp_path / "keys" / "keys.json")


@pytest.fixture
def vault(keys):
    """Text is encrypted here, whatever the run has."""
    keys.path.parent.mkdir()
    return Vault(keys, is_required=True)


@pytest.fixture
def installation(database, store, installation):
    """An installation that has keys."""
    encryption.begin(installation)
    return installation


@pytest.fixture
def story(wire, core, worker):
    """A Claim full of words that nobody else ever wrote, in a cluster that others use, too."""
    return Story(wire, core, worker, f"Quagga{os.urandom(4).hex()}")


@pytest.fixture
def logged(capfd):
    """What this process writes, whatever ran in it before."""
    before = structlog.get_config()
    structlog.configure(**before | {"logger_factory": lambda *_: structlog.PrintLogger(sys.stderr)})
    yield capfd
    structlog.configure(**before)


def nothing_told(_done, _of):
    """Nobody watches."""


def backed_up(installation, folder):
    back_up(installation, folder, Programs(PROGRAMS[1]), nothing_told)
    return folder


def keys_of(rows):
    """The rows of all keys."""
    return {row["id"]: row["wrapped"] for row in rows.of(tables.data_key)}


def kept_in_clear(story, rows):
    """The words in what docs/encryption.md lists as legible: what is searched by order, above all.

    And what stood there before: the number of the Claim, in the sentence of its first response,
    and what a reprocess was asked for.
    """
    texts = [
        str(value)
        for table in (*tables.SEARCH_TABLES, tables.submission, tables.clock)
        for row in rows.of(table)
        for value in row.values()
    ]
    words = {one for one in story.mark.given if any(one in text for text in texts)}
    return words | {story.quoted, story.number["value"]}


def where_found(database, words):
    """The words in the files of a database."""
    return {one for _, one in found_in(of_database(database), words)}


def test_files_hold_only_what_is_searched_and_after_a_purge_that_neither(
    story, wire, worker, rows, database, logged
):
    words = set(story.mark.given)
    assert len(words) > LEAST_PLANTED
    clear = kept_in_clear(story, rows)
    # The accepted twin: decrypted, it is all there, and these files are looked into rightly.
    assert len({one for one in words if one in wire.get(story.claim).text}) > 50
    found = where_found(database, words)
    assert len(clear) > 10
    assert len(found & clear) > 10
    assert found <= clear
    before = keys_of(rows)

    nullified = story.nullify()
    worker.drain()

    assert word(wire.get(nullified.reference).document) == "purge-verified"
    found = where_found(database, words)
    # PostgreSQL keeps it in its log, and in free room of its pages.
    assert found <= (set() if database.startswith("sqlite") else clear)
    assert kept_in_clear(story, rows) == {story.quoted, story.number["value"]}
    told = logged.readouterr()
    assert "purge" in told.out + told.err or "POST" in told.out + told.err
    assert [one for one in words if one in told.out + told.err] == []
    gone = before.keys() - keys_of(rows).keys()
    files = [file for file in of_database(database) if file.parent.name != "pg_wal"]
    left = [id for id in gone if any(before[id] in file.read_bytes() for file in files)]
    assert (len(gone) >= 10, left) == (True, [])


def test_backups_hold_no_word_that_is_not_searched_and_older_ones_are_useless_without_their_key(
    story, worker, rows, installation, tmp_path, keys
):
    words, clear, ring = set(story.mark.given), kept_in_clear(story, rows), keys.read().written()
    older = backed_up(installation, tmp_path / "older")
    story.nullify()
    worker.drain()
    newer = backed_up(installation, tmp_path / "newer")

    assert {one for _, one in found_in(of_folder(older), words)} <= clear
    assert found_in(of_folder(newer), words) == set()
    secrets = [key.secret for key in keys.read().keys.values()]
    copies = [file.read_bytes() for file in (*of_folder(older), *of_folder(newer))]
    assert not any(secret in copy for secret in secrets for copy in copies)
    encryption.rotate(installation, nothing_told)
    assert usable(older, installation).wrapping_keys == usable(newer, installation).wrapping_keys
    assert len(encryption.finish(installation, nothing_told, lambda: True)) == 1
    with pytest.raises(NoBackup, match="encrypted under keys that are not here"):
        usable(older, installation)
    if installation.store.is_sqlite:
        copy = f"sqlite:///{older / 'database.sqlite3'}"
        with pytest.raises(KeyUnknown):
            texts_in(copy, Vault(keys), installation)
        # The accepted twin: with the key of its time the copy is as legible as ever.
        kept = "".join(texts_in(copy, Vault(Given(ring)), installation))
        assert len({one for one in words if one in kept}) > 50


def texts_in(url, vault, installation):
    """The texts of all Claims of a copy."""
    with closing(Store(url, vault=vault)) as store:
        copy = Installation(store, installation.hasher, BASE_URL, lambda: NOW, str)
        claims = Rows(store).of(tables.resource, type="Claim")
        [payer_id] = {row["payer_id"] for row in claims}
        ids = [row["id"] for row in claims]
        found = copy.read(Scope(payer_id), lambda work: work.resources.find_all("Claim", ids))
        return [stored.text for stored in found]


def test_a_reader_delays_the_proof_and_not_the_purge(story, wire, worker, rows, clock, database):
    with a_reader(database):
        nullified = story.nullify()
        assert wire.get(story.claim).status == 410
        for _ in range(30):
            worker.drain()
            clock.forward(seconds=1)
        assert None in verified(rows)
        assert word(wire.get(nullified.reference).document) == "purge-pending"

    [job] = rows.of(tables.job, kind="verify-purge")
    assert (job["due_at"] - clock.now).total_seconds() < 60
    clock.now = max(clock.now, job["due_at"])
    worker.drain()

    assert word(wire.get(nullified.reference).document) == "purge-verified"
    if database.startswith("sqlite"):
        assert found_in(of_database(database), story.mark.given) == set()
