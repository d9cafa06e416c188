"""Writing what is used of a plan once a Claim is decided: ExplanationOfBenefit.benefitBalance.

http://hl7.org/fhir/R4/explanationofbenefit-definitions.html#ExplanationOfBenefit.benefitBalance
"""

from collections.abc import Iterable
from dataclasses import dataclass

from app.domain.eligibility import Told
from app.fhir.answers.adjudications import concept
from app.fhir.answers.eligibility_items import (
    WHOLE_PLAN,
    Telling,
    benefit,
    coded,
    parts,
    sentence_of,
)
from app.fhir.answers.writing import filled
from app.fhir.documents import Document


@dataclass(frozen=True, slots=True)
class Counted:
    """A category, unit and term of which something is counted, and what a person reads of it."""

    part: Telling
    name: str
    sentences: str


def counted(told: Iterable[Told]) -> tuple[Counted, ...]:
    """Everything of which something is counted."""
    return tuple(
        Counted(part, _name(part), " ".join(sentence_of(each) for each in part.allowances))
        for each in told
        for part in parts(each)
    )


def balances(counted: Iterable[Counted]) -> list[Document]:
    """An entry for each."""
    return [_balance(each) for each in counted]


def spoken(counted: Iterable[Counted]) -> list[str]:
    """The same for a person."""
    return [f"{each.name}: {each.sentences}" for each in counted]


def _balance(counted: Counted) -> Document:
    part = counted.part
    return filled(
        category=concept([part.told.category or WHOLE_PLAN]),
        name=counted.name,
        description=counted.sentences,
        unit=coded("benefit-unit", part.unit.value),
        term=coded("benefit-term", part.term.value) if part.term else None,
        financial=[benefit(each) for each in part.allowances],
    )


def _name(part: Telling) -> str:
    category = part.told.category
    return "Plan" if category is None else category.display or category.code
