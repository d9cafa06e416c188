"""Text in rows: encrypted with keys that nobody else opens, and gone with them."""

import json
from contextlib import closing

import pytest
from sqlalchemy import delete

from app.domain.parties import Scope
from app.gateway.administering import encryption
from app.gateway.installation import Installation
from app.store import tables
from app.store.database.engine import Busy, Store
from app.store.encryption.ring import KeyUnknown, Ring, new_key
from app.store.encryption.sources import Given, KeyCommand, KeyFile
from app.store.encryption.vault import Vault
from tests.builders import NOW
from tests.rows import Rows

TEXT = json.dumps({"resourceType": "Claim", "status": "active", "id": "1"})


@pytest.fixture
def keys(tmp_path):
    return KeyFile(tmp_path / "keys.json")


@pytest.fixture
def vault(keys):
    return Vault(keys)


@pytest.fixture
def encrypting(database, installation, payer):
    """An installation that encrypts, and has a payer."""
    encryption.begin(installation)
    return installation


@pytest.fixture
def scope(payer):
    return Scope(payer.id, "s")


def add(installation, scope, id="1", type="Claim", family=None):
    return installation.write(
        scope, lambda work: work.resources.add(type, id, TEXT, (), "s", family=family)
    )


def find(installation, scope, id="1", type="Claim"):
    return installation.read(scope, lambda work: work.resources.find(type, id))


def elsewhere(installation, vault):
    """The same database, as another process has it."""
    store = Store(installation.store.url.render_as_string(False), vault=vault)
    return Installation(
        store, installation.hasher, installation.base_url, installation.clock, installation.new_id
    )


def nothing_told(_done, _of):
    """Nobody watches."""


# --- what is refused


def test_without_keys_nothing_is_read_and_nothing_written_in_their_place(
    encrypting, scope, tmp_path
):
    add(encrypting, scope)
    none = elsewhere(encrypting, Vault(KeyFile(tmp_path / "none.json"), is_required=True))

    with closing(none.store):
        with pytest.raises(KeyUnknown):
            find(none, scope)
        with pytest.raises(KeyUnknown):
            add(none, scope, "2")
    assert find(encrypting, scope).text == TEXT
    assert find(encrypting, scope, "2") is None


def test_who_has_the_keys_of_before_writes_nothing_that_nobody_could_read(encrypting, scope, keys):
    old = Vault(Given(keys.path.read_text()))
    encryption.rotate(encrypting, nothing_told)
    encryption.finish(encrypting, nothing_told, lambda: True)
    stale = elsewhere(encrypting, old)

    with closing(stale.store), pytest.raises(Busy):
        add(stale, scope)

    assert find(encrypting, scope) is None
    add(encrypting, scope)
    assert find(encrypting, scope).text == TEXT


def test_a_key_that_the_database_does_not_know_wraps_nothing(encrypting, scope, keys):
    ring = keys.read()
    keys.write(ring.with_new(new_key(NOW)))

    with pytest.raises(Busy):
        add(encrypting, scope)

    keys.write(ring)
    add(encrypting, scope)


def test_a_text_in_the_place_of_another_is_not_read(encrypting, scope, rows):
    first, second = add(encrypting, scope, "1"), add(encrypting, scope, "2")
    [stolen] = rows.of(tables.resource_version, id=first.id)

    rows.change(
        tables.resource_version,
        {"id": second.id},
        body=stolen["body"],
        key_id=stolen["key_id"],
    )

    with pytest.raises(ValueError, match="not what was written"):
        find(encrypting, scope, "2")
    assert find(encrypting, scope, "1").text == TEXT


def test_a_key_of_another_payer_opens_nothing(encrypting, scope, rows):
    add(encrypting, scope)
    [row] = rows.of(tables.resource_version, id="1")
    [key] = rows.of(tables.data_key, id=row["key_id"])
    rows.add(tables.data_key, {**key, "payer_id": "another"})
    vault = encrypting.store.vault

    with pytest.raises(ValueError, match="not what was written"):
        vault.unwrap("another", key["id"], key["wrapping_id"], key["wrapped"])
    assert len(vault.unwrap(scope.payer_id, *list(key.values())[1:]).secret) == 32


def test_what_lost_its_key_is_lost(encrypting, scope, rows):
    add(encrypting, scope)
    encrypting.store.write(lambda connection: connection.execute(delete(tables.data_key)))

    with pytest.raises(ValueError, match="a key that is not here"):
        find(encrypting, scope)


