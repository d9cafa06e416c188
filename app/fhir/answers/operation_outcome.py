"""Writing an OperationOutcome: the one shape in which everything that is wrong is told.

http://hl7.org/fhir/R4/operationoutcome.html
"""

from collections.abc import Iterable

from app.domain.canonical import ERRORS, RETRYABLE
from app.domain.issues import Issue, IssueType, Severity
from app.fhir.answers.writing import filled
from app.fhir.documents import Document


def operation_outcome(issues: Iterable[Issue]) -> Document:
    """Tell these issues; none becomes the information that all is well, for R4 demands one."""
    return {
        "resourceType": "OperationOutcome",
        "issue": [_issue(issue) for issue in issues] or [_information("Nothing was found wrong.")],
    }


def information(text: str) -> Document:
    """Tell one thing that went well."""
    return {"resourceType": "OperationOutcome", "issue": [_information(text)]}


def warning(text: str) -> Document:
    """Tell one thing to be minded, beside what went well."""
    issue = _information(text) | {"severity": Severity.WARNING.value}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def _issue(issue: Issue) -> Document:
    entry = issue.error.entry
    return filled(
        extension=[{"url": RETRYABLE, "valueBoolean": entry.retryable}],
        severity=issue.severity.value,
        code=entry.type.value,
        details={
            "coding": [{"system": ERRORS, "code": entry.id, "display": entry.meaning}],
            "text": issue.text,
        },
        expression=[issue.expression] if issue.expression else None,
    )


def _information(text: str) -> Document:
    return {
        "severity": Severity.INFORMATION.value,
        "code": IssueType.INFORMATIONAL.value,
        "details": {"text": text},
    }
