"""The error catalogue."""

import re
from http import HTTPStatus

import pytest

from app.domain.issues import ErrorCode, Issue, IssueType, Severity, Unacceptable

ID = re.compile(r"ECG(-[A-Z]+)+")
# What FHIR's kind of an issue says, so must its status: https://hl7.org/fhir/R4/http.html
STATUSES = {
    IssueType.LOGIN: {401},
    IssueType.FORBIDDEN: {403},
    # 412 for what a condition within a transaction names.
    IssueType.NOT_FOUND: {404, 412},
    IssueType.DELETED: {410},
    IssueType.DUPLICATE: {409},
    # 412 for what a header or a focus names, 422 for what a resource names.
    IssueType.MULTIPLE_MATCHES: {412, 422},
    IssueType.TOO_LONG: {413},
    IssueType.EXCEPTION: {500},
    IssueType.LOCK_ERROR: {503},
    IssueType.NO_STORE: {507},
    IssueType.THROTTLED: {429, 503},
    IssueType.STRUCTURE: {400},
    IssueType.VALUE: {400},
    IssueType.CODE_INVALID: {400},
    IssueType.INVARIANT: {400},
    IssueType.NOT_SUPPORTED: {400, 405, 406, 411, 415, 422},
}


@pytest.mark.parametrize("error", ErrorCode)
def test_an_entry_is_well_formed(error):
    entry = error.entry

    assert ID.fullmatch(entry.id)
    assert len(entry.id) <= 64
    assert HTTPStatus(entry.status) >= 400
    assert entry.status in STATUSES.get(entry.type, {entry.status})
    assert re.fullmatch(r"\S.{10,118}\.", entry.meaning)


@pytest.mark.parametrize("part", ["id", "meaning"])
def test_no_two_entries_share_what_names_them(part):
    values = [getattr(error.entry, part) for error in ErrorCode]

    assert len(ErrorCode.__members__) == len(set(values)) == len(values)


@pytest.mark.parametrize("error", ErrorCode)
def test_only_what_passes_by_itself_is_retryable(error):
    assert error.entry.retryable == (error.entry.status in {429, 503, 507})


def issue(error):
    return Issue(error, error.entry.meaning)


@pytest.mark.parametrize(
    ("errors", "status"),
    [
        ([ErrorCode.TASK_CODE], 400),
        ([ErrorCode.NOT_ACTIVE, ErrorCode.TASK_CODE], 422),
        ([ErrorCode.FOREIGN_PAYER, ErrorCode.FOREIGN_SENDER], 403),
        ([ErrorCode.NOT_ACTIVE, ErrorCode.LOGIN], 401),
    ],
)
def test_the_status_is_the_first_issues_but_for_you_may_not(errors, status):
    refused = Unacceptable(*map(issue, errors))

    assert refused.status == status
    assert str(refused) == ", ".join(error.entry.id for error in errors)


def test_an_issue_is_an_error_unless_it_says_otherwise():
    assert issue(ErrorCode.FAULT).severity is Severity.ERROR
