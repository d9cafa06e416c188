"""Writing the CoverageEligibilityResponse to a CoverageEligibilityRequest.

http://hl7.org/fhir/R4/coverageeligibilityresponse.html
"""

from collections.abc import Sequence

from app.domain.canonical import ERRORS, EXPRESSION
from app.domain.claims import Days
from app.domain.codes import Coding, Outcome
from app.domain.eligibility import Insured, Told
from app.domain.issues import Issue
from app.fhir.answers.adjudications import concept
from app.fhir.answers.eligibility_items import HEADS, item, needs, rows, tellings
from app.fhir.answers.writing import (
    Answering,
    detached,
    filled,
    head,
    narrative,
    parties,
    request_of,
    table,
)
from app.fhir.business.eligibility_request import purposes_of
from app.fhir.documents import Document

# A table that is longer is read by nobody.
_MOST_ROWS = 200

Answers = Sequence[tuple[Document, Insured | None]]


def eligibility_response(
    answering: Answering,
    answers: Answers,
    issues: Sequence[Issue] = (),
    authorization_url: str | None = None,
) -> Document:
    """Answer each insurance: a reference to a Coverage, and what the payer knows of it.

    One that is not known (None) is answered with inforce false and outcome complete: `error` would
    say that the question could not be processed, and it was. With `issues` the outcome is `error`.
    """
    request = answering.request
    told = _told(answers, issues)
    return filled(
        **head(answering, "CoverageEligibilityResponse", _narrative(answering, answers, issues)),
        # An extension may stand for a purpose; what is answered is the validation in any case.
        purpose=[each for each in request.get("purpose", []) if each] or ["validation"],
        servicedDate=request.get("servicedDate"),
        servicedPeriod=detached(request.get("servicedPeriod"), request),
        **parties(answering, "requestor"),
        request=request_of(answering),
        outcome=outcome_of(answers, issues).value,
        disposition=disposition_of(answers, issues),
        insurance=[
            _insurance(coverage, insured, request, authorization_url)
            for coverage, insured in answers
        ],
        preAuthRef=next((each.authorized_by for each in told if each.authorized_by), None),
        error=[_error(issue) for issue in issues],
    )


def outcome_of(answers: Answers, issues: Sequence[Issue]) -> Outcome:
    """`partial`: the coverage is in force, but what its plan covers cannot be told."""
    if issues:
        return Outcome.ERROR
    is_partial = any(insured is not None and insured.told is None for _, insured in answers)
    return Outcome.PARTIAL if is_partial else Outcome.COMPLETE


def disposition_of(answers: Answers, issues: Sequence[Issue]) -> str:
    """The answer in a sentence or two."""
    sentence = _in_force(answers)
    outcome = outcome_of(answers, issues)
    if outcome is Outcome.ERROR:
        return f"{sentence} What is asked about it has errors."
    if outcome is Outcome.PARTIAL:
        return f"{sentence} What its plan covers cannot be told."
    return sentence


def _in_force(answers: Answers) -> str:
    if not answers:
        return "The request names no coverage."
    if any(insured is not None and insured.is_in_force for _, insured in answers):
        return "The coverage is in force."
    if any(insured is not None for _, insured in answers):
        return "The coverage is not in force."
    return "The payer knows no such coverage."


def _told(answers: Answers, issues: Sequence[Issue]) -> list[Told]:
    if issues:
        return []
    return [told for _, insured in answers if insured for told in insured.told or ()]


def _insurance(
    coverage: Document, insured: Insured | None, request: Document, url: str | None
) -> Document:
    purposes = purposes_of(request)
    told = tellings((insured and insured.told) or (), purposes)
    return filled(
        coverage=detached(coverage, request),
        inforce=insured is not None and insured.is_in_force,
        benefitPeriod=_period(insured.days) if insured else None,
        item=[item(each, request, purposes, url) for each in told],
    )


def _narrative(answering: Answering, answers: Answers, issues: Sequence[Issue]) -> Document:
    request = answering.request
    purposes = purposes_of(request)
    told = [tellings(insured.told or (), purposes) for _, insured in answers if insured]
    lines = [row for each in told for row in rows(each, request, purposes)]
    needed = dict.fromkeys(fact for each in told for fact in needs(each, request, purposes))
    facts = [*(issue.text for issue in issues), *needed]
    if len(lines) > _MOST_ROWS:
        facts.append(f"The table shows {_MOST_ROWS} rows of {len(lines)}.")
    sentence = disposition_of(answers, issues)
    return narrative(sentence, facts, table(HEADS, lines[:_MOST_ROWS]))


def _period(days: Days) -> Document:
    start, end = days.first, days.last
    return filled(start=start and start.isoformat(), end=end and end.isoformat())


def _error(issue: Issue) -> Document:
    entry = issue.error.entry
    expression = [{"url": EXPRESSION, "valueString": issue.expression}] if issue.expression else []
    code = concept([Coding(ERRORS, entry.id, entry.meaning)], issue.text)
    return filled(extension=expression, code=code)
