"""Who may do what: every type, asked by each kind of client for every interaction, cell by cell.

A cell is a status. The tables are written out by hand, here and in docs/ownership.md.
http://hl7.org/fhir/R4/http.html
"""

from functools import partial
from pathlib import Path

import pytest

from app.domain.parties import Scope
from app.fhir import json_text
from app.gateway.administering.new_payer import new_payer
from app.gateway.surface import TYPES
from tests.builders import (
    a_claim,
    a_communication,
    a_communication_request,
    a_coverage,
    a_payment_notice,
    a_price,
    a_task,
    an_eligibility_request,
    an_enrollment_request,
    identifier,
    money,
)
from tests.conformance.test_official_examples import examples
from tests.fhir.business.test_default_plan import default_plan
from tests.wire import Wire

PAGE = Path(__file__).parents[2] / "docs" / "ownership.md"

# "another's" is of another submitter; of another payer, where a payer client asks. "the other
# side's" is what the payer keeps itself; what a submitter sent, where a payer client asks.
COLUMNS = (
    "read",
    "another's",
    "the other side's",
    "vread",
    "history",
    "history of the type",
    "search",
    "update",
    "patch",
    "delete",
    "create",
)
OF_A_SUBMITTER = """
Account                     200 404 404 200 200 200 200 200 200 204 201
AuditEvent                  404 404 404 404 405 405 405 405 405 405 405
Bundle                      200 404 200 200 405 405 405 405 405 405 405
ChargeItem                  200 404 404 200 200 200 200 200 200 204 201
ChargeItemDefinition        200 404 200 200 200 200 200 405 405 405 403
Claim                       200 404 404 200 200 200 200 422 422 405 201
ClaimResponse               200 404 404 200 200 200 200 422 422 405 403
CodeSystem                  200 200 200 200 405 405 200 405 405 405 405
Communication               200 404 404 200 200 200 200 422 422 405 201
CommunicationRequest        200 404 404 200 200 200 200 422 422 405 403
Contract                    200 404 404 200 200 200 200 405 405 405 403
Coverage                    200 404 404 200 200 200 200 200 200 204 201
CoverageEligibilityRequest  200 404 404 200 200 200 200 422 422 405 201
CoverageEligibilityResponse 200 404 404 200 200 200 200 422 422 405 403
EnrollmentRequest           200 404 404 200 200 200 200 422 422 405 201
EnrollmentResponse          200 404 404 200 200 200 200 422 422 405 403
ExplanationOfBenefit        200 404 404 200 200 200 200 422 422 405 403
InsurancePlan               200 404 200 200 200 200 200 405 405 405 403
Invoice                     200 404 404 200 200 200 200 422 422 405 405
Location                    200 404 200 200 200 200 200 200 200 204 201
OperationDefinition         200 200 200 200 405 405 200 405 405 405 405
Organization                200 404 200 200 200 200 200 200 200 204 201
OrganizationAffiliation     200 404 200 200 200 200 200 405 405 405 403
Patient                     200 404 404 200 200 200 200 200 200 204 201
PaymentNotice               200 404 404 200 200 200 200 422 422 405 201
PaymentReconciliation       200 404 404 200 200 200 200 422 422 405 403
Practitioner                200 404 200 200 200 200 200 200 200 204 201
PractitionerRole            200 404 200 200 200 200 200 200 200 204 201
RelatedPerson               200 404 404 200 200 200 200 200 200 204 201
StructureDefinition         200 200 200 200 405 405 200 405 405 405 405
Task                        200 404 404 200 200 200 200 405 405 405 201
VisionPrescription          200 404 404 200 200 200 200 200 200 204 201
"""
OF_A_PAYER_CLIENT = """
Account                     200 404 200 200 200 200 200 405 405 405 403
AuditEvent                  404 404 404 404 405 405 200 405 405 405 405
Bundle                      200 404 200 200 405 405 405 405 405 405 405
ChargeItem                  200 404 200 200 200 200 200 405 405 405 403
ChargeItemDefinition        200 404 200 200 200 200 200 200 200 204 201
Claim                       200 404 200 200 200 200 200 405 405 405 403
ClaimResponse               200 404 200 200 200 200 200 405 405 405 403
CodeSystem                  200 200 200 200 405 405 200 405 405 405 405
Communication               200 404 200 200 200 200 200 405 405 405 201
CommunicationRequest        200 404 200 200 200 200 200 405 405 405 201
Contract                    200 404 200 200 200 200 200 200 200 204 201
Coverage                    200 404 200 200 200 200 200 200 200 204 201
CoverageEligibilityRequest  200 404 200 200 200 200 200 405 405 405 403
CoverageEligibilityResponse 200 404 200 200 200 200 200 405 405 405 403
EnrollmentRequest           200 404 200 200 200 200 200 405 405 405 403
EnrollmentResponse          200 404 200 200 200 200 200 405 405 405 403
ExplanationOfBenefit        200 404 200 200 200 200 200 405 405 405 403
InsurancePlan               200 404 200 200 200 200 200 200 200 204 201
Invoice                     200 404 200 200 200 200 200 405 405 405 405
Location                    200 404 200 200 200 200 200 200 200 204 201
OperationDefinition         200 200 200 200 405 405 200 405 405 405 405
Organization                200 404 200 200 200 200 200 200 200 204 201
OrganizationAffiliation     200 404 200 200 200 200 200 200 200 204 201
Patient                     200 404 200 200 200 200 200 200 200 204 201
PaymentNotice               200 404 200 200 200 200 200 405 405 405 403
PaymentReconciliation       200 404 200 200 200 200 200 405 405 405 403
Practitioner                200 404 200 200 200 200 200 200 200 204 201
PractitionerRole            200 404 200 200 200 200 200 200 200 204 201
RelatedPerson               200 404 200 200 200 200 200 200 200 204 201
StructureDefinition         200 200 200 200 405 405 200 405 405 405 405
Task                        200 404 200 200 200 200 200 405 405 405 403
VisionPrescription          200 404 200 200 200 200 200 405 405 405 403
"""

