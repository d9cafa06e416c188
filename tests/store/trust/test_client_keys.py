"""Keys of clients as rows: who may ask for them now, and what a restore leaves of them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.store import tokens
from app.store.trust import client_keys
from tests.builders import NOW

URL = "https://clinic.test/jwks.json"


@pytest.fixture
def client(registry, store):
    """A client that is registered by an address."""
    issued = registry.submitter().client
    store.write(lambda on: client_keys.put(on, issued, None, URL))
    return issued


def test_what_is_found_at_another_address_is_not_kept(store, client):
    later = NOW + timedelta(hours=1)
    for url, kept in (("https://old.test/", None), (URL, "keys")):
        store.write(lambda on, url=url: client_keys.keep(on, client, url, "keys", NOW, later))
        assert store.read(lambda on: client_keys.find(on, client)).fetched == kept


def test_one_may_ask_within_a_minute(store, client):
    def may_ask(seconds):
        now = NOW + timedelta(seconds=seconds)
        since = now - timedelta(seconds=60)
        return store.write(lambda on: client_keys.may_ask(on, client, now, since))

    assert [may_ask(0), may_ask(59), may_ask(60), may_ask(61)] == [True, False, True, False]


def test_a_restore_leaves_no_keys_of_a_client_whose_token_was_changed_since(
    store, client, installation
):
    def applied(change):
        (own,) = store.read(tokens.of)
        told = [replace(own, **change)]
        hasher = installation.hasher
        return store.write(lambda on: tokens.let_count(on, told, hasher, NOW))

    later = NOW + timedelta(hours=1)
    assert applied({}) == 0
    assert store.read(lambda on: client_keys.find(on, client)).jwks_url == URL
    assert applied({"token_hash": "0" * 48, "changed_at": later}) == 1
    assert store.read(lambda on: client_keys.find(on, client)) is None
