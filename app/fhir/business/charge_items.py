"""Reading ChargeItems, and the ChargeItemDefinitions that price them for an invoice.

http://hl7.org/fhir/R4/chargeitem.html, http://hl7.org/fhir/R4/chargeitemdefinition.html
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from app.domain.codes import Coding
from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.pricing import Charge, Component, ComponentKind, Group, Rule
from app.fhir import json_text
from app.fhir.business.charge_conditions import Circumstances, age_of, holds, is_on_charges
from app.fhir.business.line_conditions import (
    AGE,
    PATIENT,
    Condition,
    compiled_condition,
    is_understood,
)
from app.fhir.documents import Document, codings_of, days_of, decimal_of, exact, money_of

BILLABLE = "billable"
BILLED = "billed"


def services_of(charge_item: Document) -> tuple[Coding, ...]:
    """The codes by which price rules are found."""
    return tuple(Coding(each.system, each.code) for each in codings_of(charge_item.get("code")))


def definitions_of(charge_item: Document) -> tuple[str, ...]:
    """The addresses of the price rules that a ChargeItem names itself, in their order."""
    named = [*charge_item.get("definitionCanonical", []), *charge_item.get("definitionUri", [])]
    return tuple(each for each in named if isinstance(each, str))


def charge_of(
    charge_item: Document, reference: str, definitions: Sequence[Document], seen: Circumstances
) -> Charge:
    """A ChargeItem to be priced by those of the definitions, in their order, that apply to it.

    Raises Unacceptable where it cannot be told whether one applies.
    """
    rules = (_rule(each, reference, seen) for each in definitions)
    return Charge(
        reference,
        quantity=_or_one(decimal_of(charge_item.get("quantity"))),
        price=money_of(charge_item.get("priceOverride")),
        factor=exact(charge_item.get("factorOverride")),
        rules=tuple(rule for rule in rules if rule is not None),
    )


def _or_one(quantity: Decimal | None) -> Decimal:
    return Decimal(1) if quantity is None else quantity


def _rule(definition: Document, reference: str, seen: Circumstances) -> Rule | None:
    """What of a definition applies; None where nothing does."""
    if not _is_in_force(definition, seen.on) or not _is_of(definition, seen.charge_item):
        return None
    if not _applies(definition, definition, reference, seen):
        return None
    groups = tuple(
        Group(_components(group, reference), is_conditional="applicability" in group)
        for group in definition.get("propertyGroup", [])
        if _applies(group, definition, reference, seen)
    )
    return Rule(groups) if groups else None


def _is_in_force(definition: Document, on: date) -> bool:
    if definition.get("status") != "active":
        return False
    days = days_of(definition.get("effectivePeriod"))
    if days is None:
        return True
    return (days.first is None or days.first <= on) and (days.last is None or on <= days.last)


def _is_of(definition: Document, charge_item: Document) -> bool:
    """A rule for single devices, medications or substances is for those alone."""
    instances = {each.get("reference") for each in definition.get("instance", [])}
    product = charge_item.get("productReference", {}).get("reference")
    return not instances or product in instances - {None}


def _applies(element: Document, definition: Document, reference: str, seen: Circumstances) -> bool:
    for condition in element.get("applicability", []):
        expression = condition.get("expression", "")
        is_fhirpath = condition.get("language") == "text/fhirpath"
        if is_fhirpath and not is_on_charges(expression) and is_understood(expression):
            # What is said of the line of a Claim holds of no ChargeItem.
            if not _holds_of_patient(compiled_condition(expression), seen):
                return False
            continue
        if not is_fhirpath or not is_on_charges(expression):
            text = (
                f"{reference} cannot be priced: a condition of"
                f" ChargeItemDefinition/{definition.get('id')} cannot be evaluated."
            )
            raise Unacceptable(Issue(ErrorCode.INVOICE_PRICE, text))
        if not holds(expression, seen):
            return False
    return True


def _holds_of_patient(condition: Condition, seen: Circumstances) -> bool:
    variables = {AGE: age_of(seen.patient, seen.on), PATIENT: seen.patient}
    return not condition.reads_claim and condition.holds({}, variables)


def _components(group: Document, reference: str) -> tuple[Component, ...]:
    return tuple(_component(each, reference) for each in group.get("priceComponent", []))


def _component(component: Document, reference: str) -> Component:
    if "type" not in component:
        # R4 lets an extension stand for it.
        text = f"{reference} cannot be priced: a priceComponent of its price has no type."
        raise Unacceptable(Issue(ErrorCode.INVOICE_PRICE, text))
    return Component(
        ComponentKind(component["type"]),
        amount=money_of(component.get("amount")),
        factor=exact(component.get("factor")),
        code=json_text.write(component["code"]) if "code" in component else None,
    )
