"""The one shape of everything that is wrong."""

import pytest

from app.domain.issues import ErrorCode, Issue, Severity
from app.fhir.answers.operation_outcome import operation_outcome
from tests.fhir.asked import findings

CANONICAL = "https://eclaims-gateway.org/fhir"


def test_an_issue_is_told_with_code_words_and_place():
    issue = Issue(ErrorCode.CODE, "'bogus' is no status.", "Claim.status")

    document = operation_outcome([issue])

    assert document == {
        "resourceType": "OperationOutcome",
        "issue": [
            {
                "extension": [
                    {
                        "url": f"{CANONICAL}/StructureDefinition/retryable",
                        "valueBoolean": False,
                    }
                ],
                "severity": "error",
                "code": "code-invalid",
                "details": {
                    "coding": [
                        {
                            "system": f"{CANONICAL}/CodeSystem/error",
                            "code": "ECG-CODE",
                            "display": "The code is not in the required value set.",
                        }
                    ],
                    "text": "'bogus' is no status.",
                },
                "expression": ["Claim.status"],
            }
        ],
    }
    assert findings(document) == []


def test_an_issue_without_place_or_with_another_severity_says_so():
    issue = Issue(ErrorCode.BUSY, "Try again.", severity=Severity.FATAL)

    (told,) = operation_outcome([issue])["issue"]

    assert told["severity"] == "fatal"
    assert told["extension"][0]["valueBoolean"] is True
    assert "expression" not in told


def test_every_issue_is_told_in_order():
    issues = [Issue(ErrorCode.REQUIRED, "One."), Issue(ErrorCode.VALUE, "Two.")]

    document = operation_outcome(issue for issue in issues)

    assert [issue["details"]["text"] for issue in document["issue"]] == ["One.", "Two."]


def test_no_issue_is_the_information_that_nothing_is_wrong():
    document = operation_outcome([])

    assert document["issue"] == [
        {
            "severity": "information",
            "code": "informational",
            "details": {"text": "Nothing was found wrong."},
        }
    ]
    assert findings(document) == []


@pytest.mark.parametrize("error", ErrorCode, ids=lambda error: error.entry.id)
def test_every_error_of_the_catalogue_is_valid(error):
    assert findings(operation_outcome([Issue(error, "A sentence.")])) == []
