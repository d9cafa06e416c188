"""The official question fm-solicit and its answer fm-solicited, sent as they are published.

http://hl7.org/fhir/R4/communication-example-fm-solicited.json.html
"""

from pathlib import Path

import pytest

from app.domain.references import Identifier
from app.fhir import json_text
from tests.builders import a_claim, a_task, an_input
from tests.wire import Wire

EXAMPLES = Path(__file__).parents[1] / "fhir_examples"
PROVIDER = Identifier("http://www.jurisdiction.com/provideroffices", "3456")
PROVIDER_DOCUMENT = {"system": PROVIDER.system, "value": PROVIDER.value}


def example(name):
    return json_text.parsed((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture
def provider(http, registry):
    """The provider that the question is put to."""
    issued = registry.submitter("Provider 3456", identifiers=(PROVIDER,))
    return Wire(http, issued.token)


def delivered(provider, reference):
    named = an_input("resource", valueReference={"reference": reference})
    return provider.task(a_task("deliver", inputs=[named]))


def test_an_answer_to_nothing_that_was_asked_is_stored_but_not_delivered(provider):
    answer = provider.post("Communication", example("Communication-fm-solicited"))

    refused = delivered(provider, answer.reference)

    assert (answer.status, refused.document["status"]) == (201, "failed")
    assert refused.outputs == [("error", "ECG-DELIVER-NO-MATCH")]


def test_the_official_answer_answers_the_official_question(provider, core):
    question = core.post("CommunicationRequest", example("CommunicationRequest-fm-solicit"))
    polled = provider.task(a_task("poll"))
    answer = provider.post("Communication", example("Communication-fm-solicited"))

    taken = delivered(provider, answer.reference)

    assert (question.status, answer.status) == (201, 201)
    assert polled.output("response") == f"{question.reference}/_history/1"
    assert taken.document["status"] == "completed"
    assert taken.outputs == [("response", f"{answer.reference}/_history/1")]


def test_a_question_about_a_claim_leads_the_answer_to_that_claim(provider, core, rows):
    claim = provider.post("Claim", a_claim(provider={"identifier": PROVIDER_DOCUMENT}))
    asked = example("CommunicationRequest-fm-solicit") | {"about": [{"reference": claim.reference}]}
    assert core.post("CommunicationRequest", asked).status == 201

    answer = provider.post("Communication", example("Communication-fm-solicited"))
    taken = delivered(provider, answer.reference)

    assert taken.document["status"] == "completed"
    told = provider.task(a_task("nullify", focus=claim.reference))
    assert "Communication 1, CommunicationRequest 1" in told.output("receipt")
    assert provider.get(answer.reference).status == 410


def test_what_the_payer_sent_is_not_delivered_back_to_it(provider, core):
    sent = core.post(
        "Communication",
        {
            "resourceType": "Communication",
            "status": "completed",
            "recipient": [{"identifier": PROVIDER_DOCUMENT}],
            "payload": [{"contentString": "For your information."}],
        },
    )
    assert provider.get(sent.reference).status == 200

    refused = delivered(provider, sent.reference)

    assert refused.document["status"] == "failed"
    assert refused.outputs == [("error", "ECG-RESOURCE-NOT-FOUND")]
