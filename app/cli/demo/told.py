"""An answer in a few words: what the demo compares and shows."""

from __future__ import annotations

import re
from typing import Any

from app.domain.canonical import EXPRESSION, REISSUE_REASON

Document = dict[str, Any]

# The rows of a decision that say who bears what, in the order of the calculation.
_ROWS = ("submitted", "contractual", "noncovered", "deductible", "copay", "coinsurance", "benefit")
# Their status says what they are; that of a financial resource is worth a word only when cancelled.
_WITH_STATUS = frozenset({"Task", "Communication", "CommunicationRequest"})
# What a payment and a notice of it come to.
_AMOUNTS = ("paymentAmount", "amount")
_CHANGE = re.compile(r"Line (\S+): .*(benefit .*)\. What changed: (.*)\.")
_RECEIPT = re.compile(r"Purged: (.*); \d+ Tasks scrubbed; digest [0-9a-f]+")


def resource(document: Document) -> str:
    """A response resource: its type, what it says, and its amounts."""
    type = document["resourceType"]
    if type == "Bundle":
        types = [entry["resource"]["resourceType"] for entry in document.get("entry", ())]
        return f"Bundle of {', '.join(types)}"
    words = [type]
    if type in _WITH_STATUS or document.get("status") == "cancelled":
        words.append(document["status"])
    words += [document["outcome"]] if "outcome" in document else []
    words += [f"({reason})" for reason in _reasons(document)]
    if type == "CoverageEligibilityResponse":
        words += [
            "in force" if entry["inforce"] else "not in force" for entry in _insured(document)
        ]
    if type == "CommunicationRequest":
        words += [payload["contentString"] for payload in document["payload"]]
    words += [amounts(document.get("total", ()))] if "total" in document else []
    words += [money(document[name]) for name in _AMOUNTS if name in document]
    words += [_code(error["code"]) for error in document.get("error", ())]
    return " ".join(words)


def bundle(document: Document) -> str:
    """A Bundle of a search, a history or a batch: its type, and what each entry is."""
    entries = document.get("entry", ())
    if document["type"] == "batch-response":
        statuses = (entry["response"]["status"].split()[0] for entry in entries)
        return f"batch-response: {', '.join(statuses)}"
    inside = (entry["resource"] for entry in entries)
    told = ", ".join(f"{each['resourceType']} {each['status']}" for each in inside)
    # A history is not counted.
    return f"{document['type']} of {document.get('total', len(entries))}: {told}"


def amounts(totals: list[Document]) -> str:
    """The totals by category, such as `submitted 490.00, benefit 275.00 EUR`."""
    by_category = {_code(total["category"]): total["amount"] for total in totals}
    told = [
        f"{category} {by_category[category]['value']}"
        for category in _ROWS
        if category in by_category
    ]
    currencies = sorted({amount["currency"] for amount in by_category.values()})
    return f"{', '.join(told)} {' '.join(currencies)}"


def changes(document: Document) -> str:
    """What a decision that was made again says of each line that changed, and why."""
    notes = (_CHANGE.fullmatch(note["text"]) for note in document.get("processNote", ()))
    return "; ".join(f"line {note[1]}: {note[2]} ({note[3]})" for note in notes if note)


def receipt(text: str) -> str:
    """What was purged; how many Tasks asked about it before, and the digest, differ each time."""
    found = _RECEIPT.fullmatch(text)
    return f"purged {found[1]}" if found else text


def money(amount: Document) -> str:
    """An amount with its currency."""
    return f"{amount['value']} {amount['currency']}"


def codes(concepts: list[Document]) -> str:
    """The codes of several concepts."""
    return " ".join(_code(concept) for concept in concepts)


def errors(concepts: list[Document]) -> str:
    """The codes of a Task's errors, and where each is."""
    return ", ".join(f"{_code(each)} at {_expression(each)}" for each in concepts)


def _reasons(document: Document) -> list[str]:
    return [
        _code(extension["valueCodeableConcept"])
        for extension in document.get("extension", ())
        if extension["url"] == REISSUE_REASON
    ]


def _expression(concept: Document) -> str:
    found = (one for one in concept.get("extension", ()) if one["url"] == EXPRESSION)
    return str(next(found, {"valueString": "?"})["valueString"])


def _insured(document: Document) -> list[Document]:
    entries: list[Document] = document.get("insurance", [])
    return entries


def _code(concept: Document) -> str:
    code: str = concept["coding"][0]["code"]
    return code
