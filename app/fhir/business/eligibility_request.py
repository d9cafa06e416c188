"""Reading a CoverageEligibilityRequest: for which days, and about what.

http://hl7.org/fhir/R4/coverageeligibilityrequest.html
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from app.domain.claims import Days, Line
from app.domain.eligibility import Purpose
from app.domain.issues import ErrorCode, Issue
from app.fhir.documents import Document, codings_of, days_of


@dataclass(frozen=True, slots=True)
class AskedItem:
    """One item of the request: the line that it asks about, and by whom, if it names anybody.

    What it costs is not read: nothing is estimated here, that is what a predetermination is for.
    """

    line: Line
    element: Document
    provider: Document | None


def purposes_of(request: Document) -> frozenset[Purpose]:
    """What is asked; an extension may stand for a purpose, and says nothing here."""
    return frozenset(Purpose(each) for each in request.get("purpose", ()) if each)


def asked_days(request: Document, otherwise: date) -> tuple[date, date]:
    """First and last day asked about; a Period with one end asks about that day."""
    serviced = request.get("servicedDate") or request.get("servicedPeriod")
    days = days_of(serviced) or Days(None, None)
    first = days.first or days.last or otherwise
    return first, days.last or first


def asked_items(request: Document) -> tuple[AskedItem, ...]:
    """The items in the request's order; an item without a provider is by that of the request."""
    return tuple(
        AskedItem(
            line=Line(
                path=(number,),
                expression=_place(number),
                services=codings_of(item.get("productOrService")),
                modifiers=tuple(
                    coding for concept in item.get("modifier", []) for coding in codings_of(concept)
                ),
                categories=codings_of(item.get("category")),
            ),
            element=item,
            provider=item.get("provider", request.get("provider")),
        )
        for number, item in enumerate(request.get("item", []), 1)
    )


def item_issues(request: Document) -> Iterator[Issue]:
    """What of the items cannot be answered, whatever the payer knows."""
    known = {each.get("sequence") for each in request.get("supportingInfo", [])}
    for asked in asked_items(request):
        if not asked.line.services and not asked.line.categories:
            text = "The item names neither a category nor a service by a code."
            yield Issue(ErrorCode.ELIGIBILITY_ITEM, text, asked.line.expression)
        for index, sequence in enumerate(asked.element.get("supportingInfoSequence", [])):
            if sequence is not None and sequence not in known:
                text = f"There is no supportingInfo with sequence {sequence}."
                place = f"{asked.line.expression}.supportingInfoSequence[{index}]"
                yield Issue(ErrorCode.ELIGIBILITY_REFERENCE, text, place)


def _place(number: int) -> str:
    return f"CoverageEligibilityRequest.item[{number - 1}]"
