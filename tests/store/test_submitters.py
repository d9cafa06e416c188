"""Submitters found by the identifiers that were registered for them."""

import pytest

from app.domain.parties import Client, ClientKind, Payer
from app.domain.references import Identifier
from app.store.parties import Parties
from tests.builders import NOW
from tests.store.scopes import FOREIGN, MINE, PAYERS, THEIRS

PAYER, OTHER = Payer("payer-1", "Payer"), Payer("payer-2", "Other payer")
CLINIC, HOSPITAL = Identifier("sid", "clinic"), Identifier("sid", "hospital")


@pytest.fixture
def register(connection):
    """Registers clients of two payers."""
    parties = Parties(connection)
    parties.add_payer(PAYER, NOW)
    parties.add_payer(OTHER, NOW)

    def added(id, *identifiers, payer=PAYER, kind=ClientKind.SUBMITTER, **options):
        client = Client(id, payer, kind, id, identifiers, **options)
        parties.add_client(client, f"hash of {id}", NOW)
        return client

    return added


def test_a_submitter_is_found_by_any_of_its_identifiers_within_its_payer(register, view):
    register("submitter-1", CLINIC, HOSPITAL)
    register("stranger", CLINIC, payer=OTHER)

    assert view(PAYERS).submitters.identified(CLINIC) == {"submitter-1"}
    assert view(PAYERS).submitters.identified(Identifier("x", "y"), HOSPITAL) == {"submitter-1"}
    assert view(PAYERS).submitters.identified(Identifier("other", "clinic")) == set()
    assert view(PAYERS).submitters.identified() == set()


def test_who_acts_for_somebody_is_found_only_where_that_one_is_no_submitter(register, view):
    register("submitter-1", Identifier("sid", "house"), acts_for=(CLINIC, HOSPITAL))
    register("submitter-2", CLINIC)

    found = [view(PAYERS).submitters.identified(one) for one in (CLINIC, HOSPITAL)]

    assert found == [{"submitter-2"}, {"submitter-1"}]


def test_who_acts_for_anybody_is_named_by_its_own_identifier_alone(register, view):
    register("submitter-1", CLINIC, acts_for_anybody=True)

    assert view(PAYERS).submitters.identified(HOSPITAL) == set()
    assert view(PAYERS).submitters.identified(Identifier(None, "*")) == set()
    assert view(PAYERS).submitters.identified(CLINIC) == {"submitter-1"}


def test_all_who_are_named_are_told(register, view):
    register("submitter-1", CLINIC)
    register("submitter-2", CLINIC)

    assert view(PAYERS).submitters.identified(CLINIC) == {"submitter-1", "submitter-2"}


def test_payer_clients_and_who_was_disabled_are_not_reached(register, view, connection):
    client = register("submitter-1", CLINIC)
    register("core", CLINIC, kind=ClientKind.PAYER_CLIENT)
    assert view(PAYERS).submitters.identified(CLINIC) == {"submitter-1"}

    Parties(connection).disable_client(client, NOW)

    assert view(PAYERS).submitters.identified(CLINIC) == set()


def test_a_submitter_sees_none_but_itself(register, view):
    register("submitter-1", CLINIC)

    found = [view(scope).submitters.identified(CLINIC) for scope in (MINE, THEIRS, FOREIGN)]

    assert found == [{"submitter-1"}, set(), set()]
