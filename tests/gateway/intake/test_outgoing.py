"""Whom the payer's Communications and CommunicationRequests are for."""

import pytest

from app.domain.issues import ErrorCode, Unacceptable
from app.domain.lifecycle import State
from app.domain.references import Identifier
from app.gateway.administering.new_payer import new_payer
from app.store import tables
from tests.builders import (
    CLAIM_SYSTEM,
    a_claim,
    a_communication,
    a_communication_request,
    a_task,
    an_eligibility_request,
    an_enrollment_request,
    identifier,
)
from tests.gateway.desk import Desk
from tests.reliability.crowd import together

# The submitters of the fixtures `desk` and `stranger`.
DESK, STRANGER = identifier("sid", "Happy Valley"), identifier("sid", "Stranger")
NOBODY = identifier("sid", "Nobody")
BUILDERS = {"Communication": a_communication, "CommunicationRequest": a_communication_request}


def about(*references, **elements):
    return a_communication(about=list(references), **elements)


def to(*recipients, **elements):
    return a_communication(recipient=list(recipients), **elements)


def queued(rows):
    """Whom everything undelivered is for: type, submitter, and the request that it is about."""
    return [
        (row["type"], row["submitter_id"], row["submission_type"], row["submission_id"])
        for row in rows.of(tables.pended)
        if row["type"] in BUILDERS
    ]


def refused(core, document):
    with pytest.raises(Unacceptable) as refusal:
        core.create(document)
    [issue] = refusal.value.issues
    return issue.error, issue.expression


# --- whom nobody could be reached by


NAMES_NOBODY = {
    "nothing": {},
    "an-unknown-claim": {"about": [{"reference": "Claim/none"}]},
    "an-unknown-number": {"about": [{"identifier": identifier(CLAIM_SYSTEM, "none")}]},
    "another-type": {"about": [{"reference": "Patient/1"}]},
    "elsewhere": {"about": [{"reference": "http://elsewhere.test/Claim/1"}]},
    "words": {"about": [{"display": "The Claim"}], "recipient": [{"display": "Happy Valley"}]},
    "an-unknown-recipient": {"recipient": [{"identifier": NOBODY}]},
    "an-unknown-organization": {"recipient": [{"reference": "Organization/none"}]},
}


@pytest.mark.parametrize("builder", BUILDERS.values(), ids=BUILDERS)
@pytest.mark.parametrize("elements", NAMES_NOBODY.values(), ids=NAMES_NOBODY)
def test_what_names_no_submitter_is_refused_and_leaves_nothing(desk, core, rows, builder, elements):
    before = rows.counts()
    document = builder(**elements)

    assert refused(core, document) == (
        ErrorCode.RECIPIENT_UNKNOWN,
        f"{document['resourceType']}.recipient",
    )

    assert rows.counts() == before
    named = [*elements.get("recipient", []), {"identifier": DESK}]
    assert core.create(builder(**{**elements, "recipient": named})).is_new


def test_another_payers_submitter_is_nobody(core, installation, registry, rows):
    elsewhere = new_payer(installation, "Elsewhere")
    far = registry.submitter("Far", payer=elsewhere)
    claim = Desk(installation, far.client).create(a_claim()).stored.reference

    assert refused(core, to({"identifier": identifier("sid", "Far")}))[0] is (
        ErrorCode.RECIPIENT_UNKNOWN
    )
    assert refused(core, about({"reference": claim}))[0] is ErrorCode.RECIPIENT_UNKNOWN
    assert queued(rows) == []


def test_requests_of_two_submitters_are_told_apart(desk, stranger, core, rows):
    mine, theirs = (one.create(a_claim()).stored.reference for one in (desk, stranger))

    assert refused(core, about({"reference": mine}, {"reference": theirs})) == (
        ErrorCode.RECIPIENT_MULTIPLE,
        "Communication.about",
    )

    assert queued(rows) == []
    assert core.create(about({"reference": mine})).is_new


