"""Submitting requests: what is refused and leaves nothing, and what is answered as invalid.

http://hl7.org/fhir/R4/http.html#create, http://hl7.org/fhir/R4/claim.html
"""

import pytest

from app.domain.references import Identifier
from app.gateway.administering.new_payer import new_payer
from app.store import tables
from tests.builders import (
    a_claim,
    a_communication,
    a_task,
    an_eligibility_request,
    an_enrollment_request,
    identifier,
)
from tests.wire import Wire

INSURER = {"identifier": identifier("pid", "12345")}
OTHER_INSURER = {"identifier": identifier("pid", "67890")}
STRANGER = {"identifier": identifier("sid", "Sad Mountain")}
OWN = {"identifier": identifier("sid", "Happy Valley")}
REQUESTS = {
    "Claim": a_claim,
    "CoverageEligibilityRequest": an_eligibility_request,
    "EnrollmentRequest": an_enrollment_request,
}


@pytest.fixture
def insured(http, registry, installation) -> Wire:
    """A submitter of a payer that has an identifier."""
    payer = new_payer(installation, "Insurer", (Identifier("pid", "12345"),))
    return Wire(http, registry.submitter(payer=payer).token)


@pytest.fixture
def narrow(http, registry) -> Wire:
    """Happy Valley, which acts for nobody else."""
    return Wire(http, registry.submitter(acts_for_anybody=False).token)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"insurance": None}, "ECG-REQUIRED"),
        ({"created": "02.03.2026"}, "ECG-VALUE"),
        ({"use": "order"}, "ECG-CODE"),
        ({"item": []}, "ECG-EMPTY"),
        ({"itemCount": 1}, "ECG-UNKNOWN-ELEMENT"),
    ],
)
def test_what_is_not_r4_is_refused(wire, rows, changes, error):
    before = rows.counts()

    refused = wire.post("Claim", a_claim(**changes))

    assert (refused.status, refused.errors) == (400, [error])
    assert rows.counts() == before
    assert wire.post("Claim", a_claim()).status == 201


def test_what_was_refused_is_found_by_nobody(wire):
    refused = a_claim(status="draft", number="1")
    assert wire.post("Claim", refused).status == 422
    focus = {"identifier": refused["identifier"][0]}

    answers = [wire.task(a_task(code, focus=focus)) for code in ("status", "cancel", "poll")]

    assert {answer.output("error") for answer in answers} == {"ECG-FOCUS-NOT-FOUND"}
    assert wire.task(a_task("poll")).outputs == [("remaining", 0)]
    assert wire.post("Claim", {**refused, "status": "active"}).status == 201
    assert wire.task(a_task("status", focus=focus)).output("status") == "queued"


@pytest.mark.parametrize("status", ["draft", "cancelled", "entered-in-error"])
@pytest.mark.parametrize("type", REQUESTS)
def test_a_request_is_sent_active(wire, rows, type, status):
    before = rows.counts()

    refused = wire.post(type, REQUESTS[type](status=status))

    assert (refused.status, refused.errors) == (422, ["ECG-NOT-ACTIVE"])
    assert refused.expressions == [f"{type}.status"]
    assert rows.counts() == before
    assert wire.post(type, REQUESTS[type](status="active")).status == 201


@pytest.mark.parametrize("type", REQUESTS)
def test_another_payers_request_is_refused(insured, rows, type):
    request = REQUESTS[type]
    before = rows.counts()

    refused = insured.post(type, request(insurer=OTHER_INSURER))

    assert (refused.status, refused.errors) == (422, ["ECG-FOREIGN-PAYER"])
    assert refused.expressions == [f"{type}.insurer"]
    assert rows.counts() == before
    assert insured.post(type, request(insurer=INSURER)).status == 201
    assert insured.post(type, request(insurer={"display": "Some insurer"})).status == 201


def test_a_claim_without_an_insurer_is_this_payers(insured):
    assert insured.post("Claim", a_claim(insurer=None)).status == 201


@pytest.mark.parametrize("type", REQUESTS)
def test_a_payer_without_identifiers_is_every_insurer(wire, type):
    assert wire.post(type, REQUESTS[type](insurer=OTHER_INSURER)).status == 201


SENT = {
    "Claim": (a_claim, "provider"),
    "CoverageEligibilityRequest": (an_eligibility_request, "provider"),
    "EnrollmentRequest": (an_enrollment_request, "provider"),
    "Communication": (a_communication, "sender"),
}


@pytest.mark.parametrize("type", SENT)
def test_a_request_of_a_foreign_sender_is_refused_and_audited(narrow, rows, type):
    request, element = SENT[type]
    before = rows.counts()

    refused = narrow.post(type, request(**{element: STRANGER}))

    assert (refused.status, refused.errors) == (403, ["ECG-FOREIGN-SENDER"])
    assert refused.expressions == [f"{type}.{element}"]
    assert rows.counts() == before
    [denial] = rows.of(tables.audit, action="denied")
    assert (denial["type"], denial["outcome"]) == (type, "ECG-FOREIGN-SENDER")
    assert narrow.post(type, request(**{element: OWN})).status == 201


def test_a_communication_need_not_name_its_sender(narrow):
    assert narrow.post("Communication", a_communication(sender=None)).status == 201


def test_who_acts_for_anybody_sends_for_anybody(wire):
    assert wire.post("Claim", a_claim(provider=STRANGER)).status == 201
    assert wire.post("Claim", a_claim(provider={"reference": "Organization/9"})).status == 201


def test_everything_wrong_with_the_parties_is_told_at_once(http, registry, installation):
    payer = new_payer(installation, "Insurer", (Identifier("pid", "12345"),))
    wire = Wire(http, registry.submitter(payer=payer, acts_for_anybody=False).token)

    refused = wire.post("Claim", a_claim(provider=STRANGER, insurer=OTHER_INSURER, status="draft"))

    assert set(refused.errors) == {
        "ECG-NOT-ACTIVE",
        "ECG-FOREIGN-SENDER",
        "ECG-FOREIGN-PAYER",
    }
