"""Taking an enrolment back, and what the payer itself changed since."""

import pytest

from app.domain.enrollment import Action
from app.domain.issues import ErrorCode, Refused
from app.fhir import json_text
from app.gateway.administering.enrollment import taken_back
from app.gateway.administering.reference_data import keep
from tests.builders import a_coverage, an_enrollment_request
from tests.gateway.desk import Desk


@pytest.fixture
def employer(installation, registry):
    """A submitter that may enroll."""
    return Desk(installation, registry.submitter("Employer", may_enroll=True).client)


def enroll(desk, coverage):
    """Enroll; the id of the request, and what was done."""
    id = desk.create(an_enrollment_request(coverage)).stored.id
    return id, desk.see(lambda work: work.enrollments.find(id))


def load(core, coverage_id, **elements):
    """The payer loads its Coverage again, under its own id."""
    document = a_coverage("M7", id=coverage_id, **elements)
    core.do(lambda work: keep(document, json_text.write(document), "load", work))


@pytest.mark.parametrize(
    ("elements", "is_refused"),
    [({"period": {"start": "2021-01-01"}}, True), ({}, False)],
    ids=["with-other-content", "with-the-same-content"],
)
def test_what_the_payer_changed_since_is_not_taken_back(employer, core, elements, is_refused):
    request, done = enroll(employer, a_coverage("M7"))
    load(core, done.coverage_id, **elements)
    before = core.stored("Coverage", done.coverage_id)

    if is_refused:
        with pytest.raises(Refused) as refusal:
            employer.do(lambda work: taken_back(request, work))
        assert [issue.error for issue in refusal.value.issues] == [
            ErrorCode.CANCEL_COVERAGE_CHANGED
        ]
        assert core.stored("Coverage", done.coverage_id) == before
    else:
        employer.do(lambda work: taken_back(request, work))
        assert core.document(f"Coverage/{done.coverage_id}")["status"] == "cancelled"


def test_nobody_else_takes_an_enrolment_back(employer, stranger, core):
    request, done = enroll(employer, a_coverage("M7"))

    stranger.do(lambda work: taken_back(request, work))

    assert core.document(f"Coverage/{done.coverage_id}")["status"] == "active"
    employer.do(lambda work: taken_back(request, work))
    assert core.document(f"Coverage/{done.coverage_id}")["status"] == "cancelled"


def test_an_end_is_taken_back_by_the_text_of_the_version_before(employer, core):
    _, made = enroll(employer, a_coverage("M7"))
    load(core, made.coverage_id, period={"start": "2021-01-01"})
    before = core.document(f"Coverage/{made.coverage_id}")

    request, done = enroll(employer, a_coverage("M7", period={"end": "2026-06-30"}))
    assert (done.coverage_id, done.action, done.version) == (made.coverage_id, Action.ENDED, 3)
    employer.do(lambda work: taken_back(request, work))

    now = core.document(f"Coverage/{made.coverage_id}")
    assert now["meta"]["versionId"] == "4"
    assert {**now, "meta": None} == {**before, "meta": None}


def test_what_changed_nothing_is_taken_back_without_a_trace(employer, core):
    enroll(employer, a_coverage("M7"))

    request, done = enroll(employer, a_coverage("M7"))
    employer.do(lambda work: taken_back(request, work))

    assert done is None
    ids = core.see(lambda work: work.reference_data.has_any("Coverage"))
    assert ids is True
