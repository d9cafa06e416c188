"""Payers, clients and tokens: what an operator sets up."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from app.domain.parties import Client, ClientKind, Payer, PayerSettings
from app.domain.references import Identifier
from app.gateway.administering.administration import NameTaken
from app.gateway.trust.client_keys import KeysOf
from app.store import tables
from tests.security.keyed import a_set, ec, public


def a_client(payer, name="Clinic", id="client-1"):
    return Client(id, payer, ClientKind.SUBMITTER, name, (Identifier("sid", name),))


def test_a_payers_name_is_given_once(administration, payer):
    with pytest.raises(NameTaken, match="Payer"):
        administration.add_payer(Payer("other", "Payer"))

    administration.add_payer(Payer("other", "Other payer"))
    assert [one.name for one in administration.payers()] == ["Payer", "Other payer"]


def test_a_clients_name_is_given_once_per_payer(administration, payer):
    other = Payer("other", "Other payer")
    administration.add_payer(other)
    administration.add_client(a_client(payer))

    with pytest.raises(NameTaken, match="Clinic"):
        administration.add_client(a_client(payer, id="client-2"))

    assert administration.add_client(a_client(other, id="client-2")).client.payer == other


def test_an_unknown_token_is_nobodys(administration, payer):
    issued = administration.add_client(a_client(payer))

    for token in ("", "unknown", issued.token[:-1], issued.token + "x", issued.token.swapcase()):
        assert administration.client_behind(token) is None
    assert administration.client_behind(issued.token).id == issued.client.id


def test_a_disabled_client_is_not_known_until_it_is_given_a_new_token(administration, payer):
    issued = administration.add_client(a_client(payer))

    administration.disable(issued.client)
    assert administration.client_behind(issued.token) is None

    renewed = administration.rotate(issued.client)
    assert administration.client_behind(issued.token) is None
    assert administration.client_behind(renewed.token).id == issued.client.id


def test_who_has_the_keys_of_a_disabled_client_is_not_let_in_again_by_a_new_token(
    administration, payer
):
    stolen, own = (KeysOf(a_set(public(ec(), name)), None) for name in ("stolen", "own"))
    client = administration.add_client(a_client(payer), stolen).client

    administration.disable(client)
    administration.rotate(client)
    assert administration.keys_of(client) is None

    # Those that are set since are for when it is let in.
    administration.disable(client)
    administration.set_keys(client, own)
    administration.rotate(client)
    assert administration.keys_of(client) == own


def test_a_token_is_long_and_kept_only_as_a_hash(administration, payer, installation):
    issued = administration.add_client(a_client(payer))

    kept = installation.store.read(
        lambda connection: connection.execute(select(tables.client)).all()
    )
    assert len(issued.token) >= 43
    assert issued.token not in str(kept)


def test_no_two_tokens_are_alike(administration, payer):
    issued = administration.add_client(a_client(payer))
    tokens = {issued.token, *(administration.rotate(issued.client).token for _ in range(20))}

    assert len(tokens) == 21


def test_changed_settings_count_for_a_client_from_its_next_request(administration, payer):
    issued = administration.add_client(a_client(payer))
    changed = replace(payer, settings=PayerSettings(adjudicator="manual"))

    administration.set_payer_settings(changed)

    behind = administration.client_behind(issued.token)
    assert behind.payer.settings == changed.settings


def test_clients_are_listed_and_found_by_name_or_id(administration, payer):
    administration.add_client(a_client(payer))

    (registration,) = administration.registrations()
    assert registration == administration.find_registration("Clinic")
    assert registration == administration.find_registration("client-1", payer)
    assert administration.find_registration("Nobody") is None
    assert administration.find_payer("Payer").id == payer.id
    administration.ping()
