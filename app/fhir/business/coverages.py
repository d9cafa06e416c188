"""Reading a Coverage: the payer's own, and a submitted one that has to be matched to it.

http://hl7.org/fhir/R4/coverage.html
"""

from dataclasses import dataclass

from app.domain.adjudication import Coverage
from app.domain.claims import Days
from app.domain.plan import Plan
from app.domain.references import Identifier
from app.fhir.documents import Document, days_of, identifiers_of

_COVERAGE_CLASS = "http://terminology.hl7.org/CodeSystem/coverage-class"


@dataclass(frozen=True, slots=True)
class Member:
    """What a submitted Coverage is matched by: identifiers, else subscriberId and dependent."""

    identifiers: tuple[Identifier, ...] = ()
    subscriber_id: str | None = None
    dependent: str | None = None


def read_coverage(document: Document, key: str, plan: Plan | None = None) -> Coverage:
    """Read the payer's Coverage; `key` is its id, under which the member's counters are kept.

    A family is one plan and one subscriberId; without a subscriberId the member is its own. The
    plan counts by its own first identifier, however the Coverage names it; one that was not found,
    by what the Coverage says.
    """
    subscriber = document.get("subscriberId")
    named = plan_identifier(document) or "" if plan is None else plan.identifier
    family = f"{named}|{subscriber}" if subscriber else key
    period = days_of(document.get("period")) or Days(None, None)
    return Coverage(member=key, family=family, starts_on=period.first, ends_on=period.last)


def plan_identifier(document: Document) -> str | None:
    """The value of the class of type `plan`: the identifier of the InsurancePlan; None: default."""
    for entry in document.get("class", []):
        for coding in entry["type"].get("coding", []):
            if coding.get("system") == _COVERAGE_CLASS and coding.get("code") == "plan":
                value: str | None = entry.get("value")
                return value
    return None


def member_of(document: Document) -> Member:
    """What a submitted Coverage says about the member it insures."""
    return Member(
        identifiers=identifiers_of(document),
        subscriber_id=document.get("subscriberId"),
        dependent=document.get("dependent"),
    )