IN_DUTCH = '[{"op": "add", "path": "/language", "value": "nl"}]'
JSON_PATCH = "application/json-patch+json"


def to(name):
    return [{"identifier": identifier("sid", name)}]


PAYMENT = {
    "resourceType": "PaymentReconciliation",
    "status": "active",
    "created": "2026-03-02",
    "paymentDate": "2026-03-02",
    "paymentAmount": money("80.00"),
    "requestor": {"identifier": identifier("sid", "Happy Valley")},
}
EARLIER = {"identifier": identifier("http://payer.test", "an earlier one")}
DOCUMENTS = {
    "Claim": a_claim(),
    "ChargeItemDefinition": a_price(),
    "Communication": a_communication(recipient=to("Happy Valley")),
    "CommunicationRequest": a_communication_request(recipient=to("Happy Valley")),
    "Coverage": a_coverage(),
    "CoverageEligibilityRequest": an_eligibility_request(),
    "EnrollmentRequest": an_enrollment_request(),
    "InsurancePlan": {**default_plan(), "identifier": [identifier("http://payer.test", "own")]},
    "OrganizationAffiliation": {"resourceType": "OrganizationAffiliation", "active": True},
    "PaymentNotice": a_payment_notice("PaymentReconciliation/paid"),
    "PaymentReconciliation": PAYMENT,
    "Task": a_task("poll"),
    "Bundle": {"resourceType": "Bundle", "type": "collection"},
}
# Read by everybody under one id, but for AuditEvent, of which there is none under it.
EVERYBODYS = {
    "AuditEvent": "unknown",
    "CodeSystem": "error",
    "OperationDefinition": "acknowledge",
    "StructureDefinition": "delivery-count",
}
OWNERS = ("own", "another", "payers", "strangers")


def cells(table):
    return {line.split()[0]: [int(cell) for cell in line.split()[1:]] for line in lines(table)}


def lines(table):
    return [line for line in table.splitlines() if line]


def document_of(type):
    if type in EVERYBODYS:
        return {"resourceType": type}
    document = DOCUMENTS.get(type) or json_text.parsed(next(iter(examples(type).values())))
    return {name: value for name, value in document.items() if name not in {"id", "meta"}}


@pytest.fixture
def clients(http, registry):
    """A submitter, another one, and a program of the payer, over HTTP."""
    return {
        "own": Wire(http, registry.submitter().token),
        "another": Wire(http, registry.submitter("Other").token),
        "payers": Wire(http, registry.payer_client().token),
    }


@pytest.fixture
def ids(installation, payer, registry, clients):
    """The ids of a resource of a type by who owns it."""

    def keep(type, id, name=None, of=payer):
        text = json_text.stamped(json_text.write(document_of(type)), id, 1, installation.clock())
        owner = registry.issued[name].client.id if name else None
        effect = lambda work: work.resources.add(type, id, text, (), owner)  # noqa: E731
        installation.write(Scope(of.id), effect)

    def of(type):
        if type in EVERYBODYS:
            return dict.fromkeys(OWNERS, EVERYBODYS[type])
        if type == "Bundle":
            return bundles(clients)
        keep(type, "own", "Happy Valley")
        keep(type, "another", "Other")
        keep(type, "payers")
        keep(type, "strangers", of=new_payer(installation, "Another payer"))
        if type == "PaymentNotice":
            keep("PaymentReconciliation", "paid", "Happy Valley")
        return {owner: owner for owner in OWNERS}

    return of


