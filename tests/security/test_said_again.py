"""Who sends again what somebody with more scopes sent is not shown what is there by now.

Docs: docs/scopes.md.
"""

import pytest

from tests.builders import a_claim, a_coverage, a_task, identifier, money
from tests.bundles import a_patient
from tests.conformance.accounts import a_charge, an_account
from tests.security.limited import Limited
from tests.security.test_labels import labelled

RESTRICTED = "system/*.r?_security=R"
KEY = {"Idempotency_Key": "once"}


@pytest.fixture
def limited(installation, http, registry):
    """The submitter that sends, and may do what a test says."""
    return Limited(installation, http, registry.submitter())


@pytest.fixture
def coverage(core):
    """A Coverage that the payer has."""
    return core.post("Coverage", a_coverage()).reference


def bare(document):
    """The same without its labels."""
    return {name: value for name, value in document.items() if name != "meta"}


def test_a_submit_again_without_its_label_hands_back_only_what_may_be_read(limited, coverage):
    claim, scopes = a_claim(meta=labelled("R")), ("system/Claim.c", "system/ClaimResponse.r")
    first = limited.may().post("Claim/$submit", claim)

    plain = limited.may(*scopes).post("Claim/$submit", bare(claim))
    restricted = limited.may(*scopes, RESTRICTED).post("Claim/$submit", bare(claim))

    assert first.status == 200
    assert plain.errors == ["ECG-SCOPE"]
    assert 'scope="system/ClaimResponse.r?_security=R"' in plain.headers["WWW-Authenticate"]
    assert (restricted.status, restricted.document["id"]) == (200, first.document["id"])


def test_a_create_again_without_its_label_tells_where_it_is_and_no_more(limited, coverage):
    claim, answer = a_claim(meta=labelled("R")), "system/ClaimResponse.r"
    first = limited.may().post("Claim", claim)

    plain = limited.may("system/Claim.cr", answer).post("Claim", bare(claim))
    restricted = limited.may("system/Claim.c", RESTRICTED).post("Claim", bare(claim))

    assert (plain.status, plain.text, "Link" in plain.headers) == (200, "", False)
    assert plain.headers["Location"] == first.headers["Location"]
    assert (restricted.status, restricted.reference) == (200, first.reference)
    assert restricted.headers["Link"] == first.headers["Link"]


def test_validate_tells_nothing_of_the_answer_to_what_is_hidden(limited):
    claim = a_claim(total=money("3.00"), meta=labelled("R"))
    limited.may().post("Claim", claim)
    asked = "Claim/$validate?mode=create"

    plain = limited.may("system/Claim.c").post(asked, bare(claim))
    restricted = limited.may("system/Claim.c", RESTRICTED).post(asked, bare(claim))

    assert plain.document["issue"][0]["severity"] == "information"
    assert restricted.document["issue"][0]["severity"] == "warning"


def test_a_create_again_shows_what_others_made_of_it_to_who_may_read_it(limited):
    wire = limited.may()
    first = wire.post("Patient", a_patient(), **KEY)
    wire.put(first.reference, {**first.document, "birthDate": "1980-01-01"})

    blind = limited.may("system/Patient.c").post("Patient", a_patient(), **KEY)
    reader = limited.may("system/Patient.cr").post("Patient", a_patient(), **KEY)
    wire = limited.may()
    wire.put(first.reference, {**first.document, "meta": labelled("R")})
    hidden = limited.may("system/Patient.cr").post("Patient", a_patient(), **KEY)

    assert (blind.status, blind.text) == (200, "")
    assert first.reference in blind.headers["Location"]
    assert (reader.status, reader.document["birthDate"]) == (200, "1980-01-01")
    assert (hidden.status, hidden.text) == (200, "")


def test_an_update_that_creates_again_shows_what_is_there_to_who_may_read_it(limited):
    named = {**a_patient(), "identifier": [identifier("urn:x", "1")]}
    place = "Patient?identifier=urn:x|1"
    first = limited.may().put(place, named, **KEY)
    moved = {**first.document, "birthDate": "1980-01-01"}
    del moved["identifier"]
    assert limited.may().put(first.reference, moved).status == 200

    blind = limited.may("system/Patient.cus").put(place, named, **KEY)
    reader = limited.may("system/Patient.crus").put(place, named, **KEY)

    assert (first.status, blind.status, blind.text) == (201, 200, "")
    assert reader.document["birthDate"] == "1980-01-01"


def test_a_task_again_is_told_to_who_may_read_its_label(limited, coverage, worker):
    claim = limited.may().post("Claim", a_claim(meta=labelled("R"))).reference
    worker.drain()
    task = a_task("cancel", focus=claim)
    first = limited.may().task(task, **KEY)

    plain = limited.may("system/*.cruds").task(task, **KEY)
    restricted = limited.may("system/Task.c", RESTRICTED).task(task, **KEY)

    assert first.document["status"] == "completed"
    assert (plain.status, plain.text) == (200, "")
    assert (restricted.status, restricted.outputs) == (200, first.outputs)


def test_a_task_without_a_label_is_told_again_to_who_may_send_it(limited, coverage, worker):
    claim = limited.may().post("Claim", a_claim()).reference
    worker.drain()
    wire, task = limited.may("system/Task.c?code=cancel"), a_task("cancel", focus=claim)

    first, again = wire.task(task, **KEY), wire.task(task, **KEY)

    assert (again.status, again.text) == (200, first.text)


def test_an_invoice_that_is_there_is_shown_to_who_may_read_it(limited):
    wire = limited.may()
    account = wire.post("Account", an_account()).reference
    wire.post("ChargeItem", {**a_charge(account), "priceOverride": money("40.00")})
    first = wire.ask("POST", f"{account}/$invoice", **KEY)

    blind, reader = ("system/Invoice.c",), ("system/Invoice.cr",)
    for headers in ({}, KEY):
        unseen = limited.may(*blind).ask("POST", f"{account}/$invoice", **headers)
        seen = limited.may(*reader).ask("POST", f"{account}/$invoice", **headers)
        assert (unseen.status, unseen.text) == (200, "")
        assert first.reference in unseen.headers["Location"]
        assert (seen.status, seen.reference) == (200, first.reference)
