"""Writing ClaimResponses: queued, in error, decided, and the reversal of a decided one.

http://hl7.org/fhir/R4/claimresponse.html
"""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from app.domain.adjudication import Category, Decided, DecidedLine
from app.domain.canonical import ERRORS, EXPRESSION, PREDECESSOR, REISSUE_REASON, code_system
from app.domain.claims import Days
from app.domain.codes import Coding, Outcome
from app.domain.issues import ErrorCode, Issue
from app.fhir import json_text
from app.fhir.answers import adjudications
from app.fhir.answers.adjudications import adjudication, concept
from app.fhir.answers.writing import (
    Answering,
    detached,
    filled,
    head,
    name_of,
    narrative,
    parties,
    request_of,
)
from app.fhir.documents import Document

REISSUE_REASONS = code_system("reissue-reason")

_FUNDS_RESERVE = "http://terminology.hl7.org/CodeSystem/fundsreserve"
_REPROCESSED = "The request was decided again, as its submitter asked."
_TIERS = ("item", "detail", "subDetail")
_LINE = re.compile(r"\bitem\[(\d+)\](?:\.detail\[(\d+)\](?:\.subDetail\[(\d+)\])?)?")


def queued(answering: Answering) -> Document:
    """Received, and not decided yet."""
    disposition = f"{name_of(answering.request)} is received and queued for adjudication."
    return _response(answering, Outcome.QUEUED, disposition)


def errors(answering: Answering, issues: Iterable[Issue]) -> Document:
    """Refused at intake, with every error; raises ValueError without one."""
    found = tuple(issues)
    if not found:
        raise ValueError("a ClaimResponse in error names the errors")
    disposition = f"{name_of(answering.request)} cannot be adjudicated."
    return _response(
        answering,
        Outcome.ERROR,
        disposition,
        facts=[issue.text for issue in found],
        error=[_error(issue, answering.request) for issue in found],
    )


def issues_of(response: Document) -> list[Issue]:
    """The issues that `errors` wrote into a response; none of another response."""
    by_id = {code.entry.id: code for code in ErrorCode}
    return [
        Issue(by_id[each["code"]["coding"][0]["code"]], each["code"]["text"], _place(each))
        for each in response.get("error", ())
    ]


def decided(
    answering: Answering,
    decided: Decided,
    preauthorization: str | None = None,
    valid: Days | None = None,
    predecessor: str | None = None,
    question: str | None = None,
) -> Document:
    """The decision, line by line.

    `preauthorization` is the reference to quote in later Claims, `valid` the days it holds,
    `predecessor` the versioned reference of the response that this one takes the place of,
    `question` the reference of what the provider was asked before.
    """
    facts = adjudications.spoken(decided.totals)
    if preauthorization:
        facts.append(f"Preauthorization: {preauthorization}")
    return _response(
        answering,
        Outcome.COMPLETE,
        decided.disposition,
        facts=[*facts, *(note.text for note in decided.notes)],
        extension=_follows(predecessor, "reprocessed", _REPROCESSED) if predecessor else None,
        preAuthRef=preauthorization,
        preAuthPeriod=valid and _period(valid),
        item=[_line(line) for line in decided.lines],
        total=adjudications.totals(decided),
        payment=adjudications.payment(decided, answering.request["use"]),
        fundsReserve=_reserved(decided) if preauthorization else None,
        processNote=adjudications.process_notes(decided),
        communicationRequest=[{"reference": question}] if question else None,
    )


def decided_part(decided: Decided) -> str:
    """The text of items and totals as it stands in the ClaimResponse of a decision."""
    items = [_line(line) for line in decided.lines]
    return json_text.write(filled(item=items, total=adjudications.totals(decided)))[1:-1]


def reversal(
    answering: Answering, original: Document, original_reference: str, reason: str
) -> Document:
    """Takes back a decided ClaimResponse: its rows, totals and payment with the sign turned.

    `original_reference` is versioned; the date and number of a payment stay with the original.
    """
    payment = original.get("payment")
    return _response(
        answering,
        Outcome.COMPLETE,
        f"Reverses {original_reference}: {reason}",
        extension=_follows(original_reference, "cancelled", reason),
        preAuthRef=original.get("preAuthRef"),
        item=_negated(original.get("item")),
        adjudication=_negated(original.get("adjudication")),
        total=_negated(original.get("total")),
        payment=payment and {"type": payment["type"], "amount": _negative(payment["amount"])},
        processNote=original.get("processNote"),
    )


