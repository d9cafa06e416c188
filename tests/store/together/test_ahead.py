"""What is read ahead for many submitters: told as its own submitter's, and as one by one."""

import pytest

from app.domain.lifecycle import State
from app.domain.settlement import EntryKind
from app.store.ledgers.payables import PayeeLedger
from app.store.submissions import Submission
from app.store.together.transaction import together
from tests.builders import NOW
from tests.store.scopes import MINE, PAYERS, THEIRS

SCOPES = (MINE, THEIRS)
NOTHING = {"claim": None, "communications": [], "document": None, "balances": []}
# What of each Claim is asked.
ASKED = {
    "claim": lambda work, id: work.submissions.find("Claim", id),
    "communications": lambda work, id: work.submissions.attached(id),
    "document": lambda work, id: work.resources.find("Claim", id),
    "balances": lambda work, id: work.payables.balances(id),
}


def a_submission(type, id, scope, **rest):
    return Submission(type, id, scope.submitter_id, State.QUEUED, 1, NOW, **rest)


@pytest.fixture
def kept(view):
    """A Claim of each submitter with a Communication, an amount, and what only one has."""
    for scope in SCOPES:
        work, name = view(scope), scope.submitter_id
        work.submissions.add(a_submission("Claim", name, scope))
        work.submissions.add(a_submission("Communication", f"about-{name}", scope, about_id=name))
        work.resources.add("Claim", name, f'{{"id":"{name}"}}', (), name)
        ledger = PayeeLedger(f"L-{name}", name, f"payee-{name}", "EUR", None)
        work.payables.open_ledger(ledger)
        work.payables.enter(ledger, (name, 1), "R", EntryKind.PAYMENT, 100, name)
    return [scope.submitter_id for scope in SCOPES]


def read_ahead(work, owners):
    work.ahead.claims(owners)
    work.ahead.attached(owners)
    work.ahead.resources("Claim", owners)
    work.ahead.balances(owners)


@pytest.fixture
def known(view, connection):
    """What a scope is told of a Claim, after Claims of these owners were read ahead."""

    def known(owners, scope, id):
        together(connection, is_view=True)
        read_ahead(view(PAYERS), owners)
        return {name: ask(view(scope), id) for name, ask in ASKED.items()}

    return known


def test_a_claim_that_is_said_to_be_anothers_is_told_to_nobody(kept, known):
    """Both submitters are named, so that the statement finds the Claim."""
    owners = {MINE.submitter_id: THEIRS, "another": MINE}

    assert known(owners, THEIRS, MINE.submitter_id) == NOTHING


@pytest.mark.parametrize("scope", SCOPES, ids=lambda scope: scope.submitter_id)
def test_what_is_known_ahead_is_what_is_asked_one_by_one(kept, known, view, scope):
    id = scope.submitter_id
    alone = {name: ask(view(scope), id) for name, ask in ASKED.items()}

    asked = known({each.submitter_id: each for each in SCOPES}, scope, id)

    assert asked == alone
    assert asked["claim"].id == asked["document"].id == id
    assert [each.id for each in asked["communications"]] == [f"about-{id}"]
    assert [each.entered for each in asked["balances"]] == [100]


def test_what_is_not_there_is_known_not_to_be_there(kept, known):
    assert known({"nothing": MINE}, MINE, "nothing") == NOTHING


def test_a_transaction_for_one_reads_nothing_ahead(kept, view):
    read_ahead(view(PAYERS), {MINE.submitter_id: MINE})

    assert view(MINE).submissions.find("Claim", MINE.submitter_id).id == MINE.submitter_id
