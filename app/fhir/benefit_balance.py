"""Writing what is used of a plan once a Claim is decided: ExplanationOfBenefit.benefitBalance.

http://hl7.org/fhir/R4/explanationofbenefit-definitions.html#ExplanationOfBenefit.benefitBalance
"""

from collections.abc import Iterable, Iterator

from app.domain.eligibility import Told
from app.fhir.adjudications import concept
from app.fhir.answering import filled
from app.fhir.documents import Document
from app.fhir.eligibility_items import WHOLE_PLAN, Telling, benefit, coded, parts, sentence_of


def balances(told: Iterable[Told]) -> list[Document]:
    """An entry for each category, unit and term of which something is counted."""
    return [_balance(part) for part in _counted(told)]


def spoken(told: Iterable[Told]) -> list[str]:
    """The same for a person."""
    return [f"{_name(part)}: {_sentences(part)}" for part in _counted(told)]


def _counted(told: Iterable[Told]) -> Iterator[Telling]:
    for each in told:
        yield from parts(each)


def _balance(part: Telling) -> Document:
    return filled(
        category=concept([part.told.category or WHOLE_PLAN]),
        name=_name(part),
        description=_sentences(part),
        unit=coded("benefit-unit", part.unit.value),
        term=coded("benefit-term", part.term.value) if part.term else None,
        financial=[benefit(each) for each in part.allowances],
    )


def _name(part: Telling) -> str:
    category = part.told.category
    return "Plan" if category is None else category.display or category.code


def _sentences(part: Telling) -> str:
    return " ".join(sentence_of(each) for each in part.allowances)
