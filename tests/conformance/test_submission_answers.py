"""Submitting requests: the answer at once, the same again, and identifiers that are taken.

http://hl7.org/fhir/R4/claimresponse.html
"""

import pytest

from app.domain.parties import DuplicateClaims
from app.fhir import json_text
from app.fhir.validation import check
from tests.builders import (
    CLAIM_SYSTEM,
    a_claim,
    a_communication,
    a_coverage,
    a_task,
    identifier,
)
from tests.conformance.standings import related
from tests.conftest import BASE_URL

USES = ["claim", "preauthorization", "predetermination"]


@pytest.mark.parametrize("use", USES)
def test_a_queued_response_exists_at_once_and_becomes_the_decision(wire, core, worker, use):
    core.post("Coverage", a_coverage())

    taken = wire.post("Claim", a_claim(use))

    claim = taken.document
    assert taken.status == 201
    assert taken.headers["Location"] == f"{BASE_URL}/Claim/{claim['id']}/_history/1"
    assert (taken.headers["ETag"], claim["meta"]["versionId"]) == ('W/"1"', "1")
    assert taken.headers["Link"] == f'<{BASE_URL}/{related(taken)}>; rel="related"'
    queued = wire.get(related(taken))
    assert (queued.document["outcome"], queued.document["use"]) == ("queued", use)
    assert queued.document["request"]["reference"] == f"Claim/{claim['id']}"
    assert "item" not in queued.document
    assert check(queued.document) == []
    assert worker.drain() == 1
    decided = wire.get(related(taken))
    assert decided.document["outcome"] == "complete"
    assert decided.document["meta"]["versionId"] == "2"
    assert decided.document["identifier"] == queued.document["identifier"]
    assert ("preAuthRef" in decided.document) == (use == "preauthorization")
    assert check(decided.document) == []
    assert wire.get(f"{related(taken)}/_history/1").text == queued.text


@pytest.mark.parametrize("use", ["preauthorization", "predetermination"])
def test_only_a_claim_is_explained(wire, core, worker, use):
    core.post("Coverage", a_coverage())
    wire.post("Claim", a_claim(use))
    worker.drain()

    assert wire.task(a_task("poll")).output("remaining") == 0
    wire.post("Claim", a_claim("claim"))
    worker.drain()
    assert wire.task(a_task("poll")).output("remaining") == 1


def test_what_is_read_back_is_what_was_sent(wire):
    text = json_text.write(a_claim(prices=["10.50", "0.10"])).replace(":10.50", ": 10.50")

    taken = wire.post("Claim", text)

    stamped = json_text.member(taken.text, "meta")
    assert wire.get(taken.reference).text == taken.text
    assert taken.text.replace(f'"id":"{taken.document["id"]}","meta":{stamped},', "") == text


def test_a_client_owns_neither_id_nor_version(wire):
    mine = {"versionId": "7", "lastUpdated": "2020-01-01T00:00:00Z", "profile": ["http://p.test"]}

    taken = wire.post("Claim", a_claim(id="mine", meta=mine)).document

    assert taken["id"] != "mine"
    assert taken["meta"] == {
        "versionId": "1",
        "lastUpdated": "2026-03-02T09:30:00.000Z",
        "profile": ["http://p.test"],
    }


def test_a_taken_identifier_is_refused(wire, rows):
    first = wire.post("Claim", a_claim(number="1"))
    before = rows.counts()

    refused = wire.post("Claim", a_claim(number="1", prices=["70.00"]))

    assert (first.status, refused.status, refused.errors) == (201, 409, ["ECG-DUPLICATE"])
    assert rows.counts() == before
    assert wire.post("Claim", a_claim(number="2", prices=["70.00"])).status == 201


def test_one_of_several_identifiers_is_enough_to_be_refused(wire):
    numbers = [identifier(CLAIM_SYSTEM, value) for value in ("1", "2")]
    wire.post("Claim", a_claim(identifier=numbers))

    assert wire.post("Claim", a_claim(number="2")).status == 409
    assert wire.post("Claim", a_claim(identifier=[identifier("http://x.test", "2")])).status == 201


@pytest.mark.parametrize("use", USES[1:])
def test_an_identifier_is_taken_for_one_use(wire, use):
    wire.post("Claim", a_claim("claim", "1"))

    assert wire.post("Claim", a_claim(use, "1")).status == 201
    assert wire.post("Claim", a_claim("claim", "1", prices=["2"])).status == 409


def test_an_identifier_is_taken_for_one_submitter(wire, other):
    wire.post("Claim", a_claim(number="1"))

    assert other.post("Claim", a_claim(number="1", prices=["70.00"])).status == 201


def test_a_payer_may_accept_repeated_identifiers(wire, registry):
    wire.post("Claim", a_claim(number="1"))
    registry.settle_rules(duplicate_claim_identifier=DuplicateClaims.ACCEPT)

    assert wire.post("Claim", a_claim(number="1", prices=["70.00"])).status == 201


def test_an_invalid_claim_holds_no_identifier(wire):
    wrong = a_claim(number="1", total={"value": 1, "currency": "EUR"})
    taken = wire.post("Claim", wrong)

    corrected = wire.post("Claim", a_claim(number="1"))

    assert (taken.status, corrected.status) == (201, 201)
    assert wire.post("Claim", wrong).reference == taken.reference


