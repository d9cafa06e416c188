"""Writing a decision's rows, totals, notes and payment: the same in every answer that shows one.

http://hl7.org/fhir/R4/claimresponse-definitions.html#ClaimResponse.item.adjudication
"""

from collections.abc import Iterable, Sequence
from functools import cache, lru_cache

from app.domain.adjudication import Amount, Category, Decided, DecidedLine
from app.domain.canonical import ADJUDICATION, CHANGE_CAUSE, CHANGE_CAUSES, HL7_ADJUDICATION
from app.domain.codes import Cause, ClaimUse, Coding
from app.domain.money import Money
from app.fhir.answers.writing import filled
from app.fhir.documents import Document

_PAYMENT_TYPE = "http://terminology.hl7.org/CodeSystem/ex-paymenttype"

# What HL7's own code system has, in its words; every other category is ours.
_HL7 = {
    Category.SUBMITTED: "Submitted Amount",
    Category.ELIGIBLE: "Eligible Amount",
    Category.DEDUCTIBLE: "Deductible",
    Category.COPAY: "CoPay",
    Category.TAX: "Tax",
    Category.BENEFIT: "Benefit Amount",
}
OURS = {
    Category.CONTRACTUAL: "Written off by contract",
    Category.NONCOVERED: "Not covered",
    Category.COINSURANCE: "Coinsurance",
    Category.COB_PAID: "Paid by earlier payers",
    Category.PATIENT_SHARE: "Patient share",
}


def adjudication(line: DecidedLine) -> list[Document]:
    """The rows of one line."""
    return [
        {
            "category": _category(row.category),
            **({"reason": _reason(row.reasons)} if row.reasons else {}),
            "amount": money(row.money),
        }
        for row in line.amounts
    ]


def totals(decided: Decided) -> list[Document]:
    """The total of each category; R4 has no reason there."""
    return [
        {"category": _category(total.category), "amount": money(total.money)}
        for total in decided.totals
    ]


def process_notes(decided: Decided) -> list[Document]:
    """The numbered notes that lines refer to; of a change, with its causes as codes."""
    return [
        filled(
            extension=[_cause(cause) for cause in note.causes],
            number=note.number,
            type="display",
            text=note.text,
        )
        for note in decided.notes
    ]


def _cause(cause: Cause) -> Document:
    return {"url": CHANGE_CAUSE, "valueCoding": {"system": CHANGE_CAUSES, "code": cause.value}}


def payment(decided: Decided, use: str) -> Document | None:
    """The whole benefit, of a Claim of use=claim; None where nothing is paid."""
    benefit = decided.total(Category.BENEFIT)
    if use != ClaimUse.CLAIM or benefit is None or benefit.amount <= 0:
        return None
    complete = {"system": _PAYMENT_TYPE, "code": "complete", "display": "Complete"}
    return {"type": {"coding": [complete]}, "amount": money(benefit)}


def money(amount: Money) -> Document:
    """A Money element, to the last digit."""
    return {"value": amount.amount, "currency": amount.currency}


def concept(codings: Sequence[Coding], text: str | None = None) -> Document:
    """A CodeableConcept of these codings."""
    return filled(
        coding=[
            filled(system=each.system, code=each.code, display=each.display) for each in codings
        ],
        text=text,
    )


def spoken(amounts: Iterable[Amount]) -> list[str]:
    """Each amount as a person reads it."""
    return [
        f"{_HL7.get(each.category) or OURS[each.category]}: {spelled(each.money)}"
        for each in amounts
    ]


def spelled(amount: Money) -> str:
    """An amount as a person reads it: `135.57 USD`."""
    return f"{amount.amount:f} {amount.currency}"


# A decision has few reasons, and gives each for many lines.
@lru_cache(maxsize=1024)
def _reason(reasons: tuple[Coding, ...]) -> Document:
    """The same for all rows with these reasons, so not to be changed."""
    return concept(reasons)


@cache
def _category(category: Category) -> Document:
    """The same for all rows of a category, so not to be changed."""
    if category in _HL7:
        return concept([Coding(HL7_ADJUDICATION, category.value, _HL7[category])])
    return concept([Coding(ADJUDICATION, category.value, OURS[category])])