@pytest.mark.parametrize("is_cancelled", [False, True], ids=["live", "cancelled"])
def test_a_number_that_two_submitters_use_tells_nobody(desk, stranger, core, is_cancelled):
    number = {"identifier": identifier(CLAIM_SYSTEM, "7")}
    first, _ = (one.create(a_claim(number="7")) for one in (desk, stranger))
    if is_cancelled:
        for one in (desk, stranger):
            one.task(a_task("cancel", focus=number))

    assert refused(core, about({"reference": "Claim/none"}, number)) == (
        ErrorCode.RECIPIENT_MULTIPLE,
        "Communication.about[1]",
    )
    assert core.create(about({"reference": first.stored.reference})).is_new


def test_of_two_live_requests_with_one_number_none_is_guessed(desk, core, rows):
    number = {"identifier": identifier(CLAIM_SYSTEM, "7")}
    first = desk.create(a_claim(number="7"))
    desk.create(a_claim("predetermination", number="7"))

    assert refused(core, about(number)) == (
        ErrorCode.RECIPIENT_MULTIPLE,
        "Communication.about[0]",
    )

    desk.task(a_task("cancel", focus=first.stored.reference))
    assert core.create(about(number)).is_new


def test_two_recipients_that_are_submitters_are_one_too_many(desk, stranger, core):
    both = [{"identifier": DESK}, {"identifier": STRANGER}]

    assert refused(core, to(*both)) == (
        ErrorCode.RECIPIENT_MULTIPLE,
        "Communication.recipient",
    )
    assert core.create(to(both[0], {"identifier": NOBODY})).is_new


def test_a_submitters_own_organization_names_nobody(desk, stranger, core):
    organization = {"resourceType": "Organization", "identifier": [DESK], "name": "Us"}
    forged = stranger.create(organization).stored.reference
    kept = core.create(organization).stored.reference

    assert refused(core, to({"reference": forged}))[0] is ErrorCode.RECIPIENT_UNKNOWN
    assert core.create(to({"reference": kept})).stored.submitter_id == desk.client.id


# --- whom it is for


@pytest.mark.parametrize("builder", BUILDERS.values(), ids=BUILDERS)
@pytest.mark.parametrize("way", ["reference", "version", "identifier", "contained"])
def test_what_is_about_a_claim_is_for_its_submitter_and_bound_to_it(
    desk, stranger, core, rows, builder, way
):
    stranger.create(a_claim(number="8"))
    claim = desk.create(a_claim(number="7")).stored
    number = identifier(CLAIM_SYSTEM, "7")
    inside = [{**a_claim(number="7"), "id": "claim"}] if way == "contained" else None
    value = {
        "reference": {"reference": claim.reference},
        "version": {"reference": claim.versioned},
        "identifier": {"type": "Claim", "identifier": number},
        "contained": {"reference": "#claim"},
    }[way]
    # Whom it is about decides, whoever else is named.
    document = builder(about=[value], contained=inside, recipient=[{"identifier": STRANGER}])

    taken = core.create(document)

    assert taken.stored.submitter_id == desk.client.id
    assert desk.stored(taken.stored.type, taken.stored.id).text == taken.stored.text
    assert stranger.stored(taken.stored.type, taken.stored.id) is None
    assert queued(rows) == [(taken.stored.type, desk.client.id, "Claim", claim.id)]


def test_what_is_about_an_answer_is_bound_to_the_request(desk, insured, core, worker, rows):
    claim = desk.create(a_claim())
    # The queued ClaimResponse is an answer, too, and is in no queue.
    core.create(about({"reference": claim.related}))
    worker.drain()
    submission = desk.submission(claim)
    reversal = desk.task(a_task("cancel", focus=claim.stored.reference))["output"][0]
    answers = [
        claim.related,
        f"ExplanationOfBenefit/{submission.benefit_id}",
        reversal["valueReference"]["reference"],
    ]

    sent = [core.create(about({"reference": one})).stored for one in answers]
    core.create(about({"reference": sent[0].reference}))

    assert queued(rows) == [("Communication", desk.client.id, "Claim", claim.stored.id)] * 5


@pytest.mark.parametrize(
    "request_of",
    [an_eligibility_request, an_enrollment_request, a_communication],
    ids=["eligibility", "enrolment", "communication"],
)
def test_what_is_about_another_request_is_bound_to_that(desk, core, rows, request_of):
    asked = desk.create(request_of())

    core.create(about({"reference": asked.stored.reference}))

    assert queued(rows) == [
        ("Communication", desk.client.id, asked.stored.type, asked.stored.id),
    ]


