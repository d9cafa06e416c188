"""Who a Task is from and whom it is for: a foreign requester is 403, another payer's owner 422.

http://hl7.org/fhir/R4/task-definitions.html#Task.requester
"""

import pytest

from app.domain.references import Identifier
from app.gateway.administering.new_payer import new_payer
from app.store import tables
from tests.builders import a_claim, a_task, identifier
from tests.wire import Wire

OWN = identifier("sid", "Happy Valley")
BRANCH = identifier("sid", "Happy Valley East")
STRANGER = identifier("sid", "Sad Mountain")
INSURER = identifier("pid", "12345")
OTHER_INSURER = identifier("pid", "67890")


def an_organization(*identifiers, **elements):
    return {"resourceType": "Organization", "identifier": list(identifiers), **elements}


@pytest.fixture
def narrow(http, registry) -> Wire:
    """Happy Valley, which acts for its branch and for nobody else."""
    acts_for = (Identifier("sid", "Happy Valley East"),)
    issued = registry.submitter(acts_for_anybody=False, acts_for=acts_for)
    return Wire(http, issued.token)


@pytest.fixture
def insured(http, registry, installation) -> Wire:
    """A submitter of a payer that has an identifier."""
    payer = new_payer(installation, "Insurer", (Identifier("pid", "12345"),))
    return Wire(http, registry.submitter(payer=payer).token)


def contained(who, name):
    """Elements of a Task that names a contained Organization."""
    return {"contained": [an_organization(who, id="org")], name: {"reference": "#org"}}


FOREIGN = {
    "by-identifier": {"requester": {"identifier": STRANGER}},
    "by-identifier-without-system": {"requester": {"identifier": {"value": "Happy Valley"}}},
    "contained": contained(STRANGER, "requester"),
    "unresolvable": {"requester": {"reference": "Organization/example"}},
    "by-name": {"requester": {"display": "Happy Valley"}},
}
OURS = {
    "absent": {},
    "by-identifier": {"requester": {"identifier": OWN}},
    "acts-for": {"requester": {"identifier": BRANCH}},
    "contained": contained(OWN, "requester"),
    "contained-acts-for": contained(BRANCH, "requester"),
}


@pytest.mark.parametrize("elements", FOREIGN.values(), ids=FOREIGN.keys())
def test_a_foreign_requester_is_refused_and_the_denial_is_audited(narrow, rows, elements):
    before = rows.counts()

    refused = narrow.task(a_task("poll", **elements))

    assert (refused.status, refused.errors) == (403, ["ECG-FOREIGN-SENDER"])
    assert refused.expressions == ["Task.requester"]
    assert rows.counts() == before
    [denial] = rows.of(tables.audit, action="denied")
    assert (denial["outcome"], denial["type"]) == ("ECG-FOREIGN-SENDER", "Task")
    assert denial["request_id"] == refused.headers["X-Request-Id"]


@pytest.mark.parametrize("elements", OURS.values(), ids=OURS.keys())
def test_a_requester_of_its_own_is_taken(narrow, rows, elements):
    done = narrow.task(a_task("poll", **elements))

    assert (done.status, done.document["status"]) == (201, "completed")
    assert rows.of(tables.audit, action="denied") == []


@pytest.mark.parametrize(("who", "status"), [(STRANGER, 403), (OWN, 201)], ids=["foreign", "own"])
def test_a_requester_may_be_a_stored_organization(narrow, who, status):
    stored = narrow.post("Organization", an_organization(who)).reference

    assert narrow.task(a_task("poll", requester={"reference": stored})).status == status


def test_a_stored_organization_of_another_submitter_resolves_to_nothing(narrow, other):
    stored = other.post("Organization", an_organization(OWN)).reference
    own = narrow.post("Organization", an_organization(OWN)).reference

    assert narrow.task(a_task("poll", requester={"reference": stored})).status == 403
    assert narrow.task(a_task("poll", requester={"reference": own})).status == 201


