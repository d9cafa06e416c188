"""The question that asks a provider for an attachment: valid R4 that refers to the Claim."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from app.domain.references import Identifier
from app.fhir.answers.communication_request import communication_request
from tests.fhir.asked import CLAIMS, an_answering, example, findings, local_references

DUE = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)
ASKED = "Please send the x-ray of line 2 <& its date>."


def asked(request, due_at=DUE, **changes):
    return communication_request(an_answering(request, **changes), ASKED, due_at)


@pytest.mark.parametrize("name", CLAIMS)
def test_a_question_about_an_official_claim_is_valid(name):
    request = example(name)

    written = asked(request)

    assert findings(written) == []
    assert local_references(written) == []


def test_it_tells_what_is_asked_about_which_claim_and_until_when():
    request = example("Claim-100150")

    written = asked(request)

    assert written["about"] == [
        {
            "reference": "Claim/100150",
            "type": "Claim",
            "identifier": {"system": "http://happyvalley.com/claim", "value": "12345"},
        }
    ]
    assert written["payload"] == [{"contentString": ASKED}]
    assert written["occurrencePeriod"] == {
        "start": "2026-03-01T09:30:00+00:00",
        "end": "2026-03-31T09:30:00+00:00",
    }
    assert written["authoredOn"] == "2026-03-01T09:30:00+00:00"
    assert (written["status"], written["subject"]) == ("active", request["patient"])
    assert "&lt;&amp; its date&gt;" in written["text"]["div"]
    assert "2026-03-31" in written["text"]["div"]


def test_it_goes_from_the_payer_to_the_provider_of_the_claim():
    request = example("Claim-100150")
    provider = {"reference": "#provider"}
    inside = {
        "resourceType": "Organization",
        "id": "provider",
        "identifier": [{"system": "sid", "value": "P1"}],
    }

    written = asked({**request, "provider": provider, "contained": [inside]})

    assert written["recipient"] == [
        {"type": "Organization", "identifier": {"system": "sid", "value": "P1"}}
    ]
    assert written["requester"] == written["sender"]
    assert findings(written) == []


def test_its_identifier_is_ours():
    written = asked(example("Claim-100150"), identifier=Identifier("http://ours.test", "Q1"))

    assert written["identifier"] == [{"system": "http://ours.test", "value": "Q1"}]


def test_the_day_it_is_due_is_told_in_the_zone_it_was_given_in():
    east = DUE.replace(hour=20).astimezone(timezone(timedelta(hours=9)))

    written = asked(example("Claim-100150"), due_at=east)

    assert written["occurrencePeriod"]["end"] == "2026-04-01T05:30:00+09:00"
    assert "2026-04-01" in written["text"]["div"]
    assert findings(written) == []