def _follows(predecessor: str, code: str, reason: str) -> list[Document]:
    """That this response follows another one, and why."""
    why = Coding(REISSUE_REASONS, code, code.capitalize())
    return [
        {"url": PREDECESSOR, "valueReference": {"reference": predecessor}},
        {"url": REISSUE_REASON, "valueCodeableConcept": concept([why], reason)},
    ]


def _response(
    answering: Answering,
    outcome: Outcome,
    disposition: str,
    *,
    facts: Iterable[str] = (),
    extension: list[Document] | None = None,
    **elements: Any,
) -> Document:
    request = answering.request
    return filled(
        **head(answering, "ClaimResponse", narrative(disposition, facts)),
        extension=extension,
        type=detached(request["type"], request),
        subType=detached(request.get("subType"), request),
        use=request["use"],
        **parties(answering, "requestor"),
        request=request_of(answering),
        outcome=outcome.value,
        disposition=disposition,
        payeeType=detached(request.get("payee", {}).get("type"), request),
        insurance=[_insurance(each, request) for each in request["insurance"]],
        **elements,
    )


def _insurance(entry: Document, request: Document) -> Document:
    return filled(
        sequence=entry["sequence"],
        focal=entry["focal"],
        coverage=detached(entry["coverage"], request),
        businessArrangement=entry.get("businessArrangement"),
        claimResponse=detached(entry.get("claimResponse"), request),
    )


def _error(issue: Issue, request: Document) -> Document:
    entry = issue.error.entry
    expression = [{"url": EXPRESSION, "valueString": issue.expression}] if issue.expression else []
    return filled(
        extension=expression,
        **_sequences(issue.expression or "", request),
        code=concept([Coding(ERRORS, entry.id, entry.meaning)], issue.text),
    )


def _place(error: Document) -> str | None:
    found = (
        each["valueString"] for each in error.get("extension", ()) if each["url"] == EXPRESSION
    )
    return next(found, None)


def _sequences(expression: str, request: Document) -> dict[str, int]:
    """The sequences of the line that the expression is in; none where it is in no line."""
    found = _LINE.search(expression)
    sequences: dict[str, int] = {}
    line = request
    for tier, index in zip(_TIERS, found.groups() if found else (), strict=False):
        lines = line.get(tier, [])
        if index is None or int(index) >= len(lines):
            break
        line = lines[int(index)]
        sequences[f"{tier}Sequence"] = line["sequence"]
    return sequences


def _reserved(decided: Decided) -> Document:
    """For whom the benefit is held: for the provider that asked, as far as there is any."""
    benefit = decided.total(Category.BENEFIT)
    code = "provider" if benefit is not None and benefit.amount > 0 else "none"
    return concept([Coding(_FUNDS_RESERVE, code, code.capitalize())])


def _line(line: DecidedLine) -> Document:
    """One line and those below it: every tier names its sequence and its children after itself."""
    depth = len(line.path)
    below = _TIERS[depth] if depth < len(_TIERS) else None
    written = filled(
        **{f"{_TIERS[depth - 1]}Sequence": line.path[-1]},
        noteNumber=list(line.notes),
        adjudication=adjudication(line),
    )
    if below and line.lines:
        written[below] = [_line(each) for each in line.lines]
    return written


def _period(days: Days) -> Document:
    return filled(
        start=days.first and days.first.isoformat(), end=days.last and days.last.isoformat()
    )


def _negated(value: Any) -> Any:
    """A copy in which every element `amount` has the other sign."""
    if isinstance(value, list):
        return [_negated(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _negative(each) if name == "amount" else _negated(each)
        for name, each in value.items()
    }


def _negative(money: Document) -> Document:
    value = Decimal(money["value"])
    # copy_negate keeps every digit, where unary minus rounds to the context; zero has no sign.
    return {**money, "value": value.copy_negate() if value else value}