@pytest.mark.parametrize("elements", FOREIGN.values(), ids=FOREIGN.keys())
def test_who_acts_for_anybody_sends_for_anybody(wire, elements):
    assert wire.task(a_task("poll", **elements)).status == 201


def test_a_payer_client_sends_no_tasks(core, wire, rows):
    before = rows.counts()

    refused = core.task(a_task("poll"))

    assert (refused.status, refused.errors) == (403, ["ECG-FORBIDDEN"])
    assert rows.counts() == before
    assert wire.task(a_task("poll")).status == 201


OTHER_PAYERS = {
    "by-identifier": {"owner": {"identifier": OTHER_INSURER}},
    "contained": contained(OTHER_INSURER, "owner"),
}
THIS_PAYER = {
    "by-identifier": {"owner": {"identifier": INSURER}},
    "contained": contained(INSURER, "owner"),
    "absent": {},
    "without-identifier": {"owner": {"display": "Some insurer"}},
    "unresolvable": {"owner": {"reference": "Organization/2"}},
}


@pytest.mark.parametrize("elements", OTHER_PAYERS.values(), ids=OTHER_PAYERS.keys())
def test_another_payers_owner_is_refused(insured, wire, rows, elements):
    before = rows.counts()

    refused = insured.task(a_task("poll", **elements))

    assert (refused.status, refused.errors) == (422, ["ECG-FOREIGN-PAYER"])
    assert refused.expressions == ["Task.owner"]
    assert rows.counts() == before


@pytest.mark.parametrize("elements", THIS_PAYER.values(), ids=THIS_PAYER.keys())
def test_an_owner_that_may_be_this_payer_is_taken(insured, elements):
    assert insured.task(a_task("poll", **elements)).document["status"] == "completed"


def test_an_owner_may_be_an_organization_that_the_payer_keeps(http, registry, installation):
    payer = new_payer(installation, "Insurer", (Identifier("pid", "12345"),))
    wire = Wire(http, registry.submitter(payer=payer).token)
    core = Wire(http, registry.payer_client(payer=payer).token)
    own = core.post("Organization", an_organization(INSURER)).reference
    another = core.post("Organization", an_organization(OTHER_INSURER)).reference

    assert wire.task(a_task("poll", owner={"reference": own})).status == 201
    assert wire.task(a_task("poll", owner={"reference": another})).status == 422


@pytest.mark.parametrize("elements", OTHER_PAYERS.values(), ids=OTHER_PAYERS.keys())
def test_a_payer_without_identifiers_is_meant_by_every_owner(wire, elements):
    assert wire.task(a_task("poll", **elements)).status == 201


def test_a_foreign_requester_and_another_payer_are_both_told(http, registry, installation, rows):
    payer = new_payer(installation, "Insurer", (Identifier("pid", "12345"),))
    issued = registry.submitter(payer=payer, acts_for_anybody=False)
    wire = Wire(http, issued.token)
    wrong = {"requester": {"identifier": STRANGER}, "owner": {"identifier": OTHER_INSURER}}

    refused = wire.task(a_task("poll", **wrong))

    assert refused.status == 403
    assert refused.errors == ["ECG-FOREIGN-SENDER", "ECG-FOREIGN-PAYER"]


def test_a_refused_cancel_leaves_the_claim_as_it_was(narrow, rows):
    claim = narrow.post("Claim", a_claim()).reference
    foreign = {"requester": {"identifier": STRANGER}}
    before = rows.counts()

    assert narrow.task(a_task("cancel", focus=claim, **foreign)).status == 403

    assert rows.counts() == before
    assert narrow.get(claim).document["status"] == "active"
    status = narrow.task(a_task("status", focus=claim))
    assert status.output("status") == "queued"
    assert narrow.task(a_task("cancel", focus=claim)).document["status"] == "completed"
