"""An EnrollmentRequest comes in: how it stands then, the same again, and two at once."""

import pytest

from app.domain.codes import Outcome
from app.domain.issues import ErrorCode, Unacceptable
from app.domain.lifecycle import State
from app.store import tables
from tests.builders import a_coverage, a_task, an_enrollment_request
from tests.gateway.desk import Desk
from tests.reliability.crowd import together


@pytest.fixture
def employer(installation, registry):
    """A submitter that may enroll."""
    return Desk(installation, registry.submitter("Employer", may_enroll=True).client)


def enrolled_by_the_payer(rows):
    return rows.of(tables.resource, type="Coverage", submitter_id=None)


@pytest.mark.parametrize("status", [None, "draft", "cancelled"])
def test_a_request_that_is_not_active_leaves_nothing(employer, rows, status):
    before = rows.counts()

    with pytest.raises(Unacceptable) as refusal:
        employer.create(an_enrollment_request(a_coverage("M7"), status=status))

    [issue] = refusal.value.issues
    assert (issue.error, issue.expression) == (ErrorCode.NOT_ACTIVE, "EnrollmentRequest.status")
    assert rows.counts() == before
    assert employer.create(an_enrollment_request(a_coverage("M7"))).is_new


@pytest.mark.parametrize(
    ("coverage", "outcome"),
    [(a_coverage("M7"), Outcome.COMPLETE), (None, Outcome.ERROR)],
    ids=["enrolled", "error"],
)
def test_a_request_is_decided_at_once_and_its_answer_is_pended(employer, coverage, outcome):
    taken = employer.create(an_enrollment_request(coverage))

    submission = employer.submission(taken)
    assert (submission.state, submission.outcome) == (State.DECIDED, outcome)
    assert taken.related == f"EnrollmentResponse/{submission.response_id}"
    answer = employer.document(taken.related)
    assert (answer["outcome"], answer["disposition"]) == (outcome, submission.disposition)
    assert answer["identifier"][0]["value"] == submission.response_id
    assert employer.pended() == [("EnrollmentResponse", "undelivered")]


def test_the_right_is_of_the_client_and_not_of_the_request(desk, employer, rows):
    assert desk.submission(desk.create(an_enrollment_request(a_coverage("M7")))).outcome is (
        Outcome.ERROR
    )
    assert enrolled_by_the_payer(rows) == []

    employer.create(an_enrollment_request(a_coverage("M7")))

    assert len(enrolled_by_the_payer(rows)) == 1


def test_the_same_request_again_changes_nothing_even_after_its_cancel(employer, rows):
    sent = an_enrollment_request(a_coverage("M7"))
    first = employer.create(sent)
    employer.task(a_task("cancel", focus=first.stored.reference))

    again = employer.create(sent)

    assert (again.is_new, again.stored.reference) == (False, first.stored.reference)
    [coverage] = enrolled_by_the_payer(rows)
    assert coverage["version"] == 2


def test_of_many_who_enroll_the_same_member_at_once_one_makes_the_coverage(employer, rows):
    def enroll():
        return employer.create(an_enrollment_request(a_coverage("M7")))

    taken = together([enroll] * 4)

    assert len(enrolled_by_the_payer(rows)) == 1
    told = sorted(employer.submission(one).disposition for one in taken)
    assert told == [
        *["The Coverage is enrolled already; nothing is changed."] * 3,
        "The Coverage is enrolled.",
    ]