# --- what is done


def test_all_versions_of_a_resource_and_what_goes_with_it_have_one_key(encrypting, scope, rows):
    claim = add(encrypting, scope)
    encrypting.write(scope, lambda work: work.resources.amend(find_in(work), TEXT))
    add(encrypting, scope, "2", "ClaimResponse", claim)
    add(encrypting, scope, "3", "Task")

    by_type = {}
    for row in rows.of(tables.resource_version, payer_id=scope.payer_id):
        by_type.setdefault(row["type"], set()).add(row["key_id"])
    assert by_type["Claim"] == by_type["ClaimResponse"]
    assert len(by_type["Claim"]) == 1
    assert by_type["Task"].isdisjoint(by_type["Claim"])
    [response] = rows.of(tables.resource_version, type="ClaimResponse")
    assert (response["body_format"], response["size"]) == (2, len(TEXT))
    assert find(encrypting, scope, "2", "ClaimResponse").text == TEXT


def find_in(work):
    return work.resources.find("Claim", "1")


def test_a_purge_destroys_the_key_of_what_goes_with_it(encrypting, scope, rows):
    claim = add(encrypting, scope)
    add(encrypting, scope, "2", "ClaimResponse", claim)
    add(encrypting, scope, "3", "Task")
    before = {row["id"] for row in rows.of(tables.data_key)}

    encrypting.write(scope, lambda work: work.resources.purge("Claim", "1"))

    assert before - {row["id"] for row in rows.of(tables.data_key)} == {claim.key.id}
    with pytest.raises(ValueError, match="a key that is not here"):
        find(encrypting, scope, "2", "ClaimResponse")
    assert find(encrypting, scope, "3", "Task").text == TEXT


def test_what_is_scrubbed_gets_another_key_in_all_its_versions(encrypting, scope, rows):
    add(encrypting, scope)
    longer = TEXT.replace("}", ', "text": "word"}')
    encrypting.write(scope, lambda work: work.resources.amend(find_in(work), longer))
    [old] = {row["key_id"] for row in rows.of(tables.resource_version, type="Claim")}

    changed = encrypting.write(
        scope, lambda work: work.resources.rewrite("Claim", ["1"], lambda _, _text: TEXT)
    )

    assert changed == 1
    [new] = {row["key_id"] for row in rows.of(tables.resource_version, type="Claim")}
    assert new != old
    assert rows.of(tables.data_key, id=old) == []
    history = [
        encrypting.read(scope, lambda work, at=at: work.resources.find_version("Claim", "1", at))
        for at in (1, 2)
    ]
    assert [one.text for one in history] == [TEXT, TEXT]


def test_a_key_is_told_nobody(encrypting, scope):
    stored = add(encrypting, scope)

    assert stored.key is not None
    assert "key" not in repr(stored)
    assert str(stored.key.secret) not in repr(stored.key)


def test_another_process_takes_a_new_key_up_by_itself(encrypting, scope, keys):
    other = elsewhere(encrypting, Vault(keys))
    with closing(other.store):
        add(other, scope)
        encryption.rotate(encrypting, nothing_told)
        current = keys.read().current

        assert find(other, scope).text == TEXT
        add(other, scope, "2")
        encryption.finish(encrypting, nothing_told, lambda: True)
        assert find(other, scope, "2").text == TEXT

    assert {row["wrapping_id"] for row in Rows(encrypting.store).of(tables.data_key)} == {current}
    assert keys.read() == Ring.of(current, keys.read().keys[current])


def test_a_process_that_knew_the_next_key_already_goes_on_when_a_program_names_it(
    encrypting, scope, keys
):
    now = [1000.0]
    program = KeyCommand(("cat", str(keys.path)), lambda: now[0])
    running = elsewhere(encrypting, Vault(program, is_required=True))
    first, following = keys.read(), new_key(NOW)
    keys.write(Ring.of(first.current, *first.keys.values(), following))
    with closing(running.store):
        add(running, scope)
        keys.write(Ring.of(following.id, *first.keys.values(), following))
        encryption.rotate(encrypting, nothing_told)
        add(running, scope, "2")
        encryption.finish(encrypting, nothing_told, lambda: True)
        now[0] += 5

        add(running, scope, "3")

        assert find(running, scope, "2").text == find(running, scope, "3").text == TEXT
    assert {row["wrapping_id"] for row in Rows(encrypting.store).of(tables.data_key)} == {
        following.id
    }
