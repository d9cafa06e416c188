"""Reading a ChargeItemDefinition after the plan profile: what the payer has agreed to pay.

http://hl7.org/fhir/R4/chargeitemdefinition.html
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from app.domain.canonical import extension
from app.domain.claims import Claim, Days, Line
from app.domain.codes import Coding
from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.money import Money
from app.domain.persons import Person
from app.domain.plan import Price
from app.fhir.business.charge_conditions import is_on_charges
from app.fhir.business.claim_wide import FOUND
from app.fhir.business.line_conditions import (
    AGE,
    NETWORK,
    PATIENT,
    RESOURCE,
    compiled_condition,
    is_understood,
)
from app.fhir.business.persons import patient_of
from app.fhir.documents import Document, codings_of, days_of, extension_of, money_of

BENEFIT_CATEGORY = extension("benefit-category")
ATTACHMENT_REQUIRED = extension("attachment-required")

_FHIRPATH = "text/fhirpath"
_Conditions = tuple[str, ...]
# As InsurancePlan.plan.specificCost.benefit.cost.applicability names them.
_NETWORKS = {True: "in-network", False: "out-of-network", None: None}


def read_prices(document: Document) -> tuple[Price, ...]:
    """Read a ChargeItemDefinition: a price for each coding of its code and each property group.

    One without a code, or that is not active, has none. Conditions are those of `line_conditions`;
    any other raises Unacceptable, as does what the profile does not know. What is under a condition
    on a ChargeItem, or of single products, is for invoices alone. Groups with a condition come
    before those without.
    """
    services = codings_of(document.get("code"))
    if not services or not _is_for_claims(document):
        return ()
    issues: list[Issue] = []
    prices = _prices(document, services, issues)
    if issues:
        raise Unacceptable(*issues)
    return prices


def _prices(
    document: Document, services: tuple[Coding, ...], issues: list[Issue]
) -> tuple[Price, ...]:
    here = "ChargeItemDefinition"
    common = _conditions(document, here, issues)
    category = _category(document, issues)
    days = days_of(document.get("effectivePeriod")) or Days(None, None)
    needs_attachment = _needs_attachment(document, issues)
    fees = _fees(document, issues)
    if (category is not None or needs_attachment) and all(own for own, _ in fees):
        # Where no group applies the service still is of its category.
        fees.append(((), None))
    return tuple(
        Price(service, fee, category, (*common, *own), days.first, days.last, needs_attachment)
        for service in services
        for own, fee in fees
    )


def _fees(document: Document, issues: list[Issue]) -> list[tuple[_Conditions, Money | None]]:
    fees: list[tuple[_Conditions, Money | None]] = [
        (_conditions(group, where, issues), _fee(group, where, issues))
        for where, group in groups_for_claims(document)
    ]
    return sorted(fees, key=lambda fee: not fee[0])


def groups_for_claims(document: Document) -> Iterator[tuple[str, Document]]:
    """The groups that price the lines of Claims, each with its place; none where none does."""
    if not _is_for_claims(document):
        return
    for index, group in enumerate(document.get("propertyGroup", [])):
        if _is_priced(group) and not _is_for_invoices(group):
            yield f"ChargeItemDefinition.propertyGroup[{index}]", group


def _is_for_claims(document: Document) -> bool:
    """A Claim tells of no product: what is the price of single ones is for invoices."""
    is_active = document.get("status") == "active"
    return is_active and "instance" not in document and not _is_for_invoices(document)


def applied(
    prices: tuple[Price, ...],
    document: Document,
    claim: Claim,
    patient: Person,
    received_on: date,
    is_in_network: Callable[[date], bool | None],
) -> tuple[Price, ...]:
    """The prices with the lines of a Claim that meet their conditions.

    `is_in_network`: whether the provider is on a day; None: not known.
    """
    if not any(price.conditions for price in prices):
        return prices
    found: dict[object, Any] = {}
    lines = [
        (line, element, {**_variables(document, patient, day, is_in_network(day)), FOUND: found})
        for item, (line, element) in _lines(document, claim)
        for day in (claim.day_of(item) or received_on,)
    ]
    return tuple(
        replace(
            price,
            lines=frozenset(
                line.path
                for line, element, variables in lines
                if _are_met(price, line, element, variables)
            ),
        )
        for price in prices
    )


def _are_met(price: Price, line: Line, element: Document, variables: Mapping[str, Any]) -> bool:
    keys = {service.key for service in line.services}
    return price.service.key in keys and all(
        compiled_condition(each).holds(element, variables) for each in price.conditions
    )


def _variables(
    document: Document, patient: Person, day: date, is_in_network: bool | None
) -> dict[str, Any]:
    return {
        AGE: patient.age_on(day),
        NETWORK: _NETWORKS[is_in_network],
        PATIENT: patient_of(patient),
        RESOURCE: document,
    }


def _lines(document: Document, claim: Claim) -> Iterator[tuple[Line, tuple[Line, Document]]]:
    """Every line with its element, and the item it is of; both are read from one document."""

    def below(
        item: Line, line: Line, element: Document, tiers: tuple[str, ...]
    ) -> Iterator[tuple[Line, tuple[Line, Document]]]:
        yield item, (line, element)
        if tiers:
            parts = zip(line.lines, element.get(tiers[0], []), strict=True)
            for part, inner in parts:
                yield from below(item, part, inner, tiers[1:])

    for item, element in zip(claim.lines, document.get("item", []), strict=True):
        yield from below(item, item, element, ("detail", "subDetail"))


def _is_for_invoices(element: Document) -> bool:
    conditions = element.get("applicability", [])
    return any(
        each.get("language") == _FHIRPATH
        and not is_understood(each.get("expression", ""))
        and is_on_charges(each.get("expression", ""))
        for each in conditions
    )


def _is_priced(group: Document) -> bool:
    """A group of taxes and surcharges only is for invoices."""
    return any(each.get("type") == "base" for each in group.get("priceComponent", []))


def _fee(group: Document, here: str, issues: list[Issue]) -> Money | None:
    components = group.get("priceComponent", [])
    bases = [index for index, each in enumerate(components) if each.get("type") == "base"]
    if len(bases) > 1:
        _refuse(issues, f"{here}.priceComponent[{bases[1]}]", "A group has one base price.")
    fee = money_of(components[bases[0]].get("amount"))
    if fee is None or fee.amount < 0:
        where = f"{here}.priceComponent[{bases[0]}].amount"
        _refuse(issues, where, "A base price is an amount that is not negative.")
    return fee


def _conditions(element: Document, here: str, issues: list[Issue]) -> _Conditions:
    conditions: list[str] = []
    for index, condition in enumerate(element.get("applicability", [])):
        expression = condition.get("expression", "")
        why = _misunderstood(condition.get("language"), expression)
        if why is not None:
            where = f"{here}.applicability[{index}]"
            _refuse(issues, where, f"The condition {expression!r} cannot be evaluated: {why}.")
        conditions.append(expression)
    return tuple(conditions)


def _misunderstood(language: str | None, expression: str) -> str | None:
    if language != _FHIRPATH:
        return f"its language is not {_FHIRPATH}"
    try:
        compiled_condition(expression)
    except ValueError as error:
        return str(error)
    return None


def _category(document: Document, issues: list[Issue]) -> Coding | None:
    found = extension_of(document, BENEFIT_CATEGORY)
    if found is None:
        return None
    codings = codings_of(found.get("valueCodeableConcept"))
    if len(codings) != 1:
        where = f"ChargeItemDefinition.extension('{BENEFIT_CATEGORY}')"
        _refuse(issues, where, "A benefit category is exactly one coding.")
    return codings[0] if codings else None


def _needs_attachment(document: Document, issues: list[Issue]) -> bool:
    found = extension_of(document, ATTACHMENT_REQUIRED)
    if found is None:
        return False
    if "valueBoolean" not in found:
        where = f"ChargeItemDefinition.extension('{ATTACHMENT_REQUIRED}')"
        _refuse(issues, where, "Whether an attachment is required is true or false.")
    needs: bool = found.get("valueBoolean", False)
    return needs


def _refuse(issues: list[Issue], expression: str, text: str) -> None:
    issues.append(Issue(ErrorCode.PLAN_PROFILE, text, expression))
