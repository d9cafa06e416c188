"""Whom a Claim is to be paid to, as a table: who it is, and whether it can be named."""

import pytest

from app.gateway.payments.payees import name_of, payee_of
from tests.builders import a_claim, identifier

OWN = identifier("sid", "Happy Valley")
SISTER = identifier("sid", "Sister Clinic")
INSIDE = {"resourceType": "Organization", "id": "o", "identifier": [SISTER]}


def payee(code, party=None):
    return {"type": {"coding": [{"code": code}]}} | ({"party": party} if party else {})


def found(desk, **elements):
    return desk.see(lambda work: payee_of(a_claim(**elements), work.base, work))


NOT_PAYABLE = {
    "the subscriber": {"payee": payee("subscriber")},
    "a patient": {"payee": payee("other", {"reference": "Patient/1"})},
    "somebody by an identifier, as subscriber": {"payee": payee("subscriber", {"identifier": OWN})},
    "a relative": {"payee": payee("other", {"reference": "RelatedPerson/1"})},
    "other, and nobody": {"payee": payee("other")},
    "a type in words": {"payee": {"type": {"text": "me"}, "party": {"identifier": OWN}}},
}
PAYABLE = {
    "no payee": ({}, {"identifier": OWN}),
    "the provider": ({"payee": payee("provider")}, {"identifier": OWN}),
    "the provider, by party": (
        {"payee": payee("provider", {"identifier": SISTER})},
        {"identifier": SISTER},
    ),
    "another organization": (
        {"payee": payee("other", {"reference": "Organization/9"})},
        {"reference": "Organization/9"},
    ),
    "a contained organization": (
        {"payee": payee("other", {"reference": "#o"}), "contained": [INSIDE]},
        {"type": "Organization", "identifier": SISTER},
    ),
    "a practitioner elsewhere": (
        {"provider": {"reference": "http://elsewhere.test/Practitioner/1"}},
        {"reference": "http://elsewhere.test/Practitioner/1"},
    ),
    "a name": ({"provider": {"display": "Dr. Who"}}, {"display": "Dr. Who"}),
}


@pytest.mark.parametrize("elements", NOT_PAYABLE.values(), ids=NOT_PAYABLE)
def test_a_reconciliation_may_not_name_it(desk, elements):
    assert found(desk, **elements).reference is None


@pytest.mark.parametrize(("elements", "reference"), PAYABLE.values(), ids=PAYABLE)
def test_a_reconciliation_names_it(desk, elements, reference):
    assert found(desk, **elements).reference == reference


def test_a_party_is_the_same_however_it_is_named(desk):
    clinic = desk.create({"resourceType": "Organization", "identifier": [SISTER]})
    ways = [
        {"provider": {"identifier": SISTER}},
        {"provider": {"reference": clinic.stored.reference}},
        {"provider": {"reference": "#o"}, "contained": [INSIDE]},
        {"payee": payee("other", {"identifier": SISTER})},
    ]

    keys = {found(desk, **way).key for way in ways}

    assert len(keys) == 1
    assert found(desk).key not in keys


def named(desk, name):
    """What a PaymentNotice's payee of this name is compared by."""
    party = {"display": name}
    return desk.see(lambda work: name_of({}, party, work.base, work))


def test_a_name_without_end_is_kept_as_far_as_somebody_reads_it(desk):
    longest, longer = ("中" * length for length in (200, 201))

    def kept(name):
        return found(desk, provider={"identifier": SISTER, "display": name})

    assert kept(longest).reference["display"] == longest
    assert kept(longer).reference["display"] == f"{longest}..."
    assert kept(longer).key == kept(longest).key
    first, again = (named(desk, name) for name in (longer, f"{longest}..."))
    assert first == again != named(desk, longest)
    nameless = found(desk, provider={"display": longer})
    assert nameless.key != found(desk, provider={"display": longest}).key


def test_its_key_tells_nothing(desk):
    assert "Sister" not in found(desk, provider={"identifier": SISTER}).key
