"""What EnrollmentRequests did, as rows."""

import pytest
from sqlalchemy.exc import IntegrityError

from app.domain.enrollment import Action
from app.store.enrollments import Enrollment
from tests.store.scopes import FOREIGN, MINE, PAYERS, THEIRS

DONE = Enrollment("request-1", "coverage-1", Action.CREATED, 1)


def test_a_request_has_one_effect(work):
    work.enrollments.add(DONE)

    with pytest.raises(IntegrityError), work.attempt():
        work.enrollments.add(Enrollment("request-1", "coverage-2", Action.ENDED, 2))

    work.enrollments.add(Enrollment("request-2", "coverage-1", Action.ENDED, 2))
    assert work.enrollments.find("request-1") == DONE


def test_what_a_request_did_is_found_by_its_submitter_and_by_the_payer(view):
    view(MINE).enrollments.add(DONE)

    found = [view(scope).enrollments.find("request-1") for scope in (MINE, PAYERS, THEIRS, FOREIGN)]

    assert found == [DONE, DONE, None, None]
    assert view(MINE).enrollments.find("request-2") is None
