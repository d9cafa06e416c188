"""Networks: by which of the payer's own organizations and affiliations a provider is in one."""

from datetime import date
from functools import partial

import pytest

from app.domain.claims import Days
from app.domain.parties import Payer
from app.domain.plan import Plan
from app.domain.references import Identifier, Reference
from app.fhir import json_text
from app.gateway.administering import reference_data
from app.gateway.administering.administration import Administration
from app.gateway.deciding.networks import affiliations
from tests.builders import identifier
from tests.gateway.desk import Desk

CLINIC = Identifier("http://registry.test", "clinic")
NETWORK = {"reference": "Organization/gold"}
PLAN = Plan("plan", "1", networks=(Reference("Organization", "gold"),))
ALWAYS = Days(None, None)


def an_organization(id, value):
    return {
        "resourceType": "Organization",
        "id": id,
        "identifier": [identifier("http://registry.test", value)],
    }


def an_affiliation(**elements):
    affiliation = {
        "resourceType": "OrganizationAffiliation",
        "organization": NETWORK,
        "participatingOrganization": {"identifier": identifier("http://registry.test", "clinic")},
        **elements,
    }
    return {name: value for name, value in affiliation.items() if value is not None}


@pytest.fixture
def days(core, desk):
    """The days on which a provider is in the network, after the payer kept some resources."""

    def found(*kept, provider=None, plan=PLAN):
        for document in kept:
            text = json_text.write(document)
            core.do(partial(reference_data.keep, document, text, "core"))
        provider = provider or Reference(identifier=CLINIC)
        base = desk.installation.base_url
        return desk.see(lambda work: affiliations(provider, plan, base, work))

    return found


ELSEWHERE = {
    "another network": {"organization": {"reference": "Organization/silver"}},
    "no network": {"organization": None},
    "another provider": {"participatingOrganization": {"reference": "Organization/other"}},
    "another identifier": {
        "participatingOrganization": {"identifier": identifier("http://registry.test", "other")}
    },
    "nobody": {"participatingOrganization": None},
    "not active": {"active": False},
}


@pytest.mark.parametrize("elements", ELSEWHERE.values(), ids=ELSEWHERE)
def test_what_does_not_lead_from_the_provider_to_the_network_is_none(days, elements):
    assert days(an_affiliation(**elements)) == ()
    assert days(an_affiliation()) == (ALWAYS,)


def test_a_plan_without_a_network_asks_for_none(days):
    assert days(an_affiliation(), plan=Plan("plan", "1")) == ()


def test_the_period_tells_the_days(days):
    period = {"start": "2026-01-01", "end": "2026-06"}

    assert days(an_affiliation(period=period, active=True)) == (
        Days(date(2026, 1, 1), date(2026, 6, 30)),
    )


def test_the_network_may_stand_in_its_own_element(days):
    assert days(an_affiliation(organization=None, network=[NETWORK])) == (ALWAYS,)


def test_the_network_may_be_the_provider_itself(days):
    core = an_organization("gold", "clinic")

    assert days(core) == (ALWAYS,)
    assert days(provider=Reference("Organization", "gold")) == (ALWAYS,)
    assert days(provider=Reference("Organization", "silver")) == ()


@pytest.mark.parametrize(
    "provider",
    [
        Reference("Organization", "clinic-1"),
        Reference(identifier=CLINIC),
        Reference("Organization", identifier=CLINIC),
    ],
    ids=["by reference", "by identifier", "by both"],
)
@pytest.mark.parametrize(
    "participant",
    [
        {"reference": "Organization/clinic-1"},
        {"identifier": identifier("http://registry.test", "clinic")},
    ],
    ids=["kept by reference", "kept by identifier"],
)
def test_an_organization_is_the_same_by_reference_and_by_identifier(days, provider, participant):
    kept = an_organization("clinic-1", "clinic")

    assert days(kept, an_affiliation(participatingOrganization=participant), provider=provider) == (
        ALWAYS,
    )


def test_what_a_submitter_keeps_makes_no_network(desk, days):
    desk.create(
        {key: value for key, value in an_organization("x", "clinic").items() if key != "id"}
    )

    assert days() == ()


def test_another_payers_affiliation_is_none_of_ours(days, registry, installation):
    other = Payer("other", "Other payer")
    Administration(installation).add_payer(other)
    Desk(installation, registry.payer_client(payer=other).client).create(an_affiliation())

    assert days() == ()
    assert days(an_affiliation()) == (ALWAYS,)
