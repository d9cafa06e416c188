"""Keys are changed by one at a time: whoever comes meanwhile is refused, and no key is lost."""

from contextlib import ExitStack, closing
from dataclasses import replace

import pytest

from app.domain.parties import Scope
from app.gateway.administering import encryption
from app.store import tables
from app.store.database.engine import Busy, Store
from app.store.encryption.ring import new_key
from app.store.encryption.sources import BeingChanged, Given, KeyFile
from app.store.encryption.vault import Vault
from tests.builders import NOW
from tests.gateway.jobs.test_verify_purge import a_reader
from tests.rows import Rows

TEXT = '{"resourceType": "Claim"}'


@pytest.fixture
def keys(tmp_path):
    return KeyFile(tmp_path / "keys.json")


@pytest.fixture
def vault(keys):
    return Vault(keys)


@pytest.fixture
def encrypting(database, installation, payer):
    """An installation that encrypts, and has a text."""
    encryption.begin(installation)
    add(installation, payer, "1")
    return installation


def add(installation, payer, id):
    scope = Scope(payer.id, "s")
    installation.write(scope, lambda work: work.resources.add("Claim", id, TEXT, (), "s"))


def nothing_told(_done, _of):
    """Nobody watches."""


def meanwhile(act):
    """Does something while a command tells how far it is, once; what that came to."""
    outcomes = []

    def told(_done, _of):
        if not outcomes:
            outcomes.append(None)
            outcomes[0] = outcome_of(act)

    return told, outcomes


def outcome_of(act):
    try:
        act()
    except (BeingChanged, Busy) as refused:
        return type(refused)
    return "done"


def wrapping(installation):
    return {row["wrapping_id"] for row in Rows(installation.store).of(tables.data_key)}


# --- what is refused


@pytest.mark.parametrize("first", ["rotate", "finish"])
@pytest.mark.parametrize("second", ["rotate", "finish"])
def test_while_keys_are_changed_nobody_else_changes_them(encrypting, keys, first, second):
    commands = {
        "rotate": lambda told: encryption.rotate(encrypting, told),
        "finish": lambda told: encryption.finish(encrypting, told, lambda: True),
    }
    told, outcomes = meanwhile(lambda: commands[second](nothing_told))

    commands[first](told)

    assert outcomes == [BeingChanged]
    ring = keys.read()
    assert (len(ring.keys), wrapping(encrypting)) == (2 if first == "rotate" else 1, {ring.current})
    commands[second](nothing_told)
    assert wrapping(encrypting) == {keys.read().current}


def test_of_two_that_begin_at_once_one_makes_the_first_key(database, installation, keys):
    outcomes = []

    def late():
        # Asked for between the look at the file and the key.
        outcomes.append(outcome_of(lambda: encryption.begin(installation)))
        return NOW

    ring = encryption.begin(replace(installation, clock=late))

    assert (outcomes, keys.read()) == ([BeingChanged], ring)
    assert encryption.begin(installation) == ring


def test_a_file_that_somebody_else_changed_meanwhile_is_left_alone(encrypting, keys):
    before = keys.read()
    theirs = before.with_new(new_key(NOW))

    def late():
        keys.write(theirs)
        return NOW

    with pytest.raises(BeingChanged):
        encryption.rotate(replace(encrypting, clock=late), nothing_told)
    assert keys.read() == theirs

    keys.write(before)
    made = encryption.rotate(encrypting, nothing_told)
    put_back, _ = meanwhile(lambda: keys.write(theirs))
    with pytest.raises(BeingChanged):
        encryption.finish(encrypting, put_back, lambda: True)
    assert keys.read() == theirs

    keys.write(made)
    encryption.finish(encrypting, nothing_told, lambda: True)
    assert keys.read() == made.only()


def test_a_key_under_which_somebody_wraps_again_is_not_destroyed(encrypting, keys, database, payer):
    old = keys.read()
    encryption.rotate(encrypting, nothing_told)
    reading = ExitStack()
    reading.enter_context(a_reader(database))
    add(encrypting, payer, "2")

    def wait():
        # What held the command up ends; another machine goes on with the file of before.
        reading.close()
        store = Store(
            encrypting.store.url.render_as_string(False), vault=Vault(Given(old.written()))
        )
        with closing(store):
            stale = replace(encrypting, store=store)
            encryption.begin(stale)
            add(stale, payer, "3")
        return True

    with reading, pytest.raises(Busy):
        encryption.finish(encrypting, nothing_told, wait)
    assert keys.read().keys.keys() >= wrapping(encrypting) == {old.current, keys.read().current}

    assert encryption.finish(encrypting, nothing_told, lambda: True) == [old.current]
    assert wrapping(encrypting) == {keys.read().current} == set(keys.read().keys)


def test_nobody_makes_a_key_who_lacks_one_of_those_that_are_used(encrypting, keys):
    before, made = keys.read(), encryption.rotate(encrypting, nothing_told)

    # A machine that nobody copied the new file to.
    keys.write(before)
    with pytest.raises(encryption.NoKeys):
        encryption.rotate(encrypting, nothing_told)
    assert keys.read() == before

    keys.write(made)
    assert encryption.rotate(encrypting, nothing_told) == made
