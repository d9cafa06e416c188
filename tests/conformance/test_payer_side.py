"""What the payer itself sends: polled and read by the submitter that it is for, and by nobody else.

http://hl7.org/fhir/R4/communicationrequest.html
"""

import pytest

from app.domain.references import Identifier
from tests.builders import (
    a_claim,
    a_communication,
    a_communication_request,
    a_task,
    an_input,
    identifier,
)
from tests.conformance.test_official_examples import content, examples
from tests.wire import Wire

BUILDERS = {"Communication": a_communication, "CommunicationRequest": a_communication_request}
HAPPY_VALLEY = {"identifier": identifier("sid", "Happy Valley")}


def poll(wire, **options):
    answered = wire.task(a_task("poll", **options))
    return answered.output("response"), answered.output("remaining")


@pytest.mark.parametrize("type", BUILDERS)
def test_what_is_about_a_claim_is_found_by_its_number(wire, core, other, type):
    claim = wire.post("Claim", a_claim())
    number = {"identifier": claim.document["identifier"][0]}
    wire.post("Claim", a_claim())

    sent = core.post(type, BUILDERS[type](about=[{"reference": claim.reference}]))

    assert (sent.status, sent.errors) == (201, [])
    assert "Link" not in sent.headers
    assert poll(wire, focus=number) == (f"{sent.reference}/_history/1", 0)
    # The recovery door: asked once more, it is handed over once more.
    assert poll(wire, focus=claim.reference) == (f"{sent.reference}/_history/1", 0)
    assert wire.get(sent.reference).text == sent.text
    assert other.get(sent.reference).document == other.get(f"{type}/none").document
    assert poll(other) == (None, 0)


@pytest.mark.parametrize("type", BUILDERS)
def test_what_names_a_recipient_is_polled_by_type_and_date(wire, core, type):
    dated = {"sent": "2026-02-01"} if type == "Communication" else {"authoredOn": "2026-02-01"}
    early = core.post(type, BUILDERS[type](recipient=[HAPPY_VALLEY], **dated)).reference
    core.post(type, BUILDERS[type](recipient=[HAPPY_VALLEY]))
    february = an_input("period", valuePeriod={"start": "2026-02-01", "end": "2026-02-28"})
    included = an_input("include", valueCode=type)
    excluded = an_input("exclude", valueCode=type)

    assert poll(wire, inputs=[excluded]) == (None, 0)
    assert poll(wire, inputs=[february]) == (f"{early}/_history/1", 0)
    assert poll(wire, inputs=[included])[1] == 0
    assert poll(wire) == (None, 0)


@pytest.mark.parametrize("type", BUILDERS)
def test_what_names_nobody_is_refused(wire, core, rows, type):
    before = rows.counts()

    refused = core.post(type, BUILDERS[type]())

    assert (refused.status, refused.errors) == (422, ["ECG-RECIPIENT-UNKNOWN"])
    assert refused.expressions == [f"{type}.recipient"]
    assert rows.counts() == before
    assert core.post(type, BUILDERS[type](recipient=[HAPPY_VALLEY])).status == 201


def test_what_may_mean_several_is_refused(wire, other, core, rows):
    claims = [one.post("Claim", a_claim()).reference for one in (wire, other)]
    before = rows.counts()

    refused = core.post("Communication", a_communication(about=[{"reference": c} for c in claims]))

    assert (refused.status, refused.errors) == (422, ["ECG-RECIPIENT-MULTIPLE"])
    assert refused.expressions == ["Communication.about"]
    assert rows.counts() == before


@pytest.mark.parametrize("code", ["cancel", "status", "poll"])
def test_what_the_payer_sent_is_no_request_of_the_receivers(wire, core, code):
    sent = core.post("Communication", a_communication(recipient=[HAPPY_VALLEY]))
    number = {"identifier": sent.document["identifier"][0]}
    own = wire.post("Communication", a_communication()).reference

    for focus in (sent.reference, number):
        refused = wire.task(a_task(code, focus=focus))
        assert (refused.document["status"], refused.outputs) == (
            "failed",
            [("error", "ECG-FOCUS-NOT-FOUND")],
        )
    assert wire.get(sent.reference).document["status"] == "completed"
    assert wire.task(a_task(code, focus=own)).document["status"] == "completed"


def test_a_submitters_own_communication_needs_no_recipient_and_is_not_pended(wire, core):
    assert wire.post("Communication", a_communication()).status == 201

    assert poll(wire) == (None, 0)


def test_the_same_again_is_one(wire, core):
    document = a_communication_request(recipient=[HAPPY_VALLEY])

    first, again = (core.post("CommunicationRequest", document) for _ in range(2))

    assert (first.status, again.status, again.text) == (201, 200, first.text)
    assert poll(wire) == (f"{first.reference}/_history/1", 0)


def test_the_official_question_reaches_the_provider_it_names(http, registry, core):
    text = examples("CommunicationRequest")["CommunicationRequest-fm-solicit"]
    office = Identifier("http://www.jurisdiction.com/provideroffices", "3456")
    provider = Wire(http, registry.submitter("Office", identifiers=(office,)).token)

    sent = core.post("CommunicationRequest", text)

    assert sent.status == 201
    assert poll(provider) == (f"{sent.reference}/_history/1", 0)
    assert content(provider.get(sent.reference).text) == content(text)


def test_the_cancel_of_a_claim_withdraws_what_was_not_polled_yet(wire, core):
    claim, twin = (wire.post("Claim", a_claim()).reference for _ in range(2))
    for one in (claim, twin):
        core.post("Communication", a_communication(about=[{"reference": one}]))

    wire.task(a_task("cancel", focus=claim))

    assert poll(wire, focus=claim) == (None, 0)
    assert poll(wire, focus=twin)[0] is not None
