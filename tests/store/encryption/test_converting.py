"""What is plain is encrypted while others change it: what they wrote stays."""

import threading
from contextlib import closing
from dataclasses import dataclass, field

import pytest

from app.domain.parties import Scope
from app.gateway.administering import encryption
from app.gateway.installation import Installation
from app.store import tables
from app.store.database.engine import Store
from app.store.encryption.sources import KeyFile
from app.store.encryption.vault import Vault
from tests.rows import Rows

TEXT = '{"resourceType": "Task", "description": "MARKER"}'
BARE = '{"resourceType": "Task"}'
# Longer than it takes to scrub one text, shorter than who waits for a row is kept waiting.
_AT_MOST_SECONDS = 1.0


@dataclass
class Interrupted:
    """A file of keys that is looked at: then something else happens first."""

    file: KeyFile
    happening: list = field(default_factory=list)

    def mark(self, *, is_wanted):
        while self.happening:
            self.happening.pop()()
        return self.file.mark(is_wanted=is_wanted)

    def read(self):
        return self.file.read()


@pytest.fixture
def source(tmp_path):
    return Interrupted(KeyFile(tmp_path / "keys.json"))


@pytest.fixture
def vault(source):
    return Vault(source)


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_what_is_scrubbed_meanwhile_stays_scrubbed(database, installation, payer, source):
    scope = Scope(payer.id, "s")
    installation.write(scope, lambda work: work.resources.add("Task", "1", TEXT, (), "s"))
    url = installation.store.url.render_as_string(False)

    with closing(Store(url, vault=Vault(source.file))) as store:
        nullifying = Installation(
            store, installation.hasher, installation.base_url, installation.clock, str
        )
        encryption.begin(nullifying)
        scrubbing = threading.Thread(
            target=lambda: nullifying.write(
                scope, lambda work: work.resources.rewrite("Task", ["1"], lambda _, _text: BARE)
            )
        )

        def meanwhile():
            # As the plain text has been read, and before it is written: done, or waiting.
            scrubbing.start()
            scrubbing.join(_AT_MOST_SECONDS)

        source.happening.append(meanwhile)
        encryption.convert(installation, lambda *_: None)
        scrubbing.join()

    found = installation.read(scope, lambda work: work.resources.find("Task", "1"))
    assert found.text == BARE
    rows = Rows(installation.store)
    # No key of what was there before either.
    assert {key["id"] for key in rows.of(tables.data_key)} == {
        version["key_id"] for version in rows.of(tables.resource_version)
    }