def test_the_number_of_what_is_no_longer_live_means_the_newest(desk, core, clock, rows):
    number = {"identifier": identifier(CLAIM_SYSTEM, "7")}
    claims = []
    for price in ("10.00", "20.00"):
        claims.append(desk.create(a_claim(number="7", prices=[price])).stored.id)
        desk.task(a_task("cancel", focus=f"Claim/{claims[-1]}"))
        clock.forward(days=1)

    core.create(about(number))

    assert queued(rows) == [("Communication", desk.client.id, "Claim", claims[1])]


def test_what_was_nullified_is_about_nothing(desk, core, rows):
    claim = desk.create(a_claim())
    document = about({"reference": claim.stored.reference})
    desk.change(tables.submission, state=State.NULLIFIED)

    assert refused(core, document)[0] is ErrorCode.RECIPIENT_UNKNOWN

    desk.change(tables.submission, state=State.QUEUED)
    assert core.create(document).is_new


RECIPIENTS = {
    "identifier": ({"identifier": DESK}, None),
    "contained": (
        {"reference": "#them"},
        [{"resourceType": "Organization", "id": "them", "identifier": [NOBODY, DESK]}],
    ),
}


@pytest.mark.parametrize("builder", BUILDERS.values(), ids=BUILDERS)
@pytest.mark.parametrize(("recipient", "inside"), RECIPIENTS.values(), ids=RECIPIENTS)
def test_a_recipient_is_named_by_a_registered_identifier(
    desk, stranger, core, rows, builder, recipient, inside
):
    taken = core.create(builder(recipient=[recipient], contained=inside))

    assert queued(rows) == [(taken.stored.type, desk.client.id, None, None)]
    assert desk.stored(taken.stored.type, taken.stored.id) is not None
    assert stranger.stored(taken.stored.type, taken.stored.id) is None


def test_who_acts_for_a_provider_receives_for_it(installation, registry, core, rows):
    house = registry.submitter(
        "House", acts_for_anybody=False, acts_for=(Identifier("sid", "Clinic"),)
    )

    core.create(to({"identifier": identifier("sid", "Clinic")}))

    assert queued(rows) == [("Communication", house.client.id, None, None)]


def test_what_the_payer_sends_is_audited_and_is_no_submission(desk, core, rows):
    taken = core.create(to({"identifier": DESK}))

    [event] = rows.of(tables.audit, resource_id=taken.stored.id)
    assert (event["actor"], event["action"], event["type"]) == (
        core.client.id,
        "create",
        "Communication",
    )
    assert rows.of(tables.submission) == []
    assert taken.related is None


# --- the same again


@pytest.mark.parametrize("builder", BUILDERS.values(), ids=BUILDERS)
@pytest.mark.parametrize("way", ["identifier", "header"])
def test_the_same_again_is_one_resource_and_one_row(desk, core, rows, builder, way):
    elements = {"recipient": [{"identifier": DESK}]}
    key = None
    if way == "header":
        elements, key = {**elements, "identifier": None}, "k-1"
    document = builder(**elements)

    first, again = (core.create(document, idempotency_key=key) for _ in range(2))

    assert [one.is_new for one in (first, again)] == [True, False]
    assert again.stored == first.stored
    assert len(queued(rows)) == 1
    other = {**document, "payload": [{"contentString": "Something else."}]}
    if way == "identifier":
        assert core.create(other).is_new
    else:
        with pytest.raises(Unacceptable) as refusal:
            core.create(other, idempotency_key=key)
        assert refusal.value.issues[0].error is ErrorCode.IDEMPOTENCY


def test_without_a_key_each_sending_is_its_own(desk, core, rows):
    document = to({"identifier": DESK}, identifier=None)

    assert [core.create(document).is_new for _ in range(2)] == [True, True]
    assert len(queued(rows)) == 2


def test_the_same_at_once_is_one(desk, core, rows):
    document = to({"identifier": DESK})

    taken = together([lambda: core.create(document)] * 4)

    assert sorted(one.is_new for one in taken) == [False, False, False, True]
    assert len({one.stored.reference for one in taken}) == 1
    assert len(queued(rows)) == 1
