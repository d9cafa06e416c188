"""Reading a ChargeItemDefinition after the plan profile: what the payer has agreed to pay.

http://hl7.org/fhir/R4/chargeitemdefinition.html
"""

import re

from app.domain.canonical import extension
from app.domain.claims import Days
from app.domain.codes import Coding
from app.domain.issues import ErrorCode, Issue, Unacceptable
from app.domain.money import Money
from app.domain.plan import Price
from app.fhir.charge_conditions import is_on_charges
from app.fhir.documents import Document, codings_of, days_of, extension_of, money_of

BENEFIT_CATEGORY = extension("benefit-category")
ATTACHMENT_REQUIRED = extension("attachment-required")

_MODIFIER = (
    r"modifier\.coding\.where\(\s*system\s*=\s*'([^']+)'\s+and\s+code\s*=\s*'([^']+)'\s*\)"
    r"\.exists\(\)"
)
_CONDITION = re.compile(rf"\s*{_MODIFIER}(?:\s+and\s+{_MODIFIER})*\s*")


def read_prices(document: Document) -> tuple[Price, ...]:
    """Read a ChargeItemDefinition: a price for each coding of its code and each property group.

    One without a code, or that is not active, has none. The condition that is understood is
    `modifier.coding.where(system = 'S' and code = 'C').exists()`, several joined by `and`; any
    other raises Unacceptable, as does what the profile does not know. What is under a condition on
    a ChargeItem is for invoices alone.
    """
    services = codings_of(document.get("code"))
    if not services or document.get("status") != "active" or _is_for_invoices(document):
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
    common = _modifiers(document, here, issues)
    category = _category(document, issues)
    days = days_of(document.get("effectivePeriod")) or Days(None, None)
    needs_attachment = _needs_attachment(document, issues)
    groups = enumerate(document.get("propertyGroup", []))
    fees: list[tuple[tuple[Coding, ...], Money | None]] = [
        ((*common, *_modifiers(group, where, issues)), _fee(group, where, issues))
        for where, group in ((f"{here}.propertyGroup[{index}]", group) for index, group in groups)
        if _is_priced(group) and not _is_for_invoices(group)
    ]
    if not fees and (category is not None or needs_attachment):
        fees = [(common, None)]
    return tuple(
        Price(service, fee, category, modifiers, days.first, days.last, needs_attachment)
        for service in services
        for modifiers, fee in fees
    )


def is_on_claims(condition: Document) -> bool:
    """Whether a condition is one on the line of a Claim."""
    expression = condition.get("expression", "")
    return condition.get("language") == "text/fhirpath" and bool(_CONDITION.fullmatch(expression))


def _is_for_invoices(element: Document) -> bool:
    conditions = element.get("applicability", [])
    return any(
        each.get("language") == "text/fhirpath" and is_on_charges(each.get("expression", ""))
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


def _modifiers(element: Document, here: str, issues: list[Issue]) -> tuple[Coding, ...]:
    modifiers: list[Coding] = []
    for index, condition in enumerate(element.get("applicability", [])):
        expression = condition.get("expression", "")
        if not is_on_claims(condition):
            where = f"{here}.applicability[{index}]"
            _refuse(issues, where, f"The condition {expression!r} cannot be evaluated.")
            continue
        found = re.findall(_MODIFIER, expression)
        modifiers += (Coding(system, code) for system, code in found)
    return tuple(modifiers)


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