def bundles(clients):
    """What polls hand over; the payer keeps none, and there is none of a stranger's."""
    for name in ("Happy Valley", "Other"):
        asked = clients["payers"].post(
            "CommunicationRequest", a_communication_request(recipient=to(name))
        )
        assert asked.status == 201
    handed = {
        owner: clients[owner].task(a_task("poll", inputs=[])).document["id"]
        for owner in ("own", "another")
    }
    return {**handed, "payers": handed["own"], "strangers": "none"}


def row(client, type, own, another, across):
    """The status of each cell, asked in an order in which none hides the next."""
    document = document_of(type)
    in_english = {**document, "id": own, "language": "en"}
    asks = (
        partial(client.get, f"{type}/{own}"),
        partial(client.get, f"{type}/{another}"),
        partial(client.get, f"{type}/{across}"),
        partial(client.get, f"{type}/{own}/_history/1"),
        partial(client.get, f"{type}/{own}/_history"),
        partial(client.get, f"{type}/_history"),
        partial(client.get, type),
        partial(client.put, f"{type}/{own}", in_english),
        partial(client.ask, "PATCH", f"{type}/{own}", IN_DUTCH, Content_Type=JSON_PATCH),
        partial(client.delete, f"{type}/{own}"),
        partial(client.post, type, document),
    )
    return [ask().status for ask in asks]


def test_each_table_has_every_type():
    assert cells(OF_A_SUBMITTER).keys() == cells(OF_A_PAYER_CLIENT).keys() == TYPES


@pytest.mark.parametrize("type", sorted(TYPES))
def test_what_a_submitter_may_do(clients, ids, type):
    known = ids(type)

    asked = row(clients["own"], type, known["own"], known["another"], known["payers"])

    assert dict(zip(COLUMNS, asked, strict=True)) == dict(
        zip(COLUMNS, cells(OF_A_SUBMITTER)[type], strict=True)
    )


@pytest.mark.parametrize("type", sorted(TYPES))
def test_what_a_payer_client_may_do(clients, ids, type):
    known = ids(type)

    asked = row(clients["payers"], type, known["payers"], known["strangers"], known["own"])

    assert dict(zip(COLUMNS, asked, strict=True)) == dict(
        zip(COLUMNS, cells(OF_A_PAYER_CLIENT)[type], strict=True)
    )


@pytest.mark.parametrize("who", ["own", "payers"])
@pytest.mark.parametrize("type", sorted(TYPES - EVERYBODYS.keys() - {"Bundle"}))
def test_a_search_and_a_history_tell_what_may_be_read_and_nothing_else(clients, ids, type, who):
    known, client = ids(type), clients[who]
    readable = {id for id in known.values() if client.get(f"{type}/{id}").status == 200}

    told = [
        {entry["resource"]["id"] for entry in client.get(f"{path}_count=100").document["entry"]}
        for path in (f"{type}?", f"{type}/_history?")
    ]

    assert [each & set(OWNERS) for each in told] == [readable, readable]
    assert known["own"] in readable
    assert known["strangers"] not in readable


@pytest.mark.parametrize("verb", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("type", sorted(TYPES - EVERYBODYS.keys() - {"Bundle"}))
def test_what_is_anothers_is_changed_like_what_is_not_there(clients, ids, type, verb):
    known, own = ids(type), clients["own"]
    bodies = {"PUT": "%s", "PATCH": IN_DUTCH, "DELETE": ""}
    media = {"Content_Type": JSON_PATCH} if verb == "PATCH" else {}

    def asked(id):
        body = json_text.write({**document_of(type), "id": id}) if verb == "PUT" else bodies[verb]
        reply = own.ask(verb, f"{type}/{id}", body, **media)
        return reply.status, reply.headers.get("Allow"), reply.document

    before = clients["another"].get(f"{type}/another")

    assert asked(known["another"]) == asked("nobodys")
    assert clients["another"].get(f"{type}/another").text == before.text != ""


def test_the_page_shows_the_same_tables():
    page = PAGE.read_text(encoding="utf-8")

    shown = [
        [cell.strip(" `") for cell in line.strip("|").split("|")]
        for line in page.splitlines()
        if line.startswith("| `")
    ]

    tables = (OF_A_SUBMITTER, OF_A_PAYER_CLIENT)
    assert shown == [line.split() for table in tables for line in lines(table)]
