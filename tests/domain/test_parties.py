"""Who speaks, and what a credential entitles to."""

import pytest

from app.domain.parties import Client, ClientKind, Payer, Scope
from app.domain.references import Identifier

ONE, TWO, BARE = Identifier("s", "1"), Identifier("s", "2"), Identifier(None, "1")


@pytest.mark.parametrize(
    ("own", "named", "is_meant"),
    [
        ((), (), True),
        ((), (ONE,), True),
        ((ONE,), (), True),
        ((ONE,), (ONE,), True),
        ((ONE,), (TWO,), False),
        ((ONE,), (BARE,), False),
        ((ONE,), (TWO, ONE), True),
        ((ONE, TWO), (TWO,), True),
    ],
)
def test_a_payer_is_meant_by_its_identifiers_or_by_none(own, named, is_meant):
    assert Payer("p", "Payer", own).is_meant_by(named) is is_meant


def a_client(kind=ClientKind.SUBMITTER, **rest):
    return Client("c", Payer("p", "Payer"), kind, "Clinic", **rest)


@pytest.mark.parametrize(
    ("client", "named", "may"),
    [
        (a_client(), (), False),
        (a_client(), (ONE,), False),
        (a_client(identifiers=(ONE,)), (ONE,), True),
        (a_client(identifiers=(ONE,)), (TWO,), False),
        (a_client(identifiers=(ONE,)), (BARE,), False),
        (a_client(identifiers=(ONE,)), (), False),
        (a_client(acts_for=(TWO,)), (TWO,), True),
        (a_client(identifiers=(ONE,), acts_for=(TWO,)), (BARE, TWO), True),
        (a_client(acts_for_anybody=True), (), True),
        (a_client(acts_for_anybody=True), (ONE,), True),
        (a_client(ClientKind.PAYER_CLIENT), (ONE,), True),
    ],
)
def test_a_client_sends_for_itself_and_those_it_acts_for(client, named, may):
    assert client.may_send_for(named) is may


@pytest.mark.parametrize(
    ("kind", "scope"),
    [
        (ClientKind.SUBMITTER, Scope("p", "c", "c")),
        (ClientKind.PAYER_CLIENT, Scope("p", None, "c")),
    ],
)
def test_a_scope_is_the_submitters_or_the_payers(kind, scope):
    assert a_client(kind).scope == scope
