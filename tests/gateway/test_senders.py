"""Who a resource says it is from and whom it is for, against the credential."""

from dataclasses import replace

import pytest

from app.domain.issues import ErrorCode
from app.domain.references import Identifier
from app.gateway.senders import party_issues
from tests.builders import (
    a_claim,
    a_communication,
    a_task,
    an_eligibility_request,
    identifier,
)

OWN, ACTED_FOR, FOREIGN = (identifier("sid", name) for name in ("Happy Valley", "Clinic", "Other"))
OURS, THEIRS = identifier("http://payers.test", "1"), identifier("http://payers.test", "2")


@pytest.fixture
def strict(desk):
    """The submitter acts for itself and one clinic; the payer goes by one identifier."""
    payer = replace(desk.client.payer, identifiers=(Identifier("http://payers.test", "1"),))
    acts_for = (Identifier("sid", "Clinic"),)
    client = replace(desk.client, payer=payer, acts_for=acts_for, acts_for_anybody=False)
    return replace(desk, client=client)


def problems(desk, document):
    base = desk.installation.base_url
    issues = desk.see(lambda work: party_issues(document, desk.client, base, work))
    return [(issue.error, issue.expression) for issue in issues]


BY = {
    "Claim.provider": lambda by: a_claim(provider=by),
    "CoverageEligibilityRequest.provider": lambda by: an_eligibility_request(provider=by),
    "Communication.sender": lambda by: a_communication(sender=by),
    "Task.requester": lambda by: a_task("poll", requester=by),
}
FOR = {
    "Claim.insurer": lambda insurer: a_claim(insurer=insurer),
    "CoverageEligibilityRequest.insurer": lambda insurer: an_eligibility_request(insurer=insurer),
    "Task.owner": lambda owner: a_task("poll", owner=owner),
}


@pytest.mark.parametrize("place", BY)
@pytest.mark.parametrize(
    ("by", "is_sent"),
    [
        ({"identifier": OWN}, True),
        ({"identifier": ACTED_FOR}, True),
        ({"identifier": FOREIGN}, False),
        ({"display": "Happy Valley"}, False),
        ({"reference": "Organization/unknown"}, False),
        ({"reference": "Organization/unknown", "identifier": OWN}, True),
    ],
    ids=["own", "acted-for", "foreign", "display", "dangling", "dangling-and-own"],
)
def test_a_sender_is_the_submitter_or_one_it_acts_for(strict, place, by, is_sent):
    expected = [] if is_sent else [(ErrorCode.FOREIGN_SENDER, place)]

    assert problems(strict, BY[place](by)) == expected


@pytest.mark.parametrize("place", BY)
def test_who_acts_for_anybody_sends_for_anybody(desk, place):
    assert problems(desk, BY[place]({"identifier": FOREIGN})) == []
    assert problems(desk, BY[place]({"display": "somebody"})) == []


@pytest.mark.parametrize("place", FOR)
@pytest.mark.parametrize(
    ("named", "is_meant"),
    [
        ({"identifier": OURS}, True),
        ({"identifier": THEIRS}, False),
        ({"display": "some payer"}, True),
        ({"reference": "Organization/unknown"}, True),
    ],
    ids=["ours", "another", "display", "dangling"],
)
def test_a_payer_that_is_named_is_this_one(strict, place, named, is_meant):
    expected = [] if is_meant else [(ErrorCode.FOREIGN_PAYER, place)]

    assert problems(strict, FOR[place](named)) == expected


@pytest.mark.parametrize("place", FOR)
def test_a_payer_without_identifiers_is_always_meant(strict, place):
    payer = replace(strict.client.payer, identifiers=())
    nameless = replace(strict, client=replace(strict.client, payer=payer))

    assert problems(nameless, FOR[place]({"identifier": THEIRS})) == []


@pytest.mark.parametrize(("named", "is_sent"), [(OWN, True), (FOREIGN, False)])
def test_a_contained_or_stored_organization_tells_by_its_identifier(desk, strict, named, is_sent):
    organization = {"resourceType": "Organization", "identifier": [named], "name": "Somebody"}
    stored = desk.create(organization)
    contained = {**organization, "id": "org"}
    expected = [] if is_sent else [(ErrorCode.FOREIGN_SENDER, "Claim.provider")]

    assert problems(strict, a_claim(provider={"reference": stored.stored.reference})) == expected
    inside = a_claim(provider={"reference": "#org"}, contained=[contained])
    assert problems(strict, inside) == expected


def test_a_strangers_organization_is_as_if_it_were_not_there(strict, stranger):
    organization = {"resourceType": "Organization", "identifier": [OWN], "name": "Happy Valley"}
    stored = stranger.create(organization)

    assert problems(strict, a_claim(provider={"reference": stored.stored.reference})) == [
        (ErrorCode.FOREIGN_SENDER, "Claim.provider")
    ]


def test_both_problems_are_told(strict):
    claim = a_claim(provider={"identifier": FOREIGN}, insurer={"identifier": THEIRS})

    assert problems(strict, claim) == [
        (ErrorCode.FOREIGN_SENDER, "Claim.provider"),
        (ErrorCode.FOREIGN_PAYER, "Claim.insurer"),
    ]


def test_who_is_not_named_is_not_asked_about(strict):
    assert problems(strict, a_task("poll")) == []
    assert problems(strict, a_communication(sender=None)) == []
    assert problems(strict, {"resourceType": "Patient"}) == []


@pytest.mark.parametrize(
    ("contained", "own", "is_sent"),
    [
        (OWN, None, True),
        (OWN, OWN, True),
        (None, OWN, True),
        (OWN, FOREIGN, False),
        (FOREIGN, OWN, False),
        (None, None, False),
    ],
    ids=["behind", "both", "beside", "foreign-beside", "foreign-behind", "nobody"],
)
def test_where_two_speak_for_the_sender_both_must_be_its_own(strict, contained, own, is_sent):
    organization = {"resourceType": "Organization", "id": "o", "name": "Happy Valley"}
    if contained is not None:
        organization["identifier"] = [contained]
    provider = {"reference": "#o"} | ({} if own is None else {"identifier": own})
    claim = a_claim(provider=provider, contained=[organization])

    expected = [] if is_sent else [(ErrorCode.FOREIGN_SENDER, "Claim.provider")]
    assert problems(strict, claim) == expected


@pytest.mark.parametrize(
    ("own", "is_meant"),
    [({"system": "http://payers.test", "value": "1"}, True), (FOREIGN, False)],
    ids=["this-payer", "another"],
)
def test_an_identifier_beside_a_nameless_payer_tells_who_is_meant(strict, own, is_meant):
    organization = {"resourceType": "Organization", "id": "o", "name": "Payer"}
    claim = a_claim(insurer={"reference": "#o", "identifier": own}, contained=[organization])

    expected = [] if is_meant else [(ErrorCode.FOREIGN_PAYER, "Claim.insurer")]
    assert problems(strict, claim) == expected
