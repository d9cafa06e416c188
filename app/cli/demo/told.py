"""An answer in a few words: what the demo compares and shows."""

from __future__ import annotations

from typing import Any

Document = dict[str, Any]

# The rows of a decision that say who bears what, in the order of the calculation.
_ROWS = ("submitted", "contractual", "noncovered", "deductible", "copay", "coinsurance", "benefit")


def resource(document: Document) -> str:
    """A response resource: its type, what it says, and its amounts."""
    if document["resourceType"] == "Bundle":
        types = [entry["resource"]["resourceType"] for entry in document.get("entry", ())]
        return f"Bundle of {', '.join(types)}"
    words = [document["resourceType"]]
    if document.get("status") == "cancelled":
        words.append("cancelled")
    if "outcome" in document:
        words.append(document["outcome"])
    if document["resourceType"] == "CoverageEligibilityResponse":
        words += [
            "in force" if entry["inforce"] else "not in force" for entry in _insured(document)
        ]
    words += [amounts(document.get("total", ()))] if "total" in document else []
    words += [_code(error["code"]) for error in document.get("error", ())]
    return " ".join(words)


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


def money(amount: Document) -> str:
    """An amount with its currency."""
    return f"{amount['value']} {amount['currency']}"


def codes(concepts: list[Document]) -> str:
    """The codes of several concepts."""
    return " ".join(_code(concept) for concept in concepts)


def _insured(document: Document) -> list[Document]:
    entries: list[Document] = document.get("insurance", [])
    return entries


def _code(concept: Document) -> str:
    code: str = concept["coding"][0]["code"]
    return code
