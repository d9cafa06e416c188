"""Payers and clients as rows."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.domain.codes import HandOver
from app.domain.parties import Client, ClientKind, DuplicateClaims, Payer, PayerSettings
from app.domain.references import Identifier
from app.store import tables
from app.store.parties import Parties, Registration
from tests.builders import NOW

PAYER = Payer(
    "payer-1",
    "Payer",
    (Identifier("http://payers.test", "1"), Identifier(None, "P")),
    PayerSettings(
        DuplicateClaims.ACCEPT,
        "default",
        "manual",
        ZoneInfo("Asia/Riyadh"),
        timedelta(days=3),
        timedelta(days=5),
        authorization_url="https://payer.test/preauthorizations",
        preauthorization_run_out=timedelta(days=7),
    ),
)
OTHER = Payer("payer-2", "Other payer")


def a_client(id="client-1", name="Happy Valley", payer=PAYER, **rest):
    return Client(id, payer, rest.pop("kind", ClientKind.SUBMITTER), name, **rest)


@pytest.fixture
def parties(connection):
    parties = Parties(connection)
    parties.add_payer(OTHER, NOW)
    parties.add_payer(PAYER, NOW, is_default=True)
    return parties


def test_a_name_is_given_once(parties, work):
    with pytest.raises(IntegrityError), work.attempt():
        parties.add_payer(replace(PAYER, id="payer-3"), NOW)

    parties.add_payer(replace(PAYER, id="payer-3", name="Third"), NOW)
    assert parties.find_payer("Third").id == "payer-3"


def test_a_client_belongs_to_a_payer_that_exists(parties, work):
    with pytest.raises(IntegrityError), work.attempt():
        parties.add_client(a_client(payer=Payer("nobody", "Nobody")), "hash", NOW)

    parties.add_client(a_client(), "hash", NOW)


def test_a_payer_comes_back_with_everything_that_was_settled(parties):
    assert parties.payers() == [PAYER, OTHER]
    assert parties.find_payer("Payer") == PAYER
    assert parties.find_payer("payer-1") == PAYER
    assert parties.find_payer(None) == PAYER
    assert parties.find_payer("Nobody") is None


def test_there_may_be_no_default_payer(connection):
    Parties(connection).add_payer(PAYER, NOW)

    assert Parties(connection).find_payer(None) is None


def test_changed_settings_are_kept_and_nothing_else(parties):
    changed = replace(PAYER, settings=PayerSettings())

    parties.set_payer_settings(replace(changed, name="Not taken"))

    assert parties.payers() == [changed, OTHER]


@pytest.mark.parametrize(
    "client",
    [
        a_client(),
        a_client(identifiers=(Identifier("s", "v"), Identifier(None, "v"))),
        a_client(acts_for=(Identifier("s|t", "v"),), acts_for_anybody=True),
        a_client(hand_over=HandOver.ACKNOWLEDGED),
        a_client(may_enroll=True),
        a_client(kind=ClientKind.PAYER_CLIENT),
    ],
    ids=["plain", "identifiers", "acts-for", "acknowledged", "may-enroll", "payer-client"],
)
def test_a_client_is_found_by_its_token_with_its_payer(parties, client):
    parties.add_client(client, "hash", NOW)

    assert parties.find_client("hash") == client
    assert parties.find_client("another hash") is None


@pytest.mark.parametrize(("kind", "heads"), [("submitter", 1), ("payer-client", 0)])
def test_a_submitter_has_a_queue(parties, connection, kind, heads):
    parties.add_client(a_client(kind=ClientKind(kind)), "hash", NOW)

    assert len(connection.execute(select(tables.queue_head)).all()) == heads


def test_a_disabled_client_is_not_known_until_its_token_is_changed(parties):
    client = a_client()
    parties.add_client(client, "hash", NOW)

    parties.disable_client(client, NOW)
    assert parties.find_client("hash") is None
    assert parties.registrations() == [Registration(client, NOW, NOW)]

    parties.rotate_token(client, "new hash")
    assert parties.find_client("hash") is None
    assert parties.find_client("new hash") == client


def test_a_registration_is_found_by_name_or_id(parties):
    client = a_client()
    parties.add_client(client, "hash", NOW)
    registration = Registration(client, NOW, None)

    assert parties.find_registration("Happy Valley", None) == registration
    assert parties.find_registration("client-1", PAYER) == registration
    assert parties.find_registration("client-1", OTHER) is None
    assert parties.find_registration("Sad Valley", None) is None


def test_a_name_that_two_payers_know_does_not_tell(parties):
    parties.add_client(a_client(), "hash", NOW)
    parties.add_client(a_client("client-2", payer=OTHER), "hash 2", NOW)

    assert parties.find_registration("Happy Valley", None) is None
    assert parties.find_registration("Happy Valley", OTHER).client.id == "client-2"
    assert [one.client.id for one in parties.registrations(PAYER)] == ["client-1"]
    assert len(parties.registrations()) == 2