@pytest.mark.parametrize("state", ["queued", "invalid", "payable", "cancelled", "awaiting"])
def test_the_same_content_again_is_the_stored_claim_in_whatever_state(wire, rows, standings, state):
    claim = wire.get(standings.claim(state))
    before = rows.counts()
    sent = {name: value for name, value in claim.document.items() if name not in {"id", "meta"}}

    again = wire.post("Claim", {**sent, "status": "active"})

    assert (again.status, again.text) == (200, claim.text)
    assert again.headers["Link"].startswith(f"<{BASE_URL}/ClaimResponse/")
    assert rows.counts() == before


def test_a_claim_without_identifier_and_key_is_another_each_time(wire):
    nameless = a_claim(identifier=None)

    first, second = wire.post("Claim", nameless), wire.post("Claim", nameless)

    assert (first.status, second.status) == (201, 201)
    assert first.reference != second.reference


@pytest.mark.parametrize("type", ["Claim", "Patient"])
def test_an_idempotency_key_stands_for_one_content(wire, rows, type):
    sent = a_claim(identifier=None) if type == "Claim" else {"resourceType": "Patient"}
    first = wire.post(type, sent, Idempotency_Key="k")
    before = rows.counts()

    again = wire.post(type, sent, Idempotency_Key="k")
    misused = wire.post(type, {**sent, "language": "en"}, Idempotency_Key="k")

    assert (first.status, again.status, again.text) == (201, 200, first.text)
    assert (misused.status, misused.errors) == (422, ["ECG-IDEMPOTENCY"])
    assert rows.counts() == before
    assert wire.post(type, sent, Idempotency_Key="l").reference != first.reference


def test_an_idempotency_key_has_a_length(wire):
    assert wire.post("Claim", a_claim(), Idempotency_Key="k" * 201).status == 400
    assert wire.post("Claim", a_claim(), Idempotency_Key="k" * 200).status == 201


def named(value):
    return f"identifier=http://happyvalley.test/patient|{value}"


def a_patient(value, **elements):
    number = identifier("http://happyvalley.test/patient", value)
    return {"resourceType": "Patient", "identifier": [number], **elements}


def test_if_none_exist_creates_what_does_not_exist_and_finds_what_does(wire, rows):
    first = wire.post("Patient", a_patient("1"), If_None_Exist=named("1"))
    before = rows.counts()

    again = wire.post("Patient", a_patient("1", language="en"), If_None_Exist=named("1"))

    assert (first.status, again.status, again.text) == (201, 200, first.text)
    assert again.headers["Location"] == first.headers["Location"]
    assert rows.counts() == before
    other = wire.post("Patient", a_patient("2"), If_None_Exist=named("2"))
    assert (other.status, other.reference == first.reference) == (201, False)


def test_if_none_exist_finds_what_was_created_without_it(wire):
    first = wire.post("Patient", a_patient("1"))

    again = wire.post("Patient", a_patient("1"), If_None_Exist=named("1"))

    assert (again.status, again.reference) == (200, first.reference)


def test_if_none_exist_makes_other_content_no_repetition(wire):
    condition = f"identifier={CLAIM_SYSTEM}|1"
    first = wire.post("Claim", a_claim(number="1"))
    amended = a_claim(number="1", prices=["70.00"])

    found = wire.post("Claim", amended, If_None_Exist=condition)

    assert (found.status, found.reference) == (200, first.reference)
    assert wire.post("Claim", amended).status == 409


def test_if_none_exist_does_not_choose_between_several(wire, rows):
    for _ in range(2):
        wire.post("Patient", a_patient("1"))
    before = rows.counts()

    refused = wire.post("Patient", a_patient("1"), If_None_Exist=named("1"))

    assert (refused.status, refused.errors) == (412, ["ECG-MULTIPLE-MATCHES"])
    assert rows.counts() == before


def test_if_none_exist_sees_nothing_of_another_submitter(wire, other):
    other.post("Patient", a_patient("1"), If_None_Exist=named("1"))

    assert wire.post("Patient", a_patient("1"), If_None_Exist=named("1")).status == 201


@pytest.mark.parametrize(
    ("condition", "error"),
    [
        ("nonsense=Smith", "ECG-SEARCH-PARAMETER"),
        ("identifier=s|1&nonsense=x", "ECG-SEARCH-PARAMETER"),
        ("identifier=", "ECG-SEARCH-PARAMETER"),
        ("identifier:nonsense=1", "ECG-SEARCH-MODIFIER"),
        ("", "ECG-PARAMETER"),
    ],
)
def test_a_condition_that_is_not_understood_is_no_plain_create(wire, rows, condition, error):
    before = rows.counts()

    refused = [
        wire.post("Patient", a_patient("1"), If_None_Exist=condition),
        wire.task(a_task("poll"), If_None_Exist=condition),
    ]

    assert [(one.status, one.errors) for one in refused] == [(400, [error])] * 2
    assert rows.counts() == before
    assert wire.post("Patient", a_patient("1"), If_None_Exist=named("1")).status == 201


def test_a_communication_is_kept_and_answered_by_nothing(wire):
    sent = wire.post("Communication", a_communication())

    assert sent.status == 201
    assert "Link" not in sent.headers
    assert wire.task(a_task("status", focus=sent.reference)).output("status") == "complete"
    assert wire.task(a_task("poll")).outputs == [("remaining", 0)]
